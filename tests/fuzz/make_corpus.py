#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the kept corpora, tests/fuzz/corpus/TARGET/*, one small file an idea. Run again after a change; the result is committed."""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent / "corpus"


def name(text):
    if text == ".":
        return b"\0"
    return b"".join(bytes([len(label)]) + label.encode() for label in text.rstrip(".").split(".")) + b"\0"


def header(flags=0x0100, qd=1, an=0, ns=0, ar=0, ident=0x1234):
    return struct.pack("!6H", ident, flags, qd, an, ns, ar)


def question(text="www.example.", qtype=1, qclass=1):
    return name(text) + struct.pack("!2H", qtype, qclass)


def rr(owner, rtype, rdata, ttl=300, rclass=1):
    owner = owner if isinstance(owner, bytes) else name(owner)
    return owner + struct.pack("!2HIH", rtype, rclass, ttl, len(rdata)) + rdata


def opt(options=b"", size=1232, version=0, flags=0, ext=0):
    return b"\0" + struct.pack("!2H2BHH", 41, size, ext, version, flags, len(options)) + options


def option(code, data=b""):
    return struct.pack("!2H", code, len(data)) + data


def rrsig(covered, signer=b"\xc0\x10", signature=b"s" * 8):
    return struct.pack("!H2B3IH", covered, 13, 2, 300, 1800000000, 1700000000, 4711) + signer + signature


def soa(mname="ns.example.", rname="host.example."):
    return name(mname) + name(rname) + struct.pack("!5I", 1, 7200, 3600, 1209600, 300)


Q = b"\xc0\x0c"  # the question's name
ZONE = b"\xc0\x10"  # "example." in "www.example." at offset 12


def queries():
    q = question()
    yield "plain", header() + q
    yield "root_ns", header() + question(".", 2)
    yield "mixed_case", header() + question("wWw.eXaMpLe.", 28)
    yield "https", header() + question("www.example.", 65)
    yield "edns", header(ar=1) + q + opt()
    yield "edns_do_cd", header(0x0110, ar=1) + q + opt(flags=0x8000)
    yield "edns_cookie", header(ar=1) + q + opt(option(10, b"01234567"))
    yield "edns_ecs_padding", header(ar=1) + q + opt(option(8, b"\0\1\x18\0\xc0\0\2") + option(12, bytes(20)))
    yield "edns_unknown", header(ar=1) + q + opt(option(65001, b"abc"), flags=0x7fff)
    server_cookie = bytes.fromhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")
    yield "edns_server_cookie", header(ar=1) + q + opt(option(10, server_cookie))
    yield "edns_longest_cookie", header(ar=1) + q + opt(option(10, bytes(range(40))))
    yield "edns_short_cookie", header(ar=1) + q + opt(option(10, b"0123456"))
    yield "edns_all_asked", header(ar=1) + q + opt(option(3, b"") + option(10, b"01234567") + option(11, b""))
    yield "edns_repeated", header(ar=1) + q + opt((option(3, b"") + option(10, b"01234567")) * 8)
    yield "edns_ecs_ipv6", header(ar=1) + q + opt(option(8, b"\0\2\x38\0\x20\1\x0d\xb8\0\0\0"))
    yield "edns_ecs_bits", header(ar=1) + q + opt(option(8, b"\0\1\x19\0\xc0\0\2\xc0"))
    yield "cookie_alone", header(qd=0, ar=1) + opt(option(10, b"01234567"))
    yield "cookie_alone_nsid", header(qd=0, ar=1) + opt(option(10, server_cookie) + option(3, b""))
    yield "edns_small", header(ar=1) + q + opt(size=100)
    yield "badvers", header(ar=1) + q + opt(b"odd", version=1)
    yield "two_opts", header(ar=2) + q + opt() + opt()
    yield "tsig", header(ar=2) + q + opt() + rr("key.", 250, name("hmac-sha256.") + bytes(16), 0, 255)
    yield "sig0", header(ar=1) + q + rr(".", 24, rrsig(0, b"\0"), 0, 255)
    yield "notify", header(0x2400, an=1) + question("example.", 6) + rr(Q, 6, soa())
    yield "update", header(0x2800, ns=1) + question("example.", 6) + rr(Q, 1, b"\xc0\0\2\1")
    yield "ixfr", header(ns=1) + question("example.", 251) + rr(Q, 6, soa())
    yield "response", header(0x8180) + q
    yield "no_question", header(qd=0)
    yield "two_questions", header(qd=2) + q + q
    yield "compressed", header() + b"\xc0\x0c\0\1\0\1"
    yield "trailing", header() + q + b"x"
    yield "longest", header() + question(".".join(["a" * 63] * 3 + ["b" * 61]))
    yield "many_labels", header() + question(".".join(["a"] * 127))
    yield "class_ch", header() + question("version.bind.", 16, 3)
    yield "header_alone", header(ar=1)
    yield "short", b"\x12\x34\1"


