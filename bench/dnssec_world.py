#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A signed root, a signed top-level domain, many signed zones under it, and zones that want to cost much.

    dnssec_world.py [--zones N] [--instances N] [--flood N] DIRECTORY

cold.txt has a question for each benign zone, which all have a key of their own (P-256). probes.json has for each kind of zone the
questions of `instances` zones, one each; flood-KIND.txt N questions for one zone of the kind. checks-ALGORITHM.txt is what
bench_dnssec reads: a DNSKEY, and sets with their signatures.
"""
import argparse
import json
import os
import struct

import dnssec_zone as z

SERVER = z.name("ns.bench")
COLLISIONS, SIGNATURES, SAMPLES, LINKS, CHILDREN = 40, 16, 64, 10, 4
NAMES = {z.RSA2048: "rsa-2048", z.P256: "p-256", z.P384: "p-384", z.ED25519: "ed25519", z.ED448: "ed448"}


def address(number):
    return struct.pack(">I", 0xc6336400 + number % 200 + 20)


class Material:
    """Of each algorithm once, as making it takes time: public keys, and signatures that do not fit."""

    def __init__(self):
        self.made = {}

    def of(self, algorithm):
        if algorithm not in self.made:
            few = 1 if algorithm == z.RSA2048 else 8 * COLLISIONS
            key = z.Key(algorithm)
            publics = [z.Key(algorithm).public for _ in range(few)]
            if algorithm == z.RSA2048:  # any odd number will do, and nobody has to have the other half
                publics = [key.public[:4] + b"\xc3" + os.urandom(254) + b"\1" for _ in range(8 * COLLISIONS)]
            self.made[algorithm] = publics, [key.sign(os.urandom(8)) for _ in range(COLLISIONS)]
        return self.made[algorithm]


def colliding(material, key, invalid=False):
    publics, _ = material.of(key.algorithm)
    if invalid:  # off the curve
        publics = [public[:-1] + bytes([public[-1] ^ 1]) for public in publics]
    found = [rdata for rdata in (z.colliding(key.tag, key.algorithm, public) for public in publics) if rdata]
    return found[:COLLISIONS]


def benign(world, origin, count, key):
    zone = world.zone(origin, key)
    for number in range(count):
        zone.add(z.name("a%d.%s" % (number, origin)), z.A, address(number))
    zone.sign()
    return zone


def wrong(world, origin, count, key, *, keys=(), signatures=SIGNATURES, ds=None):
    """Names whose signatures are all wrong; the zone's keys are `keys` beside its own, and all of one tag."""
    zone = world.zone(origin, key, ds)
    zone.keys += keys
    bad = world.material.of(key.algorithm)[1][:signatures]
    for number in range(count):
        owner = z.name("a%d.%s" % (number, origin))
        zone.add(owner, z.A, address(number))
        zone.sign_wrongly(owner, z.A, bad)
    zone.sign()
    return zone


def keytrap(algorithm):
    def make(world, origin, count):
        key = z.Key(algorithm)
        wrong(world, origin, count, key, keys=colliding(world.material, key))
    return make


def many_signatures(world, origin, count):
    wrong(world, origin, count, z.Key(z.P256), signatures=COLLISIONS)


def many_keys(world, origin, count):
    key = z.Key(z.P256)
    wrong(world, origin, count, key, keys=colliding(world.material, key), signatures=1)


def many_digests(world, origin, count):
    key = z.Key(z.P256)
    digests = [struct.pack(">HBB", key.tag, key.algorithm, 2) + os.urandom(32) for _ in range(COLLISIONS)]
    wrong(world, origin, count, key, keys=colliding(world.material, key), ds=digests)


def invalid_keys(world, origin, count):
    key = z.Key(z.P256)
    wrong(world, origin, count, key, keys=colliding(world.material, key, invalid=True))


