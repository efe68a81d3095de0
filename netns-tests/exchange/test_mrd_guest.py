"""mrd between a guest and its tunnel: which packets pass, which never do, and what the guest sees.

    Scapy as home agent and router ---- up | mrd | vm ---- Scapy as guests

What must not pass is followed by what must, and the counter that names the reason has moved.
Nothing else speaks on the uplink: whatever is seen there beside tunnel packets is a leak.
"""

import struct

import lab
import pytest
from bench import CN, HA, PEER_LL
from mrd_bench import GATEWAY, GATEWAY_MAC, MrdGuest
from peer import (
    ICMP6, Headers, IPv6, checksum_ok, is_icmp6, is_tunnelled, octets, ping, text,
    tunnelled,
)
from scapy.layers.inet6 import (
    ICMPv6MLQuery2, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6ExtHdrHopByHop, RouterAlert,
)

ECHO_REQUEST, ECHO_REPLY, RS, RA, NS, NA = 128, 129, 133, 134, 135, 136
MLD2_REPORT = 143


def echo(ident):
    def match(frame):
        return frame.icmp6(ECHO_REQUEST) and struct.unpack("!H", frame.head.body[4:6])[0] == ident
    return match


def inner_echo(ident):
    def match(frame):
        if not is_tunnelled(frame):
            return False
        inner = Headers(frame.head.body)
        return inner.upper == ICMP6 and struct.unpack("!H", inner.body[4:6])[0] == ident
    return match


@pytest.fixture
def guest(mrd):
    """A guest that runs here and is bound."""
    g = MrdGuest()
    mrd.bind(g)
    mrd.ha.drain()
    mrd.vm.drain()
    return g


# ---- the tunnel ----


def test_nothing_before_the_answer(mrd):
    """N-27: no tunnel packet before the acknowledgement, and none of the guest's by another way"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.from_guest(g, ping(g.address, CN, ident=11))
    mrd.from_guest(g, ping(g.address, HA, ident=12))
    other = MrdGuest()
    mrd.bind(other)
    mrd.from_guest(other, ping(other.address, CN, ident=13))
    mrd.ha.expect(inner_echo(13), 2, "the packet of a guest that is bound")
    mrd.ha.silence(lambda f: inner_echo(11)(f) or inner_echo(12)(f) or f.icmp6(ECHO_REQUEST), 0,
                   "a packet of the guest that is not")
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    mrd.from_guest(g, ping(g.address, CN, ident=14, hlim=40))
    frame = mrd.ha.expect(inner_echo(14), 2, "its packet, tunnelled")
    assert (frame.src, frame.dst, frame.ipv6().hlim) == (mrd.coa, HA, 64)
    assert frame.ipv6().tc == 0 and frame.inner().hlim == 39
    # The kernel's tunnels label by flow (RFC 6438), the daemon's do not.
    assert (frame.ipv6().fl == 0) == (lab.DATAPATH == "portable")


def test_everything_through_the_tunnel(mrd, guest):
    """N-36 T-01: what the guest sends goes through the tunnel, whatever its destination: the host's
    own network, the home agent, another guest of this host"""
    neighbour = MrdGuest()
    mrd.bind(neighbour)
    mrd.ha.drain()
    for ident, dst in enumerate(("2001:db8:a::1", HA, CN, neighbour.address), 21):
        mrd.from_guest(guest, ping(guest.address, dst, ident=ident))
        frame = mrd.ha.expect(inner_echo(ident), 2, f"the packet to {dst}, tunnelled")
        assert (frame.src, frame.dst) == (mrd.coa, HA)
    mrd.vm.silence(echo(24), 0, "the packet to the neighbour, around the tunnel")


def test_to_the_guest(mrd, guest):
    """N-23 N-37: what comes from the home agent for the guest's prefix reaches its MAC"""
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, guest.address, ident=31, hlim=20)))
    frame = mrd.vm.expect(echo(31), 2, "the inner packet")
    assert frame.dst_mac == guest.mac and frame.src_mac == GATEWAY_MAC
    assert frame.ipv6().hlim == 19


