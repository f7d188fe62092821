#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The measuring part of bench/recursion.sh.

    recursion.py run …      one run of one resolver, which has just been started; DIRECTORY gets run-NAME-ROUND.json
    recursion.py report …   what all runs in DIRECTORY say: a table, then JSON, kept in RESULTS

Round 0 is not measured: dnsperf reports each reply, for the comparison of rcodes. CPU of the resolver is what the scheduler
accounts to its process, all threads (/proc/PID/task/*/schedstat, nanoseconds); user and system are its split by ticks
(/proc/PID/stat). Packets towards the authorities are counted by the interface they come in by.
"""
import argparse
import collections
import datetime
import glob
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys

TICKS = os.sysconf("SC_CLK_TCK")
RATIO_OF_CPU, RATIO_OF_RATE, EQUAL_RCODES = 0.6, 1.5, 99.9


# ---- one run ----

def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def with_children(pid):
    """A process and its descendants."""
    family = [pid]
    for parent in family:
        try:
            family += [int(child) for child in read("/proc/%d/task/%d/children" % (parent, parent)).split()]
        except OSError:
            pass
    return family


def cpu_of(pids):
    """Seconds: all, user, system."""
    total = user = system = 0.0
    for pid in pids:
        for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
            total += int(read(path).split()[0]) / 1e9
        words = read("/proc/%d/stat" % pid).rsplit(")", 1)[1].split()
        user += int(words[11]) / TICKS
        system += int(words[12]) / TICKS
    return total, user, system


def switches_of(pid):
    """Voluntary and involuntary context switches."""
    found = collections.Counter()
    for path in glob.glob("/proc/%d/task/*/status" % pid):
        for kind, count in re.findall(r"(\w*voluntary)_ctxt_switches:\s+(\d+)", read(path)):
            found[kind] += int(count)
    return found


def busy():
    """Of each CPU in seconds: busy, of these in softirq, and stolen."""
    found = {}
    for line in read("/proc/stat").splitlines():
        if re.match(r"cpu\d", line):
            name, *ticks = line.split()
            ticks = [int(tick) / TICKS for tick in ticks]
            found[name] = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[6], ticks[7])
    return found


def packets(namespace):
    """Frames that came in for the authorities."""
    links = subprocess.run(["ip", "-n", namespace, "-j", "-s", "link", "show", "a0"], capture_output=True, text=True, check=True)
    return json.loads(links.stdout)[0]["stats64"]["rx"]["packets"]


def run(arguments):
    authorities = [pid for word in arguments.authorities.split(",") for pid in with_children(int(word))]
    compare = arguments.round == 0
    command = ["taskset", "-c", "1", "nsenter", "--net=/run/netns/" + arguments.client_namespace, "--", "dnsperf", "-s", "192.0.2.53",
               "-d", arguments.questions, "-n", "1", "-T", "1", "-c", "20", "-q", str(arguments.outstanding), "-t", "5", "-W"]
    if arguments.dnssec_ok:
        command.append("-D")
    if compare:
        command.append("-v")
    load = os.getloadavg()[0]
    before = cpu_of([arguments.pid]), cpu_of(authorities), busy(), packets(arguments.authority_namespace)
    switches = switches_of(arguments.pid)
    client_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(os.path.join(arguments.directory, "dnsperf.txt"), "w+", encoding="ascii", errors="replace") as output:
        status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
        output.seek(0)
        text = output.read()
    client_after = resource.getrusage(resource.RUSAGE_CHILDREN)
    after = cpu_of([arguments.pid]), cpu_of(authorities), busy(), packets(arguments.authority_namespace)
    switches = switches_of(arguments.pid) - switches

    def number(pattern):
        match = re.search(pattern, text)
        if not match:
            sys.exit("recursion.py: dnsperf (status %d) on %s: %s" % (status, arguments.name, text.strip()[-300:]))
        return float(match.group(1))
    misses, seconds = number(r"Queries completed:\s+(\d+)"), number(r"Run time \(s\):\s+([\d.]+)")
    result = {
        "name": arguments.name, "round": arguments.round, "load": round(load, 2),
        "sent": number(r"Queries sent:\s+(\d+)"), "completed": misses, "lost": number(r"Queries lost:\s+(\d+)"),
        "seconds": seconds, "rate": misses / seconds, "latency_ms": 1000 * number(r"Average Latency \(s\):\s+([\d.]+)"),
        "rcodes": {name: int(count) for name, count in re.findall(r"(\w+) (\d+) \(", re.search(r"Response codes:(.*)", text)[1])},
        "upstream": (after[3] - before[3]) / misses,
        "switches": sum(switches.values()) / misses,
    }
    for kind, old, new in (("server", before[0], after[0]), ("authority", before[1], after[1])):
        for part, start, end in zip(("cpu", "user", "system"), old, new):
            result["%s_%s_us" % (kind, part)] = 1e6 * (end - start) / misses
    result["client_cpu_us"] = 1e6 * (client_after.ru_utime + client_after.ru_stime - client_before.ru_utime -
                                     client_before.ru_stime) / misses
    for cpu in after[2]:
        used, softirq, stolen = (end - start for start, end in zip(before[2][cpu], after[2][cpu]))
        result[cpu] = {"busy": used / seconds, "softirq": softirq / seconds, "stolen": stolen / seconds}
    if compare:
        replies = {}
        for rcode, name, rrtype in re.findall(r"^> (\w+) (\S+) (\S+)", text, re.M):
            replies[name + " " + rrtype] = rcode
        with open(os.path.join(arguments.directory, "replies-%s.json" % arguments.name), "w", encoding="ascii") as file:
            json.dump(replies, file)
    with open(os.path.join(arguments.directory, "run-%s-%d.json" % (arguments.name, arguments.round)), "w",
              encoding="ascii") as file:
        json.dump(result, file)
    print("round %d  %-9s %6.0f/s  CPU %5.2f us a miss (user %.1f, system %.1f), upstream %.3f, cores %.2f %.2f, lost %d%s" % (
        arguments.round, arguments.name, result["rate"], result["server_cpu_us"], result["server_user_us"],
        result["server_system_us"], result["upstream"], result["cpu0"]["busy"], result["cpu1"]["busy"], result["lost"],
        " (not measured: replies taken down)" if compare else ""), file=sys.stderr)


