# SPDX-License-Identifier: BSD-3-Clause
"""What a server owes to clients' headers, EDNS and cookies: one row a case, asked of a running server over UDP and TCP.

    client_edns.py SERVER [--secret HEX] [--nsid TEXT] [--only TEXT]
    client_edns.py SERVER --same

The rows up to "edns1subnet" are the cases of ISC's EDNS compliance list, asked with RD as one asks a resolver. With
--secret, server cookies are held against RFC 9018 by a SipHash of this file's own. With --same, queries that the kernel may
answer are compared, octet by octet, with the same plus an option that nobody knows, which only userspace answers.
"""
import argparse
import ipaddress
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lab"))
from dnswire import Malformed, Message, name_to_wire  # noqa: E402

NAME, BIG = name_to_wire("holdfast-lab.de"), name_to_wire("big.holdfast-lab.de")
A, SOA, TXT, AXFR, IXFR = 1, 6, 16, 252, 251
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS, BADCOOKIE = 0, 1, 3, 4, 5, 16, 23
AA, TC, RD, RA, Z, AD, CD = 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
NSID, ECS, EXPIRE, COOKIE, KEEPALIVE, PADDING, EDE = 3, 8, 9, 10, 11, 12, 15
CLIENT_COOKIE = bytes.fromhex("2464c4abcf10c957")
CEILING = 1232


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def opt(options=b"", size=1232, version=0, flags=0, owner=b"\0"):
    return owner + struct.pack("!HHBBHH", 41, size, 0, version, flags, len(options)) + options


def question(name=NAME, qtype=SOA, qclass=1):
    return name + struct.pack("!HH", qtype, qclass)


def message(flags=RD, opcode=0, qd=None, sections=(b"", b"", b"", b""), counts=None, behind=b""):
    """`sections`: octets of question, answer, authority, additional; counts 1 for what is there."""
    counts = counts or [1 if octets else 0 for octets in sections]
    return struct.pack("!5H", flags | opcode << 11, *counts) + b"".join(sections) + behind


def ask(name=NAME, qtype=SOA, flags=RD, additional=b"", qclass=1, **more):
    return message(flags, sections=(question(name, qtype, qclass), b"", b"", additional), **more)


# ---- what a reply is held against ----

class Want:
    """rcode: with the extended bits. flags: which of AA TC RD RA Z AD CD are set. answer, question: whether there is one.
    opt: whether there is an OPT. options: {code: octets, a predicate on octets, or None for whatever}; others must not
    be there. size: most octets over UDP."""

    def __init__(self, rcode=NOERROR, flags=RD | RA, answer=None, question=True, opt=None, options=None, size=CEILING,
                 dnssec_ok=False, opcode=0):
        self.rcode, self.flags, self.question, self.size, self.opcode = rcode, flags, question, size, opcode
        self.answer = rcode == NOERROR if answer is None else answer
        self.opt, self.options, self.dnssec_ok = bool(opt or options), options or {}, dnssec_ok

    def faults(self, sent, octets, tcp):
        try:
            reply = Message(octets)
        except Malformed as error:
            yield "malformed: %s" % error
            return
        rcode = reply.rcode | (reply.opt.ttl >> 24 << 4 if reply.opt else 0)
        if octets[:2] != sent[:2]:
            yield "another ID"
        if not reply.qr:
            yield "QR is clear"
        if reply.flags >> 11 & 15 != self.opcode:
            yield "opcode %d" % (reply.flags >> 11 & 15)
        if rcode != self.rcode:
            yield "rcode %d, not %d" % (rcode, self.rcode)
        if reply.flags & 0x07f0 != self.flags:
            yield "flags %04x, not %04x" % (reply.flags & 0x07f0, self.flags)
        if bool(reply.answer) != self.answer:
            yield "%d answers" % len(reply.answer)
        if bool(reply.question) != self.question:
            yield "question: %s" % (reply.question,)
        if reply.question and sent[12:12 + len(reply.question[0]) + 4] != question(*reply.question):
            yield "question is not repeated octet for octet"
        if not tcp and len(octets) > self.size:
            yield "%d octets, not at most %d" % (len(octets), self.size)
        yield from self.opt_faults(reply)

    def opt_faults(self, reply):
        if bool(reply.opt) != self.opt:
            yield "OPT is there" if reply.opt else "OPT is missing"
        if not reply.opt or not self.opt:
            return
        if reply.opt.owner != b"\0" or reply.opt.rrclass < 512:
            yield "OPT of %r, size %d" % (reply.opt.owner, reply.opt.rrclass)
        if reply.opt.ttl >> 16 & 255:
            yield "EDNS version %d" % (reply.opt.ttl >> 16 & 255)
        if reply.opt.ttl & 0xffff != (0x8000 if self.dnssec_ok else 0):
            yield "EDNS flags %04x" % (reply.opt.ttl & 0xffff)
        found = options_of(reply.opt.rdata)
        for code, data in found:
            if code not in self.options:
                yield "option %d is there: %s" % (code, data.hex())
            elif self.options[code] is not None:
                wanted = self.options[code]
                if not (wanted(data) if callable(wanted) else wanted == data):
                    yield "option %d: %s" % (code, data.hex())
        for code in self.options:
            if sum(code == each for each, _ in found) != 1:
                yield "option %d: %d times" % (code, sum(code == each for each, _ in found))


