# SPDX-License-Identifier: BSD-3-Clause
"""The EDNS compliance tests, and what else RFC 6891, 7766 and 8906 say of a query's form, against a resolver.

    clients.py SERVER [--tcp]

A row is a message and what its reply must be; every reply must also parse whole, carry the ID, and repeat the question as
it was sent (upper case too) unless the row says that it has none.
"""
import argparse
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lab"))
from dnswire import Malformed, Message, name_to_wire  # noqa: E402

NAME = name_to_wire("HoldFast-lab.de")
BIG = name_to_wire("Big.holdfast-lab.de")  # its TXT is larger than any UDP reply
NOERROR, FORMERR, NOTIMP, REFUSED, BADVERS = 0, 1, 4, 5, 16
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
NSID, SUBNET, EXPIRE, COOKIE, KEEPALIVE, PADDING, UNKNOWN = 3, 8, 9, 10, 11, 12, 100
CLIENT_COOKIE = bytes.fromhex("0102030405060708")
CLIENT_SUBNET = struct.pack("!HBB", 1, 24, 0) + bytes([198, 51, 100])


def options(*pairs):
    return b"".join(struct.pack("!HH", code, len(data)) + data for code, data in pairs)


def opt(data=b"", *, size=1232, version=0, flags=0, owner=b"\0"):
    return owner + struct.pack("!HHIH", 41, size, version << 16 | flags, len(data)) + data


def message(*, flags=RD, opcode=0, qtype=1, name=NAME, questions=1, answer=b"", additional=(), behind=b""):
    head = struct.pack("!6H", 0, flags | opcode << 11, questions, 1 if answer else 0, 0, len(additional))
    return head + (name + struct.pack("!HH", qtype, 1)) * questions + answer + b"".join(additional) + behind


class Row:
    """`edns`: the reply has an OPT; `answered`: it has answer records; `quiet`: there must be no reply at all;
    `limit`: octets over UDP; `big`: truncated over UDP, whole over TCP."""

    def __init__(self, text, sent, rcode=NOERROR, *, edns=None, answered=None, quiet=False, question=True, do=False,
                 limit=None, big=False):
        self.text, self.sent, self.rcode, self.quiet, self.question = text, sent, rcode, quiet, question
        self.edns, self.do, self.limit, self.big = edns, do, limit, big
        self.answered = rcode == NOERROR if answered is None else answered


