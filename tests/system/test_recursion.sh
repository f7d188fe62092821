#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The slow path alone, on sockets: root → TLD → zone at real NSDs, all RR types, both transports and families.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane nsd kdig
test_path
test_world

# A zone with every type that NSD 4.6 parses, one of unknown type, a DNAME and an answer of ~900 octets.
cat > "$LAB_DIR/zones-types" << 'END'
$ORIGIN all-types.de.
$TTL 300
@	SOA	ns1.dns-host0 hostmaster 1 7200 3600 1209600 60
@	NS	ns.all-types.de.
ns	A	203.0.113.10
a	A	10.1.2.3
aaaa	AAAA	2001:db8:1::1
cname	CNAME	a
mx	MX	10 a
txt	TXT	"one" "two \"quoted\"" "\001\255"
ptr	PTR	a
srv	SRV	0 5 5060 a
naptr	NAPTR	100 50 "s" "z3950+I2L+I2C" "" a
caa	CAA	0 issue "ca.example"
tlsa	TLSA	3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
sshfp	SSHFP	4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
hinfo	HINFO	"PC" "Linux"
rp	RP	a txt
loc	LOC	52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m
afsdb	AFSDB	1 a
kx	KX	10 a
uri	URI	10 1 "https://a.example/"
cert	CERT	1 0 0 AQIDBAUG
dhcid	DHCID	AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
smimea	SMIMEA	3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
openpgpkey	OPENPGPKEY	AQIDBAUG
svcb	SVCB	1 a alpn=h2 port=8443
https	HTTPS	1 . alpn=h3,h2 ipv4hint=10.1.2.3 ipv6hint=2001:db8:1::1
eui48	EUI48	00-00-5e-00-53-2a
eui64	EUI64	00-00-5e-ef-10-00-00-2a
apl	APL	1:192.168.32.0/21 !1:192.168.38.0/28
px	PX	10 a a
x25	X25	"311061700956"
unknown	TYPE65280	\# 6 0a0000010203
dname	DNAME	holdfast-lab.de.
*.wild	A	10.1.2.4
deep.er.than.that	A	10.1.2.5
END
{
	printf 'medium TXT'
	printf ' "%0100d"' {1..8}
	printf '\n'
} >> "$LAB_DIR/zones-types"
printf 'zone:\n    name: all-types.de.\n    zonefile: "%s"\n' "$LAB_DIR/zones-types" >> "$LAB_DIR/sld.conf"
{
	# a cut whose servers are named inside it, and a lame one that NSD refuses
	printf 'all-types.de. 3600 IN NS ns.all-types.de.\nns.all-types.de. 3600 IN A 203.0.113.10\n'
	printf 'lame.de. 3600 IN NS ns1.lame.de.\nns1.lame.de. 3600 IN A 203.0.113.10\n'
	printf 'silent.de. 3600 IN NS ns1.silent.de.\nns1.silent.de. 3600 IN A 203.0.113.250\n'
	printf 'loop-a.de. 3600 IN NS ns.loop-b.de.\nloop-b.de. 3600 IN NS ns.loop-a.de.\n'
} >> "$LAB_DIR/zones/de.zone"
# two root servers that never answer stand first
cat - "$LAB_DIR/root.hints" > "$LAB_DIR/hints" << 'END'
. 3600000 IN NS y.root-servers.net.
. 3600000 IN NS z.root-servers.net.
y.root-servers.net. 3600000 IN A 198.51.100.250
z.root-servers.net. 3600000 IN AAAA 2001:db8:a::ffff
END
test_world_up
test_config "resolver:" "  root-hints: $LAB_DIR/hints" "dataplane:" "  resolver-threads: 2"
test_dataplane

check 'A, from the root down' answers '10.9.8.6 10.9.8.7' query holdfast-lab.de A
check 'AAAA' answers '2001:db8:9::7' query holdfast-lab.de AAAA
check 'a CNAME chain over two zones' answers '10.9.9.1 edge.holdfast-lab.net. web.holdfast-lab.net.' \
	query www.holdfast-lab.de A
check 'NXDOMAIN with the SOA' shows '^holdfast-lab.de.*SOA' query nope.holdfast-lab.de A
check 'NXDOMAIN of the root' shows 'status: NXDOMAIN' query nothing.nosuchtld A
check 'NODATA is NOERROR' shows 'status: NOERROR' query mail.holdfast-lab.de AAAA
check 'NODATA has no answer' shows 'ANSWER: 0; AUTHORITY: 1' query mail.holdfast-lab.de AAAA
check 'over TCP' answers '10.9.8.6 10.9.8.7' query holdfast-lab.de A +tcp
check 'over IPv6' answers '10.9.8.6 10.9.8.7' query6 holdfast-lab.de A
check 'over IPv6 and TCP' answers '2001:db8:9::7' query6 holdfast-lab.de AAAA +tcp
check 'root NS' answers 'a.root-servers.net. b.root-servers.net. c.root-servers.net. d.root-servers.net.' \
	query . NS
