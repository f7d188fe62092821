# SPDX-License-Identifier: BSD-3-Clause
"""Cases of one signer's corpus: a question and the replies that are changed for it, repeatable by seed and number."""
import bisect
import random
import struct

import dns.name
import dns.rdatatype

import mutations
import zones
from reply import Reply


def key_bytes(key):
    level, name, qtype = key
    wire = name.canonicalize().to_wire()
    return struct.pack("<BB", level, len(wire)) + wire + struct.pack("<H", qtype)


def read_corpus(path):
    """(time of the recording, {(level, name, type): message})"""
    with open(path, "rb") as file:
        data = file.read()
    now, length = struct.unpack_from("<qH", data, 4)
    at = 14 + length
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    replies = {}
    for _ in range(count):
        level, size = data[at], data[at + 1]
        name, _ = dns.name.from_wire(data[at + 2:at + 2 + size], 0)
        at += 2 + size
        qtype, size = struct.unpack_from("<HH", data, at)
        replies[level, name, qtype] = data[at + 4:at + 4 + size]
        at += 4 + size
    return now, replies


def questions():
    return [(name.lower(), int(dns.rdatatype.from_text(qtype))) for name, qtype in zones.questions()]


def case_bytes(number, question, overrides):
    wire = dns.name.from_text(question[0]).to_wire()
    out = struct.pack("<IB", number, len(wire)) + wire + struct.pack("<HH", question[1], len(overrides))
    for key, message in overrides:
        out += key_bytes(key) + struct.pack("<H", len(message)) + message
    return out


class Maker:
    def __init__(self, signer, corpora, asked, also_asked, keys):
        """`corpora`: by signer; `asked`: {question: set of keys}, what is asked when nothing is changed and may be changed;
        `also_asked`: what another resolver asks."""
        self.signer = signer
        self.now, self.replies = corpora[signer]
        self.corpora = corpora
        self.asked = asked
        self.also_asked = also_asked
        self.keys = keys
        self.questions = questions()
        self.parsed = {}
        self.by_level = {}
        for key in sorted(self.replies):
            self.by_level.setdefault(key[0], []).append(key)
        self.by_name = {}
        for key in self.replies:
            self.by_name.setdefault(key[1], []).append(key)
        self.zone_names = [dns.name.from_text(zone.name) for zone in zones.zones()]
        self.related = {}

    def related_to(self, question):
        """What may be asked for a question beside what was: by another resolver, and DS, DNSKEY, NS of all names on the way."""
        if question not in self.related:
            names = set()
            for _, name, _ in self.asked[question] | self.also_asked[question]:
                while True:
                    names.add(name)
                    if name == dns.name.root:
                        break
                    name = name.parent()
            types = {mutations.DS, mutations.DNSKEY, mutations.NS, mutations.CNAME, question[1]}
            self.related[question] = [key for name in sorted(names) for key in self.by_name.get(name, [])
                                      if (key[2] in types or key in self.also_asked[question]) and key not in self.asked[question]]
        return self.related[question]

    def make(self, seed, number):
        """(bytes of the case, what it is)"""
        rng = random.Random("%s %s %d" % (self.signer, seed, number))
        self.keys.made.clear()
        while True:
            question = rng.choice(self.questions)
            used = {key: Reply(self.replies[key]) for key in sorted(self.asked[question]) if key in self.replies}
            others = {key: Reply(self.replies[key]) for key in self.related_to(question)}
            other_signer = rng.choice([signer for signer in self.corpora if signer != self.signer] or [None])

            def elsewhere(key, signer=other_signer):
                message = self.corpora[signer][1].get(key) if signer else None
                return Reply(message) if message else None

            def neighbour(key):
                keys = self.by_level[key[0]]
                at = bisect.bisect(keys, key)
                near = keys[max(0, at - 60):at + 60]
                return Reply(self.replies[rng.choice(near if rng.random() < 0.8 else keys)])

            subject = mutations.Subject(rng, self.now, question, used, others, elsewhere, neighbour, self.zone_names)
            done = mutations.mutate(subject, self.keys)
            if not done:
                continue
            kind, what, signed = done
            if rng.random() < 0.07:  # two at once
                more = mutations.mutate(subject, self.keys)
                if more:
                    kind, what, signed = "two", what + "; " + more[1], signed or more[2]
            overrides = [(key, reply.to_wire()) for key, reply in list(used.items()) + list(others.items()) if reply.changed()]
            return case_bytes(number, question, overrides), {
                "question": "%s %s" % (question[0], dns.rdatatype.to_text(question[1])), "kind": kind, "what": what, "signed": signed}
