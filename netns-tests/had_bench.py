"""had_bench.py - a home agent between Scapy as mobile router and Scapy as correspondent.

Guest makes the steps of a case, Step is one of them, HadBench.walk takes them one by one and
looks at the answer, at `show bindings` and at the kernel's routes after each.
"""

import dataclasses
import ipaddress
import itertools

import lab
from bench import CAREOF, CN, COUNT, HA, PEER_LL, Bench, is_signal, prefix, quiet_link
from peer import BA, Headers, bu, first_host, is_ba, is_mh

ORDINARY, UNDERNEATH = 1024, 4096  # metrics, doc/design.md

HAD_CONF = f"""
address = "{HA}"
datapath = "{lab.DATAPATH}"
range "lab" {{
	home-prefix = "2001:db8:200::/40"
	prefix = "2001:db8:200::/40"
	shortest = 56
	longest = 128
}}
guest "implicit" {{
	home-address = "2001:db8:300::1"
	prefix = {{ "2001:db8:300::/64", "2001:db8:300:1::/64" }}
}}
guest "both" {{
	home-address = "2001:db8:301::1"
	prefix = {{ "2001:db8:301::/64", "2001:db8:301:1::/64" }}
}}
guest "table" {{
	home-address = "2001:db8:302::1"
	prefix = {{ "2001:db8:302::/64" }}
}}
guest "keeper" {{
	home-address = "2001:db8:303::1"
	prefix = {{ "2001:db8:303::/64" }}
}}
"""

TABLE = {"implicit": 0x300, "both": 0x301, "table": 0x302, "keeper": 0x303}

_guest_numbers = itertools.count(1)


class Guest:
    """A mobile router that nobody played before: a /48 of its own, the HoA first in it."""

    def __init__(self, number=None):
        self.number = number if number is not None else 0x200 + next(_guest_numbers)
        self._set()

    def _set(self):
        self.net = f"2001:db8:{self.number:x}"
        self.hoa = first_host(f"{self.net}::/64")

    def p(self, *which):
        return [prefix(f"{self.net}:{k:x}::/64") for k in which]

    def coa(self, k):
        return f"{CAREOF}:{self.number:x}::{k + 0x10:x}"

    # what a list of steps begins with

    def of(self, name):
        """The guest of that name in the table."""
        self.number = TABLE[name]
        self._set()
        return self

    def hoa_is(self, address):
        self.hoa = address
        return self

    def as_another(self):
        """The same /48, another home address in it."""
        other = Guest(self.number)
        other.hoa = f"{self.net}::bad"
        other.coa = lambda k: f"{CAREOF}:{self.number:x}::{k + 0x50:x}"
        return other

    def sends(self, seq, prefixes=(), **how):
        return Step(self, seq, prefixes, how)

    def sends_raw(self, packet):
        return Step(self, 0, (), {}, packet)


@dataclasses.dataclass
class Answer:
    status: int
    seq: int
    lifetime: int | None  # None: undefined, as in a refusal
    r: bool | None  # None: undefined, as in a refusal or a de-registration
    rh2: bool
    to: str
    within: float


class Step:
    """One packet to the home agent, the answer to it, and how things are afterwards."""

    def __init__(self, guest, seq, prefixes, how, packet=None):
        self.guest, self.seq, self.prefixes = guest, seq, list(prefixes)
        self.coa = how.pop("coa", None) or guest.coa(0)
        self.how = how
        self.flags = how.get("flags", "AHR")
        self.src = how.get("src") or (self.coa if how.get("hao", True) else guest.hoa)
        self.answer = self.after = None
        self.packet = packet
        if packet is None:
            self.packet = bu(guest.hoa, self.coa, HA, seq, prefixes=self.prefixes, **how)

    def gets(self, status, seq=None, lifetime=None, r=None, rh2=True, to=None, within=2.0):
        if lifetime is None and status < 128:
            lifetime = self.how.get("lifetime", 120)
        if r is None and lifetime:
            r = "R" in self.flags
        self.answer = Answer(status, self.seq if seq is None else seq, lifetime, r, rh2,
                             to or self.src, within)
        return self

    def is_ignored(self):
        self.answer = None
        return self

    def damaged(self):
        """Flip one bit of the checksum."""
        raw = bytearray(bytes(self.packet))
        raw[Headers(bytes(raw)).at + 5] ^= 1
        self.packet = bytes(raw)
        return self

    # what must be so afterwards; without any of these: what was so before

    def forwards(self, prefixes):
        self.after = sorted(prefix(p) for p in prefixes)
        return self

    def unbound(self):
        """No route; the binding, if listed at all, is a deleted one."""
        self.after = []
        return self

    def nothing_bound(self):
        """No route, and no binding was ever there."""
        self.after = []
        return self


