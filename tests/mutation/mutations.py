# SPDX-License-Identifier: BSD-3-Clause
"""What is changed in signed replies. A kind takes a Subject and changes records of its replies; each is named by what it does."""
import dataclasses
import struct

import dns.name
import dns.rdatatype

from reply import A, CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, RRSIG, SOA, Record, signer_of


@dataclasses.dataclass
class Subject:
    rng: object
    now: int
    question: tuple  # name, type number
    used: dict       # key -> Reply: what resolvers ask for this question
    others: dict     # key -> Reply: what they might ask
    elsewhere: object  # function: another signer's Reply for a key, or None
    neighbour: object  # function: another recorded Reply of the same server
    zones: list      # names of all zones
    signer: object = None # set when sets are to be signed again

    def replies(self):
        return list(self.used.values()) + list(self.others.values())

    def pick(self, wanted):
        """A record of a used reply; None when there is none. Rare sets have the same chance as those in many replies."""
        sets = {}
        for reply in self.used.values():
            for section in reply.sections[:2]:
                for record in section:
                    if wanted(record):
                        sets.setdefault((record.owner, record.type, record.covers()), []).append(record)
        if not sets:
            return None
        return self.rng.choice(sets[self.rng.choice(sorted(sets))])


def flip(rng, data, start=0):
    if len(data) <= start:
        return data + b"\1"
    at = rng.randrange(start, len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]


def resized(rng, data):
    """(what, changed data)"""
    what = rng.choice(["bit", "bit", "bit", "shorter", "longer", "empty", "zero", "first"])
    return what, {"bit": lambda: flip(rng, data), "shorter": lambda: data[:-1], "longer": lambda: data + b"\0", "empty": lambda: b"",
                  "zero": lambda: bytes(len(data)), "first": lambda: bytes([data[0] ^ 0x80]) + data[1:] if data else b"\1"}[what]()


def other_number(rng, old, values, top):
    return rng.choice([value & top for value in [*values, old + 1, old - 1, rng.randrange(top + 1)] if value & top != old])


def mutate_rrsig(subject, rdata):
    rng, now = subject.rng, subject.now
    signer, end = signer_of(rdata)
    covered, algorithm, labels, original, expiration, inception, tag = struct.unpack("!HBBIIIH", rdata[:18])
    signature = rdata[end:]
    field = rng.choice(["type covered", "algorithm", "labels", "labels", "original TTL", "expiration", "expiration", "inception", "inception", "key tag",
                        "signer", "signature", "signature"])
    if field == "type covered":
        covered = other_number(rng, covered, [A, SOA, NSEC, DNSKEY, 0, 255], 65535)
    elif field == "algorithm":
        algorithm = other_number(rng, algorithm, [5, 7, 8, 10, 13, 14, 15, 16, 0, 1, 200, 255], 255)
    elif field == "labels":
        labels = other_number(rng, labels, [0, labels + 1, labels - 1, 255], 255)
    elif field == "original TTL":
        original = other_number(rng, original, [0, 1, original * 2, 0x7fffffff, 0x80000000, 0xffffffff], 0xffffffff)
    elif field == "expiration":
        expiration = other_number(rng, expiration, [now - 1, now, now + 1, now + 10, inception - 1, inception, now + 0x7fffffff, now + 0x80000001, 0], 0xffffffff)
    elif field == "inception":
        inception = other_number(rng, inception, [now - 1, now, now + 1, now + 3600, expiration + 1, expiration, now - 0x7fffffff, 0], 0xffffffff)
    elif field == "key tag":
        tag = other_number(rng, tag, [0], 65535)
    elif field == "signer":
        choices = [dns.name.root, rng.choice(subject.zones), dns.name.Name((b"nope",) + signer.labels)]
        if signer != dns.name.root:
            choices += [signer.parent(), dns.name.Name([label.upper() for label in signer.labels])]
        signer = rng.choice([name for name in choices if name.labels != signer.labels])
    else:
        what, signature = resized(rng, signature)
        field += ", " + what
    return field, struct.pack("!HBBIIIH", covered, algorithm, labels, original, expiration, inception, tag) + signer.to_wire() + signature