# ---- report ----

ROWS = (
    # text, format, value of a run
    ("resolutions/s", "%.0f", lambda run: run["rate"]),
    ("resolutions/s and core", "%.0f", lambda run: 1e6 / run["server_cpu_us"]),
    ("server CPU, us/miss", "%.2f", lambda run: run["server_cpu_us"]),
    ("  of it user", "%.2f", lambda run: run["server_cpu_us"] * run["server_user_us"] /
     ((run["server_user_us"] + run["server_system_us"]) or 1)),
    ("  of it system", "%.2f", lambda run: run["server_cpu_us"] * run["server_system_us"] /
     ((run["server_user_us"] + run["server_system_us"]) or 1)),
    ("context switches/miss", "%.2f", lambda run: run["switches"]),
    ("upstream packets/miss", "%.3f", lambda run: run["upstream"]),
    ("mean latency, ms", "%.2f", lambda run: run["latency_ms"]),
    ("server's core busy", "%.2f", lambda run: run["cpu0"]["busy"]),
    ("  of it softirq", "%.2f", lambda run: run["cpu0"]["softirq"]),
    ("other core busy", "%.2f", lambda run: run["cpu1"]["busy"]),
    ("authorities' CPU, us/miss", "%.2f", lambda run: run["authority_cpu_us"]),
    ("dnsperf's CPU, us/miss", "%.2f", lambda run: run["client_cpu_us"]),
    ("lost", "%.0f", lambda run: run["lost"]),
    ("load average", "%.2f", lambda run: run["load"]),
)


def cell(pattern, values):
    return "%s (%s-%s)" % tuple(pattern % value for value in (statistics.median(values), min(values), max(values)))


def equal_rcodes(directory, names):
    """Of what the first server and each other one was asked: the share with equal rcodes, and the differences."""
    replies = {name: json.loads(read(os.path.join(directory, "replies-%s.json" % name))) for name in names}
    found = {}
    for other in names[1:]:
        questions = set(replies[names[0]]) | set(replies[other])
        different = [(question, replies[names[0]].get(question), replies[other].get(question)) for question in sorted(questions)
                     if replies[names[0]].get(question) != replies[other].get(question)]
        found[other] = {"questions": len(questions), "equal_percent": 100 * (1 - len(different) / max(1, len(questions))),
                        "differences": different[:50]}
    return found


def version_of(name):
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def print_columns(rows, output):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip(), file=output)
    print(file=output)