class HadBench(Bench):
    """Scapy on both sides of a home agent."""

    def __init__(self, text=HAD_CONF, mtu=1500):
        super().__init__("ha")
        net = self.net
        net.ns("ha", forwarding=True)
        net.ns("peers")
        quiet_link(net, "ha", "uplink", "peers", "mr", mtu)
        quiet_link(net, "ha", "cn", "peers", "cn")
        net.address("ha", "uplink", f"{HA}/64")
        net.address("ha", "cn", "2001:db8:c::2/64")
        net.route("ha", f"{CAREOF}::/48", "via", PEER_LL, "dev", "uplink")
        net.route("ha", f"{CN}/128", "via", PEER_LL, "dev", "cn")
        self.mr, self.cn = self.wire("peers", "mr"), self.wire("peers", "cn")
        self.up_mac, self.cn_mac = self.mac("uplink"), self.mac("cn")
        self.watch("peers", "mr", self.up_mac)
        self.watch("peers", "cn", self.cn_mac, at_least=0)
        self.daemon = lab.Daemon(net, "ha", "had", text).start()
        self._probe = itertools.count(1)

    # ---- what the daemon and the kernel say ----

    def binding(self, hoa):
        """The daemon's word on one binding, without what changes by itself."""
        for b in self.daemon.ask("show", "bindings"):
            if b["hoa"] == hoa:
                return {k: v for k, v in b.items()
                        if k not in ("left_s", "late_left_ms", "registered_s")}
        return None

    def is_bound(self, guest):
        binding = self.binding(guest.hoa)
        return binding is not None and binding["state"] == "bound"

    def forwarded(self, within=None):
        """Prefixes that a route of ours sends into a tunnel: to its care-of address."""
        alias = self.addresses_of_links()
        found = {}
        for route in self.ours("routes"):
            dst = prefix(route["dst"])
            tunnel = alias.get(route.get("dev"), "")
            if route.get("type", "unicast") != "unicast":
                assert route["metric"] == UNDERNEATH, route
                continue
            if within and not ipaddress.IPv6Network(dst).subnet_of(
                    ipaddress.IPv6Network(within)):
                continue
            assert route["metric"] == ORDINARY and tunnel.startswith("homeport "), route
            found[dst] = tunnel.split()[-1]
        return found

    # ---- exchanges ----

    def send(self, packet):
        self.mr.send(packet, self.up_mac)

    def ask(self, packet, hoa=None, within=2.0):
        """Send it and return the acknowledgement."""
        COUNT.exchanges += 1
        self.send(packet)
        return self.mr.expect(is_ba(hoa), within, "a Binding Acknowledgement").message()

    def register(self, guest, seq, prefixes, coa=None, **how):
        """A registration that must work."""
        coa = coa or guest.coa(0)
        ack = self.ask(bu(guest.hoa, coa, HA, seq, prefixes=prefixes, **how))
        assert ack.status == 0, ack
        return ack

    def settle(self):
        """All that was sent before this has been dealt with: nobody de-registers, 133 comes."""
        hoa, coa = f"2001:db8:2ff::{next(self._probe):x}", f"{CAREOF}:2ff::1"
        self.send(bu(hoa, coa, HA, 1, lifetime=0))
        self.mr.expect(is_ba(hoa), 2, "the answer to a probe")

    def silence(self, match, what):
        """Nothing that matches has been sent by now."""
        self.settle()
        self.mr.silence(match, 0, what)

    def walk(self, make_steps):
        """One case of a table: each step, its answer, and three views of what is so afterwards."""
        steps = make_steps(Guest())
        if not isinstance(steps, list):
            steps = [steps]
        for step in steps:
            self._walk(step)

    def _walk(self, step):
        guest = step.guest
        before, routes = self.binding(guest.hoa), self.forwarded()
        COUNT.exchanges += 1
        self.mr.drain()
        self.send(step.packet)
        if step.answer:
            frame = self.mr.expect(is_mh(BA), step.answer.within, "a Binding Acknowledgement")
            self._check_answer(step, frame)
        self.silence(is_signal, "an answer too many")
        accepted = step.answer is not None and step.answer.status < 128
        if accepted:
            self._check_effect(step)
        else:
            assert self.binding(guest.hoa) == before, "a refusal changed the binding"
            assert self.forwarded() == routes, "a refusal changed routes"
            if step.after == []:
                assert before is None or before["state"] == "deleted", before

    def _check_answer(self, step, frame):
        want, got = step.answer, frame.message()
        assert got.checksum_ok, got
        assert (got.type, got.status) == (BA, want.status), (got, want)
        assert (got.src, got.dst) == (HA, want.to), (got, want)
        assert got.seq == want.seq, (got, want)
        assert got.has_rh2 == want.rh2 and not got.has_hao, (got, want)
        assert got.home == (step.guest.hoa if want.rh2 else None), (got, want)
        assert not got.flags & 0x80, "K is set"
        assert want.r is None or got.r == want.r, (got, want)
        assert want.lifetime is None or got.lifetime == want.lifetime, (got, want)
        assert frame.ipv6().hlim == 64 and got.proto == 59

    def _check_effect(self, step):
        guest, binding = step.guest, self.binding(step.guest.hoa)
        routes = {d: c for d, c in self.forwarded().items() if self._belongs(d, guest)}
        assert routes == {p: step.coa for p in step.after}, (routes, step.after)
        if not step.after:
            assert binding is None or binding["state"] == "deleted", binding
            return
        assert binding["state"] == "bound" and binding["coa"] == step.coa, binding
        assert binding["seq"] == step.seq, binding
        assert binding["lifetime_s"] == step.answer.lifetime, binding
        assert binding["mobile_router"] == ("R" in step.flags), binding
        if "R" in step.flags:
            assert binding["explicit"] == bool(step.prefixes), binding
        if step.prefixes and "R" in step.flags:
            assert sorted(binding["prefixes"]) == sorted(step.prefixes), binding

    @staticmethod
    def _belongs(destination, guest):
        whole = ipaddress.IPv6Network(f"{guest.net}::/48")
        return ipaddress.IPv6Network(destination).subnet_of(whole)
