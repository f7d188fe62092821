# SPDX-License-Identifier: BSD-3-Clause
"""Signs the tree with each signer and records what its server says: BIND's dnssec-signzone and named, ldns-signzone and NSD, Knot.

The private keys are those of keys.json, as dnssec-keygen made them (`sign.py new-keys` makes others): the same for all signers, so that mutations
can be signed again and a record signed by another signer is valid where it does not belong; and always the same, so that a case is.
"""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

import zones as tree_of

LIFETIME = 30 * 86400
TOOLS = {"bind": ["dnssec-signzone", "named"], "ldns": ["ldns-signzone", "nsd"],
         "knot": ["keymgr", "knotd", "knotc"]}
ALGORITHMS = {5: "RSASHA1", 7: "NSEC3RSASHA1", 8: "RSASHA256", 10: "RSASHA512", 13: "ECDSAP256SHA256", 14: "ECDSAP384SHA384",
              15: "ED25519", 16: "ED448"}
KNOT_ALGORITHMS = {5: "rsasha1", 7: "rsasha1-nsec3-sha1", 8: "rsasha256", 10: "rsasha512", 13: "ecdsap256sha256", 14: "ecdsap384sha384",
                   15: "ed25519", 16: "ed448"}
DIGESTS = {1: "SHA1", 2: "SHA256", 4: "SHA384"}


def missing(signer):
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return [tool for tool in TOOLS[signer] if not shutil.which(tool, path=path)]


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stdout.strip()[-2000:]))
    return done.stdout


def file_of(zone):
    return "root" if zone.name == "." else zone.name.rstrip(".")


def read_key(base):
    with open(base + ".key", encoding="ascii") as file:
        for line in file:
            if not line.startswith(";"):
                return dns.rdata.from_text("IN", "DNSKEY", line.split("DNSKEY", 1)[1].strip())
    raise RuntimeError("no key in " + base)


KEYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keys.json")


def new_keys(tree):
    """Writes keys.json anew; KSK first, a CSK alone."""
    files = {}
    with tempfile.TemporaryDirectory() as directory:
        for zone in tree:
            for ksk in ([True] if zone.csk else [True, False]) if zone.algorithm else []:
                size = {5: ["-b", "1024"], 7: ["-b", "1024"], 8: ["-b", "2048"], 10: ["-b", "2048"]}.get(zone.algorithm, [])
                run(["dnssec-keygen", "-q", "-K", directory, "-a", ALGORITHMS[zone.algorithm], *size, *(["-f", "KSK"] if ksk else []), zone.name])
        for name in sorted(os.listdir(directory)):
            with open(os.path.join(directory, name), encoding="ascii") as file:
                files[name] = "".join(line for line in file if not line.startswith(";"))
    with open(KEYS, "w", encoding="ascii") as file:
        json.dump(files, file, indent=1)
        file.write("\n")


def unpack_keys(directory):
    os.makedirs(directory, exist_ok=True)
    with open(KEYS, encoding="ascii") as file:
        for name, text in json.load(file).items():
            with open(os.path.join(directory, name), "w", encoding="ascii") as out:
                out.write(text)


def load_keys(directory):
    keys = {}
    for entry in sorted(os.listdir(directory)):
        if entry.endswith(".key"):
            base = os.path.join(directory, entry[:-4])
            zone = re.match(r"K(.*)\+\d+\+\d+$", entry[:-4]).group(1)
            keys.setdefault(zone if zone.endswith(".") else zone + ".", []).append((base, read_key(base)))
    for pair in keys.values():
        pair.sort(key=lambda key: -key[1].flags)
    return keys


def ds_sets(tree, keys):
    sets = {}
    for zone in tree:
        if zone.foreign_ds:
            sets[zone.name] = [zone.foreign_ds]
        elif zone.algorithm and zone.name != ".":
            sets[zone.name] = [dns.dnssec.make_ds(dns.name.from_text(zone.name), keys[zone.name][0][1], DIGESTS[digest],
                                                  validating=True).to_text() for digest in zone.digests]
    return sets


# ---- signers: from unsigned zone files to signed ones ----

def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def sign_bind(zone, source, target, keys, now):
    with open(source, encoding="ascii") as file:
        body = file.read()
    with open(source, "a", encoding="ascii") as file:
        for _, key in keys:
            file.write("%s 3600 IN DNSKEY %s\n" % (zone.name, key.to_text()))
    more = []
    if zone.nsec3:
        more += ["-3", zone.nsec3[1] or "-", "-H", str(zone.nsec3[0])] + (["-A"] if zone.nsec3[2] else [])
    if zone.csk:
        more.append("-z")
    run(["dnssec-signzone", "-q", "-P", "-o", zone.name, "-s", stamp(now - 86400), "-e", stamp(now + LIFETIME), "-f", target, *more,
         source, *[base for base, _ in keys]], cwd=os.path.dirname(source))
    with open(source, "w", encoding="ascii") as file:
        file.write(body)