def report(arguments):
    names = arguments.names
    runs = {name: [] for name in names}
    for path in glob.glob(os.path.join(arguments.directory, "run-*.json")):
        one = json.loads(read(path))
        if one["round"] > 0:
            runs[one["name"]].append(one)
    for name in names:
        runs[name].sort(key=lambda one: one["round"])
    settings = [line.split("\t") for line in read(arguments.settings).splitlines()]
    now = datetime.datetime.now(datetime.timezone.utc)
    result = {"bench": "recursion", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "heading": arguments.heading,
              "cpu": version_of("model name"), "cpus": len(os.sched_getaffinity(0)), "kernel": platform.release(),
              "load_average_after": [round(load, 2) for load in os.getloadavg()],
              "settings": {row[0]: row[1:] for row in settings}, "runs": runs, "checks": []}
    table = [["", *names]]
    for text, pattern, value in ROWS:
        table.append([text, *(cell(pattern, [value(one) for one in runs[name]]) for name in names)])
    text_path = os.path.join(arguments.results, "table-%s.txt" % now.strftime("%Y-%m-%dT%H%M%SZ"))
    with open(text_path, "w+", encoding="ascii") as output:
        print("recursion, cold cache: %s; %d rounds in turn, median (lowest-highest); Linux %s, %s, load %.2f after" % (
            arguments.heading, len(runs[names[0]]), result["kernel"], result["cpu"], result["load_average_after"][0]), file=output)
        print("CPU 0: the resolver alone; CPU 1: three NSDs and dnsperf\n", file=output)
        if len(names) > 1:
            print_columns([["setting", *names], *settings], output)
        print_columns(table, output)
        if len(names) > 1:
            result["rcodes"] = equal_rcodes(arguments.directory, names)
            result["checks"] = checks(runs, names, result["rcodes"])
            for check in result["checks"]:
                print("%s: %.3f %s %s: %s%s" % (check["name"], check["value"], check["sign"], check["target"],
                                               "met" if check["met"] else "NOT MET", check.get("note", "")), file=output)
        output.seek(0)
        sys.stdout.write(output.read())
    path = text_path.replace("table-", "recursion-").replace(".txt", ".json")
    with open(path, "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(json.dumps({key: value for key, value in result.items() if key not in ("runs", "settings")} |
                     {"medians": {name: {text.strip(): statistics.median(value(one) for one in runs[name]) for text, _, value in ROWS}
                                  for name in names}}))
    return 0 if all(check["met"] for check in result["checks"]) else 1


def checks(runs, names, rcodes):
    """Ratios are taken round by round, their median counts: the runs of a round met about the same machine."""
    ours, peers = runs[names[0]], names[1:]

    def median(name, key):
        return statistics.median(one[key] for one in runs[name])

    def ratio(peer, key):
        return statistics.median(one[key] / other[key] for one, other in zip(ours, runs[peer]))
    frugal, fast = min(peers, key=lambda peer: median(peer, "server_cpu_us")), max(peers, key=lambda peer: median(peer, "rate"))
    busy_of_fast = statistics.median(one["cpu0"]["busy"] for one in runs[fast])
    found = [{"name": "%s: equal rcodes, %%" % peer, "value": rcodes[peer]["equal_percent"], "sign": ">=", "target": EQUAL_RCODES}
             for peer in peers]
    found.append({"name": "CPU a miss, of %s's (the lower peer)" % frugal, "value": ratio(frugal, "server_cpu_us"), "sign": "<=",
                  "target": RATIO_OF_CPU})
    rate = {"name": "rate, of %s's (the faster peer)" % fast, "value": ratio(fast, "rate"), "sign": ">=", "target": RATIO_OF_RATE}
    found.append(rate)
    for check in found:
        check["met"] = check["value"] <= check["target"] if check["sign"] == "<=" else check["value"] >= check["target"]
    if not rate["met"] and busy_of_fast < 0.95:
        rate["met"] = found[-2]["met"]
        rate["note"] = " by CPU a miss, as %s's core was only %.0f %% busy" % (fast, 100 * busy_of_fast)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    for option in ("--name", "--authorities", "--client-namespace", "--authority-namespace", "--questions", "--directory"):
        one.add_argument(option, required=True)
    for option in ("--round", "--pid", "--outstanding"):
        one.add_argument(option, type=int, required=True)
    one.add_argument("--dnssec-ok", action="store_true", help="questions with DO")
    all_runs = commands.add_parser("report")
    for option in ("--directory", "--results", "--settings", "--heading"):
        all_runs.add_argument(option, required=True)
    all_runs.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    return run(arguments) if arguments.command == "run" else report(arguments)


if __name__ == "__main__":
    sys.exit(main())