def messages():
    q = question()
    a = rr(Q, 1, b"\xc0\0\2\1")
    yield "a", header(0x8180, an=1) + q + a
    yield "a_signed", header(0x81a0, an=2, ar=1) + q + a + rr(Q, 46, rrsig(1)) + opt(flags=0x8000)
    yield "signature_first", header(0x8180, an=3) + q + rr(Q, 46, rrsig(1)) + a + rr(Q, 46, rrsig(28))
    yield "cname_chain", (header(0x8180, an=3) + q + rr(Q, 5, b"\3web" + ZONE) + rr(b"\3web" + ZONE, 5, name("cdn.net."))
                          + rr("cdn.net.", 1, b"\xc0\0\2\2"))
    yield "dname", header(0x8180, an=2) + q + rr(ZONE, 39, name("other.org.")) + rr(Q, 5, name("www.other.org."))
    yield "referral", (header(0x8000, ns=2, ar=3) + q + rr(ZONE, 2, b"\2ns" + ZONE) + rr(ZONE, 2, b"\3ns2" + ZONE)
                       + rr(b"\2ns" + ZONE, 1, b"\xc0\0\2\1") + rr(b"\3ns2" + ZONE, 28, bytes(16)) + opt())
    yield "nxdomain", header(0x8583, ns=1) + q + rr(ZONE, 6, b"\1a" + ZONE + b"\1b" + ZONE + struct.pack("!5I", 1, 2, 3, 4, 5))
    yield "nodata_nsec", (header(0x8580, ns=4) + question("www.example.", 28) + rr(ZONE, 6, soa()) + rr(ZONE, 46, rrsig(6))
                          + rr(Q, 47, name("x.example.") + b"\0\1\x40") + rr(Q, 46, rrsig(47)))
    yield "nsec3", (header(0x8583, ns=2) + q
                    + rr(name("0123456789abcdefghij") [:-1] + ZONE, 50, b"\1\0\0\0\0\x14" + bytes(20) + b"\0\1\x40")
                    + rr(ZONE, 46, rrsig(50)))
    mixed = [(15, b"\0\x0a\2mx" + ZONE), (16, b"\5hello\0"), (12, Q), (33, struct.pack("!3H", 1, 2, 53) + name("srv.example.")),
             (35, struct.pack("!2H", 1, 2) + b"\1s\3sip\0" + name("naptr.example.")), (64, b"\0\1\0"),
             (65, b"\0\1" + name("svc.example.") + b"\0\1\0\3\2h2\0\4\0\4\xc0\0\2\1"), (257, b"\0\5issueca.example"),
             (43, struct.pack("!H2B", 4711, 13, 2) + bytes(32)), (48, struct.pack("!H2B", 257, 3, 13) + bytes(64)),
             (52, b"\3\1\1" + bytes(32)), (13, b"\3cpu\2os"), (17, name("a.example.") + name("b.example.")),
             (14, Q + ZONE), (6, soa()), (108, bytes(6)), (63, bytes(4) + b"\1\1" + bytes(48)), (65280, b"opaque")]
    for index, part in enumerate((mixed[:6], mixed[6:12], mixed[12:])):
        yield f"types_{index}", header(0x8180, an=len(part)) + q + b"".join(rr(Q, t, d) for t, d in part)
    yield "many", header(0x8180, an=40) + q + b"".join(rr(Q, 1, bytes([10, 0, 0, i % 30])) for i in range(40))
    yield "many_sets", header(0x8180, an=30) + q + b"".join(rr(bytes([1, 97 + i]) + ZONE, 16, b"\1x") for i in range(30))
    yield "any", header(0x8180, an=3) + question("www.example.", 255) + a + rr(Q, 16, b"\1x") + rr(Q, 46, rrsig(16))
    yield "servfail_ede", header(0x8182, ar=1) + q + opt(option(15, b"\0\6no signature"))
    yield "badvers", header(0x8180, ar=1) + q + opt(ext=1)
    yield "ttl_top_bit", header(0x8180, an=1) + q + rr(Q, 1, b"\xc0\0\2\1", 0xffffffff)
    yield "truncated", (header(0x8380, an=2) + q + a + a)[:-3]
    yield "tsig", header(0x8180, an=1, ar=1) + q + a + rr("key.", 250, name("hmac-sha256.") + bytes(16), 0, 255)
    yield "class_ch", header(0x8580, an=1) + question("version.bind.", 16, 3) + rr(Q, 16, b"\1x", 0, 3)
    chain = b"".join(b"\1x" + struct.pack("!H", 0xc000 | (43 + 4 * (i - 1) if i else 12)) for i in range(20))
    yield "pointer_chain", (header(0x8180, an=2) + q + rr(Q, 65280, chain)
                            + rr(struct.pack("!H", 0xc000 | (43 + 76)), 2, struct.pack("!H", 0xc000 | (43 + 72))))
    yield "loop", header(0x8180, an=1) + q + rr(b"\xc0\x1d", 1, b"\xc0\0\2\1")
    yield "no_question", header(0x8180, qd=0, an=1) + rr("a.", 1, b"\xc0\0\2\1")


