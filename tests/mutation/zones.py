# SPDX-License-Identifier: BSD-3-Clause
"""The small tree of zones that is signed and asked for: every algorithm, NSEC and NSEC3 in several settings, and what answers can be made of.

A level of the tree has one server address, so that no server has parent and child of a delegation.
"""
import dataclasses

ADDRESSES = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"]  # by level


@dataclasses.dataclass
class Zone:
    name: str             # with the dot at the end
    level: int
    algorithm: int = 0    # 0: unsigned
    nsec3: tuple = None   # iterations, salt (hex or ""), opt-out
    csk: bool = False     # one key with SEP signs everything
    digests: tuple = (2,) # of the DS set at the parent
    body: str = ""
    foreign_ds: str = ""  # instead of a DS of its keys


PARENT = """
@ 3600 IN SOA {ns} hostmaster.{zone} 7 7200 3600 1209600 600
@ 3600 IN NS {ns}
{ns} 3600 IN A {address}
text 900 IN TXT "of {zone}"
"""
CHILD = """
@ 3600 IN SOA ns hostmaster 7 7200 3600 1209600 300
@ 3600 IN NS ns
@ 600 IN A 192.0.2.1
@ 600 IN MX 10 www
@ 600 IN MX 20 MAIL.{other}
ns 3600 IN A {address}
www 300 IN A 192.0.2.2
www 300 IN AAAA 2001:db8::2
www 300 IN TXT "one" "two"
many 300 IN A 192.0.2.10
many 300 IN A 192.0.2.11
many 300 IN A 192.0.2.12
many 300 IN A 192.0.2.13
MiXed 300 IN A 192.0.2.3
alias 300 IN CNAME www
chain 300 IN CNAME alias
out 300 IN CNAME www.{other}
away 300 IN CNAME nowhere.{other}
dn 300 IN DNAME {other}
*.wild 300 IN A 192.0.2.4
*.wild 300 IN TXT "wild"
*.walias 300 IN CNAME www
a.b.ent 300 IN A 192.0.2.5
_dns._udp 300 IN SRV 1 2 53 Www
"""
DELEGATION = "sub 3600 IN NS ns.sub\nns.sub 3600 IN A {below}\n"
SUB = """
@ 3600 IN SOA ns hostmaster 7 7200 3600 1209600 300
@ 3600 IN NS ns
ns 3600 IN A {address}
www 300 IN A 192.0.2.9
*.wild 300 IN A 192.0.2.8
"""


def zones():
    """All zones, parents first."""
    tree = [
        Zone(".", 0, 13, body=PARENT),
        Zone("nsec.", 1, 8, body=PARENT),
        Zone("hash.", 1, 13, (0, "", True), body=PARENT),
        Zone("flat.", 1, 13, (0, "", False), body=PARENT, digests=(4,)),
        Zone("a5.nsec.", 2, 5, digests=(1, 2)),
        Zone("a7.hash.", 2, 7, (10, "beef", False), digests=(1,)),
        Zone("a8.hash.", 2, 8, (0, "", False), digests=(2, 4)),
        Zone("a10.nsec.", 2, 10),
        Zone("a13.flat.", 2, 13, (10, "0123456789abcdef", False), csk=True),
        Zone("a14.hash.", 2, 14, csk=True, digests=(4,)),
        Zone("a15.flat.", 2, 15, (0, "aa", False)),
        Zone("a16.nsec.", 2, 16, (5, "", True)),
        Zone("plain.nsec.", 2),
        Zone("plain.hash.", 2),
        Zone("plain.flat.", 2),
        # a digest type and an algorithm that nobody knows: insecure
        Zone("odd.nsec.", 2, foreign_ds="4711 13 200 0011223344556677"),
        Zone("odd.hash.", 2, foreign_ds="4711 200 2 " + "ab" * 32),
        Zone("sub.a8.hash.", 3, 13, body=SUB),
        Zone("sub.a14.hash.", 3, 8, (1, "", False), body=SUB),
        Zone("sub.a13.flat.", 3, 15, csk=True, body=SUB),
        Zone("sub.a5.nsec.", 3, body=SUB),
        Zone("sub.a10.nsec.", 3, body=SUB),
        Zone("sub.a15.flat.", 3, body=SUB),
        Zone("sub.a16.nsec.", 3, body=SUB),
        Zone("sub.a7.hash.", 3, body=SUB),
    ]
    return tree


