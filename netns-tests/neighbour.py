"""neighbour.py - a hostile neighbour: every message, in every form that it must not have.

Two tables. MESSAGES builds each message once, by Scapy, in a form that is in order but for what
makes it harmless. MUTATIONS changes its octets. Neighbour crosses them, in an order and with
parameters that follow from a seed.

    for packet in Neighbour(seed, facts).packets(10000):
        packet.raw, packet.to ("had", "mrd", "guest"), packet.says ("bu x option-length")

What is valid without IPsec is left out, and that is all that is left out (see tame()): a Binding
Update for a guest of ours, in order and with a newer number; an acknowledgement with the number
that is waited for; and neighbour discovery that a host believes of whoever is on its link.
"""

import random
import struct
from dataclasses import dataclass

from peer import (
    HAO, ICMP6, MH, NONE, ROUTING, Headers, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting,
    MIP6OptNonceIndices, MIP6OptUnknown, Raw, ba, bu, internet_checksum, octets, ping, raw_mh,
    tunnelled,
)
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply, ICMPv6HAADReply, ICMPv6HAADRequest, ICMPv6MLQuery, ICMPv6MPAdv, ICMPv6MPSol,
    ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_Redirect, ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig,
    ICMPv6DestUnreach, ICMPv6ParamProblem, ICMPv6TimeExceeded,
)

HOP_BY_HOP, FRAGMENT, ESP, AH, DEST_OPTS = 0, 44, 50, 51, 60
BU, BA = 5, 6
STRANGER_LL = "fe80::bad"
UNROUTABLE = ("::", "::1", "ff02::1", "fe80::1", "::ffff:192.0.2.1")


@dataclass
class Facts:
    """Who is who. number: what the home agent has accepted last, so that ours are older."""

    home_agent: str
    anycast: str
    careof: str  # of the host with the guests
    other_careof: str
    stranger: str  # an address that nobody has anything with
    correspondent: str
    guests: list  # of (home address, prefix, address)
    number: int

    def old(self, k=1):
        """Older for as long as this goes on: see OLDEST."""
        return (self.number - 64 - k) & 0xFFFF


@dataclass
class Packet:
    raw: bytes
    to: str
    says: str


# ---- the messages ----


def mh(kind, body, first=NONE, length=None):
    """A Mobility Header of our own octets; peer.raw_mh puts the checksum in."""
    whole = struct.pack("!BBBBH", first, 0, kind, 0, 0) + body
    whole += bytes(-len(whole) % 8)
    size = len(whole) // 8 - 1 if length is None else length
    return whole[:1] + bytes([size & 255]) + whole[2:]


# The part between checksum and options of each type that has a name; RFC 6275, 5142, 5847, 5846.
BODIES = {
    0: b"\0\0", 1: b"\0\0" + b"cookie01", 2: b"\0\0" + b"cookie02",
    3: b"\0\1" + b"cookie03" + b"keygen03", 4: b"\0\1" + b"cookie04" + b"keygen04",
    7: b"\1\0" + bytes(16), 8: bytes(6), 9: bytes(6), 10: bytes(18), 11: b"experiment",
    12: b"\1\0" + bytes(16), 13: b"\0\0\0\0\0\7", 14: bytes(6), 15: bytes(6),
    16: b"\1\1\0\7\0\0", 17: bytes(6), 18: bytes(6), 19: bytes(6), 20: bytes(6), 21: bytes(6),
    22: bytes(6), 23: bytes(6), 99: b"unknown.", 255: b"",
}


def routed_octets(src, dst, home, body):
    """A Mobility Header behind a type 2 routing header."""
    inner = bytes(raw_mh(src, home, body))[40:]
    return IPv6(src=src, dst=dst, hlim=64) / IPv6ExtHdrRouting(
        nh=MH, type=2, segleft=1, addresses=[home]) / Raw(inner)


def optional(src, dst, home, upper, nh):
    """Something that is not a Mobility Header behind a Home Address option."""
    return IPv6(src=src, dst=dst, hlim=64) / IPv6ExtHdrDestOpt(
        nh=nh, options=[HAO(hoa=home)]) / upper


