#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What DNSSEC validation costs; run by `bench/run dnssec`.
#
#	HF_BUILD=DIR dnssec.sh [--zones N] [--rounds N] [--instances N] [--flood N] [--parts "checks cold probes floods"] RESULTS
#
# checks: signature checks a second beside `openssl speed`, on CPU 0. cold: names of signed zones, each zone once, by holdfast and unbound
# in turn, each run a new process; CPU 0 has the resolver alone. probes: one question for each of some zones that want to cost much, in
# turn with benign ones of the same algorithm. floods: 400 questions a second for names of one such zone, with 200 a second for benign
# zones not seen before. The world is dnssec_world.py's.
. "$(dirname "$0")/../tests/system/lab.sh"
here=$TEST_SOURCE/bench
. "$here/resolvers.sh"
zones=4000 rounds=7 instances=20 flood=2000 parts='checks cold probes floods'
while [ $# -gt 1 ]; do
	case $1 in
	--zones) zones=$2 ;;
	--rounds) rounds=$2 ;;
	--instances) instances=$2 ;;
	--flood) flood=$2 ;;
	--parts) parts=$2 ;;
	*) echo "dnssec: unknown argument $1" >&2; exit 2 ;;
	esac
	shift 2
done
results=$1
bench_needs dnssec dnsperf nsd kdig taskset unbound openssl
need holdfast-dataplane
test_path
python3 -B "$here/dnssec_world.py" --zones "$zones" --instances "$instances" --flood "$flood" "$LAB_DIR" || exit 1
part() { [[ " $parts " == *" $1 "* ]]; }
measure() { python3 -B "$here/dnssec.py" "$@"; }

if part checks; then
	measure checks --directory "$LAB_DIR" --program "$HF_BUILD/bench/bench_dnssec" --rounds "$rounds" || exit 1
fi

test_world_up
authorities_to_cpu1
cache=$((256 << 20))
test_config "resolver:" "  root-hints: $LAB_DIR/root.hints" "  prefetch: false" \
	"validation:" "  trust-anchor-file: $LAB_DIR/anchor.ds" "  trust-anchor-signals: false"
sed -i "s/size: 64M/size: 256M/" "$LAB_DIR/holdfast.yaml"
unbound_config 192.0.2.53 2001:db8:2::53 'prefetch: no' "msg-cache-size: $((cache / 3))" "rrset-cache-size: $((cache - cache / 3))" \
	'outgoing-range: 8192' 'so-rcvbuf: 4m' 'so-sndbuf: 4m' "trust-anchor-file: \"$LAB_DIR/anchor.ds\"" \
	'trust-anchor-signaling: no' 'aggressive-nsec: yes' 'statistics-interval: 0'
sed -i 's/module-config: "iterator"/module-config: "validator iterator"/' "$LAB_DIR/unbound.conf"

start() # NAME
{
	local command=("$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml")
	[ "$1" = holdfast ] || command=(unbound -d -c "$LAB_DIR/unbound.conf")
	start_resolver dnssec "$1" "${command[@]}"
}
stats() { lab_run resolver "$(program holdfastctl)" -j -s "$LAB_DIR/dataplane.sock" stats > "$LAB_DIR/$1" || :; }

if part cold; then
	names=(holdfast unbound)
	for ((round = 0; round <= rounds; round++)); do
		for n in 0 1; do
			name=${names[(n + round) % 2]}
			start "$name" || exit 1
			python3 -B "$here/recursion.py" run --name "$name" --round "$round" --pid "$server_pid" --authorities "$(authority_pids)" \
				--client-namespace "$(lab_netns_name client)" --authority-namespace "$(lab_netns_name authority)" --dnssec-ok \
				--questions "$LAB_DIR/cold.txt" --outstanding 50 --directory "$LAB_DIR" || exit 1
			[ "$round" != 0 ] || lab_run client python3 -B "$here/dnssec.py" answers --directory "$LAB_DIR" --name "$name" || exit 1
			[ "$name" != holdfast ] || stats stats-cold.json
			lab_stop "$name"
		done
	done
fi
if part probes; then
	start holdfast || exit 1
	lab_run client python3 -B "$here/dnssec.py" probes --directory "$LAB_DIR" --pid "$server_pid" || exit 1
	stats stats-probes.json
	lab_stop holdfast
fi
if part floods; then
	for kind in $(measure kinds --directory "$LAB_DIR"); do
		start holdfast || exit 1
		lab_run client python3 -B "$here/dnssec.py" flood --directory "$LAB_DIR" --pid "$server_pid" --kind "$kind" || exit 1
		stats "stats-flood-$kind.json"
		lab_alive holdfast || { echo "dnssec: holdfast died:" >&2; tail -n 20 "$LAB_DIR/holdfast.log" >&2; exit 1; }
		lab_stop holdfast
	done
fi
mkdir -p "$results"
cp "$LAB_DIR"/holdfast.yaml "$LAB_DIR"/unbound.conf "$results/"
cp "$LAB_DIR"/stats-*.json "$results/" 2> /dev/null
measure report --directory "$LAB_DIR" --results "$results"
