"""bench.py - one daemon between Scapy peers: what the exchange scenarios stand on.

HadBench is a home agent with a peer on each side that can be any care-of address and any
correspondent; MrdBench a host with a peer that is its router and home agent, and one that is
its guests. Neighbours are static and nothing else speaks on these links, so what is captured
there is the daemon's (or its kernel's) doing.
"""

import dataclasses
import ipaddress
import itertools
import json

import lab
from judge import judge
from peer import BA, BU, ICMP6, MH, Headers, Wire, ba, bu, first_host, is_ba, is_mh

HA = "2001:db8:100::1"
CAREOF = "2001:db8:f"  # /48 of the care-of addresses that a peer plays
CN = "2001:db8:c::1"
PEER_LL = "fe80::ee"
HOST_MAC = "02:00:00:00:0a:01"
MARK = {"mrd": "109", "had": "110"}
ALIAS = "ifalias"
ORDINARY, UNDERNEATH = 1024, 4096  # metrics, doc/design.md

SOURCES = {"routes": ("-6", "route", "show", "table", "all"), "rules": ("-6", "rule", "show")}


class Counter:
    """Exchanges of this run, and what was seen of the daemons' packets."""

    def __init__(self):
        self.exchanges = self.frames = self.messages = 0
        self.files = set()


COUNT = Counter()


def quiet_link(net, here, here_if, there, there_if, mtu=1500):
    """A veth pair whose far end is a peer: no IPv6 of the kernel there, static neighbour here."""
    for ns, dev in ((here, here_if), (there, there_if)):
        net.sysctl(ns, **{"net.ipv6.conf.default.disable_ipv6": int(ns == there)})
    net.link(here, here_if, there, there_if, mtu)
    mac = json.loads(lab.run("ip", "-n", net.full(there), "-j", "link", "show", there_if))
    net.ip(here, "neigh", "replace", PEER_LL, "lladdr", mac[0]["address"], "dev", here_if,
           "nud", "permanent")


class Tail:
    """Lines of a command that goes on, such as `ip monitor`."""

    def __init__(self, net, ns, *command):
        self.process = net.spawn(ns, *command)
        self._buffer = b""
        self.lines = []

    def read(self):
        """What has come up to now; never waits."""
        out = self.process.popen.stdout
        while lab.wait_until(lab.mono_ns() + 1000, out):
            more = out.read(65536)
            if not more:
                break
            *fresh, self._buffer = (self._buffer + more).split(b"\n")
            self.lines += [line.decode() for line in fresh]
        return self.lines

    def stop(self):
        self.process.stop()


class RouteMonitor(Tail):
    """`ip monitor route`, proven to listen by a route of another table that comes and goes."""

    def __init__(self, net, ns):
        super().__init__(net, ns, "ip", "-6", "-o", "monitor", "route")
        self.net, self.ns = net, ns
        self._numbers = itertools.count(1)
        self.begin()

    def _mark(self):
        """All that happened before this call has been printed."""
        probe = f"2001:db8:ffff:{next(self._numbers):x}::/64"
        words = ("-6", "route", "replace", "unreachable", probe, "table", "9999")

        def seen():
            self.net.ip(self.ns, *words)
            return any(probe in line for line in self.read())
        lab.eventually(seen, 5, "ip monitor listens")

    def begin(self):
        self._mark()
        self.lines.clear()

    def said(self):
        self._mark()
        return [line for line in self.lines if "2001:db8:ffff:" not in line]


class Bench:
    """Namespaces, wires, captures; every packet of the daemon is judged when it closes."""

    def __init__(self, ns):
        self.net = lab.Net()
        self.ns = ns
        self.daemon = None
        self._captures = []
        self._wires = []

    def wire(self, ns, dev):
        wire = Wire(self.net.full(ns), dev)
        self._wires.append(wire)
        return wire

    def watch(self, ns, dev, mac, at_least=1):
        """Keep what mac sends on this link, for judge()."""
        capture = lab.Capture(self.net, ns, dev)
        self._captures.append((capture, mac, at_least))

    def mac(self, dev):
        return self.net.ip_json(self.ns, "link", "show", dev)[0]["address"]

    def addresses_of_links(self):
        """Interface name to alias, for finding tunnels."""
        return {link["ifname"]: link.get(ALIAS, "") for link in self.net.ip_json(self.ns, "link")}

    def ours(self, what):
        """Routes or rules that carry the daemon's mark."""
        listed = self.net.ip_json(self.ns, *SOURCES[what])
        return [o for o in listed if str(o.get("protocol")) == MARK[self.daemon.kind]]

    def counters(self):
        return {c["name"]: c["value"] for c in self.daemon.ask("show", "counters")}

    def counter(self, name):
        return self.counters().get(name, 0)

    def close(self):
        """Stop the daemon, then judge every packet that it sent."""
        try:
            if self.daemon and self.daemon.process:
                self.daemon.stop()
            self.judge()
        finally:
            for wire in self._wires:
                wire.close()
            self.net.close()

    def judge(self):
        for capture, mac, at_least in self._captures:
            frames, messages = judge(capture.stop(), mac, at_least)
            COUNT.frames += frames
            COUNT.messages += messages


def prefix(destination):
    """As `ip` prints destinations: a host route has no length."""
    return str(ipaddress.IPv6Network("::/0" if destination == "default" else destination))


# ---- a home agent between a mobile router and a correspondent ----


