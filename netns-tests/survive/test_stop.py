"""mrd and had end cleanly, or the home agent dies: what stays, what goes, what comes back.

    cn -- core -- had
             |---- A: mrd -- vm1
             |---- B: mrd

`on-stop = remove` must leave a host as it was found: links, addresses, routes, rules, neighbours,
packet filter and every IPv6 setting. `keep` leaves what the next start goes on with. A home agent
that was killed knows nothing; the next refresh of each guest brings its binding back.
"""

import lab
import pytest
import snapshot
import topology
from bench import HA
from mrd_bench import MrdGuest

GUEST = "vm1"


def found(net, ns):
    return snapshot.take(net, ns), snapshot.settings(net, ns)


class Bare:
    """A host with a bridge and an uplink, on which mrd is started only when asked for."""

    def __init__(self, extra):
        self.net = net = lab.Net()
        for name in ("host", "far"):
            net.ns(name)
        net.link("host", "uplink", "far", "uplink")
        net.address("host", "uplink", "2001:db8:a::2/64")
        net.address("far", "uplink", "2001:db8:a::1/64", f"{HA}/128")
        net.route("host", "default", "via", "2001:db8:a::1")
        net.bridge("host", "brvm")
        lab.eventually(lambda: "tentative" not in net.ip("host", "-6", "address"), 5, "no DAD runs")
        self.before = found(net, "host")
        self.mrd = lab.Daemon(net, "host", "mrd",
                              f'interface = "uplink"\nhome-agent = "{HA}"\n{extra}\n')

    def say(self, word, guest):
        keys = [w if w != "vm" else "brvm" for w in guest.words()]
        self.mrd.ask("guest", word, *(keys if word in ("incoming", "running") else [guest.name]))


@pytest.fixture
def bare():
    made = []

    def make(extra):
        made.append(Bare(extra))
        return made[-1]
    yield make
    for one in made:
        one.net.close()


@pytest.mark.parametrize("words", [
    pytest.param((), id="no guest"),
    pytest.param(("incoming",), id="incoming"),
    pytest.param(("running",), id="running"),
    pytest.param(("running", "suspended"), id="suspended"),
    pytest.param(("running", "gone"), id="leaving"),
])
def test_remove(bare, words):
    """X-06 N-41: a clean stop with `remove` leaves the host exactly as it was found"""
    host = bare("on-stop = remove")
    host.mrd.start()
    guests = [MrdGuest() for _ in range(3)]
    for word in words:
        for g in guests:
            host.say(word, g)
    if words:
        assert snapshot.difference(host.before[0], snapshot.take(host.net, "host"))
    assert host.mrd.stop() == 0, host.mrd.tail()
    after = found(host.net, "host")
    assert snapshot.difference(host.before[0], after[0]) == ""
    assert [s for s in after[1] if s not in host.before[1]] == []


def test_remove_after_a_kill(bare):
    """X-06 N-41: so it does after a kill in between: the run-time file remembers the settings"""
    host = bare("on-stop = remove")
    host.mrd.start()
    guest = MrdGuest()
    host.say("running", guest)
    host.mrd.kill()
    host.mrd.start()
    lab.eventually(lambda: host.mrd.ask("show", "guests")[0]["state"] == "running", 5, "remembered")
    assert host.mrd.stop() == 0, host.mrd.tail()
    after = found(host.net, "host")
    assert snapshot.difference(host.before[0], after[0]) == ""
    assert [s for s in after[1] if s not in host.before[1]] == []


def test_keep():
    """X-06: a clean stop with `keep` leaves rules, addresses, neighbours; the next start goes on"""
    with topology.World(guests=(GUEST,), mrd_extra="on-stop = keep\n") as world:
        world.boot(GUEST, "A")
        lab.eventually(lambda: world.bound(GUEST, "A"), 5, "bound")
        guest, mrd = world.guests[GUEST], world.mrd("A")
        running = snapshot.take(world.net, "A")
        assert mrd.stop() == 0, mrd.tail()
        stopped = snapshot.take(world.net, "A")
        assert [r for r in stopped["rules"] if guest.prefix.split("/")[0] in r]
        assert [a for a in stopped["addresses"] if guest.hoa in a]
        assert [n for n in stopped["neighbours"] if guest.mac in n]
        mrd.start()
        lab.eventually(lambda: world.bound(GUEST, "A"), 5, "bound again")
        snapshot.becomes(world.net, "A", running)
        lab.eventually(lambda: world.net.ping("cn", guest.address), 5, "reachable")


def test_home_agent_killed():
    """M-55 M-59 S-09: had is killed and started: each binding comes back with the next refresh"""
    with topology.World() as world:
        for name in world.guests:
            world.boot(name, "A")
        lab.eventually(lambda: all(world.bound(n, "A") for n in world.guests), 5, "bound")
        looked = snapshot.take(world.net, "ha")
        world.had.kill()
        world.had.start()
        assert world.had.ask("show", "bindings") == []
        for name in world.guests:
            world.mrd("A").ask("guest", "refresh", name)
        lab.eventually(lambda: all(world.bound(n, "A") for n in world.guests), 5, "bound again")
        snapshot.becomes(world.net, "ha", looked)
        for guest in world.guests.values():
            assert world.net.ping("cn", guest.address)
