#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The measuring parts of bench/dnssec.sh; each leaves its runs in DIRECTORY, from which `report` makes the tables and the JSON.

CPU is what the scheduler accounts to the resolver, all threads (/proc/PID/task/*/schedstat), which the kernel brings up to date when a
thread stops running: it is read a while after the answer, and what an idle process takes meanwhile is measured too and taken off.
"""
import argparse
import datetime
import glob
import json
import os
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

SERVER = "192.0.2.53"
ALGORITHMS = {"rsa-2048": "rsa2048", "p-256": "ecdsap256", "p-384": "ecdsap384", "ed25519": "ed25519", "ed448": "ed448"}
CHECKS, COLD, ATTACK, SHARE, BENIGN = 0.85, 0.7, 3.0, 0.05, 99.9
FLOOD_RATE, BENIGN_RATE, FLOOD_SECONDS = 400, 200, 5
QUIET = 0.03  # seconds after an answer
RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def keep(directory, name, value):
    with open(os.path.join(directory, name), "w", encoding="ascii") as file:
        json.dump(value, file)


def kept(directory, name):
    path = os.path.join(directory, name)
    return json.loads(read(path)) if os.path.exists(path) else None


def cpu_of(pid):
    """Microseconds."""
    return sum(int(read(path).split()[0]) for path in glob.glob("/proc/%d/task/*/schedstat" % pid)) / 1000


def ask(name):
    """The rcode, with " AD" when it is there; None when nothing came in five seconds."""
    identity = random.randrange(65536)
    wire = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"
    message = struct.pack(">6H", identity, 0x0100, 1, 0, 0, 1) + wire + struct.pack(">HH", 1, 1)
    message += b"\0" + struct.pack(">HHIH", 41, 1232, 0x8000, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((SERVER, 53))
        client.settimeout(5)
        client.send(message)
        try:
            while True:
                reply = client.recv(4096)
                if len(reply) >= 12 and reply[:2] == message[:2]:
                    flags = struct.unpack(">H", reply[2:4])[0]
                    return RCODES.get(flags & 15, str(flags & 15)) + (" AD" if flags & 0x20 else "")
        except OSError:
            return None


# ---- the parts ----

def checks(arguments):
    runs = {called: {"holdfast": [], "openssl": []} for called in ALGORITHMS}
    load = os.getloadavg()[0]
    for _ in range(arguments.rounds):
        for called, option in ALGORITHMS.items():
            ours = subprocess.run(["taskset", "-c", "0", arguments.program, os.path.join(arguments.directory, "checks-%s.txt" % called),
                                   "1"], capture_output=True, text=True, check=False)
            if ours.returncode:
                sys.exit("dnssec.py: %s" % ours.stderr.strip())
            theirs = subprocess.run(["taskset", "-c", "0", "openssl", "speed", "-seconds", "1", "-mr", option], capture_output=True,
                                    text=True, check=True)
            runs[called]["holdfast"].append(float(ours.stdout))
            runs[called]["openssl"].append(float(re.findall(r"^\+F\d:.*:([\d.]+)$", theirs.stdout, re.M)[-1]))
    keep(arguments.directory, "checks.json", {"runs": runs, "load": load})


def answers(arguments):
    names = [line.split()[0] for line in read(os.path.join(arguments.directory, "cold.txt")).splitlines()]
    random.Random(1).shuffle(names)
    said = {name: ask(name) for name in names[:300]}
    keep(arguments.directory, "answers-%s.json" % arguments.name, said)
    if not any(said.values()) or set(said.values()) == {"SERVFAIL"}:
        sys.exit("dnssec.py: %s resolves none of the benign names: nothing can be measured" % arguments.name)


def probes(arguments):
    known = kept(arguments.directory, "probes.json")["probes"]
    found = {kind: {"cpu_us": [], "answers": []} for kind in ["idle", *known]}
    # The top of the tree is known before, and what is computed at first use.
    for line in read(os.path.join(arguments.directory, "cold.txt")).splitlines()[:50]:
        ask(line.split()[0])
    time.sleep(1)
    load = os.getloadavg()[0]
    for number in range(len(known["unsigned"])):
        for kind in found:
            before, answer = cpu_of(arguments.pid), ""
            begin = time.monotonic()
            if kind != "idle":
                answer = ask(known[kind][number])
            wait = time.monotonic() - begin
            time.sleep(QUIET)
            found[kind]["cpu_us"].append(cpu_of(arguments.pid) - before)
            found[kind]["answers"].append(answer)
            found[kind].setdefault("wait_ms", []).append(1000 * wait)
    for kind, one in found.items():
        if kind.startswith("benign") and set(one["answers"]) != {"NOERROR AD"}:
            sys.exit("dnssec.py: %s: %s, not NOERROR AD: there is nothing to compare with" % (kind, one["answers"]))
    keep(arguments.directory, "probed.json", {"runs": found, "load": load})


def kinds(arguments):
    print("\n".join(kept(arguments.directory, "probes.json")["against"]))


def flood(arguments):
    """Both sides by dnsperf, at fixed rates; benign names each in a zone of its own, not asked before."""
    def client(file, rate):
        return subprocess.Popen(["taskset", "-c", "1", "dnsperf", "-s", SERVER, "-d", os.path.join(arguments.directory, file), "-n", "1",
                                 "-Q", str(rate), "-q", "2000", "-c", "4", "-T", "1", "-D", "-t", "5", "-l", str(FLOOD_SECONDS)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def rcodes(text):
        line = re.search(r"Response codes:(.*)", text)
        return {code: int(count) for code, count in re.findall(r"(\w+) (\d+) \(", line[1])} if line else {}
    ask("a0.b0.bench")
    load, before, begin = os.getloadavg()[0], cpu_of(arguments.pid), time.monotonic()
    running = client("flood-%s.txt" % arguments.kind, FLOOD_RATE), client("cold.txt", BENIGN_RATE)
    attack, benign = (one.communicate()[0] for one in running)
    seconds = time.monotonic() - begin
    result = {"cpu_us": cpu_of(arguments.pid) - before, "seconds": seconds, "load": load, "attack": rcodes(attack), "benign": rcodes(benign)}
    sent = re.search(r"Queries sent:\s+(\d+)", benign)
    if not sent or not result["attack"]:
        sys.exit("dnssec.py: dnsperf on %s: %s" % (arguments.kind, (benign + attack).strip()[-400:]))
    result["benign_sent"] = int(sent[1])
    keep(arguments.directory, "flooded-%s.json" % arguments.kind, result)
    print("%-18s CPU %.0f ms in %.1f s; attack %s; benign %s of %d" % (
        arguments.kind, result["cpu_us"] / 1000, seconds, result["attack"], result["benign"], result["benign_sent"]), file=sys.stderr)


# ---- report ----

class Report:
    def __init__(self, output):
        self.output, self.checks = output, []

    def line(self, text=""):
        print(text, file=self.output)

    def check(self, name, value, sign, target):
        met = value <= target if sign == "<=" else value >= target
        self.checks.append({"name": name, "value": value, "sign": sign, "target": target, "met": met})

    def cell(self, values, pattern="%.0f"):
        return "%s (%s-%s)" % tuple(pattern % value for value in (statistics.median(values), min(values), max(values)))


def report_checks(report, found):
    report.line("signature checks a second of CPU, median (lowest-highest) of %d; load %.1f" % (
        len(found["runs"]["p-256"]["holdfast"]), found["load"]))
    for called, runs in found["runs"].items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(runs["holdfast"], runs["openssl"]))
        report.line("  %-10s %-26s openssl speed %-26s ratio %.3f" % (called, report.cell(runs["holdfast"]), report.cell(runs["openssl"]),
                                                                   ratio))
        report.check("checks/s of %s, of openssl's" % called, ratio, ">=", CHECKS)
    report.line()


def report_cold(report, directory):
    runs = {"holdfast": [], "unbound": []}
    for path in sorted(glob.glob(os.path.join(directory, "run-*.json"))):
        one = json.loads(read(path))
        if one["round"]:
            runs[one["name"]].append(one)
    if not runs["holdfast"]:
        return None
    for each in runs.values():
        each.sort(key=lambda one: one["round"])
    report.line("a cold signed name (P-256, zone not seen before, TLD cached), %d names a run, %d runs in turn" % (
        runs["holdfast"][0]["sent"], len(runs["holdfast"])))
    for text, key, pattern in (("CPU, us", "server_cpu_us", "%.1f"), ("packets from servers' side", "upstream", "%.2f"),
                               ("names/s", "rate", "%.0f"), ("lost", "lost", "%.0f"), ("load", "load", "%.1f")):
        report.line("  %-28s" % text + "".join("%s %-30s" % (name, report.cell([one[key] for one in each], pattern))
                                              for name, each in runs.items()).rstrip())
    ratio = statistics.median(ours["server_cpu_us"] / theirs["server_cpu_us"] for ours, theirs in zip(runs["holdfast"], runs["unbound"]))
    report.check("CPU of a cold signed name, of unbound's", ratio, "<=", COLD)
    said = [kept(directory, "answers-%s.json" % name) for name in runs]
    different = [(name, said[0][name], said[1][name]) for name in said[0] if said[0][name] != said[1][name]]
    secure = sum(answer == "NOERROR AD" for answer in said[0].values())
    report.line("  rcode and AD compared for %d names: %d different, %d NOERROR with AD %s" % (len(said[0]), len(different), secure,
                                                                                         different[:3] or ""))
    report.check("names with equal rcode and AD, %", 100 * (1 - len(different) / len(said[0])), ">=", 100)
    report.check("of them NOERROR with AD, %", 100 * secure / len(said[0]), ">=", 100)
    report.line()
    return {"runs": runs, "different": different}


def report_attacks(report, directory):
    known, probed = kept(directory, "probes.json"), kept(directory, "probed.json")
    floods = {kind: kept(directory, "flooded-%s.json" % kind) for kind in known["against"]}
    if not probed and not floods["unsigned"]:
        return None
    report.line("zones that want to cost much: CPU of the first question for a zone, us; over a benign one of the algorithm; share of a core at")
    report.line("%d questions/s over that for an unsigned zone, benign cold names answered meanwhile, hostile ones never answered; what the "
                "first questions got" % FLOOD_RATE)

    def spent(kind):
        idle = statistics.median(probed["runs"]["idle"]["cpu_us"])
        return statistics.median(probed["runs"][kind]["cpu_us"]) - idle
    attacks = FLOOD_RATE * FLOOD_SECONDS
    for kind, against in known["against"].items():
        cells = ["%-18s" % kind]
        if probed:
            cells.append("%7.0f" % spent(kind))
            if against:
                ratio = spent(kind) / spent(against)
                cells.append("%5.2fx" % ratio)
                report.check("%s: CPU a question, of a benign one's" % kind, ratio, "<=", ATTACK)
            else:
                cells.append("      ")
        if floods[kind]:
            one, base = floods[kind], floods["unsigned"]
            # By the time of sending, not with the wait for the last answers; an upper bound, as TCP with the servers is in it too.
            share = (one["cpu_us"] - base["cpu_us"]) / (FLOOD_SECONDS * 1e6)
            good = 100 * one["benign"].get("NOERROR", 0) / one["benign_sent"]
            cells.append("%6.1f %% %8.2f %%" % (100 * share, good))
            cells.append("%6.1f %%" % (100 - 100 * sum(one["attack"].values()) / attacks))
            if against:
                report.check("%s: share of a core" % kind, share, "<=", SHARE)
                report.check("%s: benign names answered, %%" % kind, good, ">=", BENIGN)
        if probed:
            said = probed["runs"][kind]["answers"]
            cells.append(" ".join("%s %d" % (text, said.count(text)) for text in sorted(set(map(str, said)))))
        report.line("  " + " ".join(cells))
    report.line()
    return {"probed": probed, "floods": floods}


def report_all(arguments):
    now = datetime.datetime.now(datetime.timezone.utc)
    path = os.path.join(arguments.results, "table-%s.txt" % now.strftime("%Y-%m-%dT%H%M%SZ"))
    with open(path, "w+", encoding="ascii") as output:
        report, result = Report(output), {"bench": "dnssec", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                          "load_average_after": [round(load, 2) for load in os.getloadavg()]}
        result["signature_checks"] = kept(arguments.directory, "checks.json")
        if result["signature_checks"]:
            report_checks(report, result["signature_checks"])
        result["cold"] = report_cold(report, arguments.directory)
        result["attacks"] = report_attacks(report, arguments.directory)
        for check in report.checks:
            report.line("%s: %.3f %s %s: %s" % (check["name"], check["value"], check["sign"], check["target"],
                                                "met" if check["met"] else "NOT MET"))
        output.seek(0)
        sys.stdout.write(output.read())
    result["checks"] = report.checks
    with open(path.replace("table-", "dnssec-").replace(".txt", ".json"), "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(json.dumps({"bench": "dnssec", "time": result["time"], "checks": report.checks}))
    return 0 if report.checks and all(check["met"] for check in report.checks) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    commands = parser.add_subparsers(required=True)
    for name, function, options in (("checks", checks, ("program", "rounds")), ("answers", answers, ("name",)), ("probes", probes, ("pid",)),
                                    ("kinds", kinds, ()), ("flood", flood, ("pid", "kind")), ("report", report_all, ("results",))):
        command = commands.add_parser(name)
        command.add_argument("--directory", required=True)
        for option in options:
            command.add_argument("--" + option, required=True, type=int if option in ("rounds", "pid") else str)
        command.set_defaults(function=function)
    arguments = parser.parse_args()
    return arguments.function(arguments)


if __name__ == "__main__":
    sys.exit(main())
