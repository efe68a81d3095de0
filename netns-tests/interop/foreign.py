#!/usr/bin/python3
"""foreign.py - somebody else's home agent or mobile router (RFC 6275, 3963), and a strict one.

    foreign.py home-agent JSON          foreign.py mobile-router JSON

Configuration is the JSON object; orders are JSON objects on standard input, a line each; events
are JSON objects on standard output. It shares no line with the daemons and none with their other
tests, needs no kernel that knows any of it, and insists on what doc/interoperation.md lists.
"""

import ipaddress
import json
import os
import random
import select
import struct
import sys
import time

from foreign_port import ALL_NODES, Port
from foreign_wire import (
    BA_K, BA_R, DHAAD_REPLY, DHAAD_REQUEST, MH_BA, MH_BE, MH_BRR, MH_BU, MPA, MPS, NH_DEST,
    NH_HOP_BY_HOP, NH_ICMP6, NH_IPV6, NH_MH, NH_ROUTING, OPT_ADVICE, OPT_ALTCOA, RA, A, H, K, L, Message, Options,
    Packet, R, addr, home_address_option, icmp6, ipv6, mobility, name, routing_type_2,
    tunnel_limit, upper_sum,
)

ECHO_REQUEST, ECHO_REPLY = 128, 129


def say(event, **what):
    print(json.dumps({"event": event, "mono_ns": time.monotonic_ns(), **what}), flush=True)


def is_in(address, prefixes):
    return any(ipaddress.IPv6Address(address) in ipaddress.IPv6Network(p) for p in prefixes)


def forwarded(packet):
    """One hop further, or None at the end of its hops (RFC 8200 3)."""
    return packet[:7] + bytes([packet[7] - 1]) + packet[8:] if packet[7] > 1 else None


def newer(number, last):
    """RFC 6275 9.5.1."""
    return 0 < (number - last) & 0xFFFF < 32768


class Node:
    """What both roles are made of: ports, timers, orders."""

    def __init__(self, conf):
        self.conf = conf
        self.ports = []
        self.timers = []  # (when, number, what)
        self.numbers = 0

    def port(self, device):
        found = Port(device)
        self.ports.append(found)
        return found

    def after(self, seconds, what):
        self.numbers += 1
        self.timers.append((time.monotonic() + seconds, self.numbers, what))
        return self.numbers

    def cancel(self, number):
        self.timers = [t for t in self.timers if t[1] != number]

    def run(self):
        orders = b""
        say("ready", pid=os.getpid())
        while True:
            now = time.monotonic()
            for timer in sorted(t for t in self.timers if t[0] <= now):
                if timer in self.timers:
                    self.timers.remove(timer)
                    timer[2]()
            wait = max(0, min((t[0] for t in self.timers), default=now + 60) - time.monotonic())
            files = [p.socket for p in self.ports]
            ready, _, _ = select.select([*files, 0], [], [], wait)
            for port in [p for p in self.ports if p.socket in ready]:
                for octets in port.read():
                    self.received(port, octets)
            if 0 in ready:
                more = os.read(0, 65536)
                if not more:
                    return
                *lines, orders = (orders + more).split(b"\n")
                for line in lines:
                    self.order(json.loads(line))

    def order(self, what):
        if what["do"] == "set":
            self.conf.update(what["conf"])
            say("done")
        else:
            getattr(self, "do_" + what.pop("do"))(**what)

    def encapsulated(self, source, destination, inner):
        limit = self.conf.get("limit")
        if limit is None:
            return ipv6(source, destination, NH_IPV6, inner)
        return ipv6(source, destination, NH_DEST, tunnel_limit(NH_IPV6, limit) + inner)

    def good_tunnel_packet(self, packet, octets):
        """The inner packet, or None after a complaint."""
        inner = octets[packet.at:]
        whole = len(inner) >= 40 and inner[0] >> 4 == 6
        if whole and len(inner) == 40 + struct.unpack(">H", inner[4:6])[0] and not packet.faults:
            return inner
        say("fault", about="tunnel", faults=packet.faults or ["inner-packet"])
        return None


