#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A bad line before an authority: relay.py SEED UPSTREAM ADDR=PLAN...

Listens on port 53 of each ADDR, hands UDP on to UPSTREAM and does to the replies what PLAN says; the seed decides which.
    lose       each query and each reply is lost with 30 %
    delay      replies come 150 to 350 ms late
    duplicate  each reply comes three times
    reorder    replies come 0 to 60 ms late, so in another order
    truncate   every second reply ends somewhere in the middle
    corrupt    every second reply has another octet in its ID or question
TCP is handed on as it is. Written for namespaces without netem.
"""
import heapq
import random
import selectors
import socket
import sys
import threading
import time


def plan_query(plan, rng):
    return not (plan == "lose" and rng.random() < 0.3)


def plan_reply(plan, rng, data):
    """→ [(delay in seconds, octets)]"""
    if plan == "lose":
        return [] if rng.random() < 0.3 else [(0, data)]
    if plan == "delay":
        return [(rng.uniform(0.15, 0.35), data)]
    if plan == "duplicate":
        return [(0, data), (0, data), (0.02, data)]
    if plan == "reorder":
        return [(rng.uniform(0, 0.06), data)]
    if rng.random() < 0.5:
        return [(0, data)]
    if plan == "truncate":
        return [(0, data[:rng.randrange(len(data))])]
    question_end = data.index(0, 12)
    position = rng.choice([0, 1, *range(12, question_end)])
    return [(0, data[:position] + bytes([data[position] ^ rng.choice((0x01, 0x02, 0x40))]) + data[position + 1:])]


class UdpRelay(threading.Thread):
    def __init__(self, address, plan, upstream, seed):
        super().__init__(daemon=True)
        self.plan, self.upstream = plan, upstream
        self.rng = random.Random("%s %s" % (seed, plan))
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((address, 53))

    def run(self):
        selector, due, serial = selectors.DefaultSelector(), [], 0
        selector.register(self.front, selectors.EVENT_READ, None)
        while True:
            timeout = max(0, due[0][0] - time.monotonic()) if due else 1
            for key, _ in selector.select(timeout):
                try:
                    data, sender = key.fileobj.recvfrom(65535)
                except OSError:
                    continue
                if key.data is None:
                    if plan_query(self.plan, self.rng):
                        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        back.connect((self.upstream, 53))
                        back.send(data)
                        selector.register(back, selectors.EVENT_READ, sender)
                else:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    for delay, octets in plan_reply(self.plan, self.rng, data):
                        serial += 1
                        heapq.heappush(due, (time.monotonic() + delay, serial, octets, key.data))
            while due and due[0][0] <= time.monotonic():
                _, _, octets, client = heapq.heappop(due)
                self.front.sendto(octets, client)


def pump(source, sink):
    try:
        while data := source.recv(65535):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay_tcp(listener, upstream):
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection((upstream, 53), timeout=5)
        except OSError:
            client.close()
            continue
        for pair in ((client, server), (server, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def main():
    seed, upstream = sys.argv[1:3]
    for text in sys.argv[3:]:
        address, plan = text.split("=")
        UdpRelay(address, plan, upstream, seed).start()
        listener = socket.create_server((address, 53))
        threading.Thread(target=relay_tcp, args=(listener, upstream), daemon=True).start()
    print("relaying", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
