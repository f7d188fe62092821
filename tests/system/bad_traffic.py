# SPDX-License-Identifier: BSD-3-Clause
"""Sends what no good client sends, and checks each reaction.

    bad_traffic.py SERVER [--random N] [--seed N]

Rows give a message and what may come back: a set of rcodes, or silence. Then N mutations of the rows: whatever comes back
must carry the ID that was sent, be a reply, parse whole and, if it has a question, repeat that one octet for octet.
"""
import argparse
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lab"))
from dnswire import Malformed, Message, name_to_wire, query  # noqa: E402

NAME = name_to_wire("holdfast-lab.de")
SILENCE, NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED = None, 0, 1, 3, 4, 5


def header(ident, flags=0x0100, qd=1, an=0, ns=0, ar=0):
    return struct.pack("!6H", ident, flags, qd, an, ns, ar)


def question(name=NAME, qtype=1, qclass=1):
    return name + struct.pack("!HH", qtype, qclass)


def opt(rdata=b"", name=b"\0", size=1232, ttl=0, length=None):
    return name + struct.pack("!HHIH", 41, size, ttl, len(rdata) if length is None else length) + rdata


def rows(i):
    """(text, message with the ID i, what may come back)"""
    good = header(i) + question()
    yield "a good query", good, {NOERROR}
    for length in range(12):
        yield "%d octets" % length, good[:length], {SILENCE}
    yield "a response", header(i, 0x8180) + question(), {SILENCE}
    answer = b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4\1\2\3\4"
    yield "a response with an answer", header(i, 0x8180, 1, 1) + question() + answer, {SILENCE}
    yield "header alone", header(i, qd=0), {FORMERR, SILENCE}
    yield "a question promised, none there", header(i), {FORMERR}
    yield "two questions", header(i, qd=2) + question() + question(), {FORMERR}
    yield "65535 questions", header(i, qd=65535) + question(), {FORMERR}
    yield "name that ends early", header(i) + NAME[:5], {FORMERR}
    yield "type that ends early", good[:-3], {FORMERR}
    yield "class that ends early", good[:-1], {FORMERR}
    yield "compression in the question, to itself", header(i) + b"\xc0\x0c\0\1\0\1", {FORMERR}
    yield "compression in the question, forward", header(i) + b"\xc0\x20\0\1\0\1", {FORMERR}
    yield "compression into the header", header(i) + b"\3www\xc0\x00\0\1\0\1", {FORMERR}
    yield "label type 0x40", header(i) + b"\x41a\0\0\1\0\1", {FORMERR}
    yield "label type 0x80", header(i) + b"\x81a\0\0\1\0\1", {FORMERR}
    yield "label longer than the message", header(i) + b"\x3fabc\0\0\1\0\1", {FORMERR}
    long = (b"\x3f" + b"a" * 63) * 3
    yield "name of 256 octets", header(i) + question(long + b"\x3e" + b"a" * 62 + b"\0"), {FORMERR}
    yield "name of 255 octets is good", header(i) + question(long + b"\x3d" + b"a" * 61 + b"\0"), {NXDOMAIN}
    yield "127 labels are good", header(i) + question(b"\1a" * 127 + b"\0"), {NXDOMAIN}
    yield "octets behind the question", good + b"junk", {FORMERR}
    yield "octets behind OPT", header(i, ar=1) + question() + opt() + b"\0", {FORMERR}
    yield "an answer in a query", header(i, an=1) + question() + answer, {FORMERR, NOERROR}
    yield "additional promised, none there", header(i, ar=1) + question(), {FORMERR}
    yield "two OPTs", header(i, ar=2) + question() + opt() + opt(), {FORMERR}
    yield "OPT with a name", header(i, ar=1) + question() + opt(name=b"\1a\0"), {FORMERR}
    yield "OPT in the answer section", header(i, an=1) + question() + opt(), {FORMERR}
    yield "OPT whose RDATA ends early", header(i, ar=1) + question() + opt(length=8), {FORMERR}
    yield "option longer than OPT", header(i, ar=1) + question() + opt(b"\0\x0a\0\xff" + b"x" * 8), {FORMERR}
    yield "option head cut", header(i, ar=1) + question() + opt(b"\0\x0a\0"), {FORMERR}
    yield "200 empty options", header(i, ar=1) + question() + opt(b"\xfd\xe9\0\0" * 200), {NOERROR, FORMERR}
    yield "UDP size 0", header(i, ar=1) + question() + opt(size=0), {NOERROR}
    yield "cookie of 3 octets", header(i, ar=1) + question() + opt(b"\0\x0a\0\3abc"), {NOERROR, FORMERR}
    subnet = opt(b"\0\x08\0\x04\0\x09\x18\0")
    yield "client subnet of family 9", header(i, ar=1) + question() + subnet, {NOERROR, FORMERR, REFUSED}
    for opcode, text in ((1, "IQUERY"), (2, "STATUS"), (4, "NOTIFY"), (5, "UPDATE"), (6, "DSO"), (3, "3"), (15, "15")):
        yield "opcode " + text, header(i, 0x0100 | opcode << 11) + question(), {NOTIMP, REFUSED, FORMERR}
    yield "class CH", header(i) + question(qclass=3), {REFUSED, NOTIMP}
    yield "class ANY", header(i) + question(qclass=255), {REFUSED, NOTIMP, FORMERR}
    yield "class 0", header(i) + question(qclass=0), {REFUSED, NOTIMP, FORMERR}
    yield "type OPT", header(i) + question(qtype=41), {REFUSED, NOTIMP, FORMERR, NOERROR}
    yield "type 0", header(i) + question(qtype=0), {REFUSED, NOTIMP, FORMERR, NOERROR}
    yield "type TSIG", header(i) + question(qtype=250), {REFUSED, NOTIMP, FORMERR, NOERROR}
    yield "type AXFR", header(i) + question(qtype=252), {REFUSED, NOTIMP, FORMERR}
    yield "type IXFR", header(i) + question(qtype=251), {REFUSED, NOTIMP, FORMERR}
    yield "RD clear", header(i, 0) + question(), {REFUSED}
    yield "all other flags set", header(i, 0x07f0) + question(), {NOERROR, FORMERR, REFUSED}
    yield "rcode set in a query", header(i, 0x010f) + question(), {NOERROR, FORMERR}
    yield "control octets in a name", header(i) + question(b"\4\0\n\xff\"\2de\0"), {NOERROR, NXDOMAIN}
    yield "60 kB of zeros behind a header", header(i, qd=0) + b"\0" * 60000, {FORMERR, SILENCE}


