#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lab's internet (tools/lab/generate.py) with what load profile D1 asks beside it, and the profile's queries.

    d1_world.py [--seed N] [--zones N] [--queries N] DIRECTORY

Added to generate.py's files: reverse zones, DNAME, wildcards, SVCB, SRV, NAPTR, SSHFP, unknown types, answers above 1232
octets, zones signed with algorithms 13 and 8 (dnssec-signzone), and cuts that cannot be resolved (lame, closed port,
servers that need each other). d1.tsv has one query a line: kind, transport (udp4 udp6 tcp4 tcp6), message in hex.
shares.json says what shares the drawn queries really have.

Shares: types A 56, AAAA 22, HTTPS 14, PTR 3, TXT 1.5, NS/MX/SOA/SRV 2, DS/DNSKEY 0.5, other 1 %; 10 % of the names never
repeat, 8 % do not exist, 1 % cannot be resolved, 35 % of AAAA and 65 % of HTTPS are NODATA; EDNS on 35 % of UDP
(1232: 70, 4096: 15, 512: 15 %); DO 10, CD 1, AD 5 %; cookie 5, ECS 1, padding 1, unknown option 0.1 % of EDNS; mixed
case 3 %; TCP 2.5 %; IPv6 25 %; 0.2 % malformed or unsupported. TTLs 30: 20, 60: 25, 300: 35, 3600: 20 %.
"""
import argparse
import collections
import itertools
import json
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "lab"))
import generate  # noqa: E402
from dnswire import name_to_wire  # noqa: E402

generate.TTLS, generate.TTL_WEIGHTS = (30, 60, 300, 3600), (20, 25, 35, 20)

TYPE = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
        "NAPTR": 35, "DS": 43, "SSHFP": 44, "DNSKEY": 48, "TLSA": 52, "SVCB": 64, "HTTPS": 65, "ANY": 255, "CAA": 257,
        "DNAME": 39, "TYPE65280": 65280}
SIGNED = 30
REVERSE = 12
LAME, CLOSED, LOOPED = 60, 20, 10
NOBODY = "203.0.113.240"  # an address of the authorities' machine where port 53 is closed


class D1World(generate.World):
    def __init__(self, seed, zones):
        super().__init__(seed, zones)
        self.rng.shuffle(self.names)
        self.by_kind = collections.defaultdict(list)  # kind → [(name, type)] that have an answer of that kind
        self.endless = []                             # below these every name exists
        self.broken = []
        self.signed = []
        self.make_reverse()
        self.make_services()
        self.make_signed()
        self.make_broken()

    def new_zone(self, origin):
        hoster = self.rng.choice(self.hosters)
        zone = generate.Zone(origin, self.rng, list(hoster))
        self.delegate(origin, list(hoster), {})
        self.zones["sld"].append(zone)
        return zone

    def make_reverse(self):
        servers = ["%s.nic.de." % letter for letter in "ab"]
        arpa = generate.Zone("arpa.", self.rng, servers)
        for server in servers:
            self.root.add("arpa.", 3600, "NS", server)
        self.tlds["arpa"] = arpa
        self.zones["tld"].append(arpa)
        for number in range(REVERSE):
            zone = self.new_zone("%d.44.in-addr.arpa." % number)
            for host in range(200):
                owner = "%d.%d.%s" % (host % 50, host // 50, zone.origin)
                target = self.names[(number * 200 + host) % len(self.names)][0]
                zone.add(owner, self.ttl(), "PTR", target)
                self.by_kind["PTR"].append((owner, "PTR"))
            self.by_kind["PTR nxdomain"].append(("%d.9.%s" % (number, zone.origin), "PTR"))

    def make_services(self):
        for number in range(40):
            origin = "service%d.%s." % (number, ("com", "de", "net", "org")[number % 4])
            zone = self.new_zone(origin)
            ttl = self.ttl()
            zone.addresses(origin, ttl, [self.v4()], [self.v6()])
            zone.addresses("a." + origin, ttl, [self.v4()], [self.v6()])
            zone.addresses("*.w." + origin, self.ttl(), [self.v4()], [self.v6()])
            zone.add("*.c." + origin, self.ttl(), "CNAME", "a." + origin)
            self.endless += ["w." + origin, "c." + origin]
            other = "service%d.%s." % ((number + 1) % 40, ("com", "de", "net", "org")[(number + 1) % 4])
            zone.add("old." + origin, ttl, "DNAME", "w." + other)
            self.by_kind["DNAME"].append(("old." + origin, "DNAME"))
            for n in range(5):
                self.by_kind["below DNAME"].append(("h%d.old.%s" % (n, origin), self.rng.choice(("A", "AAAA", "TXT"))))
            for n, length in enumerate((9, 12, 30)):  # above 1232 octets, 2 kB, 5.5 kB
                for line in range(length):
                    zone.add("big%d.%s" % (n, origin), ttl, "TXT", '"%02d %s"' % (line, "x" * 170))
                self.by_kind["big"].append(("big%d.%s" % (n, origin), "TXT"))
            for line in range(90):
                zone.add("crowd." + origin, ttl, "A", self.v4())
            self.by_kind["big"].append(("crowd." + origin, "A"))
            for owner, rrtype, rdata in (
                    ("_sip._tcp", "SRV", "0 5 5060 a." + origin), ("_sip._tcp", "SRV", "10 5 5060 %s" % origin),
                    ("_dns", "SVCB", "1 a.%s alpn=dot port=853" % origin),
                    ("alias", "HTTPS", "0 a." + origin),
                    ("naptr", "NAPTR", '100 50 "s" "z3950+I2L+I2C" "" a.' + origin),
                    ("a", "SSHFP", "4 2 " + "%064x" % self.rng.getrandbits(256)),
                    ("_443._tcp.a", "TLSA", "3 1 1 " + "%064x" % self.rng.getrandbits(256)),
                    ("", "CAA", '0 issue "ca.example"'), ("a", "HINFO", '"PC" "Linux"'),
                    ("unknown", "TYPE65280", "\\# 6 0a0000010203")):
                owner = (owner + "." if owner else "") + origin
                zone.add(owner, ttl, rrtype, rdata)
                if (owner, rrtype) not in self.by_kind[rrtype]:
                    self.by_kind[rrtype].append((owner, rrtype))
            # a chain of eight inside the zone, one to another zone, one to a name that does not exist
            for n in range(8):
                zone.add("chain%d.%s" % (n, origin), 300, "CNAME",
                         "chain%d.%s" % (n + 1, origin) if n < 7 else "a." + origin)
            zone.add("gone." + origin, 300, "CNAME", "nobody." + other)
            zone.add("loop1." + origin, 300, "CNAME", "loop2." + origin)
            zone.add("loop2." + origin, 300, "CNAME", "loop1." + origin)
            self.by_kind["long chain"] += [("chain0." + origin, "A"), ("chain3." + origin, "AAAA")]
            self.by_kind["chain to NXDOMAIN"].append(("gone." + origin, "A"))
            self.by_kind["CNAME loop"].append(("loop1." + origin, "A"))
            self.by_kind["CNAME itself"].append(("chain2." + origin, "CNAME"))
            self.by_kind["ANY"].append((origin, "ANY"))
            self.by_kind["empty non-terminal"].append(("_tcp." + origin, "A"))

    def make_signed(self):
        for number in range(SIGNED):
            origin = "signed%d.%s." % (number, ("com", "de", "net")[number % 3])
            zone = self.new_zone(origin)
            zone.algorithm = ("ECDSAP256SHA256", "RSASHA256")[number % 3 == 0]
            zone.nsec3 = number % 2 == 1
            ttl = self.ttl()
            zone.addresses(origin, ttl, [self.v4()], [self.v6()])
            zone.addresses("www." + origin, ttl, [self.v4()], [])
            zone.addresses("*.w." + origin, ttl, [self.v4()], [])
            zone.add("alias." + origin, ttl, "CNAME", "www." + origin)
            self.endless.append("w." + origin)
            self.signed.append(zone)
            self.by_kind["DNSKEY"].append((origin, "DNSKEY"))
            self.by_kind["DS"].append((origin, "DS"))
            for n in range(3):  # asked as often as popular names
                self.names.insert(self.rng.randrange(2000), (("www.", "alias.", "")[n] + origin, {"A"}, zone))

    def make_broken(self):
        for number in range(LAME + CLOSED + LOOPED):
            origin = "broken%d.%s." % (number, ("com", "de")[number % 2])
            parent = self.tlds[("com", "de")[number % 2]]
            if number < LAME:  # NSD answers REFUSED for what it does not have
                for server in self.hosters[number % len(self.hosters)]:
                    parent.add(origin, 3600, "NS", server)
                self.broken.append(("lame", "www." + origin))
            elif number < LAME + CLOSED:
                parent.add(origin, 3600, "NS", "ns." + origin)
                parent.add("ns." + origin, 3600, "A", NOBODY)
                self.broken.append(("closed port", "www." + origin))
            else:
                parent.add(origin, 3600, "NS", "ns.mutual-" + origin)
                parent.add("mutual-" + origin, 3600, "NS", "ns." + origin)
                self.broken.append(("servers that need each other", "www." + origin))

    def sign(self, directory):
        """Signs in place; DS records go to the parents, which stay unsigned."""
        for zone in self.signed:
            base, origin = os.path.join(directory, "zones", zone.origin.rstrip(".")), zone.origin
            keys = os.path.join(directory, "keys")
            os.makedirs(keys, exist_ok=True)
            for flags in ([], ["-f", "KSK"]):
                subprocess.run(["dnssec-keygen", "-q", "-K", keys, "-a", zone.algorithm, *flags,
                                *(["-b", "2048"] if zone.algorithm == "RSASHA256" else []), origin], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(base + ".plain", "w", encoding="ascii") as file:
                file.writelines(zone.lines)
            subprocess.run(["dnssec-signzone", "-S", "-q", "-O", "full", "-K", keys, "-d", keys, "-o", origin, "-f",
                            base + ".signed", *(["-3", "-", "-H", "0"] if zone.nsec3 else []), base + ".plain"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(base + ".signed", encoding="ascii") as file:
                zone.lines = [line for line in file if line.strip() and not line.startswith(";")]
            parent = self.tlds[origin.rstrip(".").rsplit(".", 1)[-1]]
            with open(os.path.join(keys, "dsset-" + origin), encoding="ascii") as file:
                for line in file:
                    words = line.split()
                    parent.add(origin, 3600, "DS", " ".join(words[words.index("DS") + 1:][:3]) + " " + "".join(
                        words[words.index("DS") + 4:]))
            os.remove(base + ".plain")
            os.remove(base + ".signed")

    def write(self, directory):
        zones = os.path.join(directory, "zones")
        os.makedirs(zones, exist_ok=True)
        self.sign(directory)
        for level, members in self.zones.items():
            with open(os.path.join(directory, level + ".conf"), "w", encoding="ascii") as clauses:
                for zone in members:
                    path = os.path.abspath(os.path.join(zones, (zone.origin.rstrip(".") or "root") + ".zone"))
                    generate.write(path, zone.lines)
                    clauses.write('zone:\n    name: "%s"\n    zonefile: "%s"\n' % (zone.origin, path))
            generate.write(os.path.join(directory, level + ".addresses"), [a + "\n" for a in self.addresses[level]])
        hints = [". 3600000 IN NS %s\n" % name for name in self.letters]
        for name, (v4, v6) in zip(self.letters, generate.ROOT_ADDRESSES):
            hints += ["%s 3600000 IN A %s\n" % (name, v4), "%s 3600000 IN AAAA %s\n" % (name, v6)]
        generate.write(os.path.join(directory, "root.hints"), hints)


class Popular:
    """Draws by Zipf 1.0 from a list in order of popularity."""

    def __init__(self, members):
        self.members = members
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, len(members) + 1)))

    def draw(self, rng):
        return rng.choices(self.members, cum_weights=self.weights)[0]


class Questions:
    def __init__(self, world, rng):
        self.world, self.rng, self.serial = world, rng, 0
        self.all = Popular(world.names)
        self.having, self.missing = {}, {}
        for rrtype in ("AAAA", "HTTPS", "TXT", "MX"):
            self.having[rrtype] = Popular([entry for entry in world.names if rrtype in entry[1]])
            self.missing[rrtype] = Popular([entry for entry in world.names if rrtype not in entry[1]])
        self.apexes = Popular([entry for entry in world.names if entry[0] == entry[2].origin])

    def next(self):
        """→ (kind, name, type)"""
        rng, world = self.rng, self.world
        draw = rng.random()
        if draw < 0.01:
            kind, name = rng.choice(world.broken)
            return kind, name, rng.choice(("A", "AAAA"))
        if draw < 0.09:
            name, _, zone = self.all.draw(rng)
            return "no such name", generate.neighbour(name, zone), rng.choices(("A", "AAAA", "HTTPS"), (56, 22, 14))[0]
        if draw < 0.19:
            self.serial += 1
            return "never repeated", "r%d-%x.%s" % (self.serial, rng.getrandbits(32), rng.choice(world.endless)), \
                rng.choices(("A", "AAAA"), (70, 30))[0]
        rrtype = rng.choices(("A", "AAAA", "HTTPS", "PTR", "TXT", "few", "dnssec", "other"),
                             (56, 22, 14, 3, 1.5, 2, 0.5, 1))[0]
        if rrtype == "A":
            if rng.random() < 0.03:
                kind = rng.choice(("below DNAME", "long chain", "chain to NXDOMAIN", "CNAME loop", "big",
                                   "empty non-terminal"))
                return (kind,) + rng.choice(world.by_kind[kind])
            return "A", self.all.draw(rng)[0], "A"
        if rrtype in ("AAAA", "HTTPS"):
            no_data = rng.random() < {"AAAA": 0.35, "HTTPS": 0.65}[rrtype]
            return rrtype + (" NODATA" if no_data else ""), \
                (self.missing if no_data else self.having)[rrtype].draw(rng)[0], rrtype
        if rrtype == "PTR":
            kind = "PTR" if rng.random() < 0.9 else "PTR nxdomain"
            return (kind,) + rng.choice(world.by_kind[kind])
        if rrtype == "TXT":
            if rng.random() < 0.3:
                return ("big",) + rng.choice(world.by_kind["big"])
            return "TXT", self.having["TXT"].draw(rng)[0], "TXT"
        if rrtype == "few":
            few = rng.choice(("NS", "MX", "SOA", "SRV"))
            if few == "SRV":
                return (few,) + rng.choice(world.by_kind["SRV"])
            return few, (self.having["MX"] if few == "MX" else self.apexes).draw(rng)[0], few
        if rrtype == "dnssec":
            kind = rng.choice(("DS", "DNSKEY"))
            if rng.random() < 0.3:
                return kind + " NODATA", self.apexes.draw(rng)[0], kind
            return (kind,) + rng.choice(world.by_kind[kind])
        kind = rng.choice(("SVCB", "NAPTR", "SSHFP", "TLSA", "CAA", "HINFO", "TYPE65280", "DNAME", "CNAME itself", "ANY",
                           "HTTPS"))
        return (kind,) + rng.choice(world.by_kind[kind])


def mixed_case(wire, rng):
    return bytes(octet ^ 0x20 if 0x61 <= octet <= 0x7A and rng.random() < 0.5 else octet for octet in wire)


def message(wire, number, rng, transport):
    """The form of a query by the profile's shares."""
    flags, additional = 0x0100, b""
    edns = transport.startswith("tcp") or rng.random() < 0.35
    do = edns and rng.random() < 0.28
    flags |= 0x0010 if rng.random() < 0.01 else 0
    flags |= 0x0020 if rng.random() < 0.05 else 0
    if edns:
        options, draw = b"", rng.random()
        if draw < 0.05:
            options = struct.pack("!HH", 10, 8) + rng.randbytes(8)
        elif draw < 0.06:
            options = struct.pack("!HHHBB", 8, 7, 1, 24, 0) + b"\xc0\x00\x02"
        elif draw < 0.07:
            options = struct.pack("!HH", 12, 32) + bytes(32)
        elif draw < 0.071:
            options = struct.pack("!HH", 65001, 4) + b"test"
        size = rng.choices((1232, 4096, 512), (70, 15, 15))[0]
        additional = b"\0" + struct.pack("!HHIH", 41, size, 0x8000 if do else 0, len(options)) + options
    if rng.random() < 0.03:
        wire = mixed_case(wire, rng)
    return struct.pack("!6H", rng.getrandbits(16), flags, 1, 0, 0, 1 if edns else 0) + wire + struct.pack("!HH", number, 1) + \
        additional


