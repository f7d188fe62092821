# SPDX-License-Identifier: BSD-3-Clause
"""Zones signed here, record by record, so that they can also be signed wrongly. All RDATA is written as RFC 3597 has it (\\# LENGTH
HEX), which spares a text form of each type; names are tuples of octet strings, lower case.
"""
import base64
import hashlib
import struct
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, padding, rsa, utils

A, NS, CNAME, SOA, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM = 1, 2, 5, 6, 43, 46, 47, 48, 50, 51
TTL = 3600
RSA2048, P256, P384, ED25519, ED448 = 8, 13, 14, 15, 16
FIELDS = {P256: (ec.SECP256R1, hashes.SHA256, 32), P384: (ec.SECP384R1, hashes.SHA384, 48)}


def name(text):
    return tuple(label.encode() for label in text.lower().rstrip(".").split(".") if label)


def text(labels):
    return b".".join(labels).decode() + "."


def wire(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def tag_of(rdata):
    total = sum(rdata[0::2]) * 256 + sum(rdata[1::2])
    return (total + (total >> 16 & 0xffff)) & 0xffff


class Key:
    """A key of a zone, with `rdata` of its DNSKEY."""

    def __init__(self, algorithm, flags=257):
        self.algorithm = algorithm
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        if algorithm in FIELDS:
            self.private = ec.generate_private_key(FIELDS[algorithm][0]())
            numbers, width = self.private.public_key().public_numbers(), FIELDS[algorithm][2]
            self.public = numbers.x.to_bytes(width, "big") + numbers.y.to_bytes(width, "big")
        elif algorithm == RSA2048:
            self.private = rsa.generate_private_key(65537, 2048)
            self.public = b"\3\1\0\1" + self.private.public_key().public_numbers().n.to_bytes(256, "big")
        else:
            self.private = (ed448.Ed448PrivateKey if algorithm == ED448 else ed25519.Ed25519PrivateKey).generate()
            self.public = self.private.public_key().public_bytes(*raw)
        self.rdata = struct.pack(">HBB", flags, 3, algorithm) + self.public
        self.tag = tag_of(self.rdata)

    def sign(self, message):
        if self.algorithm in FIELDS:
            _, digest, width = FIELDS[self.algorithm]
            return b"".join(part.to_bytes(width, "big") for part in
                            utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(digest()))))
        if self.algorithm == RSA2048:
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(message)

    def ds(self, owner):
        return struct.pack(">HBB", self.tag, self.algorithm, 2) + hashlib.sha256(wire(owner) + self.rdata).digest()


def colliding(tag, algorithm, public):
    """A DNSKEY of that tag with the public key given, or None: what decides are flags that mean nothing (RFC 4034 §2.1.1)."""
    rest = struct.pack(">HBB", 0, 3, algorithm) + public
    for flags in ((tag - tag_of(rest)) % 65536, (tag - tag_of(rest) - 1) % 65536):
        rdata = struct.pack(">H", flags) + rest[2:]
        if flags & 0x0180 == 0x0100 and tag_of(rdata) == tag:
            return rdata
    return None