def check(sent, reply):
    """A reply to something bad must still be a reply to that; returns what is wrong, or None."""
    if reply[:2] != sent[:2]:
        return "another ID"
    try:
        message = Message(reply)
    except Malformed as error:
        return "malformed: %s" % error
    if not message.qr:
        return "QR is clear"
    if message.question and not sent[12:].startswith(message.question[0] + struct.pack("!HH", *message.question[1:])):
        return "question is not the one that was sent"
    if message.question is None and message.answer:
        return "an answer without a question"
    if len(reply) > 1232:
        return "%d octets over UDP" % len(reply)
    return None


class Sender:
    def __init__(self, server):
        self.server, self.failed, self.passed = server, 0, 0
        self.sock = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect((server, 53))

    def fault(self, text):
        self.failed += 1
        print("WRONG %s" % text)

    def exchange(self, message, timeout):
        self.sock.settimeout(timeout)
        try:
            self.sock.send(message)
            while True:
                reply = self.sock.recv(65535)
                if len(message) < 2 or reply[:2] == message[:2]:
                    return reply
                self.fault("a reply with an ID that nobody waits for")
        except (TimeoutError, ConnectionError):
            return None

    def row(self, text, message, wanted):
        reply = self.exchange(message, 0.3 if wanted == {SILENCE} else 8.0 if SILENCE not in wanted else 1.0)
        if reply is None:
            if SILENCE in wanted:
                self.passed += 1
            else:
                self.fault("%s: no reply" % text)
            return
        problem = check(message, reply)
        if problem:
            self.fault("%s: %s" % (text, problem))
        elif reply[3] & 15 not in wanted:
            self.fault("%s: rcode %d, wanted one of %s" % (text, reply[3] & 15, wanted))
        else:
            self.passed += 1

    def flood(self, messages):
        """Many at once; each reply is held against the message that was sent with its ID."""
        sent = {}
        replies = 0
        for number, message in enumerate(messages):
            message = struct.pack("!H", number & 0xffff) + message[2:]
            sent[number & 0xffff] = message
            self.sock.send(message)
            self.sock.settimeout(0.0005)
            replies += self.drain(sent)
        self.sock.settimeout(0.3)
        end = time.monotonic() + 10  # resolver's deadline and some
        while time.monotonic() < end:
            more = self.drain(sent)
            replies += more
            if not more and time.monotonic() > end - 7:
                break
        return replies

    def drain(self, sent):
        count = 0
        while True:
            try:
                reply = self.sock.recv(65535)
            except (TimeoutError, BlockingIOError):
                return count
            except ConnectionError:
                continue
            count += 1
            ident = int.from_bytes(reply[:2], "big")
            if ident not in sent:
                self.fault("a reply with an ID that was never sent")
                continue
            problem = check(sent[ident], reply)
            if problem:
                self.fault("%s: %s" % (sent[ident].hex(), problem))
            else:
                self.passed += 1

    def tcp(self):
        """Streams that break the framing of RFC 7766; the server may close, it must not stop serving others."""
        good = query(7, NAME, 1)
        streams = [("length 0", b"\0\0"), ("length beyond any query", b"\xff\xff" + b"a" * 1000), ("half a length", b"\0"),
                   ("half a message", struct.pack("!H", len(good)) + good[:9]), ("rubbish", os.urandom(3000)),
                   ("a response", struct.pack("!H", len(good)) + good[:2] + b"\x81\x80" + good[4:])]
        for text, stream in streams:
            try:
                with socket.create_connection((self.server, 53), timeout=3) as sock:
                    sock.sendall(stream)
            except OSError as error:
                self.fault("TCP, %s: %s" % (text, error))
                continue
            try:
                with socket.create_connection((self.server, 53), timeout=8) as sock:
                    sock.sendall(struct.pack("!H", len(good)) + good)
                    reader = sock.makefile("rb")
                    head = reader.read(2)
                    message = Message(reader.read(struct.unpack("!H", head)[0]))
                    if message.id != 7 or message.rcode:
                        raise Malformed("rcode %d" % message.rcode)
                    self.passed += 1
            except (OSError, struct.error, Malformed) as error:
                self.fault("after TCP with %s a good query fails: %s" % (text, error))


