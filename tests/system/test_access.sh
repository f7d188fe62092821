#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Access rules and DNS64 with both daemons and XDP on a veth: allowed, refused, dropped, snooping and DNS64 clients side by side, over both
# families, UDP and TCP. What is hot in the kernel is no way round a rule, and a reload changes all at once.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane holdfastd holdfastctl pass.bpf.o nsd kdig ethtool
io=${1:-sockets} # the slow path's packet I/O
[ "$io" = sockets ] || grep -q rte_eal_init "$(program holdfast-dataplane)" || skip "built without DPDK"
test_path
test_world
printf 'global.holdfast-lab.de. 300 IN A 198.51.100.77\n' >> "$LAB_DIR/zones/holdfast-lab.de.zone"
test_world_up
test_fastpath_config "$io"
cp "$LAB_DIR/holdfast.yaml" "$LAB_DIR/open.yaml"

# The client's addresses, by what they may do. 2: allowed, no rule names it.
lab_address client c0 192.0.2.{11..15}/24 2001:db8:2::{11..15}/64 || exit 1
from() { local number=$1; shift; query -b "192.0.2.$number" +timeout=2 "$@"; }
from6() { local number=$1; shift; query6 -b "2001:db8:2::$number" +timeout=2 "$@"; }
allowed=2 refused=11 dropped=12 snoops=13 dns64=14 well_known=15

rules() # PREFIX-OF-DNS64
{
	cat <<- END
		access-control:
		  - {clients: [192.0.2.$refused, "2001:db8:2::$refused"], action: refuse}
		  - {clients: [192.0.2.$dropped, "2001:db8:2::$dropped"], action: drop}
		  - {clients: [192.0.2.$snoops, "2001:db8:2::$snoops"], action: allow-snoop}
		  - {clients: [192.0.2.$dns64, "2001:db8:2::$dns64"], action: allow, dns64: "$1"}
		  - {clients: [192.0.2.$well_known, "2001:db8:2::$well_known"], action: allow, dns64: "64:ff9b::/96"}
	END
}
use() { { cat "$LAB_DIR/open.yaml"; cat; } > "$LAB_DIR/holdfast.yaml"; }
rules 2001:db8:64::/96 | use
test_daemon
test_dataplane

moves() # COUNTER BY COMMAND...: a counter of the kernel's moves by so much, and `answered` does not unless it is that
{
	local name=$1 by=$2 before answered
	shift 2
	before=$(counter kernel $name) answered=$(counter kernel answered)
	"$@" > "$LAB_DIR/moves.out" 2>&1 || { cat "$LAB_DIR/moves.out"; return 1; }
	equals "$(($(counter kernel $name) - before))" "$by" || return
	case $name in
	*answered) ;;
	*) equals "$(counter kernel answered)" "$answered" ;;
	esac
}
drop_of_kernel() { counter kernel drops access; }
gets_nothing() # COMMAND...
{
	local output
	! output=$("$@" +retry=0 +timeout=1 2>&1) || { echo "got: $output"; return 1; }
}
dropped_in_kernel() # COMMAND...: no reply, and counted in the kernel
{
	local before answered
	before=$(drop_of_kernel) answered=$(counter kernel answered)
	gets_nothing "$@" || return
	equals "$(drop_of_kernel)" $((before + 1)) && equals "$(counter kernel answered)" "$answered"
}
is_refused() { shows 'status: REFUSED' "$@"; }

# ---- hot for the allowed ----
for from in from from6; do
	check "$from: allowed, and hot" until_kernel $from $allowed holdfast-lab.de A
	check "$from: its answer" answers '10.9.8.6 10.9.8.7' $from $allowed holdfast-lab.de A

	check "$from: refused for all that" is_refused $from $refused holdfast-lab.de A
	check "$from: handed on by the kernel" moves slow_access 1 $from $refused holdfast-lab.de A
	check "$from: with EDE 18" shows 'EDE: *18' $from $refused holdfast-lab.de A +bufsize=1232
	check "$from: refused over TCP" is_refused $from $refused holdfast-lab.de A +tcp
	check "$from: refused a miss" is_refused $from $refused nowhere.holdfast-lab.de A

	check "$from: dropped in the kernel" dropped_in_kernel $from $dropped holdfast-lab.de A
	check "$from: a miss as well" dropped_in_kernel $from $dropped nowhere.holdfast-lab.de A
	check "$from: over TCP nothing either" gets_nothing $from $dropped holdfast-lab.de A +tcp

	check "$from: snooping is answered in the kernel with RD" until_kernel $from $snoops holdfast-lab.de A
	check "$from: and shown the cache without" answers '10.9.8.6 10.9.8.7' $from $snoops holdfast-lab.de A +norecurse
	check "$from: what is not there stays unknown" shows 'ANSWER: 0' $from $snoops unasked.holdfast-lab.de A +norecurse
	check "$from: without the right, REFUSED" is_refused $from $allowed holdfast-lab.de A +norecurse
