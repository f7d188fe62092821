#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plays systemd for one program: notify_check.py [--reload] COMMAND…

The program has to say READY=1, feed its watchdog, with --reload say RELOADING=1 and READY=1 around a SIGHUP,
say STOPPING=1 at SIGTERM and end with 0. Each step has 15 seconds.
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

WATCHDOG_US = 900000


def main():
    reload = sys.argv[1] == "--reload"
    command = sys.argv[2 if reload else 1:]
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(folder + "/notify")
        environment = dict(os.environ, NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC=str(WATCHDOG_US))
        environment.pop("WATCHDOG_PID", None)
        program = subprocess.Popen(command, env=environment)
        seen = []

        def expect(wanted, count=1):
            """Reads until `wanted` was said `count` times from here on."""
            end = time.monotonic() + 15
            while count:
                inbox.settimeout(max(end - time.monotonic(), 0.001))
                words = inbox.recv(4096).decode().splitlines()
                seen.extend(words)
                count -= wanted in words

        try:
            expect("READY=1")
            expect("WATCHDOG=1", 3)
            if reload:
                program.send_signal(signal.SIGHUP)
                expect("RELOADING=1")
                expect("READY=1")
            program.send_signal(signal.SIGTERM)
            expect("STOPPING=1")
            code = program.wait(15)
        except TimeoutError:
            print("not said in time; said so far:", " ".join(seen))
            return 1
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()
    print("exit", code)
    return 0 if code == 0 else 1


sys.exit(main())
