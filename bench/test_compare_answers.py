#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Facts about compare_answers.py with the rules of compare-answers.json: whatever is changed in one of two equal replies is a
difference, and a rule explains what it was written for and nothing beside it."""
import json
import os
import struct
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools", "lab"))
import compare_answers  # noqa: E402
from dnswire import name_to_wire  # noqa: E402

ZONE = """example. 300 IN SOA ns.example. hostmaster.example. 1 7200 3600 1209600 60
example. 300 IN NS ns.example.
ns.example. 300 IN A 192.0.2.1
www.example. 300 IN A 192.0.2.2
www.example. 300 IN A 192.0.2.3
alias.example. 300 IN CNAME www.example.
old.example. 300 IN DNAME example.
example. 300 IN CAA 0 issue "ca.example"
example. 300 IN MX 10 www.example.
"""
A, NS, CNAME, SOA, AAAA, DNAME, OPT, RRSIG, NSEC, ANY, CAA = 1, 2, 5, 6, 28, 39, 41, 46, 47, 255, 257
QR, TC, RD, RA, CD = 0x8000, 0x0200, 0x0100, 0x0080, 0x0010
COOKIE = struct.pack("!HH", 10, 8) + b"clientID"
SERVER_COOKIE = struct.pack("!HH", 10, 24) + b"clientID" + bytes(16)


def question(name, qtype, qclass=1):
    return name_to_wire(name) + struct.pack("!HH", qtype, qclass)


def record(name, rrtype, rdata, ttl=300):
    return name_to_wire(name) + struct.pack("!HHIH", rrtype, 1, ttl, len(rdata)) + rdata


def opt(options=b"", ttl=0, size=1232):
    return b"\0" + struct.pack("!HHIH", OPT, size, ttl, len(options)) + options


def ede(code):
    return struct.pack("!HHH", 15, 2, code)


def message(asked, answer=(), authority=(), additional=(), flags=QR | RD | RA, rcode=0):
    return struct.pack("!6H", 7, flags | rcode, bool(asked), len(answer), len(authority), len(additional)) + asked + \
        b"".join((*answer, *authority, *additional))


WWW = question("www.example.", A)
TWO = [record("www.example.", A, bytes((192, 0, 2, host))) for host in (2, 3)]
SOA_RECORD = record("example.", SOA, name_to_wire("ns.example.") + name_to_wire("hostmaster.example.") +
                    struct.pack("!5I", 1, 7200, 3600, 1209600, 60), 60)
GOOD = message(WWW, TWO, additional=[opt()])


class Compare(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "example.zone"), "w", encoding="ascii") as file:
                file.write(ZONE)
            self.originals = compare_answers.Originals(directory)
        with open(os.path.join(HERE, "compare-answers.json"), encoding="utf-8") as file:
            self.rules = json.load(file)
        self.renew()

    def renew(self, age=0.0):
        """`age`: for how long both have been asked questions, in seconds."""
        self.comparer = compare_answers.Comparer(["holdfast", "unbound"], self.originals, self.rules)
        self.comparer.born -= age

    def judge(self, left, right, kind="A", query=None, over="udp4", late=()):
        """→ [(field, left, right, rule)]"""
        data = query or message(WWW, additional=[opt()], flags=RD)
        asked = compare_answers.Question(1, "%s\t%s\t%s" % (kind, over, data.hex()))
        asked.asked, asked.late = time.monotonic(), set(late)
        before = set(self.comparer.classes)
        self.comparer.judge(asked, [left, right], over)
        return sorted((*key[:3], entry["rule"]) for key, entry in self.comparer.classes.items() if key not in before)

    def differs(self, left, right, *fields, **more):
        """In just these fields, on whichever side, and nothing explains it."""
        for pair in ((left, right), (right, left)):
            self.renew()
            found = self.judge(*pair, **more)
            self.assertEqual(sorted({field for field, _, _, _ in found}), sorted(fields), found)
            self.assertEqual(self.comparer.counts["different, unexplained"], 1, found)
            self.assertEqual(self.comparer.counts["equal"], 0)

    def explained(self, rule, left, right, kind, **more):
        """By this rule; not the other way round, and not for another kind of question."""
        self.renew()
        found = self.judge(left, right, kind, **more)
        self.assertEqual({each[3] for each in found}, set(rule.split()), found)
        self.assertEqual(self.comparer.counts["different, explained"], 1)
        for sides, other in (((right, left), kind), ((left, right), "another kind")):
            if rule == "cookie" and other != kind:
                continue
            if rule == "which-of-any" and other == kind:
                continue
            self.renew()
            found = self.judge(*sides, other, **{**more, "late": [1 - side for side in more.get("late", ())] if other == kind
                                                  else more.get("late", ())})
            self.assertIn(None, {each[3] for each in found}, found)

    def test_equal(self):
        self.assertEqual(self.judge(GOOD, GOOD), [])
        self.assertEqual(self.judge(GOOD, message(WWW, TWO[::-1], additional=[opt()])), [], "the order inside an RRset")
        self.assertEqual(self.comparer.counts["equal"], 2)

    def test_each_part_counts(self):
        def changed(**parts):
            whole = {"answer": TWO, "additional": [opt()], **parts}
            return message(whole.pop("asked", WWW), **whole)

        self.differs(GOOD, changed(rcode=3), "rcode")
        self.differs(GOOD, changed(rcode=2), "rcode")
        self.differs(GOOD, changed(additional=[opt(ttl=1 << 24)]), "rcode")
        for bit in (0x0400, RD, RA, 0x0040, 0x0020, CD):
            self.differs(GOOD, changed(flags=(QR | RD | RA) ^ bit), "flags")
        self.differs(GOOD, changed(flags=QR | RD | RA | 0x1000), "opcode")
        self.differs(GOOD, changed(asked=question("wWw.example.", A)), "question")
        self.differs(GOOD, changed(asked=b""), "question")
        self.differs(GOOD, changed(answer=TWO[:1]), "answer")
        self.differs(GOOD, changed(answer=[]), "answer")
        self.differs(GOOD, changed(answer=[TWO[0], TWO[0]]), "answer")
        self.differs(GOOD, changed(answer=TWO + [record("www.example.", A, b"\x0a\0\0\1")]), "answer")
        self.differs(GOOD, changed(authority=[record("example.", NS, name_to_wire("ns.example."))]), "authority")
        self.differs(GOOD, changed(additional=[record("ns.example.", A, b"\xc0\0\2\1"), opt()]), "additional")
        self.differs(GOOD, changed(additional=[]), "OPT")
        self.differs(GOOD, changed(additional=[opt(size=4096)]), "EDNS size")
        self.differs(GOOD, changed(additional=[opt(ttl=0x8000)]), "EDNS flags")
        self.differs(GOOD, changed(additional=[opt(ttl=1 << 16)]), "EDNS version")
        for option in (ede(22), ede(18), SERVER_COOKIE, struct.pack("!HH", 3, 1) + b"x", struct.pack("!HH", 65001, 0)):
            self.differs(GOOD, changed(additional=[opt(option)]), "EDNS option")
        self.differs(changed(additional=[opt(ede(22))]), changed(additional=[opt(ede(23))]), "EDNS option")
        self.differs(GOOD, GOOD[:-1], "malformed reply")
        self.differs(GOOD, GOOD + b"!", "malformed reply")
        self.differs(GOOD, changed(rcode=2) + b"!", "malformed reply", "rcode")
        alias = [record("alias.example.", CNAME, name_to_wire("www.example.")), TWO[0]]
        self.differs(changed(answer=alias), changed(answer=alias[::-1]), "order of RRsets")

    def test_lost_replies(self):
        self.differs(GOOD, None, "reply")
        self.differs(GOOD, None, "reply", kind="closed port")
        for kind in ("A", "lame", "closed port", "malformed: opcode 4"):
            self.renew()
            self.assertEqual(self.judge(None, None, kind), [("reply", "none", "none", None)])
        self.assertEqual(self.judge(None, None, "malformed: QR set"), [])
        self.differs(GOOD, None, "reply", kind="malformed: QR set")
        for side in (0, 1):
            self.renew()
            self.assertEqual([each[0::3] for each in self.judge(GOOD, GOOD, late=[side])], [("reply to the first try", None)])

    def test_ttls(self):
        def aged(ttl, name="www.example.", rrtype=A, rdata=b"\xc0\0\2\2"):
            return message(WWW, [record(name, rrtype, rdata, ttl)], additional=[opt()])

        self.differs(aged(300), aged(301), "TTL above the zone's")
        self.differs(aged(300), aged(290), "TTL")
        self.differs(aged(300), aged(0), "TTL")
        self.assertEqual(self.judge(aged(300), aged(298)), [])
        mixed = message(WWW, [TWO[0], record("www.example.", A, bytes((192, 0, 2, 3)), 299)], additional=[opt()])
        self.differs(GOOD, mixed, "TTLs inside an RRset")
        # A minute after the start a name that nobody asked for before is still bound; one that was shown then is not.
        self.renew(60)
        self.assertEqual([each[0] for each in self.judge(aged(300), aged(250))], ["TTL"])
        self.renew(60)
        self.assertEqual(self.judge(aged(300), aged(300)), [])
        for seen in (self.comparer.first, self.comparer.named):
            for key in seen:
                seen[key] -= 60
        self.assertEqual(self.judge(aged(300), aged(250)), [])
        self.assertEqual([each[0] for each in self.judge(aged(300), aged(230))], ["TTL"])
        # Another type asked for before, at the name or below: minimised, that was a question for A.
        for other in ("www.example.", "a.b.www.example."):
            self.renew(60)
            self.judge(message(question(other, 65)), message(question(other, 65)), query=message(question(other, 65), flags=RD))
            for key in self.comparer.named:
                self.comparer.named[key] -= 60
            self.assertEqual(self.judge(aged(300), aged(250)), [])
            self.assertEqual([each[0] for each in self.judge(aged(300, rrtype=16), aged(250, rrtype=16))], ["TTL"])
        # What resolvers fetch for themselves is as old as the run.
        self.renew(60)
        ns = name_to_wire("ns.example.")
        self.assertEqual(self.judge(aged(300, "example.", NS, ns), aged(250, "example.", NS, ns)), [])
        self.assertEqual([each[0] for each in self.judge(aged(300, "example.", NS, ns), aged(230, "example.", NS, ns))], ["TTL"])
        # A negative answer's SOA is bound by its last field.
        self.assertEqual([each[0] for each in self.judge(message(WWW, authority=[SOA_RECORD], additional=[opt()]), message(
            WWW, authority=[SOA_RECORD.replace(struct.pack("!I", 60), struct.pack("!I", 61), 1)], additional=[opt()]))],
            ["TTL above the zone's"])

    def test_ttls_must_fall(self):
        for fall, ageless in ((10, []), (0, ["holdfast", "unbound"])):
            self.renew()
            for turn in range(4):
                reply = message(WWW, [record("www.example.", A, b"\xc0\0\2\2", 300 - fall * turn)], additional=[opt()])
                self.judge(reply, reply)
                self.comparer.ends = {key: end - 10 for key, end in self.comparer.ends.items()}
            self.assertEqual(self.comparer.ageless(), ageless)
            self.assertEqual(self.comparer.counts["seen again: holdfast"], 3)

    def test_truncation(self):
        cut = message(WWW, flags=QR | TC | RD | RA, additional=[opt()])
        self.differs(GOOD, cut, "flags")
        self.assertEqual(self.judge(cut, cut), [])
        big = message(WWW, [record("www.example.", 16, bytes(600))])
        self.assertEqual([each[0] for each in self.judge(big, big, query=message(WWW, flags=RD))],
                         ["octets above the client's size"])

    def test_rules(self):
        failed = message(WWW, rcode=2, additional=[opt()])
        for code in (13, 22, 23):
            self.explained("ede", message(WWW, rcode=2, additional=[opt(ede(code))]), failed, "lame")
        self.differs(message(WWW, rcode=2, additional=[opt(ede(9))]), failed, "EDNS option", kind="lame")
        with_cookie = message(WWW, additional=[opt(COOKIE)], flags=RD)
        self.explained("cookie", message(WWW, TWO, additional=[opt(SERVER_COOKIE)]), GOOD, "A", query=with_cookie)
        self.explained("slow-to-give-up", failed, None, "closed port")
        self.explained("slow-to-give-up-first-try", failed, failed, "closed port", late=[1])
        asked, caa, mx, soa = question("example.", ANY), record("example.", CAA, b"\0\5issueca.example"), \
            record("example.", 15, b"\0\12" + name_to_wire("www.example.")), SOA_RECORD
        self.explained("which-of-any", message(asked, [caa]), message(asked, [mx]), "ANY")
        self.explained("which-of-any", message(asked, [caa, soa]), message(asked, [soa]), "ANY")
        self.differs(message(asked, [caa]), message(asked), "answer", kind="ANY")
        self.differs(message(asked, [caa]), message(asked, [TWO[0]]), "answer", kind="ANY")
        dname = record("old.example.", DNAME, name_to_wire("example."))
        made = record("www.old.example.", CNAME, name_to_wire("www.example."))
        self.explained("dname-left-out", message(WWW, [dname, made, *TWO]), message(WWW, [made, *TWO]), "below DNAME")
        self.differs(message(WWW, [dname, made]), message(WWW), "answer", kind="below DNAME")
        wants_do = message(WWW, additional=[opt(ttl=0x8000)], flags=RD)
        proof = [record("example.", NSEC, b"\0\0\1\x40"), record("example.", RRSIG, struct.pack("!H", NSEC) + bytes(20))]
        self.differs(message(WWW, TWO), message(WWW, TWO, proof), "authority", kind="never repeated", query=wants_do)
        self.explained("ns-addresses", message(WWW), message(WWW, additional=[record("ns.example.", A, b"\xc0\0\2\1")]), "NS")
        for number, flags in ((1, RD), (5, RD)):
            self.explained("notimp-rd notimp-question", message(b"", flags=QR | number << 11, rcode=4),
                           message(WWW, flags=QR | flags | number << 11, rcode=4), "malformed: opcode %d" % number,
                           query=message(WWW, flags=RD | number << 11))

    def test_every_rule_is_bounded(self):
        for rule in self.rules:
            self.assertEqual(set(rule) - {"query"}, {"id", "field", "holdfast", "unbound", "kinds", "reason"})
            self.assertNotIn("*", (rule["field"], rule["holdfast"], rule["unbound"]), rule["id"])
            self.assertTrue(rule["kinds"] != "*" or rule.get("query"), rule["id"])
    

if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromTestCase(Compare))
    wrong = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - wrong, wrong))
    sys.exit(0 if result.testsRun and not wrong else 1)
