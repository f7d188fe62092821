# SPDX-License-Identifier: BSD-3-Clause
"""Asks for a new name each 50 ms until one is answered, and prints how many milliseconds after START that was.

    first_answer.py SERVER SUFFIX ADDRESS START      START in seconds of the epoch; every name below SUFFIX has ADDRESS
"""
import ipaddress
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lab"))
from dnswire import Message, name_to_wire, query  # noqa: E402

GIVE_UP = 20.0
STEP = 0.05


def main():
    server, suffix, address, start = sys.argv[1], sys.argv[2], ipaddress.ip_address(sys.argv[3]).packed, float(sys.argv[4])
    sock = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", 0))
    sock.settimeout(STEP)
    asked = 0
    while time.time() - start < GIVE_UP:
        asked += 1
        sock.sendto(query(asked, name_to_wire("n%d-%d.%s" % (asked, os.getpid(), suffix)), 1), (server, 53))
        until = time.monotonic() + STEP
        while time.monotonic() < until:
            try:
                reply = Message(sock.recv(65535))
            except OSError:
                continue
            if reply.rcode == 0 and [record.rdata for record in reply.answer] == [address]:
                print(round((time.time() - start) * 1000))
                return
    sys.exit("none of %d new names was answered in %.0f s" % (asked, GIVE_UP))


if __name__ == "__main__":
    main()
