#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""An authority for tests/system/test_limits.sh: limits_authority.py LOG ADDR=BEHAVIOUR... on port 53 of each ADDR, over UDP and TCP.

    root    delegates BEHAVIOUR. to the address of each other behaviour
    slow    replies 2.2 s late
    silent  never replies
    cookie  gives a server cookie; LOG says for each query which cookie came: none, client, good or bad
    forged  sends 30 replies with wrong IDs before the right one, over UDP
Each line of LOG: behaviour, transport, name, cookie.
"""
import hashlib
import socket
import struct
import sys
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

COOKIE = 10
addresses = {}
log = None


def answer(behaviour, query, source, transport):
    question = query.question[0]
    reply = dns.message.make_response(query)
    labels = question.name.labels
    if behaviour == "root":
        zone = labels[-2].decode().lower() if len(labels) > 1 else ""
        if zone not in addresses:
            reply.flags |= dns.flags.AA
            if not zone and question.rdtype == dns.rdatatype.NS:
                reply.answer.append(dns.rrset.from_text(".", 3600, "IN", "NS", "a.root."))
                reply.additional.append(dns.rrset.from_text("a.root.", 3600, "IN", "A", addresses["root"]))
            return reply
        reply.authority.append(dns.rrset.from_text(zone + ".", 3600, "IN", "NS", "ns.%s." % zone))
        reply.additional.append(dns.rrset.from_text("ns.%s." % zone, 3600, "IN", "A", addresses[zone]))
        return reply
    reply.flags |= dns.flags.AA
    cookie = "none"
    if behaviour == "cookie":
        for option in query.options:
            if option.otype == COOKIE:
                data = option.to_wire()
                server = hashlib.sha256(data[:8] + source.encode() + b"secret").digest()[:16]
                cookie = "client" if len(data) == 8 else "good" if data[8:] == server else "bad"
                reply.use_edns(0, 0, 1232, options=[dns.edns.GenericOption(COOKIE, data[:8] + server)])
    log.write("%s %s %s %s\n" % (behaviour, transport, question.name.to_text().lower(), cookie))
    log.flush()
    if question.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "10.77.0.1"))
    return reply


def serve_udp(behaviour, address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((address, 53))
    while True:
        data, client = sock.recvfrom(4096)
        if behaviour == "silent":
            continue
        wire = answer(behaviour, dns.message.from_wire(data), client[0], "udp").to_wire()
        if behaviour == "slow":
            threading.Timer(2.2, sock.sendto, (wire, client)).start()
            continue
        if behaviour == "forged":
            for number in range(1, 31):
                sock.sendto(struct.pack("!H", (struct.unpack("!H", wire[:2])[0] + number) & 0xffff) + wire[2:], client)
        sock.sendto(wire, client)


def serve_tcp(behaviour, address):
    sock = socket.create_server((address, 53))
    while True:
        connection, client = sock.accept()
        connection.settimeout(2)
        try:
            head = connection.recv(2, socket.MSG_WAITALL)
            data = connection.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
            if behaviour != "silent":
                wire = answer(behaviour, dns.message.from_wire(data), client[0], "tcp").to_wire()
                connection.sendall(struct.pack("!H", len(wire)) + wire)
        except (OSError, struct.error):
            pass
        connection.close()


def main():
    global log
    log = open(sys.argv[1], "w", encoding="ascii")
    for pair in sys.argv[2:]:
        address, behaviour = pair.split("=")
        addresses[behaviour] = address
    for behaviour, address in addresses.items():
        for serve in (serve_udp, serve_tcp):
            threading.Thread(target=serve, args=(behaviour, address), daemon=True).start()
    time.sleep(0.3)
    print("ready", flush=True)
    threading.Event().wait()


main()