HAD_CONF = f"""
address = "{HA}"
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
    r: bool
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
        r = (status < 128 and "R" in self.flags) if r is None else r
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

    def __init__(self, text=HAD_CONF):
        super().__init__("ha")
        net = self.net
        net.ns("ha", forwarding=True)
        net.ns("peers")
        quiet_link(net, "ha", "up", "peers", "mr")
        quiet_link(net, "ha", "cn", "peers", "cn")
        net.address("ha", "up", f"{HA}/64")
        net.address("ha", "cn", "2001:db8:c::2/64")
        net.route("ha", f"{CAREOF}::/48", "via", PEER_LL, "dev", "up")
        net.route("ha", f"{CN}/128", "via", PEER_LL, "dev", "cn")
        self.mr, self.cn = self.wire("peers", "mr"), self.wire("peers", "cn")
        self.up_mac, self.cn_mac = self.mac("up"), self.mac("cn")
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
        assert want.status >= 128 or got.r == want.r, (got, want)
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


def is_signal(frame):
    """Anything that could be meant as an answer: a Mobility Header or an ICMPv6 error."""
    return frame.upper == MH or (frame.upper == ICMP6 and frame.head.body[0] < 128)


# ---- a host between its home agent and its guests ----


MRD_CONF = f"""
interface = "up"
home-agent = "{HA}"
"""

_mrd_guests = itertools.count(1)
GATEWAY = "fe80::1"
GATEWAY_MAC = "02:00:5e:00:52:13"


class MrdGuest:
    """A guest nobody spoke of before: name, prefixes, home address, MAC."""

    def __init__(self, prefixes=1):
        self.number = next(_mrd_guests)
        self.name = f"g{self.number}"
        self.net = f"2001:db8:{0x200 + self.number:x}"
        self.prefixes = [prefix(f"{self.net}:{k:x}::/64") for k in range(prefixes)]
        self.hoa = first_host(self.prefixes[0])
        self.mac = f"52:54:00:00:{self.number >> 8:02x}:{self.number & 255:02x}"
        self.address = f"{self.net}::77"

    def words(self):
        words = []
        for p in self.prefixes:
            words += ["prefix", p]
        return [self.name, *words, "mac", self.mac, "interface", "vm"]


class MrdBench(Bench):
    """Scapy as home agent and router on one side of a host, and as its guests on the other."""

    def __init__(self, text="", coa="2001:db8:a::10", ra=False):
        super().__init__("host")
        net = self.net
        self.coa = coa
        net.ns("host")
        net.ns("peers")
        quiet_link(net, "host", "up", "peers", "ha")
        quiet_link(net, "host", "vm", "peers", "vm")
        if not ra:
            net.sysctl("host", **{"net.ipv6.conf.up.accept_ra": 0})
            net.address("host", "up", f"{coa}/64")
            net.route("host", "default", "via", PEER_LL, "dev", "up")
        self.ha, self.vm = self.wire("peers", "ha"), self.wire("peers", "vm")
        self.up_mac = self.mac("up")
        self.watch("peers", "ha", self.up_mac)
        self.daemon = lab.Daemon(net, "host", "mrd", MRD_CONF + text).start()
        self.watch("peers", "vm", GATEWAY_MAC, at_least=0)
        self.events = self.daemon.monitor()

    # ---- words and views ----

    def say(self, word, guest, *more):
        words = guest.words() if word in ("incoming", "running", "define") else [guest.name]
        return self.daemon.ask("guest", word, *words, *more)

    def binding(self, guest):
        return next((b for b in self.daemon.ask("show", "bindings") if b["name"] == guest.name),
                    None)

    def state(self, guest):
        binding = self.binding(guest)
        return binding["state"] if binding else None

    def guest(self, guest):
        return next((g for g in self.daemon.ask("show", "guests") if g["name"] == guest.name), None)

    # ---- exchanges ----

    def update(self, guest, within=2.0):
        """The next Binding Update of this guest."""
        frame = self.ha.expect(is_mh(BU, guest.hoa), within, f"a Binding Update of {guest.name}")
        return frame.message()

    def no_update(self, guest, within=0.3):
        self.ha.silence(is_mh(BU, guest.hoa), within, f"a Binding Update of {guest.name}")

    def send(self, packet):
        self.ha.send(packet, self.up_mac)

    def answer(self, guest, message, status=0, **how):
        """Acknowledge a Binding Update as the home agent."""
        COUNT.exchanges += 1
        how.setdefault("seq", message.seq)
        how.setdefault("lifetime", message.lifetime if status < 128 else 0)
        how.setdefault("r", status < 128)
        self.send(ba(how.pop("ha", HA), how.pop("coa", message.src), how.pop("hoa", guest.hoa),
                     how.pop("seq"), status, **how))

    def running(self, guest, *more):
        """Say that it runs here; its first Binding Update."""
        self.say("running", guest, *more)
        return self.update(guest)

    def bind(self, guest, **how):
        """Register a guest to the end; the Binding Update that was acknowledged."""
        message = self.running(guest)
        self.answer(guest, message, **how)
        lab.eventually(lambda: self.state(guest) == "bound", 2, f"{guest.name} is bound")
        return message

    def settle(self):
        """Signalling sent before this has been dealt with: the last guest's answer had effect."""
        other = MrdGuest()
        self.bind(other)
        self.say("gone", other)

    def from_guest(self, guest, packet):
        self.vm.send(packet, GATEWAY_MAC, guest.mac)