def rows():
    # plain DNS (RFC 8906 §8.1)
    yield Row("dns", message(), edns=False)
    for text, flag in (("aa", AA), ("ad", AD), ("cd", CD), ("ra", RA), ("tc", TC), ("zflag", Z)):
        yield Row(text, message(flags=RD | flag), edns=False)
    yield Row("all flags of a query", message(flags=RD | AA | AD | CD | RA | TC | Z), edns=False)
    yield Row("rd clear", message(flags=0), REFUSED, edns=False)
    for number in range(1, 16):
        yield Row("opcode %d" % number, message(opcode=number), NOTIMP, edns=False, question=False)
        yield Row("opcodeflg %d" % number, message(flags=RD | TC | AD | CD | RA | AA | Z, opcode=number), NOTIMP,
                  edns=False, question=False)
    yield Row("opcode 15, header alone", message(opcode=15, questions=0), NOTIMP, edns=False, question=False)
    yield Row("type666", message(qtype=666), edns=False, answered=False)
    # EDNS (RFC 8906 §8.2)
    yield Row("edns", message(additional=[opt()]), edns=True)
    for size in (0, 511, 512):
        yield Row("edns@%d" % size, message(additional=[opt(size=size)]), edns=True, limit=512)
        yield Row("edns@%d, large" % size, message(qtype=16, name=BIG, additional=[opt(size=size)]), edns=True, limit=512,
                  big=True)
    yield Row("large", message(qtype=16, name=BIG), edns=False, big=True)
    yield Row("edns@65535, large", message(qtype=16, name=BIG, additional=[opt(size=65535)]), edns=True, big=True)
    yield Row("edns@65535", message(additional=[opt(size=65535)]), edns=True)
    yield Row("edns, type666", message(qtype=666, additional=[opt()]), edns=True, answered=False)
    yield Row("do", message(additional=[opt(flags=0x8000)]), edns=True, do=True)
    yield Row("do, ad, cd", message(flags=RD | AD | CD, additional=[opt(flags=0x8000)]), edns=True, do=True)
    yield Row("ednsflags", message(additional=[opt(flags=0x0080)]), edns=True)
    yield Row("all EDNS flags", message(additional=[opt(flags=0xffff)]), edns=True, do=True)
    # options; one that is not known is ignored, not told back (RFC 6891 §6.1.2)
    many = options((NSID, b""), (COOKIE, CLIENT_COOKIE), (EXPIRE, b""), (SUBNET, CLIENT_SUBNET), (UNKNOWN, b"abc"))
    kinds = [("ednsopt", options((UNKNOWN, b""))), ("ednsopt with data", options((UNKNOWN, b"x" * 200))),
             ("ednsnsid", options((NSID, b""))), ("ednscookie", options((COOKIE, CLIENT_COOKIE))),
             ("ednsexpire", options((EXPIRE, b""))), ("ednssubnet", options((SUBNET, CLIENT_SUBNET))),
             ("ednspadding", options((PADDING, b"\0" * 64))), ("optlist", many),
             ("keepalive", options((KEEPALIVE, b""))), ("ednsopt twice", options((UNKNOWN, b"a"), (UNKNOWN, b"b")))]
    for text, data in kinds:
        yield Row(text, message(additional=[opt(data)]), edns=True)
        yield Row("do" + text, message(additional=[opt(data, flags=0x8000)]), edns=True, do=True)
    # versions that are not known: BADVERS with version 0, whatever their options are (RFC 6891 §6.1.3)
    for version in (1, 2, 255):
        yield Row("edns%d" % version, message(additional=[opt(version=version)]), BADVERS, edns=True)
        yield Row("edns%d, do" % version, message(additional=[opt(version=version, flags=0x8000)]), BADVERS, edns=True,
                  do=True)
        yield Row("edns%dflags" % version, message(additional=[opt(version=version, flags=0x0080)]), BADVERS, edns=True)
        for text, data in kinds:
            yield Row("edns%d, %s" % (version, text), message(additional=[opt(data, version=version)]), BADVERS, edns=True)
    yield Row("edns1, type666", message(qtype=666, additional=[opt(version=1)]), BADVERS, edns=True)
    # form
    yield Row("two OPTs", message(additional=[opt(), opt()]), FORMERR)
    yield Row("OPT whose owner is not the root", message(additional=[opt(owner=b"\1a\0")]), FORMERR)
    yield Row("OPT in the answer section", message(answer=opt()), FORMERR)
    yield Row("option beyond OPT", message(additional=[opt(struct.pack("!HH", UNKNOWN, 9) + b"abc")]), FORMERR)
    yield Row("no question", message(questions=0), FORMERR, question=False)
    yield Row("no question, OPT", message(questions=0, additional=[opt()]), FORMERR, question=False)
    yield Row("two questions", message(questions=2), FORMERR, question=False)
    yield Row("octets behind the question", message(behind=b"\0"), FORMERR)
    yield Row("octets behind OPT", message(additional=[opt()], behind=b"junk"), FORMERR)
    yield Row("a response", message(flags=RD | QR), quiet=True)
    yield Row("a response with OPT", message(flags=RD | QR, additional=[opt()]), quiet=True)
    yield Row("a response, opcode 5", message(flags=RD | QR, opcode=5), quiet=True)


def option_faults(row, reply, tcp):
    """Only what was asked for comes back."""
    data, asked = reply.opt.rdata, row.sent
    while data:
        code, length = struct.unpack_from("!HH", data)
        value, data = data[4:4 + length], data[4 + length:]
        if len(value) != length:
            yield "an option beyond OPT"
        elif code in (UNKNOWN, EXPIRE, SUBNET, PADDING):
            yield "option %d comes back" % code
        elif code == COOKIE and not (options((COOKIE, CLIENT_COOKIE)) in asked and 16 <= length <= 40 and
                                     value.startswith(CLIENT_COOKIE)):
            yield "cookie %s" % value.hex()
        elif code == NSID:
            yield "NSID, none is configured"
        elif code == KEEPALIVE and not (tcp and options((KEEPALIVE, b"")) in asked and length == 2):
            yield "keepalive"