def updates(f):
    """Binding Updates: right in all but their number, or with one thing that forbids them."""
    hoa, prefix, _ = f.guests[0]
    other_hoa, other_prefix, _ = f.guests[1]
    old, coa = f.old(), f.stranger
    yield "bu", bu(hoa, coa, f.home_agent, old, prefixes=[prefix])
    yield "bu-from-careof", bu(hoa, f.careof, f.home_agent, old, prefixes=[prefix])
    yield "bu-from-other", bu(hoa, f.other_careof, f.home_agent, f.old(9), prefixes=[prefix])
    yield "bu-implicit", bu(other_hoa, coa, f.home_agent, old)
    yield "bu-far-number", bu(hoa, coa, f.home_agent, f.old(12000), prefixes=[prefix])
    yield "bu-same-number", bu(hoa, coa, f.home_agent, f.number, prefixes=[prefix])
    yield "bu-unserved", bu("2001:db8:666::1", coa, f.home_agent, 7)
    yield "bu-correspondent", bu(hoa, coa, f.home_agent, old, flags="A")
    yield "bu-router-alone", bu(hoa, coa, f.home_agent, old, flags="AR")
    yield "bu-all-flags", bu(hoa, coa, f.home_agent, old, flags="AHLKMR")
    yield "bu-no-flags", bu(hoa, coa, f.home_agent, old, flags="")
    yield "bu-nonce", bu(hoa, coa, f.home_agent, old, after=[MIP6OptNonceIndices(olen=4)])
    yield "bu-other-prefix", bu(hoa, coa, f.home_agent, old, prefixes=[other_prefix])
    yield "bu-many-prefixes", bu(hoa, coa, f.home_agent, old, prefixes=[
        f"2001:db8:200:{k:x}::/64" for k in range(1, 41)])
    yield "bu-no-option", bu(hoa, coa, f.home_agent, old, hao=False)
    yield "bu-unknown-options", bu(hoa, coa, f.home_agent, old, before=[
        MIP6OptUnknown(otype=t, odata=bytes(t % 7)) for t in (17, 99, 200, 255)])
    yield "bu-farewell", bu(hoa, coa, f.home_agent, f.old(3), lifetime=0)
    yield "bu-farewell-careof", bu(hoa, f.careof, f.home_agent, f.old(3), lifetime=0)
    yield "bu-farewell-home", bu(hoa, hoa, f.home_agent, f.old(3), lifetime=0, hao=False)
    yield "bu-farewell-unserved", bu("2001:db8:666::1", coa, f.home_agent, 9, lifetime=0)
    for odd in (*UNROUTABLE, f.home_agent, hoa):
        yield f"bu-altcoa-{odd}", bu(hoa, coa, f.home_agent, old, altcoa=odd)
    for odd in (*UNROUTABLE, f.home_agent):
        yield f"bu-home-{odd}", bu(odd, coa, f.home_agent, old)


