#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends the same queries to two resolvers and compares the replies field by field, as respdiff does.

    compare_answers.py --queries d1.tsv --zones DIR --known FILE --report DIR NAME=ADDR4,ADDR6 NAME=ADDR4,ADDR6

Each query goes to both at the same time; a TC bit in either reply is compared, then both are asked over TCP. Compared:
whether there is a reply (at the first try, at all), header flags, rcode with its extension, question octet by octet, the three
sections as sets of (owner, type, class, RDATA) whatever their order, TTLs, OPT (version, size, DO, each option, EDEs by their
code). Silence on both sides is a difference too, but for queries that must not be answered. A TTL may not be above the zone's; two
TTLs of one RRset may be apart by the time that passed since either resolver could have fetched it: since the question that first
showed it; A and CNAME since the first at or below that name, as QNAME minimisation asks for A (RFC 9156); what resolvers also fetch for
themselves (NS, their addresses, SOA, denials) since the start. And on each side TTLs must fall: of what is seen again long before its
end, at most RENEWED_MAX may have a later end than before (fetched anew for another question).

A difference belongs to a class: field, both sides' values, kind of the question, what its OPT asked for. FILE (JSON) holds the
classes that are explained; a class that is not there makes the exit status 1. A rule names the field, both sides' values (patterns or
a list of them), the kinds of question, and may want DO or COOKIE in the query.
"""
import argparse
import collections
import fnmatch
import html
import json
import os
import selectors
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "lab"))
from dnswire import Malformed, Message, name_to_text, type_name  # noqa: E402

WINDOW = 48       # questions under way at once
PATIENCE = 16.0   # seconds: longer than either takes to give up
A, NS, CNAME, SOA, AAAA, DNAME, RRSIG, NSEC, NSEC3, ANY = 1, 2, 5, 6, 28, 39, 46, 47, 50, 255
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS", 23: "BADCOOKIE"}
OPTIONS = {3: "NSID", 8: "ECS", 10: "COOKIE", 11: "KEEPALIVE", 12: "PADDING", 15: "EDE"}
SILENT = ("malformed: QR set",)  # a response is not answered
RENEWED_MAX = 0.05
SLACK = 3.0       # seconds: rounding of two TTLs, and a question under way that fetched first
FLAGS = (("QR", 0x8000), ("AA", 0x0400), ("TC", 0x0200), ("RD", 0x0100), ("RA", 0x0080), ("Z", 0x0040), ("AD", 0x0020),
         ("CD", 0x0010))


class Question:
    def __init__(self, number, line):
        self.number = number
        self.kind, self.transport, data = line.rstrip("\n").split("\t")
        self.data = bytes.fromhex(data)
        self.replies, self.ident, self.deadline, self.tries = {}, None, None, 0
        self.asked, self.late = None, set()  # when; sides that were silent to the first try
        try:
            self.opt = Message(self.data).opt
        except Malformed:
            self.opt = None
        options = options_of(self.opt) if self.opt else ()
        self.wants = " ".join(name for name, there in (("DO", self.opt and self.opt.ttl & 0x8000), ("COOKIE", "COOKIE" in options))
                              if there)

    def size(self):
        """The UDP size that the client takes."""
        if self.transport.startswith("tcp"):
            return 65535
        return max(512, self.opt.rrclass) if self.opt else 512

    def text(self):
        try:
            question = Message(self.data).question
            return "%s %s" % (name_to_text(question[0]), type_name(question[1]))
        except (Malformed, TypeError):
            return self.data[:60].hex()


class Originals:
    """The highest TTL that any zone gives an RRset: (owner, type text) → seconds; negative: zone → seconds."""

    def __init__(self, directory):
        self.ttls, self.negative, self.servers, self.counts = {}, {}, set(), collections.Counter()
        for entry in os.scandir(directory):
            if not entry.name.endswith(".zone"):
                continue
            with open(entry.path, encoding="ascii") as file:
                for line in file:
                    owner, ttl, _, rrtype, rdata = line.split(None, 4)
                    key = owner.lower(), rrtype
                    self.ttls[key] = max(int(ttl), self.ttls.get(key, 0))
                    self.counts[key] += 1
                    if rrtype == "NS":
                        self.servers.add(rdata.strip().lower())
                    if rrtype == "SOA":
                        self.negative[owner.lower()] = min(int(ttl), int(rdata.split()[6]))

    def of(self, record, negative):
        owner, rrtype = name_to_text(record.owner).lower(), type_name(record.type)
        if rrtype == "SOA" and negative:
            return self.negative.get(owner)
        while True:
            if (owner, rrtype) in self.ttls:
                return self.ttls[owner, rrtype]
            owner = owner[2:] if owner.startswith("*.") else owner
            if "." not in owner.rstrip("."):
                return None
            owner = "*." + owner.split(".", 1)[1]


    def are_whole(self, records):
        """Whether they are RRsets as the zones have them, and at least one."""
        found = collections.Counter((name_to_text(record.owner).lower(), type_name(record.type)) for record in records
                                    if record.type != RRSIG)
        return bool(found) and all(self.counts[key] == count for key, count in found.items())

    def fetched_unasked(self, owner, rrtype):
        """Whether resolvers fetch it for themselves: then nobody saw when."""
        return rrtype in (NS, SOA, NSEC, NSEC3) or (rrtype in (A, AAAA) and name_to_text(owner).lower() in self.servers)


def flags_text(flags):
    return " ".join(name for name, bit in FLAGS if flags & bit) or "-"


def rcode_of(message):
    code = message.rcode | ((message.opt.ttl >> 24) << 4 if message.opt else 0)
    return RCODES.get(code, str(code))


def options_of(opt):
    """The names of its options; an EDE with its code."""
    found, data = [], opt.rdata
    while len(data) >= 4:
        code, length = struct.unpack_from("!HH", data)
        value = data[4:4 + length]
        name = OPTIONS.get(code, "option %d" % code)
        found.append("EDE %d" % int.from_bytes(value[:2], "big") if code == 15 else name)
        data = data[4 + length:]
    return sorted(set(found))


def members(records):
    return collections.Counter((record.owner.lower(), record.type, record.rrclass, record.rdata) for record in records)


def types_text(counter):
    return " ".join(sorted({type_name(key[1]) for key in counter})) or "-"


def order(records):
    """RRsets in order of appearance, signatures apart: what a stub that follows CNAMEs in one pass sees."""
    seen = []
    for record in records:
        key = record.owner.lower(), record.type
        if record.type != RRSIG and key not in seen:
            seen.append(key)
    return seen


class Comparer:
    def __init__(self, names, originals, known):
        self.names, self.originals, self.known = names, originals, known
        self.classes = {}  # (field, left, right, kind) → {"count", "example", "rule"}
        self.counts = collections.Counter()
        self.ttl_apart = collections.Counter()
        self.first = {}  # (owner, type) → when the first question that showed it was asked
        self.named = {}  # name → when the first question at or below it was asked, or the first that led to it by a CNAME
        self.ends = {}   # (side, owner, type, RDATA) → when it ends by the reply that said so last
        self.born = time.monotonic()

    def differ(self, question, field, left, right, detail=""):
        self.different.append((field, str(left), str(right), detail))

    def judge(self, question, replies, over):
        """`replies`: of both, None without one; `over`: the transport really used."""
        self.different = []
        self.counts["compared"] += 1
        self.counts["over " + over] += 1
        self.compare(question, replies, over)
        if not self.different:
            self.counts["equal"] += 1
        explained = True
        for field, left, right, detail in self.different:
            key = field, left, right, question.kind, question.wants
            entry = self.classes.get(key)
            if entry is None:
                rule = next((rule for rule in self.known if rule_covers(rule, key)), None)
                entry = self.classes[key] = {"count": 0, "rule": rule["id"] if rule else None, "example":
                                             {"number": question.number, "query": question.text(), "over": over,
                                              "detail": detail, "hex": question.data.hex(),
                                              "replies": {name: reply.hex() if reply is not None else None
                                                          for name, reply in zip(self.names, replies)}}}
            entry["count"] += 1
            explained = explained and entry["rule"] is not None
        if self.different:
            self.counts["different, explained" if explained else "different, unexplained"] += 1

    def compare(self, question, replies, over):
        if question.late:
            self.counts["silent to the first try"] += 1
        if None in replies:
            if replies == [None, None] and question.kind in SILENT:
                self.counts["silence, as it must be"] += 1
            else:
                self.differ(question, "reply", *("none" if reply is None else self.brief(reply) for reply in replies))
            return
        if question.late:
            self.differ(question, "reply to the first try", *("none" if side in question.late else "yes" for side in (0, 1)))
        parsed = []
        for reply in replies:
            try:
                parsed.append(Message(reply))
            except Malformed as error:
                parsed.append(error)
        if any(isinstance(message, Malformed) for message in parsed):
            self.differ(question, "malformed reply", *("malformed: %s" % m if isinstance(m, Malformed) else "well-formed"
                                                       for m in parsed))
            heads = [int.from_bytes(reply[2:4], "big") for reply in replies]
            if heads[0] & 15 != heads[1] & 15:
                self.differ(question, "rcode", *(RCODES.get(head & 15, str(head & 15)) for head in heads))
            self.compare_flags(question, *heads)
            return
        left, right = parsed
        self.note(question, parsed)
        self.counts["rcode " + rcode_of(left)] += 1
        if not left.answer and rcode_of(left) == "NOERROR":
            self.counts["NODATA"] += 1
        if rcode_of(left) != rcode_of(right):
            self.differ(question, "rcode", rcode_of(left), rcode_of(right))
        self.compare_flags(question, left.flags, right.flags)
        if left.question != right.question:
            self.differ(question, "question", *("none" if m.question is None else "as asked" if m.question in self.asked(question)
                                                else "another" for m in parsed))
        if over.startswith("udp"):
            for name, reply in zip(self.names, replies):
                if len(reply) > question.size():
                    self.differ(question, "octets above the client's size", *(len(reply) > question.size() for reply in replies))
                    break
        if left.tc or right.tc:
            # what a truncated reply carries is not to be used (RFC 2181 section 9): the replies over TCP are compared
            self.counts["truncated"] += 1
            self.compare_opt(question, left, right)
            return
        for field, index in (("answer", 0), ("authority", 1), ("additional", 2)):
            mine, theirs = members(left.sections[index]), members(right.sections[index])
            if mine != theirs:
                detail = "; ".join("only %s: %s" % (name, ", ".join(
                    "%s %s %s" % (name_to_text(key[0]), type_name(key[1]), key[3].hex()[:80]) for key in some))
                    for name, some in zip(self.names, (mine - theirs, theirs - mine)) if some)
                if field == "answer" and left.question and left.question[1] == ANY and all(
                        self.originals.are_whole(message.answer) for message in parsed):
                    field = "which RRsets"
                self.differ(question, field, "+ " + types_text(mine - theirs), "+ " + types_text(theirs - mine), detail)
        if members(left.answer) == members(right.answer) and order(left.answer) != order(right.answer):
            self.differ(question, "order of RRsets", "one", "another")
        self.compare_ttls(question, left, right)
        self.compare_opt(question, left, right)

    def compare_flags(self, question, left, right):
        if (left ^ right) & 0x7800:
            self.differ(question, "opcode", left >> 11 & 15, right >> 11 & 15)
        wrong = (left ^ right) & 0x87F0
        if wrong:
            self.differ(question, "flags", flags_text(left & wrong), flags_text(right & wrong))

    def fetched(self, question, record, message):
        """The earliest time at which a resolver can have fetched it."""
        owner, rrtype = record.owner.lower(), record.type
        if rrtype == RRSIG:
            rrtype = int.from_bytes(record.rdata[:2], "big")
        if rrtype == CNAME:  # made from a DNAME, it is as old as that
            owner, rrtype = next(((other.owner.lower(), DNAME) for other in message.answer if other.type == DNAME and
                                  owner.endswith(other.owner.lower()) and owner != other.owner.lower()), (owner, rrtype))
        if self.originals.fetched_unasked(owner, rrtype):
            return self.born
        first = self.first.setdefault((owner, rrtype), question.asked)
        return min(first, self.named.get(owner, first)) if rrtype in (A, CNAME) else first

    def note(self, question, parsed):
        """The names that either may have asked for on the way to this reply."""
        names = [record.rdata for message in parsed for record in message.answer if record.type == CNAME]
        if parsed[0].question:
            names.append(parsed[0].question[0].lower())
        for name in names:
            while name and name not in self.named:
                self.named[name] = question.asked
                name = name[1 + name[0]:]

    def compare_ttls(self, question, left, right):
        ttls, first = [{}, {}], {}
        for side, message in enumerate((left, right)):
            for record in message.answer + message.authority + message.additional:
                key = record.owner.lower(), record.type, record.rdata
                ttls[side].setdefault(key, record.ttl)
                first[key] = min(first.get(key, question.asked), self.fetched(question, record, message))
                negative = not message.answer or record in message.authority
                original = self.originals.of(record, negative)
                if original is not None and record.ttl > original:
                    self.differ(question, "TTL above the zone's", *((type_name(record.type), "-")[::1 if side == 0 else -1]),
                                detail="%s: %d, the zone has %d" % (name_to_text(record.owner), record.ttl, original))
            for section in message.sections:
                by_set = {}
                for record in section:
                    if record.type != RRSIG:
                        by_set.setdefault((record.owner.lower(), record.type), set()).add(record.ttl)
                if any(len(found) > 1 for found in by_set.values()):
                    self.differ(question, "TTLs inside an RRset", *(("differ", "-")[::1 if side == 0 else -1]))
        now = time.monotonic()
        for side, name in enumerate(self.names):
            for key, ttl in ttls[side].items():
                if key[1] in (NS, SOA, NSEC, NSEC3, RRSIG):
                    continue  # each negative answer has its own
                end = self.ends.get((side, *key))
                if end is not None and end - now > 15:
                    self.counts["seen again: " + name] += 1
                    self.counts["of it renewed: " + name] += now + ttl > end + SLACK
                self.ends[(side, *key)] = now + ttl
        for key in ttls[0].keys() & ttls[1].keys():
            apart = abs(ttls[0][key] - ttls[1][key])
            self.ttl_apart[min(apart, 10)] += 1
            self.counts["TTLs bound to %g s" % SLACK if first[key] == question.asked else "TTLs bound to the RRset's age"] += 1
            # an RRset got with another answer, or fetched again before its end, is younger in one of them
            if apart > now - first[key] + SLACK:
                self.differ(question, "TTL", "%s" % type_name(key[1]), "apart", "%s: %d and %d" % (
                    name_to_text(key[0]), ttls[0][key], ttls[1][key]))

    def ageless(self):
        """Whose TTLs do not fall."""
        return [name for name in self.names
                if self.counts["of it renewed: " + name] > RENEWED_MAX * self.counts["seen again: " + name]]

    def compare_opt(self, question, left, right):
        if (left.opt is None) != (right.opt is None):
            self.differ(question, "OPT", *("none" if m.opt is None else "OPT" for m in (left, right)))
            return
        if left.opt is None:
            return
        for field, value in (("EDNS version", lambda opt: opt.ttl >> 16 & 255), ("EDNS size", lambda opt: opt.rrclass),
                             ("EDNS flags", lambda opt: "%#06x" % (opt.ttl & 0xFFFF))):
            if value(left.opt) != value(right.opt):
                self.differ(question, field, value(left.opt), value(right.opt))
        mine, theirs = options_of(left.opt), options_of(right.opt)
        for option in sorted(set(mine) ^ set(theirs)):
            self.differ(question, "EDNS option", *(option if option in found else "-" for found in (mine, theirs)))

    @staticmethod
    def asked(question):
        try:
            return [Message(question.data).question]
        except Malformed:
            return []

    @staticmethod
    def brief(reply):
        return RCODES.get(reply[3] & 15, str(reply[3] & 15)) if len(reply) > 3 else "%d octets" % len(reply)


def matches(value, patterns):
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns))


def rule_covers(rule, key):
    field, left, right, kind, wants = key
    return (field == rule["field"] and matches(left, rule["holdfast"]) and matches(right, rule["unbound"]) and
            matches(kind, rule["kinds"]) and set(rule.get("query", "").split()) <= set(wants.split()))


class Run:
    def __init__(self, servers, comparer):
        self.servers, self.comparer = servers, comparer
        self.selector = selectors.DefaultSelector()
        self.sockets, self.waiting, self.ident = {}, {}, 0
        self.late = 0
        for side, (_, v4, v6) in enumerate(servers):
            for transport, address in (("udp4", v4), ("udp6", v6)):
                sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
                sock.setblocking(False)
                sock.connect((address, 53))
                self.selector.register(sock, selectors.EVENT_READ, (side, transport))
                self.sockets[side, transport] = sock
        self.streams = 0

    def send(self, question):
        """UDP to both; a new ID, so that no two open questions share one."""
        while self.ident in self.waiting or self.ident == 0:
            self.ident = (self.ident + 1) & 0xFFFF
        question.ident = self.ident
        self.ident = (self.ident + 1) & 0xFFFF
        self.waiting[question.ident] = question
        question.data = struct.pack("!H", question.ident) + question.data[2:]
        question.asked = question.asked or time.monotonic()
        question.deadline = time.monotonic() + (1.0 if question.kind in SILENT else PATIENCE)
        for side in (0, 1):
            if side not in question.replies:
                try:
                    self.sockets[side, question.transport].send(question.data)
                except OSError:
                    pass

    def start_tcp(self, question):
        """To both at once, without blocking."""
        while self.ident in self.waiting or self.ident == 0:
            self.ident = (self.ident + 1) & 0xFFFF
        question.ident = self.ident
        self.waiting[question.ident] = question
        question.data = struct.pack("!H", question.ident) + question.data[2:]
        question.asked = time.monotonic()
        question.deadline = question.asked + PATIENCE
        question.replies, question.late = {}, set()
        for side, (_, v4, v6) in enumerate(self.servers):
            address = v6 if question.transport.endswith("6") else v4
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            try:
                sock.connect((address, 53))
                sock.sendall(struct.pack("!H", len(question.data)) + question.data)
            except OSError:
                sock.close()
                continue
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ, (side, question, bytearray()))
            question.streams = getattr(question, "streams", []) + [sock]

    def finish(self, question, over):
        self.waiting.pop(question.ident, None)
        for sock in getattr(question, "streams", []):
            if sock.fileno() >= 0:
                self.selector.unregister(sock)
                sock.close()
        question.streams = []
        replies = [question.replies.get(0), question.replies.get(1)]
        self.comparer.judge(question, replies, over)
        if over.startswith("udp") and any(reply and len(reply) > 2 and reply[2] & 2 for reply in replies):
            question.transport = "tcp" + question.transport[-1]
            self.start_tcp(question)

    def receive(self, timeout):
        for key, _ in self.selector.select(timeout):
            if len(key.data) == 2:
                side, transport = key.data
                for _ in range(64):
                    try:
                        data = key.fileobj.recv(65535)
                    except OSError:
                        break
                    question = self.waiting.get(int.from_bytes(data[:2], "big"))
                    if question is None or question.transport != transport:
                        self.late += 1
                        continue
                    question.replies[side] = data
                    if len(question.replies) == 2:
                        self.finish(question, question.transport)
            else:
                side, question, data = key.data
                try:
                    part = key.fileobj.recv(65535)
                except OSError:
                    part = b""
                data += part
                whole = len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big")
                if whole or not part:
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
                    question.replies[side] = bytes(data[2:]) if whole else None
                    if len(question.replies) == 2:
                        self.finish(question, question.transport)

    def all(self, questions, total):
        shown, done, exhausted = time.monotonic(), 0, False
        while not exhausted or self.waiting:
            while not exhausted and len(self.waiting) < WINDOW:
                question = next(questions, None)
                if question is None:
                    exhausted = True
                elif question.transport.startswith("tcp"):
                    done += 1
                    self.start_tcp(question)
                else:
                    done += 1
                    self.send(question)
            self.receive(0.05)
            now = time.monotonic()
            if now - shown > 10:
                shown = now
                print("  %d of %d asked, %d differ unexplained" % (
                    done, total, self.comparer.counts["different, unexplained"]), file=sys.stderr, flush=True)
            for question in [q for q in self.waiting.values() if q.deadline < now]:
                # a datagram may be lost on a busy machine: once more before it counts
                if question.tries < (1 if question.kind in SILENT else 2) and question.transport.startswith("udp"):
                    question.tries += 1
                    if question.kind not in SILENT:
                        question.late |= {0, 1} - question.replies.keys()
                    self.waiting.pop(question.ident)
                    self.send(question)
                else:
                    self.finish(question, question.transport)


def table(rows, widths):
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def report(comparer, rules, names, heading):
    counts = comparer.counts
    lines = [heading, ""]
    lines += ["%d answers compared, %d equal (%.3f %%), %d different and explained, %d different and NOT explained" % (
        counts["compared"], counts["equal"], 100.0 * counts["equal"] / max(1, counts["compared"]),
        counts["different, explained"], counts["different, unexplained"])]
    lines += [", ".join("%s %d" % (key, value) for key, value in sorted(counts.items()) if key.split()[0] in (
        "over", "rcode", "NODATA", "truncated", "silent", "silence,"))]
    both = sum(comparer.ttl_apart.values())
    lines += ["TTLs of the same record: %d bound to %g s as first seen, %d to its age; %.2f %% within 1 s of each other, %.2f %% 10 s or "
              "more apart" % (
        counts["TTLs bound to %g s" % SLACK], SLACK, counts["TTLs bound to the RRset's age"],
        100.0 * (comparer.ttl_apart[0] + comparer.ttl_apart[1]) / max(1, both),
        100.0 * comparer.ttl_apart[10] / max(1, both))]
    lines += ["Seen again more than 15 s before its end: %s" % ", ".join("%s %d, of it renewed %d%s" % (
        name, counts["seen again: " + name], counts["of it renewed: " + name],
        " (TTLS DO NOT FALL)" if name in comparer.ageless() else "") for name in names), ""]
    unexplained = sorted((entry for entry in comparer.classes.items() if not entry[1]["rule"]),
                         key=lambda entry: -entry[1]["count"])
    lines.append("Differences that nothing explains: %d classes" % len(unexplained))
    for (field, left, right, kind, wants), entry in unexplained:
        lines.append("  %6d  %s: %s %s, %s %s   [%s]" % (entry["count"], field, names[0], left, names[1], right, " ".join([kind, wants]).strip()))
        lines.append("          #%d %s over %s%s" % (entry["example"]["number"], entry["example"]["query"],
                                                    entry["example"]["over"], "; " + entry["example"]["detail"][:300]
                                                    if entry["example"]["detail"] else ""))
    lines += ["", "Differences that are explained"]
    by_rule = collections.defaultdict(list)
    for key, entry in comparer.classes.items():
        if entry["rule"]:
            by_rule[entry["rule"]].append((key, entry))
    for rule in rules:
        found = by_rule.get(rule["id"], [])
        lines.append("  %6d  %s: %s" % (sum(entry["count"] for _, entry in found), rule["id"], rule["reason"]))
        for (field, left, right, kind, wants), entry in sorted(found, key=lambda item: -item[1]["count"])[:1]:
            lines.append("          %s: %s %s, %s %s   [%s] #%d %s" % (field, names[0], left, names[1], right, " ".join([kind, wants]).strip(),
                                                                      entry["example"]["number"], entry["example"]["query"]))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", required=True)
    parser.add_argument("--zones", required=True)
    parser.add_argument("--known", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--heading", default="compare-answers")
    parser.add_argument("servers", nargs=2)
    arguments = parser.parse_args()

    servers = []
    for text in arguments.servers:
        name, _, addresses = text.partition("=")
        servers.append((name, *addresses.split(",")))
    with open(arguments.known, encoding="utf-8") as file:
        known = json.load(file)
    with open(arguments.queries, encoding="ascii") as file:
        lines = file.readlines()
    names = [name for name, _, _ in servers]
    comparer = Comparer(names, Originals(arguments.zones), known)
    started = time.monotonic()
    Run(servers, comparer).all((Question(number, line) for number, line in enumerate(lines, 1)), len(lines))
    comparer.counts["seconds"] = round(time.monotonic() - started)

    text = report(comparer, known, names, arguments.heading)
    os.makedirs(arguments.report, exist_ok=True)
    classes = [{"field": field, names[0]: left, names[1]: right, "kind": kind, "query": wants, **entry}
               for (field, left, right, kind, wants), entry in sorted(comparer.classes.items(), key=lambda item: -item[1]["count"])]
    with open(os.path.join(arguments.report, "report.json"), "w", encoding="utf-8") as file:
        json.dump({"heading": arguments.heading, "queries": len(lines), "counts": comparer.counts,
                   "ttl_seconds_apart": comparer.ttl_apart, "classes": classes}, file, indent=1)
    with open(os.path.join(arguments.report, "report.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(arguments.report, "report.html"), "w", encoding="utf-8") as file:
        file.write("<!doctype html><meta charset=utf-8><title>%s</title><pre>%s</pre>\n" % (
            html.escape(arguments.heading), html.escape(text)))
    print(text, end="")
    return 1 if comparer.counts["different, unexplained"] or names[0] in comparer.ageless() or comparer.counts["compared"] < len(lines) else 0


if __name__ == "__main__":
    sys.exit(main())
