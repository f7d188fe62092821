#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Malformed and hostile queries, over the slow path alone and through the kernel tier: each answered as the RFCs say or
# dropped and counted by reason; no crash, never another query's answer.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastctl nsd kdig
test_path
test_world
test_world_up

bad() { lab_run client python3 -B "$TEST_SOURCE/tests/system/bad_traffic.py" "$@"; }
drops() { "$1" -j stats | python3 -c 'import json, sys
drops = json.load(sys.stdin)["workers"]["drops"]
print({name: count for name, count in drops.items() if count})
missing = [name for name in sys.argv[1:] if not drops[name]]
sys.exit("not counted: %s" % missing if missing else 0)' "${@:2}"; }

test_config "resolver:" "  root-hints: $LAB_DIR/root.hints" "  query-deadline-ms: 3000"
test_dataplane
pid=$(lab_pid dataplane)
check 'IPv4: rows, 5000 mutations, TCP' bad 192.0.2.53
check 'IPv6: rows, 2000 mutations' bad 2001:db8:2::53 --random 2000 --seed 2
check 'drops are counted by reason' drops ctl_dataplane malformed response
check 'FORMERR and NOTIMP are counted' shows '"formerr": *[1-9]' ctl_dataplane -j stats
check 'the dataplane is the same process' equals "$(lab_pid dataplane) $(lab_alive dataplane && echo alive)" "$pid alive"
check '2000 answers against the zones' test_compare 2000
lab_stop dataplane
check 'sanitizers saw nothing' sanitizers_silent dataplane

for name in holdfastd pass.bpf.o; do
	program "$name" > /dev/null || { echo "        the kernel tier is left out: no $name here"; finish; }
done
test_fastpath_config
test_daemon
test_dataplane
pid=$(lab_pid dataplane)
check 'the good query is hot' until_kernel query holdfast-lab.de A
check 'kernel tier, IPv4' bad 192.0.2.53 --seed 3
check 'kernel tier, IPv6' bad 2001:db8:2::53 --random 2000 --seed 4
check 'the kernel counts by reason too' shows '"slow_header": *[1-9]' ctl -j stats
check 'both daemons are alive' eval 'lab_alive holdfastd && lab_alive dataplane'
check 'the kernel still answers' until_kernel query holdfast-lab.de A
check '2000 answers against the zones, kernel tier' test_compare 2000
lab_stop dataplane
lab_stop holdfastd
check 'sanitizers saw nothing in either' sanitizers_silent dataplane holdfastd
finish