def to_had(f):
    hoa, _, address = f.guests[0]
    ha, coa = f.home_agent, f.stranger
    yield from updates(f)
    for kind, body in BODIES.items():
        yield f"mh-{kind}", raw_mh(coa, ha, mh(kind, body), hao=hoa)
    for kind in (0, 6, 7, 13, 16, 99):
        yield f"mh-{kind}-plain", raw_mh(coa, ha, mh(kind, BODIES.get(kind, bytes(6))))
    yield "ba-to-had", ba(coa, ha, hoa, f.old())
    for name, nh, upper in (("udp", 17, UDP(sport=9, dport=9) / (b"x" * 20)),
                            ("none", NONE, Raw(b"")),
                            ("tcp", 6, TCP(sport=9, dport=9)), ("esp", ESP, Raw(bytes(32))),
                            ("ah", AH, Raw(bytes(24))), ("icmp6", ICMP6, ICMPv6EchoReply()),
                            ("tunnel", 41, Raw(bytes(ping(address, f.correspondent))))):
        yield f"hao-{name}", optional(coa, ha, hoa, upper, nh)
        yield f"hao-{name}-unserved", optional(coa, ha, "2001:db8:666::1", upper, nh)
    ip = IPv6(src=coa, dst=ha, hlim=64)
    yield "dhaad-request", IPv6(src=coa, dst=f.anycast) / ICMPv6HAADRequest(id=7, R=1)
    yield "dhaad-request-unicast", ip / ICMPv6HAADRequest(id=8, R=0)
    yield "dhaad-reply", ip / ICMPv6HAADReply(id=7, R=1, addresses=[f.stranger])
    yield "prefix-solicitation", optional(coa, ha, hoa, ICMPv6MPSol(id=7), ICMP6)
    yield "prefix-solicitation-plain", ip / ICMPv6MPSol(id=7)
    yield "prefix-advertisement", ip / ICMPv6MPAdv(id=7)
    quotes = {"ba": bytes(ba(ha, f.careof, hoa, f.old())),
              "outer": bytes(tunnelled(ha, f.careof, ping(f.correspondent, address)))}
    yield from errors(coa, ha, quotes)
    yield from outer(f, ha, address, f.correspondent)


def acknowledgements(f):
    """Nothing is waited for, so none may have an effect, whatever it says."""
    hoa = f.guests[0][0]
    ha, coa = f.home_agent, f.careof
    for status in (0, 1, 2, 127, 128, 129, 130, 131, 132, 133, 134, 136, 139, 140, 141, 142, 143,
                   144, 146, 174, 255):
        yield f"ba-{status}", ba(ha, coa, hoa, f.old(), status=status)
    yield "ba-135", ba(ha, coa, hoa, f.old(400), status=135)
    yield "ba-not-a-router", ba(ha, coa, hoa, f.old(), r=False)
    yield "ba-for-ever", ba(ha, coa, hoa, f.old(), lifetime=262140)
    yield "ba-no-time", ba(ha, coa, hoa, f.old(), lifetime=0)
    yield "ba-no-route", ba(ha, coa, hoa, f.old(), rh2=False)
    yield "ba-of-stranger", ba(f.stranger, coa, hoa, f.old())
    yield "ba-of-nobody", ba(ha, coa, "2001:db8:666::1", f.old())
    for odd in UNROUTABLE:
        yield f"ba-route-{odd}", ba(ha, coa, odd, f.old())
    yield "ba-next-number", ba(ha, coa, hoa, (f.number + 30000) & 0xFFFF)


def to_mrd(f):
    hoa, prefix, address = f.guests[0]
    ha, coa = f.home_agent, f.careof
    yield from acknowledgements(f)
    for kind, body in BODIES.items():
        yield f"mh-{kind}", routed_octets(ha, coa, hoa, mh(kind, body))
        yield f"mh-{kind}-plain", raw_mh(ha, coa, mh(kind, body))
    yield "be-1", raw_mh(ha, coa, mh(7, b"\1\0" + octets(hoa)))
    yield "be-2", raw_mh(ha, coa, mh(7, b"\2\0" + octets(hoa)))
    yield "be-255", raw_mh(f.stranger, coa, mh(7, b"\377\0" + octets(hoa)))
    yield "bu-to-mrd", bu(hoa, f.stranger, coa, f.old(), prefixes=[prefix])
    yield "hao-udp", optional(f.stranger, coa, hoa, UDP(sport=9, dport=9), 17)
    yield "rh2-udp", IPv6(src=ha, dst=coa) / IPv6ExtHdrRouting(
        nh=17, type=2, segleft=1, addresses=[hoa]) / UDP(sport=9, dport=9)
    ip = IPv6(src=ha, dst=coa, hlim=64)
    yield "dhaad-request", ip / ICMPv6HAADRequest(id=7, R=1)
    yield "dhaad-reply", ip / ICMPv6HAADReply(id=7, R=1, addresses=[f.stranger, ha])
    yield "dhaad-reply-empty", ip / ICMPv6HAADReply(id=0, R=1, addresses=[])
    yield "prefix-solicitation", ip / ICMPv6MPSol(id=7)
    advertisement = ICMPv6MPAdv(id=7) / ICMPv6NDOptPrefixInfo(prefix="2001:db8:666::", prefixlen=64)
    yield "prefix-advertisement", ip / advertisement
    yield "prefix-advertisement-routed", IPv6(src=ha, dst=coa) / IPv6ExtHdrRouting(
        nh=ICMP6, type=2, segleft=1, addresses=[hoa]) / advertisement
    quotes = {"bu": bytes(bu(hoa, coa, ha, f.old(), prefixes=[prefix])),
              "outer": bytes(tunnelled(coa, ha, ping(address, f.correspondent)))}
    yield from errors(f.stranger, coa, quotes)
    yield from outer(f, coa, f.correspondent, address)
    yield from discovery(coa, "fe80::1")


