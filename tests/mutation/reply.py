# SPDX-License-Identifier: BSD-3-Clause
"""A reply as records in their order, changed one by one; and signing a set again with a zone's key."""
import base64
import dataclasses
import io
import struct

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

A, NS, CNAME, SOA, DNAME, DS, RRSIG, NSEC, DNSKEY, NSEC3 = 1, 2, 5, 6, 39, 43, 46, 47, 48, 50


@dataclasses.dataclass
class Record:
    owner: dns.name.Name
    type: int
    ttl: int
    rdata: bytes  # names uncompressed

    def covers(self):
        return struct.unpack("!H", self.rdata[:2])[0] if self.type == RRSIG and len(self.rdata) >= 18 else 0

    def set(self):
        """Which RRset it belongs to, a signature to what it covers."""
        return (self.owner, self.covers() if self.type == RRSIG else self.type)

    def same(self, other):
        return self.owner == other.owner and self.type == other.type and self.rdata == other.rdata

    def __str__(self):
        return "%s/%s" % (self.owner, dns.rdatatype.to_text(self.type) + ("(%s)" % dns.rdatatype.to_text(self.covers()) if self.type == RRSIG else ""))


class Reply:
    def __init__(self, wire):
        message = dns.message.from_wire(wire, one_rr_per_rrset=True)
        self.header = wire[:4]
        question = message.question[0]
        self.question = question.name.to_wire() + struct.pack("!HH", question.rdtype, 1)
        self.sections = [[Record(rrset.name, rrset.rdtype, rrset.ttl, rrset[0].to_wire()) for rrset in section]
                         for section in (message.answer, message.authority, message.additional)]
        self.is_referral = not self.sections[0] and not any(record.type == SOA for record in self.sections[1]) and any(
            record.type == NS for record in self.sections[1])
        self.before = self.key()

    def key(self):
        return (self.header, [[(record.owner.labels, record.type, record.ttl, record.rdata) for record in section] for section in self.sections])

    def changed(self):
        return self.key() != self.before

    def records(self):
        return [record for section in self.sections for record in section]

    def to_wire(self):
        file = io.BytesIO()
        names = {}
        file.write(self.header + struct.pack("!4H", 1, len(self.sections[0]), len(self.sections[1]), len(self.sections[2]) + 1))
        file.write(self.question)
        for record in self.records():
            record.owner.to_wire(file, names)
            file.write(struct.pack("!HHIH", record.type, 1, record.ttl, len(record.rdata)) + record.rdata)
        file.write(b"\0" + struct.pack("!HHIH", 41, 4096, 0x8000, 0))
        return file.getvalue()


# ---- signing again ----

def load_private(base, dnskey):
    """The private key of a file as dnssec-keygen makes them."""
    fields = {}
    with open(base + ".private", encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            fields[name.strip()] = value.strip()
    raw = lambda name: base64.b64decode(fields[name])
    number = lambda name: int.from_bytes(raw(name), "big")
    algorithm = int(dnskey.algorithm)
    if algorithm in (5, 7, 8, 10):
        public = rsa.RSAPublicNumbers(number("PublicExponent"), number("Modulus"))
        return rsa.RSAPrivateNumbers(number("Prime1"), number("Prime2"), number("PrivateExponent"), number("Exponent1"), number("Exponent2"),
                                     number("Coefficient"), public).private_key()
    if algorithm in (13, 14):
        return ec.derive_private_key(number("PrivateKey"), ec.SECP256R1() if algorithm == 13 else ec.SECP384R1())
    return (ed25519.Ed25519PrivateKey if algorithm == 15 else ed448.Ed448PrivateKey).from_private_bytes(raw("PrivateKey"))


def raw_sign(algorithm, private, data):
    if algorithm in (5, 7, 8, 10):
        return private.sign(data, padding.PKCS1v15(), {5: hashes.SHA1, 7: hashes.SHA1, 8: hashes.SHA256, 10: hashes.SHA512}[algorithm]())
    if algorithm in (13, 14):
        size = 32 if algorithm == 13 else 48
        r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256() if algorithm == 13 else hashes.SHA384())))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return private.sign(data)


def canonical(record_type, rdata):
    try:
        return dns.rdata.from_wire(dns.rdataclass.IN, record_type, rdata, 0, len(rdata)).to_digestable()
    except Exception:  # malformed: as it is
        return rdata


def signer_of(rdata):
    """The signer's name and where the signature begins."""
    name, used = dns.name.from_wire(rdata, 18)
    return name, 18 + used


class Signer:
    """Private keys of the whole tree."""

    def __init__(self, keys):
        self.keys = {}
        self.made = {}  # ECDSA is random: the same record is to have the same signature in all replies
        for zone, pair in keys.items():
            for base, dnskey in pair:
                tag = int(base.rsplit("+", 1)[1])
                self.keys[dns.name.from_text(zone), tag] = (int(dnskey.algorithm), load_private(base, dnskey))

    def key(self, rrsig):
        """Of an RRSIG as the zone's signer wrote it."""
        signer, _ = signer_of(rrsig)
        return self.keys.get((signer, struct.unpack("!H", rrsig[16:18])[0]))

    def sign(self, rrsig, records, key):
        """The RDATA of `rrsig` with another signature, by `key`, of these records."""
        signer, end = signer_of(rrsig)
        head = rrsig[:18] + signer.canonicalize().to_wire()
        owner = records[0].owner
        labels = len(owner.labels) - 1
        if rrsig[3] < labels - owner.is_wild():
            owner = dns.name.Name((b"*",) + owner.labels[-1 - rrsig[3]:])
        body = b"".join(owner.canonicalize().to_wire() + struct.pack("!HH", records[0].type, 1) + rrsig[4:8] + struct.pack("!H", len(rdata)) + rdata
                        for rdata in sorted({canonical(record.type, record.rdata) for record in records}))
        signed = (key[1], head + body)
        if signed not in self.made:
            self.made[signed] = raw_sign(key[0], key[1], head + body)
        return rrsig[:end] + self.made[signed]
