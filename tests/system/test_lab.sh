#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The laboratory itself: what a killed run leaves is removed by the next one; another's lab, a kept lab and strangers are not.
. "$(dirname "$0")/lab.sh"
need nsd kdig
lab_begin || exit
lab_netns one || exit 1

# Another script with a lab of its own that says when it is up, and then stays.
cat > "$LAB_DIR/other.sh" << 'END'
. "$1/tools/lab/lab.sh"
lab_begin || exit
lab_netns there && lab_veth there a0 there b0 && lab_address there a0 192.0.2.1/24 && lab_pins || exit 1
printf 'example. 60 IN SOA ns.example. h.example. 1 2 3 4 5\nexample. 60 IN NS ns.example.\nns.example. 60 IN A 192.0.2.1\n' \
	> "$LAB_DIR/example.zone"
lab_nsd there nsd 192.0.2.1 example=example.zone || exit 1
lab_spawn there sleep 300
[ "$3" != keep ] || lab_keep
echo "$LAB_ID" > "$2"
[ "$3" = keep ] || wait
END
other() # MODE: its pid in $pid, its lab in $id
{
	rm -f "$LAB_DIR/id"
	bash "$LAB_DIR/other.sh" "$TEST_SOURCE" "$LAB_DIR/id" "$1" > "$LAB_DIR/other.log" 2>&1 &
	pid=$!
	lab_wait 30 'the other lab is up' [ -s "$LAB_DIR/id" ] || { cat "$LAB_DIR/other.log"; exit 1; }
	id=$(cat "$LAB_DIR/id")
}
left() # ID: what there still is of a lab
{
	ls -d "$LAB_STATE/$1" "/run/netns/holdfast-$1-"* "/sys/fs/bpf/holdfast-lab-$1" 2> /dev/null
	pgrep -f "$LAB_STATE/$1/"
}
gone() { equals "$(left "$1")" ''; }
down() { "$TEST_SOURCE/tools/quickstart" --down "$@"; }

other stay
check 'a lab in use is left alone by a sweep' lab_sweep
check 'and by --down' shows 'in use' down "$id"
check 'it is whole' [ "$(left "$id" | wc -l)" -ge 5 ]
kill -TERM "$pid"
check 'SIGTERM: it takes itself down' lab_wait 15 'all of it is gone' gone "$id"

other stay
kill -KILL "$pid"
nsenter --net="/run/netns/holdfast-$id-there" sleep 300 & # not the lab's, but in its namespace
stranger=$!
check 'kill -9: its NSD is still there' pgrep -f "$LAB_STATE/$id/"
check 'the next run sweeps' lab_sweep
check 'nothing of it is left' lab_wait 15 'all of it is gone' gone "$id"
check 'a stranger in its namespace lives' kill -0 "$stranger"
kill "$stranger"

other keep
wait "$pid"
check 'a kept lab outlives its run and a sweep' lab_sweep
check 'it still answers' shows '192.0.2.1' nsenter --net="/run/netns/holdfast-$id-there" kdig @192.0.2.1 ns.example A +short
check '--down takes it' down "$id"
check 'nothing of that is left either' gone "$id"
check 'our own was not touched' [ -e "/run/netns/$(lab_netns_name one)" ]

# A pid that lives again as something else is not killed.
sleep 300 &
innocent=$!
mkdir "$LAB_STATE/999999"
echo "999999 1" > "$LAB_STATE/999999/owner"
echo "$innocent 1 nsd" > "$LAB_STATE/999999/processes"
check 'a dead lab whose pid is somebody else now' lab_sweep
check 'that one lives' kill -0 "$innocent"
check 'and the lab is gone' [ ! -e "$LAB_STATE/999999" ]
kill "$innocent"
finish