done
check 'the listener has counted its drops' [ "$(counter tcp drops access)" -ge 2 ]
check 'the workers have counted their refusals' [ "$(counter workers refused_client)" -ge 8 ]

# ---- DNS64 ----
for from in from from6; do
	check "$from: no AAAA, hot in the kernel" until_kernel $from $allowed mail.holdfast-lab.de AAAA
	check "$from: NODATA" shows 'ANSWER: 0' $from $allowed mail.holdfast-lab.de AAAA
	check "$from: DNS64 makes one" answers '2001:db8:64::a09:819' $from $dns64 mail.holdfast-lab.de AAAA
	check "$from: in the slow path" moves slow_dns64 1 $from $dns64 mail.holdfast-lab.de AAAA
	check "$from: and others go on without" answers '' $from $allowed mail.holdfast-lab.de AAAA
	check "$from: in the kernel" moves answered 1 $from $allowed mail.holdfast-lab.de AAAA
	check "$from: A for DNS64 clients is the kernel's" until_kernel $from $dns64 holdfast-lab.de A
	check "$from: real addresses are left alone" answers '2001:db8:9::7' $from $dns64 holdfast-lab.de AAAA
	check "$from: another prefix is another answer" answers '64:ff9b::c633:644d' $from $well_known global.holdfast-lab.de AAAA
	check "$from: beside it" answers '2001:db8:64::c633:644d' $from $dns64 global.holdfast-lab.de AAAA
	check "$from: a private address is none of the well-known prefix" shows 'ANSWER: 0' $from $well_known mail.holdfast-lab.de AAAA
	check "$from: no name, no address" shows 'status: NXDOMAIN' $from $dns64 nope.holdfast-lab.de AAAA
	check "$from: over TCP" answers '2001:db8:64::a09:819' $from $dns64 mail.holdfast-lab.de AAAA +tcp
	check "$from: with DO and CD, nothing is made up" shows 'ANSWER: 0' $from $dns64 mail.holdfast-lab.de AAAA +dnssec +cdflag
	check "$from: ipv4only.arpa" answers '2001:db8:64::c000:aa 2001:db8:64::c000:ab' $from $dns64 ipv4only.arpa AAAA
	check "$from: a reverse name is an alias" shows \
		'^9.1.8.0.9.0.a.0.0.*ip6.arpa.*CNAME.*25.8.9.10.in-addr.arpa.' $from $dns64 -x 2001:db8:64::a09:819
done
check 'lookup shows whose answer it is' shows 'AAAA NOERROR.*dns64 2001:db8:64::/96' ctl lookup mail.holdfast-lab.de AAAA
check 'flush takes it along' ctl flush mail.holdfast-lab.de
check 'nothing of it is left' fails shows 'dns64' ctl lookup mail.holdfast-lab.de AAAA

# ---- reload ----
cp "$LAB_DIR/holdfast.yaml" "$LAB_DIR/good.yaml"
printf 'access-control: [{clients: 192.0.2.1/24, action: drop}]\n' | use
check 'a rule that cannot be meant is refused' shows 'access-control.clients.*has bits set behind its length' ctl reload
check 'and all is as before' is_refused from $refused holdfast-lab.de A
cp "$LAB_DIR/good.yaml" "$LAB_DIR/holdfast.yaml"

# 192.0.2.11 is refused before and after, 192.0.2.2 allowed, whatever the rules around them.
keep_asking() # SECONDS
{
	local end=$((SECONDS + $1))
	while [ $SECONDS -lt $end ]; do
		from $refused holdfast-lab.de A +noall +header >> "$LAB_DIR/refused.txt" 2>&1
		from $allowed holdfast-lab.de A +noall +header >> "$LAB_DIR/allowed.txt" 2>&1
	done
}
keep_asking 4 &
asking=$!
reloads=0
while kill -0 $asking 2> /dev/null; do
	printf 'access-control: [{clients: 0.0.0.0/0, action: refuse}, {clients: [192.0.2.2, 192.0.2.53], action: allow}]\n' | use
	ctl reload > /dev/null || break
	rules 2001:db8:64::/96 | use
	ctl reload > /dev/null || break
	reloads=$((reloads + 2))
