#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# kill -9 of both daemons under load: hot names go on being answered in the kernel with falling TTLs; a restart brings
# misses back in under two seconds, and takes nothing away.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastd holdfastctl pass.bpf.o nsd kdig dnsperf ethtool
io=${1:-sockets} # the slow path's packet I/O
[ "$io" = sockets ] || grep -q rte_eal_init "$(program holdfast-dataplane)" || skip "built without DPDK"
test_path
test_world
test_world_up
test_fastpath_config "$io"
# misses must be new each time: names below a wildcard
printf '*.miss.holdfast-lab.de. 300 IN A 10.9.8.99\n' >> "$LAB_DIR/zones/holdfast-lab.de.zone"
lab_stop sld
lab_nsd authority sld "$(cat "$LAB_DIR/sld.addresses")" include="$LAB_DIR/sld.conf" || exit 1
test_daemon
test_dataplane

# The figure is for a machine of its own; a crowd on the CPUs costs more.
limit=2000
crowd=$(awk -v cpus="$(nproc)" '{ print int($1 / cpus) }' /proc/loadavg)
if [ "$crowd" -ge 2 ]; then
	limit=$((limit * crowd))
	echo "        a load of $(cut -d' ' -f1 /proc/loadavg) on $(nproc) CPUs: $limit ms allowed"
fi

hot='holdfast-lab.de/A holdfast-lab.de/AAAA www.holdfast-lab.de/A mail.holdfast-lab.net/A nope.holdfast-lab.de/A'
for question in $hot; do
	printf '%s %s\n' "${question%/*}" "${question#*/}" >> "$LAB_DIR/hot.txt"
	check "$question becomes hot" until_kernel query "${question%/*}" "${question#*/}"
done

ttl() { query holdfast-lab.de A +timeout=1 +noall +answer | awk '$4 == "A" { print $2; exit }'; }
still_answered() # SECONDS: right, with a TTL that never rises and falls in the end
{
	local first last=999999 now n
	first=$(ttl)
	for ((n = 0; n < $1; n++)); do
		now=$(ttl)
		[ -n "$now" ] && [ "$now" -le "$last" ] || { echo "TTL '$now' after $last"; return 1; }
		last=$now
		equals "$(short query holdfast-lab.de A +timeout=1)" '10.9.8.6 10.9.8.7' || return
		sleep 1
	done
	[ "$last" -lt "$first" ] || { echo "TTL $first at first, $last at last"; return 1; }
}
miss() { query "$1.miss.holdfast-lab.de" A +timeout=1 +short 2> /dev/null | grep -qx 10.9.8.99; }
misses_return() # SINCE: new names until one is resolved
{
	local elapsed
	elapsed=$(lab_run client python3 -B "$TEST_SOURCE/tests/system/first_answer.py" \
		192.0.2.53 miss.holdfast-lab.de 10.9.8.99 "$1") || return
	echo "        misses are back after $elapsed ms" >&3
	[ "$elapsed" -lt "$limit" ] || { echo "$elapsed ms, $limit allowed"; return 1; }
}
exec 3>&1

for round in 1 2; do
	lab_spawn client dnsperf -s 192.0.2.53 -d "$LAB_DIR/hot.txt" -l 20 -Q 2000 -c 10 -t 1 > "$LAB_DIR/load-$round.txt" 2>&1
	load=$LAB_PID
	sleep 2
	lab_kill9 holdfastd
	lab_kill9 dataplane
	check "round $round: both daemons are dead" lab_wait 5 'they end' fails eval 'lab_alive holdfastd || lab_alive dataplane'
	check "round $round: a miss has nobody" fails miss "dead-$round"
	check "round $round: hot names are answered, TTLs fall" still_answered 4
	restart=$EPOCHREALTIME
	lab_start resolver holdfastd "$(program holdfastd)" -c "$LAB_DIR/holdfast.yaml"
	lab_start resolver dataplane "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml"
	check "round $round: misses come back" misses_return "$restart"
	check "round $round: hot names outlived it" still_answered 2
	wait "$load"
	check "round $round: dnsperf lost none of the hot names" shows 'Queries lost: +0 ' cat "$LAB_DIR/load-$round.txt"
	check "round $round: dnsperf saw no other rcode" \
		shows 'Response codes: +NOERROR [0-9]+ \([0-9.]+%\), NXDOMAIN [0-9]+ \([0-9.]+%\)$' cat "$LAB_DIR/load-$round.txt"
	check "round $round: holdfastd serves again" lab_wait 10 'holdfastd answers' ctl status
	check "round $round: new names become hot again" until_kernel query "hot-$round.miss.holdfast-lab.de" A
done
check '2000 answers against the zones' test_compare 2000
finish
