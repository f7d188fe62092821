# SPDX-License-Identifier: BSD-3-Clause
"""One step of a client's dealings with server cookies; what is kept from step to step is in a file.

    client_cookies.py SERVER FILE STEP

learn      a client cookie gets a server cookie, which is kept
again      the kept one is good: it comes back as it is
renewed    the kept one is good, but another comes back (its secret is being replaced), and is kept
stranger   the kept one is not good: answered all the same, with another
bad        the kept one is not good: BADCOOKIE over UDP, with one that is good at the next try
required   what has no cookie is sent to TCP, where it is answered; who has a client cookie alone gets BADCOOKIE
free       what has no cookie is answered
none       no cookie comes back
"""
import socket
import struct
import sys

from client_edns import BADCOOKIE, CLIENT_COOKIE, COOKIE, NOERROR, Message, ask, opt, option, options_of


def exchange(server, octets, tcp=False):
    if not tcp:
        with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(8)
            sock.connect((server, 53))
            sock.send(octets)
            return Message(sock.recv(65535))
    with socket.create_connection((server, 53), timeout=8) as sock:
        sock.sendall(struct.pack("!H", len(octets)) + octets)
        reader = sock.makefile("rb")
        return Message(reader.read(struct.unpack("!H", reader.read(2))[0]))


def with_cookie(server, cookie, tcp=False):
    """→ (rcode, cookie in the reply or None, whether there is an answer)"""
    reply = exchange(server, b"\x12\x34" + ask(additional=opt(option(COOKIE, cookie) if cookie else b"")), tcp)
    told = dict(options_of(reply.opt.rdata)).get(COOKIE)
    print("%s -> rcode %d, %s" % (cookie.hex(), reply.rcode | reply.opt.ttl >> 24 << 4, told.hex() if told else "no cookie"))
    return reply.rcode | reply.opt.ttl >> 24 << 4, told, bool(reply.answer)


def main():
    server, path, step = sys.argv[1:]
    kept = b""
    if step not in ("learn", "required", "free", "none"):
        with open(path, "rb") as file:
            kept = file.read()
    good = True
    if step == "learn":
        rcode, kept, answer = with_cookie(server, CLIENT_COOKIE)
        good = rcode == NOERROR and answer and len(kept) == 24
    elif step == "again":
        good = with_cookie(server, kept) == (NOERROR, kept, True)
    elif step in ("renewed", "stranger"):
        rcode, told, answer = with_cookie(server, kept)
        good = rcode == NOERROR and answer and told != kept and told[:8] == CLIENT_COOKIE
        kept = told
    elif step == "bad":
        rcode, told, answer = with_cookie(server, kept)
        good = rcode == BADCOOKIE and not answer and with_cookie(server, told) == (NOERROR, told, True)
        good = good and with_cookie(server, kept, tcp=True)[0] == NOERROR
    elif step == "required":
        reply = exchange(server, b"\x12\x34" + ask())
        good = reply.tc and not reply.answer and reply.rcode == NOERROR and reply.opt is None
        good = good and bool(exchange(server, b"\x12\x34" + ask(), tcp=True).answer)
        good = good and with_cookie(server, CLIENT_COOKIE)[0] == BADCOOKIE
    elif step == "free":
        good = bool(exchange(server, b"\x12\x34" + ask()).answer) and with_cookie(server, b"")[1] is None
    elif step == "none":
        good = with_cookie(server, CLIENT_COOKIE) == (NOERROR, None, True)
    else:
        sys.exit("no such step: %s" % step)
    if good and kept:
        with open(path, "wb") as file:
            file.write(kept)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
