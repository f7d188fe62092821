#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs one fuzz target over its kept corpus and, where they are present, over the shared seeds and captures.

    run.py PROGRAM TARGET CORPUS SHARED [OPTION …]      options go to the program (tests/fuzz/run_corpus.c)
"""
import pathlib
import struct
import subprocess
import sys
import tempfile


def unpack(archive, folder):
    folder.mkdir(parents=True)
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)


def hex_messages(folder):
    """Lines of hex digits, a message each."""
    for path in sorted(folder.rglob("test_packets.*")):
        for line in path.read_text(errors="replace").splitlines():
            line = line.strip()
            if len(line) >= 24 and len(line) % 2 == 0 and all(c in "0123456789abcdefABCDEF" for c in line):
                yield bytes.fromhex(line)


def frames(path):
    """Frames of a classic pcap file (the other kind, pcapng, is left alone)."""
    octets = path.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<"}.get(octets[:4])
    at = 24
    while order and at + 16 <= len(octets):
        size = struct.unpack(order + "I", octets[at + 8:at + 12])[0]
        yield octets[at + 16:at + 16 + size]
        at += 16 + size


def udp_payload(frame):
    """What a UDP datagram in an Ethernet frame (VLAN tags allowed) carries, None for anything else."""
    at, kind = 14, frame[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8"):
        kind, at = frame[at + 2:at + 4], at + 4
    packet = frame[at:]
    if kind == b"\x08\x00" and len(packet) > 20 and packet[9] == 17:
        return packet[(packet[0] & 15) * 4 + 8:]
    if kind == b"\x86\xdd" and len(packet) > 48 and packet[6] == 17:
        return packet[48:]
    return None


def shared_seeds(shared, target, folder):
    """Writes what the shared archives hold for `target`; says what came from where."""
    count = 0

    def keep(octets, prefix=b""):
        nonlocal count
        (folder / f"{count:05}").write_bytes(prefix + octets[:65535])
        count += 1

    seeds, vectors, packets = (shared / part for part in ("fuzz/bind9-seeds.tar.zst", "vectors/unbound-vectors.tar.zst",
                                                          "packets/dns-packets.tar.zst"))
    present = [path for path in (seeds, vectors, packets) if path.exists()]
    for path in (seeds, vectors, packets):
        if path not in present:
            print(f"skipped: {path.relative_to(shared)} is not there")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for number, path in enumerate(present):
            before, where = count, scratch / str(number)
            unpack(path, where)
            if path == seeds:
                kind = "dns_name_fromwire.in" if target == "name" else "dns_message_parse.in"
                messages = (file.read_bytes() for file in sorted((where / kind).iterdir()) if file.is_file())
            elif path == vectors:
                messages = hex_messages(where)
            else:
                messages = (payload for file in sorted(where.rglob("*cap")) for payload in map(udp_payload, frames(file)) if payload)
            for message in messages:
                if target == "reply":
                    keep(message, struct.pack("!2B3H", 2 | 4 | 8 | count % 2, 77, 1232, 0, count % 400))
                elif target == "name":
                    keep(message, struct.pack("!H", 12 if path != seeds else 0))
                else:
                    keep(message)
            print(f"{count - before} inputs from {path.relative_to(shared)}")


def main():
    program, target, corpus, shared = sys.argv[1:5]
    shared = pathlib.Path(shared)
    with tempfile.TemporaryDirectory() as scratch:
        folders = [corpus]
        if target in ("config", "resolver"):
            pass  # what is shared are single DNS messages
        elif shared.is_dir():
            folder = pathlib.Path(scratch) / "shared"
            folder.mkdir()
            shared_seeds(shared, target, folder)
            folders.append(str(folder))
        else:
            print("skipped: no shared data beside the repository; the kept corpus alone is used")
        sys.stdout.flush()
        return subprocess.run([program, *sys.argv[5:], *folders], check=False).returncode


if __name__ == "__main__":
    code = main()
    sys.exit(code if code >= 0 else 128 - code)
