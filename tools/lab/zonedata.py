# SPDX-License-Identifier: BSD-3-Clause
"""The lab's zones as the truth: what a correct resolver may answer to a question.

Reads zone files with one record a line ("OWNER TTL IN TYPE RDATA", absolute names), as generate.py writes them.
"""
import os
import struct
import sys

from dnswire import TYPES, name_to_text, name_to_wire, rdata_to_wire

CNAME, SOA, NS = TYPES["CNAME"], TYPES["SOA"], TYPES["NS"]
NOERROR, NXDOMAIN = 0, 3


def parents(name):
    """The name in wire form, then each of its parents, the root last."""
    position = 0
    while True:
        yield name[position:]
        if not name[position]:
            return
        position += 1 + name[position]


class Expected:
    """rcode; the answer section's RRsets in order, each (owner, type, TTL, set of RDATA); for a negative
    answer the (owner, TTL, RDATA) of the SOA that proves it."""

    def __init__(self):
        self.rcode, self.chain, self.negative = NOERROR, [], None


class Zones:
    def __init__(self, directory):
        self.zones = {}  # origin → {owner: {type: (ttl, set of rdata)}}
        self.known = {}  # (owner, type) → {rdata: highest TTL}: whatever may stand in a reply
        for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
            if entry.name.endswith(".zone"):
                self.read(entry.path)
        if not self.zones:
            sys.exit("%s: no *.zone file" % directory)

    def read(self, path):
        origin, zone = None, {}
        with open(path, encoding="ascii") as file:
            for number, line in enumerate(file, 1):
                try:
                    owner, ttl, rrclass, rrtype, rdata = line.split(None, 4)
                    if rrclass != "IN":
                        raise ValueError("class %s" % rrclass)
                    owner, ttl = name_to_wire(owner).lower(), int(ttl)
                    wire, rrtype = rdata_to_wire(rrtype, rdata.strip()), TYPES[rrtype]
                except (ValueError, KeyError, struct.error) as error:
                    sys.exit("%s:%d: %s" % (path, number, error))
                if origin is None:
                    if rrtype != SOA:
                        sys.exit("%s:%d: the first record is no SOA" % (path, number))
                    origin = owner
                before, members = zone.setdefault(owner, {}).setdefault(rrtype, (ttl, set()))
                if before != ttl:
                    sys.exit("%s:%d: TTLs differ inside an RRset" % (path, number))
                members.add(wire)
                known = self.known.setdefault((owner, rrtype), {})
                known[wire] = max(ttl, known.get(wire, 0))
        if origin is None:
            sys.exit("%s: empty" % path)
        # empty non-terminals exist
        for owner in list(zone):
            for parent in parents(owner):
                if parent == origin:
                    break
                zone.setdefault(parent, {})
        self.zones[origin] = zone

    def zone_of(self, name):
        return next(parent for parent in parents(name) if parent in self.zones)

    def find(self, origin, name):
        """The types at a name, a wildcard's if one covers it, None if there is no such name."""
        zone = self.zones[origin]
        if name in zone:
            return zone[name]
        encloser = next(parent for parent in parents(name) if parent in zone)
        return zone.get(b"\x01*" + encloser)

    def answer(self, name, qtype):
        name, expected = name.lower(), Expected()
        for _ in range(16):
            origin = self.zone_of(name)
            types = self.find(origin, name)
            if types is None:
                expected.rcode = NXDOMAIN
            elif qtype in types:
                expected.chain.append((name, qtype) + types[qtype])
                return expected
            elif CNAME in types:
                expected.chain.append((name, CNAME) + types[CNAME])
                name, = types[CNAME][1]
                continue
            ttl, members = self.zones[origin][origin][SOA]
            rdata, = members
            expected.negative = (origin, min(ttl, struct.unpack("!I", rdata[-4:])[0]), rdata)
            return expected
        raise ValueError("CNAME chain without end at %s" % name_to_text(name))
