#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What clients and zones may have under way, on real sockets: late answers (DNSBomb), unanswered questions of one client, a
# zone that is silent; cookies and forged replies towards authorities; `holdfastctl limits`.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastctl kdig
python3 -c 'import dns.message' 2> /dev/null || skip 'no dnspython'
test_path
zones=(slow silent cookie forged)
addresses=() plan=(198.51.100.4=root)
n=10
for zone in "${zones[@]}"; do
	addresses+=("203.0.113.$n/24")
	plan+=("203.0.113.$n=$zone")
	n=$((n + 1))
done
test_authority_address 198.51.100.4/24 "${addresses[@]}" || exit 1
printf '. 3600000 IN NS a.root.\na.root. 3600000 IN A 198.51.100.4\n' > "$LAB_DIR/root.hints"
lab_start authority odd python3 -B "$TEST_SOURCE/tests/system/limits_authority.py" "$LAB_DIR/queries" "${plan[@]}"
lab_wait 15 'the authorities serve' grep -q ready "$LAB_DIR/odd.log" || { cat "$LAB_DIR/odd.log"; exit 1; }
test_config "clients:" "  wait-limit: 40" "dataplane:" "  waiting-queries: 1024" \
	"resolver:" "  root-hints: $LAB_DIR/root.hints" "  ipv6: false" "  qname-minimisation: false" "  spoof-threshold: 20"
test_dataplane

ctl() { lab_run resolver "$(program holdfastctl)" -s "$LAB_DIR/dataplane.sock" "$@"; }
figure() # SECTION NAME: one figure
{
	ctl -j stats | python3 -c 'import json, sys; value = json.load(sys.stdin)
for key in sys.argv[1:]: value = value[key]
print(value)' "$@"
}
ask() { lab_run client kdig @192.0.2.53 +timeout=6 +retry=0 "$@"; } # NAME...
# COUNT questions for random names below ZONE, sent at once; prints how many replies came within SECONDS.
burst() # ZONE COUNT SECONDS
{
	lab_run client python3 -B - "$@" << 'END'
import socket, sys, time
import dns.message
zone, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect(("192.0.2.53", 53))
for n in range(count):
    sock.send(dns.message.make_query("b%d-%d.%s." % (time.monotonic_ns() % 1000000, n, zone), "A").to_wire())
end, replies, good = time.monotonic() + seconds, 0, 0
while time.monotonic() < end:
    sock.settimeout(max(0.01, end - time.monotonic()))
    try:
        reply = dns.message.from_wire(sock.recv(4096))
    except TimeoutError:
        break
    replies += 1
    good += bool(reply.answer)
print("%d replies, %d with data" % (replies, good))
END
}
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text"; }
is() { local got; got=$("${@:2}"); echo "got: $got"; [ "$got" = "$1" ]; }
at_least() { local got; got=$("${@:2}"); echo "got: $got"; [ "$got" -ge "$1" ]; }
all_failed() { [ "$(figure resolver clients_waiting)" = 0 ]; }
cookies() { grep "^cookie $1" "$LAB_DIR/queries" | awk '{print $4}' | tr '\n' ' '; }

# ---- DNSBomb: held back, then released at one moment ----
ask +tcp warm.slow > /dev/null # how slow the server is must be learned first
check 'over TCP a late answer is sent' says 'NOERROR' ask +tcp late.slow
late=$(figure workers drops too_late)
check 'over UDP it is not' is '0 replies, 0 with data' burst slow 30 6
check 'each is counted' is 30 bash -c "echo \$(( $(figure workers drops too_late) - $late ))"

# ---- unanswered questions of one client ----
before=$(figure workers drops client_share)
burst silent 100 1 > /dev/null
check 'a client has at most wait-limit unanswered questions' is 60 \
	bash -c "echo \$(( $(figure workers drops client_share) - before ))"
check 'other zones are answered meanwhile, to clients elsewhere' says 'status: NOERROR' lab_run resolver kdig @127.0.0.1 \
	+timeout=3 +retry=0 www.cookie

# ---- a silent zone ----
check 'SERVFAIL with the zone in EDE 22' says 'silent\.' ask +timeout=8 once.silent
lab_wait 30 'its questions have failed' all_failed
burst silent 100 4 > /dev/null
check 'then its questions are turned away at once' at_least 1 figure resolver zone_silent
check 'limits lists it' says 'zone="silent\."' ctl limits

# ---- cookies ----
for n in 1 2 3; do ask "n$n.cookie" > /dev/null; done
check 'the first query has the client cookie alone, the next ones the server cookie' is 'client good good good ' cookies udp

# ---- forged replies ----
check 'a flood of wrong IDs leads to TCP' says 'NOERROR' ask one.forged
check 'TCP it was' grep -q '^forged tcp one\.forged\.' "$LAB_DIR/queries"
check 'the flood is noticed' is 1 figure resolver spoof_floods
ask two.forged > /dev/null
check 'then all queries to that server are over TCP' bash -c "! grep -q '^forged udp two' '$LAB_DIR/queries'"
check 'limits lists the server' says 'spoof-flood.*203\.0\.113\.13' ctl limits
check 'the dataplane lives' lab_alive dataplane
check 'sanitizers saw nothing' sanitizers_silent dataplane
finish