def errors(src, dst, quotes):
    """ICMPv6 errors about what the daemons send, whole, cut short, and with headers only."""
    ip = IPv6(src=src, dst=dst, hlim=64)
    for name, whole in quotes.items():
        for cut in (len(whole), 56, 48, 40, 39, 8, 0):
            yield f"unreachable-{name}-{cut}", ip / ICMPv6DestUnreach(code=3) / Raw(whole[:cut])
        yield f"too-big-{name}", ip / ICMPv6PacketTooBig(mtu=1280) / Raw(whole)
        yield f"too-big-small-{name}", ip / ICMPv6PacketTooBig(mtu=68) / Raw(whole)
        yield f"too-big-vast-{name}", ip / ICMPv6PacketTooBig(mtu=0xFFFFFFFF) / Raw(whole)
        yield f"time-exceeded-{name}", ip / ICMPv6TimeExceeded(code=0) / Raw(whole)
        for code in (0, 1, 2, 255):
            for at in (0, 42, 0xFFFFFFFF):
                yield (f"problem-{code}-{at}-{name}",
                       ip / ICMPv6ParamProblem(code=code, ptr=at) / Raw(whole))


def outer(f, dst, from_inner, to_inner):
    """Packets of protocol 41 from everybody, with everything inside."""
    hoa = f.guests[0][0]
    good = ping(from_inner, to_inner)
    peer = f.careof if dst == f.home_agent else f.home_agent
    for src in (f.stranger, f.careof, f.other_careof, f.home_agent, hoa):
        yield f"tunnel-from-{src}", tunnelled(src, dst, good)
    for name, src, to in (("link-local", "fe80::1", "ff02::5"), ("to-peer", from_inner, peer),
                          ("from-ends", dst, peer), ("to-end", from_inner, dst),
                          ("foreign", "2001:db8:666::1", to_inner), ("loopback", "::1", to_inner),
                          ("nobody", "::", to_inner), ("multicast", "ff02::1", to_inner),
                          ("to-multicast", from_inner, "ff0e::1"), ("to-home", from_inner, hoa),
                          ("to-foreign", from_inner, "2001:db8:666::1")):
        yield f"tunnel-{name}", tunnelled(peer, dst, ping(src, to))
    yield "tunnel-signalling", tunnelled(peer, dst, bu(hoa, f.stranger, f.home_agent, f.old()))
    yield "tunnel-ack", tunnelled(peer, dst, ba(f.home_agent, f.careof, hoa, f.old()))
    yield "tunnel-in-tunnel", tunnelled(peer, dst, tunnelled(peer, dst, tunnelled(peer, dst, good)))
    yield "tunnel-empty", tunnelled(peer, dst, b"")
    yield "tunnel-ipv4", tunnelled(peer, dst, b"\x45" + bytes(39))
    yield "tunnel-short", tunnelled(peer, dst, bytes(good)[:39])
    yield "tunnel-long", tunnelled(peer, dst, bytes(good) + bytes(700))
    yield "tunnel-hop-limit", tunnelled(peer, dst, ping(from_inner, to_inner, hlim=1))
    limited = IPv6ExtHdrDestOpt(nh=41) / Raw(bytes(good))
    yield "tunnel-limit", IPv6(src=peer, dst=dst) / limited


