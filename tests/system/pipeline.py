# SPDX-License-Identifier: BSD-3-Clause
"""Sends all questions over one TCP connection at once (RFC 7766) and takes the answers in any order.

    pipeline.py SERVER NAME/TYPE…

Ends 0 if each question got exactly one answer with its own ID, question and a rcode of NOERROR or NXDOMAIN.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lab"))
from dnswire import Message, TYPES, name_to_wire, query  # noqa: E402


def main():
    server, wanted, stream = sys.argv[1], {}, b""
    for ident, text in enumerate(sys.argv[2:] * 20, 1):
        name, qtype = text.split("/")
        wanted[ident] = (name_to_wire(name), TYPES[qtype], 1)
        message = query(ident, wanted[ident][0], TYPES[qtype])
        stream += struct.pack("!H", len(message)) + message
    with socket.create_connection((server, 53), timeout=20) as sock:
        # cut where no message ends, so that lengths and headers arrive in pieces
        for start in range(0, len(stream), 7):
            sock.sendall(stream[start:start + 7])
        reader, order = sock.makefile("rb"), []
        while wanted:
            head = reader.read(2)
            if len(head) < 2:
                sys.exit("closed with %d questions unanswered" % len(wanted))
            message = Message(reader.read(struct.unpack("!H", head)[0]))
            if wanted.pop(message.id, None) != message.question:
                sys.exit("answer %d has another's question" % message.id)
            if message.rcode not in (0, 3) or message.tc:
                sys.exit("answer %d: rcode %d, TC %d" % (message.id, message.rcode, message.tc))
            order.append(message.id)
    print("%d answers, %s" % (len(order), "in order" if order == sorted(order) else "out of order"))


if __name__ == "__main__":
    main()