def sign_ldns(zone, source, target, keys, now):
    more = []
    if zone.nsec3:
        more += ["-n", "-t", str(zone.nsec3[0])] + (["-s", zone.nsec3[1]] if zone.nsec3[1] else []) + (["-p"] if zone.nsec3[2] else [])
    run(["ldns-signzone", "-o", zone.name, "-i", stamp(now - 86400), "-e", stamp(now + LIFETIME), "-f", target, *more,
         source, *[base for base, _ in keys]], cwd=os.path.dirname(source))


def knot_config(directory, listen, zone_lines, policies=""):
    os.makedirs(directory, exist_ok=True)
    os.makedirs(directory + "/db", exist_ok=True)
    path = os.path.join(directory, "knot.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("server:\n  rundir: %s\n  listen: %s@53\n  udp-max-payload: 4096\n  udp-workers: 1\n  tcp-workers: 1\n"
                   "  background-workers: 1\nlog:\n  - target: stderr\n    any: warning\n"
                   "database:\n  storage: %s/db\n%szone:\n%s" % (directory, listen, directory, policies, zone_lines))
    return path


def sign_knot(tree, directory, keys):
    """One knotd signs all of them, writes the zone files out and ends."""
    policies, lines, signed = "policy:\n", "", []
    for zone in tree:
        if not zone.algorithm:
            continue
        name = file_of(zone)
        shutil.copy("%s/unsigned/%s" % (directory, name), "%s/signed/%s" % (directory, name))
        signed.append("%s/signed/%s" % (directory, name))
        policies += "  - id: p-%s\n    manual: on\n    algorithm: %s\n    rrsig-lifetime: 30d\n    rrsig-refresh: 1d\n    single-type-signing: %s\n" % (
            name, KNOT_ALGORITHMS[zone.algorithm], "on" if zone.csk else "off")
        if zone.nsec3:
            policies += "    nsec3: on\n    nsec3-iterations: %d\n    nsec3-salt-length: %d\n    nsec3-salt-lifetime: 0\n    nsec3-opt-out: %s\n" % (
                zone.nsec3[0], len(zone.nsec3[1]) // 2, "on" if zone.nsec3[2] else "off")
        lines += "  - domain: %s\n    file: %s/signed/%s\n    zonefile-sync: 0\n    dnssec-signing: on\n    dnssec-policy: p-%s\n" % (
            zone.name, directory, name, name)
    config = knot_config(directory + "/signer", ADDRESSES[0], lines, policies)
    for zone in tree:
        for base, _ in keys.get(zone.name, []):
            ident = run(["keymgr", "-c", config, zone.name, "import-bind", base + ".key"]).split()[0]
            if zone.csk:
                run(["keymgr", "-c", config, zone.name, "set", ident, "ksk=yes", "zsk=yes"])
        if zone.nsec3 and zone.nsec3[1]:
            run(["keymgr", "-c", config, zone.name, "nsec3-salt", zone.nsec3[1]])
    before = {path: os.stat(path).st_size for path in signed}
    log = open(directory + "/signer/log", "w", encoding="utf-8")
    with subprocess.Popen(["knotd", "-c", config], stdout=log, stderr=log) as daemon:
        try:
            for _ in range(300):
                time.sleep(0.1)
                if all(os.stat(path).st_size > 2 * before[path] for path in signed):
                    break
            else:
                raise RuntimeError("knotd did not sign: see %s/signer/log" % directory)
            time.sleep(0.5)
        finally:
            daemon.terminate()
            daemon.wait(20)


# ---- servers ----

ADDRESSES = tree_of.ADDRESSES


def serve(signer, directory, level, served):
    """The command of a server for the zones of one level."""
    here = "%s/serve%d" % (directory, level)
    os.makedirs(here, exist_ok=True)
    path = lambda zone: "%s/signed/%s" % (directory, file_of(zone))
    if signer == "bind":
        with open(here + "/named.conf", "w", encoding="ascii") as file:
            file.write('options { directory "%s"; pid-file none; session-keyfile none; lock-file none; listen-on { %s; }; listen-on-v6 { none; };'
                       ' recursion no; dnssec-validation no; minimal-responses no; max-udp-size 4096; edns-udp-size 4096; notify no;'
                       ' empty-zones-enable no; rrset-order { order none; }; };\ncontrols { };\n' % (here, ADDRESSES[level]))
            for zone in served:
                file.write('zone "%s" { type primary; file "%s"; };\n' % (zone.name, path(zone)))
        return ["named", "-g", "-n", "1", "-c", here + "/named.conf"]
    if signer == "ldns":
        with open(here + "/nsd.conf", "w", encoding="ascii") as file:
            file.write('server:\n ip-address: %s\n server-count: 1\n username: ""\n chroot: ""\n zonesdir: "%s"\n database: ""\n pidfile: ""\n'
                       ' xfrdfile: ""\n zonelistfile: "%s/list"\n xfrdir: "%s"\n ipv4-edns-size: 4096\n hide-version: yes\n rrl-ratelimit: 0\n'
                       'remote-control:\n control-enable: no\n' % (ADDRESSES[level], here, here, here))
            for zone in served:
                file.write('zone:\n name: "%s"\n zonefile: "%s"\n' % (zone.name, path(zone)))
        return ["nsd", "-d", "-c", here + "/nsd.conf"]
    lines = "".join("  - domain: %s\n    file: %s\n    zonefile-sync: -1\n    journal-content: none\n" % (zone.name, path(zone)) for zone in served)
    return ["knotd", "-c", knot_config(here, ADDRESSES[level], lines)]


def query(name, qtype):
    wire = dns.name.from_text(name).to_wire()
    return struct.pack("!6H", 0x4242, 0, 1, 0, 0, 1) + wire + struct.pack("!HH", qtype, 1) + b"\0" + struct.pack("!HHIH", 41, 4096, 0x8000, 0)


def exchange(address, wanted, patience=20.0):
    """Replies to all queries, in order; one is asked after another until it answers."""
    replies = []
    deadline = time.monotonic() + patience
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.connect((address, 53))
        link.settimeout(0.2)
        for name, qtype in wanted:
            asked = query(name, qtype)
            while True:
                try:
                    link.send(asked)
                    while True:
                        reply = link.recv(65535)
                        if reply[12:len(asked) - 11].lower() == asked[12:-11].lower():
                            break
                    if reply[3] & 15 != 2:  # SERVFAIL: still loading
                        break
                except (TimeoutError, ConnectionRefusedError):
                    pass
                if time.monotonic() > deadline:
                    raise RuntimeError("%s says nothing of %s" % (address, name))
                time.sleep(0.05)
            deadline = max(deadline, time.monotonic() + 5)
            if reply[2] & 2:
                raise RuntimeError("%s truncates %s" % (address, name))
            replies.append(reply)
    return replies


def wanted_of(level, tree):
    """What any resolver may ask the servers of a level on the way to the questions, and some neighbours of them."""
    names = set()
    for name, qtype in tree_of.questions():
        labels = name.rstrip(".").split(".")
        names |= {".".join(labels[i:]) + "." for i in range(len(labels))}
    names |= {".", "a.root."} | {tree_of.nameserver(zone) for zone in tree}
    # where aliases lead
    names |= {"nowhere." + zone.name for zone in tree if zone.level == 2} | {"nope." + zone.name.lstrip(".") for zone in tree}
    served = [zone for zone in tree if zone.level == level]
    above = lambda name: [z for z in served if z.name == "." or name == z.name or name.endswith("." + z.name)]
    types = [1, 2, 5, 6, 15, 16, 28, 33, 39, 43, 48]
    return [(name, qtype) for name in sorted(names) if above(name) for qtype in types]


def write_corpus(path, now, anchor, entries):
    with open(path, "wb") as file:
        file.write(b"HFMC" + struct.pack("<qH", now, len(anchor)) + anchor + struct.pack("<I", len(entries)))
        for level, name, qtype, message in entries:
            wire = dns.name.from_text(name.lower()).to_wire()
            file.write(struct.pack("<BB", level, len(wire)) + wire + struct.pack("<HH", qtype, len(message)) + message)


def make(signer, directory, key_directory):
    """Signs, serves and records; to be run in a network namespace of its own."""
    run(["ip", "link", "set", "lo", "up"])
    for address in ADDRESSES:
        run(["ip", "addr", "add", address + "/32", "dev", "lo"])
    tree = tree_of.zones()
    keys = load_keys(key_directory)
    ds = ds_sets(tree, keys)
    for part in ("unsigned", "signed"):
        os.makedirs("%s/%s" % (directory, part), exist_ok=True)
    now = int(time.time())
    for zone in tree:
        with open("%s/unsigned/%s" % (directory, file_of(zone)), "w", encoding="ascii") as file:
            file.write(tree_of.text(zone, tree, ds))
        source, target = "%s/unsigned/%s" % (directory, file_of(zone)), "%s/signed/%s" % (directory, file_of(zone))
        if not zone.algorithm:
            shutil.copy(source, target)
        elif signer == "bind":
            sign_bind(zone, source, target, keys[zone.name], now)
        elif signer == "ldns":
            sign_ldns(zone, source, target, keys[zone.name], now)
    if signer == "knot":
        sign_knot(tree, directory, keys)
    servers, entries = [], []
    try:
        for level in range(4):
            served = [zone for zone in tree if zone.level == level]
            with open("%s/serve%d.log" % (directory, level), "w", encoding="utf-8") as log:
                servers.append(subprocess.Popen(serve(signer, directory, level, served), stdout=log, stderr=log))
        for level in range(4):
            wanted = wanted_of(level, tree)
            entries += [(level, name, qtype, reply) for (name, qtype), reply in zip(wanted, exchange(ADDRESSES[level], wanted))]
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    root = dns.dnssec.make_ds(dns.name.root, keys["."][0][1], "SHA256")
    write_corpus(directory + "/corpus.new", int(time.time()), root.to_wire(), entries)
    os.rename(directory + "/corpus.new", directory + "/corpus")
    return len(entries)


if __name__ == "__main__":
    if sys.argv[1] == "new-keys":
        new_keys(tree_of.zones())
    else:
        print("%d replies" % make(*sys.argv[1:4]))