check 'TLD NS from the child' answers 'a.nic.de. b.nic.de.' query de NS
check 'a wildcard answers for another name' answers '10.1.2.4' query some.thing.wild.all-types.de A
check 'an empty non-terminal exists' shows 'status: NOERROR' query er.than.that.all-types.de A

for type in a:A aaaa:AAAA cname:CNAME mx:MX txt:TXT ptr:PTR srv:SRV naptr:NAPTR caa:CAA tlsa:TLSA sshfp:SSHFP \
	hinfo:HINFO rp:RP loc:LOC afsdb:AFSDB kx:KX uri:URI cert:CERT dhcid:DHCID smimea:SMIMEA openpgpkey:OPENPGPKEY \
	svcb:SVCB https:HTTPS eui48:EUI48 eui64:EUI64 apl:APL px:TYPE26 x25:TYPE19 unknown:TYPE65280 dname:DNAME; do
	name=${type%%:*}.all-types.de type=${type#*:}
	wanted=$(short lab_run resolver kdig @203.0.113.10 "$name" "$type" +generic)
	check "$type as the authority has it" answers "${wanted:-nothing from NSD}" query "$name" "$type" +generic
done
check 'a name below a DNAME is synthesised' answers '10.9.8.25 holdfast-lab.de. mail.holdfast-lab.de.' query mail.dname.all-types.de A
check 'the DNAME is in the answer' shows 'DNAME' query mail.dname.all-types.de A

check 'no EDNS: 850 octets are truncated at 512' shows 'Flags: qr tc rd ra' query medium.all-types.de TXT +ignore +noedns
check 'EDNS 512: truncated too' shows 'Flags: qr tc rd ra' query medium.all-types.de TXT +ignore +bufsize=512
check 'EDNS 1232: whole' shows 'Flags: qr rd ra; QUERY: 1; ANSWER: 1' query medium.all-types.de TXT +ignore +bufsize=1232
check '2.3 kB: truncated at 1232' shows 'Flags: qr tc rd ra' query big.holdfast-lab.de TXT +ignore +bufsize=1232
check '2.3 kB: whole over TCP' shows 'ANSWER: 12' query big.holdfast-lab.de TXT +bufsize=1232
check 'a client that takes 4096 gets no more than we send' shows 'Flags: qr tc rd ra' \
	query big.holdfast-lab.de TXT +ignore +bufsize=4096
check 'EDNS version 1 is BADVERS' shows 'ext-rcode: BADVERS|status: BADVERS' query holdfast-lab.de A +edns=1
check 'DO is echoed' shows 'flags: do' query holdfast-lab.de A +dnssec
check 'RD=0 is refused' shows 'status: REFUSED' query holdfast-lab.de A +norecurse
check 'class CH is refused' shows 'status: (REFUSED|NOTIMP)' query -c CH version.bind TXT
check 'AXFR is refused' shows 'REFUSED|NOTIMP|failed' query holdfast-lab.de AXFR
check 'a lame cut is SERVFAIL' shows 'status: SERVFAIL' query www.lame.de A
check 'servers that need each other: SERVFAIL' shows 'status: SERVFAIL' query www.loop-a.de A
check 'a silent server: SERVFAIL within the deadline' shows 'status: SERVFAIL' query www.silent.de A
check 'others are answered as ever' answers '10.9.8.25' query mail.holdfast-lab.de A

check 'TCP: pipelined questions, each its answer' \
	lab_run client python3 -B "$TEST_SOURCE/tests/system/pipeline.py" 192.0.2.53 \
	big.holdfast-lab.de/TXT holdfast-lab.de/A www.holdfast-lab.de/A nope.holdfast-lab.de/A all-types.de/SOA
check '3000 answers against the zones, in all forms and mixed case' test_compare 3000
# a judge that passes everything would be no judge
sed -i 's/ IN A 10\.9\./ IN A 10.8./' "$LAB_DIR/zones/holdfast-lab.de.zone"
printf 'holdfast-lab.de A\n' > "$LAB_DIR/one"
check 'altered zone data: the comparer sees it' fails test_compare 10 --queries "$LAB_DIR/one"

lab_stop sld
check 'authorities down: a new name is SERVFAIL' shows 'status: SERVFAIL' query new.wild.all-types.de A
check 'authorities down: a cached name is answered' answers '10.9.8.6 10.9.8.7' query holdfast-lab.de A
lab_nsd authority sld "$(cat "$LAB_DIR/sld.addresses")" include="$LAB_DIR/sld.conf" || exit 1
check 'authorities back: resolved again' lab_wait 15 'a name is resolved again' shows 'status: (NOERROR|NXDOMAIN)' query back.wild.all-types.de A

check 'counters over the socket' shows '"upstream_udp": *[1-9]' ctl_dataplane -j stats
dataplane=$(lab_pid dataplane)
kill -TERM "$dataplane"
check 'SIGTERM: ends' lab_wait 5 'the dataplane ends' fails lab_alive dataplane
check 'SIGTERM: no error on the way out' sanitizers_silent dataplane
finish
