#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What clients get beside answers: headers, EDNS, cookies, keepalive, shares of TCP, replies that are never fragmented; beside
# the kernel tier, too.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastctl nsd kdig python3
test_path
test_world 20 1000
{
	for i in 1 2 3 4; do printf 'medium.holdfast-lab.de. 300 IN TXT "%s %0180d"\n' "$i" 0; done
} >> "$LAB_DIR/zones/holdfast-lab.de.zone"
{
	echo 'slow.de. 3600 IN NS ns.slow.de.'
	echo 'ns.slow.de. 3600 IN A 198.51.100.66'
} >> "$LAB_DIR/zones/de.zone"
test_world_up
# an authority that takes queries and never replies
test_authority_address 198.51.100.66/24
lab_start authority silent python3 -c 'import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("198.51.100.66", 53))
while True:
    sock.recv(4096)'

SECRET=e5e973e5a6b2a43f48e7dc849e37bfcf
NEXT=445536bcd2513298075a5d379663c962
here() { lab_run client python3 -B "$TEST_SOURCE/tests/system/$1" "${@:2}"; }
cookie() { here client_cookies.py 192.0.2.53 "$LAB_DIR/cookie" "$1"; }
tcp() { here client_tcp.py 192.0.2.53 "$@"; }
IDLE_MS=2000
SLOTS=16
config() # CLIENTS [SERVER]
{
	test_config "dataplane: {tcp-clients: $SLOTS, tcp-idle-timeout-ms: $IDLE_MS}" \
		"resolver: {root-hints: $LAB_DIR/root.hints, query-deadline-ms: 5000}" "clients: {$1}" "server: {${2:-}}"
}
reconfigure() { config "$@" && ctl_dataplane reload; }
stat_of() # SECTION NAME...
{
	ctl_dataplane -j stats | python3 -c 'import functools, json, sys
print(functools.reduce(lambda layer, name: layer[name], sys.argv[1:], json.load(sys.stdin)))' "$@"
}
moved() # LEAST SECTION NAME...: a counter
{
	local now
	now=$(stat_of "${@:2}") && [ "$now" -ge "$1" ] || { echo "${*:2}: $now"; return 1; }
}
no_tcp_clients() { [ "$(stat_of tcp clients)" = 0 ]; }

# ---- headers, EDNS, cookies: rows ----

config "cookie-secret: $SECRET" "nsid: ns-1.lab"
test_dataplane
for server in 192.0.2.53 2001:db8:2::53; do
	check "$server: rows over UDP and TCP" here client_edns.py "$server" --secret "$SECRET" --nsid ns-1.lab
done
check 'the rows see a cookie of another secret' fails here client_edns.py 192.0.2.53 --secret "$NEXT" --only ednscookie
check 'and another NSID' fails here client_edns.py 192.0.2.53 --nsid ns-2.lab --only ednsnsid
check 'kdig takes our cookies' shows 'COOKIE' query holdfast-lab.de A +cookie

# ---- cookies and their secrets ----

check 'a cookie is learned' cookie learn
check 'and good' cookie again
check 'good ones are counted' moved 1 workers cookies_valid
check 'and others' eval 'moved 1 workers cookies_new && moved 1 workers cookies_invalid'
check 'a new secret beside the old one' reconfigure "cookie-secret: $NEXT $SECRET"
check 'a cookie of the old one is good and renewed' cookie renewed
check 'the new one is good' cookie again
check 'the old secret alone' reconfigure "cookie-secret: $SECRET"
check "now the new one's cookie is none" cookie stranger
check 'NSID went with a reload' here client_edns.py 192.0.2.53 --only nsid
printf '%s\n' "$NEXT" > "$LAB_DIR/secrets"
check 'a secret from a file' reconfigure "cookie-secret: $LAB_DIR/secrets"
check 'is used' here client_edns.py 192.0.2.53 --secret "$NEXT" --only cookie
printf 'no secret\n' > "$LAB_DIR/secrets"
check 'a faulty file is refused, by name' shows "cookie-secret: $LAB_DIR/secrets: wanted" ctl_dataplane reload
check 'a faulty secret is refused and not shown' eval 'output=$(reconfigure "cookie-secret: ${SECRET}0" 2>&1); [ $? != 0 ] && [[ $output == *cookie-secret* && $output != *$SECRET* ]]'
check 'and changes nothing' here client_edns.py 192.0.2.53 --secret "$NEXT" --only cookie
check 'without a secret in the file' reconfigure ''
check 'one is drawn' cookie learn
check 'which outlives a reload' eval 'ctl_dataplane reload && cookie again'
check 'cookies required' reconfigure 'require-cookies: true'
check 'a good one is answered' cookie again
check 'none: TCP; a client cookie: BADCOOKIE' cookie required
printf '\x24\x64\xc4\xab\xcf\x10\xc9\x57\1\0\0\0aaaabbbbcccc' > "$LAB_DIR/cookie"
check 'a wrong one: BADCOOKIE, and the new one is good' cookie bad
check 'they are counted' eval 'moved 2 workers badcookie && moved 1 workers cookie_missing'
check 'no longer required' reconfigure ''
check 'all are answered' cookie free
check 'no cookies' reconfigure 'cookies: false'
check 'none is told' cookie none
check 'by no row' fails here client_edns.py 192.0.2.53 --only ednscookie