def nsec3(iterations):
    """The questions are for names that are not there, of many labels each: a hash for each label to find the closest encloser."""
    def make(world, origin, _):
        zone = world.zone(origin, z.Key(z.P256))
        zone.add(z.name("www." + origin), z.A, address(1))
        zone.sign(iterations, b"" if iterations == 0 else os.urandom(200))
    return make


def wildcard(world, origin, _):
    zone = world.zone(origin, z.Key(z.P384))
    zone.add(z.name("*." + origin), z.A, address(1))
    zone.sign()


def chain(world, origin, count):
    zone = world.zone(origin, z.Key(z.P384))
    for number in range(count):
        for link in range(LINKS):
            owner, target = ("a%d.%s" % (number, origin) if at == 0 else "l%d-%d.%s" % (at, number, origin)
                             for at in (link, link + 1))
            zone.add(z.name(owner), z.CNAME, z.wire(z.name(target)))
        zone.add(z.name("l%d-%d.%s" % (LINKS, number, origin)), z.A, address(number))
    zone.sign()


def relatives(world, origin, count):
    """Each name is in a zone of its own."""
    parent = world.zone(origin, z.Key(z.P384))
    for number in range(count):
        child = "a%d.%s" % (number, origin)
        key = z.Key(z.P384)
        parent.delegate(z.name(child), SERVER, [key.ds(z.name(child))])
        zone = z.Zone(child, key)
        zone.add(zone.origin, z.NS, z.wire(SERVER))
        zone.add(zone.origin, z.A, address(number))
        zone.sign()
        world.zones.append(zone)
    parent.sign()


def unsigned(world, origin, count):
    zone = world.zone(origin, None)
    for number in range(count):
        zone.add(z.name("a%d.%s" % (number, origin)), z.A, address(number))


def plain(algorithm):
    def make(world, origin, count):
        benign(world, origin, count, z.Key(algorithm))
    return make


# kind: (maker, the benign kind it is measured against)
KINDS = {
    "unsigned": (unsigned, None),
    "benign-p256": (plain(z.P256), None), "benign-p384": (plain(z.P384), None), "benign-rsa2048": (plain(z.RSA2048), None),
    "benign-ed448": (plain(z.ED448), None),
    "keytrap-p256": (keytrap(z.P256), "benign-p256"), "keytrap-p384": (keytrap(z.P384), "benign-p384"),
    "keytrap-rsa2048": (keytrap(z.RSA2048), "benign-rsa2048"), "keytrap-ed448": (keytrap(z.ED448), "benign-ed448"),
    "many-signatures": (many_signatures, "benign-p256"), "many-keys": (many_keys, "benign-p256"),
    "many-digests": (many_digests, "benign-p256"), "invalid-keys": (invalid_keys, "benign-p256"),
    "nsec3-0": (nsec3(0), "benign-p256"), "nsec3-50": (nsec3(50), "benign-p256"), "nsec3-150": (nsec3(150), "benign-p256"),
    "nsec3-2500": (nsec3(2500), "benign-p256"),
    "wildcard-p384": (wildcard, "benign-p384"), "cname-chain-p384": (chain, "benign-p384"),
    "relatives-p384": (relatives, "benign-p384"),
}