def bitmap(types):
    windows = bytearray()
    bits = bytearray(max(types) // 8 + 1)  # all types here are below 256
    for rrtype in types:
        bits[rrtype // 8] |= 0x80 >> rrtype % 8
    return bytes(windows + bytes([0, len(bits)]) + bits)


class Zone:
    def __init__(self, origin, key, addresses=("198.51.100.1",)):
        self.origin, self.key, self.sets, self.signatures = name(origin), key, {}, {}
        self.cuts, self.keys, self.now = set(), [key] if key else [], int(time.time())
        self.add(self.origin, SOA, wire(self.origin) + wire(self.origin) + struct.pack(">5I", 1, 3600, 900, 604800, 300))
        self.addresses = addresses

    def add(self, owner, rrtype, *rdata):
        self.sets.setdefault((owner, rrtype), []).extend(rdata)

    def message(self, owner, rrtype, key, labels=None):
        """RRSIG RDATA without the signature, and what is signed (RFC 4034 §3.1.8.1)."""
        count = len(owner) - (owner[:1] == (b"*",)) if labels is None else labels
        head = struct.pack(">HBBIIIH", rrtype, key.algorithm, count, TTL, self.now + 30 * 86400, self.now - 3600,
                           key.tag) + wire(self.origin)
        front = wire(owner) + struct.pack(">HHI", rrtype, 1, TTL)
        return head, head + b"".join(front + struct.pack(">H", len(rdata)) + rdata
                                     for rdata in sorted(self.sets[owner, rrtype]))

    def sign_set(self, owner, rrtype, key=None):
        key = key or self.key
        head, message = self.message(owner, rrtype, key)
        self.signatures.setdefault((owner, rrtype), []).append(head + key.sign(message))

    def sign_wrongly(self, owner, rrtype, signatures, key=None):
        """RRSIGs that have everything right but the signature."""
        head, _ = self.message(owner, rrtype, key or self.key)
        self.signatures[owner, rrtype] = [head + signature for signature in signatures]

    def chain(self, nsec3_iterations=None, salt=b""):
        """NSEC or NSEC3 records for what is authoritative here."""
        types = {}
        for owner, rrtype in self.sets:
            if not any(len(owner) > len(cut) and owner[-len(cut):] == cut for cut in self.cuts):
                if owner not in self.cuts or rrtype in (NS, DS):
                    types.setdefault(owner, set()).add(rrtype)
        if nsec3_iterations is None:
            owners = sorted(types, key=lambda labels: labels[::-1])
            for owner, following in zip(owners, owners[1:] + owners[:1]):
                self.add(owner, NSEC, wire(following) + bitmap(types[owner] | {NSEC, RRSIG}))
            return
        parameters = struct.pack(">BBH", 1, 0, nsec3_iterations) + bytes([len(salt)]) + salt
        self.add(self.origin, NSEC3PARAM, parameters)
        types[self.origin].add(NSEC3PARAM)
        hashed = {}
        for owner, present in types.items():
            digest = wire(owner)
            for _ in range(nsec3_iterations + 1):
                digest = hashlib.sha1(digest + salt).digest()
            hashed[digest] = present
        order = sorted(hashed)
        alphabet = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghijklmnopqrstuv")
        for digest, following in zip(order, order[1:] + order[:1]):
            owner = (base64.b32encode(digest).translate(alphabet),) + self.origin
            self.add(owner, NSEC3, parameters + bytes([20]) + following + bitmap(hashed[digest] | {RRSIG}))

    def sign(self, nsec3_iterations=None, salt=b""):
        """Everything that has no signature yet."""
        if not self.key:
            return
        self.add(self.origin, DNSKEY, *(key if isinstance(key, bytes) else key.rdata for key in self.keys))
        self.chain(nsec3_iterations, salt)
        for owner, rrtype in self.sets:
            below = any(len(owner) > len(cut) and owner[-len(cut):] == cut for cut in self.cuts)
            if not below and (owner not in self.cuts or rrtype in (DS, NSEC)) and (owner, rrtype) not in self.signatures:
                self.sign_set(owner, rrtype)

    def delegate(self, owner, server, ds=()):
        self.cuts.add(owner)
        self.add(owner, NS, wire(server))
        if ds:
            self.add(owner, DS, *ds)

    def write(self, path):
        with open(path, "w", encoding="ascii") as file:
            for (owner, rrtype), entries in self.sets.items():
                for rdata in entries:
                    file.write("%s %d IN TYPE%d \\# %d %s\n" % (text(owner), TTL, rrtype, len(rdata), rdata.hex()))
            for (owner, _), entries in self.signatures.items():
                for rdata in entries:
                    file.write("%s %d IN TYPE46 \\# %d %s\n" % (text(owner), TTL, len(rdata), rdata.hex()))
