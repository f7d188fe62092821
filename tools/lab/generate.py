#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a small internet from a seed: a root zone, TLDs, some thousand zones below them, hints, query files.

    generate.py [--seed N] [--zones N] [--queries N] [--warm-up N] DIRECTORY

DIRECTORY gets
    root.hints                  for the resolver
    root.conf tld.conf sld.conf zone clauses for three NSDs, one per level: a server that holds both sides of a
                                zone cut answers from below and gives no referral
    root.addresses …            the addresses that each of them listens on
    zones/*.zone                one RR a line, absolute names; what compare.py reads too
    queries.txt half.txt warm-up.txt
                                "NAME TYPE" lines for dnsperf, other draws from the same popularity
    names.txt                   all names by popularity

The popularity of names is Zipf with exponent 1.0 over all of them. Of the questions 80 % are A and AAAA with an
answer, 5 % ask for a name that does not exist, 5 % for a type that the name does not have, 10 % for other types.
TTLs are 60-3600 s. Only the standard library is used; the same seed gives the same files.
"""
import argparse
import ipaddress
import itertools
import os
import random
import sys

# name, weight, levels that registrations hang below
TLDS = [("com", 38, ("",)), ("de", 24, ("",)), ("net", 9, ("",)), ("org", 8, ("",)), ("nl", 5, ("",)),
        ("uk", 5, ("co.", "org.")), ("eu", 4, ("",)), ("fr", 3, ("",)), ("info", 2, ("",)), ("io", 2, ("",))]
HOSTERS = 24
CDNS = 4
HOSTS = ["www", "mail", "api", "shop", "blog", "cdn", "img", "login", "static", "m", "app", "dev", "news", "support",
         "forum", "docs", "status", "media", "files", "portal", "auth", "video", "assets", "search"]
SYLLABLES = ["ba", "ber", "bo", "da", "del", "do", "fa", "fe", "gro", "ha", "hol", "ka", "ki", "kra", "la", "lin", "lo",
             "ma", "mi", "mon", "na", "nor", "pa", "pe", "ra", "ri", "sa", "ster", "ta", "ti", "tu", "va", "wei", "zu"]
TTLS, TTL_WEIGHTS = (60, 120, 300, 900, 1800, 3600), (20, 10, 35, 10, 5, 20)
NEGATIVE_TTLS, NEGATIVE_WEIGHTS = (60, 300, 900, 3600), (20, 40, 25, 15)
ROOT_ADDRESSES = [("198.51.100.%d" % n, "2001:db8:a::%x" % n) for n in range(4, 8)]


class Zone:
    def __init__(self, origin, rng, servers):
        self.origin = origin
        self.lines = []
        self.types = {}  # owner → set of types
        self.add(origin, 3600, "SOA", "%s hostmaster.%s 2024010101 7200 3600 1209600 %d" % (
            servers[0], origin if origin != "." else "root.", rng.choices(NEGATIVE_TTLS, NEGATIVE_WEIGHTS)[0]))
        for server in servers:
            self.add(origin, 3600, "NS", server)

    def add(self, owner, ttl, rrtype, rdata):
        self.lines.append("%s %d IN %s %s\n" % (owner, ttl, rrtype, rdata))
        self.types.setdefault(owner, set()).add(rrtype)

    def addresses(self, owner, ttl, v4, v6):
        for address in v4:
            self.add(owner, ttl, "A", address)
        for address in v6:
            self.add(owner, ttl, "AAAA", address)


class World:
    def __init__(self, seed, zone_count):
        self.rng = random.Random(seed)
        self.zones = {"root": [], "tld": [], "sld": []}
        self.addresses = {"root": [a for pair in ROOT_ADDRESSES for a in pair], "tld": [], "sld": []}
        self.names = []  # (name, types with an answer, zone) of all that may be asked
        self.taken = set()
        self.make_root()
        self.make_hosters()
        self.make_cdns()
        self.make_showcase()
        for _ in range(zone_count):
            self.make_registration()

    def ttl(self):
        return self.rng.choices(TTLS, TTL_WEIGHTS)[0]

    def v4(self):
        return str(ipaddress.IPv4Address(0x0A000000 + self.rng.randrange(1, 1 << 24)))

    def v6(self):
        return str(ipaddress.IPv6Address((0x20010DB80F00 << 80) + self.rng.randrange(1, 1 << 64)))

    def label(self):
        text = "".join(self.rng.choices(SYLLABLES, k=self.rng.choice((2, 3, 3, 4))))
        if self.rng.random() < 0.2:
            text += "-" + self.rng.choice(("gmbh", "online", "shop", "24", "group", "tech", "media"))
        return text

    def make_root(self):
        letters = ["%s.root-servers.net." % chr(ord("a") + n) for n in range(len(ROOT_ADDRESSES))]
        self.root = Zone(".", self.rng, letters)
        own = Zone("root-servers.net.", self.rng, letters)
        for name, (v4, v6) in zip(letters, ROOT_ADDRESSES):
            self.root.addresses(name, 3600, [v4], [v6])
            own.addresses(name, 3600, [v4], [v6])
        self.letters = letters
        self.zones["root"] = [self.root, own]
        self.tlds = {}
        for index, (tld, _, _) in enumerate(TLDS):
            origin = tld + "."
            servers = ["%s.nic.%s" % (letter, origin) for letter in "ab"]
            zone = Zone(origin, self.rng, servers)
            for n, server in enumerate(servers):
                v4, v6 = "198.51.100.%d" % (20 + 2 * index + n), "2001:db8:a::1%02x" % (2 * index + n)
                self.root.add(origin, 3600, "NS", server)
                self.root.addresses(server, 3600, [v4], [v6])
                zone.addresses(server, 3600, [v4], [v6])
                self.addresses["tld"] += [v4, v6]
            self.tlds[tld] = zone
            self.zones["tld"].append(zone)
        for name in letters:  # the cut that leads back to the root's servers
            self.tlds["net"].add("root-servers.net.", 3600, "NS", name)
            v4, v6 = ROOT_ADDRESSES[letters.index(name)]
            self.tlds["net"].addresses(name, 3600, [v4], [v6])

    def delegate(self, origin, servers, glue):
        """The parent's side of a cut: NS, and addresses for the servers that need them there."""
        parent = self.tlds[origin.rstrip(".").rsplit(".", 1)[-1]]
        for server in servers:
            parent.add(origin, 3600, "NS", server)
        for server, (v4, v6) in glue.items():
            if server.endswith("." + parent.origin) and server not in parent.types:
                parent.addresses(server, 3600, [v4], [v6])

    def make_hosters(self):
        """Operators of name servers; most registrations use one, so a server's name is often out of bailiwick."""
        self.hosters = []
        for number in range(HOSTERS):
            tld = self.rng.choice(("com", "net", "de", "org"))
            origin = "dns-host%d.%s." % (number, tld)
            glue = {}
            for n in range(2):
                v4, v6 = "203.0.113.%d" % (10 + 2 * number + n), "2001:db8:a::2%02x" % (2 * number + n)
                glue["ns%d.%s" % (n + 1, origin)] = (v4, v6)
                self.addresses["sld"] += [v4, v6]
            zone = Zone(origin, self.rng, list(glue))
            for server, (v4, v6) in glue.items():
                zone.addresses(server, 3600, [v4], [v6])
            self.delegate(origin, list(glue), glue)
            self.zones["sld"].append(zone)
            self.hosters.append(glue)

    def make_cdns(self):
        """Where CNAMEs of other zones lead, with a second CNAME inside for some."""
        self.edges = []
        for number in range(CDNS):
            origin = "edge-net%d.%s." % (number, ("net", "com", "io", "eu")[number])
            hoster = self.hosters[number]
            zone = Zone(origin, self.rng, list(hoster))
            self.delegate(origin, list(hoster), {})
            for n in range(200):
                edge = "e%d.g.%s" % (n, origin)
                ttl = self.rng.choice((60, 120, 300))
                zone.addresses(edge, ttl, [self.v4() for _ in range(self.rng.choice((1, 2, 4)))],
                               [self.v6() for _ in range(2)])
                if n % 3 == 0:
                    alias = "c%d.%s" % (n, origin)
                    zone.add(alias, 300, "CNAME", edge)
                    edge = alias
                self.edges.append(edge)
            self.zones["sld"].append(zone)

    def make_showcase(self):
        """Known contents, for checks by hand: holdfast-lab.de and holdfast-lab.net, whatever the seed."""
        zones = []
        for number, origin in enumerate(("holdfast-lab.de.", "holdfast-lab.net.")):
            hoster = self.hosters[number]
            zone = Zone(origin, self.rng, list(hoster))
            self.delegate(origin, list(hoster), {})
            self.zones["sld"].append(zone)
            self.taken.add(origin)
            zones.append(zone)
        de, net = zones
        de.addresses(de.origin, 300, ["10.9.8.7", "10.9.8.6"], ["2001:db8:9::7"])
        de.add(de.origin, 300, "MX", "10 mail." + de.origin)
        de.add(de.origin, 300, "MX", "20 mail." + net.origin)
        de.add(de.origin, 300, "TXT", '"v=spf1 mx -all"')
        de.add(de.origin, 300, "HTTPS", "1 . alpn=h2,h3 ipv4hint=10.9.8.7")
        de.addresses("mail." + de.origin, 300, ["10.9.8.25"], [])
        de.add("www." + de.origin, 300, "CNAME", "web." + net.origin)
        for n in range(12):  # more than any UDP size we announce
            de.add("big." + de.origin, 300, "TXT", '"%02d %s"' % (n, "x" * 180))
        net.add("web." + net.origin, 300, "CNAME", "edge." + net.origin)
        net.addresses("edge." + net.origin, 300, ["10.9.9.1"], ["2001:db8:9::1"])
        net.addresses("mail." + net.origin, 300, ["10.9.9.25"], [])

    def make_registration(self):
        tld, _, levels = self.rng.choices(TLDS, [weight for _, weight, _ in TLDS])[0]
        while True:
            origin = "%s.%s%s." % (self.label(), self.rng.choice(levels), tld)
            if origin not in self.taken:
                break
        self.taken.add(origin)
        hoster = self.rng.choice(self.hosters)
        if self.rng.random() < 0.3:  # servers named inside the zone: glue is needed
            servers = {"ns%d.%s" % (n + 1, origin): pair for n, pair in enumerate(hoster.values())}
        else:
            servers = hoster
        zone = Zone(origin, self.rng, list(servers))
        for server, (v4, v6) in servers.items():
            if server.endswith("." + origin):
                zone.addresses(server, 3600, [v4], [v6])
        self.delegate(origin, list(servers), servers if servers is not hoster else {})
        self.fill(zone)
        self.zones["sld"].append(zone)

    def fill(self, zone):
        rng, origin = self.rng, zone.origin
        ttl = self.ttl()
        answers = {"A", "TXT", "NS", "SOA"}
        v6 = [self.v6() for _ in range(rng.choice((0, 1, 1, 2)))]
        zone.addresses(origin, ttl, [self.v4() for _ in range(rng.choice((1, 1, 2, 3)))], v6)
        if v6:
            answers.add("AAAA")
        text_ttl = self.ttl()
        zone.add(origin, text_ttl, "TXT", '"v=spf1 mx -all"')
        if rng.random() < 0.5:
            zone.add(origin, text_ttl, "TXT", '"site-verification=%016x" "second string"' % rng.getrandbits(64))
        if rng.random() < 0.4:
            zone.add(origin, ttl, "HTTPS", "1 . alpn=h2,h3" if rng.random() < 0.5 else
                     "1 . alpn=h2 ipv4hint=%s" % self.v4())
            answers.add("HTTPS")
        hosts = rng.sample(HOSTS, rng.choice((3, 3, 4, 5)))
        if "mail" in hosts:
            ttl = self.ttl()
            zone.add(origin, ttl, "MX", "10 mail." + origin)
            if rng.random() < 0.3:
                zone.add(origin, ttl, "MX", "20 mx.backup-mail.example.")
            answers.add("MX")
        self.names.append((origin, answers, zone))
        for host in hosts:
            owner, draw, ttl = host + "." + origin, rng.random(), self.ttl()
            if host == "www" and draw < 0.5:
                zone.add(owner, ttl, "CNAME", origin)
                self.names.append((owner, {"CNAME"} | (answers - {"NS", "SOA"}), zone))
            elif host != "mail" and draw < 0.2:
                zone.add(owner, ttl, "CNAME", rng.choice(self.edges))
                self.names.append((owner, {"A", "AAAA", "CNAME"}, zone))
            else:
                v6 = [self.v6()] if draw > 0.5 else []
                zone.addresses(owner, ttl, [self.v4() for _ in range(rng.choice((1, 1, 2)))], v6)
                types = {"A", "AAAA"} if v6 else {"A"}
                if rng.random() < 0.3:
                    zone.add(owner, ttl, "TXT", '"host %s"' % host)
                    types.add("TXT")
                self.names.append((owner, types, zone))
        if rng.random() < 0.03:
            zone.addresses("*.user." + origin, self.ttl(), [self.v4()], [])
            for n in rng.sample(range(1000), 3):
                self.names.append(("u%d.user.%s" % (n, origin), {"A"}, zone))

    def write(self, directory):
        """Zone files, the clauses and addresses of the NSDs, and the hints."""
        zones = os.path.join(directory, "zones")
        os.makedirs(zones, exist_ok=True)
        for level, members in self.zones.items():
            clauses = []
            for zone in members:
                path = os.path.abspath(os.path.join(zones, (zone.origin.rstrip(".") or "root") + ".zone"))
                write(path, zone.lines)
                clauses.append('zone:\n    name: "%s"\n    zonefile: "%s"\n' % (zone.origin, path))
            write(os.path.join(directory, level + ".conf"), clauses)
            write(os.path.join(directory, level + ".addresses"), [a + "\n" for a in self.addresses[level]])
        hints = [". 3600000 IN NS %s\n" % name for name in self.letters]
        for name, (v4, v6) in zip(self.letters, ROOT_ADDRESSES):
            hints += ["%s 3600000 IN A %s\n" % (name, v4), "%s 3600000 IN AAAA %s\n" % (name, v6)]
        write(os.path.join(directory, "root.hints"), hints)


def neighbour(name, zone):
    """A name beside `name` that nobody has, and no wildcard covers."""
    return "wpad." + zone.origin if name == zone.origin or ".user." in name else name.replace(".", "-old.", 1)


def questions(world, count, seed):
    """`count` questions: a name by Zipf 1.0, then what is asked about it."""
    rng = random.Random(seed)
    cumulative = list(itertools.accumulate(1 / rank for rank in range(1, len(world.names) + 1)))
    for name, types, zone in rng.choices(world.names, cum_weights=cumulative, k=count):
        draw = rng.random()
        if draw < 0.80:
            yield name, "AAAA" if draw < 0.24 and "AAAA" in types else "A"
        elif draw < 0.85:  # no such name: a neighbour that nobody has
            yield neighbour(name, zone), "A"
        elif draw < 0.90:  # no such type
            missing = [rrtype for rrtype in ("AAAA", "HTTPS", "MX", "CAA") if rrtype not in types]
            yield name, missing[0]
        else:
            others = sorted(types - {"A", "AAAA"})
            yield (name, rng.choice(others)) if others else (zone.origin, rng.choice(("TXT", "NS", "SOA")))


def check_questions(world):
    for name, _, zone in world.names:
        if neighbour(name, zone) in zone.types:
            sys.exit("generate.py: %s was to be missing and exists" % neighbour(name, zone))


def write(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", type=int, default=5000)
    parser.add_argument("--queries", type=int, default=1000000)
    parser.add_argument("--warm-up", type=int, default=400000)
    arguments = parser.parse_args()

    world = World(arguments.seed, arguments.zones)
    world.rng.shuffle(world.names)
    check_questions(world)
    world.write(arguments.directory)
    write(os.path.join(arguments.directory, "names.txt"), [name + "\n" for name, _, _ in world.names])
    for file, count, seed in (("queries.txt", arguments.queries, arguments.seed + 1000),
                              ("half.txt", arguments.queries // 2, arguments.seed + 2000),
                              ("warm-up.txt", arguments.warm_up, arguments.seed + 3000)):
        write(os.path.join(arguments.directory, file), ("%s %s\n" % pair for pair in questions(world, count, seed)))
    print("%d zones, %d names below %d TLDs" % (sum(map(len, world.zones.values())), len(world.names), len(TLDS)))


if __name__ == "__main__":
    main()
