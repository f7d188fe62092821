#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Other people's authorities: BIND, PowerDNS, Knot and NSD below one root; bad lines before one; servers that break the
# rules, each in its own way. What the client gets, how many queries that costs, and that all others go on.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane nsd kdig named pdns_server knotd
python3 -c 'import dns.message' 2> /dev/null || skip 'no dnspython'
test_path

real=(bind pdns knot nsd)
plans=(lose delay duplicate reorder truncate corrupt)
# EDNS that is not understood is answered FORMERR, NOTIMP or BADVERS; who says nothing or SERVFAIL is not asked without
# it (DNS flag day 2019, as BIND and Knot Resolver).
# behaviour | name | type | status | answer | most queries | EDE; as the client sees it
rows="
plain|www|A|NOERROR|10.66.0.1|4|
wrong-id|www|A|SERVFAIL||24|22
wrong-question|www|A|SERVFAIL||24|22
wrong-type|www|A|SERVFAIL||24|
no-question|www|A|SERVFAIL||24|
flood-of-ids|www|A|NOERROR|10.66.0.1|8|
outsider|www|A|NOERROR|10.66.0.1|4|
compression-loop|www|A|SERVFAIL||24|23
rdata-too-long|www|A|SERVFAIL||24|23
garbage|www|A|SERVFAIL||24|
oversized|www|A|NOERROR|10.66.0.1|8|
cname-loop|www|A|SERVFAIL||24|
cname-endless|www|A|SERVFAIL||40|
refers-to-itself|www|A|SERVFAIL||24|22
refers-upward|www|A|SERVFAIL||24|22
many-servers|www|A|SERVFAIL||24|
endless-referrals|www|A|SERVFAIL||110|
tcp-good|www|A|NOERROR|10.66.0.1|6|
tcp-by-octets|www|A|NOERROR|10.66.0.1|6|
tcp-closed|www|A|SERVFAIL||24|23
tcp-reset|www|A|SERVFAIL||24|
tcp-silent|www|A|SERVFAIL||24|22
edns-formerr|www|A|NOERROR|10.66.0.1|6|
edns-notimp|www|A|NOERROR|10.66.0.1|6|
edns-servfail|www|A|SERVFAIL||24|23
edns-badvers|www|A|NOERROR|10.66.0.1|6|
edns-silent|www|A|SERVFAIL||12|22
edns-ignored|www|A|NOERROR|10.66.0.1|4|
aaaa-nxdomain|www|A|NOERROR|10.66.0.1|6|
aaaa-servfail|www|A|NOERROR|10.66.0.1|24|
lower-case|www|A|NOERROR|10.66.0.1|12|
refused|www|A|SERVFAIL||12|23
servfail|www|A|SERVFAIL||24|23
not-authoritative|www|A|NOERROR|10.66.0.1|12|
silent|www|A|SERVFAIL||24|22
no-minimisation|a.b|A|NOERROR|10.66.0.1|6|
"

zone() # NAME: the zone of a real server, on stdout
{
	cat <<- END
		\$ORIGIN $1.test.
		\$TTL 300
		@	SOA	ns h 1 7200 3600 1209600 60
		@	NS	ns
		ns	A	$2
		www	A	10.65.0.1
		alias	CNAME	www
		*.wild	A	10.65.0.2
		*	A	10.65.0.3
		deep.er	A	10.65.0.4
	END
	printf 'big TXT "%0200d"\n' {1..12}
}
mkdir -p "$LAB_DIR/zones"
delegate() { printf '%s.test. 300 IN NS ns.%s.test.\nns.%s.test. 300 IN A %s\n' "$1" "$1" "$1" "$2"; }
printf '. 300 IN SOA a.root. h.root. 1 7200 3600 1209600 60\n. 300 IN NS a.root.\na.root. 300 IN A 198.51.100.4\ntest. 300 IN NS ns.test.\nns.test. 300 IN A 198.51.100.20\n' \
	> "$LAB_DIR/zones/root"
