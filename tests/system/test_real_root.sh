#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Primes and resolves through the real signed root zone, served by NSD on the real addresses inside a namespace.
. "$(dirname "$0")/lab.sh"
zone=$(find "$TEST_SOURCE/../shared/data/root" -name 'root-*.zone.zst' 2>/dev/null | sort | tail -n 1)
[ -n "$zone" ] || skip 'no ../shared/data/root/root-*.zone.zst beside the repository'
need holdfast-dataplane holdfastctl nsd kdig zstd
test_path
zstd -qdc "$zone" > "$LAB_DIR/root.zone" || exit 1
serial=$(awk '$4 == "SOA" { print $7; exit }' "$LAB_DIR/root.zone")
test_root_servers
lab_nsd authority root "$addresses" .="$LAB_DIR/root.zone" || exit 1
test_config
test_dataplane

check "the SOA, serial $serial" shows "SOA.* $serial " query . SOA
check 'thirteen servers' equals "$(query . NS +short | wc -l)" 13
check 'DO: the NS set comes with its RRSIG' shows '^\. .*RRSIG' query . NS +dnssec +noall +answer
check 'without DO no RRSIG' fails shows 'RRSIG' query . NS +noall +answer
check 'DNSKEY with signatures' shows 'RRSIG.*DNSKEY' query . DNSKEY +dnssec +noall +answer
keys=$(lab_run resolver kdig @198.41.0.4 . DNSKEY +short +tcp | sort)
check 'DNSKEY as the server has it' equals "$(query . DNSKEY +short +tcp | sort)" "$keys"
for tld in de com net org nl uk; do
	wanted=$(short lab_run resolver kdig @198.41.0.4 "$tld" DS)
	check "DS of $tld" answers "$wanted" query "$tld" DS
done
unsigned=$(awk '$4 == "NS" && $1 != "." { cut[$1] } $4 == "DS" { signed[$1] }
	END { for (name in cut) if (!(name in signed)) { print name; exit } }' "$LAB_DIR/root.zone")
check "DS that is not there ($unsigned): NODATA with proof" shows 'NSEC' query "$unsigned" DS +dnssec
check 'NXDOMAIN' shows 'status: NXDOMAIN' query no-such-tld-here A
check 'NXDOMAIN with DO has NSECs and signatures' shows 'RRSIG.*NSEC' query no-such-tld-here A +dnssec
check 'ZONEMD, an RRset of its own' equals "$(query . ZONEMD +short)" "$(lab_run resolver kdig @198.41.0.4 . ZONEMD +short)"
check 'over IPv6 and TCP' shows "SOA.* $serial " query6 . SOA +tcp
# the TLDs' servers cannot be reached from here
check 'a name below an unreachable TLD: SERVFAIL' shows 'status: SERVFAIL' query www.example.de A
check 'the delegation was learned' shows '"upstream_udp": *[1-9]' ctl_dataplane -j stats
finish
