#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# holdfastd and holdfastctl beside a running dataplane: reload, metrics, health, commands, kill -9, a second instance.
# With the kernel's fast path where this build has one.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastd holdfastctl nsd kdig python3
test_path

HTTP=http://127.0.0.1:8053
http() { lab_run resolver python3 "$TEST_SOURCE/tests/system/http_get.py" "$@"; }
metric() { http metrics "$HTTP/metrics" "$1"; }
# What a command prints, or the status it ends with.
says() { local want=$1; shift; "$@" 2>&1 | grep -E -- "$want"; }
silent_about() { ! says "$@"; }
ends() { local want=$1 got; shift; "$@"; got=$?; [ "$got" = "$want" ] || { echo "status $got"; return 1; }; }
healthz() { says "^$1" http status "$HTTP/healthz"; }
logged() { grep -E -- "$2" "$LAB_DIR/$1.log"; }
ctl_config() { lab_run resolver "$(program holdfastctl)" -c "$LAB_DIR/holdfast.yaml" "$@"; }
daemon() { lab_run resolver timeout 10 "$(program holdfastd)" "$@"; }
xdp_attached() { ip -n "$(lab_netns_name resolver)" -details link show r0 | grep -q 'prog/xdp'; }
ttl_of() { query +noall +answer "$1" A | awk '{ print $2; exit }'; }

# ---- an authority for a root with two names ----
test_authority_address 198.51.100.10/24
cat > "$LAB_DIR/root.zone" << 'END'
. 86400 IN SOA ns.root. admin.root. 1 3600 600 86400 300
. 86400 IN NS ns.root.
ns.root. 86400 IN A 198.51.100.10
host.example. 3600 IN A 192.0.2.99
host.example. 3600 IN TXT "quote \" and \\ in it"
deep.host.example. 3600 IN A 192.0.2.98
other.example. 3600 IN A 192.0.2.97
END
printf '. 3600000 NS ns.root.\nns.root. 3600000 A 198.51.100.10\n' > "$LAB_DIR/root.hints"
lab_nsd authority nsd "198.51.100.10" ".=$LAB_DIR/root.zone" || exit 1

FASTPATH=
if program fastpath.bpf.o > /dev/null; then
	lab_pins || exit 1
	FASTPATH=yes
	lab_pass_program client c0 "$(program pass.bpf.o)"
else
	echo 'note: no fast path in this build; its checks are left out'
fi
configure() # EXTRA RESOLVER LINES... (with their section)
{
	test_config "$@"
	sed -i "s|^cache:|dataplane: {interface: r0}\ncache:|" "$LAB_DIR/holdfast.yaml"
	[ -z "$FASTPATH" ] || printf 'fastpath: {enabled: true, entries: 1024, bpffs: %s}\n' "$LAB_PINS" >> "$LAB_DIR/holdfast.yaml"
}
RESOLVER="resolver: {root-hints: $LAB_DIR/root.hints, ipv6: no}"
configure "$RESOLVER"

# ---- holdfastd alone ----
test_daemon
check 'without a dataplane /healthz is 503 and says why' healthz '503 dataplane: .*dataplane.sock'
check '/metrics is OpenMetrics without a dataplane' http metrics "$HTTP/metrics"
check 'it says that the dataplane is down' says '^0$' metric holdfast_dataplane_up
check 'another path is 404' says '^404 ' http status "$HTTP/other"
check 'status works without a dataplane' says 'dataplane.sock: ' ctl status
check 'a method of the dataplane ends with 1 and says why' ends 1 ctl hot
check 'doctor finds the dataplane missing' says '^FAIL +dataplane ' ctl doctor
check 'doctor finds the address and the hints' says '^ok +listen +192.0.2.53:53' ctl doctor
check 'wrong usage ends with 2' ends 2 ctl lookup
check 'nobody there ends with 3' ends 3 lab_run resolver "$(program holdfastctl)" -s "$LAB_DIR/none.sock" status

