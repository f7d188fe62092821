#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The runner must fail what should fail, and say where: runner_faults.sh SIM
# Each case is a scenario with something wrong in it, the exit status and a piece of what has to be printed.
set -u
sim=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

expect() { # NAME STATUS TEXT [ARGUMENT …] < scenario
	local name=$1 status=$2 text=$3 file=$folder/$1.rpl output got
	shift 3
	cat >"$file"
	output=$("$sim" "$@" "$file" 2>&1)
	got=$?
	if [ "$got" = "$status" ] && [[ $output == *"$text"* ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: expected exit status %s and "%s"; got %s and:\n%s\n' "$name" "$status" "$text" "$got" "$output"
	fi
}

head=$'stub-addr: 192.0.2.1\nCONFIG_END\nSCENARIO_BEGIN x'
question=$'SECTION QUESTION\nwww.example. IN A'
server="RANGE_BEGIN 0 100
ADDRESS 192.0.2.1
ENTRY_BEGIN
MATCH opcode qname qtype
ADJUST copy_id
REPLY QR AA NOERROR
SECTION QUESTION
. IN NS
SECTION ANSWER
. IN NS k.root-servers.net.
SECTION ADDITIONAL
k.root-servers.net. IN A 192.0.2.1
ENTRY_END
ENTRY_BEGIN
MATCH opcode qname
ADJUST copy_id copy_query
REPLY QR AA NOERROR
SECTION QUESTION
www.example. IN A
SECTION ANSWER
www.example. 300 IN A 203.0.113.1
ENTRY_END
RANGE_END"
ask=$'STEP 1 QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\nwww.example. IN A\nENTRY_END'
check() { # TTL ADDRESS
	printf 'STEP 2 CHECK_ANSWER\nENTRY_BEGIN\nMATCH all ttl\nREPLY QR RD RA NOERROR\n%s\nSECTION ANSWER\nwww.example. %s IN A %s\nENTRY_END' \
		"$question" "$1" "$2"
}

# the same scenario passes when nothing is wrong with it
head_off=${head/CONFIG_END/$'query-minimization: off\nCONFIG_END'}
expect good 0 '1 passed, 0 failed' --strict <<<"$head_off
$server
$ask
$(check 300 203.0.113.1)
SCENARIO_END"
expect wrong_address 1 'step 2 CHECK_ANSWER (line' <<<"$head_off
$server
$ask
$(check 300 203.0.113.2)
SCENARIO_END"
expect wrong_ttl 1 '300' <<<"$head_off
$server
$ask
$(check 299 203.0.113.1)
SCENARIO_END"
expect no_server 1 'rcode' <<<"$head_off
$ask
$(check 300 203.0.113.1)
SCENARIO_END"
expect checks_nothing 1 'checks nothing' <<<"$head_off
$server
$ask
SCENARIO_END"
expect unscripted 1 '--strict' --strict <<<"$head_off
$server
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
other.example. IN A
ENTRY_END
STEP 2 CHECK_ANSWER
ENTRY_BEGIN
MATCH rcode
REPLY QR RD RA SERVFAIL
SECTION QUESTION
other.example. IN A
ENTRY_END
SCENARIO_END"
expect query_not_sent 1 'no such query went out' <<<"$head_off
$server
$ask
$(check 300 203.0.113.1)
STEP 3 CHECK_OUT_QUERY
ENTRY_BEGIN
MATCH qname
REPLY NOERROR
SECTION QUESTION
other.example. IN A
ENTRY_END
SCENARIO_END"
expect mandatory 1 'mandatory entry of line' <<<"$head_off
${server/MATCH opcode qname
ADJUST/MATCH opcode qname
MANDATORY
ADJUST}
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
. IN NS
ENTRY_END
STEP 2 CHECK_ANSWER
ENTRY_BEGIN
MATCH rcode
REPLY QR RD RA NOERROR
SECTION QUESTION
. IN NS
ENTRY_END
SCENARIO_END"

# faults of the text, each with its line
expect no_config_end 1 'no_config_end.rpl:2: no CONFIG_END' <<<"stub-addr: 192.0.2.1
do-ip6: no"
expect head_line 1 'head_line.rpl:1: expected' <<<"nonsense
CONFIG_END"
expect address 1 "address.rpl:1: stub-addr: not an address: '192.0.2'" <<<"stub-addr: 192.0.2
CONFIG_END
SCENARIO_BEGIN x
SCENARIO_END"
expect feature 1 "feature.rpl:1: features: expected yes or no in" <<<"features: prefetch = perhaps
CONFIG_END
SCENARIO_BEGIN x
SCENARIO_END"
expect date 1 'date.rpl:1: val-override-date: not a date' <<<"val-override-date: yesterday
CONFIG_END
SCENARIO_BEGIN x
SCENARIO_END"
expect no_end 1 'no SCENARIO_END' <<<"$head"
expect record 1 'record.rpl:10: not an RR' <<<"$head
RANGE_BEGIN 0 1
ENTRY_BEGIN
MATCH opcode
SECTION QUESTION
www.example. IN A
SECTION ANSWER
www.example. IN A 203.0.113
ENTRY_END
RANGE_END
SCENARIO_END"
expect match_word 1 'match_word.rpl:6: MATCH qnam is not supported' <<<"$head
RANGE_BEGIN 0 1
ENTRY_BEGIN
MATCH qnam
ENTRY_END
RANGE_END
SCENARIO_END"
expect step_kind 1 "step_kind.rpl:4: steps of kind 'DANCE' are not supported" <<<"$head
STEP 1 DANCE
SCENARIO_END"
expect step_entry 1 'step 1 QUERY has no entry' <<<"$head
STEP 1 QUERY
SCENARIO_END"
expect range_steps 1 'range_steps.rpl:4: RANGE_BEGIN needs' <<<"$head
RANGE_BEGIN 9 1
RANGE_END
SCENARIO_END"
expect step_word 1 "step_word.rpl:4: 'now' behind the step's kind" <<<"$head
STEP 1 QUERY now
SCENARIO_END"
expect sum 1 "sum.rpl:4: not a number of seconds: '\${3 + }'" <<<"$head
STEP 1 TIME_PASSES EVAL \${3 + }
SCENARIO_END"
expect assignment 1 'assignment.rpl:4: ASSIGN needs a name' <<<"$head
STEP 1 ASSIGN 3
SCENARIO_END"
expect no_variable 1 "step 1 TIME_PASSES (line 4): no value in '\${\$x}'" <<<"$head
STEP 1 TIME_PASSES EVAL \${\$x}
SCENARIO_END"
expect file_end 1 'file_end.rpl:3: no AUTOTRUST_END for the file of line 2' <<<"server:
AUTOTRUST_FILE example
CONFIG_END"
expect wanted_file 1 'no such file is written here' <<<"$head
STEP 1 CHECK_TEMPFILE zone
FILE_BEGIN
FILE_END
SCENARIO_END"
expect directive 1 "directive.rpl:8: \$TTL: not a number of seconds: 'x'" <<<"$head
RANGE_BEGIN 0 1
ENTRY_BEGIN
MATCH opcode
SECTION ANSWER
\$TTL x
ENTRY_END
RANGE_END
SCENARIO_END"
expect serial 1 'serial.rpl:6: MATCH serial=x: expected a number' <<<"$head
RANGE_BEGIN 0 1
ENTRY_BEGIN
MATCH serial=x
ENTRY_END
RANGE_END
SCENARIO_END"
expect addresses 1 "addresses.rpl:5: not an address: 'and'" <<<"$head
RANGE_BEGIN 0 1
ADDRESS 192.0.2.1 and
RANGE_END
SCENARIO_END"
expect no_option 1 'ednsdata: expected 4 octets, got 0' <<<"$head_off
$server
$ask
STEP 2 CHECK_ANSWER
ENTRY_BEGIN
MATCH ednsdata
REPLY QR RD RA NOERROR
$question
HEX_EDNSDATA_BEGIN
00 03 00 00
HEX_EDNSDATA_END
ENTRY_END
SCENARIO_END"
rm -f "$folder"/*
"$sim" "$folder/absent.rpl" >"$folder/out" 2>&1
if [ $? = 1 ] && grep -q 'absent.rpl: No such file' "$folder/out"; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAIL absent file"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
