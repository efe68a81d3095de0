"""foreign_wire.py - octets of RFC 6275, 3963, 2473 and 4861, written from the texts alone.

Nothing here is shared with the daemons or with what tests them otherwise: no Scapy, no peer.py. It
reads as strictly as an implementation may: whatever a packet has that the texts do not call
for is a fault, and a list of faults comes with every message.
"""

import ipaddress
import struct

NH_HOP_BY_HOP, NH_IPV6, NH_ROUTING, NH_ICMP6, NH_NONE, NH_DEST, NH_MH = 0, 41, 43, 58, 59, 60, 135
MH_BRR, MH_BU, MH_BA, MH_BE = 0, 5, 6, 7
OPT_PAD1, OPT_PADN, OPT_ADVICE, OPT_ALTCOA, OPT_MNP = 0, 1, 2, 3, 6
A, H, L, K, R = 0x8000, 0x4000, 0x2000, 0x1000, 0x0400  # RFC 6275 6.1.7, RFC 3963 4.1
BA_K, BA_R = 0x80, 0x40
RS, RA, NS, NA = 133, 134, 135, 136
DHAAD_REQUEST, DHAAD_REPLY, MPS, MPA = 144, 145, 146, 147


def addr(text):
    return ipaddress.IPv6Address(text).packed


def name(octets):
    return str(ipaddress.IPv6Address(octets))


