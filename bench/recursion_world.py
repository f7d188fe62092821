#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lab's internet (tools/lab/generate.py) with many names in each zone, and questions that are each asked once.

    recursion_world.py [--seed N] [--zones N] [--queries N] DIRECTORY

The zones' shares of the questions follow Zipf with exponent 0.9. Types: A 60, AAAA 22 (a third of them NODATA), HTTPS 8 (two
thirds NODATA), TXT 5, MX 5 %. 8 % of the names do not exist, 6 % are a CNAME inside the zone and 6 % one to another zone;
25 % of the names have a label more between host and zone, 5 % two. cold.txt has "NAME TYPE" lines for dnsperf, shares.json
what was really drawn.
"""
import argparse
import collections
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "lab"))
import generate  # noqa: E402

TYPES, TYPE_WEIGHTS = ("A", "AAAA", "HTTPS", "TXT", "MX"), (60, 22, 8, 5, 5)
NODATA = {"AAAA": 0.33, "HTTPS": 0.66}
DEPTHS, DEPTH_WEIGHTS = (0, 1, 2), (70, 25, 5)
MISSING, ALIAS_INSIDE, ALIAS_OUTSIDE = 0.08, 0.06, 0.06
GROUPS = 6  # labels between host and zone that its names share


class RecursionWorld(generate.World):
    def __init__(self, seed, zones):
        self.filled = []
        super().__init__(seed, zones)

    def fill(self, zone):
        super().fill(zone)
        self.filled.append(zone)

    def owner(self, zone, number):
        label = "%s%d" % (self.rng.choice(generate.HOSTS), number)
        for _ in range(self.rng.choices(DEPTHS, DEPTH_WEIGHTS)[0]):
            label += ".g%d" % self.rng.randrange(GROUPS)
        return "%s.%s" % (label, zone.origin)

    def add_data(self, zone, owner, rrtype):
        ttl = self.rng.choice((300, 900, 3600))
        if rrtype == "A" or rrtype in NODATA:
            zone.addresses(owner, ttl, [self.v4() for _ in range(self.rng.choice((1, 1, 1, 2, 4)))], [])
        if rrtype in NODATA and self.rng.random() < NODATA[rrtype]:
            return "NODATA"
        if rrtype == "AAAA":
            zone.addresses(owner, ttl, [], [self.v6()])
        elif rrtype == "HTTPS":
            zone.add(owner, ttl, "HTTPS", "1 . alpn=h2,h3")
        elif rrtype == "TXT":
            zone.add(owner, ttl, "TXT", '"v=spf1 include:%s -all"' % zone.origin)
        elif rrtype == "MX":
            zone.add(owner, ttl, "MX", "10 %s" % zone.origin)
        return "data"

    def questions(self, count):
        """A question each for `count` names, with the zones' data for them."""
        shares = collections.Counter()
        self.rng.shuffle(self.filled)
        cumulative = list(itertools.accumulate(1 / rank ** 0.9 for rank in range(1, len(self.filled) + 1)))
        for number, zone in enumerate(self.rng.choices(self.filled, cum_weights=cumulative, k=count)):
            owner, draw = self.owner(zone, number), self.rng.random()
            rrtype = self.rng.choices(TYPES, TYPE_WEIGHTS)[0]
            if draw < MISSING:
                kind = "NXDOMAIN"
            elif draw < MISSING + ALIAS_INSIDE:
                target = "to" + owner
                zone.add(owner, 300, "CNAME", target)
                kind = "CNAME, " + self.add_data(zone, target, rrtype)
            elif draw < MISSING + ALIAS_INSIDE + ALIAS_OUTSIDE:
                rrtype = self.rng.choice(("A", "AAAA"))
                zone.add(owner, 300, "CNAME", self.rng.choice(self.edges))
                kind = "CNAME to another zone"
            else:
                kind = self.add_data(zone, owner, rrtype)
            shares[kind] += 1
            shares[rrtype] += 1
            yield owner, rrtype, shares


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", type=int, default=4000)
    parser.add_argument("--queries", type=int, default=100000)
    arguments = parser.parse_args()

    world = RecursionWorld(arguments.seed, arguments.zones)
    shares = {}
    with open(os.path.join(arguments.directory, "cold.txt"), "w", encoding="ascii") as file:
        for owner, rrtype, shares in world.questions(arguments.queries):
            file.write("%s %s\n" % (owner, rrtype))
    world.write(arguments.directory)
    with open(os.path.join(arguments.directory, "shares.json"), "w", encoding="ascii") as file:
        json.dump({kind: round(count / arguments.queries, 4) for kind, count in sorted(shares.items())}, file, indent=1)
    print("%d zones, %d questions" % (sum(map(len, world.zones.values())), arguments.queries))


if __name__ == "__main__":
    main()