def malformed(wire, rng):
    kind = rng.choice(("QDCOUNT 0", "QDCOUNT 2", "compressed name", "cut short", "octets behind", "opcode 1", "opcode 4",
                       "opcode 5", "class CH", "class 0", "EDNS version 1", "two OPT", "RD clear", "QR set", "answer in query",
                       "type OPT", "type AXFR", "class ANY"))
    question, header, tail = wire + struct.pack("!HH", 1, 1), [rng.getrandbits(16), 0x0100, 1, 0, 0, 0], b""
    if kind == "QDCOUNT 0":
        header[2], question = 0, b""
    elif kind == "QDCOUNT 2":
        header[2], tail = 2, question
    elif kind == "compressed name":
        question = b"\x01a\xc0\x0c" + struct.pack("!HH", 1, 1)
    elif kind == "cut short":
        question = question[:-3]
    elif kind == "octets behind":
        tail = b"behind"
    elif kind.startswith("opcode"):
        header[1] |= int(kind[-1]) << 11
    elif kind == "class CH":
        question = name_to_wire("version.bind.") + struct.pack("!HH", 16, 3)
    elif kind == "class 0":
        question = wire + struct.pack("!HH", 1, 0)
    elif kind == "class ANY":
        question = wire + struct.pack("!HH", 1, 255)
    elif kind in ("EDNS version 1", "two OPT"):
        opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0x10000 if kind[0] == "E" else 0, 0)
        header[5], tail = (1, opt) if kind[0] == "E" else (2, opt + opt)
    elif kind == "RD clear":
        header[1] = 0
    elif kind == "QR set":
        header[1] |= 0x8000
    elif kind == "answer in query":
        header[3], tail = 1, b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x0a\0\0\1"
    elif kind == "type OPT":
        question = wire + struct.pack("!HH", 41, 1)
    elif kind == "type AXFR":
        question = wire + struct.pack("!HH", 252, 1)
    return "malformed: " + kind, struct.pack("!6H", *header) + question + tail


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", type=int, default=5000)
    parser.add_argument("--queries", type=int, default=100000)
    arguments = parser.parse_args()

    world = D1World(arguments.seed, arguments.zones)
    os.makedirs(arguments.directory, exist_ok=True)
    world.write(arguments.directory)
    rng = random.Random(arguments.seed + 1000)
    questions, shares = Questions(world, rng), collections.Counter()
    with open(os.path.join(arguments.directory, "d1.tsv"), "w", encoding="ascii") as file:
        for _ in range(arguments.queries):
            kind, name, rrtype = questions.next()
            transport = ("tcp" if rng.random() < 0.025 else "udp") + ("6" if rng.random() < 0.25 else "4")
            if rng.random() < 0.002:
                transport = "udp" + transport[-1]
                kind, data = malformed(name_to_wire(name), rng)
            else:
                data = message(name_to_wire(name), TYPE[rrtype], rng, transport)
            file.write("%s\t%s\t%s\n" % (kind, transport, data.hex()))
            shares["kind " + kind] += 1
            shares["transport " + transport] += 1
            shares["type " + rrtype] += 1
            shares["labels %d" % name.count(".")] += 1
            shares["EDNS"] += data[11]
    with open(os.path.join(arguments.directory, "shares.json"), "w", encoding="ascii") as file:
        json.dump({key: count / arguments.queries for key, count in sorted(shares.items())}, file, indent=1)
    print("%d zones, %d names, %d queries" % (sum(map(len, world.zones.values())), len(world.names), arguments.queries))


if __name__ == "__main__":
    main()