addresses=()
{
	printf 'test. 300 IN SOA ns.test. h.test. 1 7200 3600 1209600 60\ntest. 300 IN NS ns.test.\nns.test. 300 IN A 198.51.100.20\n'
	n=10
	for name in "${real[@]}"; do
		delegate "$name" "203.0.113.$n"
		zone "$name" "203.0.113.$n" > "$LAB_DIR/zones/$name.test"
		addresses+=("203.0.113.$n/24")
		n=$((n + 1))
	done
	n=20
	for name in "${plans[@]}"; do
		delegate "$name" "203.0.113.$n"
		zone "$name" "203.0.113.$n" > "$LAB_DIR/zones/$name.test"
		addresses+=("203.0.113.$n/24")
		relays+=("203.0.113.$n=$name")
		n=$((n + 1))
	done
	n=40
	while IFS='|' read -r name _; do
		[ -n "$name" ] || continue
		delegate "$name" "203.0.113.$n"
		addresses+=("203.0.113.$n/24")
		hostile+=("203.0.113.$n=$name")
		n=$((n + 1))
	done <<< "$rows"
} > "$LAB_DIR/zones/test"
test_authority_address 198.51.100.4/24 198.51.100.20/24 "${addresses[@]}" || exit 1

lab_nsd authority root 198.51.100.4 .="$LAB_DIR/zones/root" && lab_nsd authority tld 198.51.100.20 test.="$LAB_DIR/zones/test" &&
	lab_nsd authority nsd 203.0.113.13 nsd.test.="$LAB_DIR/zones/nsd.test" \
		$(for name in "${plans[@]}"; do echo "$name.test.=$LAB_DIR/zones/$name.test"; done) || exit 1

mkdir "$LAB_DIR/bind" "$LAB_DIR/pdns" "$LAB_DIR/knot"
cat > "$LAB_DIR/bind/named.conf" << END
options {
	directory "$LAB_DIR/bind"; pid-file "$LAB_DIR/bind/pid"; session-keyfile "$LAB_DIR/bind/session.key";
	lock-file none; listen-on { 203.0.113.10; }; listen-on-v6 { none; }; recursion no; dnssec-validation no;
};
controls { };
zone "bind.test" { type primary; file "$LAB_DIR/zones/bind.test"; };
END
lab_start authority named named -g -c "$LAB_DIR/bind/named.conf"
printf 'options { directory "%s"; };\nzone "pdns.test" { type master; file "%s"; };\n' "$LAB_DIR/pdns" "$LAB_DIR/zones/pdns.test" \
	> "$LAB_DIR/pdns/named.conf"
: > "$LAB_DIR/pdns/pdns.conf"
lab_start authority pdns pdns_server --config-dir="$LAB_DIR/pdns" --socket-dir="$LAB_DIR/pdns" --daemon=no --guardian=no \
	--launch=bind --bind-config="$LAB_DIR/pdns/named.conf" --local-address=203.0.113.11 --setuid= --setgid= \
	--disable-syslog --security-poll-suffix=
cat > "$LAB_DIR/knot/knot.conf" << END
server:
    rundir: "$LAB_DIR/knot"
    listen: 203.0.113.12@53
database:
    storage: "$LAB_DIR/knot"
zone:
  - domain: knot.test
    file: "$LAB_DIR/zones/knot.test"
END
lab_start authority knot knotd -c "$LAB_DIR/knot/knot.conf"
lab_start authority relay python3 -B "$TEST_SOURCE/tests/system/relay.py" 1 203.0.113.13 "${relays[@]}"
lab_start authority hostile python3 -B "$TEST_SOURCE/tests/system/hostile_authority.py" "$LAB_DIR/hostile.queries" "${hostile[@]}"
lab_wait 15 'the relay relays' grep -q relaying "$LAB_DIR/relay.log" || exit 1
lab_wait 15 'the hostile authorities serve' grep -q serving "$LAB_DIR/hostile.log" || { cat "$LAB_DIR/hostile.log"; exit 1; }
for name in named:203.0.113.10 pdns:203.0.113.11 knot:203.0.113.12; do
	lab_wait_tcp authority "${name#*:}" 53 15 || { echo "FAILED  ${name%:*} comes up"; cat "$LAB_DIR/${name%:*}.log"; exit 1; }
done

printf '. 3600000 IN NS a.root.\na.root. 3600000 IN A 198.51.100.4\n' > "$LAB_DIR/root.hints"
test_config "local: {special-use: no}" "clients:" "  discard-timeout-ms: 0" "resolver:" "  root-hints: $LAB_DIR/root.hints" "  query-deadline-ms: 6000"
test_dataplane