def names():
    yield "plain", b"\0\0" + name("www.example.")
    yield "root", b"\0\0\0"
    yield "compressed", b"\0\x0d" + name("www.example.") + b"\3ftp\xc0\4"
    yield "pointers", b"\0\x05\0" + b"\xc0\0\xc0\1\xc0\3"
    yield "self", b"\0\0\xc0\0"
    yield "forward", b"\0\0\xc0\2\0"
    yield "longest", b"\0\0" + name(".".join(["a" * 63] * 3 + ["b" * 61]))
    yield "too_long", b"\0\0" + name(".".join(["a" * 63] * 4))
    yield "labels_127", b"\0\0" + b"\1a" * 127 + b"\0"
    yield "binary", b"\0\0\x05\0\xff.\\\"\3AbZ\0"
    yield "reserved", b"\0\0\x41a\0"
    yield "text", b"www.example.com."
    yield "text_escapes", rb"a\.b\\c\065\000.ex\032ample."
    yield "text_bad_escape", rb"a\256.b\2"
    yield "text_empty_label", b"a..b"


def circumstances(flags, ceiling=77, edns=1232, capacity=0, age=0):
    return struct.pack("!2B3H", flags, ceiling, edns, capacity, age)


def replies():
    tcp, edns, do, ede, in_place, rd, cd = 1, 2, 4, 8, 16, 32, 64
    ways = {"udp": circumstances(rd), "edns_do": circumstances(edns | do | rd, age=7), "tcp": circumstances(tcp | edns | do),
            "ede": circumstances(edns | ede | rd, edns=512), "in_place": circumstances(in_place | edns | cd, age=400),
            "small": circumstances(edns | ede, ceiling=8), "capacity": circumstances(tcp | edns | ede, capacity=100)}
    for index, (message, octets) in enumerate(messages()):
        way = list(ways)[index % len(ways)]
        yield f"{message}_{way}", ways[way] + octets
    for way in ways:
        yield f"signed_{way}", ways[way] + dict(messages())["a_signed"]


def configs():
    yield "least", b"listen: [192.0.2.53]\n"
    yield "addresses", b'listen: [192.0.2.53, "2001:db8::53", "127.0.0.1:5353", "[::1]:53", 0.0.0.0, "::"]\n'
    yield "dataplane", (b"listen:\n  - 192.0.2.53\ndataplane:\n  io: dpdk\n  interface: eth0\n  queues: 4\n"
                        b'  dpdk-args: "--no-huge -m 512"\n  resolver-threads: 3\n  tcp-clients: 9\n  user: nobody\n')
    yield "fastpath", (b"listen: [192.0.2.53]\ndataplane: {interface: eth0}\nfastpath: {enabled: yes, attach: generic, "
                       b"entries: 1024, bpffs: /sys/fs/bpf/x}\n")
    yield "cache", b"listen: [192.0.2.53]\ncache:\n  size: 64M\n  min-ttl: 5\n  max-ttl: 600\n  max-negative-ttl: 60\n"
    yield "resolver", (b"listen: [192.0.2.53]\nresolver:\n  root-hints: hints\n  priming: no\n  ipv6: false\n  source-ipv4: 192.0.2.7\n"
                       b'  source-ipv6: "::"\n  edns-size: 1400\n  timeout-initial-ms: 300\n  timeout-min-ms: 20\n  timeout-max-ms: 2000\n')
    yield "routes", (b"listen: [192.0.2.53]\nresolver:\n  routes:\n    - zone: corp.example.\n      forward: [192.0.2.1]\n"
                     b'    - {stub: ["[2001:db8::1]:5353"], zone: .}\n')
    yield "control_log", (b"listen: [192.0.2.53]\ncontrol: {dataplane-socket: /a, control-socket: /b, http: off}\n"
                          b"log: {level: debug, queries: true, query-sample: 1}\n")
    yield "aliases", b"listen: &a [192.0.2.53, *a]\ncache: &c {size: 1G}\nlog: *c\n"
    yield "anchored", b"listen: [&x 192.0.2.53]\nresolver: {source-ipv4: *x}\n"
    yield "tags_and_quotes", b"listen: [!!str '192.0.2.53']\ncache: {\"size\": \"64M\"}\ndataplane: {user: 'no\\0body'}\n"
    yield "block_scalars", b"listen: [192.0.2.53]\ndataplane:\n  dpdk-args: >\n    --no-huge\n    -m 512\n  user: |\n    nobody\n"
    yield "two_documents", b"%YAML 1.1\n---\nlisten: [192.0.2.53]\n...\n---\nlisten: [192.0.2.54]\n"
    yield "utf16", "listen: [192.0.2.53]\n".encode("utf-16")
    yield "deep", b"listen: " + b"[" * 500
    yield "escapes", b'"a\\e[31m\\nb": 1\n'