def options_of(rdata):
    found, at = [], 0
    while at < len(rdata):
        code, length = struct.unpack_from("!HH", rdata, at)
        found.append((code, rdata[at + 4:at + 4 + length]))
        at += 4 + length
    return found


def ede(code, text=b""):
    return lambda data: data[:2] == struct.pack("!H", code) and text in data[2:]


# ---- RFC 9018 ----

def siphash(key, data):
    mask = (1 << 64) - 1
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rounds(count):
        for _ in range(count):
            for a, b, left, other in ((0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32)):
                v[a] = (v[a] + v[b]) & mask
                v[b] = (v[b] << left | v[b] >> 64 - left) & mask ^ v[a]
                if other:
                    v[a] = (v[a] << other | v[a] >> 64 - other) & mask
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 255])
    for word, in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return struct.pack("<Q", v[0] ^ v[1] ^ v[2] ^ v[3])


assert siphash(bytes(range(16)), bytes(range(15))) == struct.pack("<Q", 0xa129ca6149be45e5)


def server_cookie(secret, client, address, when):
    front = client + b"\1\0\0\0" + struct.pack("!I", when & 0xffffffff)
    return front + siphash(secret, front + ipaddress.ip_address(address).packed)


# ---- the rows ----

def rows(here):
    """(name, message without its ID, Want, or None for silence)"""
    fresh = here.is_fresh_cookie
    cookie, subnet = option(COOKIE, CLIENT_COOKIE), option(ECS, b"\0\1\0\0")
    nsid = {NSID: here.nsid} if here.nsid else {}

    # ISC's list
    yield "dns", ask(), Want()
    yield "aa", ask(flags=RD | AA), Want()
    yield "ad", ask(flags=RD | AD), Want()
    yield "cd", ask(flags=RD | CD), Want(flags=RD | RA | CD)
    yield "ra", ask(flags=RD | RA), Want()
    yield "rd", ask(flags=RD), Want()
    yield "tc", ask(flags=RD | TC), Want()
    yield "zflag", ask(flags=RD | Z), Want()
    yield "opcode", message(0, opcode=15), Want(NOTIMP, flags=0, question=False, opcode=15)
    yield "opcodeflg", message(AA | TC | RD | RA | Z | AD | CD, opcode=15), Want(NOTIMP, flags=0, question=False, opcode=15)
    yield "type666", ask(qtype=666), Want(answer=False)
    yield "edns", ask(additional=opt()), Want(opt=True)
    yield "edns1", ask(additional=opt(version=1)), Want(BADVERS, opt=True)
    yield "edns@512", ask(BIG, TXT, additional=opt(size=512)), Want(flags=RD | RA | TC, answer=False, opt=True, size=512)
    yield "ednsopt", ask(additional=opt(option(100))), Want(opt=True)
    yield "edns1opt", ask(additional=opt(option(100), version=1)), Want(BADVERS, opt=True)
    yield "do", ask(additional=opt(flags=0x8000)), Want(opt=True, dnssec_ok=True)
    yield "docookie", ask(additional=opt(cookie, flags=0x8000)), Want(options={COOKIE: fresh}, dnssec_ok=True)
    yield "ednsflags", ask(additional=opt(flags=0x7fff)), Want(opt=True)
    yield "edns1flg", ask(additional=opt(flags=0x7fff, version=1)), Want(BADVERS, opt=True)
    yield "optlist", ask(additional=opt(option(NSID) + subnet + option(EXPIRE) + cookie)), \
        Want(options={COOKIE: fresh, **nsid}, opt=True)
    yield "ednsnsid", ask(additional=opt(option(NSID))), Want(options=nsid, opt=True)
    yield "ednscookie", ask(additional=opt(cookie)), Want(options={COOKIE: fresh})
    yield "ednsexpire", ask(additional=opt(option(EXPIRE))), Want(opt=True)
    yield "ednssubnet", ask(additional=opt(subnet)), Want(opt=True)
    for name, data in (("nsid", option(NSID)), ("cookie", cookie), ("expire", option(EXPIRE)), ("subnet", subnet)):
        yield "edns1" + name, ask(additional=opt(data, version=1)), Want(BADVERS, opt=True)
    yield "bind11", ask(additional=opt(option(NSID) + cookie + option(EXPIRE), size=4096, flags=0x8000)), \
        Want(options={COOKIE: fresh, **nsid}, dnssec_ok=True)
    yield "dig11", ask(flags=RD | AD, additional=opt(cookie, size=4096)), Want(options={COOKIE: fresh})

    # Each with DO; and each, with DO and without, in versions to come, whose options nobody can read
    kinds = (("nothing", b"", {}), ("an unknown option", option(100, b"x" * 200), {}), ("NSID", option(NSID), nsid),
             ("a cookie", cookie, {COOKIE: fresh}), ("EXPIRE", option(EXPIRE), {}), ("a subnet", subnet, {}),
             ("padding", option(PADDING, bytes(64)), {}), ("an unknown option twice", option(100) * 2, {}),
             ("many", option(NSID) + cookie + option(EXPIRE) + subnet + option(100, b"abc"), {COOKIE: fresh, **nsid}))
    for text, data, told in kinds:
        yield "DO and " + text, ask(additional=opt(data, flags=0x8000)), Want(options=told, opt=True, dnssec_ok=True)
        for version in (1, 2, 255):
            for flags in (0, 0x0080, 0x8000):
                yield "EDNS %d, flags %04x and %s" % (version, flags, text), \
                    ask(additional=opt(data, version=version, flags=flags)), Want(BADVERS, opt=True, dnssec_ok=bool(flags & 0x8000))
    yield "type666 with EDNS", ask(qtype=666, additional=opt()), Want(answer=False, opt=True)
    yield "type666 with EDNS 1", ask(qtype=666, additional=opt(version=1)), Want(BADVERS, opt=True)

    # Header
    yield "ID 0 and letter case", ask(NAME.replace(b"holdfast", b"HoLdFaSt")), Want()
    yield "RD clear", ask(flags=0), Want(REFUSED, flags=RA)
    yield "RD clear, with EDNS", ask(flags=0, additional=opt()), Want(REFUSED, flags=RA, options={EDE: ede(20, b"recursion")})
    yield "RD clear, all else set", ask(flags=AA | TC | RA | Z | AD | CD), Want(REFUSED, flags=RA | CD)
    yield "an rcode", ask(flags=RD | 15), Want()
    yield "a response", ask(flags=0x8000 | RD), None
    yield "a response of opcode 15", message(0x8000, opcode=15), None
    for opcode in (1, 2, 3, 4, 5, 6, 7, 15):
        yield "opcode %d with a question" % opcode, message(RD | CD, opcode, sections=(question(), b"", b"", b"")), \
            Want(NOTIMP, flags=0, question=False, opcode=opcode)
        yield "opcode %d with EDNS 1" % opcode, message(RD, opcode, sections=(question(), b"", b"", opt(version=1))), \
            Want(NOTIMP, flags=0, question=False, opcode=opcode)
    # Counts and sections
    none = Want(FORMERR, question=False)
    yield "header alone", message(), none
    yield "no question, OPT", message(sections=(b"", b"", b"", opt())), Want(FORMERR, question=False, opt=True)
    yield "two questions", message(sections=(question() * 2, b"", b"", b""), counts=(2, 0, 0, 0)), none
    yield "a question less than promised", message(sections=(question(), b"", b"", b""), counts=(2, 0, 0, 0)), none
    yield "half a question", message(sections=(question()[:-2], b"", b"", b"")), none
    yield "octets behind", ask(behind=b"\0"), Want(FORMERR)
    yield "octets behind OPT", ask(additional=opt(), behind=b"\0"), Want(FORMERR, opt=True)
    yield "OPT uncounted", ask(behind=opt()), Want(FORMERR)
    yield "OPT promised", ask(counts=(1, 0, 0, 1)), Want(FORMERR)
    record = b"\0" + struct.pack("!HHIH4s", 1, 1, 0, 4, b"\1\2\3\4")
    yield "an answer", message(sections=(question(), record, b"", b"")), Want(FORMERR)
    yield "an authority", message(sections=(question(), b"", record, b"")), Want(FORMERR)
    yield "another additional", message(sections=(question(), b"", b"", record)), Want(FORMERR)
    # Types and classes
    yield "AXFR", ask(qtype=AXFR), Want(REFUSED)
    yield "AXFR with EDNS", ask(qtype=AXFR, additional=opt()), Want(REFUSED, options={EDE: ede(21, b"transfer")})
    yield "IXFR", ask(qtype=IXFR), Want(REFUSED)
    for qtype in (41, 128, 200, 249, 250, 253, 254):
        yield "type %d" % qtype, ask(qtype=qtype, additional=opt()), Want(FORMERR, options={EDE: ede(30)})
    for qclass in (0, 4, 254, 255):
        yield "class %d" % qclass, ask(qclass=qclass, additional=opt()), Want(REFUSED, options={EDE: ede(21, b"class IN")})
    # OPT
    yield "two OPTs", ask(additional=opt() + opt(), counts=(1, 0, 0, 2)), Want(FORMERR, opt=True)
    yield "OPT with a name", ask(additional=opt(owner=b"\1a\0")), Want(FORMERR)
    yield "OPT with a compressed name", ask(additional=opt(owner=b"\xc0\x0c")), Want(FORMERR)
    yield "OPT as answer", message(sections=(question(), opt(), b"", b"")), Want(FORMERR)
    yield "OPT as authority", message(sections=(question(), b"", opt(), b"")), Want(FORMERR)
    yield "OPT that ends early", ask(additional=opt(option(100))[:-1]), Want(FORMERR)
    yield "an option that ends early", ask(additional=opt(b"\0\x64\0\5abcd")), Want(FORMERR, opt=True)
    yield "an option's head that ends early", ask(additional=opt(b"\0\x64\0")), Want(FORMERR, opt=True)
    yield "EDNS 255 with what is no option", ask(additional=opt(b"\0\x64\0", version=255)), Want(BADVERS, opt=True)
    yield "EDNS 1 with DO", ask(additional=opt(flags=0x8000, version=1)), Want(BADVERS, opt=True, dnssec_ok=True)
    yield "an extended rcode", ask(additional=opt()[:5] + b"\xff" + opt()[6:]), Want(opt=True)
    for size in (0, 1, 511, 512, 513, 700, 1231, 1232, 1233, 4096, 65535):
        limit = min(max(size, 512), CEILING)
        yield "size %d, too much" % size, ask(BIG, TXT, additional=opt(size=size)), \
            Want(flags=RD | RA | TC, answer=False, opt=True, size=limit)
        yield "size %d, fits" % size, ask(additional=opt(size=size)), Want(opt=True, size=limit)
        yield "size %d, 800 octets" % size, ask(name_to_wire("medium.holdfast-lab.de"), TXT, additional=opt(size=size)), \
            Want(flags=RD | RA | (0 if limit > 820 else TC), answer=limit > 820, opt=True, size=limit)
    yield "no EDNS, too much", ask(BIG, TXT), Want(flags=RD | RA | TC, answer=False, size=512)
    yield "no EDNS, 800 octets", ask(name_to_wire("medium.holdfast-lab.de"), TXT), \
        Want(flags=RD | RA | TC, answer=False, size=512)
    # Options
    for length in (*range(1, 8), *range(9, 16), 41, 60):
        yield "cookie of %d octets" % length, ask(additional=opt(option(COOKIE, bytes(length)))), Want(FORMERR, opt=True)
    for length in (16, 17, 24, 32, 40):
        yield "server cookie of %d octets that is not ours" % (length - 8), \
            ask(additional=opt(option(COOKIE, CLIENT_COOKIE + bytes(length - 8)))), Want(options={COOKIE: fresh})
    yield "two cookies", ask(additional=opt(cookie + option(COOKIE, bytes(8)))), Want(options={COOKIE: fresh})
    yield "cookie and too much", ask(BIG, TXT, additional=opt(cookie, size=512)), \
        Want(flags=RD | RA | TC, answer=False, options={COOKIE: fresh}, size=512)
    yield "cookie and NXDOMAIN", ask(name_to_wire("nope.holdfast-lab.de"), A, additional=opt(cookie)), \
        Want(NXDOMAIN, options={COOKIE: fresh})
    yield "cookie and REFUSED", ask(qtype=AXFR, additional=opt(cookie)), Want(REFUSED, options={COOKIE: fresh, EDE: None})
    yield "cookie without question", message(sections=(b"", b"", b"", opt(cookie))), \
        Want(answer=False, question=False, options={COOKIE: fresh})
    yield "wrong cookie without question", message(sections=(b"", b"", b"", opt(option(COOKIE, CLIENT_COOKIE + bytes(16))))), \
        Want(BADCOOKIE, question=False, options={COOKIE: fresh})
    yield "bad cookie without question", message(sections=(b"", b"", b"", opt(option(COOKIE, bytes(9))))), \
        Want(FORMERR, question=False, opt=True)
    yield "NSID in a miss", ask(here.new_name(), A, additional=opt(option(NSID))), Want(NXDOMAIN, options=nsid, opt=True)
    yield "cookie in a miss", ask(here.new_name(), A, additional=opt(cookie)), Want(NXDOMAIN, options={COOKIE: fresh})
    yield "keepalive", ask(additional=opt(option(KEEPALIVE))), \
        Want(options={KEEPALIVE: lambda data: 0 < struct.unpack("!H", data)[0] <= 100} if here.tcp else {}, opt=True)
    yield "keepalive in a miss", ask(here.new_name(), A, additional=opt(option(KEEPALIVE))), \
        Want(NXDOMAIN, options={KEEPALIVE: lambda data: len(data) == 2} if here.tcp else {}, opt=True)
    yield "keepalive with a time", ask(additional=opt(option(KEEPALIVE, b"\0\1"))), Want(opt=True)
    yield "padding, in the clear", ask(additional=opt(option(PADDING, bytes(100)))), Want(opt=True)
    yield "key tags", ask(additional=opt(option(14, b"\x4f\x66"))), Want(opt=True)
    yield "a report channel", ask(additional=opt(option(18, NAME))), Want(opt=True)
    yield "an EDE", ask(additional=opt(option(EDE, b"\0\x16"))), Want(opt=True)
    yield "DAU, DHU, N3U", ask(additional=opt(option(5, b"\x0d") + option(6, b"\2") + option(7, b"\1"))), Want(opt=True)
    yield "all options from 16 to 99", ask(additional=opt(b"".join(option(code) for code in range(16, 100)))), Want(opt=True)
    yield "300 NSIDs and cookies", ask(additional=opt((option(NSID) + cookie) * 150)), Want(options={COOKIE: fresh, **nsid})
    for text, data, good in (("192.0.2.0/24", b"\0\1\x18\0\xc0\0\2", True), ("2001:db8::/32", b"\0\2\x20\0\x20\1\x0d\xb8", True),
                             ("family 9", b"\0\x09\x18\0\1", True), ("a bit behind the prefix", b"\0\1\x17\0\xc0\0\3", False),
                             ("prefix of 33", b"\0\1\x21\0\xc0\0\2\0\0", False), ("scope", b"\0\1\x18\x18\xc0\0\2", False),
                             ("octets too many", b"\0\1\x18\0\xc0\0\2\0", False), ("empty", b"", False)):
        yield "subnet: " + text, ask(additional=opt(option(ECS, data))), Want(opt=True) if good else Want(FORMERR, opt=True)


