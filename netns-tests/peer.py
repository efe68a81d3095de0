"""peer.py - the other end of an exchange, made of packets by Scapy.

A Wire is one interface of a namespace, opened for whole frames. The kernel behind it speaks no
IPv6, so nothing but the test answers: it can be any number of hosts at once, and no ICMPv6 error
disturbs. Packets are built by Scapy; checksums are verified by code that is not Scapy's (and
not ours), in checksum_ok.

    with Wire("hp-1-mr", "up") as wire:
        wire.send(bu(hoa, coa, ha, seq=7, prefixes=["2001:db8:200:1::/64"]), mac)
        ack = wire.expect(is_ba, within=2)
"""

import ctypes
import ipaddress
import logging
import os
import select
import socket
import struct
import threading
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.config import conf  # noqa: E402

conf.ipv6_enabled = True
from scapy.layers.inet6 import (  # noqa: E402, F401 - some for those who import this
    HAO, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting, MIP6MH_BA,
    MIP6MH_BE, MIP6MH_BRR, MIP6MH_BU, MIP6OptAltCoA, MIP6OptBRAdvice, MIP6OptMobNetPrefix,
    MIP6OptNonceIndices, MIP6OptUnknown,
)
from scapy.layers.inet import UDP  # noqa: E402, F401
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

import lab  # noqa: E402

MH, IPV6, ROUTING, DEST_OPTS, ICMP6, NONE = 135, 41, 43, 60, 58, 59
BRR, BU, BA, BE = 0, 5, 6, 7
NS, NA = 135, 136  # ICMPv6, RFC 4861
ETH_P_ALL, ETH_P_IPV6 = 0x0003, 0x86DD
PACKET_OUTGOING = 4
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
CLONE_NEWNET = 0x40000000

BU_BITS = {"A": 0x8000, "H": 0x4000, "L": 0x2000, "K": 0x1000, "M": 0x0800, "R": 0x0400}
BA_BITS = {"K": 0x80, "R": 0x40, "P": 0x20}

_libc = ctypes.CDLL(None, use_errno=True)


