#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Authorities that do what they should not: hostile_authority.py LOG ADDR=BEHAVIOUR...

Each serves the zone BEHAVIOUR.test. on port 53 of its address: www has 10.66.0.1 and no AAAA, big has a long TXT. What is odd
is the function of that name below (- for _). Every query is a line of LOG: behaviour, transport, name, type.
"""
import socket
import struct
import sys
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60


def plain(query, zone, transport=None):
    """What a good server says."""
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    reply.flags &= ~dns.flags.RD
    question = query.question[0]
    label = question.name.relativize(dns.name.from_text(zone)).to_text().lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    data = {("www", "A"): ["10.66.0.1"], ("ns", "A"): [ADDRESS[zone]], ("@", "NS"): ["ns." + zone],
            ("big", "TXT"): ['"%02d %s"' % (n, "x" * 200) for n in range(12)]}
    if (label, kind) in data:
        reply.answer.append(dns.rrset.from_text_list(question.name, TTL, "IN", kind, data[label, kind]))
    else:
        if label not in ("www", "ns", "@", "big"):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        reply.authority.append(dns.rrset.from_text(zone, TTL, "IN", "SOA", "ns.%s h.%s 1 7200 3600 1209600 60" % (zone, zone)))
    return reply


def only(reply, rcode):
    """An error reply: nothing but header and question."""
    reply.answer, reply.authority, reply.additional = [], [], []
    reply.use_edns(False)
    reply.set_rcode(rcode)
    return reply


def wrong_id(query, zone, transport):
    reply = plain(query, zone)
    reply.id ^= 1
    return reply


def wrong_question(query, zone, transport):
    reply = plain(query, zone)
    reply.question[0].name = dns.name.from_text("mail." + zone)
    return reply


def wrong_type(query, zone, transport):
    reply = plain(query, zone)
    reply.question[0].rdtype = dns.rdatatype.MX
    return reply


def no_question(query, zone, transport):
    reply = plain(query, zone)
    reply.question = []
    return reply


def flood_of_ids(query, zone, transport):
    """Two hundred guesses, then the reply."""
    right = plain(query, zone).to_wire()
    if transport == "tcp":  # where a resolver may turn after so many
        return [right]
    forged = plain(query, zone)
    for rrset in list(forged.answer):
        if rrset.rdtype == dns.rdatatype.A and rrset.name.to_text().lower().startswith("www."):
            forged.answer = [dns.rrset.from_text(rrset.name, TTL, "IN", "A", "10.6.6.6")]
    forged = forged.to_wire()[2:]
    return [struct.pack("!H", (query.id + n) & 0xFFFF) + forged for n in range(1, 201)] + [right]


def outsider(query, zone, transport):
    """Records that are not its own."""
    reply = plain(query, zone)
    reply.answer.append(dns.rrset.from_text("www.nsd.test.", TTL, "IN", "A", "10.6.6.6"))
    reply.authority.append(dns.rrset.from_text("nsd.test.", TTL, "IN", "NS", "ns." + zone))
    reply.authority.append(dns.rrset.from_text("test.", TTL, "IN", "NS", "ns." + zone))
    reply.additional.append(dns.rrset.from_text("www.nsd.test.", TTL, "IN", "A", "10.6.6.6"))
    reply.additional.append(dns.rrset.from_text("ns.nsd.test.", TTL, "IN", "A", ADDRESS[zone]))
    return reply


def compression_loop(query, zone, transport):
    wire = query.to_wire()
    end = wire.index(0, 12) + 5
    # the owner points at itself
    return struct.pack("!6H", query.id, 0x8400, 1, 1, 0, 0) + wire[12:end] + struct.pack("!H", 0xC000 | end) + \
        struct.pack("!HHIH", 1, 1, TTL, 4) + b"\x0a\x42\0\1"


def rdata_too_long(query, zone, transport):
    wire = query.to_wire()
    end = wire.index(0, 12) + 5
    return struct.pack("!6H", query.id, 0x8400, 1, 1, 0, 0) + wire[12:end] + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, TTL, 400) + \
        b"\x0a\x42\0\1"


def garbage(query, zone, transport):
    return struct.pack("!H", query.id) + b"\x84"


def oversized(query, zone, transport):
    """8 kB over UDP whatever was announced."""
    reply = plain(query, zone)
    if query.question[0].name.to_text().lower().startswith("www."):
        reply.additional.append(dns.rrset.from_text_list("big." + zone, TTL, "IN", "TXT", [
            '"%02d %s"' % (n, "x" * 200) for n in range(40)]))
    return reply.to_wire(max_size=65535)


def cname_loop(query, zone, transport):
    reply = plain(query, zone)
    name = query.question[0].name.to_text().lower()
    if name == "www." + zone:
        reply.answer = [dns.rrset.from_text(name, TTL, "IN", "CNAME", "other." + zone)]
    elif name == "other." + zone:
        reply.set_rcode(dns.rcode.NOERROR)
        reply.answer, reply.authority = [dns.rrset.from_text(name, TTL, "IN", "CNAME", "www." + zone)], []
    return reply


def cname_endless(query, zone, transport):
    """Every name is an alias of another one."""
    reply = plain(query, zone)
    name = query.question[0].name.to_text().lower()
    if name not in (zone, "ns." + zone):
        number = int(name[1:].split(".")[0]) if name[0] == "c" else 0
        reply.set_rcode(dns.rcode.NOERROR)
        reply.answer, reply.authority = [dns.rrset.from_text(name, TTL, "IN", "CNAME", "c%d.%s" % (number + 1, zone))], []
    return reply


def referral(query, zone, owner, servers):
    reply = plain(query, zone)
    if query.question[0].name.to_text().lower() == "ns." + zone:
        return reply
    reply.flags &= ~dns.flags.AA
    reply.set_rcode(dns.rcode.NOERROR)
    reply.answer = []
    reply.authority = [dns.rrset.from_text_list(owner, TTL, "IN", "NS", servers)]
    return reply


def refers_to_itself(query, zone, transport):
    return referral(query, zone, zone, ["ns." + zone])


def refers_upward(query, zone, transport):
    return referral(query, zone, ".", ["a.root."])


def many_servers(query, zone, transport):
    """NXNSAttack: each question is referred to fifty servers without addresses."""
    return referral(query, zone, query.question[0].name.to_text(), [
        "n%d-%d.nsd.test." % (n, query.id) for n in range(50)])


def endless_referrals(query, zone, transport):
    """Each referral to servers of a name below, which is referred to servers of a name below…"""
    return referral(query, zone, query.question[0].name.to_text(), ["ns%d.x%d.%s" % (n, query.id, zone) for n in range(2)])


def truncated(query, zone, transport):
    reply = plain(query, zone)
    if transport == "udp" and query.question[0].name.to_text().lower().startswith("www."):
        only(reply, dns.rcode.NOERROR)
        reply.flags |= dns.flags.TC
    return reply


tcp_closed = tcp_reset = tcp_silent = tcp_by_octets = tcp_good = truncated


def edns_answer(rcode):
    def behave(query, zone, transport):
        reply = plain(query, zone)
        return only(reply, rcode) if query.edns >= 0 else reply
    return behave


edns_formerr, edns_notimp, edns_servfail = map(edns_answer, (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.SERVFAIL))


def edns_badvers(query, zone, transport):
    reply = plain(query, zone)
    if query.edns >= 0:
        reply.answer, reply.authority = [], []
        reply.use_edns(0)
        reply.set_rcode(dns.rcode.BADVERS)
    return reply


def edns_silent(query, zone, transport):
    return None if query.edns >= 0 else plain(query, zone)


def edns_ignored(query, zone, transport):
    reply = plain(query, zone)
    reply.use_edns(False)
    return reply


def aaaa_nxdomain(query, zone, transport):
    reply = plain(query, zone)
    if query.question[0].rdtype == dns.rdatatype.AAAA:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


def aaaa_servfail(query, zone, transport):
    reply = plain(query, zone)
    return only(reply, dns.rcode.SERVFAIL) if query.question[0].rdtype == dns.rdatatype.AAAA else reply


def lower_case(query, zone, transport):
    query.question[0].name = dns.name.from_text(query.question[0].name.to_text().lower())
    return plain(query, zone)


def refused(query, zone, transport):
    return only(plain(query, zone), dns.rcode.REFUSED)


def servfail(query, zone, transport):
    return only(plain(query, zone), dns.rcode.SERVFAIL)


def not_authoritative(query, zone, transport):
    reply = plain(query, zone)
    reply.flags &= ~dns.flags.AA
    return reply


def silent(query, zone, transport):
    return None


def no_minimisation(query, zone, transport):
    """NXDOMAIN for empty non-terminals (RFC 8020 says it must not)."""
    reply = plain(query, zone)
    if query.question[0].name.to_text().lower() == "a.b." + zone and query.question[0].rdtype == dns.rdatatype.A:
        reply.set_rcode(dns.rcode.NOERROR)
        reply.answer, reply.authority = [dns.rrset.from_text("a.b." + zone, TTL, "IN", "A", "10.66.0.1")], []
    return reply


ADDRESS = {}
LOCK = threading.Lock()


class Authority:
    def __init__(self, address, name, log):
        self.name, self.zone, self.address, self.log = name, name + ".test.", address, log
        self.behave = globals()[name.replace("-", "_")]
        ADDRESS[self.zone] = address
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if name != "tcp-closed":
            self.tcp = socket.create_server((address, 53))
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def answer(self, data, transport):
        """→ list of octet strings"""
        try:
            query = dns.message.from_wire(data)
        except Exception as error:  # whatever the resolver sent, the others go on
            with LOCK:
                print("%s %s unreadable query: %r" % (self.name, transport, error), file=self.log, flush=True)
            return []
        question = query.question[0]
        with LOCK:
            print(self.name, transport, question.name.to_text(), dns.rdatatype.to_text(question.rdtype), file=self.log, flush=True)
        reply = self.behave(query, self.zone, transport)
        if reply is None:
            return []
        if isinstance(reply, list):
            return reply
        return [reply if isinstance(reply, bytes) else reply.to_wire(max_size=65535)]

    def serve_udp(self):
        while True:
            data, client = self.udp.recvfrom(65535)
            for octets in self.answer(data, "udp"):
                self.udp.sendto(octets, client)

    def serve_tcp(self):
        while True:
            client, _ = self.tcp.accept()
            threading.Thread(target=self.serve_stream, args=(client,), daemon=True).start()

    def serve_stream(self, client):
        try:
            client.settimeout(20)
            while True:
                head = client.recv(2, socket.MSG_WAITALL)
                if len(head) < 2:
                    return
                data = client.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                for octets in self.answer(data, "tcp"):
                    if self.name == "tcp-reset":
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    if self.name == "tcp-silent":
                        continue
                    stream = struct.pack("!H", len(octets)) + octets
                    if self.name == "tcp-by-octets":
                        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        for octet in stream:
                            client.sendall(bytes([octet]))
                            time.sleep(0.001)
                    else:
                        client.sendall(stream)
        except OSError:
            pass
        finally:
            client.close()


def main():
    with open(sys.argv[1], "a", encoding="ascii") as log:
        for text in sys.argv[2:]:
            address, name = text.split("=")
            Authority(address, name, log)
        print("serving", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