@pytest.mark.parametrize("what, counter", [
    pytest.param("source", "tunnel-unknown-source", id="N-37 M-57 forged outer source"),
    pytest.param("destination", "pass-destination", id="N-37 inner destination outside"),
])
def test_not_to_the_guest(mrd, guest, what, counter):
    """N-37: what did not come from the home agent, or is for nobody here, is dropped and counted"""
    before = mrd.counter(counter)
    src = "2001:db8:bad::1" if what == "source" else HA
    dst = "2001:db8:a::1" if what == "destination" else guest.address
    mrd.send(tunnelled(src, mrd.coa, ping(CN, dst, ident=41)))
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, guest.address, ident=42)))
    mrd.vm.expect(echo(42), 2, "the good packet behind it")
    mrd.vm.silence(echo(41), 0, "the bad packet")
    mrd.ha.silence(lambda f: echo(41)(f) or inner_echo(41)(f), 0, "the bad packet sent on")
    assert mrd.counter(counter) == before + 1


@pytest.mark.parametrize("src", ["2001:db8:2ff::1", "2001:db8:a::10", "2001:db8:c::5"])
def test_spoofing_guest(mrd, guest, src):
    """N-38: a guest that uses a source that is not its own gets nothing out, by no way"""
    mrd.from_guest(guest, ping(src, CN, ident=51))
    mrd.from_guest(guest, ping(guest.address, CN, ident=52))
    mrd.ha.expect(inner_echo(52), 2, "the packet with its own source")
    mrd.ha.silence(lambda f: inner_echo(51)(f) or echo(51)(f), 0, "the packet with a forged one")


def test_spoofing_neighbour(mrd, guest):
    """N-38: nor does it get out with the source of another guest that is not on this host"""
    gone = MrdGuest()
    mrd.bind(gone)
    mrd.say("gone", gone)
    mrd.from_guest(guest, ping(gone.address, CN, ident=55))
    mrd.from_guest(guest, ping(guest.address, CN, ident=56))
    mrd.ha.expect(inner_echo(56), 2, "the packet with its own source")
    mrd.ha.silence(lambda f: inner_echo(55)(f) or echo(55)(f), 0, "the packet with a forged one")


def test_link_local_stays(mrd, guest):
    """N-46: a link-local source in the tunnel is not forwarded, in neither direction"""
    mrd.send(tunnelled(HA, mrd.coa, ping("fe80::9", guest.address, ident=61)))
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, guest.address, ident=62)))
    mrd.vm.expect(echo(62), 2, "the good packet behind it")
    mrd.vm.silence(echo(61), 0, "the one with a link-local source")


def test_incoming_takes_from_the_tunnel(mrd):
    """N-37 X-06: from `incoming` on packets from the tunnel are put to the guest's port"""
    g = MrdGuest()
    mrd.say("incoming", g)
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, g.address, ident=71)))
    mrd.vm.expect(echo(71), 2, "the packet")
    mrd.no_update(g, 0)


def test_gone_catches_late_packets(mrd, guest):
    """X-06 N-20: late packets for a guest that has left go nowhere, and surely not back out"""
    mrd.say("suspended", guest)
    mrd.say("gone", guest)
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, guest.address, ident=81)))
    mrd.settle()
    mrd.ha.silence(lambda f: inner_echo(81)(f) or echo(81)(f), 0.2, "the late packet")
    mrd.vm.silence(echo(81), 0, "the late packet")


def test_home_address_answers(mrd, guest):
    """N-36 M-57: the guest's home address answers ping, through the tunnel"""
    # The kernel makes a new address its own from a work queue, when it gets around to it.
    lab.eventually(
        lambda: mrd.net.ip_json("host", "-6", "route", "show", "table", "local", guest.hoa),
        within=5, what="the home address is local")
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, guest.hoa, ident=91)))
    frame = mrd.ha.expect(inner_echo(91), 2, "the echo reply")
    inner = frame.inner()
    assert (inner.src, inner.dst) == (guest.hoa, CN) and frame.head.body[40] == ECHO_REPLY


