# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What the system tests share: the laboratory of tools/lab/lab.sh, the programs under test, checks that count.
#
#	. "$(dirname "$0")/lab.sh"
#	need holdfast-dataplane nsd kdig	exit 77 with the reason when one is missing
#	test_path				a laboratory with lab_path, or exit 77
#	test_config [YAML…]			$LAB_DIR/holdfast.yaml for that path; further YAML is appended
#	test_dataplane | test_daemon		start, and wait until ready
#	test_world; test_world_up		a generated internet, served by three NSDs
#	test_fastpath_config [IO]		the same with the kernel tier, or exit 77
#	check TEXT COMMAND...			a counted check; the test goes on
#	finish					the count; status 1 if one failed
#
# The build directory: $HF_BUILD (meson sets it), else build/ of the repository.
set -u
TEST_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HF_BUILD=${HF_BUILD:-$TEST_SOURCE/build}
. "$TEST_SOURCE/tools/lab/lab.sh"
export LSAN_OPTIONS=suppressions=$TEST_SOURCE/tests/system/leaks_of_libraries.txt:print_suppressions=0

program() { lab_program "$HF_BUILD" "$1"; }

skip() # REASON
{
	printf 'SKIP %s: %s\n' "$(basename "$0")" "$*"
	exit 77
}

need() # PROGRAM...
{
	local name
	for name; do
		program "$name" > /dev/null || skip "no $name here (built without it, or its package is missing)"
	done
}

TEST_PASSED=0
TEST_FAILED=0
check() # TEXT COMMAND...
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then
		printf 'ok      %s\n' "$text"
		TEST_PASSED=$((TEST_PASSED + 1))
	else
		printf 'FAILED  %s\n' "$text"
		printf '%s\n' "$output" | tail -n 20 | cut -c 1-160 | sed 's/^/        /'
		TEST_FAILED=$((TEST_FAILED + 1))
	fi
}

