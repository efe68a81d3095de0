"""had, then mrd, is killed (SIGKILL) and started again while packets run: the kernel goes on.

    cn --- core --- had                 200 echo requests a second from cn to vm1,
             |                          a daemon dies and comes back in their midst
            A: mrd, vm1

Kernel datapath only: with the portable one the tunnels go with the daemon.
"""

import re

import lab
import pytest
import topology
from bench import Tail

pytestmark = pytest.mark.skipif(lab.DATAPATH != "kernel", reason="the tunnels live in the daemon")

GUEST = "vm1"
EVERY_S, COUNT = 0.02, 400


@pytest.fixture
def world():
    with topology.World(guests=(GUEST,)) as made:
        made.boot(GUEST, "A")
        lab.eventually(lambda: made.bound(GUEST, "A"), 20, "bound")
        yield made


def listens(net, ns, tail):
    """A route of another table that comes and goes is seen."""
    words = ("unreachable", "2001:db8:ffff::/64", "table", "9999")
    net.ip(ns, "-6", "route", "replace", *words)
    net.ip(ns, "-6", "route", "del", *words)
    return tail.read()


def restart(world, ns, daemon, works):
    """Kill and start it under traffic; returns packets lost and what `ip monitor` said."""
    net = world.net
    tail = Tail(net, ns, "ip", "-6", "-o", "monitor", "route", "rule", "address", "link")
    lab.eventually(lambda: listens(net, ns, tail), 20, "ip monitor listens")
    tail.lines.clear()
    flow = Tail(net, "cn", "stdbuf", "-oL", "ping", "-6", "-n", "-i", str(EVERY_S), "-c", str(COUNT), "-W", "5",
                world.guests[GUEST].address)
    lab.eventually(lambda: len(flow.read()) > 20, 20, "packets run")
    daemon.kill()
    before = len(flow.read())
    lab.eventually(lambda: len(flow.read()) > before + 20, 20, "packets run without the daemon")
    daemon.start(within=20)
    lab.eventually(works, 20, "the daemon knows its guest again")
    lab.eventually(lambda: any("packet loss" in line for line in flow.read()), 60, "all are sent")
    said = next(line for line in flow.lines if "packet loss" in line)
    sent, received = re.match(r"(\d+) packets transmitted, (\d+) received", said).groups()
    tail.read()
    tail.stop()
    # An anycast address is there as long as the socket that joined it (RFC 6275 10.5); no packet asks.
    return int(sent) - int(received), [line for line in tail.lines
                                       if "9999" not in line and "anycast" not in line]


def test_home_agent(world):
    """X-05: had is killed and started: no packet is lost, and `ip monitor` shows no change"""
    lost, changes = restart(world, "ha", world.had,
                            lambda: world.had.ask("show", "status")[0]["adopted"] > 0)
    assert (lost, changes) == (0, [])
    world.mrd("A").ask("guest", "refresh", GUEST)
    lab.eventually(lambda: world.bound(GUEST, "A"), 20, "bound again")
    assert world.had.ask("show", "status")[0]["adopted"] == 0


def test_mobile_router(world):
    """M-59: mrd is killed and started: no packet is lost, and `ip monitor` shows no change"""
    lost, changes = restart(world, "A", world.mrd("A"), lambda: world.bound(GUEST, "A"))
    assert (lost, changes) == (0, [])


def test_nobody_registers_again():
    """X-05 M-55: routes that were found and that nobody refreshes go when the longest lifetime is over"""
    longest_s = 8
    with topology.World(guests=(GUEST,), had_extra=f'lifetime-max = "{longest_s}s"') as world:
        net, had, prefix = world.net, world.had, topology.GUESTS[GUEST].prefix
        world.boot(GUEST, "A")
        dev = world.tunnel_dev("ha", topology.CAREOF["A"])

        def routes():
            listed = net.ip_json("ha", "-6", "route", "show", "table", "main", "exact", prefix)
            return sorted(r["dev"] for r in listed if r.get("type") != "unreachable")
        world.mrd("A").kill()
        had.kill()
        began = lab.mono_ns()
        had.start()
        assert had.ask("show", "status")[0]["adopted"] == 1
        assert had.ask("show", "bindings") == [] and routes() == [dev]
        lab.eventually(lambda: had.ask("show", "status")[0]["adopted"] == 0, longest_s + 5, "gone")
        assert lab.mono_ns() - began >= longest_s * 1e9
        lab.eventually(lambda: routes() == [], 5, "no route is left")
        assert had.ask("show", "tunnels") == []
        lab.eventually(lambda: dev not in [link["ifname"] for link in net.ip_json("ha", "link")],
                       5, "the tunnel is gone")