def test_too_big(mrd, guest):
    """T-05 T-06: the guest is told the tunnel's MTU when its packet does not fit"""
    mrd.from_guest(guest, ping(guest.address, CN, ident=95, data=b"x" * (1500 - 48)))
    frame = mrd.vm.expect(is_icmp6(2), 2, "Packet Too Big")
    assert struct.unpack("!I", frame.head.body[4:8])[0] == 1460 and frame.dst == guest.address


# ---- the care-of address ----


def test_the_old_care_of_address(mrd_with):
    """M-58 X-06: after the host moved, packets to the old care-of address still reach the guest"""
    mrd = mrd_with()
    g = MrdGuest()
    mrd.bind(g)
    fresh = "2001:db8:a::55"
    mrd.net.ip("host", "-6", "addr", "add", f"{fresh}/64", "dev", "uplink", "nodad")
    mrd.net.ip("host", "-6", "addr", "change", f"{mrd.coa}/64", "dev", "uplink",
               "preferred_lft", "0")
    message = mrd.update(g)
    assert message.src == fresh and message.altcoa == fresh
    mrd.send(tunnelled(HA, mrd.coa, ping(CN, g.address, ident=101)))
    mrd.vm.expect(echo(101), 1, "a packet to the old care-of address")
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound from the new one")
    mrd.send(tunnelled(HA, fresh, ping(CN, g.address, ident=102)))
    mrd.vm.expect(echo(102), 1, "a packet to the new care-of address")
    mrd.from_guest(g, ping(g.address, CN, ident=103))
    assert mrd.ha.expect(inner_echo(103), 2, "a packet of the guest").src == fresh


def test_no_care_of_address(mrd_with):
    """M-38 M-58: without a care-of address nothing is sent; it registers when there is one again"""
    mrd = mrd_with()
    g = MrdGuest()
    mrd.bind(g)
    mrd.net.ip("host", "-6", "addr", "del", f"{mrd.coa}/64", "dev", "uplink")
    mrd.events.expect("careof", 2, address=None)
    mrd.ha.drain()
    mrd.say("refresh", g)
    mrd.no_update(g, 0.3)
    mrd.net.ip("host", "-6", "addr", "add", f"{mrd.coa}/64", "dev", "uplink", "nodad")
    mrd.answer(g, mrd.update(g))
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def advertise(mrd, lifetime=1800, prefix="2001:db8:a1::"):
    """A Router Advertisement on the uplink."""
    ra = IPv6(src=PEER_LL, dst="ff02::1", hlim=255) / ICMPv6ND_RA(routerlifetime=lifetime) \
        / ICMPv6NDOptPrefixInfo(prefix=prefix, prefixlen=64, L=1, A=1, validlifetime=3600,
                                preferredlifetime=1800) / ICMPv6NDOptSrcLLAddr(lladdr=mrd.ha.mac)
    mrd.ha.send(ra, "33:33:00:00:00:01")


def test_listens_to_its_routers(mrd_with):
    """N-41: with forwarding on the uplink still takes Router Advertisements: address, route, and
    with them the care-of address"""
    mrd = mrd_with(ra=True)
    assert mrd.net.run("host", "sysctl", "-n", "net.ipv6.conf.all.forwarding").strip() == "1"
    g = MrdGuest()
    mrd.say("running", g)
    mrd.no_update(g, 0.1)
    advertise(mrd)
    message = mrd.update(g, 5)
    assert message.src.startswith("2001:db8:a1:")
    assert message.altcoa == message.src
    routes = mrd.net.ip_json("host", "-6", "route", "show", "default")
    assert any(r.get("gateway") == PEER_LL for r in routes), routes
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_is_no_router_on_its_uplink(mrd, guest):
    """N-40: it neither advertises itself on the uplink nor answers solicitations there"""
    solicit = IPv6(src=PEER_LL, dst="ff02::2", hlim=255) / ICMPv6ND_RS() \
        / ICMPv6NDOptSrcLLAddr(lladdr=mrd.ha.mac)
    mrd.ha.send(solicit, "33:33:00:00:00:02")
    mrd.settle()
    mrd.ha.silence(is_icmp6(RA), 0.3, "a Router Advertisement on the uplink")


