# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What benchmarks share that set resolvers beside each other; where CPU time is compared, the resolver has CPU 0 and all else CPU 1.

bench_needs() # BENCH PROGRAM...
{
	local name bench=$1 missing=()
	for name in "${@:2}"; do
		command -v "$name" > /dev/null || missing+=("$name")
	done
	if [ ${#missing[@]} != 0 ]; then
		echo "$bench: not here: ${missing[*]} (packages: tests/packages.txt and bench/packages.txt)" >&2
		exit 1
	fi
	[ "$(nproc)" -ge 2 ] || { echo "$bench: needs two CPUs" >&2; exit 1; }
}

# The world's authorities to CPU 1: all that test_world_up started.
authorities_to_cpu1()
{
	local level pid child
	for level in root tld sld; do
		pid=$(lab_pid "$level")
		for child in $(_lab_processes "$LAB_DIR"); do
			[ "$child" = "$pid" ] || [ "$(_lab_session "$child")" = "$pid" ] && taskset -acp 1 "$child" > /dev/null
		done
	done
}

authority_pids() # with commas between
{
	local level
	for level in root tld sld; do
		lab_pid "$level"
	done | paste -sd,
}

# Starts a resolver on CPU 0 and waits until it listens; its pid is in server_pid.
start_resolver() # BENCH NAME COMMAND...
{
	local bench=$1 name=$2 end=$((SECONDS + 30))
	lab_start resolver "$name" taskset -c 0 "${@:3}"
	server_pid=$LAB_PID
	until _lab_tcp_accepts resolver 192.0.2.53 53 2> /dev/null; do
		if ! lab_alive "$name" || [ $SECONDS -ge "$end" ]; then
			echo "$bench: $name does not start:" >&2
			tail -n 10 "$LAB_DIR/$name.log" >&2
			return 1
		fi
		sleep 0.05
	done
	sleep 0.3
}

# The unbound beside holdfast: where both have a setting it is the same, and DNSSEC validation is off.

unbound_config() # IPV4 IPV6 [LINE…]: $LAB_DIR/unbound.conf; LINEs are further ones of its server clause
{
	cat <<- END > "$LAB_DIR/unbound.conf"
	server:
	    interface: $1
	    interface: $2
	    access-control: 0.0.0.0/0 allow
	    access-control: ::/0 allow
	    username: ""
	    chroot: ""
	    directory: "$LAB_DIR"
	    pidfile: "$LAB_DIR/unbound.pid"
	    use-syslog: no
	    root-hints: "$LAB_DIR/root.hints"
	    module-config: "iterator"
	    qname-minimisation: yes
	    use-caps-for-id: yes
	    minimal-responses: yes
	    edns-buffer-size: 1232
	    max-udp-size: 1232
	    num-threads: 1
	    num-queries-per-thread: 4096
	    cache-max-ttl: 86400
	    cache-max-negative-ttl: 3600
	$(printf '    %s\n' "${@:3}")
	remote-control:
	    control-enable: no
	END
}
