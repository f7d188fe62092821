# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# A laboratory of network namespaces: sourced by tools/quickstart and by the system tests.
#
#	lab_begin			a laboratory of its own; what dead runs left is removed first
#	lab_netns ROLE...		namespaces holdfast-ID-ROLE, loopback up
#	lab_veth ROLE IF ROLE IF	a veth pair, both ends up, transmit checksum offload off
#	lab_address ROLE IF ADDR/LEN...	addresses, usable at once
#	lab_run ROLE COMMAND...		in the foreground; dies with this script
#	lab_spawn ROLE COMMAND...	the same in the background; its pid for `wait` in $LAB_PID
#	lab_start ROLE NAME COMMAND...	in the background; log in $LAB_DIR/NAME.log, pid in $LAB_PID
#	lab_alive NAME | lab_stop NAME | lab_kill9 NAME
#	lab_wait SECONDS TEXT COMMAND...	until COMMAND succeeds, else 1 and TEXT on stderr
#	lab_wait_tcp ROLE ADDR PORT [SECONDS]
#	lab_path			the usual three namespaces, linked and addressed (see there)
#	lab_pass_program ROLE IF FILE	a veth end without an XDP program does not get what its peer sends by XDP_TX
#	lab_pins			makes $LAB_PINS, a directory in bpffs of this laboratory's own
#	lab_nsd ROLE NAME "ADDR..." ORIGIN=ZONEFILE...	an NSD of its own, waited for; port 53
#	lab_end				everything down; also run by the exit trap
#
# Everything made is written down below /run/holdfast-lab/ID/ before it is made, so that a later run can remove
# what a killed one left. A process is known by pid and start time, its children by session and namespace:
# nothing else is ever killed.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LAB_STATE=/run/holdfast-lab
LAB_DIR=
LAB_ID=

lab_note() { printf '%s\n' "$*" >&2; }

