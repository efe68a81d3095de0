"""What a guest sees of its router: one address, one MAC, on every host, and nothing else.

    vm1 --.
           brvm   fe80::1  02:00:5e:00:52:13      the same on A and B
    vm2 --'

Captured in the guests' own namespaces: what they get, not what we meant to send.
"""

import contextlib

import lab
import pytest
import topology

VM1, VM2 = topology.GUESTS["vm1"], topology.GUESTS["vm2"]
GATEWAY = "fe80::1"
RS, RA, NS, NA, REDIRECT = 133, 134, 135, 136, 137


def icmp6(packets, kind):
    from scapy.layers.inet6 import IPv6

    return [p for p in packets if IPv6 in p and p[IPv6].nh == 58 and bytes(p[IPv6].payload)[0] == kind]


@contextlib.contextmanager
def listening(world, *guests):
    """Captures at guests; after the block the dictionary holds what each got."""
    captures = {g: lab.Capture(world.net, g, "eth0", "icmp6") for g in guests}
    got = {}
    yield got
    got.update({g: list(c.packets()) for g, c in captures.items()})


def solicit(world, name, mac, dev="eth0"):
    """A Router Solicitation out of a link, by Scapy."""
    code = (
        "from scapy.all import *; conf.verb = 0\n"
        f"sendp(Ether(src='{mac}', dst='33:33:00:00:00:02')/IPv6(src='fe80::99', dst='ff02::2', "
        f"hlim=255)/ICMPv6ND_RS()/ICMPv6NDOptSrcLLAddr(lladdr='{mac}'), iface='{dev}')\n")
    world.net.run(name, "/usr/bin/python3", "-c", code)


def neighbour(world, name):
    """The guest's cache entry for its gateway."""
    found = world.net.ip_json(name, "-6", "neighbour", "show", "to", GATEWAY, "dev", "eth0")
    return found[0] if found else None


def other(world, name):
    return "B" if world.where[name] == "A" else "A"


def test_solicitation_is_answered_to_that_guest_alone(world):
    """A-05: an advertisement for vm1's prefix, in a frame to vm1's MAC; vm2 gets none."""
    from scapy.layers.inet6 import ICMPv6NDOptMTU, ICMPv6NDOptPrefixInfo, IPv6
    from scapy.layers.l2 import Ether

    with listening(world, "vm1", "vm2") as got:
        solicit(world, "vm1", VM1.mac)
        lab.pause(0.3)
    answers = icmp6(got["vm1"], RA)
    assert answers, "no advertisement came"
    for ra in answers:
        assert ra[Ether].dst == VM1.mac and ra[Ether].src == topology.GATEWAY_MAC
        assert (ra[IPv6].src, ra[IPv6].dst, ra[IPv6].hlim) == (GATEWAY, "ff02::1", 255)
        prefix = ra[ICMPv6NDOptPrefixInfo]
        assert f"{prefix.prefix}/{prefix.prefixlen}" == VM1.prefix
        assert prefix.L == 0 and prefix.A == 1, "off-link, for the guest to configure itself"
        assert ra[ICMPv6NDOptMTU].mtu == 1460
    assert not [ra for ra in icmp6(got["vm2"], RA)
                if f"{ra[ICMPv6NDOptPrefixInfo].prefix}/64" == VM1.prefix]


def test_solicitation_with_a_strangers_mac_is_not_answered(world):
    """An advertisement goes to a guest's MAC, and that one is nobody's."""
    with listening(world, "vm1", "vm2") as got:
        solicit(world, "vm1", "52:54:00:00:00:99")
        lab.pause(0.3)
    assert not icmp6(got["vm1"] + got["vm2"], RA)


def test_guest_configured_itself_from_what_was_advertised(world):
    """Address by SLAAC, default route by fe80::1, and no on-link prefix."""
    route = world.net.ip_json("vm1", "-6", "route", "show", "default")
    assert [(r["gateway"], r["protocol"]) for r in route] == [(GATEWAY, "ra")]
    found = world.net.ip_json("vm1", "-6", "route", "show", VM1.prefix)
    assert [r for r in found if r.get("dst") == VM1.prefix] == []


@pytest.mark.parametrize("name", ["vm1", "vm2"])
def test_home_address_answers(world, name):
    """The HoA stands on the host where the guest is, for the guest and for the world."""
    hoa = topology.GUESTS[name].hoa
    assert world.net.ping(name, hoa), "from the guest"
    assert world.net.ping("cn", hoa), "from the correspondent"


