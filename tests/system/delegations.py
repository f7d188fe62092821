#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""delegations.py ZONEFILE SERVER [--broken NAME ...]: asks a validating resolver for the DS of every delegation of a signed root zone, and for
names that it has not, and compares rcode, AD, data and proof with the zone itself. For those named as broken: SERVFAIL with an EDE of
validation that names them."""
import argparse
import random
import sys

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone

VALIDATION_EDES = {1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 25, 27}


def ask(server, name, rdtype):
    query = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232)
    query.flags |= dns.flags.AD
    reply, _ = dns.query.udp_with_fallback(query, server, timeout=10)
    return reply


def edes(reply):
    return [option for option in reply.options if option.otype == dns.edns.EDE]


def fault_of(reply, rcode, data, owner):
    """None, or what is wrong with a reply that has to be validated."""
    if reply.rcode() != rcode:
        texts = ["EDE %d %s" % (option.code, option.text) for option in edes(reply)]
        return "%s instead of %s %s" % (dns.rcode.to_text(reply.rcode()), dns.rcode.to_text(rcode), "; ".join(texts))
    if not reply.flags & dns.flags.AD:
        return "no AD"
    found = reply.get_rrset(dns.message.ANSWER, owner, dns.rdataclass.IN, dns.rdatatype.DS)
    if (set(found) if found else set()) != data:
        return "other DS records"
    if not data and not any(rrset.rdtype == dns.rdatatype.NSEC for rrset in reply.authority):
        return "no NSEC"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("zonefile")
    parser.add_argument("server")
    parser.add_argument("--broken", nargs="*", default=[])
    parser.add_argument("--missing", type=int, default=300, help="names asked for that do not exist")
    arguments = parser.parse_args()
    zone = dns.zone.from_file(arguments.zonefile, origin=".", relativize=False)
    broken = {dns.name.from_text(name) for name in arguments.broken}
    counts = {"signed": 0, "unsigned": 0, "missing": 0, "broken": 0}
    faults = []

    for name, node in zone.nodes.items():
        if name == dns.name.root or not node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS):
            continue
        ds = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.DS)
        reply = ask(arguments.server, name, "DS")
        if name in broken:
            counts["broken"] += 1
            named = [o for o in edes(reply) if o.code in VALIDATION_EDES and o.text and str(name) in o.text]
            if reply.rcode() != dns.rcode.SERVFAIL or not named:
                faults.append("%s: broken, and the reply is %s %s" % (name, dns.rcode.to_text(reply.rcode()),
                                                                      [(o.code, o.text) for o in edes(reply)]))
            continue
        counts["signed" if ds else "unsigned"] += 1
        fault = fault_of(reply, dns.rcode.NOERROR, set(ds) if ds else set(), name)
        if fault:
            faults.append("%s: %s" % (name, fault))
    chance = random.Random(1)
    while counts["missing"] < arguments.missing:
        name = dns.name.from_text("".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(2, 12))))
        if name in zone.nodes:
            continue
        counts["missing"] += 1
        fault = fault_of(ask(arguments.server, name, "A"), dns.rcode.NXDOMAIN, set(), name)
        if fault:
            faults.append("%s: %s" % (name, fault))
    print(" ".join("%s=%d" % item for item in counts.items()), "wrong=%d" % len(faults))
    for fault in faults[:20]:
        print(fault)
    return 1 if faults or not counts["signed"] or not counts["unsigned"] else 0


if __name__ == "__main__":
    sys.exit(main())
