"""foreign_port.py - a host of its own on one Ethernet link: no kernel answers there but this.

Neighbour discovery (RFC 4861) for its own addresses and for the next hop, and whole IPv6 packets
in and out.
"""

import socket
import struct

from foreign_wire import NA, NH_ICMP6, NS, addr, icmp6, ipv6, name, upper_sum

ALL_NODES = addr("ff02::1")
OWN = 4  # PACKET_OUTGOING
SOL_PACKET, PACKET_AUXDATA, SUM_NOT_READY = 263, 8, 1 << 3  # linux/if_packet.h
SUM_AT = {6: 16, 17: 6, 58: 2}


def solicited_node(address):
    return addr("ff02::1:ff00:0")[:13] + address[13:]


def finished(packet):
    """The checksum that a network card would have put in: on a veth there is none."""
    at = SUM_AT.get(packet[6])
    if at is None:
        return packet
    body = packet[40 : 40 + at] + b"\0\0" + packet[42 + at :]
    total = upper_sum(packet[8:24], packet[24:40], packet[6], body) or 0xFFFF
    return packet[: 40 + at] + struct.pack(">H", total) + packet[42 + at :]


class Port:
    """An interface, the addresses that are on it, and the neighbours that are known."""

    def __init__(self, device):
        self.device = device
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.socket.bind((device, 0x0003))
        self.socket.setblocking(False)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.mac = self.socket.getsockname()[4]
        link = bytes([self.mac[0] ^ 2]) + self.mac[1:3] + b"\xff\xfe" + self.mac[3:]
        self.link_local = addr("fe80::")[:8] + link
        self.own = [self.link_local]
        self.gateway = None
        self.on_link = []  # (first octets, how many bits): reached without the gateway
        self.known, self.waiting = {}, {}
        self.duplicates = {}  # addresses under test: True when somebody else has it

    # -- out --

    def frame(self, mac, packet):
        self.socket.send(mac + self.mac + b"\x86\xdd" + packet)

    def send(self, packet):
        hop = self._next_hop(packet[24:40])
        if hop[0] == 0xFF:
            self.frame(b"\x33\x33" + hop[12:], packet)
        elif hop in self.known:
            self.frame(self.known[hop], packet)
        else:
            self.waiting.setdefault(hop, []).append(packet)
            del self.waiting[hop][:-8]
            self.solicit(hop)

    def _next_hop(self, destination):
        near = destination[0] == 0xFF or destination[:2] == b"\xfe\x80" or any(
            destination.startswith(p) for p in self.on_link)
        return destination if near or not self.gateway else self.gateway

    def solicit(self, target, source=None):
        source = self.link_local if source is None else source
        to = solicited_node(target)
        option = b"" if source == bytes(16) else b"\1\1" + self.mac
        body = icmp6(source, to, NS, 0, bytes(4) + target + option)
        self.frame(b"\x33\x33" + to[12:], ipv6(source, to, NH_ICMP6, body, hops=255))

    def advertise(self, target, to, flags, mac=None):
        body = icmp6(target if target in self.own else self.link_local, to, NA, 0,
                     struct.pack(">I", flags << 29) + target + b"\2\1" + self.mac)
        source = target if target in self.own else self.link_local
        self.frame(mac or b"\x33\x33" + to[12:], ipv6(source, to, NH_ICMP6, body, hops=255))

    # -- in --

    def read(self):
        """Whole packets that are for this host and are not neighbour discovery; never waits."""
        while True:
            try:
                frame, told, _, where = self.socket.recvmsg(65536, 128)
            except BlockingIOError:
                return
            if where[2] == OWN or frame[12:14] != b"\x86\xdd" or len(frame) < 54:
                continue
            packet = frame[14:]
            packet = packet[: 40 + struct.unpack(">H", packet[4:6])[0]]
            if any(struct.unpack("=I", data[:4])[0] & SUM_NOT_READY for _, _, data in told):
                packet = finished(packet)
            if packet[6] == NH_ICMP6 and packet[7] == 255 and self._discovery(packet, frame[6:12]):
                continue
            yield packet

    def _discovery(self, packet, mac):
        source, body = packet[8:24], packet[40:]
        if upper_sum(source, packet[24:40], NH_ICMP6, body) or body[0] not in (NS, NA):
            return False
        target = body[8:24]
        if target in self.duplicates and (body[0] == NA or source == bytes(16)):
            self.duplicates[target] = True
        if body[0] == NS and target in self.own:
            if source == bytes(16):
                self.advertise(target, ALL_NODES, 1)
            else:
                self.known[source] = mac
                self.advertise(target, source, 3, mac)
        elif body[0] == NA:
            self._neighbour(target, mac)
        return True

    def _neighbour(self, target, mac):
        self.known[target] = mac
        for packet in self.waiting.pop(target, ()):
            self.frame(mac, packet)

    def __repr__(self):
        return f"Port({self.device}, {[name(a) for a in self.own]})"