def mutations(count, seed):
    rng = random.Random(seed)
    seeds = [message for _, message, _ in rows(0) if 12 <= len(message) < 600]
    for _ in range(count):
        message = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 4, 8))):
            kind, place = rng.randrange(4), rng.randrange(2, len(message)) if len(message) > 2 else 2
            if kind == 0 and place < len(message):
                message[place] ^= 1 << rng.randrange(8)
            elif kind == 1 and place < len(message):
                message[place] = rng.choice((0, 1, 0x3f, 0x40, 0xc0, 0xff))
            elif kind == 2:
                del message[place:place + rng.randrange(1, 9)]
            else:
                message[place:place] = rng.randbytes(rng.randrange(1, 9))
        yield bytes(message)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("server")
    parser.add_argument("--random", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sender = Sender(arguments.server)
    for number, (text, message, wanted) in enumerate(rows(0)):
        if len(message) >= 2:
            message = struct.pack("!H", 1000 + number) + message[2:]
        sender.row(text, message, wanted)
    print("rows: %d as wanted, %d not" % (sender.passed, sender.failed))
    replies = sender.flood(mutations(arguments.random, arguments.seed))
    print("%d mutations, %d replies" % (arguments.random, replies))
    if arguments.random and not replies:
        sender.fault("no mutation was answered: none reached the server?")
    if ":" not in arguments.server:
        sender.tcp()
    sender.row("a good query at the end", header(9) + question(), {NOERROR})
    sys.exit(1 if sender.failed else 0)


if __name__ == "__main__":
    main()
