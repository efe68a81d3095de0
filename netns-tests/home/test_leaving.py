"""A guest leaves its home link and returns to it, with a session; had and mrd on real links.

    cn ---- core: bridge `home` 2001:db8:100::ffff ---- ha   had, home-link
             |                 |
             |                 +----------------------- A    mrd, at home: 2001:db8:100::10
             +----------------------------------------- B    mrd, abroad

Nobody but neighbour discovery says where the home address is: core has one static route to the
guest's prefix, by the home address (mrd(8)).
"""

import dataclasses

import lab
import topology
import traffic
from peer import BA, BU, Advertised, Wire, is_mh, is_na, is_ns, solicited_mac

HOME, HOA, AT_HOME = "2001:db8:100::/64", "2001:db8:100::21", "2001:db8:100::10"
CORE = "2001:db8:100::ffff"
GUEST = "vm1"
ALL_NODES = "ff02::1"


@dataclasses.dataclass(frozen=True)
class HomeGuest(topology.Guest):
    hoa = HOA


class HomeWorld(topology.World):
    """A is a host on the home link, which is a bridge in core."""

    def _wire(self):
        self.guests = {n: HomeGuest(**dataclasses.asdict(g)) for n, g in self.guests.items()}
        super()._wire()
        net = self.net
        net.bridge("core", "home")
        for port in ("to-ha", "to-A"):
            net.ip("core", "-6", "address", "flush", "dev", port, "scope", "global")
            net.ip("core", "link", "set", port, "master", "home")
        net.address("core", "home", f"{CORE}/64")
        net.ip("A", "-6", "address", "flush", "dev", "uplink", "scope", "global")
        net.address("A", "uplink", f"{AT_HOME}/64")
        for name in ("ha", "A"):
            net.route(name, "default", "via", CORE)
        net.ip("core", "-6", "route", "delete", topology.MOBILE)
        net.route("core", self.guests[GUEST].prefix, "via", HOA, "dev", "home")

    def mrd_conf(self, host):
        return f'home-prefix = {{"{HOME}"}}\n' + super().mrd_conf(host)

    def had_conf(self):
        link = f'home-link "uplink" {{\n  prefix = {{"{HOME}"}}\n}}\n'
        return super().had_conf() + link

    def at_home(self):
        own = self.registration(GUEST, "A")
        return own and own["state"] == "home" and self.binding(GUEST) is None

    def mac(self, name):
        return self.net.ip_json(name, "link", "show", "uplink")[0]["address"]


def signals(wires):
    """What was sent on the home link since the last time: by had, and by A."""
    found = [f for w in wires for f in w.gather(lambda _: True, 0)]
    return sorted(found, key=lambda f: f.at)


def test_away_from_home_and_back():
    """M-17 M-29 M-61 M-63 N-20 N-43: tested for, announced, de-registered; the session lives on"""
    with HomeWorld(guests=(GUEST,)) as world:
        ha, a = world.mac("ha"), world.mac("A")
        world.boot(GUEST, "A")
        lab.eventually(world.at_home, 10, "it is at home")
        session = traffic.Session(world.net, GUEST, "cn", topology.CORRESPONDENT, 7003)
        core = world.net.full("core")
        with Wire(core, "to-ha") as of_ha, Wire(core, "to-A") as of_a:
            away(world, (of_ha, of_a), ha)
            back(world, (of_ha, of_a), a)
        result = session.stop()
        assert result["survived"] and result["corrupt"] == 0, result


def away(world, wires, ha):
    world.move(GUEST, "B")
    lab.eventually(lambda: world.bound(GUEST, "B"), 10, "bound abroad")
    assert world.registration(GUEST, "B")["last_status"] == 0, "nobody objected at home"
    lab.eventually(lambda: world.net.ping("cn", world.guests[GUEST].address), 5, "reached abroad")
    seen = signals(wires)
    probe = next(f for f in seen if is_ns(HOA)(f) and f.src == "::")
    assert (probe.src_mac, probe.dst_mac) == (ha, solicited_mac(HOA))
    told = [f for f in seen if is_na(HOA)(f) and f.dst == ALL_NODES and f.src_mac == ha]
    assert told and told[0].at - probe.at >= 1, "announced after the test"
    assert Advertised(told[0]).flags == "R-O" and Advertised(told[0]).mac == ha


def back(world, wires, a):
    world.move(GUEST, "A")
    lab.eventually(world.at_home, 10, "at home again")
    lab.eventually(lambda: world.net.ping("cn", world.guests[GUEST].address), 5, "reached at home")
    seen = signals(wires)
    update = next(f for f in seen if is_mh(BU)(f) and f.src == HOA)
    assert update.message().lifetime == 0 and update.src_mac == a
    answer = next(f for f in seen if is_mh(BA)(f) and f.dst == HOA)
    assert (answer.message().status, answer.message().seq) == (0, update.message().seq)
    told = [f for f in seen if is_na(HOA)(f) and f.dst == ALL_NODES and f.src_mac == a]
    assert told and told[0].at >= answer.at, "not announced before the acknowledgement"


def test_home_host_that_was_not_told():
    """M-17 M-52: it still has the address: 134; once it is told, `guest refresh` is enough abroad"""
    with HomeWorld(guests=(GUEST,)) as world:
        world.boot(GUEST, "A")
        lab.eventually(world.at_home, 10, "it is at home")
        world.hosts["B"].ask("guest", "running", GUEST)
        lab.eventually(lambda: world.registration(GUEST, "B")["last_status"] == 134, 10, "134")
        assert world.registration(GUEST, "B")["state"] == "refused" and not world.binding(GUEST)
        world.hosts["A"].ask("guest", "suspended", GUEST)
        world.hosts["A"].ask("guest", "gone", GUEST)
        world.hosts["B"].ask("guest", "refresh", GUEST)
        lab.eventually(lambda: world.bound(GUEST, "B"), 10, "bound abroad")
