#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What clients may do with header, EDNS and TCP, by the rows of the EDNS compliance tests (RFC 6891, 8906): over UDP and
# TCP, IPv4 and IPv6.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastctl nsd python3
test_path
test_world 20 200
test_world_up
test_config "resolver:" "  root-hints: $LAB_DIR/root.hints" "  query-deadline-ms: 3000"
test_dataplane
pid=$(lab_pid dataplane)

compliance() { lab_run client python3 -B "$TEST_SOURCE/tests/system/clients.py" "$@"; }

for address in 192.0.2.53 2001:db8:2::53; do
	check "UDP, $address" compliance "$address"
	check "TCP, $address" compliance "$address" --tcp
done

# Sixteen control connections that say nothing: all there are.
python3 -B -c 'import socket, sys, time
idle = [socket.socket(socket.AF_UNIX) for _ in range(16)]
for sock in idle:
    sock.connect(sys.argv[1])
print("connected", flush=True)
time.sleep(60)' "$LAB_DIR/dataplane.sock" > "$LAB_DIR/idle.out" &
idle=$!
check 'idle control connections stand' lab_wait 10 'they are connected' grep -q connected "$LAB_DIR/idle.out"
check 'while they are fresh there is no room' fails ctl_dataplane stats
sleep 6
check 'then the idle ones make room' ctl_dataplane stats
check 'again' ctl_dataplane stats
kill "$idle"
wait "$idle" 2> /dev/null

check 'the dataplane is the same process' equals "$(lab_pid dataplane) $(lab_alive dataplane && echo alive)" "$pid alive"
lab_stop dataplane
check 'sanitizers saw nothing' sanitizers_silent dataplane
finish
