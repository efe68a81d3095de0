"""A guest gets a prefix and loses it again while packets run on the one that stays.

    cn --- core --- had                 500 packets a second each way between cn and the
             |                          address of vm1 that stays; mrd or had is reloaded
            A: mrd, vm1                 with another list in their midst
"""

import lab
import pytest
import topology
from traffic import Flow, stop_flows

GUEST, EXTRA = "vm1", "2001:db8:200:ff::/64"
EXTRA_ADDRESS = "2001:db8:200:ff:5054:ff:fe00:1"
RATE = 500


def listed(conf, guest, extra):
    """The configuration with the extra prefix in the guest's list, or without."""
    one = f'prefix = {{"{guest.prefix}"}}'
    assert one in conf
    return conf.replace(one, f'prefix = {{"{guest.prefix}", "{EXTRA}"}}') if extra else conf


class Changing(topology.World):
    """With the extra prefix at first, wherever lists are."""

    def mrd_conf(self, host, extra=True):
        return listed(super().mrd_conf(host), self.guests[GUEST], extra)

    def had_conf(self, extra=True):
        return listed(super().had_conf(), self.guests[GUEST], extra)

    def set(self, daemon, text):
        daemon.configure(text)
        daemon.ask("reload")

    def prefixes(self):
        return sorted(self.binding(GUEST)["prefixes"])

    def routes(self):
        """What had forwards into the tunnel."""
        found = self.net.ip_json("ha", "-6", "route", "show", "proto", "110")
        return sorted(r["dst"] for r in found if r.get("type", "unicast") == "unicast")

    def deprecated(self):
        """Has the guest been told that its second address is no more to be used?"""
        found = self.net.ip_json(GUEST, "-6", "address", "show", "dev", "eth0")
        mine = [a for a in found[0]["addr_info"] if a["local"] == EXTRA_ADDRESS]
        return bool(mine) and mine[0].get("deprecated", False)


def lost(records):
    return [r.lost for r in records]


def flows(world, address):
    """Both ways with the address that stays: the guest would pick any of its two."""
    world.net.route(GUEST, "2001:db8:c::/64", "via", "fe80::1", "dev", "eth0", "src", address)
    made = [Flow(world.net, "cn", GUEST, address, 7001, RATE),
            Flow(world.net, GUEST, "cn", topology.CORRESPONDENT, 7002, RATE)]
    lab.pause(0.3)
    return made


@pytest.mark.parametrize("mode", [
    pytest.param("explicit", id="N-08 N-17 explicit"),
    pytest.param("implicit", id="N-10 N-16 implicit"),
])
def test_a_prefix_goes_and_comes(mode):
    """N-17 N-08 N-13: a reload takes a prefix from a guest that is here and gives it back: had
    forwards what is listed and no more, the guest is told, and on the other nothing is lost"""
    with Changing(guests=(GUEST,), mrd_extra=f"mode = {mode}\n") as world:
        world.boot(GUEST, "A")
        g, both = world.guests[GUEST], sorted([world.guests[GUEST].prefix, EXTRA])
        lab.eventually(lambda: world.prefixes() == both, 5, "both are bound")
        lab.eventually(lambda: world.net.ping("cn", EXTRA_ADDRESS), 10, "cn reaches both")

        def change(extra):
            if mode == "implicit":
                world.set(world.had, world.had_conf(extra))
            world.set(world.mrd("A"), world.mrd_conf("A", extra))

        running = flows(world, g.address)
        for _ in range(3):
            change(extra=False)
            lab.eventually(lambda: world.prefixes() == [g.prefix], 2, "one is bound")
            lab.eventually(lambda: world.routes() == [g.prefix], 2, "one is forwarded")
            lab.eventually(world.deprecated, 2, "the guest knows")
            assert not world.net.ping("cn", EXTRA_ADDRESS)
            change(extra=True)
            lab.eventually(lambda: world.prefixes() == both, 2, "both are bound again")
            lab.eventually(lambda: not world.deprecated(), 2, "the guest knows")
            lab.eventually(lambda: world.net.ping("cn", EXTRA_ADDRESS), 5, "cn reaches both again")
        records = stop_flows(running)
        print(f"{mode}: {[r.counts() for r in records]}")
        assert lost(records) == [0, 0]
        assert all(r.sent > RATE // 5 for r in records)