def faults(row, data, sent, tcp):
    """What is wrong with a reply."""
    try:
        reply = Message(data)
    except Malformed as error:
        yield "malformed: %s" % error
        return
    sent_flags = struct.unpack_from("!H", sent, 2)[0]
    rcode = reply.rcode | (reply.opt.ttl >> 24 << 4 if reply.opt else 0)
    if data[:2] != sent[:2]:
        yield "another ID"
    if not reply.qr:
        yield "QR is clear"
    if rcode != row.rcode:
        yield "rcode %d, wanted %d" % (rcode, row.rcode)
    if (reply.flags ^ sent_flags) & 0x7800:
        yield "another opcode"
    if reply.flags & (AA | Z):  # a resolver has no authority, and Z is never set (RFC 1035 §4.1.1)
        yield "flags %#06x" % reply.flags
    if row.rcode == NOERROR:
        if not reply.ra:
            yield "RA is clear"
        if (reply.flags ^ sent_flags) & (RD | CD):
            yield "RD or CD is not as it was sent"
        if reply.tc != (row.big and not tcp):
            yield "TC is set" if reply.tc else "TC is clear"
    if row.answered != bool(reply.answer) and not reply.tc:
        yield "%d answer records" % len(reply.answer)
    if reply.question:
        if not sent[12:].startswith(reply.question[0] + struct.pack("!HH", *reply.question[1:])):
            yield "another question"
    elif row.question:
        yield "no question"
    if row.edns is not None and row.edns != bool(reply.opt):
        yield "OPT" if reply.opt else "no OPT"
    if not tcp and len(data) > (row.limit or (1232 if reply.opt else 512)):
        yield "%d octets" % len(data)
    if reply.opt:
        if reply.opt.owner != b"\0":
            yield "OPT's owner is not the root"
        if reply.opt.ttl >> 16 & 255:
            yield "EDNS version %d" % (reply.opt.ttl >> 16 & 255)
        if reply.opt.ttl & 0xffff != (0x8000 if row.do else 0):
            yield "EDNS flags %#06x" % (reply.opt.ttl & 0xffff)
        if reply.opt.rrclass < 512:
            yield "UDP size %d" % reply.opt.rrclass
        yield from option_faults(row, reply, tcp)


def read_tcp(sock):
    reader = sock.makefile("rb")
    head = reader.read(2)
    return reader.read(struct.unpack("!H", head)[0]) if len(head) == 2 else None


def exchange(server, sent, tcp, quiet):
    """The reply or None. A row that must have none is followed by a good query, whose reply must be the first to come."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(8)
        sock.connect((server, 53))
        batch = [sent, b"\xff\xff" + message()[2:]] if quiet and not tcp else [sent]
        for data in batch:
            sock.sendall(struct.pack("!H", len(data)) + data if tcp else data)
        if quiet and tcp:
            sock.settimeout(0.5)  # it may close instead
        try:
            reply = read_tcp(sock) if tcp else sock.recv(65535)
        except (TimeoutError, ConnectionError):
            if quiet and not tcp:
                raise RuntimeError("the good query behind it has no reply") from None
            return None
        return None if quiet and not tcp and reply[:2] == b"\xff\xff" else reply


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("server")
    parser.add_argument("--tcp", action="store_true")
    arguments = parser.parse_args()
    count = failed = 0
    for count, row in enumerate(rows(), 1):
        sent = struct.pack("!H", 0x1000 + count) + row.sent[2:]
        try:
            reply = exchange(arguments.server, sent, arguments.tcp, row.quiet)
        except (OSError, RuntimeError) as error:
            found = [str(error)]
        else:
            if row.quiet:
                found = ["a reply"] if reply else []
            else:
                found = list(faults(row, reply, sent, arguments.tcp)) if reply else ["no reply"]
        failed += bool(found)
        if found:
            print("WRONG %s: %s" % (row.text, "; ".join(found)))
    print("%d rows, %d wrong" % (count, failed))
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