def parent_of(zone, tree):
    best = None
    for other in tree:
        if other is not zone and other.level < zone.level and (other.name == "." or zone.name.endswith("." + other.name)):
            if best is None or other.level > best.level:
                best = other
    return best


def nameserver(zone):
    return "a.root." if zone.name == "." else "ns." + zone.name


def text(zone, tree, ds):
    """The unsigned zone file. `ds`: by name of a child, lines of its DS set."""
    ring = [z.name for z in tree if z.level == 2 and z.algorithm]
    other = ring[(ring.index(zone.name) + 1) % len(ring)] if zone.name in ring else ring[0]
    lines = ["$ORIGIN " + zone.name, "$TTL 600"]
    fields = {"zone": "" if zone.name == "." else zone.name, "ns": nameserver(zone), "address": ADDRESSES[zone.level],
              "other": other, "below": ADDRESSES[min(3, zone.level + 1)]}
    lines.append((zone.body or CHILD).format(**fields))
    for child in tree:
        if child.name == "." or parent_of(child, tree) is not zone:
            continue
        lines.append("%s 3600 IN NS %s" % (child.name, nameserver(child)))
        lines.append("%s 3600 IN A %s" % (nameserver(child), ADDRESSES[child.level]))
        lines += ["%s 3600 IN DS %s" % (child.name, record) for record in ds.get(child.name, [])]
    return "\n".join(lines) + "\n"


PARENT_QUESTIONS = [("", "SOA"), ("", "NS"), ("", "DNSKEY"), ("text", "TXT"), ("text", "A"), ("nope", "A"), ("x.y.nope", "A"), ("text", "DS")]
CHILD_QUESTIONS = [
    ("", "A"), ("", "MX"), ("", "SOA"), ("", "NS"), ("", "DNSKEY"), ("", "DS"), ("", "TXT"), ("www", "A"), ("www", "AAAA"), ("www", "TXT"),
    ("www", "MX"), ("www", "DS"), ("many", "A"), ("mixed", "A"), ("alias", "A"), ("alias", "CNAME"), ("alias", "MX"), ("chain", "A"),
    ("out", "A"), ("out", "MX"), ("away", "A"), ("www.dn", "A"), ("nope.dn", "A"), ("dn", "DNAME"), ("x.wild", "A"), ("x.y.wild", "A"),
    ("x.wild", "TXT"), ("x.wild", "MX"), ("wild", "A"), ("q.walias", "A"), ("ent", "A"), ("b.ent", "A"), ("a.b.ent", "A"), ("nope", "A"),
    ("nope", "DS"), ("x.y.nope", "A"), ("zzz", "A"), ("0", "A"), ("_dns._udp", "SRV"), ("sub", "DS"), ("sub", "NS"), ("www.sub", "A")]
SUB_QUESTIONS = [("www", "A"), ("www", "MX"), ("nope", "A"), ("x.wild", "A"), ("", "DS"), ("", "SOA")]
FEW = [("www", "A"), ("www", "MX"), ("x.wild", "A"), ("nope", "A"), ("", "DS"), ("out", "A"), ("q.walias", "A")]


def questions():
    """(name, type) in the order of the tree."""
    asked = []
    for zone in zones():
        if zone.body == PARENT:
            what = PARENT_QUESTIONS
        elif zone.body == SUB:
            what = SUB_QUESTIONS
        else:
            what = CHILD_QUESTIONS if zone.algorithm else FEW
        for prefix, qtype in what:
            name = prefix + ("." if prefix else "") + zone.name
            name = name.replace("..", ".")
            if name == "." and qtype == "DS" or (name, qtype) in asked or (prefix.endswith("sub") and not any(
                    z.name == "sub." + zone.name for z in zones())):
                continue
            asked.append((name, qtype))
    return asked