class HomeAgent(Node):
    """RFC 6275 10, RFC 3963 6, on a physical home link: DAD before the first answer.

    conf: device address gateway home routers{hoa: [prefix]} dad_s during_dad answer units_max
    style options advice_units limit silent (about message types that it does not know)
    """

    def __init__(self, conf):
        super().__init__({"silent": False, "dad_s": 1.2, "during_dad": "silent", "answer": "first",
                          "units_max": 30, "style": "padn", "options": "", "advice_units": 0,
                          "round_to": 1, "reverse_k": False, **conf})
        self.link = self.port(conf["device"])
        self.link.gateway = addr(conf["gateway"])
        self.address = addr(conf["address"])
        self.anycast = self.address[:8] + bytes.fromhex("fdfffffffffffffe")
        self.link.own += [self.address, self.anycast]
        self.link.on_link = [self.address[:8]]
        self.bindings, self.testing = {}, {}
        self.refusal = None
        self.advertise()

    # -- the home link: RFC 6275 7 --

    def prefix_option(self):
        """Prefix Information with R: the router's whole address (7.2)."""
        return struct.pack(">BBBBIII", 3, 4, 64, 0xE0, 86400, 14400, 0) + self.address

    def advertise(self):
        body = struct.pack(">BBHII", 64, 0x20, 1800, 0, 0) + b"\1\1" + self.link.mac
        body += self.prefix_option() + struct.pack(">BBHHH", 8, 1, 0x8000, 10, 1800)
        message = icmp6(self.link.link_local, ALL_NODES, RA, 0, body)
        self.link.frame(b"\x33\x33\0\0\0\1", ipv6(self.link.link_local, ALL_NODES, NH_ICMP6,
                                                  message, hops=255))
        self.after(3, self.advertise)

    # -- what comes --

    def received(self, port, octets):
        try:
            packet = Packet(octets)
        except (IndexError, struct.error):
            say("fault", about="packet", faults=["headers"])
            return
        if packet.destination in (self.address, self.anycast):
            if packet.upper == NH_MH:
                self.message(packet)
            elif packet.upper == NH_IPV6:
                self.from_tunnel(packet, octets)
            elif packet.upper == NH_ICMP6:
                self.control(packet)
        else:
            self.to_tunnel(octets)

    def control(self, packet):
        kind = packet.body[0]
        source = packet.home or packet.source
        if upper_sum(source, packet.destination, NH_ICMP6, packet.body):
            say("fault", about="icmp6", faults=["checksum"])
        elif kind == DHAAD_REQUEST:
            ident, flags = struct.unpack(">HH", packet.body[4:8])
            body = icmp6(self.address, packet.source, DHAAD_REPLY, 0,
                         struct.pack(">HH", ident, flags & 0x8000) + self.address)
            self.link.send(ipv6(self.address, packet.source, NH_ICMP6, body))
            say("dhaad", router=bool(flags & 0x8000))
        elif kind == MPS:
            if not packet.home or packet.home not in self.bindings:
                say("fault", about="prefix-solicitation", faults=["home-address-option"])
                return
            body = icmp6(self.address, packet.home, MPA, 0,
                         packet.body[4:6] + b"\0\0" + self.prefix_option())
            self.link.send(ipv6(self.address, packet.source, NH_ROUTING,
                                routing_type_2(NH_ICMP6, packet.home) + body))
            say("prefix-solicitation", hoa=name(packet.home))
        elif kind == ECHO_REQUEST:
            body = icmp6(self.address, packet.source, ECHO_REPLY, 0, packet.body[4:])
            self.link.send(ipv6(self.address, packet.source, NH_ICMP6, body))
        elif kind < 128:
            say("icmp6-error", type=kind, code=packet.body[1])

    def message(self, packet):
        try:
            message = Message(packet)
        except (IndexError, struct.error):
            say("fault", about="message", faults=["cut"])
            return
        if message.kind == MH_BU:
            self.update(message)
        elif message.kind > MH_BE:
            self.unknown(packet, message)
        elif message.kind != MH_BE:
            say("fault", about="message", faults=[f"type-{message.kind}"])

    def unknown(self, packet, message):
        """RFC 6275 9.2: an extension that is not known here is a Binding Error, status 2."""
        home = packet.home or bytes(16)
        body = mobility(MH_BE, b"\2\0" + home, b"", self.address, packet.source)
        if not self.conf["silent"]:
            self.link.send(ipv6(self.address, packet.source, NH_MH, body))
        say("unknown-type", type=message.kind, faults=message.faults)

    def strict(self, m):
        """All that is held against a Binding Update before anything is done for it."""
        p, faults = m.packet, m.faults
        prefixes = m.prefixes()
        home = p.home or p.source
        if not p.home and m.units:
            faults.append("no-home-address-option")
        if p.order not in ([NH_DEST], []):
            faults.append("header-order")
        care_of = m.all(OPT_ALTCOA)
        if p.home and (len(care_of) != 1 or care_of[0] != p.source):
            faults.append("alternate-care-of-address")
        if m.flags & (A | H) != A | H:
            faults.append("flags")
        if m.units == 0 and prefixes:
            faults.append("prefixes-in-a-de-registration")
        if not is_in(home, self.conf["home"]):
            faults.append("home-prefix")
        for kind, _ in m.options:
            if kind not in (OPT_ALTCOA, 6, 19):
                faults.append(f"option-{kind}")
        return home, prefixes, faults

    def update(self, m):
        home, prefixes, faults = self.strict(m)
        said = dict(hoa=name(home), coa=name(m.packet.source), seq=m.seq, lifetime_s=m.units * 4,
                    flags=m.flags, prefixes=prefixes)
        if faults:
            say("fault", about="update", faults=faults, **said)
            return
        say("update", **said)
        bound = self.bindings.get(home)
        if bound and not newer(m.seq, bound["seq"]):
            self.acknowledge(m, home, 135, bound["seq"], 0)
        elif self.refusal:
            status, self.refusal = self.refusal, None
            self.acknowledge(m, home, status, m.seq, 0)
        elif m.units == 0:
            self.deregister(m, home, bound)
        elif bound and bool(m.flags & R) != bound["router"]:
            self.acknowledge(m, home, 139, m.seq, 0)
        elif m.flags & R and not set(prefixes) <= set(self.conf["routers"].get(name(home), ())):
            self.acknowledge(m, home, 142, m.seq, 0)
        elif m.flags & R and not prefixes and not self.conf["routers"].get(name(home)):
            self.acknowledge(m, home, 143, m.seq, 0)
        elif bound:
            self.bind(m, home, prefixes)
        else:
            self.test(m, home, prefixes)

    def deregister(self, m, home, bound):
        if not bound:
            self.acknowledge(m, home, 133, m.seq, 0)
            return
        del self.bindings[home]
        self.link.own.remove(home)
        self.acknowledge(m, home, 0, m.seq, 0)
        say("deregistered", hoa=name(home))

    # -- duplicate address detection: RFC 6275 10.3.1 --

    def test(self, m, home, prefixes):
        if home in self.testing:
            if self.conf["during_dad"] == "refuse":
                self.acknowledge(m, home, 130, m.seq, 0)
            elif self.conf["answer"] == "newest":
                self.testing[home] = (m, prefixes)
            return
        self.testing[home] = (m, prefixes)
        self.link.duplicates[home] = False
        self.link.solicit(home, source=bytes(16))
        self.after(self.conf["dad_s"], lambda: self.tested(home))

    def tested(self, home):
        m, prefixes = self.testing.pop(home)
        if self.link.duplicates.pop(home):
            self.acknowledge(m, home, 134, m.seq, 0)
            return
        self.bind(m, home, prefixes)

    def bind(self, m, home, prefixes):
        step = self.conf["round_to"]
        units = min(m.units, self.conf["units_max"]) // step * step
        known = home in self.bindings
        self.bindings[home] = {
            "coa": m.packet.source, "seq": m.seq, "router": bool(m.flags & R), "update": m,
            "prefixes": prefixes or self.conf["routers"].get(name(home), [])}
        if not known:
            self.link.own.append(home)
            self.link.advertise(home, ALL_NODES, 5)
        self.acknowledge(m, home, 0, m.seq, units)
        say("bound", hoa=name(home), coa=name(m.packet.source), seq=m.seq, lifetime_s=units * 4,
            prefixes=self.bindings[home]["prefixes"])

    # -- what goes --

    def acknowledge(self, m, home, status, seq, units):
        p = m.packet
        options = Options(self.conf["style"])
        if self.conf["options"] == "unknown" and status == 0:
            options.raw(b"\xc8\x03abc").raw(b"\xfe\x00")
        if self.conf["options"] == "padded":
            options.raw(b"\0\1\4\0\0\0\0\0").raw(b"\1\0")
        if 0 < self.conf["advice_units"] < units:
            options.advice(self.conf["advice_units"])
        flags = BA_R if m.flags & R and status < 128 else 0
        if self.conf["reverse_k"]:
            flags |= BA_K
        destination = home if not p.home else p.source
        body = mobility(MH_BA, struct.pack(">BBHH", status, flags, seq, units), options.done(),
                        self.address, home)
        if p.home:
            self.link.send(ipv6(self.address, destination, NH_ROUTING,
                                routing_type_2(NH_MH, home) + body))
        else:
            self.link.send(ipv6(self.address, destination, NH_MH, body))

    def do_refresh(self, hoa):
        """Binding Refresh Request (RFC 6275 6.1.2)."""
        home = addr(hoa)
        body = mobility(MH_BRR, b"\0\0", b"", self.address, home)
        self.link.send(ipv6(self.address, self.bindings[home]["coa"], NH_ROUTING,
                            routing_type_2(NH_MH, home) + body))

    def do_repeat(self, hoa):
        """The last acknowledgement once more: as a network may double packets."""
        b = self.bindings[addr(hoa)]
        self.acknowledge(b["update"], addr(hoa), 0, b["seq"], 5)

    def do_error(self, hoa):
        """Forget the binding, and say so as RFC 6275 9.3.3 does: Binding Error, status 1."""
        home = addr(hoa)
        b = self.bindings.pop(home)
        self.link.own.remove(home)
        body = mobility(MH_BE, b"\1\0" + home, b"", self.address, b["coa"])
        self.link.send(ipv6(self.address, b["coa"], NH_MH, body))

    def do_refuse(self, status):
        self.refusal = status
        say("done")

    # -- data: RFC 6275 10.4, RFC 3963 6.5 --

    def holder(self, address):
        for home, b in self.bindings.items():
            if address == home or b["router"] and is_in(address, b["prefixes"]):
                return home, b
        return None, None

    def to_tunnel(self, octets):
        _, b = self.holder(octets[24:40])
        inner = forwarded(octets)
        if b and inner:
            self.link.send(self.encapsulated(self.address, b["coa"], inner))

    def from_tunnel(self, packet, octets):
        inner = self.good_tunnel_packet(packet, octets)
        if inner is None:
            return
        home, b = self.holder(inner[8:24])
        if not b or b["coa"] != packet.source:
            say("fault", about="tunnel", faults=["source"], coa=name(packet.source),
                inner=name(inner[8:24]))
        elif inner[24:40] == self.address:
            self.received(self.link, inner)
        elif forwarded(inner):
            self.link.send(forwarded(inner))


