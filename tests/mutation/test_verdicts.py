#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Facts about the comparison: what is laxer or forged is seen, and a rule explains what it names and nothing beside it."""
import base64
import dataclasses
import json
import os
import random
import re
import sys
import unittest

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import mutations  # noqa: E402
import reply  # noqa: E402
import verdicts  # noqa: E402

WWW = ("www.example.", 1, b"\xc0\0\2\1")
GOOD = verdicts.Verdict("secure", 1, [], "", 0, frozenset([WWW]), {WWW[:2]: 300})


def but(**changed):
    return dataclasses.replace(GOOD, **changed)


BOGUS = but(security="bogus", rcode=2, answer=frozenset(), ttl={})
INSECURE = but(security="insecure")
FORGED = frozenset([("www.example.", 1, b"\xc0\0\2\2")])


class Judging(unittest.TestCase):
    def test_results(self):
        for ours, theirs, result in [
                (GOOD, GOOD, "equal"), (BOGUS, BOGUS, "equal"), (BOGUS, but(security="failed", rcode=2), "equal"), (BOGUS, GOOD, "stricter"),
                (BOGUS, INSECURE, "stricter"), (INSECURE, GOOD, "stricter"), (GOOD, INSECURE, "laxer"), (GOOD, BOGUS, "laxer"),
                (INSECURE, BOGUS, "laxer"), (GOOD, but(answer=FORGED), "data"), (GOOD, but(rcode=3), "data"), (INSECURE, but(security="insecure", rcode=3), "data")]:
            self.assertEqual(verdicts.judge(ours, theirs), result)

    def test_truth(self):
        self.assertIsNone(verdicts.against_truth(GOOD, [GOOD], False))
        self.assertIsNone(verdicts.against_truth(BOGUS, [GOOD], False))
        self.assertIn("AD on", verdicts.against_truth(but(answer=FORGED), [GOOD], False))
        self.assertIn("a client got", verdicts.against_truth(but(security="insecure", answer=FORGED), [GOOD], False))
        self.assertIn("AD on", verdicts.against_truth(but(rcode=3, answer=frozenset()), [GOOD], False))
        self.assertIn("TTL", verdicts.against_truth(but(ttl={WWW[:2]: 301}), [GOOD], False))
        self.assertIn("the cache says", verdicts.against_truth(but(second="insecure"), [GOOD], True))
        self.assertIsNone(verdicts.against_truth(but(answer=FORGED), [GOOD], True))
        self.assertIsNone(verdicts.against_truth(but(answer=FORGED), [GOOD, but(answer=FORGED)], False))

    def test_rules(self):
        with open(os.path.join(HERE, "explained.json"), encoding="utf-8") as file:
            rules = json.load(file)
        case = {"what": "header, NXDOMAIN of an answer", "signed": False, "question": "www.example. MX"}
        theirs = dataclasses.replace(BOGUS, why="validation failure")
        self.assertEqual(verdicts.explain(rules, case, "laxer", GOOD, theirs)["id"], "rcode")
        self.assertIsNone(verdicts.explain(rules, case, "laxer", but(rcode=3), theirs))
        self.assertIsNone(verdicts.explain(rules, case, "laxer", GOOD, BOGUS))
        self.assertIsNone(verdicts.explain(rules, dict(case, what="data A"), "laxer", GOOD, theirs))
        self.assertIsNone(verdicts.explain(rules, dict(case, signed=True), "laxer", GOOD, theirs))
        values = {"secure NOERROR", "secure NXDOMAIN", "insecure NOERROR", "insecure NXDOMAIN", "bogus", "failed"}
        for rule in rules:
            self.assertTrue(rule["reason"] and set(rule["holdfast"]) <= values and set(rule["unbound"]) <= values, rule["id"])
        self.assertEqual(len(rules), len({rule["id"] for rule in rules}))
        # holdfast believing forged data is never to be explained away
        for rule in rules:
            self.assertFalse(rule["result"] == "laxer" and re_matches_anything(rule["what"]), rule["id"])


def re_matches_anything(pattern):
    return bool(re.fullmatch(pattern, "no such change"))


class Changing(unittest.TestCase):
    """Each field of each record type is hit, and never left as it was."""

    def fields(self, record_type, text, wanted):
        rdata = dns.rdata.from_text("IN", record_type, text).to_wire()
        subject = mutations.Subject(random.Random(1), 1700000000, ("www.example.", 1), {}, {}, None, None, [dns.name.from_text("example."), dns.name.root])
        seen = set()
        for _ in range(600):
            what, changed = mutations.FIELDS[int(dns.rdatatype.from_text(record_type))](subject, rdata)
            seen.add(what.split(",")[0])
        self.assertEqual(seen, wanted)

    def test_fields(self):
        self.fields("RRSIG", "A 13 2 300 20300101000000 20200101000000 4711 example. AAAA", {
            "type covered", "algorithm", "labels", "original TTL", "expiration", "inception", "key tag", "signer", "signature"})
        self.fields("DNSKEY", "257 3 13 AAAA", {"flags", "protocol", "algorithm", "key"})
        self.fields("DS", "4711 13 2 " + "ab" * 32, {"key tag", "algorithm", "digest type", "digest"})
        self.fields("NSEC", "a.example. A RRSIG NSEC", {"next name", "bitmap"})
        self.fields("NSEC3", "1 0 5 beef " + "0" * 32 + " A RRSIG", {
            "hash algorithm", "flags", "iterations", "iterations above 50", "salt", "next hash", "bitmap"})

    def test_bitmaps(self):
        for types in ({1}, {1, 2, 46, 47}, {1, 257, 1234, 65280}):
            self.assertEqual(mutations.types_of(mutations.bitmap_of(types)), types)

    def test_signing(self):
        """A signature by a key made here verifies as others make it."""
        private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        name = dns.name.from_text("www.example.")
        record = reply.Record(name, 1, 300, b"\xc0\0\2\1")
        rrsig = dns.rdata.from_text("IN", "RRSIG", "A 15 2 300 20300101000000 20200101000000 4711 example. AAAA").to_wire()
        signer = reply.Signer({})
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        dnskey = dns.rdata.from_text("IN", "DNSKEY", "257 3 15 " + base64.b64encode(raw).decode())
        tag = dns.dnssec.key_id(dnskey)
        signed = signer.sign(rrsig[:16] + tag.to_bytes(2, "big") + rrsig[18:], [record], (15, private))
        rrset = dns.rrset.from_rdata(name, 300, dns.rdata.from_text("IN", "A", "192.0.2.1"))
        signature = dns.rrset.from_rdata(name, 300, dns.rdata.from_wire("IN", "RRSIG", signed, 0, len(signed)))
        dns.dnssec.validate(rrset, signature, {dns.name.from_text("example."): dns.rrset.from_rdata(dns.name.from_text("example."), 300, dnskey)},
                            now=1700000000)


if __name__ == "__main__":
    unittest.main()