ALL_ROUTERS = {"ff01::2", "ff02::2", "ff05::2"}


def groups(mrd, dev):
    """The multicast groups that the kernel is a member of on a link."""
    found = mrd.net.ip_json("host", "-6", "maddr", "show", "dev", dev)
    return {m["address"] for m in found[0]["maddr"] if m.get("family") == "inet6"}


def reported(mrd):
    """Ask as an MLDv2 querier does; the groups of the report that is the answer (RFC 3810 5.2)."""
    def is_answer(frame):  # MODE_IS_EXCLUDE: a report of a group being joined has another type
        return frame.icmp6(MLD2_REPORT) and frame.head.body[8] == 2
    mrd.ha.drain()
    mrd.ha.send(IPv6(src=PEER_LL, dst="ff02::1", hlim=1) / IPv6ExtHdrHopByHop(options=[RouterAlert()])
                / ICMPv6MLQuery2(mrd=100), "33:33:00:00:00:01")
    body = mrd.ha.expect(is_answer, 5, "a report of multicast groups").head.body
    # Records without sources: 4 octets and the group. Scapy 2.5 reads only the first.
    return {text(body[at + 4:at + 20]) for at in range(8, len(body), 20)}


def test_is_in_no_group_of_routers_on_its_uplink(mrd, guest):
    """N-42: not a member there, and no querier is told so; also when somebody turns forwarding on
    for all links, as libvirt does; packets are forwarded and the guests' link has its router"""
    lab.eventually(lambda: not ALL_ROUTERS & groups(mrd, "uplink"), 2, "left")
    told = reported(mrd)
    assert any(g.startswith("ff02::1:ff") for g in told) and not ALL_ROUTERS & told
    assert ALL_ROUTERS <= groups(mrd, "vm")
    mrd.net.sysctl("host", **{"net.ipv6.conf.all.forwarding": 1})
    lab.eventually(lambda: not ALL_ROUTERS & groups(mrd, "uplink"), 2, "left again")
    assert mrd.net.run("host", "sysctl", "-n", "net.ipv6.conf.all.forwarding").strip() == "1"


def test_stays_a_router_where_it_is_told_to(mrd_with):
    """N-42: `uplink-router = yes`, for a host that routes or proxies for others on that link"""
    mrd = mrd_with("uplink-router = yes\n")
    assert ALL_ROUTERS <= groups(mrd, "uplink")
    assert ALL_ROUTERS - {"ff01::2"} <= reported(mrd)  # none is sent of that scope


# ---- what the guest sees ----


def ra_to(guest):
    return lambda f: f.icmp6(RA) and f.dst_mac == guest.mac


def na_to(guest):
    return lambda f: f.icmp6(NA) and f.dst_mac == guest.mac


def test_arrival(mrd):
    """A-03 A-05: on arrival the guest alone gets a Router Advertisement and Neighbour
    Advertisements of fe80::1, S=0 O=1 R=1, at most three, a second apart"""
    g, other = MrdGuest(), MrdGuest()
    mrd.bind(other)
    mrd.vm.drain()
    mrd.say("running", g)
    frame = mrd.vm.expect(ra_to(g), 1, "a Router Advertisement")
    ra = frame.ipv6()
    assert (ra.src, ra.dst, ra.hlim) == (GATEWAY, "ff02::1", 255) and frame.src_mac == GATEWAY_MAC
    assert ra[ICMPv6ND_RA].routerlifetime > 0
    info = ra[ICMPv6NDOptPrefixInfo]
    assert (f"{info.prefix}/{info.prefixlen}", info.L) == (g.prefixes[0], 0)
    assert ra[ICMPv6NDOptMTU].mtu == 1460 and checksum_ok(frame.packet)
    nas = mrd.vm.gather(na_to(g), 3.5, enough=4)
    assert 1 <= len(nas) <= 3
    for na in nas:
        flags = na.head.body[4] & 0xE0
        assert flags == 0x80 | 0x20 and text(na.head.body[8:24]) == GATEWAY
        assert na.src_mac == GATEWAY_MAC and na.head.body[24:26] == b"\x02\x01"
    gaps = [b.at - a.at for a, b in zip(nas, nas[1:])]
    assert all(gap >= 0.99 for gap in gaps), gaps
    mrd.vm.silence(ra_to(other), 0, "a Router Advertisement to the other guest")