# ---- TCP ----

check 'a share for each source' reconfigure 'tcp-clients-per-source: 6'
check 'its longest idle connections give way' tcp share 6
lab_address client c0 192.0.2.3/24
check 'a storm of reconnects leaves a neighbour alone' tcp neighbours 300 192.0.2.3
check 'no share' reconfigure 'tcp-clients-per-source: 0, tcp-queries-per-connection: 7'
check 'a connection ends after its queries' tcp queries 7
check 'no limit of queries' reconfigure 'tcp-clients-per-source: 0'
check 'what waits for slow names is overtaken' tcp order n.slow.de
check 'and gives way when all slots wait' tcp slow "$SLOTS" slow.de
lab_wait 10 'all are gone' no_tcp_clients
check 'clients that never read give way' tcp mute "$SLOTS"
check 'and are counted' moved 1 tcp drops tcp_slow_reader
check 'clients with half a message give way' tcp half "$SLOTS"
lab_wait 10 'all are gone' no_tcp_clients
check 'keepalive: the idle timeout, 0 under load' tcp keepalive "$IDLE_MS" "$SLOTS"
lab_wait 10 'all are gone' no_tcp_clients
check 'the idle timeout' tcp idle "$IDLE_MS"

# ---- the control socket ----

idle_control() # a connection that says nothing is closed, one that asks is answered
{
	lab_run resolver python3 - "$LAB_DIR/dataplane.sock" << 'END'
import socket, sys, time
idle = socket.socket(socket.AF_UNIX)
idle.connect(sys.argv[1])
idle.sendall(b'{"method": ')
idle.settimeout(45)
began = time.monotonic()
assert idle.recv(1) == b"", "answered"
assert 25 < time.monotonic() - began < 40, time.monotonic() - began
END
}
check 'an idle control connection is closed' idle_control

# ---- no fragments ----

watched() # LEAST COMMAND...
{
	lab_run client python3 -B "$TEST_SOURCE/tests/system/fragments.py" c0 "$@"
}
large() # SERVER: two answers of 800 octets and one with TC
{
	local address=$1
	watched 3 sh -c "for name in medium medium big; do kdig +retry=0 +ignore +bufsize=4096 @$address \$name.holdfast-lab.de TXT > /dev/null || exit 1; done"
}
check 'IPv4: DF, no fragment' large 192.0.2.53
check 'IPv6: no fragment' large 2001:db8:2::53
ip -n "$(lab_netns_name resolver)" link set dev r0 mtu 700
check 'MTU 700: no fragment of an answer of 800 octets' large 192.0.2.53
check 'but TC' shows 'Flags: qr tc' query medium.holdfast-lab.de TXT +bufsize=1232 +ignore
check 'and TCP' shows '^medium.holdfast-lab.de' query medium.holdfast-lab.de TXT +bufsize=1232
ip -n "$(lab_netns_name resolver)" link set dev r0 mtu 1500
lab_address resolver r0 2001:db8:2::53/64 # below 1280 there is no IPv6
lab_stop dataplane
check 'sanitizers saw nothing' sanitizers_silent dataplane

# ---- the same with the kernel tier ----

for name in holdfastd pass.bpf.o; do
	program "$name" > /dev/null || { echo "        the kernel tier is left out: no $name here"; finish; }
done
test_fastpath_config
cp "$LAB_DIR/holdfast.yaml" "$LAB_DIR/base.yaml"
kernel_config() # CLIENTS
{
	{ cat "$LAB_DIR/base.yaml" && printf '%s\n' "clients: {$1}" "server: {nsid: ns-1.lab}"; } > "$LAB_DIR/holdfast.yaml"
}
kernel_config "cookie-secret: $SECRET"
test_daemon
test_dataplane
check 'the SOA is hot' until_kernel query holdfast-lab.de SOA +bufsize=1232
for server in 192.0.2.53 2001:db8:2::53; do
	before=$(counter kernel answered)
	check "$server: rows" here client_edns.py "$server" --secret "$SECRET" --nsid ns-1.lab
	check 'some of them answered in the kernel' [ "$(counter kernel answered)" -gt "$before" ]
	check 'with options or without: the same octets' here client_edns.py "$server" --same
done
check 'cookies required: the kernel answers nobody' eval 'kernel_config "cookie-secret: $SECRET, require-cookies: true" && ctl reload && cookie required'
before=$(counter kernel answered)
check 'one without cookie' cookie required
check 'nor did it' [ "$(counter kernel answered)" = "$before" ]
check 'no longer' eval 'kernel_config "cookie-secret: $SECRET" && ctl reload && until_kernel query holdfast-lab.de SOA'
lab_stop dataplane
lab_stop holdfastd
check 'sanitizers saw nothing in either' sanitizers_silent dataplane holdfastd
finish