# ---- asking ----

class Here:
    def __init__(self, arguments, tcp):
        self.server, self.tcp = arguments.server, tcp
        self.nsid = arguments.nsid.encode() if arguments.nsid else None
        self.secret = bytes.fromhex(arguments.secret) if arguments.secret else None
        self.passed = self.failed = 0
        family = socket.AF_INET6 if ":" in self.server else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.connect((self.server, 53))
        self.address = self.udp.getsockname()[0]

    def new_name(self):
        return name_to_wire("n%x.holdfast-lab.de" % random.getrandbits(48))

    def is_fresh_cookie(self, data):
        if len(data) != 24 or data[:8] != CLIENT_COOKIE or data[8:12] != b"\1\0\0\0":
            return False
        when, = struct.unpack("!I", data[12:16])
        return abs(when - time.time()) < 60 and (
            not self.secret or data == server_cookie(self.secret, CLIENT_COOKIE, self.address, when))

    def exchange(self, octets, patience):
        if not self.tcp:
            self.udp.settimeout(patience)
            try:
                self.udp.send(octets)
                return self.udp.recv(65535)
            except TimeoutError:
                return None
        with socket.create_connection((self.server, 53), timeout=patience) as stream:
            stream.sendall(struct.pack("!H", len(octets)) + octets)
            reader = stream.makefile("rb")
            try:
                head = reader.read(2)
                return reader.read(struct.unpack("!H", head)[0])
            except (TimeoutError, struct.error):
                return None

    def row(self, number, name, octets, want):
        sent = struct.pack("!H", 0 if name.startswith("ID 0") else 4000 + number) + octets
        reply = self.exchange(sent, 8 if want else 0.4)
        if want is None or reply is None:
            faults = [] if want is None and reply is None else ["no reply" if reply is None else "a reply"]
        else:
            if self.tcp and want.flags & TC:  # over TCP there is room
                want.flags, want.answer = want.flags & ~TC, True
            faults = list(want.faults(sent, reply, self.tcp))
        for fault in faults:
            print("%s: %s: %s" % ("TCP" if self.tcp else "UDP", name, fault))
        self.passed, self.failed = self.passed + (not faults), self.failed + bool(faults)


