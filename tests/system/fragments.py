# SPDX-License-Identifier: BSD-3-Clause
"""Watches an interface while a command runs: no UDP packet that comes from port 53 may be a fragment or lack DF (IPv4).

    fragments.py INTERFACE LEAST COMMAND…     LEAST: so many must be seen
"""
import socket
import struct
import subprocess
import sys

ETH_P_ALL = 3


def look(frame):
    """→ (is a DNS reply or a fragment, what is wrong with it or None)"""
    kind, packet = frame[12:14], frame[14:]
    if kind == b"\x08\0" and packet[9] == 17:
        flags = struct.unpack_from("!H", packet, 6)[0]
        if flags & 0x3fff:
            return True, "an IPv4 fragment"
        if packet[20:22] != b"\0\x35":
            return False, None
        return True, None if flags & 0x4000 else "DF is clear"
    if kind == b"\x86\xdd" and packet[6] == 44:
        return True, "an IPv6 fragment"
    return kind == b"\x86\xdd" and packet[6] == 17 and packet[40:42] == b"\0\x35", None


def main():
    interface, least = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock:
        sock.bind((interface, 0))
        status = subprocess.run(sys.argv[3:], check=False).returncode
        sock.settimeout(0.5)
        seen, faults = 0, []
        try:
            while True:
                frame, address = sock.recvfrom(65535)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                counts, fault = look(frame)
                seen += counts
                if fault:
                    faults.append("%s of %d octets" % (fault, len(frame)))
        except TimeoutError:
            pass
    print("%d replies" % seen, *faults[:5], sep="\n")
    sys.exit(1 if faults or seen < least or status else 0)


if __name__ == "__main__":
    main()
