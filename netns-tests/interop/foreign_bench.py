"""foreign_bench.py - foreign.py in a namespace, against mrd in its world and against had."""

import json
import os
import select
import subprocess

import lab
import topology

HERE = os.path.dirname(os.path.abspath(__file__))
HOME_AGENT = topology.HOME_AGENT
HOME_PREFIX = "2001:db8:100::/64"
SECONDS = 10  # of numbers that mrd may be ahead: they are the time, in 1/64 s
LAN = ("2001:db8:200:1::/64", "2001:db8:200:1::10")
VISITED = {"va": ("2001:db8:a::66", "2001:db8:a::1"), "vb": ("2001:db8:b::66", "2001:db8:b::1")}


class Foreign:
    """One foreign.py: its events in order, and orders to it."""

    def __init__(self, net, ns, role, conf):
        self.process = net.spawn(
            ns, "/usr/bin/python3", "-B", os.path.join(HERE, "foreign.py"), role, json.dumps(conf),
            stdin=subprocess.PIPE, log=net.path(f"foreign-{role}.log"))
        self.log = net.path(f"foreign-{role}.log")
        self.seen, self._buffer, self.mark = [], b"", 0
        self.expect("ready", within=15)

    def events(self):
        """All that it has said; never waits."""
        out = self.process.popen.stdout
        while select.select([out], [], [], 0)[0]:
            more = os.read(out.fileno(), 65536)
            if not more:
                with open(self.log, encoding="utf-8") as log:
                    raise lab.LabError(f"foreign.py ended: {log.read()[-2000:]}")
            *lines, self._buffer = (self._buffer + more).split(b"\n")
            self.seen += [json.loads(line) for line in lines]
        return self.seen

    def since(self):
        return self.events()[self.mark:]

    def forget(self):
        """Only what comes from here on is looked at."""
        self.mark = len(self.events())

    def expect(self, event, within=5, **keys):
        def look():
            return next((e for e in self.since() if e["event"] == event
                         and all(e.get(k) == v for k, v in keys.items())), None)
        try:
            return lab.eventually(look, within, f"foreign: {event} {keys}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {self.since()[-8:]}") from None

    def say(self, do, **what):
        line = json.dumps({"do": do, **what}) + "\n"
        self.process.popen.stdin.write(line.encode())

    def set(self, **conf):
        self.forget()
        self.say("set", conf=conf)
        self.expect("done")

    def faults(self):
        return [e for e in self.events() if e["event"] == "fault"]


class MrdWorld(topology.World):
    """The world of the scenarios, but its home agent is not ours."""

    def __init__(self, foreign=None, homes=None, **how):
        self.foreign_conf, self.homes = foreign or {}, homes or {}
        super().__init__(**how)

    def hoa(self, name):
        return self.homes.get(name, self.guests[name].hoa)

    def guest_sections(self, host_side):
        text = super().guest_sections(host_side)
        for name, home in self.homes.items():
            text = text.replace(f'home-address = "{self.guests[name].hoa}"',
                                f'home-address = "{home}"')
        return text

    def _start(self):
        net = self.net
        net.sysctl("ha", **{"net.ipv6.conf.uplink.disable_ipv6": 1})
        routers = {self.hoa(g.name): [g.prefix] for g in self.guests.values()}
        self.agent = Foreign(net, "ha", "home-agent", {
            "device": "uplink", "address": HOME_AGENT, "gateway": "2001:db8:100::ffff",
            "home": [HOME_PREFIX, *(g.prefix for g in self.guests.values())],
            "routers": routers, **self.foreign_conf})
        self.hosts = {name: topology.Router(self, name) for name in topology.CAREOF}
        for host in self.hosts.values():
            host.start()
        for guest in self.guests.values():
            self._plug_in(guest)

    def bound(self, name, host):
        """Do the foreign home agent and the host agree that the guest is there?

        It may have answered the first of a few Binding Updates, whose last number mrd shows.
        """
        own = self.registration(name, host)
        said = [e for e in self.agent.events() if e["event"] == "bound"
                and e["hoa"] == self.hoa(name)]
        return (own and own["state"] == "bound" and said
                and (own["seq"] - said[-1]["seq"]) & 0xFFFF < SECONDS * 64
                and said[-1]["coa"] == topology.CAREOF[host])


class HadWorld:
    """had, a correspondent, two links to visit, and a foreign mobile router with a network."""

    def __init__(self, had_extra="", foreign=None):
        self.net = net = lab.Net()
        try:
            self._wire(net)
            for ns in ("core", "ha"):
                lab.eventually(lambda n=ns: not net.ip(n, "-6", "address", "show", "tentative"), 5,
                               f"the addresses of {ns} are usable")
            self.had = lab.Daemon(net, "ha", "had", had_extra + (
                f'address = "{HOME_AGENT}"\ndatapath = "{lab.DATAPATH}"\n'
                'guest "mr" {\n  home-address = "2001:db8:100::a1"\n'
                f'  prefix = {{"{LAN[0]}"}}\n}}\n')).start()
            self.router = Foreign(net, "mr", "mobile-router", {
                "network": "lan", "links": ["va", "vb", "home"], "hoa": "2001:db8:100::a1",
                "home_agent": HOME_AGENT, "prefixes": [LAN[0]], **(foreign or {})})
        except BaseException:
            print(net.report())
            net.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(self.net.report())
        self.net.close()

    def _wire(self, net):
        net.ns("core", forwarding=True)
        for name, near, far in (("cn", "2001:db8:c::1/64", "2001:db8:c::2/64"),
                                ("ha", "2001:db8:100::ffff/64", f"{HOME_AGENT}/64")):
            net.ns(name)
            net.link("core", f"to-{name}", name, "uplink")
            net.address("core", f"to-{name}", near)
            net.address(name, "uplink", far)
            net.route(name, "default", "via", near.split("/")[0])
        net.route("core", topology.MOBILE, "via", HOME_AGENT)
        net.route("core", "2001:db8:100::a1/128", "via", HOME_AGENT)
        net.ns("mr", **{"net.ipv6.conf.default.disable_ipv6": 1})
        for device, (_, gateway) in VISITED.items():
            net.link("core", f"to-{device}", "mr", device)
            net.address("core", f"to-{device}", f"{gateway}/64")
        net.sysctl("ha", **{"net.ipv6.conf.default.disable_ipv6": 0})
        net.link("ha", "homelink", "mr", "home")
        net.ns("lan")
        net.link("mr", "lan", "lan", "eth0")
        net.address("lan", "eth0", f"{LAN[1]}/64")
        mac = net.ip_json("mr", "link", "show", "lan")[0]["address"].split(":")
        mac[0] = f"{int(mac[0], 16) ^ 2:02x}"
        inside = f"fe80::{mac[0]}{mac[1]}:{mac[2]}ff:fe{mac[3]}:{mac[4]}{mac[5]}"
        net.route("lan", "default", "via", inside, "dev", "eth0")

    def visit(self, device):
        """The router goes to another link and registers there."""
        self.router.forget()
        care_of, gateway = VISITED[device]
        self.router.say("attach", device=device, care_of=care_of, gateway=gateway)
        return care_of

    def registered(self, within=5):
        return self.router.expect("bound", within)

    def binding(self):
        return next((b for b in self.had.ask("show", "bindings") if b["state"] == "bound"), None)
