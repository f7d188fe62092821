#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# holdfast-dataplane alone on kernel sockets: resolves from the root against three levels of NSD, over UDP and TCP, IPv4 and IPv6;
# is reloaded, refused a second time, killed, started again, stopped.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastctl nsd kdig dnsperf python3
test_path

# ---- a small internet: the root, two TLDs, names below them ----

cat > "$LAB_DIR/root.zone" << 'END'
$ORIGIN .
$TTL 86400
@ SOA a.root. hostmaster.root. 1 3600 900 604800 300
@ NS a.root.
a.root. A 198.51.100.10
a.root. AAAA 2001:db8:a::10
de. NS a.nic.de.
a.nic.de. A 198.51.100.20
a.nic.de. AAAA 2001:db8:a::20
dead. NS a.nic.dead.
a.nic.dead. A 198.51.100.99
END
cat > "$LAB_DIR/de.zone" << 'END'
$ORIGIN de.
$TTL 3600
@ SOA a.nic.de. hostmaster.nic.de. 1 3600 900 604800 300
@ NS a.nic.de.
a.nic.de. A 198.51.100.20
a.nic.de. AAAA 2001:db8:a::20
hoster NS ns.hoster
ns.hoster A 198.51.100.30
; without glue: its server's address has to be looked up first
example NS ns.hoster
END
cat > "$LAB_DIR/hoster.zone" << 'END'
$ORIGIN hoster.de.
$TTL 3600
@ SOA ns hostmaster 1 3600 900 604800 300
@ NS ns
ns A 198.51.100.30
END
{
	cat <<- 'END'
		$ORIGIN example.de.
		$TTL 300
		@ SOA ns.hoster.de. hostmaster 1 3600 900 604800 60
		@ NS ns.hoster.de.
		@ MX 10 mail
		www A 192.0.2.80
		www AAAA 2001:db8::80
		mail A 192.0.2.25
		alias CNAME www
		short 2 A 192.0.2.2
	END
	for i in {1..40}; do
		printf 'large TXT "%s %0200d"\n' "$i" 0
	done
	for i in {1..500}; do
		printf 'h%s A 10.0.%s.%s\n' "$i" $((i / 256)) $((i % 256))
	done
} > "$LAB_DIR/example.zone"

test_authority_address 198.51.100.10/24 198.51.100.20/24 198.51.100.30/24 2001:db8:a::10/64 2001:db8:a::20/64
lab_nsd authority root "198.51.100.10 2001:db8:a::10" ".=$LAB_DIR/root.zone" &&
	lab_nsd authority tld "198.51.100.20 2001:db8:a::20" "de=$LAB_DIR/de.zone" &&
	lab_nsd authority sld "198.51.100.30" "hoster.de=$LAB_DIR/hoster.zone" "example.de=$LAB_DIR/example.zone" || exit 1
printf '. 3600000 NS a.root.\na.root. 3600000 A 198.51.100.10\na.root. 3600000 AAAA 2001:db8:a::10\n' > "$LAB_DIR/root.hints"

# ---- faults before the start ----

settings="dataplane: {resolver-threads: 2, upstream: sockets, tcp-clients: 8, tcp-idle-timeout-ms: 1500}
resolver: {root-hints: $LAB_DIR/root.hints, query-deadline-ms: 3000}"
refused_start() # TEXT: the program ends by itself, not with 0, and says TEXT
{
	local output status
	output=$(lab_run resolver timeout 20 "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml" 2>&1)
	status=$?
	printf '%s\n' "$output"
	[ "$status" != 0 ] && [ "$status" != 124 ] && [[ $output == *"$1"* ]]
}
test_config "resolver: {root-hints: $LAB_DIR/nowhere}"
check "hints that are not there stop the start" refused_start "$LAB_DIR/nowhere: No such file"
printf '. NS a.root.\na.root. A not-an-address\n' > "$LAB_DIR/bad.hints"
test_config "resolver: {root-hints: $LAB_DIR/bad.hints}"
check "faulty hints stop the start, with their line" refused_start "$LAB_DIR/bad.hints:2"
test_config "resolver: {edns-size: many}"
check "a faulty configuration stops the start, with its key" refused_start "edns-size"