def ones_complement(data):
    """RFC 1071, over octets padded to an even number; 0 if a checksum in it is right."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF - total


def upper_sum(source, destination, protocol, body):
    """RFC 8200 8.1; RFC 6275 6.1.1 has the same with the home address for one of the two."""
    return ones_complement(source + destination + struct.pack(">II", len(body), protocol) + body)


def ipv6(source, destination, next_header, payload, hops=64):
    head = struct.pack(">IHBB", 6 << 28, len(payload), next_header, hops)
    return head + source + destination + payload


# ---- extension headers ----


def home_address_option(next_header, home, layout="padn"):
    """RFC 6275 6.3: 8n+6. The padding before it may be one PadN, or four Pad1, or PadN and Pad1s."""
    before = {"padn": b"\1\2\0\0", "pad1": b"\0\0\0\0", "mixed": b"\0\1\0\0"}[layout]
    return bytes([next_header, 2]) + before + b"\xc9\x10" + home


def routing_type_2(next_header, home):
    """RFC 6275 6.4.1."""
    return bytes([next_header, 2, 2, 1, 0, 0, 0, 0]) + home


def tunnel_limit(next_header, limit):
    """RFC 2473 4.1.1, as ip6tnl writes it."""
    return bytes([next_header, 0, 4, 1, limit, 1, 1, 0])


# ---- options of a Mobility Header ----


def padding(n, style):
    if n == 0:
        return b""
    if n == 1 or style == "pad1":
        return b"\0" * n
    return bytes([1, n - 2]) + b"\0" * (n - 2)


class Options:
    """Options laid out at their alignments, from offset 12 of a Binding Update or Acknowledgement."""

    def __init__(self, style="padn"):
        self.data, self.style = b"", style

    def _align(self, x, y):
        self.data += padding((y - 12 - len(self.data)) % x, self.style)

    def raw(self, octets):
        self.data += octets
        return self

    def care_of(self, address):
        self._align(8, 6)
        return self.raw(b"\x03\x10" + address)

    def mobile_prefix(self, prefix):
        net = ipaddress.IPv6Network(prefix)
        self._align(8, 4)
        return self.raw(bytes([6, 18, 0, net.prefixlen]) + net.network_address.packed)

    def advice(self, units):
        self._align(2, 0)
        return self.raw(struct.pack(">BBH", 2, 2, units))

    def done(self):
        self._align(8, 0)
        return self.data


def mobility(kind, fixed, options, source, destination):
    """RFC 6275 6.1.1; source and destination are those of the pseudo-header."""
    body = fixed + options
    head = struct.pack(">BBBBH", NH_NONE, (6 + len(body)) // 8 - 1, kind, 0, 0)
    assert (6 + len(body)) % 8 == 0, "a Mobility Header is whole 8 octets"
    total = upper_sum(source, destination, NH_MH, head + body)
    return head[:4] + struct.pack(">H", total) + body


def icmp6(source, destination, kind, code, body):
    total = upper_sum(source, destination, NH_ICMP6, bytes([kind, code, 0, 0]) + body)
    return struct.pack(">BBH", kind, code, total) + body


# ---- reading, strictly ----


class Packet:
    """An IPv6 packet with its header chain; faults says what no text calls for."""

    def __init__(self, octets):
        self.faults = []
        word, size, next_header, self.hops = struct.unpack(">IHBB", octets[:8])
        if word >> 28 != 6 or size != len(octets) - 40:
            self.faults.append("ipv6-header")
        self.source, self.destination = octets[8:24], octets[24:40]
        self.home = self.route = None  # of the option, of the type 2 routing header
        self.order = []
        at = 40
        while next_header in (NH_HOP_BY_HOP, NH_ROUTING, NH_DEST):
            self.order.append(next_header)
            body = octets[at : at + 8 * (octets[at + 1] + 1)]
            if next_header == NH_ROUTING:
                self._routing(body)
            else:
                self._options(body)
            next_header, at = body[0], at + len(body)
        self.upper, self.at = next_header, at
        self.body = octets[at : 40 + size]

    def _routing(self, body):
        if body[1:8] != b"\2\2\1\0\0\0\0":
            self.faults.append("routing-header")
        self.route = body[8:24]

    def _options(self, body):
        at = 2
        while at < len(body):
            if body[at] == OPT_PAD1:
                at += 1
                continue
            size = body[at + 1]
            data = body[at + 2 : at + 2 + size]
            if body[at] == 0xC9:
                if self.home or size != 16 or at % 8 != 6:
                    self.faults.append("home-address-option")
                self.home = data
            elif body[at] == OPT_PADN:
                if any(data) or size > 5:
                    self.faults.append("padding-of-header")
            elif body[at] != 4:
                self.faults.append(f"destination-option-{body[at]}")
            at += 2 + size


class Message:
    """A Mobility Header, with all that a strict reader holds against it."""

    def __init__(self, packet):
        self.packet, self.faults = packet, list(packet.faults)
        body = packet.body
        source = packet.home or packet.source
        destination = packet.route or packet.destination
        if len(body) < 8 or len(body) % 8 or packet.at % 8:
            self.faults.append("size")
        if upper_sum(source, destination, NH_MH, body) != 0:
            self.faults.append("checksum")
        proto, words, self.kind, reserved = body[:4]
        if proto != NH_NONE:
            self.faults.append("payload-proto")
        if (words + 1) * 8 != len(body):
            self.faults.append("header-len")
        if reserved:
            self.faults.append("reserved")
        self.options = []
        if self.kind == MH_BU:
            self.seq, self.flags, self.units = struct.unpack(">HHH", body[6:12])
            if self.flags & 0x0BFF:
                self.faults.append("flags-of-other-protocols")
        elif self.kind == MH_BA:
            self.status, self.flags, self.seq, self.units = struct.unpack(">BBHH", body[6:12])
            if self.flags & 0x3F:
                self.faults.append("flags-reserved")
        if self.kind in (MH_BU, MH_BA):
            self._options(body, 12)

    def _options(self, body, at):
        align = {OPT_ADVICE: (2, 0), OPT_ALTCOA: (8, 6), OPT_MNP: (8, 4)}
        size = {OPT_ADVICE: 2, OPT_ALTCOA: 16, OPT_MNP: 18}
        while at < len(body):
            kind = body[at]
            if kind == OPT_PAD1:
                at += 1
                continue
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                self.faults.append("option-past-the-end")
                return
            data = body[at + 2 : at + 2 + body[at + 1]]
            if kind == OPT_PADN:
                if any(data):
                    self.faults.append("padding")
            else:
                self.options.append((kind, data))
                x, y = align.get(kind, (1, 0))
                if at % x != y:
                    self.faults.append(f"alignment-of-{kind}")
                if len(data) != size.get(kind, len(data)):
                    self.faults.append(f"length-of-{kind}")
            at += 2 + len(data)

    def all(self, kind):
        return [data for k, data in self.options if k == kind]

    def prefixes(self):
        found = []
        for data in self.all(OPT_MNP):
            if data[0]:
                self.faults.append("prefix-reserved")
            try:
                found.append(str(ipaddress.IPv6Network((data[2:18], data[1]))))
            except ValueError:
                self.faults.append("prefix-host-bits")
        return found
