#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Both daemons with XDP on a veth: what is hot is answered in the kernel, right in every octet, with falling TTLs.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastd holdfastctl pass.bpf.o nsd kdig ethtool
test_path
test_world
test_world_up
test_fastpath_config
test_daemon
test_dataplane

kernel_answers() # COUNT QUERY...: the counter moves by as much as is asked
{
	local count=$1 before after n
	shift
	before=$(counter kernel answered)
	for ((n = 0; n < count; n++)); do
		"$@" > /dev/null || return
	done
	after=$(counter kernel answered)
	[ $((after - before)) -eq "$count" ] || { echo "$count queries, $((after - before)) kernel answers"; return 1; }
}
kernel_leaves() # COUNTER QUERY...: not answered in the kernel but handed on, and counted
{
	local name=$1 before answered
	shift
	before=$(counter kernel "$name") answered=$(counter kernel answered)
	"$@" > /dev/null || return
	[ "$(counter kernel "$name")" -gt "$before" ] && [ "$(counter kernel answered)" -eq "$answered" ] ||
		{ echo "$name: $before before, $(counter kernel "$name") after"; return 1; }
}
ttl_of() { "$@" +noall +answer | awk '{ print $2; exit }'; }
ttl_falls()
{
	local first second
	first=$(ttl_of "$@")
	sleep 2.1
	second=$(ttl_of "$@")
	[ $((first - second)) -ge 2 ] && [ $((first - second)) -le 4 ] || { echo "$first, two seconds later $second"; return 1; }
}

for family in query query6; do
	check "$family: A" until_kernel $family holdfast-lab.de A
	check "$family: ten more, all in the kernel" kernel_answers 10 $family holdfast-lab.de A
	check "$family: the answer is right" answers '10.9.8.6 10.9.8.7' $family holdfast-lab.de A
	check "$family: its TTL falls" ttl_falls $family holdfast-lab.de A
done
check 'AAAA' until_kernel query holdfast-lab.de AAAA
check 'HTTPS' until_kernel query holdfast-lab.de HTTPS
check 'MX' until_kernel query holdfast-lab.de MX
check 'a CNAME chain' until_kernel query www.holdfast-lab.de A
check 'the chain is right' answers '10.9.9.1 edge.holdfast-lab.net. web.holdfast-lab.net.' query www.holdfast-lab.de A
check 'NXDOMAIN' until_kernel query nope.holdfast-lab.de A
check 'it says NXDOMAIN' shows 'status: NXDOMAIN' query nope.holdfast-lab.de A
check 'NODATA' until_kernel query mail.holdfast-lab.de AAAA
check 'it has the SOA' shows '^holdfast-lab.de.*SOA' query mail.holdfast-lab.de AAAA
check 'with EDNS' until_kernel query holdfast-lab.de A +bufsize=1232
check 'OPT is in the reply' shows 'UDP size: [0-9]+ B' query holdfast-lab.de A +bufsize=1232
check 'with DO' until_kernel query holdfast-lab.de A +dnssec
check 'DO is echoed' shows 'flags: do' query holdfast-lab.de A +dnssec
check 'with CD' until_kernel query holdfast-lab.de A +cdflag
check 'CD is echoed' shows 'Flags: qr rd ra cd' query holdfast-lab.de A +cdflag

check 'an EDNS option goes to the slow path' kernel_leaves to_stack query holdfast-lab.de A +nsid
check 'RD=0 goes to the slow path' kernel_leaves slow_rd query holdfast-lab.de A +norecurse
check 'and is refused there' shows 'status: REFUSED' query holdfast-lab.de A +norecurse
check 'TCP is no business of XDP' answers '10.9.8.6 10.9.8.7' query holdfast-lab.de A +tcp
check 'an answer beyond the client size goes to the slow path' shows 'Flags: qr tc rd ra' \
	query big.holdfast-lab.de TXT +ignore

check 'lookup tells that the kernel has it' shows '"kernel": *true' ctl -j lookup holdfast-lab.de A
check 'hot names it' shows 'holdfast-lab.de' ctl hot
check 'flush' ctl flush holdfast-lab.de --subtree
check 'after the flush the next one is a miss' kernel_leaves slow_miss query holdfast-lab.de A
check 'and answered right' answers '10.9.8.6 10.9.8.7' query holdfast-lab.de A

check '4000 answers against the zones' test_compare 4000
before=$(counter kernel answered)
check '4000 more' test_compare 4000 --seed 2
share=$((($(counter kernel answered) - before) * 100 / 4000))
echo "        $share % of them from the kernel"
# TCP, options and first questions are not the kernel's: a good third of the comparer's
check 'half of these came from the kernel' [ "$share" -ge 50 ]

# Another holdfastd on the same interface, with its own sockets.
sed 's,dataplane.sock,other-dataplane.sock,; s,holdfastd.sock,other.sock,; s,127.0.0.1:8053,127.0.0.1:8054,' \
	"$LAB_DIR/holdfast.yaml" > "$LAB_DIR/other.yaml"
check 'a second instance on the interface is refused' fails \
	lab_run resolver timeout 10 "$(program holdfastd)" -c "$LAB_DIR/other.yaml"
check 'the first goes on' kernel_answers 3 query holdfast-lab.de A

cp "$LAB_DIR/holdfast.yaml" "$LAB_DIR/good.yaml"
printf 'cache:\n  size: lots\n' >> "$LAB_DIR/holdfast.yaml"
check 'a bad file is refused at reload' fails ctl reload
cp "$LAB_DIR/good.yaml" "$LAB_DIR/holdfast.yaml"
check 'reload' ctl reload
check 'the kernel tier outlives a reload' kernel_answers 3 query holdfast-lab.de A
http() { lab_run resolver python3 -c 'import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8053" + sys.argv[1], timeout=5).read().decode())' "$1"; }
check 'metrics have the kernel answers' shows '^holdfast_.*answered.* [1-9]' http /metrics
check 'metrics end as OpenMetrics do' shows '^# EOF' http /metrics
check 'healthz' http /healthz
lab_stop dataplane
lab_stop holdfastd
check 'sanitizers saw nothing' sanitizers_silent dataplane holdfastd
finish