class MobileRouter(Node):
    """RFC 6275 11, RFC 3963 5: a network behind it, a home link, and links that it visits.

    conf: network links hoa home_agent prefixes explicit flags units layout style extra front limit tries
    """

    def __init__(self, conf):
        super().__init__({"explicit": True, "flags": "", "units": 15, "layout": "padn",
                          "style": "padn", "tries": 6, "extra": "", "front": "", "home_agent": None, **conf})
        self.inside = self.port(conf["network"])
        self.inside.on_link = [addr(p.split("/")[0])[:8] for p in conf["prefixes"]]
        self.hoa = addr(conf["hoa"])
        self.home_agent = addr(conf["home_agent"]) if self.conf["home_agent"] else None
        self.links = {device: self.port(device) for device in conf["links"]}
        self.egress = self.care_of = None
        self.seq = random.randrange(65536)
        self.pending = None  # the last Binding Update, if it has no answer yet
        self.asked = []  # the last numbers
        self.timer = None
        self.bound = False
        self.at_home = False

    # -- links --

    def do_attach(self, device, care_of, gateway):
        """Another link: a care-of address there, and if there was a binding it moves."""
        self.egress = self.links[device]
        self.egress.gateway = addr(gateway)
        self.at_home = False
        self.care_of = addr(care_of)
        self.egress.own = [self.egress.link_local, self.care_of]
        self.egress.on_link = [self.care_of[:8]]
        self.begin(self.conf["units"])

    def do_home(self, device):
        """Back on the home link: de-register from the home address itself (RFC 6275 11.5.5)."""
        self.egress = self.links[device]
        self.egress.on_link = [self.home_agent[:8]]
        self.egress.own = [self.egress.link_local, self.hoa]
        self.at_home = True
        self.care_of = self.hoa
        self.begin(0)

    def do_update(self, skip=0, **conf):
        """Register again, now; conf stays. skip: this many numbers are left out."""
        self.seq = (self.seq + skip) & 0xFFFF
        self.conf.update(conf)
        self.begin(self.conf["units"])

    def do_deregister(self):
        self.begin(0)

    # -- Binding Updates: RFC 6275 11.7.1, RFC 3963 5.2 --

    def begin(self, units):
        self.send_update(units, 1.0 if self.bound else 1.5, 1)

    def send_update(self, units, wait, turn):
        self.cancel(self.timer)
        self.seq = (self.seq + 1) & 0xFFFF
        flags = A | H | R
        flags |= (K if "K" in self.conf["flags"] else 0) | (L if "L" in self.conf["flags"] else 0)
        options = Options(self.conf["style"])
        if self.conf["extra"] == "leading-pad":
            options.raw(b"\0\1\3\0\0\0").raw(b"\1\0")
        if self.conf["extra"] == "unknown":
            options.raw(b"\xc8\5abcde")
        if units and self.conf["explicit"]:
            for prefix in self.conf["prefixes"]:
                options.mobile_prefix(prefix)
        if not self.at_home:
            options.care_of(self.care_of)
        body = mobility(MH_BU, struct.pack(">HHH", self.seq, flags, units), options.done(),
                        self.hoa, self.home_agent)
        self.asked = [*self.asked[-3:], self.seq]
        self.pending = {"seq": self.seq, "units": units, "at": time.monotonic()}
        if self.at_home:
            whole = ipv6(self.hoa, self.home_agent, NH_MH, body)
        else:
            first = home_address_option(NH_MH, self.hoa, self.conf["layout"]) + body
            kind = {"": NH_DEST, "destination": NH_DEST, "hop-by-hop": NH_HOP_BY_HOP}[
                self.conf["front"]]
            if self.conf["front"]:
                first = bytes([NH_DEST, 0, 1, 4, 0, 0, 0, 0]) + first
            whole = ipv6(self.care_of, self.home_agent, kind, first)
        self.egress.send(whole)
        say("sent", seq=self.seq, lifetime_s=units * 4, turn=turn)
        if turn < self.conf["tries"]:
            self.timer = self.after(wait, lambda: self.send_update(units, wait * 2, turn + 1))

    # -- acknowledgements: RFC 6275 11.7.3, RFC 3963 5.3 --

    def strict(self, m):
        p, faults = m.packet, m.faults
        m.prefixes()
        if p.source != self.home_agent:
            faults.append("source")  # not from where it was sent to
        if p.destination != self.care_of:
            faults.append("destination")
        if p.home:
            faults.append("home-address-option")
        if p.order != ([] if self.at_home else [NH_ROUTING]):
            faults.append("header-order")
        if not self.at_home and p.route != self.hoa:
            faults.append("no-routing-header")
        if m.kind != MH_BA:
            return faults
        if not self.pending:
            faults.append("not-asked")
            return faults
        if m.status != 135 and m.seq not in self.asked:
            faults.append("sequence")
        if m.status < 128 and self.pending["units"]:
            if not m.flags & BA_R:
                faults.append("no-r-flag")
            if not 0 < m.units <= self.pending["units"]:
                faults.append("lifetime")
        if m.flags & BA_K:
            faults.append("k-flag")
        for kind, data in m.options:
            if kind == OPT_ADVICE and not 0 < struct.unpack(">H", data)[0] < m.units:
                faults.append("refresh-advice")
            elif kind not in (OPT_ADVICE, 19):
                faults.append(f"option-{kind}")
        return faults

    def acknowledged(self, m):
        if m.status != 135 and m.seq != self.pending["seq"]:
            say("late", seq=m.seq)  # it has asked again meanwhile, and only the last counts
            return
        sent, self.pending = self.pending, None
        self.cancel(self.timer)
        said = dict(status=m.status, seq=m.seq, lifetime_s=m.units * 4,
                    took_ms=round((time.monotonic() - sent["at"]) * 1000, 1))
        if m.status == 135:
            self.seq = m.seq
            say("sequence", **said)
            self.begin(sent["units"])
        elif m.status >= 128:
            say("refused", **said)
        elif sent["units"] == 0:
            self.bound = False
            say("deregistered", **said)
        else:
            self.bound = True
            advice = m.all(OPT_ADVICE)
            units = struct.unpack(">H", advice[0])[0] if advice else m.units * 0.6
            say("bound", advice_s=units * 4 if advice else None, **said)
            self.timer = self.after(units * 4, lambda: self.begin(self.conf["units"]))

    def received(self, port, octets):
        try:
            packet = Packet(octets)
        except (IndexError, struct.error):
            say("fault", about="packet", faults=["headers"])
            return
        if port is self.inside:
            self.from_inside(octets)
        elif packet.upper == NH_MH and packet.destination == self.care_of:
            m = Message(packet)
            faults = self.strict(m)
            if faults:
                say("fault", about="message", faults=faults, type=m.kind)
            elif m.kind == MH_BA:
                self.acknowledged(m)
            elif m.kind == MH_BRR:
                say("refresh-asked")
                self.begin(self.conf["units"])
            else:
                say("message", type=m.kind)
        elif packet.upper == NH_IPV6 and packet.destination == self.care_of:
            self.from_tunnel(packet, octets)
        elif packet.upper == NH_ICMP6:
            self.control(packet)

    def control(self, packet):
        """What this router learns: home agents and prefixes, where it is and from afar."""
        kind, body = packet.body[0], packet.body
        destination = packet.route or packet.destination
        if upper_sum(packet.source, destination, NH_ICMP6, body):
            say("fault", about="icmp6", faults=["checksum"], type=kind)
        elif kind == DHAAD_REPLY:
            agents = [name(body[i:i + 16]) for i in range(8, len(body), 16)]
            say("home-agents", agents=agents, router=bool(body[6] & 0x80), ident=body[4:6].hex(),
                source=name(packet.source))
        elif kind == MPA:
            faults = [] if packet.route == self.hoa else ["no-routing-header"]
            say("prefixes", faults=faults, options=self.nd_options(body[8:]))
        elif kind == RA:
            flags = body[5]
            say("router", home_agent=bool(flags & 0x20), options=self.nd_options(body[16:]),
                hops=packet.hops)
        elif kind < 128:
            say("icmp6-error", type=kind, code=body[1])

    @staticmethod
    def nd_options(data):
        found = []
        while len(data) >= 8 and data[1]:
            option, data = data[:8 * data[1]], data[8 * data[1]:]
            if option[0] == 3:
                found.append({"prefix": name(option[16:32]), "bits": option[2],
                              "flags": option[3], "valid_s": struct.unpack(">I", option[4:8])[0]})
            elif option[0] == 8:
                flags, preference, lifetime = struct.unpack(">HHH", option[2:8])
                found.append({"router": bool(flags & 0x8000), "preference": preference,
                              "lifetime_s": lifetime})
        return found

    def do_discover(self, prefix):
        """Dynamic Home Agent Address Discovery, with the R flag (RFC 3963 7.1)."""
        anycast = addr(prefix)[:8] + bytes.fromhex("fdfffffffffffffe")
        body = icmp6(self.care_of, anycast, DHAAD_REQUEST, 0, struct.pack(">HH", 0x4242, 0x8000))
        self.egress.send(ipv6(self.care_of, anycast, NH_ICMP6, body))

    def do_solicit(self):
        """Mobile Prefix Solicitation (RFC 6275 6.7), with the Home Address option."""
        body = icmp6(self.hoa, self.home_agent, MPS, 0, struct.pack(">HH", 0x4243, 0))
        self.egress.send(ipv6(self.care_of, self.home_agent, NH_DEST,
                              home_address_option(NH_ICMP6, self.hoa) + body))

    def do_choose(self, home_agent):
        self.home_agent = addr(home_agent)
        say("done")

    # -- data: RFC 3963 5.5 --

    def from_inside(self, octets):
        inner = forwarded(octets)
        if octets[24] == 0xFF or octets[24:26] == b"\xfe\x80" or not inner:
            return
        if self.bound and is_in(octets[8:24], self.conf["prefixes"]):
            self.egress.send(self.encapsulated(self.care_of, self.home_agent, inner))

    def from_tunnel(self, packet, octets):
        inner = self.good_tunnel_packet(packet, octets)
        if inner is None:
            return
        if packet.source != self.home_agent:
            say("fault", about="tunnel", faults=["source"])
        elif inner[24:40] == self.hoa:
            self.answer_echo(inner)
        elif is_in(inner[24:40], self.conf["prefixes"]) and forwarded(inner):
            self.inside.send(forwarded(inner))
        else:
            say("fault", about="tunnel", faults=["destination"])

    def answer_echo(self, inner):
        if inner[6] == NH_ICMP6 and inner[40] == ECHO_REQUEST:
            body = icmp6(self.hoa, inner[8:24], ECHO_REPLY, 0, inner[44:])
            self.egress.send(self.encapsulated(self.care_of, self.home_agent, ipv6(
                self.hoa, inner[8:24], NH_ICMP6, body)))


if __name__ == "__main__":
    role = {"home-agent": HomeAgent, "mobile-router": MobileRouter}[sys.argv[1]]
    role(json.loads(sys.argv[2])).run()
