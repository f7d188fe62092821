# SPDX-License-Identifier: BSD-3-Clause
"""Compares holdfast's verdicts with unbound's, and with what is known of the unchanged zones."""
import collections
import dataclasses
import re
import struct

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype


@dataclasses.dataclass
class Verdict:
    security: str      # secure, insecure, bogus (holdfast: any SERVFAIL), failed (unbound: SERVFAIL that is not bogus)
    delivered: int     # changed replies given
    unanswered: list   # queries nobody recorded a reply to, or all queries
    why: str           # EDE codes and texts; why_bogus
    rcode: int
    answer: frozenset  # (owner, type, RDATA), signatures left out
    ttl: dict          # by (owner, type)
    second: str = ""   # what the cache said afterwards, if it was another verdict

    def text(self):
        return self.security if self.fails() else "%s %s" % (self.security, {0: "NOERROR", 3: "NXDOMAIN"}.get(self.rcode, "rcode %d" % self.rcode))

    def fails(self):
        return self.security in ("bogus", "failed")


def answer_of(wire):
    """(owner, type, TTL, RDATA) of the answer section, but signatures; RDATA may be malformed, handed on as it came."""
    _, at = dns.name.from_wire(wire, 12)
    at += 12 + 4
    for _ in range(int.from_bytes(wire[6:8], "big")):
        owner, used = dns.name.from_wire(wire, at)
        number, _, ttl, length = struct.unpack("!HHIH", wire[at + used:at + used + 10])
        at += used + 10
        try:
            rdata = dns.rdata.from_wire(dns.rdataclass.IN, number, wire, at, length).to_digestable()
        except dns.exception.DNSException:
            rdata = wire[at:at + length]
        at += length
        if number != dns.rdatatype.RRSIG:
            yield owner.canonicalize().to_text(), number, ttl, rdata


def read(text):
    """{number: Verdict} of a driver's output."""
    verdicts = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[1].startswith("second "):
            verdicts[int(fields[0])].second = fields[1][7:]
            continue
        number, security, delivered, unanswered, why, reply = fields
        rcode, answer, ttl = 2, set(), {}
        if reply:
            wire = bytes.fromhex(reply)
            rcode = wire[3] & 15
            for owner, record_type, seconds, rdata in answer_of(wire):
                ttl[owner, record_type] = seconds
                answer.add((owner, record_type, rdata))
        verdicts[int(number)] = Verdict(security, int(delivered), [] if unanswered == "-" else unanswered.split(","), "" if why == "-" else why,
                                        rcode, frozenset(answer), ttl)
    return verdicts


def judge(ours, theirs):
    """equal, stricter or laxer, and data: the same verdict on other data."""
    if ours.fails():
        return "equal" if theirs.fails() else "stricter"
    if theirs.fails():
        return "laxer"
    if ours.security != theirs.security:
        return "laxer" if ours.security == "secure" else "stricter"
    return "equal" if (ours.rcode, ours.answer) == (theirs.rcode, theirs.answer) else "data"


def against_truth(ours, truths, signed):
    """What must not be, whatever others say; None when all is well. `truths`: what the zone's keys have signed; `signed`: and more now."""
    if ours.fails():
        return None
    if ours.second:
        return "the cache says %s after %s" % (ours.second, ours.security)
    if signed or truths[0].security != "secure":
        return None
    for truth in truths:
        if (ours.rcode, ours.answer) == (truth.rcode, truth.answer):
            # a zone's NS set ends with the delegation, which came some ms earlier and so shows a second less
            longer = [key for key, ttl in ours.ttl.items() if ttl > truth.ttl.get(key, ttl) + (key[1] == dns.rdatatype.NS)]
            return "TTL above the signed one" if longer and ours.security == "secure" else None
    return "%s data that is not the zone's" % ("AD on" if ours.security == "secure" else "a client got")


def explain(rules, case, result, ours, theirs):
    """The first rule that names both sides' values and the change, one of two."""
    changes = case["what"].split("; ")
    for rule in rules:
        if (rule["result"] == result and ours.text() in rule["holdfast"] and theirs.text() in rule["unbound"] and
                any(re.fullmatch(rule["what"], what) for what in changes) and (len(changes) > 1 or rule["signed"] == case["signed"]) and
                re.search(rule.get("ours", ""), ours.why) and re.search(rule.get("theirs", ""), theirs.why) and
                re.search(rule.get("question", ""), case["question"])):
            return rule
    return None


class Table:
    """Counts by kind of change."""
    COLUMNS = ["cases", "equal", "secure", "insecure", "bogus", "stricter", "laxer", "data", "unexplained"]

    def __init__(self):
        self.rows = collections.OrderedDict()

    def count(self, row, *columns):
        for column in columns:
            self.rows.setdefault(row, collections.Counter())[column] += 1

    def text(self, first):
        lines = ["%-28s" % first + "".join("%12s" % column for column in self.COLUMNS)]
        for name, counts in sorted(self.rows.items()):
            lines.append("%-28s" % name + "".join("%12d" % counts[column] for column in self.COLUMNS))
        return "\n".join(lines)
