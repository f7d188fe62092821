#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The measuring part of bench/flood.sh; runs in the client's namespace.

    flood.py [--seconds S] [--runs N] [--results DIR] --server ADDR --programs DIR --directory DIR --label TEXT NAME=PID...

The slow path's capacity is the rate at which cold names are resolved as fast as dnsperf asks (closed loop, several runs, the
median). Then, interleaved: cached names and misses of other zones at fixed rates, alone and under a flood of random names at
twice the capacity: under one zone and under twenty, whose authorities answer at once, or never. Goodput counts NOERROR
answers within a second (paced_client.c). NAME=PID: processes whose use of CPU is shown.
"""
import argparse
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import time

CLIENT_CPU = "1"
CLIENTS = "192.0.2.128+8"
OTHERS, CACHED = 40, 1000
TARGETS = {"cached": 0.9, "misses": 0.8}
PHASES = [("no flood", None), ("1 zone, quick", ("quick", 1)), ("20 zones, quick", ("quick", 20)),
          ("1 zone, silent", ("silent", 1)), ("20 zones, silent", ("silent", 20))]


class Bench:
    def __init__(self, arguments):
        self.arguments, self.serial = arguments, 0
        self.processes = [text.split("=") for text in arguments.process]

    def path(self, name):
        return os.path.join(self.arguments.directory, name)

    def program(self, name):
        return os.path.join(self.arguments.programs, name)

    def cold_names(self, count):
        """A file of names that were never asked, spread over the other zones."""
        self.serial += 1
        path = self.path("cold.%d" % self.serial)
        with open(path, "w", encoding="ascii") as file:
            file.writelines("r%dn%d.other%d.com A\n" % (self.serial, n, n % OTHERS) for n in range(count))
        return path

    def dnsperf(self, path, *more):
        return subprocess.Popen(["taskset", "-c", CLIENT_CPU, "dnsperf", "-s", self.arguments.server, "-d", path, "-T", "1",
                                 "-t", "1", "-W", *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @staticmethod
    def figures(process):
        text, _ = process.communicate()

        def number(pattern):
            match = re.search(pattern, text)
            return float(match.group(1)) if match else 0.0
        rcodes = dict(re.findall(r"(\w+) (\d+) \(", (re.search(r"Response codes:(.*)", text) or [""])[0]))
        seconds = number(r"Run time \(s\):\s+([\d.]+)")
        if process.returncode or not seconds:
            sys.exit("flood.py: dnsperf: %s" % text.strip()[-300:])
        return {"sent": number(r"Queries sent:\s+(\d+)"), "lost": number(r"Queries lost:\s+(\d+)"), "seconds": seconds,
                "goodput": int(rcodes.get("NOERROR", 0)) / seconds, "rcodes": rcodes,
                "latency_ms": 1000 * number(r"Average Latency \(s\):\s+([\d.]+)")}

    def cpu(self):
        used = {}
        for name, pid in self.processes:
            with open("/proc/%s/stat" % pid, encoding="ascii") as file:
                words = file.read().rsplit(")", 1)[1].split()
            used[name] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        with open("/proc/stat", encoding="ascii") as file:
            for line in file:
                if re.match(r"cpu\d", line):
                    name, *ticks = line.split()
                    ticks = list(map(int, ticks))
                    used[name] = (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
        return used

    def capacity(self, seconds):
        before = self.cpu()
        result = self.figures(self.dnsperf(self.cold_names(int(60000 * seconds)), "-c", "20", "-q", "400", "-l", str(seconds)))
        result["cpu"] = {name: round((value - before[name]) / result["seconds"], 2) for name, value in self.cpu().items()}
        return result

    def warm(self):
        self.figures(self.dnsperf(self.path("cached.txt"), "-n", "2", "-q", "50"))

    def phase(self, flood, capacity, seconds):
        self.warm()
        offered = {"cached": self.arguments.cached or capacity / 5, "misses": self.arguments.misses or capacity / 10}
        cold = self.cold_names(int(offered["misses"] * (seconds + 2)))
        sender = None
        before = self.cpu()
        if flood:
            kind, count = flood
            self.serial += 1
            sender = subprocess.Popen(["taskset", "-c", CLIENT_CPU, self.program("flood_sender"), self.arguments.server,
                                       str(2 * capacity), str(seconds + 1), str(self.serial), "192.0.2.136+24",
                                       *("%s%d.com" % (kind, n) for n in range(count))], stdout=subprocess.PIPE, text=True)
            time.sleep(0.7)
        client = subprocess.Popen(["taskset", "-c", CLIENT_CPU, self.program("paced_client"), self.arguments.server, CLIENTS,
                                   str(seconds), str(offered["cached"]), self.path("cached.txt"), str(offered["misses"]), cold],
                                  stdout=subprocess.PIPE, text=True)
        text, _ = client.communicate()
        if client.returncode:
            sys.exit("flood.py: paced_client ended with status %d" % client.returncode)
        result = dict(zip(TARGETS, json.loads(text)))
        for stream, figures in result.items():
            figures["offered"], figures["goodput"] = offered[stream], figures["good"] / seconds
        elapsed = seconds + 1 + (0.7 if flood else 0)
        result["cpu"] = {name: round((value - before[name]) / elapsed, 2) for name, value in self.cpu().items()}
        if sender:
            text, _ = sender.communicate()
            result["flood"] = json.loads(text)
            # what the flood left waiting must not count in the next phase
            time.sleep(7 if flood[0] == "silent" else 2)
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cached", type=float, help="offered rate of cached names; else a fifth of the capacity")
    parser.add_argument("--misses", type=float, help="offered rate of other zones' misses; else a tenth of the capacity")
    parser.add_argument("process", nargs="*")
    arguments = parser.parse_args()

    bench = Bench(arguments)
    with open(bench.path("cached.txt"), "w", encoding="ascii") as file:
        file.writelines("n%d.cached.com A\n" % n for n in range(CACHED))
    bench.capacity(1)  # learns the cuts
    capacities = [bench.capacity(arguments.seconds) for _ in range(min(3, arguments.runs))]
    capacity = statistics.median(run["goodput"] for run in capacities)
    runs = {name: [] for name, _ in PHASES}
    for number in range(arguments.runs):
        for name, flood in PHASES:
            print("  run %d of %d: %s" % (number + 1, arguments.runs, name), file=sys.stderr, flush=True)
            runs[name].append(bench.phase(flood, capacity, arguments.seconds))

    load = [round(value, 2) for value in os.getloadavg()]
    print("flood · %s · slow path's capacity %.0f misses/s (%s), flood offered %.0f/s, %d runs of %g s · load %s" % (
        arguments.label, capacity, ", ".join("%.0f" % run["goodput"] for run in capacities), 2 * capacity, arguments.runs,
        arguments.seconds, load[0]))
    print("cores at capacity: %s" % ", ".join("%s %.2f" % pair for pair in capacities[-1]["cpu"].items()))
    print("%-18s %10s %8s %8s %10s %8s %8s  %9s  %s" % ("", "cached/s", "share", "ms", "misses/s", "share", "ms", "flood/s",
                                                       "cores busy"))
    checks, medians = [], {}
    for name, flood in PHASES:
        medians[name] = {stream: statistics.median(run[stream]["goodput"] for run in runs[name]) for stream in TARGETS}
        share = {stream: medians[name][stream] / max(1, medians["no flood"][stream]) for stream in TARGETS}
        sent = statistics.median(run["flood"]["sent"] / run["flood"]["seconds"] for run in runs[name]) if flood else 0
        cells = []
        for stream in TARGETS:
            cells += [medians[name][stream], share[stream],
                      statistics.median(run[stream]["latency_ms"] for run in runs[name])]
        print("%-18s %10.0f %8.3f %8.2f %10.0f %8.3f %8.2f  %9.0f  %s" % (name, *cells, sent, ", ".join(
            "%s %.2f" % pair for pair in runs[name][-1]["cpu"].items())))
        if not flood:
            checks += [{"name": "%s, offered and answered, %s" % (stream, name), "sign": ">=", "target": 0.98,
                        "value": medians[name][stream] / runs[name][0][stream]["offered"],
                        "met": medians[name][stream] >= 0.98 * runs[name][0][stream]["offered"]} for stream in TARGETS]
        else:
            checks += [{"name": "%s, %s" % (stream, name), "value": share[stream], "sign": ">=", "target": target,
                        "met": share[stream] >= target} for stream, target in TARGETS.items()]
            checks.append({"name": "flood really sent, %s" % name, "value": sent / (2 * capacity), "sign": ">=",
                           "target": 0.95, "met": sent >= 1.9 * capacity})
    for check in checks:
        print("%-40s %.3f %s %.2f: %s" % (check["name"], check["value"], check["sign"], check["target"],
                                          "met" if check["met"] else "NOT MET"))
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H%M%SZ")
    path = os.path.join(arguments.results, "flood-%s.json" % now)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"bench": "flood", "label": arguments.label, "time": now, "capacity": capacity, "capacity_runs": capacities,
                   "load_average": load, "runs": runs, "checks": checks}, file, indent=1)
    print("kept as %s" % path, file=sys.stderr)
    return 0 if all(check["met"] for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