def server_says(flags, an=(), ns=(), ar=(), kind=0):
    """An event of fuzz_resolver.c: a reply to the newest query."""
    octets = struct.pack("!4H", flags, len(an), len(ns), len(ar)) + b"".join((*an, *ns, *ar))
    return bytes([kind]) + struct.pack("!H", len(octets)) + octets


def resolutions():
    """Rows of events for fuzz_resolver.c; the first question is www.example. A. Names are whole: who asks what changes."""
    aa, timeout, failed, ask = 0x8400, b"\2", b"\3", b"\4"
    address = rr("www.example.", 1, b"\xc0\0\2\x07")
    ns, glue = rr("example.", 2, name("ns.example.")), rr("ns.example.", 1, b"\xc0\0\2\x02")
    referral = server_says(0x8000, ns=[ns], ar=[glue])
    answer = server_says(aa, an=[address])
    negative = rr("example.", 6, soa())
    primed = server_says(aa, an=[rr(".", 2, name("ns.root."))], ar=[rr("ns.root.", 1, b"\xc0\0\2\x01")])
    yield "answer", referral + answer
    yield "primed", primed + referral + answer + b"\2" * 10
    yield "nxdomain", referral + server_says(aa | 3, ns=[negative])
    yield "nodata", referral + server_says(aa, ns=[negative]) + ask + b"\0"
    yield "cname", referral + server_says(aa, an=[rr("www.example.", 5, name("alias.example.net."))]) + answer
    yield "cname_loop", referral + server_says(aa, an=[rr("www.example.", 5, name("www.example."))])
    yield "dname", referral + server_says(aa, an=[rr("example.", 39, name("example.net."))]) + answer
    yield "glueless", server_says(0x8000, ns=[rr("example.", 2, name("ns.example.net."))]) + answer + answer
    yield "circle", (server_says(0x8000, ns=[rr("example.", 2, name("ns.net."))]) +
                     server_says(0x8000, ns=[rr("net.", 2, name("ns.example."))])) * 4
    yield "many_servers", server_says(0x8000, ns=[rr("example.", 2, name(f"ns{i}.net.")) for i in range(30)]) * 3
    yield "refused", server_says(0x8005) * 6 + ask + b"\0"
    yield "formerr", server_says(0x8001) + referral + answer
    yield "truncated", server_says(0x8200) + answer
    yield "truncated_twice", server_says(0x8200) * 2
    yield "silent", timeout * 12
    yield "unreachable", failed * 4
    yield "lame", referral + server_says(0x8000, ns=[rr(".", 2, name("ns.root."))])
    yield "recursive", referral + server_says(0x8080, an=[address]) * 2
    yield "empty", referral + server_says(0x8000) * 3
    yield "any", referral + ask + b"\x08" + server_says(aa, an=[address, rr("www.example.", 16, b"\1x")])
    yield "ds", referral + ask + b"\x0e" + server_says(aa, ns=[negative])
    yield "no_rd", referral + answer + ask + b"\x80"
    yield "crowd", b"".join(ask + bytes([i]) for i in range(16)) + answer
    yield "raw", server_says(aa, kind=1) + bytes([1, 0, 12]) + bytes(12)


def main():
    for target, inputs in (("name", names), ("query", queries), ("message", messages), ("reply", replies),
                           ("config", configs), ("resolver", resolutions)):
        folder = HERE / target
        folder.mkdir(parents=True, exist_ok=True)
        for title, octets in inputs():
            (folder / title).write_bytes(octets)


if __name__ == "__main__":
    main()