done
wait $asking
check "$reloads reloads in a row" [ $reloads -ge 4 ]
check 'the refused was refused each time' fails grep -vq 'status: REFUSED' \
	<(grep status "$LAB_DIR/refused.txt")
check 'and replied to' grep -q 'status: REFUSED' "$LAB_DIR/refused.txt"
check 'the allowed was answered each time' fails grep -vq 'status: NOERROR' <(grep status "$LAB_DIR/allowed.txt")
check 'by all that was asked' fails grep -q -i 'warning\|error:' "$LAB_DIR/allowed.txt"

printf 'access-control: [{clients: [192.0.2.2, "2001:db8:2::2"], action: refuse}]\n' | use
check 'reload: the parts change' ctl reload
check 'who was allowed is refused at once' is_refused from $allowed holdfast-lab.de A
check 'over IPv6 too' is_refused from6 $allowed holdfast-lab.de A
check 'who was refused is answered' until_kernel from $refused holdfast-lab.de A
check 'who was dropped is answered in the kernel' moves answered 1 from $dropped holdfast-lab.de A
check 'without DNS64 there is no AAAA' shows 'ANSWER: 0' from $dns64 mail.holdfast-lab.de AAAA

rules 2001:db8:65::/96 | use
check 'reload: another prefix' ctl reload
check 'whose addresses are not those of the former' answers '2001:db8:65::a09:819' from $dns64 mail.holdfast-lab.de AAAA
rules 2001:db8:64::/96 | use
check 'reload: the former prefix' ctl reload
check 'as it was' answers '2001:db8:64::a09:819' from $dns64 mail.holdfast-lab.de AAAA

# ---- without the daemons ----
check 'the slow path ends' lab_stop dataplane
check 'the kernel answers on' moves answered 1 from $allowed holdfast-lab.de A
check 'and not the refused' gets_nothing from $refused holdfast-lab.de A
lab_stop holdfastd
check 'nor when both are gone' gets_nothing from $refused holdfast-lab.de A
check 'or the dropped' gets_nothing from $dropped holdfast-lab.de A
check 'but the allowed' answers '10.9.8.6 10.9.8.7' from $allowed holdfast-lab.de A
test_daemon
check 'a restart keeps the rules' gets_nothing from $refused holdfast-lab.de A
check 'and the answers' moves answered 1 from $allowed holdfast-lab.de A
test_dataplane
check 'whoever is refused is told so again' is_refused from $refused holdfast-lab.de A
healthy() { [ "$(lab_run resolver python3 -B "$TEST_SOURCE/tests/system/http_get.py" status http://127.0.0.1:8053/healthz)" = '200 ok' ]; }
check 'healthz' lab_wait 10 'healthz' healthy

printf '' | use
check 'reload: no rules' ctl reload
check 'all are answered' moves answered 1 from $refused holdfast-lab.de A
check 'the doctor warns of an open resolver' shows 'FAIL +access .*192.0.2.53:53 answers everybody' ctl doctor
printf 'access-control: [{clients: 192.0.2.0/24, action: refuse}]\n' | use
check 'the doctor sees that the host itself is kept out' shows 'FAIL +access .*keeps out this host' ctl doctor
rules 2001:db8:64::/96 | use
check 'else all is well' shows 'ok +access +10 rules' ctl doctor

# ---- a reload that holdfastd has no part in: the kernel has the rules from before ("no rules" was the last that it was given) ----
check 'the kernel lags, and the command says so' shows 'kernel obeys the former access rules' ctl_dataplane reload
check 'so does the log' grep -q 'event=kernel-keeps-rules' "$LAB_DIR/dataplane.log"
check 'also at the next time' shows 'kernel obeys the former access rules' ctl_dataplane reload
check 'holdfastd makes up for it' equals "$(ctl reload)" reloaded
check 'then nothing lags' equals "$(ctl_dataplane reload)" reloaded
check 'and the refused are told so' is_refused from $refused holdfast-lab.de A

lab_stop dataplane
lab_stop holdfastd
check 'sanitizers saw nothing' sanitizers_silent dataplane holdfastd
finish