# ---- both ----
test_dataplane
check '/healthz becomes 200' lab_wait 10 '/healthz is 200' healthz '200 ok'
check 'a query is answered' says '192.0.2.99' query +short host.example A
check 'status shows both' says 'ready +yes' ctl status
check 'JSON of status is JSON' bash -c 'python3 -m json.tool > /dev/null' < <(ctl -j status)
check 'lookup shows fact and data' says '^ +192.0.2.99$' ctl lookup host.example A
check 'lookup of TXT keeps quotes' says 'quote ..? and' bash -c "$(declare -f query lab_run lab_netns_name); LAB_ID=$LAB_ID; query +short host.example TXT"
check 'a bad name is an error' ends 1 ctl lookup 'a..b' A
check 'a bad type is an error' ends 1 ctl lookup host.example NOTYPE
check 'stats has workers and drops' says '^ +tickets_exhausted' ctl stats
check 'stats of the resolver counts upstream queries' says '^ +upstream_udp +[1-9]' ctl stats
check 'trace tells a story' says 'NOERROR' ctl trace other.example A
flood_of_requests() # nothing is read until all are sent; then each has its answer, in order, and others were served meanwhile
{
	python3 - "$LAB_DIR/dataplane.sock" << 'END'
import json, socket, sys, time
def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(sys.argv[1])
    return sock
count, flood, other = 3000, connect(), connect()
flood.sendall(b'{"method":"stats"}\n{"method":"status"}\n' * (count // 2))
flood.shutdown(socket.SHUT_WR)
begin = time.monotonic()
other.sendall(b'{"method":"status"}\n')
assert "pid" in json.loads(other.makefile().readline())["result"]
print("another waited for %.2f s" % (time.monotonic() - begin))
answers = [json.loads(line)["result"] for line in flood.makefile()]
assert len(answers) == count, len(answers)
assert all(("workers" if n % 2 == 0 else "pid") in answer for n, answer in enumerate(answers))
END
}
check 'a flood of requests is answered, and another one meanwhile' flood_of_requests
check 'log level is taken' ends 0 ctl log level=warning
check 'a wrong log level is refused' ends 1 ctl log level=loud
check 'log level is taken back' ends 0 ctl log level=info
check '/metrics is OpenMetrics' http metrics "$HTTP/metrics"
check 'the dataplane is up in it' says '^1$' metric holdfast_dataplane_up
check 'queries are counted in it' says '^[1-9]' metric holdfast_worker_queries_total
check 'drops have a reason in it' says '^[0-9]' metric 'holdfast_worker_drops_total{reason="malformed"}'
check 'the cache is counted in it' says '^67108864$' metric holdfast_cache_bytes_limit

kernel_answers()
{
	query +short host.example A > /dev/null
	[ "$(metric holdfast_kernel_answered_total)" -gt 0 ]
}
if [ -n "$FASTPATH" ]; then
	check 'the fast path is attached' xdp_attached
	check 'status shows it' says 'attached +yes' ctl status
	check 'a hot name is answered in the kernel' lab_wait 20 'the kernel answers' kernel_answers
	check 'hot lists it' says 'host.example\.' ctl hot 5
	check 'lookup shows it in the kernel' says 's +kernel, workers ' ctl lookup host.example A
fi

check 'deep.host.example is cached' says '192.0.2.98' query +short deep.host.example A
check 'flush of one name counts what went' says 'removed: [1-9]' ctl flush host.example
check 'the name below is still there' says '192.0.2.98' ctl lookup deep.host.example A
check 'the name is gone' silent_about '192.0.2.99' ctl lookup host.example A
check 'flush --subtree takes names below' says 'removed: [1-9]' ctl flush example --subtree
check 'they are gone' silent_about '192.0.2.98' ctl lookup deep.host.example A

# ---- reload ----
query +short host.example A > /dev/null
configure "$RESOLVER" 'log: {level: loud}'
check 'a bad file is refused with file, line and key' says "holdfast.yaml:[0-9]+: log.level: 'loud'" ctl reload
check 'and ends with 1' ends 1 ctl reload
kill -HUP "$(lab_pid holdfastd)"
check 'the same by SIGHUP is logged' lab_wait 5 'reload-refused in the log' logged holdfastd 'reload-refused.*log.level'
configure "$RESOLVER" 'cachee: {}'
check 'an unknown key is refused' says "unknown key 'cachee'" ctl reload
configure "$RESOLVER"
sed -i 's/size: 64M/size: 65M/' "$LAB_DIR/holdfast.yaml"
check 'what needs a restart is refused and named' says 'cache.size: .*restart' ctl reload
configure "resolver: {root-hints: $LAB_DIR/none.hints, ipv6: no}"
check 'hints that the dataplane cannot read are refused' says 'none.hints' ctl reload
check 'the running state stays: query' says '192.0.2.97' query +short other.example A
check 'the running state stays: cache' says '192.0.2.99' ctl lookup host.example A
check 'still healthy' healthz '200 ok'
configure "$RESOLVER"
sed -i 's/size: 64M/size: 64M\n  max-ttl: 120/' "$LAB_DIR/holdfast.yaml"
check 'a good file is taken' says '^reloaded$' ctl reload
check 'the cache is kept' says '192.0.2.99' ctl lookup host.example A
short_ttl() { local ttl; ttl=$(ttl_of deep.host.example); [ -n "$ttl" ] && [ "$ttl" -le 120 ]; }
check 'the change is effective' short_ttl
kill -HUP "$(lab_pid holdfastd)"
check 'the same by SIGHUP is logged' lab_wait 5 'reloaded in the log' logged holdfastd 'event=reloaded .*dataplane="reloaded"'

# ---- the dataplane hangs, then dies ----
in_kernel() { query +short "$1" A > /dev/null; says 's +kernel' ctl lookup "$1" A; }
[ -z "$FASTPATH" ] || check 'a name gets into the kernel' lab_wait 20 'it is in the kernel' in_kernel deep.host.example
kill -STOP "$(lab_pid dataplane)"
sleep 1.1 # a health answer lives one second
check 'a hung dataplane is 503 in bounded time' says '^503 ' timeout 8 bash -c "$(declare -f http lab_run lab_netns_name); LAB_ID=$LAB_ID TEST_SOURCE=$TEST_SOURCE; http status $HTTP/healthz"
check 'status answers in bounded time' says 'no answer within' ctl status
kill -CONT "$(lab_pid dataplane)"
check 'it is 200 again' lab_wait 10 '/healthz is 200' healthz '200 ok'
lab_kill9 dataplane
check 'a killed dataplane is 503' lab_wait 10 '/healthz is 503' healthz '503 '
check '/metrics goes on' says '^0$' metric holdfast_dataplane_up
test_dataplane
check 'a restarted one is 200' lab_wait 10 '/healthz is 200' healthz '200 ok'

if [ -n "$FASTPATH" ]; then
	check 'what the kernel alone holds is found as well' says 's +kernel +IN A NOERROR' ctl lookup deep.host.example A
fi

# ---- a second instance ----
sed "s|holdfastd.sock|second.sock|; s|8053|8054|" "$LAB_DIR/holdfast.yaml" > "$LAB_DIR/second.yaml"
check 'a second holdfastd on the same socket is refused' says 'served by another process' daemon -c "$LAB_DIR/holdfast.yaml"
if [ -n "$FASTPATH" ]; then
	check 'one on the same interface is refused' says 'r0: another holdfastd' daemon -c "$LAB_DIR/second.yaml"
	check 'and ends with 1' ends 1 daemon -c "$LAB_DIR/second.yaml"
	check 'unload beside a running one is refused' ends 1 daemon -c "$LAB_DIR/holdfast.yaml" --unload
	check 'the first is unharmed' xdp_attached
fi

# ---- holdfastd dies ----
lab_kill9 holdfastd
lab_wait 5 'holdfastd is gone' bash -c "! kill -0 $(lab_pid holdfastd)"
check 'without holdfastd queries are answered' says '192.0.2.97' query +tcp +short other.example A
[ -z "$FASTPATH" ] || check 'the fast path stays attached' xdp_attached
check 'holdfastctl falls back to the dataplane' says 'ready +yes' ctl_config status
check 'lookup as well' says '192.0.2.97' ctl_config lookup other.example A
check 'doctor needs no daemon' says '^FAIL +holdfastd ' ctl_config doctor
test_daemon
check 'a restart after kill -9 works' healthz '200 ok'
if [ -n "$FASTPATH" ]; then
	check 'it kept the answers in the kernel' says 'kept_answers +yes' ctl status
	check 'the fast path is attached' xdp_attached
fi
daemon_pid=$(lab_pid holdfastd)
lab_stop holdfastd
check 'SIGTERM ends it' bash -c "! kill -0 $daemon_pid"
check 'in order' logged holdfastd 'event=stopped'
if [ -n "$FASTPATH" ]; then
	check 'the fast path stays after SIGTERM' xdp_attached
	check 'unload works' daemon -c "$LAB_DIR/holdfast.yaml" --unload
	check 'the fast path is gone' bash -c "! ip -n $(lab_netns_name resolver) -details link show r0 | grep -q prog/xdp"
	check 'its pins are gone' bash -c "! ls -A $LAB_PINS | grep ."
fi
# ---- systemd's view ----
notify() { lab_run resolver timeout 90 python3 "$TEST_SOURCE/tests/system/notify_check.py" "$@"; }
check 'holdfastd tells systemd what it does' notify --reload "$(program holdfastd)" -c "$LAB_DIR/holdfast.yaml"
lab_stop dataplane
check 'holdfast-dataplane as well' notify "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml"
if [ -n "$FASTPATH" ]; then
	sed -i 's/enabled: true/enabled: false/' "$LAB_DIR/holdfast.yaml"
	check 'what was left is still attached' xdp_attached
	test_daemon
	check 'a start with the fast path off takes it away' bash -c "! ls -A $LAB_PINS | grep ."
	lab_stop holdfastd
fi

check 'the check of a file takes a good one' daemon -c "$LAB_DIR/holdfast.yaml" --check
printf 'listen: [a]\n' > "$LAB_DIR/bad.yaml"
check 'and refuses a bad one' says 'bad.yaml:1: listen: ' daemon -c "$LAB_DIR/bad.yaml" --check
check 'sanitizers saw nothing' silent_about 'AddressSanitizer|LeakSanitizer|runtime error' cat "$LAB_DIR/holdfastd.log" "$LAB_DIR/dataplane.log"
finish
