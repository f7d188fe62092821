# SPDX-License-Identifier: BSD-3-Clause
"""DNS messages as a client of the lab needs them: questions out, replies in, RDATA in one comparable form.

Written apart from the project's own wire code, which it judges; strict: what it does not understand is an error.
"""
import ipaddress
import re
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "OPT": 41,
         "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "HTTPS": 65, "CAA": 257}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
SVC_PARAMS = {"alpn": 1, "port": 3, "ipv4hint": 4, "ipv6hint": 6}
# name positions inside RDATA: octets before the (first) name, number of names
NAMES_INSIDE = {2: (0, 1), 5: (0, 1), 12: (0, 1), 15: (2, 1), 6: (0, 2)}


def type_name(number):
    return TYPE_NAMES.get(number, "TYPE%d" % number)


def name_to_wire(text):
    """A name without escapes, with or without the last dot."""
    wire = b""
    for label in text.rstrip(".").split(".") if text != "." else []:
        data = label.encode("ascii")
        if not 0 < len(data) < 64 or b"\\" in data:
            raise ValueError("bad name %r" % text)
        wire += bytes([len(data)]) + data
    return wire + b"\0"


def name_to_text(wire):
    labels, position = [], 0
    while wire[position]:
        labels.append(wire[position + 1:position + 1 + wire[position]].decode("latin-1"))
        position += 1 + wire[position]
    return ".".join(labels) + "."


def strings_to_wire(text):
    strings = re.findall(r'"([^"\\]*)"|(\S+)', text)
    return b"".join(bytes([len(quoted or bare)]) + (quoted or bare).encode("ascii") for quoted, bare in strings)


def svcb_to_wire(text):
    priority, target, *params = text.split()
    wire, seen = struct.pack("!H", int(priority)) + name_to_wire(target), {}
    for param in params:
        key, _, value = param.partition("=")
        value = value.strip('"')
        if key == "alpn":
            data = b"".join(bytes([len(part)]) + part.encode() for part in value.split(","))
        elif key == "port":
            data = struct.pack("!H", int(value))
        else:
            data = b"".join(ipaddress.ip_address(part).packed for part in value.split(","))
        seen[SVC_PARAMS[key]] = data
    return wire + b"".join(struct.pack("!HH", key, len(seen[key])) + seen[key] for key in sorted(seen))


def rdata_to_wire(rrtype, text):
    """Presentation form to the comparable form: uncompressed, names in it lower-cased."""
    words = text.split()
    if words[0] == "\\#":
        return bytes.fromhex("".join(words[2:]))
    if rrtype in ("A", "AAAA"):
        return ipaddress.ip_address(text).packed
    if rrtype in ("NS", "CNAME", "PTR"):
        return name_to_wire(text).lower()
    if rrtype == "MX":
        return struct.pack("!H", int(words[0])) + name_to_wire(words[1]).lower()
    if rrtype == "SOA":
        return name_to_wire(words[0]).lower() + name_to_wire(words[1]).lower() + struct.pack("!5I", *map(int, words[2:]))
    if rrtype == "TXT":
        return strings_to_wire(text)
    if rrtype == "HTTPS":
        return svcb_to_wire(text)
    raise ValueError("no presentation form of %s here" % rrtype)


class Malformed(ValueError):
    pass


def read_name(message, position):
    """→ (uncompressed wire form as sent, position behind it)"""
    wire, behind, jumps = b"", None, 0
    while True:
        length = message[position]
        if length >= 0xC0:
            target = struct.unpack_from("!H", message, position)[0] & 0x3FFF
            behind = position + 2 if behind is None else behind
            jumps += 1
            if target >= position or jumps > 64:
                raise Malformed("compression pointer does not lead back")
            position = target
        elif length > 63:
            raise Malformed("label type %#x" % length)
        else:
            wire += message[position:position + 1 + length]
            position += 1 + length
            if len(wire) > 255:
                raise Malformed("name above 255 octets")
            if not length:
                return wire, position if behind is None else behind


class Record:
    __slots__ = ("owner", "type", "rrclass", "ttl", "rdata", "end")

    def __init__(self, message, position):
        self.owner, position = read_name(message, position)
        self.type, self.rrclass, self.ttl, length = struct.unpack_from("!HHIH", message, position)
        position += 10
        end = position + length
        if end > len(message):
            raise Malformed("RDATA beyond the message")
        if self.type in NAMES_INSIDE:
            before, names = NAMES_INSIDE[self.type]
            rdata = message[position:position + before]
            position += before
            for _ in range(names):
                name, position = read_name(message, position)
                rdata += name.lower()
            self.rdata = rdata + message[position:end]
            if position > end:
                raise Malformed("name beyond its RDATA")
        else:
            self.rdata = message[position:end]
        self.end = end


class Message:
    """A reply, whole: every octet must be accounted for."""

    def __init__(self, data):
        try:
            self.parse(data)
        except (IndexError, struct.error) as error:
            raise Malformed("message ends early") from error

    def parse(self, data):
        self.id, self.flags, questions, answers, authority, additional = struct.unpack_from("!6H", data)
        self.rcode, position, self.opt = self.flags & 15, 12, None
        if questions > 1:
            raise Malformed("%d questions" % questions)
        self.question = None
        if questions:
            name, position = read_name(data, position)
            self.question = (name,) + struct.unpack_from("!HH", data, position)
            position += 4
        self.sections = []
        for section, count in enumerate((answers, authority, additional)):
            records = []
            for _ in range(count):
                record = Record(data, position)
                position = record.end
                if record.type == 41:
                    if self.opt or section != 2:
                        raise Malformed("second or misplaced OPT record")
                    self.opt = record
                else:
                    records.append(record)
            self.sections.append(records)
        if position != len(data):
            raise Malformed("%d octets behind the last record" % (len(data) - position))
        self.answer, self.authority, self.additional = self.sections

    qr = property(lambda self: bool(self.flags & 0x8000))
    aa = property(lambda self: bool(self.flags & 0x0400))
    tc = property(lambda self: bool(self.flags & 0x0200))
    rd = property(lambda self: bool(self.flags & 0x0100))
    ra = property(lambda self: bool(self.flags & 0x0080))
    ad = property(lambda self: bool(self.flags & 0x0020))
    cd = property(lambda self: bool(self.flags & 0x0010))


def query(ident, name, qtype, *, edns=None, do=False, cd=False, option=None):
    """`name` in wire form, sent as it is; `edns` the UDP size or None; `option` (code, octets)."""
    data = struct.pack("!6H", ident, 0x0100 | (0x0010 if cd else 0), 1, 0, 0, 0 if edns is None else 1)
    data += name + struct.pack("!HH", qtype, 1)
    if edns is not None:
        options = struct.pack("!HH", option[0], len(option[1])) + option[1] if option else b""
        data += b"\0" + struct.pack("!HHIH", 41, edns, 0x8000 if do else 0, len(options)) + options
    return data