class World:
    def __init__(self):
        self.zones, self.material = [], Material()
        key = z.Key(z.P256)
        self.root, self.anchor = z.Zone(".", key), key.ds(())
        self.root.add((), z.NS, z.wire(z.name("a.root")))
        self.root.add(z.name("a.root"), z.A, bytes([198, 51, 100, 11]))
        key = z.Key(z.P256)
        self.tld = z.Zone("bench", key)
        self.root.delegate(self.tld.origin, z.name("ns0.bench"), [key.ds(self.tld.origin)])
        self.root.add(z.name("ns0.bench"), z.A, bytes([198, 51, 100, 12]))
        self.tld.add(self.tld.origin, z.NS, z.wire(z.name("ns0.bench")))
        self.tld.add(z.name("ns0.bench"), z.A, bytes([198, 51, 100, 12]))
        self.tld.add(SERVER, z.A, bytes([198, 51, 100, 13]))

    def zone(self, origin, key, ds=None):
        zone = z.Zone(origin, key)
        zone.add(zone.origin, z.NS, z.wire(SERVER))
        self.tld.delegate(zone.origin, SERVER, ([key.ds(zone.origin)] + (ds or [])) if key else ())
        self.zones.append(zone)
        return zone

    def write(self, directory):
        self.root.sign()
        self.tld.sign()
        os.makedirs(os.path.join(directory, "zones"))
        for level, zones in (("root", [self.root]), ("tld", [self.tld]), ("sld", self.zones)):
            with open(os.path.join(directory, level + ".conf"), "w", encoding="ascii") as conf:
                for zone in zones:
                    path = os.path.join(directory, "zones", z.text(zone.origin) + "zone")
                    zone.write(path)
                    conf.write('zone:\n    name: "%s"\n    zonefile: "%s"\n' % (z.text(zone.origin), path))
        for level, last in (("root", 11), ("tld", 12), ("sld", 13)):
            with open(os.path.join(directory, level + ".addresses"), "w", encoding="ascii") as file:
                file.write("198.51.100.%d\n" % last)
        with open(os.path.join(directory, "root.hints"), "w", encoding="ascii") as file:
            file.write(". 3600000 IN NS a.root.\na.root. 3600000 IN A 198.51.100.11\n")
        with open(os.path.join(directory, "anchor.ds"), "w", encoding="ascii") as file:
            tag, algorithm, digest = struct.unpack(">HBB", self.anchor[:4])
            file.write(". IN DS %d %d %d %s\n" % (tag, algorithm, digest, self.anchor[4:].hex()))


def question(kind, origin, number):
    if kind.startswith("nsec3"):
        return ".".join(["a"] * 40 + ["q%d" % number, origin])
    return "a%d.%s" % (number, origin)


def write_samples(directory):
    for algorithm, called in NAMES.items():
        key = z.Key(algorithm)
        zone = z.Zone("example", key)
        with open(os.path.join(directory, "checks-%s.txt" % called), "w", encoding="ascii") as file:
            file.write("%s %s\n" % (z.wire(zone.origin).hex(), key.rdata.hex()))
            for number in range(SAMPLES):
                owner = z.name("a%d.example" % number)
                zone.add(owner, z.A, address(number))
                zone.sign_set(owner, z.A)
                file.write("%s %s %s\n" % (z.wire(owner).hex(), address(number).hex(), zone.signatures[owner, z.A][0].hex()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--zones", type=int, default=5000)
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--flood", type=int, default=2000)
    arguments = parser.parse_args()
    world, probes = World(), {}
    write_samples(arguments.directory)
    with open(os.path.join(arguments.directory, "cold.txt"), "w", encoding="ascii") as file:
        for number in range(arguments.zones):
            benign(world, "b%d.bench" % number, CHILDREN, z.Key(z.P256))
            file.write("a%d.b%d.bench A\n" % (number % CHILDREN, number))
    for kind, (make, _) in KINDS.items():
        probes[kind] = []
        for number in range(arguments.instances):
            origin = "%s-%d.bench" % (kind, number)
            make(world, origin, 1)
            probes[kind].append(question(kind, origin, 0))
        origin = kind + "-f.bench"
        make(world, origin, arguments.flood)
        with open(os.path.join(arguments.directory, "flood-%s.txt" % kind), "w", encoding="ascii") as file:
            for number in range(arguments.flood):
                file.write(question(kind, origin, number) + " A\n")
    with open(os.path.join(arguments.directory, "probes.json"), "w", encoding="ascii") as file:
        json.dump({"probes": probes, "against": {kind: row[1] for kind, row in KINDS.items()}}, file)
    world.write(arguments.directory)
    print("%d signed zones" % len(world.zones))


if __name__ == "__main__":
    main()
