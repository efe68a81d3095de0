"""bench.py - one daemon between Scapy peers: what the exchange scenarios stand on.

A bench is a namespace with the daemon, and links to another where nothing lives but Scapy
(had_bench.py, mrd_bench.py). Neighbours are static and nothing else speaks there, so what is
captured is the daemon's (or its kernel's) doing, and all of it is judged in the end.
"""

import ipaddress
import itertools
import json
import os
import select

import lab
from peer import ICMP6, MH, Wire

HA = "2001:db8:100::1"
CAREOF = "2001:db8:f"  # /48 of the care-of addresses that a peer plays
CN = "2001:db8:c::1"
PEER_LL = "fe80::ee"
HOST_MAC = "02:00:00:00:0a:01"
MARK = {"mrd": "109", "had": "110"}
ALIAS = "ifalias"

SOURCES = {"routes": ("-6", "route", "show", "table", "all"), "rules": ("-6", "rule", "show")}


class Counter:
    """Exchanges of this run, and the captures of what the daemons sent meanwhile."""

    def __init__(self):
        self.exchanges = 0
        self.judge = None  # exchange/conftest.py


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
        while select.select([out], [], [], 0)[0]:
            more = os.read(out.fileno(), 65536)
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
    """Namespaces, wires and captures around one daemon."""

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
        """Keep what mac sends on this link, for the judge."""
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
        """Stop the daemon, then hand in every packet that it sent."""
        try:
            if self.daemon and self.daemon.process:
                status = self.daemon.stop()
                assert status == 0, f"ended with {status}:\n{self.daemon.tail()}"
            self._hand_in()
        finally:
            for wire in self._wires:
                wire.close()
            self.net.close()

    def _hand_in(self):
        for capture, mac, at_least in self._captures:
            path = capture.stop()
            if COUNT.judge:
                whose = f"{self.daemon.kind} in {os.environ.get('PYTEST_CURRENT_TEST', '')}"
                COUNT.judge.add(path, mac, whose, at_least)


def prefix(destination):
    """As `ip` prints destinations: a host route has no length."""
    return str(ipaddress.IPv6Network("::/0" if destination == "default" else destination))


def is_signal(frame):
    """Anything that could be meant as an answer: a Mobility Header or an ICMPv6 error."""
    return frame.upper == MH or (frame.upper == ICMP6 and frame.head.body[0] < 128)
