"""topology.py - the world of the scenarios: two hosts, a home agent, a correspondent, guests.

            cn 2001:db8:c::2
             |
             | to-cn                                    guests' prefixes 2001:db8:200::/40
    ha ---- core ---- A 2001:db8:a::2 -- brvm -- vm1    are routed to the home agent
      to-ha  |  to-A
             | to-B
             +------- B 2001:db8:b::2 -- brvm

    2001:db8:100::1 is the home agent. Every router's side is ::1, of ha's link ::ffff.
    The uplink of each namespace is called `uplink`. vm1 configures itself by what its
    gateway advertises, vm2 is configured by hand with the gateway fe80::1.

    with topology.World() as world:
        world.boot("vm1", "A")
        world.move("vm1", "B")

With plain=True nobody runs our daemons: routes are switched by hand, at once. That is
the measure of the lab itself: what it shows as outage then is not Homeport's.
"""

import contextlib
from dataclasses import dataclass

import lab
from traffic import FakeVm, Stop

HOME_AGENT = "2001:db8:100::1"
CORRESPONDENT = "2001:db8:c::2"
CAREOF = {"A": "2001:db8:a::2", "B": "2001:db8:b::2"}
MOBILE = "2001:db8:200::/40"
GATEWAY_MAC = "02:00:5e:00:52:13"


@dataclass(frozen=True)
class Guest:
    name: str
    number: int
    auto: bool  # by Router Advertisements; else by hand

    @property
    def mac(self):
        return f"52:54:00:00:00:{self.number:02x}"

    @property
    def linklocal(self):
        return f"fe80::5054:ff:fe00:{self.number:x}"

    @property
    def prefix(self):
        return f"2001:db8:200:{self.number:x}::/64"

    @property
    def hoa(self):
        return f"2001:db8:200:{self.number:x}::1"

    @property
    def address(self):
        end = f"5054:ff:fe00:{self.number:x}" if self.auto else ":10"
        return f"2001:db8:200:{self.number:x}:{end}"


COPY_MS = 50  # from `incoming` to the stop: with libvirt some 260
GUESTS = {"vm1": Guest("vm1", 1, True), "vm2": Guest("vm2", 2, False)}


# ---- who serves the guests on a host ----


class Router:
    """A host with mrd: words go to its control socket."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.daemon = lab.Daemon(world.net, name, "mrd", world.mrd_conf(name),
                                 clock_offset_ms=world.clock_offset_ms.get(name, 0))

    def start(self):
        self.daemon.start()

    def ask(self, *words):
        return self.daemon.ask(*words)

    def send(self, *words):
        self.daemon.ctl.send(*words)

    def answer(self, *words):
        return self.daemon.ctl.answer(*words)


class PlainRouter:
    """A host without mrd, and a core that is told where a guest is: for the lab's own measure."""

    daemon = None

    def __init__(self, world, name):
        self.world, self.name = world, name
        self._said, self._ready = [], set()

    def start(self):
        net = self.world.net
        net.sysctl(self.name, **{"net.ipv6.conf.all.forwarding": 1})
        net.ip(self.name, "link", "set", "brvm", "addrgenmode", "none", "address", GATEWAY_MAC)
        net.ip(self.name, "-6", "address", "flush", "dev", "brvm")
        net.address(self.name, "brvm", "fe80::1/64")

    def ask(self, *words):
        if words[0] != "guest":
            return []
        guest, net = self.world.guests[words[2]], self.world.net
        if words[1] in ("incoming", "running") and guest not in self._ready:
            self._ready.add(guest)
            net.ip(self.name, "-6", "neighbour", "replace", guest.linklocal, "lladdr", guest.mac,
                   "dev", "brvm", "nud", "permanent")
            net.route(self.name, guest.prefix, "via", guest.linklocal, "dev", "brvm")
        if words[1] == "running":
            net.route("core", guest.prefix, "via", CAREOF[self.name])
        if words[1] == "gone":
            self._ready.discard(guest)
            net.ip(self.name, "-6", "route", "delete", guest.prefix)
        return []

    def send(self, *words):
        self._said.append(words)

    def answer(self, *_):
        return self.ask(*self._said.pop(0))


# ---- all of it ----