finish()
{
	printf '%s passed, %s failed\n' "$TEST_PASSED" "$TEST_FAILED"
	if [ "$TEST_FAILED" != 0 ]; then
		tail -n 15 "$LAB_DIR"/*.log 2>/dev/null
		exit 1
	fi
	[ "$TEST_PASSED" != 0 ] || { echo 'no check ran'; exit 1; }
	exit 0
}

test_path()
{
	lab_begin || exit
	lab_path || exit 1
}

# A generated internet of some hundred zones with holdfast-lab.de in it (tools/lab/generate.py), below $LAB_DIR:
# zones/, root.hints, queries.txt, and the NSDs root, tld and sld. What a test adds goes in between the two calls.
test_world() # [ZONES [QUERIES]]
{
	python3 -B "$TEST_SOURCE/tools/lab/generate.py" --zones "${1:-300}" --queries "${2:-20000}" --warm-up 5000 \
		"$LAB_DIR" || exit 1
}

test_world_up()
{
	local level
	for level in root tld sld; do
		# shellcheck disable=SC2046
		test_authority_address $(sed '/:/s,$,/64,; /:/!s,$,/24,' "$LAB_DIR/$level.addresses") &&
			lab_nsd authority "$level" "$(cat "$LAB_DIR/$level.addresses")" include="$LAB_DIR/$level.conf" || exit 1
	done
}

# Compares COUNT answers with the zones.
test_compare() # COUNT [ARGUMENTS...]
{
	local count=$1
	shift
	lab_run client python3 -B "$TEST_SOURCE/tools/lab/compare.py" --zones "$LAB_DIR/zones" --queries "$LAB_DIR/queries.txt" \
		--server 192.0.2.53 --server6 2001:db8:2::53 --count "$count" "$@"
}

# The authority gets the addresses of the real root servers, in $addresses, and the resolver the ways there. $hints is their file.
test_root_servers()
{
	local address
	hints=/usr/share/dns/root.hints
	[ -f "$hints" ] || skip "no $hints (package dns-root-data)"
	addresses=$(awk '$3 == "A" || $3 == "AAAA" { print $4 }' "$hints")
	# shellcheck disable=SC2046,SC2086
	test_authority_address $(sed '/:/s,$,/128,; /:/!s,$,/32,' <<< "$addresses") || exit 1
	for address in $addresses; do
		ip -n "$(lab_netns_name resolver)" route add "$address" dev r1 || exit 1
	done
	ip -n "$(lab_netns_name authority)" route add 198.51.100.0/24 dev a0
	ip -n "$(lab_netns_name authority)" route add 2001:db8:a::/64 dev a0
}

test_authority_address() { lab_address authority a0 "$@"; }

# The base: no kernel tier, sockets, both service addresses. $TEST_ROOT_HINTS names the hints.
# Sections in the arguments must be whole: they follow the base, so `resolver:` and `fastpath:` may be given there.
test_config() # [YAML...]
{
	{
		cat <<- END
			listen: [192.0.2.53, "2001:db8:2::53", "127.0.0.1"]
			control:
			  dataplane-socket: $LAB_DIR/dataplane.sock
			  control-socket: $LAB_DIR/holdfastd.sock
			  http: 127.0.0.1:8053
			cache:
			  size: 64M
		END
		printf '%s\n' "$@"
		# The labs' zones are not signed, but those of tests that say so.
		case "$*" in *validation:*) ;; *) echo "validation: {enabled: false}" ;; esac
	} > "$LAB_DIR/holdfast.yaml"
}

_test_ready() # NAME ROLE ADDR PORT
{
	local end=$((SECONDS + 60))
	until _lab_tcp_accepts "$2" "$3" "$4" 2>/dev/null; do
		if ! lab_alive "$1" || [ $SECONDS -ge "$end" ]; then
			echo "FAILED  $1 becomes ready"
			tail -n 30 "$LAB_DIR/$1.log"
			exit 1
		fi
		sleep 0.1
	done
}

test_dataplane() # [NAME]
{
	lab_start resolver dataplane "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml"
	_test_ready dataplane resolver 127.0.0.1 53
}

# Both daemons with the kernel tier on r0 [and the slow path by IO]; the client's end gets what it needs to see XDP_TX.
test_fastpath_config() # [IO]
{
	lab_pass_program client c0 "$(program pass.bpf.o)" 2> "$LAB_DIR/pass.log" ||
		skip "no XDP on veth here: $(tail -n 1 "$LAB_DIR/pass.log")"
	lab_pins || skip "no bpffs here"
	test_config "resolver:" "  root-hints: $LAB_DIR/root.hints" \
		"dataplane:" "  interface: r0" "  io: ${1:-sockets}" \
		"fastpath:" "  enabled: true" "  entries: 16384" "  bpffs: $LAB_PINS"
}

test_daemon() # with the fast path: before the dataplane, it makes the pins
{
	lab_start resolver holdfastd "$(program holdfastd)" -c "$LAB_DIR/holdfast.yaml"
	_test_ready holdfastd resolver 127.0.0.1 8053
}

# One figure of `holdfastctl -j stats`: counter kernel answered; counter workers drops malformed
counter() # LAYER NAME [NAME]
{
	ctl -j stats | python3 -c 'import functools, json, sys
print(functools.reduce(lambda layer, name: layer[name], sys.argv[1:], json.load(sys.stdin)))' "$@"
}
# Sends the query until the kernel answers it; 1 after five seconds.
until_kernel() # QUERY...
{
	local before try
	for try in {1..50}; do
		before=$(counter kernel answered) || return
		"$@" > /dev/null || return
		[ "$(counter kernel answered)" -le "$before" ] || return 0
		sleep 0.05
	done
	echo "not answered in the kernel after $try queries"
	return 1
}

ctl() { lab_run resolver "$(program holdfastctl)" -s "$LAB_DIR/holdfastd.sock" "$@"; }
# Without holdfastd.
ctl_dataplane() { lab_run resolver "$(program holdfastctl)" -s "$LAB_DIR/dataplane.sock" "$@"; }

# The short answer, sorted, in one line.
short() { "$@" +short | sort | paste -sd' '; }
equals() { [ "$1" = "$2" ] || { printf 'got    %s\nwanted %s\n' "$1" "$2"; return 1; }; }
answers() # WANTED QUERY...
{
	local wanted=$1
	shift
	equals "$(short "$@")" "$wanted"
}
shows() # PATTERN COMMAND...: its output has a line that matches
{
	local pattern=$1 output
	shift
	output=$("$@" 2>&1)
	grep -qE -- "$pattern" <<< "$output" || { printf 'no line with %s in:\n%s\n' "$pattern" "$output"; return 1; }
}
fails() { ! "$@"; }
sanitizers_silent() # NAME...: nothing of ASan, LSan or UBSan in the logs of what was started under these names
{
	local name
	for name; do
		[ -f "$LAB_DIR/$name.log" ] || return
		! grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$LAB_DIR/$name.log" || return
	done
}

query() { lab_run client kdig +retry=0 +timeout=8 @192.0.2.53 "$@"; }
query6() { lab_run client kdig +retry=0 +timeout=8 @2001:db8:2::53 "$@"; }