# The kernel's start time of a process in clock ticks; with the pid it names a process for good.
_lab_start_time()
{
	local stat
	{ read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
	# the command name may hold spaces and parentheses: count behind the last one
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	printf '%s' "${20}"
}

_lab_is() # PID START_TIME: still that very process, and not a zombie
{
	local stat
	[ "$(_lab_start_time "$1")" = "$2" ] || return 1
	{ read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }
	[ "${stat%% *}" != Z ]
}

_lab_session() # PID
{
	local stat
	{ read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	printf '%s' "$4"
}

# Pids of a laboratory that still run: those recorded, and their children, which share session and namespace.
_lab_processes() # DIR [NAME]
{
	local dir=$1 want=${2:-} pid start name session known=" "
	local -a links=()

	[ -f "$dir/processes" ] || return 0
	while read -r pid start name; do
		[ -z "$want" ] || [ "$name" = "$want" ] || continue
		known+="$pid "
		! _lab_is "$pid" "$start" || printf '%s\n' "$pid"
	done < "$dir/processes"
	[ -f "$dir/namespaces" ] || return 0
	while read -r name; do
		[ ! -e "/run/netns/$name" ] || links+=(-o -lname "net:\\[$(stat -Lc %i "/run/netns/$name")\\]")
	done < "$dir/namespaces"
	[ ${#links[@]} != 0 ] || return 0
	find /proc -mindepth 3 -maxdepth 3 -path '/proc/[0-9]*/ns/net' \( "${links[@]:1}" \) 2>/dev/null |
	while IFS=/ read -r _ _ pid _; do
		session=$(_lab_session "$pid") || continue
		[ "$session" = "$pid" ] || [[ $known != *" $session "* ]] || printf '%s\n' "$pid"
	done
}

_lab_signal() # DIR SIGNAL [NAME]: sends it; 1 when nothing runs any more
{
	local pids
	pids=$(_lab_processes "$1" "${3:-}")
	[ -n "$pids" ] || return 1
	# shellcheck disable=SC2086
	kill -s "$2" $pids 2>/dev/null
	return 0
}

_lab_end_processes() # DIR [NAME]
{
	local try
	_lab_signal "$1" TERM "${2:-}" || return 0
	for try in {1..50}; do
		[ -n "$(_lab_processes "$1" "${2:-}")" ] || return 0
		[ "$try" != 40 ] || _lab_signal "$1" KILL "${2:-}"
		sleep 0.1
	done
	return 1
}

lab_remove() # DIR: takes a laboratory down, whoever made it
{
	local dir=$1 name status=0

	if ! _lab_end_processes "$dir"; then
		lab_note "lab ${dir##*/}: these processes do not end: $(_lab_processes "$dir" | tr '\n' ' ')"
		status=1
	fi
	if [ -f "$dir/namespaces" ]; then
		while read -r name; do
			[ ! -e "/run/netns/$name" ] || ip netns delete "$name" || status=1
		done < "$dir/namespaces"
	fi
	if [ -f "$dir/pins" ]; then
		while read -r name; do
			case $name in
			/sys/fs/bpf/holdfast-lab-*) [ ! -e "$name" ] || rm -rf "$name" || status=1 ;;
			esac
		done < "$dir/pins"
	fi
	[ "$status" != 0 ] || rm -rf "$dir"
	return "$status"
}

# Who owns a laboratory: running | kept | dead
lab_owner_state() # DIR
{
	local pid start
	[ ! -e "$1/kept" ] || { echo kept; return; }
	if ! { read -r pid start < "$1/owner"; } 2>/dev/null; then
		# lab_begin makes the directory and then this file: a young directory may be about to get it
		[ -n "$(find "$1" -maxdepth 0 -mmin +1 2>/dev/null)" ] && echo dead || echo running
		return
	fi
	_lab_is "$pid" "$start" && echo running || echo dead
}

# Removes what killed runs left. Several may sweep at once: one at a time.
lab_sweep()
{
	local dir
	[ -d "$LAB_STATE" ] || return 0
	exec {_lab_lock}> "$LAB_STATE/lock"
	flock "$_lab_lock"
	for dir in "$LAB_STATE"/*/; do
		dir=${dir%/}
		[ -d "$dir" ] && [ "$(lab_owner_state "$dir")" = dead ] || continue
		lab_note "removing what the dead run ${dir##*/} left"
		lab_remove "$dir"
	done
	exec {_lab_lock}>&-
}

lab_begin()
{
	if [ "$(id -u)" != 0 ]; then
		lab_note "needs root: namespaces are made here"
		return 77
	fi
	mkdir -p "$LAB_STATE" || return
	lab_sweep
	LAB_ID=$$
	while ! mkdir "$LAB_STATE/$LAB_ID" 2>/dev/null; do
		LAB_ID=$((LAB_ID + 100000))
	done
	LAB_DIR=$LAB_STATE/$LAB_ID
	printf '%s %s\n' $$ "$(_lab_start_time $$)" > "$LAB_DIR/owner"
	trap lab_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if ! ip netns add "holdfast-$LAB_ID-probe" 2>"$LAB_DIR/probe"; then
		lab_note "no network namespace can be made here: $(cat "$LAB_DIR/probe")"
		return 77
	fi
	ip netns delete "holdfast-$LAB_ID-probe"
}

lab_end()
{
	local status=$?
	trap '' HUP INT TERM
	trap - EXIT
	if [ -n "$LAB_DIR" ] && [ -d "$LAB_DIR" ]; then
		if [ -n "${LAB_SAVE_LOGS:-}" ] && [ "$status" != 0 ] && [ "$status" != 77 ]; then
			mkdir -p "$LAB_SAVE_LOGS" && cp "$LAB_DIR"/*.log "$LAB_DIR"/*.yaml "$LAB_SAVE_LOGS/" 2>/dev/null
		fi
		lab_remove "$LAB_DIR" || [ "$status" != 0 ] || status=1
	fi
	exit "$status"
}

# The run is over, the laboratory stays until lab_remove (quickstart --down).
lab_keep()
{
	touch "$LAB_DIR/kept"
	trap - EXIT HUP INT TERM
}

lab_netns_name() { printf 'holdfast-%s-%s' "$LAB_ID" "$1"; }

lab_netns() # ROLE...
{
	local role name
	for role; do
		name=$(lab_netns_name "$role")
		printf '%s\n' "$name" >> "$LAB_DIR/namespaces"
		ip netns add "$name" && ip -n "$name" link set lo up || return
		# forwarded nothing, filtered nothing; duplicate address detection would delay every IPv6 address
		lab_run "$role" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 || return
	done
}

lab_veth() # ROLE IF ROLE IF
{
	local a b
	a=$(lab_netns_name "$1") b=$(lab_netns_name "$3")
	ip link add "$2" netns "$a" type veth peer name "$4" netns "$b" || return
	# a veth hands over packets whose UDP checksum was never filled in; XDP programs and AF_XDP see it
	lab_run "$1" ethtool -K "$2" tx off > /dev/null && lab_run "$3" ethtool -K "$4" tx off > /dev/null || return
	ip -n "$a" link set "$2" up && ip -n "$b" link set "$4" up
}

lab_address() # ROLE IF ADDR/LEN...
{
	local name interface=$2 address
	name=$(lab_netns_name "$1")
	shift 2
	for address; do
		case $address in
		*:*) printf 'address add %s dev %s nodad\n' "$address" "$interface" ;;
		*) printf 'address add %s dev %s\n' "$address" "$interface" ;;
		esac
	done | ip -n "$name" -batch -
}

# nsenter and not `ip netns exec`, which hides bpffs behind a new /sys.
lab_run() # ROLE COMMAND...
{
	local role=$1
	shift
	setpriv --pdeathsig KILL nsenter --net="/run/netns/$(lab_netns_name "$role")" -- "$@"
}

lab_spawn() # ROLE COMMAND...
{
	local role=$1
	shift
	setpriv --pdeathsig KILL nsenter --net="/run/netns/$(lab_netns_name "$role")" -- "$@" &
	LAB_PID=$!
}

lab_start() # ROLE NAME COMMAND...
{
	local role=$1 name=$2 self
	shift 2
	(
		# the process writes itself down before it becomes the command: a killed script leaves no stranger
		trap - EXIT HUP INT TERM
		self=$BASHPID # inside $() it would be another's
		printf '%s %s %s\n' "$self" "$(_lab_start_time "$self")" "$name" >> "$LAB_DIR/processes"
		exec setsid nsenter --net="/run/netns/$(lab_netns_name "$role")" -- "$@" \
			< /dev/null >> "$LAB_DIR/$name.log" 2>&1
	) &
	LAB_PID=$!
	disown "$LAB_PID"
	until grep -q "^$LAB_PID " "$LAB_DIR/processes" 2>/dev/null; do
		sleep 0.01
	done
}

lab_pid() # NAME: the newest of that name
{
	awk -v name="$1" '$3 == name { pid = $1 } END { if (!pid) exit 1; print pid }' "$LAB_DIR/processes"
}

lab_alive() { [ -n "$(_lab_processes "$LAB_DIR" "$1")" ]; }
lab_stop() { _lab_end_processes "$LAB_DIR" "$1"; }
lab_kill9() { _lab_signal "$LAB_DIR" KILL "$1"; }

lab_wait() # SECONDS TEXT COMMAND...
{
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) text=$2
	shift 2
	until "$@" 2>/dev/null; do
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$end" ]; then
			lab_note "waited in vain: $text"
			return 1
		fi
		sleep 0.05
	done
}

_lab_tcp_accepts() { lab_run "$1" bash -c "exec 3<>'/dev/tcp/$2/$3'"; }

lab_wait_tcp() # ROLE ADDR PORT [SECONDS]
{
	lab_wait "${4:-10}" "TCP port $3 of $2 accepts" _lab_tcp_accepts "$1" "$2" "$3"
}

# client c0 ── r0 resolver r1 ── a0 authority; the resolver's service addresses are 192.0.2.53 and 2001:db8:2::53,
# authorities get theirs from 198.51.100.0/24, 203.0.113.0/24 and 2001:db8:a::/64.
lab_path()
{
	lab_netns client resolver authority &&
		lab_veth client c0 resolver r0 && lab_veth resolver r1 authority a0 &&
		lab_address client c0 192.0.2.2/24 2001:db8:2::2/64 &&
		lab_address resolver r0 192.0.2.53/24 2001:db8:2::53/64 &&
		lab_address resolver r1 198.51.100.1/24 203.0.113.1/24 2001:db8:a::1/64
}

lab_pass_program() # ROLE IF FILE
{
	ip -n "$(lab_netns_name "$1")" link set dev "$2" xdp obj "$3" sec xdp
}

lab_pins()
{
	# one at a time: a second mount would hide the first one's pins
	if ! flock "$LAB_STATE/lock" sh -c 'mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf'; then
		lab_note "no bpffs: mount -t bpf bpf /sys/fs/bpf failed"
		return 1
	fi
	LAB_PINS=/sys/fs/bpf/holdfast-lab-$LAB_ID
	printf '%s\n' "$LAB_PINS" >> "$LAB_DIR/pins"
	mkdir -p "$LAB_PINS"
}

# Where a program or object of the project's build, or of the system, is; 1 if nowhere.
lab_program() # BUILD NAME
{
	local directory
	for directory in "$1" "$1"/dataplane "$1"/dataplane/io "$1"/control "$1"/tools "$1"/bpf; do
		if [ -f "$directory/$2" ]; then
			printf '%s' "$directory/$2"
			return 0
		fi
	done
	command -v "$2"
}

# One process of NSD for each set of addresses; a server that holds a zone and its parent gives no referral.
lab_nsd() # ROLE NAME "ADDR..." ORIGIN=ZONEFILE...
{
	local role=$1 name=$2 address zone
	local -a addresses
	read -r -d '' -a addresses <<< "$3" || : # always 1: no end mark follows
	shift 3
	mkdir -p "$LAB_DIR/$name" || return
	{
		# a namespace may know no user but uid 0, and a laboratory keeps no state
		cat <<- END
			server:
			    server-count: 1
			    username: ""
			    database: ""
			    zonesdir: "$LAB_DIR"
			    xfrdir: "$LAB_DIR/$name"
			    zonelistfile: "$LAB_DIR/$name/zone.list"
			    xfrdfile: "$LAB_DIR/$name/xfrd.state"
			    pidfile: "$LAB_DIR/$name/pid"
			    cookie-secret-file: "$LAB_DIR/$name/cookies"
			    rrl-ratelimit: 0
			    rrl-whitelist-ratelimit: 0
			    tcp-count: 200
			    hide-version: yes
			remote-control:
			    control-enable: no
		END
		printf 'server:\n'
		for address in "${addresses[@]}"; do
			printf '    ip-address: %s\n' "$address"
		done
		for zone; do
			if [ "${zone%%=*}" = include ]; then
				printf 'include: "%s"\n' "${zone#*=}"
			else
				printf 'zone:\n    name: "%s"\n    zonefile: "%s"\n' "${zone%%=*}" "${zone#*=}"
			fi
		done
	} > "$LAB_DIR/$name/nsd.conf"
	lab_start "$role" "$name" nsd -d -c "$LAB_DIR/$name/nsd.conf"
	if ! _lab_nsd_up "$role" "$name" "${addresses[0]}"; then
		lab_note "NSD $name did not come up:"
		tail -n 5 "$LAB_DIR/$name.log" >&2
		return 1
	fi
}

# Its sockets accept while it still reads zones: only a reply tells that it is up.
_lab_nsd_up() # ROLE NAME ADDR
{
	local end=$((SECONDS + 120))
	while [ $SECONDS -lt "$end" ]; do
		! lab_run "$1" kdig +time=1 +retry=0 "@$3" . SOA > /dev/null 2>&1 || return 0
		lab_alive "$2" || return 1
		sleep 0.1
	done
	return 1
}