def discovery(dst, router):
    """Neighbour discovery of a stranger on the link; tame() says what of it is not believed."""
    ip = IPv6(src=STRANGER_LL, dst=dst, hlim=255)
    mac = "02:00:00:00:0b:ad"
    yield "nd-rs", ip / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    yield "nd-rs-nobody", IPv6(src="::", dst="ff02::2", hlim=255) / ICMPv6ND_RS()
    yield "nd-ra", ip / ICMPv6ND_RA(routerlifetime=0)
    yield "nd-ra-prefix", IPv6(src=STRANGER_LL, dst=dst, hlim=255) / ICMPv6ND_RA(
        routerlifetime=0, H=1) / ICMPv6NDOptPrefixInfo(
            prefix="2001:db8:666::", prefixlen=129, L=0, A=0)
    yield "nd-ns", ip / ICMPv6ND_NS(tgt=dst) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    yield "nd-ns-router", ip / ICMPv6ND_NS(tgt=router) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    yield "nd-na", ip / ICMPv6ND_NA(tgt=STRANGER_LL, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    yield "nd-redirect", ip / ICMPv6ND_Redirect(tgt=STRANGER_LL, dst="2001:db8:666::1")
    yield "nd-query", ip / ICMPv6MLQuery()


def to_guest_link(f):
    """What a guest may send: neighbour discovery, and packets that are not its own."""
    hoa, prefix, _ = f.guests[0]
    own = f.guests[1]
    yield from discovery("fe80::1", "fe80::1")
    ip = IPv6(src=own[2], dst=f.home_agent, hlim=64)
    for src in (own[2], own[0], f.careof, f.home_agent, f.stranger, *UNROUTABLE):
        yield f"guest-ping-from-{src}", ping(src, f.correspondent)
    yield "guest-bu", bu(hoa, own[2], f.home_agent, f.old(), prefixes=[prefix])
    yield "guest-ba", ba(f.home_agent, own[2], hoa, f.old())
    yield "guest-to-gateway", raw_mh(own[2], own[0], mh(6, b"\0\0\0\1\0\1"))
    yield "guest-tunnel", tunnelled(own[2], f.home_agent, ping(own[2], f.correspondent))
    yield "guest-tunnel-careof", tunnelled(f.careof, f.home_agent, ping(own[2], f.correspondent))
    yield "guest-hao", optional(own[2], f.correspondent, hoa, UDP(sport=9, dport=9), 17)
    yield "guest-too-big", ip / ICMPv6PacketTooBig(mtu=1280) / Raw(
        bytes(tunnelled(f.careof, f.home_agent, ping(own[2], f.correspondent))))


# ---- what is done to them: octets in, octets out ----


def resummed(p):
    """With the checksum of a Mobility Header or of ICMPv6 made right, where there is one."""
    try:
        head = Headers(p)
    except (IndexError, struct.error):
        return p
    at = {MH: 4, ICMP6: 2}.get(head.upper)
    if at is None or len(head.body) < at + 2:
        return p
    body = head.body[:at] + b"\0\0" + head.body[at + 2:]
    src = head.home if head.has_hao else head.src
    dst = head.home if head.has_rh2 else head.dst
    if len(src) != 16 or len(dst) != 16:
        return p
    pseudo = src + dst + struct.pack("!I3xB", len(body), head.upper)
    total = struct.pack("!H", internet_checksum(pseudo + body))
    return p[:head.at] + body[:at] + total + body[at + 2:] + p[head.at + len(body):]


def with_payload(p):
    """With a payload length that says how long it is."""
    return p[:4] + struct.pack("!H", (len(p) - 40) & 0xFFFF) + p[6:]


def upper_at(p):
    try:
        return min(Headers(p).at, len(p) - 1)
    except (IndexError, struct.error):
        return 40


def put(p, at, *values):
    return p[:at] + bytes(v & 255 for v in values) + p[at + len(values):]


def inserted(p, header, kind):
    """An extension header put right behind the IPv6 header; its first octet is filled in."""
    return with_payload(p[:6] + bytes([kind]) + p[7:40] + p[6:7] + header[1:] + p[40:])


def dest_opt(*options):
    body = b"".join(options)
    body += bytes(-(len(body) + 2) % 8)
    return bytes([0, (len(body) + 2) // 8 - 1]) + body


def option(kind, data, size=None):
    return bytes([kind, len(data) if size is None else size]) + data


def rh(kind, left, address, length=2):
    return bytes([0, length, kind, left, 0, 0, 0, 0]) + octets(address)


def fragment_header(offset, more, r):
    return struct.pack("!BBHI", 0, 0, offset | more, r.randrange(1 << 32))


def headers_many(p, r):
    for _ in range(r.randrange(3, 12)):
        p = inserted(p, dest_opt(option(1, b"\0\0\0\0")), r.choice((DEST_OPTS, HOP_BY_HOP)))
    return p


def within(r, low, high):
    """From low to high - 1, or low if there is nothing between."""
    return r.randrange(low, max(high, low + 1))


def flip(p, r):
    at = min(within(r, 40, len(p)), len(p) - 1)
    return put(p, at, p[at] ^ 1 << r.randrange(8))


def upper_byte(p, r):
    at = within(r, upper_at(p), len(p))
    return resummed(put(p, at, r.randrange(256)))


def cut(p, r):
    return p[:within(r, 1, len(p))]


def cut_in_order(p, r):
    return resummed(with_payload(p[:within(r, min(40, len(p)), len(p))]))


def cut_upper(p, r):
    """The upper header ends in its middle, and the packet says so."""
    at = upper_at(p)
    return resummed(with_payload(p[:within(r, at, len(p))]))


def longer(p, r):
    return resummed(with_payload(p + bytes(8 * r.randrange(1, 9))))


def very_long(p, r):
    return resummed(with_payload(p + r.randbytes(8 * r.randrange(40, 160))))


def reserved(p, _):
    """All reserved bits that a Mobility Header or ICMPv6 message has in its first octets."""
    at = upper_at(p)
    if p[at + 2:at + 3] == bytes([BU]) and len(p) >= at + 10:
        p = put(p, at + 9, p[at + 9] | 0x0F)
    return resummed(put(p, at + 3, 0xFF)) if len(p) > at + 3 else p


def length_off(p, r):
    """A Mobility Header that says it is eight octets longer or shorter."""
    at = upper_at(p) + 1
    return resummed(put(p, at, sum(p[at:at + 1]) + r.choice((-1, 1))))


def mh_options(p, r, make):
    """Options put behind what is there; the header's length follows."""
    at = upper_at(p)
    body = p[at:] + make(r)
    body += bytes(-len(body) % 8)
    return resummed(with_payload(p[:at] + put(body, 1, len(body) // 8 - 1)))


def every_type(r):
    return b"".join(option(t, r.randbytes(r.randrange(20))) for t in r.sample(range(1, 256), 12))


def wrong_sizes(r):
    return option(r.choice((2, 3, 4, 5, 6, 9, 10, 22, 27, 29)), bytes(18), r.choice((0, 1, 17, 19)))


def past_the_end(r):
    return option(r.choice((1, 3, 6, 200)), bytes(6), r.choice((7, 100, 255)))


def doubled(r):
    one = option(3, octets("2001:db8:666::2"))
    return one * r.randrange(2, 5) + option(6, bytes([0, 64]) + octets("2001:db8:200:1::")) * 3


def pads(r):
    return bytes(r.randrange(1, 60)) + option(1, r.randbytes(r.randrange(50)))


def last_octet(_):
    return b"\0" * 7 + b"\x03"


MUTATIONS = {
    "as-it-is": lambda p, r: p,
    "bit-flipped": flip,
    "bits-flipped": lambda p, r: flip(flip(flip(p, r), r), r),
    "octet-changed": upper_byte,
    "octets-changed": lambda p, r: upper_byte(upper_byte(upper_byte(p, r), r), r),
    "cut": cut,
    "cut-in-order": cut_in_order,
    "cut-upper": cut_upper,
    "longer": longer,
    "very-long": very_long,
    "padded-frame": lambda p, r: p + r.randbytes(r.randrange(1, 60)),
    "payload-length-0": lambda p, r: put(p, 4, 0, 0),
    "payload-length-less": lambda p, r: put(p, 4, 0, r.randrange(len(p))),
    "payload-length-more": lambda p, r: put(p, 4, r.randrange(1, 256), r.randrange(256)),
    "version": lambda p, r: put(p, 0, r.choice((0x00, 0x40, 0x50, 0x70, 0xF0))),
    "class-and-label": lambda p, r: put(p, 0, 0x60 | r.randrange(16), *r.randbytes(3)),
    "hop-limit-0": lambda p, r: put(p, 7, 0),
    "hop-limit-1": lambda p, r: put(p, 7, 1),
    "next-header": lambda p, r: put(p, 6, r.randrange(256)),
    "from-unroutable": lambda p, r: resummed(p[:8] + octets(r.choice(UNROUTABLE)) + p[24:]),
    "from-its-target": lambda p, r: resummed(p[:8] + p[24:40] + p[24:]),
    "checksum-0": lambda p, r: put(p, upper_at(p) + 4, 0, 0),
    "checksum-wrong": lambda p, r: put(p, upper_at(p) + 4, *r.randbytes(2)),
    "reserved-set": reserved,
    "mh-payload-proto": lambda p, r: resummed(put(p, upper_at(p), r.randrange(59))),
    "mh-length-0": lambda p, r: resummed(put(p, upper_at(p) + 1, 0)),
    "mh-length-255": lambda p, r: resummed(put(p, upper_at(p) + 1, 255)),
    "mh-length-off": length_off,
    "mh-type": lambda p, r: resummed(put(p, upper_at(p) + 2, r.randrange(256))),
    "options-of-all-types": lambda p, r: mh_options(p, r, every_type),
    "options-of-wrong-size": lambda p, r: mh_options(p, r, wrong_sizes),
    "option-past-the-end": lambda p, r: mh_options(p, r, past_the_end),
    "options-doubled": lambda p, r: mh_options(p, r, doubled),
    "options-pads": lambda p, r: mh_options(p, r, pads),
    "option-without-length": lambda p, r: mh_options(p, r, last_octet),
    "hop-by-hop": lambda p, r: inserted(p, dest_opt(option(5, b"\0\0")), HOP_BY_HOP),
    "hop-by-hop-unknown": lambda p, r: inserted(
        p, dest_opt(option(r.choice((0x3E, 0x7E, 0xBE, 0xFE)), b"\0\0")), HOP_BY_HOP),
    "hop-by-hop-second": lambda p, r: inserted(
        inserted(p, dest_opt(option(5, b"\0\0")), HOP_BY_HOP), dest_opt(option(1, b"")), DEST_OPTS),
    "home-option-in-hop-by-hop": lambda p, r: inserted(
        p, dest_opt(option(0xC9, octets("2001:db8:200:1::1"))), HOP_BY_HOP),
    "home-option-first": lambda p, r: inserted(
        p, dest_opt(option(1, b"\0\0"), option(0xC9, octets("2001:db8:200:2::1"))), DEST_OPTS),
    "home-option-short": lambda p, r: inserted(p, dest_opt(option(0xC9, bytes(15))), DEST_OPTS),
    "home-option-cut": lambda p, r: inserted(p, dest_opt(option(0xC9, bytes(4), 16)), DEST_OPTS),
    "home-options": lambda p, r: inserted(
        p, dest_opt(*[option(0xC9, octets("2001:db8:200:1::1"))] * 3), DEST_OPTS),
    "options-many": lambda p, r: inserted(p, dest_opt(*[option(1, b"")] * 120), DEST_OPTS),
    "headers-many": headers_many,
    "header-length-255": lambda p, r: inserted(p, b"\0\xff" + bytes(6), DEST_OPTS),
    "routing-0": lambda p, r: inserted(p, rh(0, 1, "2001:db8:666::1"), ROUTING),
    "routing-0-done": lambda p, r: inserted(p, rh(0, 0, "2001:db8:666::1"), ROUTING),
    "routing-2": lambda p, r: inserted(p, rh(2, 1, "2001:db8:200:1::1"), ROUTING),
    "routing-2-left": lambda p, r: inserted(
        p, rh(2, r.choice((0, 2, 255)), "2001:db8:200:1::1"), ROUTING),
    "routing-2-long": lambda p, r: inserted(
        p, rh(2, 1, "2001:db8:200:1::1", 4) + bytes(16), ROUTING),
    "routing-type": lambda p, r: inserted(
        p, rh(r.choice((1, 3, 4, 253, 255)), r.choice((0, 1)), "2001:db8:666::1"), ROUTING),
    "routing-behind-option": lambda p, r: inserted(
        inserted(p, rh(2, 1, "2001:db8:200:1::1"), ROUTING),
        dest_opt(option(1, b"\0\0"), option(0xC9, octets("2001:db8:200:2::1"))), DEST_OPTS),
    "fragment-whole": lambda p, r: inserted(p, fragment_header(0, False, r), FRAGMENT),
    "fragment-first": lambda p, r: inserted(p, fragment_header(0, True, r), FRAGMENT),
    "fragment-last": lambda p, r: inserted(
        p, fragment_header(8 * r.randrange(1, 9), False, r), FRAGMENT),
    "fragment-far": lambda p, r: inserted(p, fragment_header(65528, False, r), FRAGMENT),
}


# ---- what is left out ----

NEIGHBOUR_DISCOVERY = (134, 135, 136, 137)
OLDEST = 12100  # numbers behind the last: still old when this has gone on for five minutes
LONGEST = 1500  # octets that a link takes


def tame(p, facts):
    """The packet, but not such that it would be right to believe it.

    Without IPsec whoever knows a home address can register it: a Binding Update, or an
    acknowledgement, whose number is not an old one gets one. On a link whoever is there is
    believed: neighbour discovery that a kernel would take gets a hop limit that forbids it.
    """
    inner = None
    try:
        head = Headers(p)
        if head.upper == 41 and len(head.body) >= 48:
            inner = tame(head.body, facts)
    except (IndexError, struct.error):
        return p
    if inner is not None:
        return p[:head.at] + inner + p[head.at + len(head.body):]
    if head.upper == MH and len(head.body) >= 12 and head.body[2] in (BU, BA):
        at = head.at + (6 if head.body[2] == BU else 8)
        number = struct.unpack("!H", p[at:at + 2])[0]
        if not 0 <= (facts.number - number) & 0xFFFF <= OLDEST and head.checksum_ok():
            p = resummed(put(p, at, facts.old() >> 8, facts.old()))
    if head.upper == ICMP6 and head.body[:1] and head.body[0] in NEIGHBOUR_DISCOVERY:
        if p[7] == 255 and head.checksum_ok():
            p = put(p, 7, 254)
    return p


# ---- the two tables crossed ----


class Neighbour:
    """All messages in all forms; which come first, and their parameters, follow from the seed."""

    TARGETS = {"had": to_had, "mrd": to_mrd, "guest": to_guest_link}

    def __init__(self, seed, facts):
        self.random = random.Random(seed)
        self.facts = facts
        self.messages = [(to, name, bytes(packet)) for to, make in self.TARGETS.items()
                         for name, packet in make(facts)]

    def pairs(self):
        """Every message with every mutation, once, shuffled."""
        every = [(m, name) for m in self.messages for name in MUTATIONS]
        self.random.shuffle(every)
        return every

    def packets(self, count):
        """So many, one in twelve of them twice, the second time later and among others."""
        made, again = [], []
        while len(made) + len(again) < count:
            for (to, name, raw), how in self.pairs():
                octets_ = MUTATIONS[how](raw, self.random)
                made.append(Packet(tame(octets_[:LONGEST], self.facts), to, f"{name} x {how}"))
                if self.random.randrange(12) == 0:
                    again.append(made[-1])
                if len(made) + len(again) >= count:
                    break
        for packet in again:
            made.insert(self.random.randrange(len(made)), packet)
        return made