test_config "$settings"
test_dataplane

# ---- answers ----

short() # WANTED QUERY...
{
	local wanted=$1 got
	shift
	got=$(query +short "$@" | sort | tr '\n' ' ')
	echo "got '$got'"
	[ "$got" = "$wanted " ]
}
says() # PATTERN COMMAND...: in what it prints
{
	local pattern=$1 output
	shift
	output=$("$@" 2>&1)
	printf '%s\n' "$output"
	grep -q -- "$pattern" <<< "$output"
}
status_of() # RCODE QUERY...
{
	local wanted=$1
	shift
	says "status: $wanted" query "$@"
}
stat_of() # SECTION NAME: one figure of the statistics
{
	ctl_dataplane -j stats | python3 -c 'import json,sys; s=json.load(sys.stdin); s=s.get("result",s)
for key in sys.argv[1:]: s=s[key]
print(s)' "$@"
}
upstream_is() # WAY
{
	[ "$(ctl_dataplane -j status | python3 -c 'import json,sys; s=json.load(sys.stdin); print(s.get("result", s)["upstream"])')" = "$1" ]
}
check "queries towards servers have a socket each" upstream_is sockets
check "A over UDP" short 192.0.2.80 www.example.de A
check "AAAA over UDP" short 2001:db8::80 www.example.de AAAA
check "A over TCP" short 192.0.2.25 +tcp mail.example.de A
check "through a CNAME" short "192.0.2.80 www.example.de." alias.example.de A
check "to the IPv6 address" [ "$(query6 +short www.example.de A)" = 192.0.2.80 ]
check "NXDOMAIN" status_of NXDOMAIN no.example.de
check "NXDOMAIN of a TLD" status_of NXDOMAIN www.nowhere
check "NODATA" status_of NOERROR mail.example.de AAAA
check "a large answer is truncated over UDP" says 'Flags:.* tc' query +ignore large.example.de TXT
check "and complete over TCP" [ "$(query +tcp +short large.example.de TXT | wc -l)" = 40 ]
check "without RD: REFUSED" status_of REFUSED +norec www.example.de
check "class CH: REFUSED" status_of REFUSED -c CH version.bind TXT
check "AXFR: REFUSED" says REFUSED query -t AXFR example.de
check "a dead TLD: SERVFAIL" status_of SERVFAIL www.dead
check "and the others go on" short 192.0.2.80 www.example.de A

hits=$(stat_of workers cache_hits)
check "whatever the spelling" short 192.0.2.80 wWw.eXample.DE A
check "answered from the worker's cache" [ "$(stat_of workers cache_hits)" -gt "$hits" ]

# ---- TCP: pipelining, out-of-order replies, limits ----

check "TCP: pipelined, out of order, in pieces, idle timeout, too many clients" lab_run client python3 - 192.0.2.53 << 'END'
import socket, struct, sys, time

