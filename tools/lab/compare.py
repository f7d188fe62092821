#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks the resolver and compares whole replies with the zones' data: 0 wrong is the only good result.

    compare.py --zones DIR --queries FILE --server ADDR [--server6 ADDR] [--count N] [--seed N] [--json FILE]

Four of five questions are lines of the query file drawn at random (so mostly popular names: the kernel's), the rest is
drawn from its distinct lines (so mostly rare ones). They are asked plain, with EDNS of several sizes, DO, CD, an unknown
option, in mixed case, over IPv4, IPv6 and TCP.
"""
import argparse
import collections
import json
import random
import selectors
import socket
import struct
import sys
import time

from dnswire import Malformed, Message, RCODES, TYPES, name_to_text, name_to_wire, query, type_name
from zonedata import Zones

WINDOW = 64      # questions under way at once
TIMEOUT = 3.0    # seconds; a resolver may need some for a cold chain
TRIES = 3
SHOWN = 10       # faults printed in full

# weight, name, arguments of query()
FORMS = [(35, "plain", {}), (20, "EDNS 1232", {"edns": 1232}), (5, "EDNS 512", {"edns": 512}),
         (5, "EDNS 4096", {"edns": 4096}), (10, "DO", {"edns": 1232, "do": True}), (3, "CD", {"cd": True}),
         (5, "unknown option", {"edns": 1232, "option": (65001, b"holdfast")}), (17, "mixed case", {})]


class Question:
    def __init__(self, name, qtype, form, arguments, transport):
        self.name, self.qtype, self.form, self.arguments, self.transport = name, qtype, form, arguments, transport
        self.tries, self.ident, self.deadline = 0, None, None

    def __str__(self):
        return "%s %s (%s, %s)" % (name_to_text(self.name), type_name(self.qtype), self.form, self.transport)


def mixed_case(name, rng):
    return bytes(octet ^ 0x20 if 0x61 <= octet <= 0x7A and rng.random() < 0.5 else octet for octet in name)


def draw(path, count, seed, server6):
    rng = random.Random(seed)
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    distinct = sorted(set(lines))
    picked = rng.choices(lines, k=count - count // 5) + rng.choices(distinct, k=count // 5)
    rng.shuffle(picked)
    for line in picked:
        name, qtype = line.split()
        _, form, arguments = rng.choices(FORMS, [weight for weight, _, _ in FORMS])[0]
        wire = name_to_wire(name)
        if form == "mixed case":
            wire = mixed_case(wire, rng)
        where = rng.random()
        transport = "TCP" if where < 0.03 else "UDP/IPv6" if where < 0.23 and server6 else "UDP/IPv4"
        yield Question(wire, TYPES[qtype], form, arguments, transport)


def rrsets(records):
    """Neighbouring records of one owner and type, in order: [(owner, type, TTLs, RDATA list)]"""
    sets = []
    for record in records:
        key = record.owner.lower(), record.type
        if not sets or sets[-1][:2] != key:
            sets.append(key + ([], []))
        sets[-1][2].append(record.ttl)
        sets[-1][3].append(record.rdata)
    return sets


def faults(zones, question, message):
    """What is wrong with a reply; nothing is what is wanted."""
    expected = zones.answer(question.name, question.qtype)
    if not message.qr:
        yield "QR is clear"
    if message.flags & 0x7800:
        yield "opcode is not 0"
    if message.question != (question.name, question.qtype, 1):
        yield "question differs: %r" % (message.question,)
    if message.aa or not message.ra or not message.rd or message.ad or message.flags & 0x0040:
        yield "flags %#06x" % message.flags
    if message.cd != bool(question.arguments.get("cd")):
        yield "CD is not the question's"
    if (message.opt is not None) != ("edns" in question.arguments):
        yield "OPT %s" % ("without a question for it" if message.opt else "is missing")
    if message.opt is not None:
        if message.opt.ttl >> 16:
            yield "extended rcode or EDNS version %#x" % (message.opt.ttl >> 16)
        if bool(message.opt.ttl & 0x8000) != bool(question.arguments.get("do")):
            yield "DO is not the question's"
    if message.rcode != expected.rcode:
        yield "rcode %s, wanted %s" % (RCODES.get(message.rcode, message.rcode), RCODES[expected.rcode])
        return

    found = rrsets(message.answer)
    if [entry[:2] for entry in found] != [entry[:2] for entry in expected.chain]:
        yield "answer section has %s, wanted %s" % tuple(
            [(name_to_text(entry[0]), type_name(entry[1])) for entry in entries] for entries in (found, expected.chain))
        return
    for (owner, rrtype, ttls, rdata), (_, _, ttl, wanted) in zip(found, expected.chain):
        where = "%s %s" % (name_to_text(owner), type_name(rrtype))
        if len(rdata) != len(set(rdata)):
            yield where + ": a record twice"
        if set(rdata) != wanted:
            yield where + ": RDATA %s, wanted %s" % tuple(sorted(r.hex() for r in s) for s in (set(rdata), wanted))
        if len(set(ttls)) > 1:
            yield where + ": TTLs differ: %s" % ttls
        if max(ttls) > ttl:
            yield where + ": TTL %d, the zone has %d" % (max(ttls), ttl)

    if expected.negative:
        origin, ttl, rdata = expected.negative
        soas = [record for record in message.authority if record.type == TYPES["SOA"]]
        if [(record.owner.lower(), record.rdata) for record in soas] != [(origin, rdata)]:
            yield "no or another SOA in a negative answer, wanted that of %s" % name_to_text(origin)
        elif soas[0].ttl > ttl:
            yield "SOA TTL %d of a negative answer, the zone has %d" % (soas[0].ttl, ttl)
    for record in message.authority + message.additional:
        known = zones.known.get((record.owner.lower(), record.type), {})
        if record.rrclass != 1 or record.rdata not in known or record.ttl > known[record.rdata]:
            yield "%s %s outside the answer is not in the zones so" % (name_to_text(record.owner), type_name(record.type))
    if any(record.rrclass != 1 for record in message.answer):
        yield "a class other than IN"


class Client:
    def __init__(self, arguments, zones):
        self.zones, self.seen = zones, collections.Counter()
        self.sockets, self.waiting, self.server = {}, {}, arguments.server
        self.selector = selectors.DefaultSelector()
        for transport, server in (("UDP/IPv4", arguments.server), ("UDP/IPv6", arguments.server6)):
            if server:
                family = socket.AF_INET6 if ":" in server else socket.AF_INET
                sock = socket.socket(family, socket.SOCK_DGRAM)
                sock.setblocking(False)
                sock.connect((server, arguments.port))
                self.selector.register(sock, selectors.EVENT_READ, transport)
                self.sockets[transport] = sock
        self.port, self.rng, self.wrong = arguments.port, random.Random(), 0

    def fault(self, question, text):
        self.wrong += 1
        if self.wrong <= SHOWN:
            print("WRONG %s: %s" % (question, text))

    def judge(self, question, data):
        self.seen["checked"] += 1
        self.seen["form " + question.form] += 1
        self.seen["transport " + question.transport] += 1
        try:
            message = Message(data)
        except Malformed as error:
            self.fault(question, "malformed reply: %s" % error)
            return
        self.seen["rcode " + RCODES.get(message.rcode, str(message.rcode))] += 1
        texts = list(faults(self.zones, question, message))
        if texts:
            self.fault(question, "; ".join(texts))

    def ask_tcp(self, question):
        question.transport = "TCP"
        ident = self.rng.getrandbits(16)
        data = query(ident, question.name, question.qtype, **question.arguments)
        try:
            with socket.create_connection((self.server, self.port), timeout=2 * TIMEOUT) as sock:
                sock.sendall(struct.pack("!H", len(data)) + data)
                reply = self.read_exactly(sock, struct.unpack("!H", self.read_exactly(sock, 2))[0])
        except OSError as error:
            self.fault(question, "TCP: %s" % error)
            return
        if reply[:2] != data[:2]:
            self.fault(question, "another ID over TCP")
        else:
            self.judge(question, reply)

    @staticmethod
    def read_exactly(sock, count):
        data = b""
        while len(data) < count:
            part = sock.recv(count - len(data))
            if not part:
                raise ConnectionError("closed early")
            data += part
        return data

    def send(self, question):
        question.tries += 1
        key = None
        while key is None or key in self.waiting:
            key = question.transport, self.rng.getrandbits(16)
        question.deadline = time.monotonic() + TIMEOUT
        self.waiting[key] = question
        data = query(key[1], question.name, question.qtype, **question.arguments)
        try:
            self.sockets[question.transport].send(data)
        except OSError:  # refused or full: as lost as a packet may be; the timeout repeats it
            pass

    def receive(self, timeout):
        for key, _ in self.selector.select(timeout):
            while True:
                try:
                    data = key.fileobj.recv(65535)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                question = self.waiting.pop((key.data, int.from_bytes(data[:2], "big")), None)
                if question is None:
                    self.seen["late or unasked replies"] += 1
                elif len(data) > 2 and data[2] & 0x02:  # TC
                    self.seen["truncated, asked again over TCP"] += 1
                    if len(data) > question.arguments.get("edns", 512):
                        self.fault(question, "a truncated reply above the client's size")
                    self.ask_tcp(question)
                elif len(data) > max(512, question.arguments.get("edns", 512)):
                    self.fault(question, "%d octets, more than the client takes" % len(data))
                else:
                    self.judge(question, data)

    def run(self, questions, total):
        shown, exhausted = time.monotonic(), False
        while True:
            while not exhausted and len(self.waiting) < WINDOW:
                question = next(questions, None)
                if question is None:
                    exhausted = True
                elif question.transport == "TCP":
                    self.ask_tcp(question)
                else:
                    self.send(question)
            if exhausted and not self.waiting:
                return
            self.receive(0.05)
            now = time.monotonic()
            for key, question in list(self.waiting.items()):
                if question.deadline < now:
                    del self.waiting[key]
                    if question.tries < TRIES:
                        self.seen["repeated after a timeout"] += 1
                        self.send(question)
                    else:
                        self.fault(question, "no reply to %d tries" % TRIES)
            if now - shown >= 5:
                shown = now
                print("  compared %d of %d" % (self.seen["checked"], total), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--zones", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--server6")
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("--count", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="the counts go to this file")
    arguments = parser.parse_args()

    client = Client(arguments, Zones(arguments.zones))
    client.run(draw(arguments.queries, arguments.count, arguments.seed, arguments.server6), arguments.count)
    client.seen["wrong"] = client.wrong
    if arguments.json:
        with open(arguments.json, "w", encoding="ascii") as file:
            json.dump(client.seen, file, indent=1, sort_keys=True)
    print("%d answers compared with the zone data, %d wrong" % (client.seen["checked"], client.wrong))
    return 1 if client.wrong or client.seen["checked"] < arguments.count * 0.9 else 0


if __name__ == "__main__":
    sys.exit(main())