def mutate_dnskey(subject, rdata):
    rng = subject.rng
    flags, protocol, algorithm = struct.unpack("!HBB", rdata[:4])
    key = rdata[4:]
    field = rng.choice(["flags", "flags", "protocol", "algorithm", "key", "key"])
    if field == "flags":
        bit = rng.choice([0x0100, 0x0001, 0x0080, 1 << rng.randrange(16)])
        flags ^= bit
        field += {0x0100: ", ZONE", 1: ", SEP", 0x80: ", REVOKE"}.get(bit, "")
    elif field == "protocol":
        protocol = rng.choice([0, 1, 2, 4, 255])
    elif field == "algorithm":
        algorithm = other_number(rng, algorithm, [5, 7, 8, 10, 13, 14, 15, 16, 0, 1, 200, 253], 255)
    else:
        what, key = resized(rng, key)
        field += ", " + what
    return field, struct.pack("!HBB", flags, protocol, algorithm) + key


def mutate_ds(subject, rdata):
    rng = subject.rng
    tag, algorithm, digest_type = struct.unpack("!HBB", rdata[:4])
    digest = rdata[4:]
    field = rng.choice(["key tag", "algorithm", "digest type", "digest"])
    if field == "key tag":
        tag = other_number(rng, tag, [0], 65535)
    elif field == "algorithm":
        algorithm = other_number(rng, algorithm, [5, 7, 8, 10, 13, 14, 15, 16, 0, 1, 200, 253], 255)
    elif field == "digest type":
        digest_type = other_number(rng, digest_type, [0, 1, 2, 3, 4, 5, 200], 255)
    else:
        what, digest = resized(rng, digest)
        field += ", " + what
    return field, struct.pack("!HBB", tag, algorithm, digest_type) + digest


def types_of(bitmap):
    types, at = set(), 0
    while at + 2 <= len(bitmap):
        window, length = bitmap[at:at + 2]
        for index, octet in enumerate(bitmap[at + 2:at + 2 + length]):
            types |= {window * 256 + index * 8 + bit for bit in range(8) if octet & 0x80 >> bit}
        at += 2 + length
    return types


