#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ask_many.py SERVER ZONE COUNT ADDRESS LEAST: asks for n0.ZONE … at once; at least LEAST must be NOERROR with ADDRESS, and
what is not may only be SERVFAIL: never other data."""
import concurrent.futures
import sys

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype


def ask(server, name):
    reply = dns.query.udp(dns.message.make_query(name, "A", use_edns=0, payload=1232), server, timeout=20)
    found = sorted(str(rdata) for rrset in reply.answer for rdata in rrset)
    return dns.rcode.to_text(reply.rcode()), " ".join(found)


def main():
    server, zone, count, address, least = sys.argv[1:]
    with concurrent.futures.ThreadPoolExecutor(int(count)) as pool:
        results = list(pool.map(lambda n: ask(server, "n%d.%s" % (n, zone)), range(int(count))))
    right = results.count(("NOERROR", address))
    wrong = [result for result in results if result not in (("NOERROR", address), ("SERVFAIL", ""))]
    print("%d right, %d SERVFAIL, wrong: %s" % (right, results.count(("SERVFAIL", "")), wrong))
    return 0 if right >= int(least) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
