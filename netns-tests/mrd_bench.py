"""mrd_bench.py - a host between Scapy as home agent and router, and Scapy as its guests."""

import itertools

import lab
from bench import COUNT, HA, PEER_LL, Bench, prefix, quiet_link
from peer import BU, ba, first_host, is_mh

GATEWAY = "fe80::1"
GATEWAY_MAC = "02:00:5e:00:52:13"

MRD_CONF = f"""
interface = "uplink"
datapath = "{lab.DATAPATH}"
"""

_mrd_guests = itertools.count(1)


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

    def __init__(self, text="", coa="2001:db8:a::10", ra=False, agents=(HA,)):
        super().__init__("host")
        net = self.net
        self.coa = coa
        net.ns("host")
        net.ns("peers")
        quiet_link(net, "host", "uplink", "peers", "ha")
        quiet_link(net, "host", "vm", "peers", "vm")
        if not ra:
            net.sysctl("host", **{"net.ipv6.conf.uplink.accept_ra": 0})
            net.address("host", "uplink", f"{coa}/64")
            net.route("host", "default", "via", PEER_LL, "dev", "uplink")
        self.ha, self.vm = self.wire("peers", "ha"), self.wire("peers", "vm")
        self.up_mac = self.mac("uplink")
        self.watch("peers", "ha", self.up_mac)
        self.daemon = lab.Daemon(net, "host", "mrd", self._conf(agents) + text).start()
        self.watch("peers", "vm", GATEWAY_MAC, at_least=0)
        self.events = self.daemon.monitor()

    @staticmethod
    def _conf(agents):
        listed = ", ".join(f'"{a}"' for a in agents)
        return MRD_CONF + (f"home-agent = {{ {listed} }}\n" if agents else "")

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
        """Acknowledge a Binding Update as the home agent it went to."""
        COUNT.exchanges += 1
        how.setdefault("seq", message.seq)
        how.setdefault("lifetime", message.lifetime if status < 128 else 0)
        how.setdefault("r", status < 128)
        self.send(ba(how.pop("ha", message.dst), how.pop("coa", message.src), how.pop("hoa", guest.hoa),
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
