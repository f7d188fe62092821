#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads meson's test logs and prints one line a suite: programs and the cases they counted themselves.

Cases are counted from cmocka's "[  PASSED  ] N test(s)." and from a plain "N passed, N failed[, N skipped]" line.
What a program that passed left out it says in lines "skipped: REASON", which are shown.
Exit status 1 when anything failed, or a suite or a program ran nothing.
"""
import json
import pathlib
import re
import sys

CMOCKA = re.compile(r"\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)")
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SKIPPED = re.compile(r"^skipped: (.+)$", re.M)


def cases(output):
    """(passed, failed, skipped) as the program itself counted, or None when it did not count."""
    plain = PLAIN.findall(output)
    if plain:
        return tuple(int(n or 0) for n in plain[-1])
    found = CMOCKA.findall(output)
    if not found:
        return None
    totals = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for word, count in found:
        totals[word] += int(count)
    return totals["PASSED"], totals["FAILED"], totals["SKIPPED"]


def main(logs, suites):
    total = [0, 0, 0]
    bad = False
    for suite in suites:
        path = pathlib.Path(logs) / f"suite-{suite}.json"
        counts, programs, notes, seconds = [0, 0, 0], 0, [], 0.0
        for line in path.read_text().splitlines():
            test = json.loads(line)
            programs += 1
            seconds += test["duration"]
            output = test.get("stdout", "") + "\n" + test.get("stderr", "")
            result = test["result"]
            name = test["name"].split(" / ")[-1]
            counted = cases(output)
            if result == "SKIP":
                counted = (0, 0, 1)
                reason = [text for text in output.strip().splitlines() if text.strip()]
                notes.append(f"  skipped {name}: {reason[-1].strip() if reason else 'no reason given'}")
                if not reason:
                    bad = True
            elif result not in ("OK", "EXPECTEDFAIL"):
                passed, failed, skipped = counted or (0, 0, 0)
                counted = (passed, max(failed, 1), skipped)
                notes.append(f"  FAILED  {name} ({result.lower()}, exit status {test.get('returncode')})")
            else:
                reasons = SKIPPED.findall(output)
                passed, failed, skipped = counted or (1, 0, 0)
                counted = (passed, failed, max(skipped, len(reasons)))
                notes += [f"  skipped in {name}: {reason}" for reason in reasons]
                if failed:
                    notes.append(f"  FAILED  {name}: counted {failed} failed yet exited 0")
                elif not passed and not counted[2]:
                    counted = (0, 1, 0)
                    notes.append(f"  FAILED  {name}: ran no case")
            counts = [a + b for a, b in zip(counts, counted)]
        print(f"{suite:8} {programs:3} programs, {counts[0]:5} cases passed, {counts[1]} failed, "
              f"{counts[2]} skipped, {seconds:.0f} s")
        for note in notes:
            print(note)
        if counts[1] or not programs:
            bad = True
            if not programs:
                print("  FAILED  the suite ran nothing")
        total = [a + b for a, b in zip(total, counts)]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
