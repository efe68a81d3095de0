"""Other programs touch what is ours: a firewall that flushes, a network manager that tidies up.

    cn ---- core ---- ha: had           each hand does one thing in the namespace of one daemon
              |                         and goes; all is as before soon after, vm1 is reached,
              +------ A: mrd -- vm1     and the daemon has noticed exactly because of it
"""

import json
import os

import lab
import pytest
import snapshot
import topology

GUEST = topology.GUESTS["vm1"]
HOST = topology.CAREOF["A"]
PROTO = {"ha": "110", "A": "109"}
KIND = {"ha": "had", "A": "mrd"}


@pytest.fixture(scope="module")
def one():
    """vm1 on host A, bound."""
    with topology.World(guests=("vm1",)) as world:
        world.boot("vm1", "A")
        lab.eventually(lambda: world.bound("vm1", "A"), 5, "bound")
        yield world


def table(world, place):
    """Our filter table as it is, less what counts."""
    text = world.net.run(place, "nft", "-j", "list", "table", "ip6", f"homeport-{KIND[place]}")
    found = [o for o in json.loads(text)["nftables"] if "counter" not in o and "metainfo" not in o]
    drop = ("handle", "packets", "bytes")

    def plain(o):
        if isinstance(o, dict):
            return {k: plain(v) for k, v in o.items() if k not in drop}
        return sorted(map(plain, o), key=str) if isinstance(o, list) else o
    return plain(found)


def asked(world, place):
    daemon = world.had if place == "ha" else world.mrd(place)
    return next(c["value"] for c in daemon.ask("show", "counters")
                if c["name"] == "reconcile-asked")


def comes_back(world, place, *command):
    """Do it; then kernel objects and filter become what they were, and vm1 answers."""
    lab.eventually(lambda: world.net.ping("cn", GUEST.address), 5, "reached before")
    before, filter_before, count = snapshot.take(world.net, place), table(world, place), asked(
        world, place)
    world.net.run(place, *command)
    lab.eventually(lambda: asked(world, place) > count, 5, "noticed")
    snapshot.becomes(world.net, place, before)
    lab.eventually(lambda: table(world, place) == filter_before, 5, "the filter is whole again")
    lab.eventually(lambda: world.net.ping("cn", GUEST.address), 5, "reached again")


FOREIGN = {
    "nft flush ruleset": ("nft", "flush", "ruleset"),
    "our table deleted": ("sh", "-c", "nft delete table ip6 $(nft list tables | grep -o homeport.*)"),
    "a set emptied": ("sh", "-c", "t=$(nft list tables | grep -o homeport.*);"
                      " nft flush set ip6 $t own"),
    "routes of ours flushed": ("sh", "-c", "ip -6 route flush table all proto 109;"
                               " ip -6 route flush table all proto 110"),
}


@pytest.mark.parametrize("place", ["ha", "A"])
@pytest.mark.parametrize("hand", list(FOREIGN))
def test_is_put_back(one, place, hand):
    """X-06: what somebody else removes comes back, filter and all: by name of the deed"""
    comes_back(one, place, *FOREIGN[hand])


def test_rules_flushed(one):
    """X-06: `ip rule flush` as a network manager does it"""
    comes_back(one, "A", "sh", "-c",
               "ip -6 rule flush; ip -6 rule add priority 32766 lookup main")


def test_home_address_removed(one):
    """X-06: the guest's Home Address on lo"""
    comes_back(one, "A", "ip", "-6", "address", "delete", f"{GUEST.hoa}/128", "dev", "lo")


@pytest.mark.parametrize("place", ["ha", "A"])
def test_tunnel_deleted(one, place):
    """X-06: the device of the tunnel is deleted, and with it all routes over it"""
    remote = topology.HOME_AGENT if place == "A" else HOST
    before, count = snapshot.take(one.net, place), asked(one, place)
    one.net.ip(place, "link", "delete", one.tunnel_dev(place, remote))
    lab.eventually(lambda: asked(one, place) > count, 5, "noticed")
    lab.eventually(lambda: one.net.ping("cn", GUEST.address), 5, "reached again")
    snapshot.becomes(one.net, place, before)


@pytest.mark.parametrize("place", ["ha", "A"])
def test_route_replaced(one, place):
    """X-05 X-06: somebody puts another route in the place of ours; nothing of ours is deleted"""
    routes = one.net.ip_json(place, "-6", "route", "show", "table", "all", "proto", PROTO[place])
    ours = next(r for r in routes if r.get("dst") == GUEST.prefix and r["metric"] == 1024
                and str(r.get("table", "main")) in ("main", "5200"))
    comes_back(one, place, "ip", "-6", "route", "replace", "blackhole", GUEST.prefix, "metric",
               str(ours["metric"]), "table", str(ours.get("table", "main")))


def test_route_of_others_replaced_wakes_nobody(one):
    """Routes of a router beside us come and go by the thousand: none is a reason to list ours."""
    count = asked(one, "ha")
    for number in range(20):
        one.net.route("ha", "blackhole", "2001:db8:eeee::/64", "metric", str(1024 + number % 2))
    one.net.ip("ha", "-6", "route", "flush", "2001:db8:eeee::/64")
    lab.pause(0.2)
    assert asked(one, "ha") == count


@pytest.mark.skipif(os.environ.get("HOMEPORT_DATAPATH") != "kernel",
                    reason="XFRM has a part in the kernel datapath alone")
@pytest.mark.parametrize("what", ["policy", "state"])
def test_xfrm_flushed(one, what):
    """X-06: `ip xfrm flush`, as every IPsec daemon begins: moves go on being registered"""
    one.net.run("A", "ip", "xfrm", what, "flush", *(("ptype", "sub") if what == "policy" else ()))

    def whole():
        states = one.net.run("A", "ip", "xfrm", "state").count("wildrecv")
        return states == 2 and "proto 135" in one.net.run("A", "ip", "xfrm", "policy", "list",
                                                          "ptype", "sub")
    lab.eventually(whole, 5, f"XFRM {what} is back")
