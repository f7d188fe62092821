#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A random-subdomain flood at twice the slow path's capacity; run by `bench/run flood`.
#
#	HF_BUILD=DIR flood.sh [--quick] [--kernel] [--runs N] [--seconds S] [--yaml FILE] RESULTS
#
# --kernel: with the kernel path too; --quick: one run of three seconds; FILE: configuration sections to add.
# The resolver has CPU 0 for itself; authorities, flood and measuring clients share CPU 1.
. "$(dirname "$0")/../tests/system/lab.sh"
here=$TEST_SOURCE/bench
kernel='' yaml='' options=()
while [ $# -gt 1 ]; do
	case $1 in
	--quick) options+=(--runs 1 --seconds 3); shift ;;
	--kernel) kernel=1; shift ;;
	--runs | --seconds | --cached | --misses) options+=("$1" "$2"); shift 2 ;;
	--yaml) yaml=$2; shift 2 ;;
	*) echo "flood: unknown argument $1" >&2; exit 2 ;;
	esac
done
results=$1
need holdfast-dataplane nsd kdig dnsperf taskset
for name in flood_sender paced_client; do
	[ -x "$HF_BUILD/bench/$name" ] || { echo "flood: no $HF_BUILD/bench/$name" >&2; exit 1; }
done
test_path
mkdir -p "$LAB_DIR/zones"

zone() # ORIGIN SERVER ADDR: SOA, NS and its address
{
	printf '%s 3600 IN SOA %s h.%s 1 7200 3600 1209600 60\n%s 3600 IN NS %s\n' "$1" "$2" "${1#.}" "$1" "$2"
	case $2 in *".$1") printf '%s 3600 IN A %s\n' "$2" "$3" ;; esac
}
cut() # ORIGIN ADDR
{
	printf '%s 3600 IN NS ns.%s\nns.%s 3600 IN A %s\n' "$1" "$1" "$1" "$2"
}
{
	printf '. 3600 IN SOA a.root. h.root. 1 7200 3600 1209600 60\n. 3600 IN NS a.root.\na.root. 3600 IN A 198.51.100.4\n'
	cut com. 198.51.100.20
} > "$LAB_DIR/zones/root"
zone com. ns.com. 198.51.100.20 > "$LAB_DIR/zones/com"
: > "$LAB_DIR/victims.conf" > "$LAB_DIR/others.conf"
add() # LIST ORIGIN ADDR [LINE]
{
	zone "$2" "ns.$2" "$3" > "$LAB_DIR/zones/$2"
	[ -z "${4:-}" ] || printf '%s\n' "$4" >> "$LAB_DIR/zones/$2"
	cut "$2" "$3" >> "$LAB_DIR/zones/com"
	printf 'zone:\n    name: "%s"\n    zonefile: "%s"\n' "$2" "$LAB_DIR/zones/$2" >> "$LAB_DIR/$1.conf"
}
for n in {0..19}; do
	add victims "quick$n.com." "203.0.113.$((20 + n))"
	cut "silent$n.com." "203.0.113.$((60 + n))" >> "$LAB_DIR/zones/com"
done
for n in {0..39}; do
	add others "other$n.com." "203.0.113.$((100 + n))" "*.other$n.com. 3600 IN A 10.0.0.$n"
done
add others cached.com. 203.0.113.150 '*.cached.com. 86400 IN A 10.0.1.1'
printf '. 3600000 IN NS a.root.\na.root. 3600000 IN A 198.51.100.4\n' > "$LAB_DIR/root.hints"

range() { local n; for ((n = $1; n <= $2; n++)); do printf '203.0.113.%s ' "$n"; done; }
# shellcheck disable=SC2046
test_authority_address 198.51.100.4/24 198.51.100.20/24 $(range 20 39 | sed 's, ,/24 ,g') $(range 60 79 | sed 's, ,/24 ,g') \
	$(range 100 139 | sed 's, ,/24 ,g') 203.0.113.150/24
lab_address client c0 192.0.2.128/24
for n in {129..159}; do
	lab_address client c0 "192.0.2.$n/24"
done
lab_nsd authority root 198.51.100.4 .="$LAB_DIR/zones/root" &&
	lab_nsd authority com 198.51.100.20 com.="$LAB_DIR/zones/com" &&
	lab_nsd authority victims "$(range 20 39)" include="$LAB_DIR/victims.conf" &&
	lab_nsd authority others "$(range 100 139) 203.0.113.150" include="$LAB_DIR/others.conf" || exit 1
# Authorities that never answer: sockets that nobody reads, so that no ICMP tells
lab_start authority silent python3 -B -c '
import signal, socket, sys
held = []
for n in range(60, 80):
    held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    held[-1].bind(("203.0.113.%d" % n, 53))
print("bound", flush=True)
signal.pause()'
lab_wait 10 'the silent authorities are bound' grep -q bound "$LAB_DIR/silent.log" || exit 1

if [ -n "$kernel" ]; then
	test_fastpath_config
else
	test_config "resolver:" "  root-hints: $LAB_DIR/root.hints"
fi
sed -i 's/size: 64M/size: 512M/' "$LAB_DIR/holdfast.yaml"
[ -z "$yaml" ] || cat "$yaml" >> "$LAB_DIR/holdfast.yaml"
[ -z "$kernel" ] || test_daemon
test_dataplane
dataplane=$(lab_pid dataplane)
taskset -acp 0 "$dataplane" > /dev/null
pids=("holdfast=$dataplane")
for name in root com victims others; do
	pid=$(lab_pid "$name")
	for child in $pid $(pgrep -P "$pid") $(pgrep -P "$pid" | xargs -r -n 1 pgrep -P); do
		taskset -acp 1 "$child" > /dev/null
	done
done
lab_run client python3 -B "$here/flood.py" --server 192.0.2.53 --programs "$HF_BUILD/bench" --directory "$LAB_DIR" --results "$results" \
	--label "sockets${kernel:+ and kernel path}" "${options[@]}" "${pids[@]}"
status=$?
lab_alive dataplane || { echo "the dataplane died"; tail -n 20 "$LAB_DIR/dataplane.log"; status=1; }
lab_run resolver "$(program holdfastctl)" -j -s "$LAB_DIR/dataplane.sock" stats > "$results/stats.json" 2>/dev/null || :
exit $status
