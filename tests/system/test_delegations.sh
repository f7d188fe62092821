#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every delegation of a signed root zone gets its security status: of one signed here and now, and of the real one at its own date.
. "$(dirname "$0")/lab.sh"
need holdfast-dataplane nsd kdig dnssec-keygen dnssec-signzone dnssec-dsfromkey
test_path
test_root_servers

delegations() # ZONEFILE [ARGUMENT...]
{
	lab_run client python3 -B "$TEST_SOURCE/tests/system/delegations.py" "$1" 192.0.2.53 "${@:2}" > "$LAB_DIR/counts"
	local status=$?
	cat "$LAB_DIR/counts"
	return $status
}

told() { head -n 1 "$LAB_DIR/counts"; }

# Another octet in the signature of the DS of some names.
break_signatures() # ZONEFILE NAME...
{
	python3 -B - "$@" <<- 'END'
		import sys
		names = set(sys.argv[2:])
		for line in open(sys.argv[1]):
		    fields = line.split()
		    if len(fields) > 5 and fields[0] in names and fields[3] == "RRSIG" and fields[4] == "DS":
		        at = fields[-1]
		        fields[-1] = ("B" if at[0] != "B" else "C") + at[1:]
		        line = " ".join(fields) + "\n"
		    sys.stdout.write(line)
	END
}

serve() # NAME ZONEFILE
{
	lab_nsd authority "$1" "$addresses" .="$2" || exit 1
}

end() # NAME...
{
	local name
	for name; do
		lab_stop "$name"
	done
}

# ---- one signed here ----

mkdir "$LAB_DIR/keys"
{
	echo '. 86400 IN SOA a.root-servers.net. nobody.invalid. 1 1800 900 604800 86400'
	awk '$1 == "." || $3 == "A" || $3 == "AAAA" { $2 = $2 " IN"; print }' "$hints"
	for n in $(seq 1 50); do
		echo "t$n. 172800 IN NS ns.t$n."
		echo "ns.t$n. 172800 IN A 203.0.113.$n"
		[ $((n % 3)) = 0 ] || echo "t$n. 86400 IN DS $((n * 7)) 13 2 $(printf "%064x" $((n * 12345)))"
	done
} > "$LAB_DIR/own.zone"
(
	cd "$LAB_DIR/keys" || exit 1
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK . && dnssec-keygen -q -a ECDSAP256SHA256 . &&
		dnssec-signzone -q -S -K . -o . -O full -f "$LAB_DIR/own.signed" "$LAB_DIR/own.zone"
) > "$LAB_DIR/sign.log" 2>&1 || { cat "$LAB_DIR/sign.log"; exit 1; }
ksk=$(grep -l '257 3' "$LAB_DIR"/keys/K*.key | head -n 1)
dnssec-dsfromkey -2 "$ksk" > "$LAB_DIR/own.ds"
serve own "$LAB_DIR/own.signed"
test_config "validation:" "  trust-anchor-file: $LAB_DIR/own.ds"
test_dataplane
check 'a root signed here: 50 delegations and 100 names that are not there' delegations "$LAB_DIR/own.signed" --missing 100
told
end own dataplane
break_signatures "$LAB_DIR/own.signed" t1. t2. t4. > "$LAB_DIR/own.broken"
serve own "$LAB_DIR/own.broken"
test_dataplane
check 'with three broken signatures' delegations "$LAB_DIR/own.signed" --missing 10 --broken t1. t2. t4.
told
end own dataplane

# ---- the real one ----

zone=$(find "$TEST_SOURCE/../shared/data/root" -name 'root-*.zone.zst' 2>/dev/null | sort | tail -n 1)
library=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
if [ -z "$zone" ] || [ -z "$library" ]; then
	echo "skipped: the real root zone ($([ -n "$zone" ] && echo 'no libfaketime' || echo 'no ../shared/data/root beside the repository'))"
	finish
fi
zstd -qdc "$zone" > "$LAB_DIR/real.zone" || exit 1
serve real "$LAB_DIR/real.zone"
test_config "validation:" "  trust-anchor-file: /usr/share/dns/root.ds"
# Where the program has sanitizers, their library has to come first. Only the wall clock stands at the zone's date.
sanitizer=$(ldd "$(program holdfast-dataplane)" | awk '/lib[a-z]*san\.so/ { print $3 }' | tr '\n' ':')
lab_start resolver dataplane env LD_PRELOAD="$sanitizer$library" FAKETIME='@2026-08-01 12:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1 TZ=UTC \
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml"
_test_ready dataplane resolver 127.0.0.1 53
check "the real root zone ($(basename "$zone" .zone.zst)): all delegations" delegations "$LAB_DIR/real.zone"
told
finish