def test_gateway_is_all_there_is_on_the_bridge(world):
    """A-05: fe80::1, the one MAC, no automatic address; the same on both hosts once served."""
    world.moved("vm1", other(world, "vm1"))
    for host in ("A", "B"):
        link = world.net.ip_json(host, "-6", "address", "show", "dev", "brvm")[0]
        assert [a["local"] for a in link["addr_info"]] == [GATEWAY]
        assert world.net.ip_json(host, "link", "show", "dev", "brvm")[0]["address"] == \
            topology.GATEWAY_MAC
    world.moved("vm1", other(world, "vm1"))


def test_neighbour_cache_of_the_guest_stays_right_over_a_move(world):
    """A-05 A-03: the entry for fe80::1 is the same, and answers at once."""
    assert world.net.ping("vm1", GATEWAY + "%eth0")
    before = neighbour(world, "vm1")
    assert before["lladdr"] == topology.GATEWAY_MAC
    world.moved("vm1", other(world, "vm1"))
    after = neighbour(world, "vm1")
    assert after["lladdr"] == before["lladdr"] and after.get("router") == before.get("router")
    assert world.net.ping("vm1", GATEWAY + "%eth0")


def test_guest_is_told_on_arrival(world):
    """A-03: unsolicited advertisement for fe80::1 (R, O, not S) to the guest's MAC, and an RA."""
    from scapy.layers.inet6 import ICMPv6ND_NA
    from scapy.layers.l2 import Ether

    with listening(world, "vm1") as got:
        world.moved("vm1", other(world, "vm1"))
        lab.pause(0.3)
    told = [p for p in icmp6(got["vm1"], NA) if p[ICMPv6ND_NA].tgt == GATEWAY and not p[ICMPv6ND_NA].S]
    assert told, "nobody said where fe80::1 is"
    assert all(p[Ether].dst == VM1.mac and p[ICMPv6ND_NA].R and p[ICMPv6ND_NA].O for p in told)
    assert icmp6(got["vm1"], RA)


def test_no_redirect_between_guests_of_one_host(world):
    """A-05: Linux would send one, and it would be wrong after a move."""
    if world.where["vm1"] != "A":
        world.moved("vm1", "A")
    with listening(world, "vm1", "vm2") as got:
        assert world.net.ping("vm1", VM2.address, count=3)
        assert world.net.ping("vm2", VM1.address, count=3)
    assert not icmp6(got["vm1"] + got["vm2"], REDIRECT)


def test_uplink_hears_nothing_of_a_router(world):
    """N-40: no advertisement on the egress link, not even when solicited; N-41: its own are heard."""
    host = world.where["vm1"]
    with contextlib.closing(lab.Capture(world.net, "core", f"to-{host}", "icmp6")) as capture:
        solicit(world, "core", "02:00:00:00:00:99", f"to-{host}")
        lab.pause(0.5)
        packets = list(capture.packets())
    assert icmp6(packets, RS) and not icmp6(packets, RA)
    accepts = world.net.run(host, "sysctl", "-n", "net.ipv6.conf.uplink.accept_ra")
    assert accepts.strip() == "2", "with forwarding on, 1 would ignore them"


def test_spoofed_source_leaves_the_host_by_no_way(world):
    """N-38: what vm1 sends from an address of elsewhere enters no tunnel and no uplink."""
    from scapy.layers.inet import UDP

    if world.where["vm1"] != "B":
        world.moved("vm1", "B")
    host = world.where["vm1"]
    assert world.where["vm2"] != host
    capture = lab.Capture(world.net, host, "uplink", "ip6")
    code = ("from scapy.all import *; conf.verb = 0\n"
            f"for s in ('{VM2.address}', '2001:db8:bad::1'):\n"
            f"    sendp(Ether(src='{VM1.mac}', dst='{topology.GATEWAY_MAC}')/IPv6(src=s, "
            f"dst='{topology.CORRESPONDENT}')/UDP(sport=9, dport=6666)/(b'x' * 20), iface='eth0')\n")
    world.net.run("vm1", "/usr/bin/python3", "-c", code)
    assert world.net.ping("vm1", topology.CORRESPONDENT), "its own address goes through"
    leaked = [p for p in capture.packets() if UDP in p and p[UDP].dport == 6666]
    assert leaked == []
