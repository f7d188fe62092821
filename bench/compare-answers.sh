#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The D1 queries to holdfast and to unbound on the same authorities, every reply compared; run by `bench/run compare-answers`.
#
#	HF_BUILD=DIR compare-answers.sh [--queries N] [--zones N] [--seed N] [--kernel] RESULTS
#
# RESULTS gets report.txt, report.html and report.json. Status 1: a difference that compare-answers.json does not explain.
. "$(dirname "$0")/../tests/system/lab.sh"
here=$TEST_SOURCE/bench
. "$here/resolvers.sh"
queries=100000 zones=5000 seed=1 kernel=
while [ $# -gt 1 ]; do
	case $1 in
	--queries) queries=$2; shift 2 ;;
	--zones) zones=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	--kernel) kernel=1; shift ;;
	*) echo "compare-answers: unknown argument $1" >&2; exit 2 ;;
	esac
done
results=$1
need holdfast-dataplane nsd kdig unbound dnssec-signzone
test_path
python3 -B "$here/d1_world.py" --seed "$seed" --zones "$zones" --queries "$queries" "$LAB_DIR" || exit 1
test_world_up
# an address without a server
test_authority_address 203.0.113.240/24
lab_address resolver r0 192.0.2.54/24 2001:db8:2::54/64

settings=("resolver:" "  root-hints: $LAB_DIR/root.hints")
if [ -n "$kernel" ]; then
	test_fastpath_config
	test_daemon
else
	test_config "${settings[@]}"
fi
sed -i 's/size: 64M/size: 256M/' "$LAB_DIR/holdfast.yaml"
test_dataplane

unbound_config 192.0.2.54 2001:db8:2::54 'prefetch: yes' 'rrset-roundrobin: no' 'ede: yes' 'deny-any: no' 'hide-version: yes' \
	'hide-identity: yes' 'incoming-num-tcp: 200' 'outgoing-range: 4096' 'msg-cache-size: 128m' 'rrset-cache-size: 128m'
lab_start resolver unbound unbound -d -c "$LAB_DIR/unbound.conf"
lab_wait_tcp resolver 192.0.2.54 53 || { cat "$LAB_DIR/unbound.log"; exit 1; }

version=$(unbound -V 2> /dev/null | awk 'NR == 1 { print $2 }')
lab_run client python3 -B "$here/compare_answers.py" --queries "$LAB_DIR/d1.tsv" --zones "$LAB_DIR/zones" \
	--known "$here/compare-answers.json" --report "$results" \
	--heading "compare-answers: holdfast (sockets${kernel:+ and kernel path}) beside unbound $version, $queries queries, seed $seed" \
	holdfast=192.0.2.53,2001:db8:2::53 unbound=192.0.2.54,2001:db8:2::54
status=$?
cp "$LAB_DIR/shares.json" "$results/"
for name in dataplane unbound; do
	lab_alive "$name" || { echo "$name died"; tail -n 20 "$LAB_DIR/$name.log"; status=1; }
done
[ -z "$kernel" ] || printf 'answered in the kernel: %s\n' "$(counter kernel answered)" | tee -a "$results/report.txt"
exit $status