def bitmap_of(types):
    out = b""
    for window in sorted({number // 256 for number in types}):
        octets = bytearray(32)
        for number in types:
            if number // 256 == window:
                octets[number % 256 // 8] |= 0x80 >> number % 8
        out += bytes([window, len(octets.rstrip(b"\0"))]) + octets.rstrip(b"\0")
    return out


def mutate_bitmap(subject, bitmap):
    rng = subject.rng
    if rng.random() < 0.2:
        what = rng.choice(["window of length 0", "longer than a window", "trailing zero", "cut", "same window twice", "windows out of order", "empty"])
        return "bitmap, " + what, {
            "window of length 0": lambda: bitmap + b"\1\0", "longer than a window": lambda: b"\0" + bytes([33]) + b"\x40" * 33,
            "trailing zero": lambda: bytes([bitmap[0], bitmap[1] + 1]) + bitmap[2:] + b"\0" if bitmap else b"\0\1\0", "cut": lambda: bitmap[:-1],
            "same window twice": lambda: bitmap + bitmap, "windows out of order": lambda: b"\1\1\x40" + bitmap, "empty": lambda: b""}[what]()
    types = types_of(bitmap)
    number = rng.choice([subject.question[1], A, NS, CNAME, SOA, DNAME, DS, RRSIG, NSEC, DNSKEY, NSEC3, 128, 1234])
    return "bitmap, %s %s" % ("-" if number in types else "+", dns.rdatatype.to_text(number)), bitmap_of(types ^ {number})


def mutate_nsec(subject, rdata):
    rng = subject.rng
    following, used = dns.name.from_wire(rdata, 0)
    if rng.random() < 0.6:
        field, bitmap = mutate_bitmap(subject, rdata[used:])
        return field, rdata[:used] + bitmap
    qname = dns.name.from_text(subject.question[0])
    what = rng.choice(["question", "zone", "below", "outside", "case", "child of question"])
    name = {"question": qname, "zone": rng.choice(subject.zones), "below": dns.name.Name((b"zz",) + following.labels), "outside": dns.name.from_text("zz."),
            "case": dns.name.Name([label.upper() for label in following.labels]), "child of question": dns.name.Name((b"\0",) + qname.labels)}[what]
    return "next name, " + what, name.to_wire() + rdata[used:]


def mutate_nsec3(subject, rdata):
    rng = subject.rng
    algorithm, flags, iterations, salt_length = struct.unpack("!BBHB", rdata[:5])
    salt, rest = rdata[5:5 + salt_length], rdata[5 + salt_length:]
    following, bitmap = rest[1:1 + rest[0]], rest[1 + rest[0]:]
    field = rng.choice(["hash algorithm", "flags", "flags", "iterations", "salt", "next hash", "next hash", "bitmap", "bitmap", "bitmap"])
    if field == "hash algorithm":
        algorithm = rng.choice([0, 2, 255])
    elif field == "flags":
        what = rng.choice(["opt-out", "opt-out", "another"])
        flags ^= 1 if what == "opt-out" else 1 << rng.randrange(1, 8)
        field += ", " + what
    elif field == "iterations":
        iterations = other_number(rng, iterations, [0, 1, 50, 51, 150, 151, 2500, 65535], 65535)
        field += " above 50" if iterations > 50 else ""
    elif field == "salt":
        what, salt = resized(rng, salt)
        field += ", " + what
    elif field == "next hash":
        what = rng.choice(["bit", "bit", "zero", "shorter", "longer", "all ones"])
        following = {"bit": lambda: flip(rng, following), "zero": lambda: bytes(20), "shorter": lambda: following[:-1], "longer": lambda: following + b"\0",
                     "all ones": lambda: b"\xff" * 20}[what]()
        field += ", " + what
    else:
        field, bitmap = mutate_bitmap(subject, bitmap)
    return field, struct.pack("!BBHB", algorithm, flags, iterations, len(salt)) + salt + bytes([len(following)]) + following + bitmap


FIELDS = {RRSIG: mutate_rrsig, DNSKEY: mutate_dnskey, DS: mutate_ds, NSEC: mutate_nsec, NSEC3: mutate_nsec3}


def sign_again(subject, touched, keys):
    """The signatures over these sets anew, by the keys that made them (keys: (owner, type) -> the key of the one RRSIG that changed)."""
    for reply in subject.replies():
        for section in reply.sections:
            for record in section:
                if record.type != RRSIG or record.set() not in touched:
                    continue
                records = [other for other in section if other.type == record.covers() and other.owner == record.owner]
                key = keys.get(record.set()) or subject.signer.key(record.rdata)
                if records and key:
                    record.rdata = subject.signer.sign(record.rdata, records, key)


def label(record):
    """"A", "RRSIG(A)"."""
    text = dns.rdatatype.to_text(record.type)
    return "%s(%s)" % (text, dns.rdatatype.to_text(record.covers())) if record.type == RRSIG else text


def field(record_type, signed):
    """A field of one record, in all replies that have it."""
    def change(subject):
        picked = subject.pick(lambda record: record.type == record_type and (record_type != RRSIG or record.covers()))
        if not picked:
            return None
        before = dataclasses.replace(picked)
        what, rdata = FIELDS[record_type](subject, before.rdata)
        key = subject.signer.key(before.rdata) if record_type == RRSIG else None
        for reply in subject.replies():
            for record in reply.records():
                if record.same(before):
                    record.rdata = rdata
        if signed:
            if record_type == RRSIG and picked.set() != before.set():
                return None  # covers another type now
            sign_again(subject, {picked.set()}, {picked.set(): key} if key else {})
        return "%s %s" % (label(before), what)
    return change


def data(subject):
    """A bit of a record that is no part of DNSSEC."""
    picked = subject.pick(lambda record: record.type not in FIELDS and record.rdata)
    if not picked:
        return None
    before = dataclasses.replace(picked)
    rdata = before.rdata[:-1] + bytes([before.rdata[-1] ^ 1]) if before.type in (A, 28, SOA) else None
    if rdata is None:  # names and texts: a letter, if there is one
        letters = [at for at, octet in enumerate(before.rdata) if 0x61 <= octet < 0x7a]
        if not letters:
            return None
        at = subject.rng.choice(letters)
        rdata = before.rdata[:at] + bytes([before.rdata[at] + 1]) + before.rdata[at + 1:]
    for reply in subject.replies():
        for record in reply.records():
            if record.same(before):
                record.rdata = rdata
    return "data %s" % dns.rdatatype.to_text(before.type)


def chosen(subject, keep=lambda reply: True):
    """One of the used replies."""
    keys = [key for key in sorted(subject.used) if keep(subject.used[key])]
    return subject.used[subject.rng.choice(keys)] if keys else None


def everywhere(subject, picked):
    """(reply, section, record) of all records of its set, signatures too, in all replies."""
    wanted = picked.set()
    for reply in subject.replies():
        for section in reply.sections:
            for record in list(section):
                if record.set() == wanted:
                    yield reply, section, record


def remove(section, record):
    section[:] = [other for other in section if other is not record]


def ttl(subject):
    picked = subject.pick(lambda record: True)
    old = picked.ttl
    new = other_number(subject.rng, old, [0, 1, old * 2 + 1, old // 2, 0x7fffffff, 0x80000000], 0xffffffff)
    what = subject.rng.choice(["set", "one record", "signature"])
    if what == "one record":
        picked.ttl = new
    else:
        for _, _, record in list(everywhere(subject, picked)):
            if what == "set" or record.type == RRSIG:
                record.ttl = new
    return "TTL of %s" % what


def case(subject):
    picked = subject.pick(lambda record: True)
    upper = dns.name.Name([bytes(octet ^ 0x20 if 0x61 <= octet <= 0x7a and subject.rng.random() < 0.7 else octet for octet in label) for label in picked.owner.labels])
    if subject.rng.random() < 0.5:
        picked.owner = upper
        return "case of one owner"
    for _, _, record in list(everywhere(subject, picked)):
        record.owner = upper
    return "case of a set's owner"


def case_in_rdata(subject):
    picked = subject.pick(lambda record: record.type in (NS, CNAME, SOA, 15, 33, DNAME))
    if not picked:
        return None
    before = dataclasses.replace(picked)
    at = 0 if before.type not in (15, 33) else (2 if before.type == 15 else 6)
    rdata = before.rdata[:at] + bytes(octet ^ 0x20 if 0x61 <= octet <= 0x7a else octet for octet in before.rdata[at:at + 6]) + before.rdata[at + 6:]
    for reply in subject.replies():
        for record in reply.records():
            if record.same(before):
                record.rdata = rdata
    return "case in RDATA"


def rename(subject):
    picked = subject.pick(lambda record: record.type != RRSIG)
    others = sorted({record.owner for reply in subject.used.values() for record in reply.records()} | {
        dns.name.from_text(subject.question[0]), dns.name.Name((b"other",) + picked.owner.labels)})
    name = subject.rng.choice([other for other in others if other != picked.owner])
    for _, _, record in list(everywhere(subject, picked)):
        record.owner = name
    return "owner of %s" % dns.rdatatype.to_text(picked.type)


def drop_record(subject):
    picked = subject.pick(lambda record: True)
    before = dataclasses.replace(picked)
    for reply in subject.replies():
        for section in reply.sections:
            section[:] = [record for record in section if not record.same(before)]
    return "drop one %s" % label(before)


def drop_set(subject):
    picked = subject.pick(lambda record: record.type != RRSIG)
    for _, section, record in list(everywhere(subject, picked)):
        remove(section, record)
    return "drop %s set" % dns.rdatatype.to_text(picked.type)


def drop_signatures(subject):
    picked = subject.pick(lambda record: record.type == RRSIG)
    if not picked:
        return None
    for _, section, record in list(everywhere(subject, picked)):
        if record.type == RRSIG:
            remove(section, record)
    return "drop signatures of %s" % dns.rdatatype.to_text(picked.covers())


def strip(subject):
    reply = chosen(subject)
    what = subject.rng.choice(["all RRSIG", "all NSEC", "all DS", "authority", "answer", "SOA"])
    for index, section in enumerate(reply.sections):
        if what == "authority" and index == 1 or what == "answer" and index == 0:
            section[:] = []
        gone = {"all RRSIG": (RRSIG,), "all NSEC": (NSEC, NSEC3), "all DS": (DS,), "SOA": (SOA,)}.get(what, ())
        section[:] = [record for record in section if record.type not in gone and not (record.type == RRSIG and record.covers() in gone)]
    return "strip %s of %s" % (what, "a referral" if reply.is_referral else "an answer")


def duplicate(subject):
    reply = chosen(subject, lambda one: one.sections[0] or one.sections[1])
    if not reply:
        return None
    section = subject.rng.choice([one for one in reply.sections[:2] if one])
    section.insert(subject.rng.randrange(len(section) + 1), dataclasses.replace(subject.rng.choice(section)))
    return "duplicate"


def add_to_set(subject):
    """One more record in a signed set, or a set of its own."""
    picked = subject.pick(lambda record: record.type not in (RRSIG, NSEC, NSEC3))
    rdata = picked.rdata[:-1] + bytes([picked.rdata[-1] ^ 1]) if picked.type in (A, 28, DS, DNSKEY, SOA) else None
    if rdata is None:
        return None
    for _, section, record in list(everywhere(subject, picked)):
        if record.same(picked):
            at = [index for index, other in enumerate(section) if other is record][0]
            section.insert(at + subject.rng.randrange(2), Record(record.owner, record.type, record.ttl, rdata))
    return "add to %s" % dns.rdatatype.to_text(picked.type)


def add_signature(subject):
    """A faulty signature beside the right one."""
    picked = subject.pick(lambda record: record.type == RRSIG)
    if not picked:
        return None
    before = dataclasses.replace(picked)
    what, rdata = mutate_rrsig(subject, before.rdata)
    first = subject.rng.random() < 0.5
    for reply in subject.replies():
        for section in reply.sections:
            for at, record in enumerate(section):
                if record.same(before):
                    section.insert(at + (0 if first else 1), Record(record.owner, RRSIG, record.ttl, rdata))
                    break
    return "add to %s one with another %s" % (label(before), what)


def order(subject):
    reply = chosen(subject, lambda one: len(one.sections[0]) > 1 or len(one.sections[1]) > 1)
    if not reply:
        return None
    section = subject.rng.choice([one for one in reply.sections[:2] if len(one) > 1])
    what = subject.rng.choice(["swap", "shuffle", "reverse"])
    if what == "swap":
        one, two = subject.rng.sample(range(len(section)), 2)
        section[one], section[two] = section[two], section[one]
    elif what == "shuffle":
        subject.rng.shuffle(section)
    else:
        section.reverse()
    return "order, " + what


def section(subject):
    """A set, with or without its signatures, in another section."""
    reply = chosen(subject, lambda one: one.sections[0] or one.sections[1])
    if not reply:
        return None
    source = subject.rng.choice([index for index in range(3) if reply.sections[index]])
    target = subject.rng.choice([index for index in range(3) if index != source])
    wanted = subject.rng.choice(reply.sections[source]).set()
    signatures = subject.rng.choice([True, True, False])
    moved = [record for record in reply.sections[source] if record.set() == wanted and (signatures or record.type != RRSIG)]
    for record in moved:
        remove(reply.sections[source], record)
    reply.sections[target] += moved
    return "move %s from %s to %s" % (dns.rdatatype.to_text(wanted[1]), *(("answer", "authority", "additional")[index] for index in (source, target)))


def other_signature(subject):
    """The signature of another set in its place, the type it covers mended or not."""
    picked = subject.pick(lambda record: record.type == RRSIG)
    others = [record for reply in subject.replies() for record in reply.records() if record.type == RRSIG and picked and record.set() != picked.set()]
    if not others:
        return None
    before, other = dataclasses.replace(picked), subject.rng.choice(others)
    rdata = before.rdata[:2] + other.rdata[2:] if subject.rng.random() < 0.8 else other.rdata
    for reply in subject.replies():
        for record in reply.records():
            if record.same(before):
                record.rdata = rdata
    return "%s of another set" % label(before)


def another_signer(subject):
    """The whole reply, or its proofs, as another signer's zone has them; valid by the same keys."""
    key = subject.rng.choice(sorted(subject.used))
    other = subject.elsewhere(key)
    if not other:
        return None
    reply = subject.used[key]
    what = subject.rng.choice(["reply", "authority", "one set", "added proofs"])
    if what == "reply":
        reply.sections = other.sections
    elif what == "authority":
        reply.sections[1] = other.sections[1]
    elif what == "added proofs":
        reply.sections[1] += [record for record in other.sections[1] if record.set()[1] in (NSEC, NSEC3)]
    else:
        sets = {record.set() for record in other.records()}
        if not sets:
            return None
        wanted = subject.rng.choice(sorted(sets))
        for mine, theirs in zip(reply.sections, other.sections):
            if any(record.set() == wanted for record in mine):
                mine[:] = [record for record in mine if record.set() != wanted] + [record for record in theirs if record.set() == wanted]
    return "another signer's %s for %s" % (what, "a referral" if reply.is_referral else "an answer")


def neighbour(subject):
    """What the same server says of something else, as if it were of this."""
    key = subject.rng.choice(sorted(subject.used))
    other = subject.neighbour(key)
    reply = subject.used[key]
    what = subject.rng.choice(["reply", "authority", "proofs", "proofs added", "answer renamed"])
    if what == "reply":
        reply.header, reply.sections = other.header, other.sections
    elif what == "authority":
        reply.sections[1] = other.sections[1]
    elif what == "answer renamed":
        if not other.sections[0]:
            return None
        reply.header, reply.sections = other.header, other.sections
        owner, name = other.sections[0][0].owner, key[1]
        for record in reply.sections[0]:
            if record.owner == owner:
                record.owner = name
    else:
        proofs = [record for record in other.sections[1] if record.set()[1] in (NSEC, NSEC3)]
        if not proofs:
            return None
        if what == "proofs":
            reply.sections[1][:] = [record for record in reply.sections[1] if record.set()[1] not in (NSEC, NSEC3)]
        reply.sections[1] += proofs
    return "neighbour's %s for %s" % (what, "a referral" if reply.is_referral else "an answer")


def header(subject):
    reply = chosen(subject)
    flags = struct.unpack("!H", reply.header[2:])[0]
    what = subject.rng.choice(["NXDOMAIN", "NOERROR", "AA", "AD"])
    if what == "NXDOMAIN":
        flags = flags & ~15 | 3
    elif what == "NOERROR":
        flags &= ~15
    else:
        flags ^= 0x0400 if what == "AA" else 0x20
    reply.header = reply.header[:2] + struct.pack("!H", flags)
    return "header, %s of %s" % (what, "a referral" if reply.is_referral else "an answer")


def wildcard(subject):
    """A wildcard's answer for a name that it does not stand for, or without its proof."""
    reply = chosen(subject, lambda one: any(r.type == RRSIG and len(r.owner.labels) - 1 > r.rdata[3] for r in one.sections[0]))
    if not reply:
        return None
    if subject.rng.random() < 0.5:
        reply.sections[1][:] = [record for record in reply.sections[1] if record.set()[1] not in (NSEC, NSEC3)]
        return "wildcard without proof"
    for record in reply.sections[0]:
        if record.type == RRSIG and len(record.owner.labels) - 1 > record.rdata[3]:
            owner = record.owner
    name = dns.name.Name((b"*",) + owner.labels[1:])
    for record in reply.sections[0]:
        if record.owner == owner:
            record.owner = name
    return "wildcard itself"


def refer(subject):
    """An answer made a referral to the question's parent, as unsigned."""
    reply = chosen(subject, lambda one: bool(one.sections[0]))
    if not reply:
        return None
    name = dns.name.from_text(subject.question[0])
    reply.sections[0][:] = []
    reply.sections[1][:] = [record for record in reply.sections[1] if record.set()[1] in (NSEC, NSEC3)] + [
        Record(name, NS, 3600, dns.name.Name((b"ns",) + name.labels).to_wire() if len(name.to_wire()) < 250 else name.to_wire())]
    return "made a referral"


# (weight, function, kind, whether what is true may have changed as the zone's keys signed it)
KINDS = [(weight, field(number, signed), dns.rdatatype.to_text(number) + (" field, signed again" if signed else " field"), signed)
         for number, weight in ((RRSIG, 10), (DNSKEY, 6), (DS, 6), (NSEC, 7), (NSEC3, 9)) for signed in (False, True)] + [
    (3, data, "data", False), (3, ttl, "TTL", False), (2, case, "case", False), (2, case_in_rdata, "case", False), (3, rename, "owner", False),
    (4, drop_record, "drop", False), (3, drop_set, "drop", False), (3, drop_signatures, "drop", False), (4, strip, "drop", False),
    (2, duplicate, "add", False), (3, add_to_set, "add", False), (4, add_signature, "add", False), (4, order, "order", False), (4, section, "section", False),
    (3, other_signature, "other signature", False), (4, another_signer, "another signer", False), (6, neighbour, "neighbour", False),
    (3, header, "header", False), (2, wildcard, "wildcard", False), (1, refer, "referral", False)]


def mutate(subject, signer):
    """(kind, what was changed, signed again), after having changed something; None when nothing came of it."""
    weights = [kind[0] for kind in KINDS]
    for _ in range(20):
        _, change, kind, signed = subject.rng.choices(KINDS, weights)[0]
        subject.signer = signer
        what = change(subject)
        if what and any(reply.changed() for reply in subject.used.values()):
            return kind, what, signed
        if any(reply.changed() for reply in subject.replies()):
            return None  # only what nobody asks for: start anew
    return None
