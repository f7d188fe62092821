#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Resolutions with an empty cache by holdfast, unbound and kresd, on the same authorities; run by `bench/run recursion`.
#
#	HF_BUILD=DIR recursion.sh [--queries N] [--zones N] [--rounds N] [--seed N] [--outstanding N] [--only NAME] [--yaml FILE] RESULTS
#
# CPU 0 has the resolver alone, CPU 1 the authorities and dnsperf. One resolver runs at a time, all at the same address; each run
# starts with a new process and ends when every question of the file was asked once. Rounds go through the three in turn,
# each round beginning with another. A run before them, not measured, takes every reply down for the comparison of rcodes.
# --only: one server alone, without comparison (for profiling); FILE: configuration sections to add to holdfast's.
. "$(dirname "$0")/../tests/system/lab.sh"
here=$TEST_SOURCE/bench
. "$here/resolvers.sh"
queries=100000 zones=4000 rounds=9 seed=1 outstanding=150 only='' yaml=''
while [ $# -gt 1 ]; do
	case $1 in
	--queries) queries=$2 ;;
	--zones) zones=$2 ;;
	--rounds) rounds=$2 ;;
	--seed) seed=$2 ;;
	--outstanding) outstanding=$2 ;;
	--only) only=$2 ;;
	--yaml) yaml=$2 ;;
	*) echo "recursion: unknown argument $1" >&2; exit 2 ;;
	esac
	shift 2
done
results=$1
servers=(holdfast unbound kresd)
[ -z "$only" ] || servers=("$only")
bench_needs recursion dnsperf nsd kdig taskset unbound kresd
need holdfast-dataplane
test_path
python3 -B "$here/recursion_world.py" --seed "$seed" --zones "$zones" --queries "$queries" "$LAB_DIR" || exit 1
test_world_up
authorities_to_cpu1

# ---- the three configurations ----

cache=$((256 << 20))
test_config "resolver:" "  root-hints: $LAB_DIR/root.hints" "  prefetch: false"
sed -i "s/size: 64M/size: 256M/" "$LAB_DIR/holdfast.yaml"
[ -z "$yaml" ] || cat "$yaml" >> "$LAB_DIR/holdfast.yaml"
# unbound splits the bytes between its two caches; its authors advise twice as many for RRsets.
unbound_config 192.0.2.53 2001:db8:2::53 'prefetch: no' "msg-cache-size: $((cache / 3))" \
	"rrset-cache-size: $((cache - cache / 3))" 'outgoing-range: 8192' 'so-rcvbuf: 4m' 'so-sndbuf: 4m' \
	'do-not-query-localhost: no' 'statistics-interval: 0'
cat > "$LAB_DIR/kresd.conf" << END
net.listen({'192.0.2.53', '2001:db8:2::53'}, 53, { kind = 'dns' })
cache.open($cache, 'lmdb://.')
cache.max_ttl(86400)
net.bufsize(1232)
trust_anchors.remove('.')
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('detect_time_skew')
modules.unload('detect_time_jump')
modules.load('hints')
hints.root_file('$LAB_DIR/root.hints')
log_level('err')
END
version_holdfast() { git -C "$TEST_SOURCE" describe --always --dirty 2> /dev/null || echo unknown; }
version_unbound() { unbound -V 2> /dev/null | awk 'NR == 1 { print $2 }'; }
version_kresd() { kresd --version | awk '{ print $NF }'; }
cat > "$LAB_DIR/settings.tsv" << END
version	$(version_holdfast)	$(version_unbound)	$(version_kresd)
DNSSEC validation off	enabled: false	module-config: iterator	trust_anchors.remove('.')
QNAME minimisation on	qname-minimisation: true	qname-minimisation: yes	default
letter case (0x20) on	case-randomization: true	use-caps-for-id: yes	default
threads that resolve	resolver-threads: 1 (clients: 1)	num-threads: 1	one process
packet I/O	io: sockets, no kernel path	sockets	sockets
cache, $((cache >> 20)) MiB, empty	size: 256M	msg $((cache / 3 >> 20))M + rrset $(((cache - cache / 3) >> 20))M	$((cache >> 20))M, in memory (tmpfs)
IPv4 and IPv6 towards servers	both	both	both
EDNS size	1232	1232	1232
prefetch off	prefetch: false	prefetch: no	not loaded
longest TTL	86400 (negative 3600)	86400 (negative 3600)	86400
source ports	drawn per query	drawn per query	the kernel's, per query
END

# ---- runs ----

start() # NAME
{
	case $1 in
	holdfast) start_resolver recursion "$1" "$(program holdfast-dataplane)" -c "$LAB_DIR/holdfast.yaml" ;;
	unbound) start_resolver recursion "$1" unbound -d -c "$LAB_DIR/unbound.conf" ;;
	kresd)
		rm -rf "$memory"
		mkdir "$memory" && start_resolver recursion "$1" kresd -n -c "$LAB_DIR/kresd.conf" "$memory"
		;;
	esac
}

run() # NAME ROUND
{
	start "$1" || return
	python3 -B "$here/recursion.py" run --name "$1" --round "$2" --pid "$server_pid" --authorities "$(authority_pids)" \
		--client-namespace "$(lab_netns_name client)" --authority-namespace "$(lab_netns_name authority)" \
		--questions "$LAB_DIR/cold.txt" --outstanding "$outstanding" --directory "$LAB_DIR" || return
	lab_alive "$1" || { echo "recursion: $1 died:" >&2; tail -n 20 "$LAB_DIR/$1.log" >&2; return 1; }
	[ "$1" != holdfast ] || lab_run resolver "$(program holdfastctl)" -j -s "$LAB_DIR/dataplane.sock" stats \
		> "$LAB_DIR/stats.json" 2> /dev/null || :
	lab_stop "$1"
}

memory=/dev/shm/holdfast-lab-$LAB_ID
trap 'rm -rf "$memory"; lab_end' EXIT
for ((round = 0; round <= rounds; round++)); do
	for ((n = 0; n < ${#servers[@]}; n++)); do
		run "${servers[(n + round) % ${#servers[@]}]}" "$round" || exit 1
	done
done
# what `upstream: auto` came to
printf 'queries towards servers\t%s\ta socket each\ta socket each\n' \
	"upstream: $(sed -n 's/.*event=ready.* upstream=\([a-z]*\).*/\1/p' "$LAB_DIR/holdfast.log" 2> /dev/null | tail -n 1)" \
	>> "$LAB_DIR/settings.tsv"
mkdir -p "$results"
cp "$LAB_DIR"/shares.json "$LAB_DIR"/unbound.conf "$LAB_DIR"/kresd.conf "$LAB_DIR"/holdfast.yaml "$results/"
[ ! -f "$LAB_DIR/stats.json" ] || cp "$LAB_DIR/stats.json" "$results/"
python3 -B "$here/recursion.py" report --directory "$LAB_DIR" --results "$results" --settings "$LAB_DIR/settings.tsv" \
	--heading "$queries questions, each once, in $zones zones; $outstanding outstanding; seed $seed" "${servers[@]}"
