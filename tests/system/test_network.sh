#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The network runner of replay scenarios and its daemon: the clock that is moved by hand, and that the runner sees when a daemon does
# not do what it should. The scenarios themselves are played by other tests (tests/replay/meson.build).
. "$(dirname "$0")/lab.sh"

network=$HF_BUILD/tests/network
daemon=$HF_BUILD/tests/holdfast-dataplane-testclock
[ -x "$network" ] && [ -x "$daemon" ] || skip 'no network runner here: the build has no -Dtest-clock=true'
lab_begin || exit
lab_netns alone || exit 1
scenarios=$TEST_SOURCE/tests/replay/scenarios

# ---- the clock ----

wall=1700000000
test_config
sed -i "/^listen:/s/.*/listen: ['127.0.0.1:5300']/; /http:/s/: .*/: off/" "$LAB_DIR/holdfast.yaml"

without_clock() { env -u HOLDFAST_TEST_CLOCK_SOCKET -u HOLDFAST_TEST_CLOCK_WALL "$daemon" -c "$LAB_DIR/holdfast.yaml" 2>&1; }
check 'without a clock to move the test build does not start' fails without_clock
check 'and says what it is' shows 'this is a test build' without_clock

installed() { meson introspect --installed "$HF_BUILD"; }
check 'the program of every day is installed' shows 'holdfast-dataplane"' installed
nothing_of_it() { installed > "$LAB_DIR/installed" && ! grep -E 'testclock|/tests/' "$LAB_DIR/installed"; }
check 'nothing of the test build is' nothing_of_it

lab_start alone dataplane env HOLDFAST_TEST_CLOCK_SOCKET="$LAB_DIR/clock.sock" HOLDFAST_TEST_CLOCK_WALL=$wall \
	"$daemon" -c "$LAB_DIR/holdfast.yaml"
check 'with one it starts' lab_wait_tcp alone 127.0.0.1 5300 60
check 'its log says that it is a test build' grep -q 'event=test-clock' "$LAB_DIR/dataplane.log"

clock() # REQUEST...: the replies, a line each
{
	python3 -B - "$LAB_DIR/clock.sock" "$@" << 'END'
import socket, sys
with socket.socket(socket.AF_UNIX) as clock:
    clock.settimeout(60)
    clock.connect(sys.argv[1])
    stream = clock.makefile("rw")
    for request in sys.argv[2:]:
        stream.write(request + "\n")
        stream.flush()
        print(stream.readline().strip())
END
}
begins_with() # TEXT COMMAND...
{
	local text=$1 output
	shift
	output=$("$@") && [[ $output == "$text"* ]] || { printf 'got %s\n' "$output"; return 1; }
}
check 'the clock stands at its begin' begins_with '1000000000000 ' clock settle
sleep 0.2
check 'and still stands there' begins_with '1000000000000 ' clock settle
check 'a step moves it by so much' begins_with '1002500000000 ' clock 'step 2500000000'
check 'an hour is one step' begins_with '4602500000000 ' clock 'step 3600000000000'
check 'what is no request is refused' begins_with 'unknown request' clock 'step back'
lab_stop dataplane
check 'wall time went with it' grep -q "time=$(date -u -d @$((wall + 3602)) +%Y-%m-%dT%H:%M:%SZ) .*event=stopping" \
	"$LAB_DIR/dataplane.log"
check 'no complaint of a sanitizer' sanitizers_silent dataplane

# ---- a daemon that does not do what it should ----

mkdir "$LAB_DIR/runner"
cp "$network" "$LAB_DIR/runner/network"
fake() # NAME TEXT SCRIPT: with this daemon, the scenario fails for this reason
{
	printf '#!/bin/sh\nreal=%s\n%s\n' "$daemon" "$3" > "$LAB_DIR/runner/holdfast-dataplane-testclock"
	chmod +x "$LAB_DIR/runner/holdfast-dataplane-testclock"
	reported() { "$LAB_DIR/runner/network" "$scenarios/any.rpl"; }
	check "$1" shows "$2" reported
	check "$1: the run fails" fails reported
}
fake 'a daemon that does not start' 'the daemon did not start' 'echo "cannot: reason" >&2; exit 1'
check 'and its own words are shown' shows 'cannot: reason' "$LAB_DIR/runner/network" "$scenarios/any.rpl"
fake 'a daemon that ends badly' "the daemon's exit status is 3" \
	'"$real" "$@" & trap "kill $!" TERM; wait $!; wait $!; exit 3'
fake 'a daemon that a sanitizer complains of' 'a sanitizer complains' 'echo "x.c:1: runtime error: y" >&2; exec "$real" "$@"'
fake 'a daemon that is killed when it was just ready' 'the daemon is gone|the daemon.s clock|killed by signal 9' \
	'"$real" "$@" & trap "" TERM; while [ -e "${NOTIFY_SOCKET%/*}" ]; do sleep 0.01; done; kill -9 $!; kill -9 $$'
printf '#!/bin/sh\nexec %s "$@"\n' "$daemon" > "$LAB_DIR/runner/holdfast-dataplane-testclock"
check 'with the real one it passes' "$LAB_DIR/runner/network" "$scenarios/any.rpl"

# ---- what is left behind ----

mkdir "$LAB_DIR/t"
check 'files are played at once, reported in order' equals \
	"$(TMPDIR=$LAB_DIR/t "$network" --jobs 3 "$scenarios"/a*.rpl "$scenarios"/dname*.rpl | cut -d' ' -f1,3)" \
	"$(TMPDIR=$LAB_DIR/t "$network" "$scenarios"/a*.rpl "$scenarios"/dname*.rpl | cut -d' ' -f1,3)"
check 'their folders are gone' fails ls -d "$LAB_DIR"/t/holdfast-replay.*

killed_runner()
{
	local runner tree process end=$((SECONDS + 60))
	"$network" --jobs 2 "$scenarios"/*.rpl > "$LAB_DIR/killed.out" 2>&1 &
	runner=$!
	until [ -s "$LAB_DIR/killed.out" ] || ! kill -0 "$runner" 2> /dev/null; do sleep 0.05; done
	until tree=$(ps -o pid= --ppid "$(ps -o pid= --ppid $runner | paste -sd,)" 2> /dev/null); do
		kill -0 "$runner" 2> /dev/null && [ $SECONDS -lt $end ] || { echo 'no daemon of it was seen'; return 1; }
		sleep 0.01
	done
	tree="$(ps -o pid= --ppid $runner) $tree"
	kill -9 "$runner"
	wait "$runner" 2> /dev/null
	end=$((SECONDS + 20))
	for process in $tree; do
		while kill -0 "$process" 2> /dev/null; do
			[ $SECONDS -lt $end ] || { echo "process $process lives on"; return 1; }
			sleep 0.05
		done
	done
}
check 'when the runner is killed, what it started goes too' killed_runner
check 'and the next run passes' "$network" "$scenarios/any.rpl"
finish