def same(here):
    """The same within the second in which a TTL falls: three tries."""
    cases = [(name, qtype, flags, opt_flags) for name, qtype in ((NAME, SOA), (NAME, A), (name_to_wire("nope.holdfast-lab.de"), A))
             for flags in (RD, RD | AD, RD | CD) for opt_flags in (0, 0x8000)]
    for name, qtype, flags, opt_flags in cases:
        for _ in range(20):  # until it is hot
            here.exchange(b"\x11\x11" + ask(name, qtype, flags, opt(flags=opt_flags)), 8)
        replies = []
        for _ in range(3):
            replies = [here.exchange(b"\x22\x22" + ask(name, qtype, flags, opt(options, flags=opt_flags)), 8)
                       for options in (b"", option(65001, b"x"))]
            if replies[0] == replies[1]:
                break
        if replies[0] == replies[1] and replies[0]:
            here.passed += 1
        else:
            print("%r %d flags %04x %04x:\n  %s\n  %s" % (name, qtype, flags, opt_flags, *(reply and reply.hex() for reply in replies)))
            here.failed += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("server")
    parser.add_argument("--secret")
    parser.add_argument("--nsid")
    parser.add_argument("--only")
    parser.add_argument("--same", action="store_true")
    arguments = parser.parse_args()
    failed = 0
    if arguments.same:
        here = Here(arguments, False)
        same(here)
        print("%d the same, %d not" % (here.passed, here.failed))
        sys.exit(1 if here.failed or not here.passed else 0)
    for tcp in (False, True):
        here = Here(arguments, tcp)
        for number, (name, octets, want) in enumerate(rows(here)):
            if not arguments.only or arguments.only in name:
                here.row(number, name, octets, want)
        print("%s: %d rows as wanted, %d not" % ("TCP" if tcp else "UDP", here.passed, here.failed))
        failed += here.failed + (here.passed == 0)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