for name in "${real[@]}"; do
	check "$name: A" answers 10.65.0.1 query "www.$name.test" A
	check "$name: alias" answers "10.65.0.1 www.$name.test." query "alias.$name.test" A
	check "$name: NODATA" shows 'NOERROR.*|ANSWER: 0; AUTHORITY: 1' query "www.$name.test" AAAA
	check "$name: NXDOMAIN below a name" shows 'status: NXDOMAIN' query "nope.www.$name.test" A
	check "$name: wildcard" answers 10.65.0.2 query "x.wild.$name.test" A
	check "$name: empty non-terminal" shows 'status: NOERROR' query "er.$name.test" A
	check "$name: TXT above any UDP size" shows 'ANSWER: 12' query "big.$name.test" TXT
	check "$name: SOA, NS" answers "ns.$name.test." query "$name.test" NS
done

many() { lab_run client python3 -B "$TEST_SOURCE/tests/system/ask_many.py" 192.0.2.53 "$@"; }
for name in "${plans[@]}"; do
	# a server that is the only one gets three tries: 0.87 of those that the line loses half of come through
	case $name in lose | corrupt) least=18 ;; truncate) least=8 ;; *) least=30 ;; esac
	check "a line that does $name: at least $least of 30, no other data" many "$name.test" 30 10.65.0.3 "$least"
done

# all rows at once: a silent server takes its time
while IFS='|' read -r name label type _; do
	[ -n "$name" ] || continue
	lab_run client kdig +retry=0 +timeout=15 @192.0.2.53 "$label.$name.test" "$type" +edns > "$LAB_DIR/row.$name" 2>&1 &
	asked+=($!)
done <<< "$rows"
wait "${asked[@]}"
row_holds() # BEHAVIOUR STATUS ANSWER MOST EDE
{
	local status answer count
	status=$(sed -n 's/.*status: \([A-Z]*\).*/\1/p' "$LAB_DIR/row.$1" | head -n 1)
	answer=$(awk '/ANSWER SECTION/ { on = 1; next } /^$/ { on = 0 } on && $4 == "A" { print $5 }' "$LAB_DIR/row.$1" | paste -sd' ')
	count=$(grep -c "^$1 " "$LAB_DIR/hostile.queries")
	printf '%s "%s", %s queries, %s\n' "$status" "$answer" "$count" "$(grep -o 'EDE: .*' "$LAB_DIR/row.$1" | paste -sd' ')"
	# shellcheck disable=SC2053
	[[ $status == $2 ]] && [[ $answer == $3 ]] && [ "$count" -le "$4" ] && [ "$count" -gt 0 ] &&
		{ [ -z "$5" ] || grep -q "EDE: $5" "$LAB_DIR/row.$1"; }
}
while IFS='|' read -r name label type status answer most ede; do
	[ -n "$name" ] || continue
	check "$name: $status${answer:+ $answer}, at most $most queries" row_holds "$name" "$status" "$answer" "$most" "$ede"
	[ -z "${VERBOSE:-}" ] || row_holds "$name" "$status" "$answer" "$most" "$ede"
done <<< "$rows"

check 'what the outsider said of others was not believed' answers 10.65.0.1 query www.nsd.test A
check 'a new name of that zone comes from its own server' answers 10.65.0.3 query after.nsd.test A
check 'AAAA that is NXDOMAIN' shows 'status: NXDOMAIN' query www.aaaa-nxdomain.test AAAA
check 'does not take the A away' answers 10.66.0.1 query www.aaaa-nxdomain.test A
check 'AAAA that is SERVFAIL' shows 'status: SERVFAIL' query www.aaaa-servfail.test AAAA
check 'does not take the A away' answers 10.66.0.1 query www.aaaa-servfail.test A
for name in "${real[@]}"; do
	check "$name: others resolve as ever" answers 10.65.0.3 query "later.$name.test" A
done
check 'the hostile authorities understood every query' fails grep -q 'unreadable query' "$LAB_DIR/hostile.queries"
dataplane=$(lab_pid dataplane)
kill -TERM "$dataplane"
check 'SIGTERM: ends' lab_wait 10 'the dataplane ends' fails lab_alive dataplane
check 'sanitizers saw nothing' sanitizers_silent dataplane
finish
