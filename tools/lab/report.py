#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table at the end of tools/quickstart, and whether the figures hold.

    report.py DIRECTORY

DIRECTORY holds, of the runs `ceiling` and `half` and of the comparison `compare`, RUN.before.json and RUN.after.json
(`holdfastctl -j stats`); of the runs RUN.dnsperf (dnsperf's output); half.latencies (its -v lines); compare.json. Ends 0
only if every figure holds.
"""
import json
import os
import re
import sys

KERNEL_SHARE = 85.0  # per cent of all queries
COMPARED = 10000     # answers


def load(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return json.load(file)


def figures(directory, run):
    """How much each layer did between two readings of the counters."""
    before, after = load(directory, run + ".before.json"), load(directory, run + ".after.json")

    def delta(layer, counter):
        return after[layer][counter] - before[layer][counter]

    return {"kernel": delta("kernel", "answered"), "workers": delta("workers", "cache_hits"),
            "recursion": delta("workers", "misses")}


def dnsperf(directory, run):
    with open(os.path.join(directory, run + ".dnsperf"), encoding="utf-8") as file:
        text = file.read()

    def number(pattern):
        match = re.search(pattern, text)
        if not match:
            sys.exit("report.py: dnsperf's output of run %r has no %r" % (run, pattern))
        return float(match.group(1))

    rcodes = re.search(r"Response codes:\s+(.*)", text)
    return {"sent": int(number(r"Queries sent:\s+(\d+)")), "lost": int(number(r"Queries lost:\s+(\d+)")),
            "completed": int(number(r"Queries completed:\s+(\d+)")),
            "rate": number(r"Queries per second:\s+([\d.]+)"), "seconds": number(r"Run time \(s\):\s+([\d.]+)"),
            "average": number(r"Average Latency \(s\):\s+([\d.]+)"),
            "rcodes": re.findall(r"(\w+) (\d+) \(", rcodes.group(1) if rcodes else "")}


def percentiles(directory, run):
    latencies = []
    with open(os.path.join(directory, run + ".latencies"), encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if len(words) == 5 and words[0] == ">":  # > RCODE NAME TYPE SECONDS; timeouts have no time
                latencies.append(float(words[4]))
    if not latencies:
        return None
    latencies.sort()
    return tuple(latencies[min(len(latencies) - 1, int(len(latencies) * part))] for part in (0.50, 0.99))


def milliseconds(seconds):
    return "%.3f ms" % (1000 * seconds)


def share(part, whole):
    return "%.2f %%" % (100.0 * part / whole) if whole else "-"


def main():
    directory = sys.argv[1]
    runs = {run: dnsperf(directory, run) for run in ("ceiling", "half")}
    layers = {run: figures(directory, run) for run in ("ceiling", "half", "compare")}
    compared, latency = load(directory, "compare.json"), percentiles(directory, "half")

    rows = [("", "as fast as dnsperf goes", "at half of that")]
    rows.append(("queries", *("%d in %.1f s" % (runs[r]["sent"], runs[r]["seconds"]) for r in runs)))
    rows.append(("queries per second", *("%.0f" % runs[r]["rate"] for r in runs)))
    for layer, text in (("kernel", "answered in the kernel"), ("workers", "by workers, from cache"),
                        ("recursion", "by recursion")):
        rows.append((text, *("%s  (%d)" % (share(layers[r][layer], runs[r]["sent"]), layers[r][layer]) for r in runs)))
    for rcode in sorted({name for r in runs for name, _ in runs[r]["rcodes"]}):
        rows.append((rcode, *(dict(runs[r]["rcodes"]).get(rcode, "0") for r in runs)))
    rows.append(("mean latency", *(milliseconds(runs[r]["average"]) for r in runs)))
    rows.append(("latency p50", "", milliseconds(latency[0]) if latency else "-"))
    rows.append(("latency p99", "", milliseconds(latency[1]) if latency else "-"))
    rows.append(("lost", *("%d" % runs[r]["lost"] for r in runs)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print()
    for number, row in enumerate(rows):
        print("  %-*s  %*s  %*s" % (widths[0], row[0], widths[1], row[1], widths[2], row[2]))
        if number == 0:
            print("  " + "-" * (sum(widths) + 4))
    print("\n  %d answers compared with the zone data (%d from the kernel, %d from workers' cache, %d by recursion): %d wrong"
          "\n" % (compared["checked"], layers["compare"]["kernel"], layers["compare"]["workers"],
                  layers["compare"]["recursion"], compared["wrong"]))

    kernel = 100.0 * layers["ceiling"]["kernel"] / max(1, runs["ceiling"]["sent"])
    servfail = sum(int(dict(runs[r]["rcodes"]).get("SERVFAIL", 0)) for r in runs)
    verdicts = [("at least %.0f %% of the queries answered in the kernel: %.2f %%" % (KERNEL_SHARE, kernel),
                 kernel >= KERNEL_SHARE),
                ("at least %d answers compared, 0 wrong" % COMPARED,
                 compared["checked"] >= COMPARED and compared["wrong"] == 0),
                ("no query lost at half of the ceiling: %d of %d" % (runs["half"]["lost"], runs["half"]["sent"]),
                 runs["half"]["lost"] == 0 and runs["half"]["sent"] > 0),
                ("no SERVFAIL in either run: %d" % servfail, servfail == 0)]
    for text, holds in verdicts:
        print("  %-6s %s" % ("ok" if holds else "FAILED", text))
    return 0 if all(holds for _, holds in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