def test_never_probes(mrd):
    """A-02: nothing is ever probed or announced on behalf of the guest: no DAD, no ARP"""
    g = MrdGuest()
    mrd.bind(g)
    mrd.from_guest(g, ping(g.address, CN, ident=111))
    mrd.ha.expect(inner_echo(111), 2, "its packet")

    def probe(frame):
        dad = frame.icmp6(NS) and frame.src == "::"
        return dad or frame.ethertype in (0x0806, 0x8035)
    mrd.vm.silence(probe, 0.5, "a probe towards the guest")
    mrd.ha.silence(lambda f: f.icmp6(NS) and text(f.head.body[8:24]) == g.hoa, 0,
                   "a solicitation for its home address on the uplink")


def test_solicitation(mrd, guest):
    """A-05: the guest's solicitation is answered at once, to its MAC; a burst a few times"""
    src = "fe80::5054:ff:fe00:77"
    rs = IPv6(src=src, dst="ff02::2", hlim=255) / ICMPv6ND_RS() \
        / ICMPv6NDOptSrcLLAddr(lladdr=guest.mac)
    mrd.vm.send(rs, "33:33:00:00:00:02", guest.mac)
    mrd.vm.expect(ra_to(guest), 0.5, "a Router Advertisement")
    for _ in range(30):
        mrd.vm.send(rs, "33:33:00:00:00:02", guest.mac)
    assert len(mrd.vm.gather(ra_to(guest), 0.5)) <= 6


def test_solicitation_of_a_stranger(mrd, guest):
    """A-05: who is no guest here gets no Router Advertisement"""
    stranger = "52:54:00:ee:ee:ee"
    rs = IPv6(src="fe80::9", dst="ff02::2", hlim=255) / ICMPv6ND_RS() \
        / ICMPv6NDOptSrcLLAddr(lladdr=stranger)
    mrd.vm.send(rs, "33:33:00:00:00:02", stranger)
    mrd.vm.silence(lambda f: f.icmp6(RA) and f.dst_mac in (stranger, "33:33:00:00:00:01"), 0.3,
                   "a Router Advertisement to a stranger")


def solicit(mrd, guest, target):
    """The guest asks everybody for the MAC of an address, as one does that has not asked before."""
    end = octets(target)[-3:]
    group = text(octets("ff02::1:ff00:0")[:-3] + end)
    ns = IPv6(src="fe80::5054:ff:fe00:88", dst=group, hlim=255) / ICMPv6ND_NS(tgt=target) \
        / ICMPv6NDOptSrcLLAddr(lladdr=guest.mac)
    mrd.vm.send(ns, "33:33:ff:" + end.hex(":"), guest.mac)
    return mrd.vm.take(lambda f: f.icmp6(NA) and text(f.head.body[8:24]) == target
                       and f.head.body[4] & 0x40, 1)


def test_gateway_answers(mrd, guest):
    """A-05: fe80::1, and the home address as gateway of guests configured by hand, have one MAC"""
    for target in (GATEWAY, guest.hoa):
        frame = solicit(mrd, guest, target)
        assert frame, f"no Neighbour Advertisement of {target}"
        option = frame.head.body[24:32]
        assert option[:2] == b"\x02\x01" and option[2:8].hex(":") == GATEWAY_MAC


def test_never_redirects(mrd, guest):
    """A-05: a packet from one guest to another on the same link causes no Redirect"""
    other = MrdGuest()
    mrd.bind(other)
    mrd.from_guest(guest, ping(guest.address, other.address, ident=121))
    mrd.ha.expect(inner_echo(121), 2, "the packet, tunnelled")
    mrd.send(tunnelled(HA, mrd.coa, ping(guest.address, other.address, ident=121)))
    mrd.vm.expect(echo(121), 2, "the packet, back from the home agent")
    mrd.vm.silence(is_icmp6(137), 0, "a Redirect")