def in_namespace(name, do):
    """What do() returns when a thread of its own runs it in the namespace of that name."""
    out = []

    def run():
        fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(fd, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {name}")
            out.append((do(), None))
        except OSError as error:
            out.append((None, error))
        finally:
            os.close(fd)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    value, error = out[0]
    if error:
        raise error
    return value


# ---- reading packets without anybody's help ----


def internet_checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Headers:
    """The header chain of one IPv6 packet: where its upper layer begins, which addresses count."""

    def __init__(self, packet):
        self.raw = packet
        self.src, self.dst = packet[8:24], packet[24:40]
        self.home = None  # of the Home Address option or the type 2 routing header
        self.has_hao = self.has_rh2 = False
        self.upper, at = packet[6], 40
        while self.upper in (0, ROUTING, DEST_OPTS) and at + 8 <= len(packet):
            size = (packet[at + 1] + 1) * 8
            if self.upper == ROUTING and packet[at + 2] == 2:
                self.has_rh2, self.home = True, packet[at + 8 : at + 24]
            elif self.upper == DEST_OPTS:
                self._options(packet[at + 2 : at + size])
            self.upper, at = packet[at], at + size
        self.at = at
        self.body = packet[at : 40 + struct.unpack("!H", packet[4:6])[0]]

    def _options(self, octets):
        i = 0
        while i < len(octets):
            if octets[i] == 0:
                i += 1
                continue
            if octets[i] == 0xC9:
                self.has_hao, self.home = True, octets[i + 2 : i + 18]
            i += 2 + octets[i + 1]

    def checksum_ok(self):
        src = self.home if self.has_hao else self.src
        dst = self.home if self.has_rh2 else self.dst
        pseudo = src + dst + struct.pack("!I3xB", len(self.body), self.upper)
        return internet_checksum(pseudo + self.body) == 0


def checksum_ok(packet):
    return Headers(packet).checksum_ok()


class Message:
    """A Mobility Header as it was on the wire; only the fields of BU, BA and BE are read."""

    def __init__(self, packet, at=0.0):
        head = Headers(packet)
        mh = head.body
        self.raw, self.at = packet, at
        self.src, self.dst = text(head.src), text(head.dst)
        self.home = text(head.home) if head.home else None
        self.has_hao, self.has_rh2 = head.has_hao, head.has_rh2
        self.checksum_ok = head.checksum_ok()
        self.proto, self.header_len, self.type = mh[0], mh[1], mh[2]
        self.octets = len(mh)
        self.options = []
        if self.type == BU:
            self.seq, self.flags, units = struct.unpack("!HHH", mh[6:12])
            self.lifetime = units * 4
            self._options(mh, 12)
        elif self.type == BA:
            self.status, self.flags, self.seq, units = struct.unpack("!BBHH", mh[6:12])
            self.lifetime = units * 4
            self._options(mh, 12)
        elif self.type == BE:
            self.status, self.be_home = mh[6], text(mh[8:24])

    def _options(self, mh, at):
        """(type, offset, data) each; RFC 6275 6.2.1."""
        while at < len(mh):
            if mh[at] == 0:
                at += 1
                continue
            self.options.append((mh[at], at, mh[at + 2 : at + 2 + mh[at + 1]]))
            at += 2 + mh[at + 1]

    def option(self, kind):
        return [data for t, _, data in self.options if t == kind]

    @property
    def r(self):
        return bool(self.flags & (BU_BITS["R"] if self.type == BU else BA_BITS["R"]))

    @property
    def altcoa(self):
        found = self.option(3)
        return text(found[0]) if found else None

    @property
    def prefixes(self):
        return [f"{text(d[2:18])}/{d[1]}" for d in self.option(6)]

    @property
    def advice(self):
        found = self.option(2)
        return struct.unpack("!H", found[0])[0] * 4 if found else None

    def has(self, letters):
        """Are exactly these of A H L K M R set?"""
        return self.flags == sum(BU_BITS[c] for c in letters)

    def __repr__(self):
        fields = {k: v for k, v in vars(self).items() if k not in ("raw", "at", "options")}
        return f"Message({fields})"


def text(octets):
    return socket.inet_ntop(socket.AF_INET6, octets)


def octets(address):
    return socket.inet_pton(socket.AF_INET6, address)


# ---- building packets ----


def split(prefix):
    address, _, bits = prefix.partition("/")
    return address, int(bits)


def first_host(prefix):
    """The default Home Address of a prefix: the first after the subnet-router anycast address."""
    return str(ipaddress.IPv6Network(prefix).network_address + 1)


def bu(hoa, coa, ha, seq, lifetime=120, flags="AHR", prefixes=(), altcoa=True, src=None, hao=True,
       before=(), after=()):
    """A Binding Update. altcoa: True for the option with coa in it, or another address, or None.

    src: the wire source if it is not the care-of address; before, after: more options.
    """
    options = list(before)
    options += [MIP6OptMobNetPrefix(prefix=split(p)[0], plen=split(p)[1]) for p in prefixes]
    if altcoa:
        options.append(MIP6OptAltCoA(acoa=coa if altcoa is True else altcoa))
    options += list(after)
    # Scapy's field is the upper seven bits; without a value it would set A, H and K.
    message = MIP6MH_BU(seq=seq, flags=sum(BU_BITS[c] for c in flags) >> 9, mhtime=lifetime // 4,
                        res=0, options=options)
    ip = IPv6(src=src or (coa if hao else hoa), dst=ha, hlim=64)
    if hao:
        return ip / IPv6ExtHdrDestOpt(nh=MH, options=[HAO(hoa=hoa)]) / message
    return ip / message


def ba(ha, coa, hoa, seq, status=0, lifetime=120, r=True, rh2=True, options=(), src=None):
    message = MIP6MH_BA(status=status, flags=BA_BITS["R"] >> 5 if r else 0, seq=seq,
                        mhtime=lifetime // 4, res=0, res2=0, options=list(options))
    return routed(src or ha, coa, hoa if rh2 is True else rh2, message)


def routed(src, dst, home, message):
    """message with a type 2 routing header if home is not None."""
    ip = IPv6(src=src, dst=dst, hlim=64)
    if home:
        header = IPv6ExtHdrRouting(nh=MH, type=2, segleft=1, addresses=[home])
        return ip / header / message
    return ip / message


def raw_mh(src, dst, mh, hao=None):
    """A Mobility Header of our own octets, with its checksum put in, as a whole packet."""
    pseudo = octets(hao or src) + octets(dst) + struct.pack("!I3xB", len(mh), MH)
    total = internet_checksum(pseudo + mh[:4] + b"\0\0" + mh[6:])
    mh = mh[:4] + struct.pack("!H", total) + mh[6:]
    if hao:
        options = IPv6ExtHdrDestOpt(nh=MH, options=[HAO(hoa=hao)])
        return IPv6(src=src, dst=dst, hlim=64) / options / Raw(mh)
    return IPv6(src=src, dst=dst, hlim=64, nh=MH) / Raw(mh)


def tunnelled(src, dst, inner, **fields):
    return IPv6(src=src, dst=dst, nh=IPV6, hlim=64, **fields) / Raw(bytes(inner))


def ping(src, dst, ident=1, seq=1, data=b"homeport", hlim=64, tc=0):
    echo = ICMPv6EchoRequest(id=ident, seq=seq, data=data)
    return IPv6(src=src, dst=dst, hlim=hlim, tc=tc) / echo


# ---- neighbours ----


def solicited_node(target):
    """The group that an address is solicited by (RFC 4291 2.7.1)."""
    return text(octets("ff02::1:ff00:0")[:13] + octets(target)[13:])


def solicited_mac(target):
    return "33:33:" + octets(solicited_node(target))[12:].hex(":")


def ns(target, src, mac):
    """A Neighbor Solicitation; from "::" a probe, which has no source link-layer address."""
    packet = IPv6(src=src, dst=solicited_node(target), hlim=255) / ICMPv6ND_NS(tgt=target)
    return packet if src == "::" else packet / ICMPv6NDOptSrcLLAddr(lladdr=mac)


def na(target, src, dst, mac, router=False, solicited=False, override=True):
    message = ICMPv6ND_NA(tgt=target, R=int(router), S=int(solicited), O=int(override))
    return IPv6(src=src, dst=dst, hlim=255) / message / ICMPv6NDOptDstLLAddr(lladdr=mac)


class Advertised:
    """A Neighbor Advertisement as it was on the wire (RFC 4861 4.4)."""

    def __init__(self, frame):
        body = frame.head.body
        self.flags = "".join(c if body[4] & bit else "-" for c, bit in zip("RSO", (128, 64, 32)))
        self.target = text(body[8:24])
        self.option = body[24:]
        self.mac = body[26:32].hex(":") if body[24:26] == b"\x02\x01" else None
        self.src, self.dst = frame.src, frame.dst
        self.src_mac, self.dst_mac = frame.src_mac, frame.dst_mac
        self.hop_limit = frame.packet[7]
        self.checksum_ok = frame.head.checksum_ok()


# ---- an interface opened for whole frames ----


class Frame:
    """One frame as it came, with the kernel's time stamp (seconds, CLOCK_REALTIME)."""

    def __init__(self, raw, at):
        self.raw, self.at = raw, at
        self.dst_mac = raw[0:6].hex(":")
        self.src_mac = raw[6:12].hex(":")
        self.ethertype = struct.unpack("!H", raw[12:14])[0]
        self.packet = raw[14:] if self.ethertype == ETH_P_IPV6 and len(raw) >= 54 else None
        self.head = Headers(self.packet) if self.packet else None

    @property
    def upper(self):
        return self.head.upper if self.head else None

    @property
    def src(self):
        return text(self.head.src)

    @property
    def dst(self):
        return text(self.head.dst)

    def message(self):
        return Message(self.packet, self.at)

    def inner(self):
        """The packet in a tunnel packet, read by Scapy."""
        return IPv6(self.head.body)

    def ipv6(self):
        return IPv6(self.packet)

    def icmp6(self, kind):
        return self.upper == ICMP6 and self.head.body[0] == kind

    def __repr__(self):
        if not self.packet:
            return f"Frame({self.src_mac} > {self.dst_mac} {self.ethertype:04x})"
        return f"Frame({self.src_mac} > {self.dst_mac} {self.ipv6().summary()})"


class Wire:
    """Whole frames on one interface of one namespace. What is not wanted yet is kept, in order."""

    def __init__(self, ns, dev):
        self.ns, self.dev = ns, dev
        self.sock = in_namespace(ns, lambda: self._open(dev))
        self.mac = self.sock.getsockname()[4].hex(":")
        self.waiting = []

    @staticmethod
    def _open(dev):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind((dev, ETH_P_ALL))
        sock.setblocking(False)
        return sock

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, packet, mac, src_mac=None):
        """packet: anything IPv6; mac: whom the frame is for."""
        frame = Ether(src=src_mac or self.mac, dst=mac, type=ETH_P_IPV6) / packet
        self.sock.send(bytes(frame))

    def _read(self):
        """All that has come, without waiting."""
        while True:
            try:
                raw, ancillary, _, address = self.sock.recvmsg(65536, 256)
            except BlockingIOError:
                return
            if address[2] == PACKET_OUTGOING or len(raw) < 14:
                continue
            at = time.time()
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", data[:16])
                    at = seconds + nanoseconds / 1e9
            self.waiting.append(Frame(raw, at))

    def _take(self, match):
        for i, frame in enumerate(self.waiting):
            if match(frame):
                return self.waiting.pop(i)
        return None

    def take(self, match, within=2.0):
        """The first frame that matches, or None when none came in time. Others are kept."""
        deadline = time.monotonic() + within
        while True:
            self._read()
            found = self._take(match)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            select.select([self.sock], [], [], left)

    def expect(self, match, within=2.0, what="a frame"):
        found = self.take(match, within * lab.SLOW)
        if found is None:
            raise AssertionError(f"{what} did not come on {self.dev} within {within} s; "
                                 f"there were: {self.waiting[-20:]}")
        return found

    def silence(self, match, within=0.3, what="a frame"):
        found = self.take(match, within)
        assert found is None, f"{what} came on {self.dev}: {found}"

    def gather(self, match, within, enough=None):
        """All matching frames of that time, or until there are enough."""
        deadline = time.monotonic() + within
        found = []
        while enough is None or len(found) < enough:
            frame = self.take(match, max(0.0, deadline - time.monotonic()))
            if frame is None:
                break
            found.append(frame)
        return found

    def drain(self):
        """Forget what has come so far."""
        self._read()
        self.waiting.clear()


# ---- what to wait for ----


def is_mh(kind, home=None):
    def match(frame):
        if frame.upper != MH or len(frame.head.body) < 8 or frame.head.body[2] != kind:
            return False
        return home is None or (frame.head.home and text(frame.head.home) == home)
    return match


def is_bu(home=None):
    return is_mh(BU, home)


def is_ba(home=None):
    return is_mh(BA, home)


def is_icmp6(kind):
    return lambda frame: frame.icmp6(kind)


def is_nd(kind, target=None):
    """A Neighbor Solicitation or Advertisement, of this target if one is named."""
    def match(frame):
        if not frame.icmp6(kind) or len(frame.head.body) < 24:
            return False
        return target is None or text(frame.head.body[8:24]) == target
    return match


def is_ns(target=None):
    return is_nd(NS, target)


def is_na(target=None):
    return is_nd(NA, target)


def is_tunnelled(frame):
    return frame.upper == IPV6
