# SPDX-License-Identifier: BSD-3-Clause
"""TCP clients that take more than their share, against a server with the limits that test_clients.sh sets.

    client_tcp.py SERVER CASE [ARGUMENT…]

share LIMIT       more connections of one source than LIMIT: its own longest idle ones are closed
neighbours COUNT OTHER   COUNT reconnects of one source leave a connection from OTHER's address alone
slow SLOTS NAME   all slots taken by questions for NAME, which is slow: one more client is served within three seconds
mute SLOTS        all slots taken by clients that ask for large answers and never read: one more client is served
half SLOTS        the same with half a message each
queries LIMIT     a connection ends after LIMIT answers
keepalive IDLE_MS SLOTS   what clients are told while few, and while many are connected
idle IDLE_MS      an idle connection is closed then
order NAME        what comes behind a slow NAME is answered before it
"""
import socket
import struct
import sys
import time

from client_edns import BIG, KEEPALIVE, NAME, NOERROR, SOA, TXT, Message, ask, opt, option, options_of
from dnswire import name_to_wire


def frame(octets):
    return struct.pack("!H", len(octets)) + octets


def query(ident=1, name=NAME, qtype=SOA, options=b""):
    return frame(struct.pack("!H", ident) + ask(name, qtype, additional=opt(options)))


class Client:
    def __init__(self, server, source=None, patience=8.0):
        self.sock = socket.create_connection((server, 53), timeout=patience, source_address=(source, 0) if source else None)
        self.reader = self.sock.makefile("rb")

    def send(self, octets):
        self.sock.sendall(octets)

    def receive(self):
        """A reply, None when the server has closed."""
        try:
            head = self.reader.read(2)
            return Message(self.reader.read(struct.unpack("!H", head)[0])) if len(head) == 2 else None
        except ConnectionError:
            return None

    def asks(self, **more):
        try:
            self.send(query(**more))
        except ConnectionError:
            return None
        return self.receive()

    def is_closed(self, within=0.3):
        self.sock.settimeout(within)
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self):
        self.reader.close()
        self.sock.close()


def is_served(server, within, source=None):
    """A new client gets an answer, at the latest after some tries."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        client = Client(server, source)
        reply = client.asks()
        client.close()
        if reply:
            return reply.rcode == NOERROR
        time.sleep(0.1)
    return False


def share(server, limit):
    clients = [Client(server) for _ in range(int(limit))]
    assert all(client.asks() for client in clients), "fewer than the limit are served"
    for number in range(5):
        clients.append(Client(server))
        assert clients[-1].asks(), "one more is served"
        assert clients[number].is_closed(), "the longest idle one is closed"
    assert all(client.asks() for client in clients[5:]), "all others are not"


def neighbours(server, count, other):
    neighbour = Client(server, other)
    assert neighbour.asks()
    for _ in range(int(count)):
        client = Client(server)
        client.send(query())  # not read
        client.close()
    assert neighbour.asks(), "a neighbour was pushed out"


def slow(server, slots, name):
    clients = []
    for number in range(int(slots)):
        clients.append(Client(server))
        clients[-1].send(query(name=name_to_wire("n%d.%s" % (number, name))))
    began = time.monotonic()
    assert is_served(server, 3), "slow names keep a client out"
    print("served after %.1f s" % (time.monotonic() - began))


def mute(server, slots):
    clients = []
    for _ in range(int(slots)):
        client = Client(server)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.sock.settimeout(0.5)
        # Until the server has so many answers waiting that it reads no more; the kernel's buffers take some megabytes first.
        try:
            for number in range(1 << 16):
                client.send(query(number, BIG, TXT))
            assert False, "the server reads on and on"
        except TimeoutError:
            pass
        clients.append(client)
    assert is_served(server, 5), "clients that never read keep a client out"


def half(server, slots):
    clients = []
    for _ in range(int(slots)):
        clients.append(Client(server))
        clients[-1].send(query()[:9])
    assert is_served(server, 2), "clients with half a message keep a client out"


def queries(server, limit):
    client = Client(server)
    client.send(b"".join(query(number) for number in range(int(limit) + 5)))
    answers = 0
    while client.receive():
        answers += 1
    assert answers == int(limit), "%d answers" % answers


def keepalive(server, idle_ms, slots):
    def told(client):
        reply = client.asks(options=option(KEEPALIVE))
        return struct.unpack("!H", dict(options_of(reply.opt.rdata))[KEEPALIVE])[0]
    clients = [Client(server)]
    few = told(clients[0])
    assert few == int(idle_ms) // 100, few
    while len(clients) < int(slots):
        clients.append(Client(server))
        assert clients[-1].asks()
    many = told(clients[-1])
    assert many == 0, many


def idle(server, idle_ms):
    client = Client(server)
    assert client.asks()
    began = time.monotonic()
    assert client.is_closed(int(idle_ms) / 1000 + 3), "not closed"
    took = time.monotonic() - began
    assert took > int(idle_ms) / 1000 * 0.9, "after %.2f s" % took


def order(server, name):
    client = Client(server)
    client.send(query(1, name_to_wire(name)) + query(2) + query(3))
    seen = [client.receive().id for _ in range(3)]
    assert sorted(seen[:2]) == [2, 3] and seen[2] == 1, seen


if __name__ == "__main__":
    {case.__name__: case for case in (share, neighbours, slow, mute, half, queries, keepalive, idle, order)}[sys.argv[2]](
        sys.argv[1], *sys.argv[3:])