class World:
    """mrd_extra and had_extra are lines put in front of the generated configurations.

    rtt_ms: of each host the round trip between it and the core, where home agent and
    correspondent are near; wire: what else Net.long_link takes, for those links.
    """

    def __init__(self, guests=("vm1", "vm2"), plain=False, datapath=None, mrd_extra="",
                 had_extra="", clock_offset_ms=None, keep=None, mtu=1500, rtt_ms=None, wire=None):
        self.guests = {g.name: g for g in (GUESTS.get(name, name) for name in guests)}
        self.rtt_ms, self.wire = rtt_ms or {}, wire or {}
        self.wires = {}  # host -> process of tools/delay
        self.plain, self.datapath = plain, datapath or lab.DATAPATH
        self.correspondent = CORRESPONDENT
        self.mrd_extra, self.had_extra = mrd_extra, had_extra
        self.clock_offset_ms = clock_offset_ms or {}
        self.mtu = mtu
        self.where = {}  # guest -> host
        self.vms = {}
        self.net = lab.Net(keep)
        try:
            self._wire()
            lab.eventually(self._is_wired, 10, "link-local addresses that are ready")
            self._start()
        except BaseException:
            self.failed()
            self.net.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and kind is not KeyboardInterrupt:
            self.failed()
        self.net.close()

    def failed(self):
        print(self.net.report())

    def _wire(self):
        net = self.net
        net.ns("core", forwarding=True)
        self.wired = ["cn", "ha", "A", "B"]
        for name, near, far in (("cn", "2001:db8:c::1/64", f"{CORRESPONDENT}/64"),
                                ("ha", "2001:db8:100::ffff/64", f"{HOME_AGENT}/64"),
                                ("A", "2001:db8:a::1/64", f"{CAREOF['A']}/64"),
                                ("B", "2001:db8:b::1/64", f"{CAREOF['B']}/64")):
            net.ns(name)
            ends = "core", f"to-{name}", name, "uplink"
            if name in self.rtt_ms:
                self.wires[name] = net.long_link(*ends, int(self.rtt_ms[name] * 500), self.mtu,
                                                 **self.wire)
            else:
                net.link(*ends, mtu=self.mtu)
            net.address("core", f"to-{name}", near)
            net.address(name, "uplink", far)
            net.route(name, "default", "via", near.split("/")[0])
        if not self.plain:
            net.route("core", MOBILE, "via", HOME_AGENT)
        for host in CAREOF:
            net.bridge(host, "brvm")

    def _is_wired(self):
        """A router solicits its neighbours from its link-local address: not before DAD is done."""
        return not any("tentative" in self.net.ip(name, "-6", "address", "show", "dev", dev)
                       for other in self.wired for name, dev in (("core", f"to-{other}"),
                                                                 (other, "uplink")))

    def _start(self):
        self.had = None
        if not self.plain:
            self.had = lab.Daemon(self.net, "ha", "had", self.had_conf()).start()
        kind = PlainRouter if self.plain else Router
        self.hosts = {name: kind(self, name) for name in CAREOF}
        for host in self.hosts.values():
            host.start()
        for guest in self.guests.values():
            self._plug_in(guest)

    def _plug_in(self, guest):
        auto = guest.auto and not self.plain
        self.net.ns(guest.name, dad=True, **{"net.ipv6.conf.default.accept_ra": int(auto)})
        self.vms[guest.name] = FakeVm(self.net, guest.name, guest.mac, list(CAREOF))
        if not auto:
            self.net.address(guest.name, "eth0", f"{guest.address}/64")
            self.net.route(guest.name, "default", "via", "fe80::1", "dev", "eth0")

    # -- configuration --

    def guest_sections(self, host_side):
        text = ""
        for g in self.guests.values():
            own = f'  mac = {{"{g.mac}"}}\n  interface = "brvm"\n' if host_side else ""
            text += (f'guest "{g.name}" {{\n  home-address = "{g.hoa}"\n'
                     f'  prefix = {{"{g.prefix}"}}\n{own}}}\n')
        return text

    def mrd_conf(self, _host):
        return (f'interface = "uplink"\nhome-agent = "{HOME_AGENT}"\ndatapath = "{self.datapath}"\n'
                f"{self.mrd_extra}\n{self.guest_sections(True)}")

    def had_conf(self):
        return (f'address = "{HOME_AGENT}"\ndatapath = "{self.datapath}"\n'
                f"{self.had_extra}\n{self.guest_sections(False)}")

    # -- the life of guests --

    def mrd(self, host):
        return self.hosts[host].daemon

    def boot(self, name, host):
        """Start a guest there and wait until the correspondent reaches it."""
        self.vms[name].attach(host)
        self.vms[name].resume(host)
        self.hosts[host].ask("guest", "running", name)
        self.where[name] = host
        address = self.guests[name].address
        lab.eventually(lambda: self.has_address(name), 10, f"{name} has its address")
        lab.eventually(lambda: self.net.ping("cn", address), 10, f"cn reaches {name}")

    def has_address(self, name):
        found = self.net.ip_json(name, "-6", "address", "show", "dev", "eth0")
        return any(a["local"] == self.guests[name].address and not a.get("tentative")
                   for a in found[0]["addr_info"])

    def move(self, name, target, stop_ms=100, say=lambda *_: None, copy_ms=COPY_MS):
        """Live-migrate: the words and moments of a hypervisor; a Stop.

        The tap on the target is made after `incoming`, as libvirt does it, and then
        memory is copied for a while. QEMU says when it stopped; so do we.
        """
        source, vm = self.where[name], self.vms[name]
        here, there = self.hosts[source], self.hosts[target]
        there.ask("guest", "incoming", name)
        say(target, f"guest incoming {name}")
        vm.attach(target)
        lab.pause(copy_ms / 1000)
        suspended = vm.suspend()
        here.ask("guest", "suspended", name, "at", f"{lab.real_of(suspended):.6f}")
        say("vm", f"suspended on {source}", suspended)
        lab.wait_until(suspended + int(stop_ms * 1e6))
        vm.tell("resume", target)
        there.send("guest", "running", name)
        resumed = vm.heard("resumed")
        there.answer("guest", "running", name)
        stop = Stop(suspended, resumed, source, target)
        say("vm", f"resumed on {target}, stop time {stop.stop_ms:.1f} ms", resumed)
        here.ask("guest", "gone", name)
        vm.detach(source)
        say(source, f"guest gone {name}")
        self.where[name] = target
        return stop

    def stay(self, name, stop_ms=100, say=lambda *_: None):
        """Stop a guest as long as a move would, and resume it where it is: the control."""
        vm, host = self.vms[name], self.where[name]
        suspended = vm.suspend()
        lab.wait_until(suspended + int(stop_ms * 1e6))
        resumed = vm.resume(host)
        stop = Stop(suspended, resumed, host, host)
        say("vm", f"stopped on {host} for {stop.stop_ms:.1f} ms", suspended)
        return stop

    # -- views --

    def binding(self, name):
        """The home agent's binding of a guest, or None."""
        hoa = self.guests[name].hoa
        return next((b for b in self.had.ask("show", "bindings")
                     if b["hoa"] == hoa and b["state"] == "bound"), None)

    def registration(self, name, host):
        """What mrd there says of a guest's binding, or None."""
        return next((b for b in self.mrd(host).ask("show", "bindings") if b["name"] == name), None)

    def bound(self, name, host):
        """Do home agent and host agree that the guest is there?"""
        binding, own = self.binding(name), self.registration(name, host)
        return (binding and binding["coa"] == CAREOF[host] and own and own["state"] == "bound"
                and own["seq"] == binding["seq"])

    def moved(self, name, target, **kwargs):
        """move(), and wait until both sides agree."""
        stop = self.move(name, target, **kwargs)
        lab.eventually(lambda: self.bound(name, target), 5, f"{name} bound on {target}")
        return stop

    def tunnel_dev(self, place, remote):
        """The name of the device of a tunnel, from what the daemon in a namespace says."""
        daemon = self.had if place == "ha" else self.mrd(place)
        return next(t["dev"] for t in daemon.ask("show", "tunnels") if t["remote"] == remote)

    def stop_daemons(self):
        for daemon in self.net.daemons:
            with contextlib.suppress(OSError):
                daemon.stop()