def message(number, name, rd=1):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack("!6H", number, rd << 8, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"

def frame(m):
    return struct.pack("!H", len(m)) + m

def receive(s):
    head = b""
    while len(head) < 2:
        piece = s.recv(2 - len(head))
        if not piece:
            raise EOFError
        head += piece
    rest = b""
    while len(rest) < struct.unpack("!H", head)[0]:
        piece = s.recv(struct.unpack("!H", head)[0] - len(rest))
        if not piece:
            raise EOFError
        rest += piece
    return rest

def connect():
    s = socket.create_connection((sys.argv[1], 53), timeout=8)
    return s

# a question that waits for a dead server must not hold up the one behind it
s = connect()
s.sendall(frame(message(1, "slow.dead")) + frame(message(2, "h1.example.de")))
first, second = receive(s), receive(s)
ids = [struct.unpack("!H", m[:2])[0] for m in (first, second)]
assert sorted(ids) == [1, 2], ids
# many at once, each answered once
names = ["h%d.example.de" % i for i in range(1, 201)]
s.sendall(b"".join(frame(message(100 + i, n)) for i, n in enumerate(names)))
seen = {}
for _ in names:
    m = receive(s)
    number = struct.unpack("!H", m[:2])[0]
    assert number not in seen and m[3] & 15 == 0, (number, m[3] & 15)
    seen[number] = m
for i in range(200):
    host = i + 1
    assert ("h%d" % host).encode() in seen[100 + i]
    assert bytes([10, 0, host // 256, host % 256]) in seen[100 + i]
# octet by octet
for octet in frame(message(7, "www.example.de")):
    s.sendall(bytes([octet]))
assert struct.unpack("!H", receive(s)[:2])[0] == 7
# a client that closes its side still gets its answer
s.sendall(frame(message(8, "h300.example.de")))
s.shutdown(socket.SHUT_WR)
assert struct.unpack("!H", receive(s)[:2])[0] == 8
try:
    receive(s)
    assert False, "open after the last answer"
except EOFError:
    pass
# half a message is not waited for
s = connect()
s.sendall(b"\0\x20half")
began = time.monotonic()
assert s.recv(1) == b"" and 1 < time.monotonic() - began < 4, time.monotonic() - began
# a length of 0 ends the connection
s = connect()
s.sendall(b"\0\0")
assert s.recv(1) == b""
# the ninth client takes the place of the longest idle
clients = [connect() for _ in range(9)]
clients[8].sendall(frame(message(9, "www.example.de")))
assert struct.unpack("!H", receive(clients[8])[:2])[0] == 9
assert clients[0].recv(1) == b""
END

# ---- hostile octets ----

check "hostile UDP messages leave it standing" lab_run client python3 - 192.0.2.53 << 'END'
import os, random, socket, struct, sys
random.seed(7)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
good = struct.pack("!6H", 5, 256, 1, 0, 0, 1) + b"\3www\7example\2de\0\0\1\0\1" + b"\0\0\x29\4\xd0\0\0\0\0\0\0"
for i in range(3000):
    m = bytearray(good)
    for _ in range(random.randrange(1, 6)):
        m[random.randrange(len(m))] = random.randrange(256)
    cut = random.randrange(len(m) + 1) if i % 3 == 0 else len(m)
    s.sendto(bytes(m[:cut]) + (os.urandom(random.randrange(2000)) if i % 7 == 0 else b""), (sys.argv[1], 53))
s.sendto(b"x" * 9000, (sys.argv[1], 53))
END
check "and answering" short 192.0.2.80 www.example.de A
check "malformed ones are counted" [ "$(stat_of workers drops response)" -gt 0 ]
check "an oversized one is counted" [ "$(stat_of workers drops oversized)" = 1 ]

# ---- the control socket ----

check "status" says '"ready": *true' ctl_dataplane -j status
check "lookup shows the fact" says 192.0.2.80 ctl_dataplane -j lookup www.example.de A
upstream=$(stat_of resolver upstream_udp)
check "flush" ctl_dataplane flush www.example.de
check "a flushed name is asked for again" short 192.0.2.80 www.example.de A
check "of its servers" [ "$(stat_of resolver upstream_udp)" -gt "$upstream" ]
check "trace tells a story" says h400.example.de ctl_dataplane trace h400.example.de A

sed -i 's/query-deadline-ms: 3000/query-deadline-ms: 2500, minimal-answers: false/' "$LAB_DIR/holdfast.yaml"
check "reload" ctl_dataplane reload
check "a running daemon keeps its cache over it" [ "$(stat_of cache facts)" -gt 0 ]
sed -i 's/tcp-clients: 8/tcp-clients: 9/' "$LAB_DIR/holdfast.yaml"
refused_reload() { ! ctl_dataplane reload > "$LAB_DIR/reload" 2>&1; cat "$LAB_DIR/reload"; grep -q "$1" "$LAB_DIR/reload"; }
check "a change that needs a restart is refused by name" refused_reload tcp-clients
printf 'listen: [nonsense]\n' > "$LAB_DIR/holdfast.yaml"
check "a faulty file is refused" refused_reload holdfast.yaml:1
check "and changes nothing" short 192.0.2.80 www.example.de A
test_config "$settings"
check "a second instance is refused" refused_start "in use"

# ---- load ----

for i in {1..500}; do printf 'h%s.example.de A\n' "$i"; done > "$LAB_DIR/queries"
lab_run client dnsperf -s 192.0.2.53 -d "$LAB_DIR/queries" -l 3 -Q 2000 -t 5 > "$LAB_DIR/dnsperf.log" 2>&1
grep -E 'Queries (sent|completed|lost)|Response codes' "$LAB_DIR/dnsperf.log"
check "dnsperf: nothing lost" grep -q 'Queries lost: *0 ' "$LAB_DIR/dnsperf.log"
# The sockets of finished exchanges are closed: what stays open is listeners, mailboxes and the like.
lab_wait 10 "exchanges end" eval '[ "$(stat_of resolver exchanges_open)" = 0 ]'
descriptors() { find "/proc/$(lab_pid dataplane)/fd" -mindepth 1 | wc -l; }
check "no descriptor is left over" [ "$(descriptors)" -lt 60 ]
check "dnsperf: all NOERROR" grep -q 'Response codes: *NOERROR [0-9]* (100.00%)' "$LAB_DIR/dnsperf.log"

# ---- more misses than may wait, all for servers that say nothing ----

lab_stop dataplane
test_config "dataplane: {waiting-queries: 64}
resolver: {root-hints: $LAB_DIR/root.hints, query-deadline-ms: 3000}"
test_dataplane
short 192.0.2.80 www.example.de A > /dev/null
check "a flood of misses: what is cached is answered at once" lab_run client python3 - 192.0.2.53 << 'END'
import socket, struct, sys, time

def message(number, name):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack("!6H", number, 256, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"

flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.settimeout(2)
worst = 0
for i in range(1000):
    flood.sendto(message(i, "f%d.dead" % i), (sys.argv[1], 53))
    if i % 50 == 49:
        began = time.monotonic()
        asked.sendto(message(i, "www.example.de"), (sys.argv[1], 53))
        reply = asked.recv(4096)
        worst = max(worst, time.monotonic() - began)
        assert struct.unpack("!H", reply[:2])[0] == i and reply.endswith(bytes([192, 0, 2, 80])), reply
print("slowest %.3f s" % worst)
END
# Which of the bounds is met first hangs on how fast the resolver takes them.
turned_away=$(($(stat_of workers drops tickets_exhausted) + $(stat_of workers drops zone_share) + $(stat_of resolver zone_quota)))
check "what found no room is counted" [ "$turned_away" -gt 0 ]
lab_wait 15 "the misses end" eval '[ "$(stat_of resolver clients_waiting)" = 0 ]'
check "afterwards a miss is resolved again" short 10.0.1.44 h300.example.de A

# ---- queries towards servers without a socket each ----

lab_stop dataplane
test_config "dataplane: {resolver-threads: 2, upstream: steered}
resolver: {root-hints: $LAB_DIR/root.hints, query-deadline-ms: 3000}"
if lab_run resolver timeout 20 "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml" 2>&1 |
	grep -q 'dataplane.upstream: steered: .*has no libbpf'; then
	echo "skipped: steered queries (built without libbpf)"
else
	refused_without_bpf()
	{
		local output
		output=$(lab_run resolver setpriv --bounding-set -bpf,-sys_admin timeout 20 "$(program holdfast-dataplane)" \
			-c "$LAB_DIR/holdfast.yaml" 2>&1) && return 1
		printf '%s\n' "$output"
		[[ $output == *"dataplane.upstream: steered: loading the program: Operation not permitted"* ]]
	}
	check "upstream: steered without CAP_BPF stops the start" refused_without_bpf
	test_dataplane
	check "steered: the status says so" upstream_is steered
	check "steered: A over UDP" short 192.0.2.80 www.example.de A
	check "steered: through a CNAME" short "192.0.2.80 www.example.de." alias.example.de A
	check "steered: a large answer by TCP after TC" [ "$(query +tcp +short large.example.de TXT | wc -l)" = 40 ]
	# The dead zone's servers say nothing, so the queries to them stay open for as long as this looks.
	no_socket_for_a_query()
	{
		local sockets asking
		query "h$RANDOM.dead" > /dev/null &
		asking=$!
		lab_wait 3 "a query waits" eval '[ "$(stat_of resolver exchanges_open)" -gt 0 ]' &&
			sockets=$(lab_run resolver ss -Huanp | grep "pid=$(lab_pid dataplane),")
		wait $asking
		# those of clients, those on loopback that replies are steered to, and no other
		[ -n "$sockets" ] && ! awk '$4 !~ /:53$/ && $4 !~ /^(127\.0\.0\.1|\[::1\]):/' <<< "$sockets" | grep .
	}
	check "steered: no socket for a query" no_socket_for_a_query
	lab_stop dataplane
	test_config "resolver: {root-hints: $LAB_DIR/root.hints, query-deadline-ms: 3000}"
	lab_start resolver dataplane setpriv --bounding-set -bpf,-sys_admin "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml"
	_test_ready dataplane resolver 127.0.0.1 53
	check "auto without CAP_BPF: sockets" upstream_is sockets
	check "with a socket for each query" fails no_socket_for_a_query
	check "and it answers" short 192.0.2.80 www.example.de A
fi

# ---- wildcard addresses ----

lab_stop dataplane
test_config "$settings"
sed -i 's/^listen:.*/listen: ["0.0.0.0", "::"]/' "$LAB_DIR/holdfast.yaml"
unprivileged=no
if setpriv --reuid nobody true 2> /dev/null; then
	unprivileged=yes
	sed -i 's/^dataplane: {/dataplane: {user: nobody, /; s/upstream: sockets/upstream: auto/' "$LAB_DIR/holdfast.yaml"
else
	echo "skipped: dataplane.user (no other uid exists here)"
fi
lab_address resolver r0 192.0.2.54/24 2001:db8:2::54/64
test_dataplane
# kdig takes a reply from the address it asked only
check "a wildcard socket answers from the IPv4 address asked" [ "$(lab_run client kdig +short +retry=0 @192.0.2.54 www.example.de A)" = 192.0.2.80 ]
check "and from the IPv6 address" [ "$(lab_run client kdig +short +retry=0 @2001:db8:2::54 www.example.de A)" = 192.0.2.80 ]

nobody_without_capabilities()
{
	says "^Uid:.$(id -u nobody).$(id -u nobody)" cat "/proc/$(lab_pid dataplane)/status" &&
		says '^CapEff:.0*$' cat "/proc/$(lab_pid dataplane)/status"
}
[ "$unprivileged" = no ] || check "it became nobody, without capabilities" nobody_without_capabilities

# ---- ends ----

lab_kill9 dataplane
lab_wait 5 "it is dead" bash -c "! kill -0 $(lab_pid dataplane)"
test_dataplane
check "after kill -9 it starts and answers again" short 192.0.2.80 www.example.de A
# The exit status of a child of this shell; a sanitizer's finding at exit shows in it too.
stops_under_load()
{
	local load
	lab_run client dnsperf -s 192.0.2.53 -d "$LAB_DIR/queries" -l 5 -Q 2000 -t 1 > /dev/null 2>&1 &
	load=$!
	lab_run resolver bash -c '"$0" -c "$1" 2> "$2" & pid=$!
		for _ in {1..300}; do grep -q event=ready "$2" && break; sleep 0.1; done
		sleep 2
		began=$SECONDS
		kill -TERM $pid
		wait $pid
		status=$?
		cat "$2"
		echo "status $status after $((SECONDS - began)) s"
		[ $status = 0 ] && [ $((SECONDS - began)) -le 5 ]' \
		"$(program holdfast-dataplane)" "$LAB_DIR/holdfast.yaml" "$LAB_DIR/stop.log"
	local status=$?
	kill "$load" 2> /dev/null
	wait "$load" 2> /dev/null
	return "$status"
}
lab_stop dataplane
test_config "$settings"
check "SIGTERM under load ends it with 0" stops_under_load
finish
