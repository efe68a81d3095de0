"""A host whose uplink is on the home link: its guests de-register, and are routed plainly.

    Scapy as home agent and home router ---- uplink | mrd | vm ---- Scapy as guests

Abroad the uplink has 2001:db8:a::10; at home it has 2001:db8:100::10, and guests' home addresses
lie in 2001:db8:100::/64. Scapy is the home agent that defends them.
"""

import struct

import lab
import pytest
from bench import CN, HA, PEER_LL
from mrd_bench import MrdBench, MrdGuest
from peer import BU, IPv6, is_mh, is_tunnelled, octets, ping, text
from scapy.layers.inet6 import (
    ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr,
)

ECHO_REQUEST, RS, RA, NS, NA = 128, 133, 134, 135, 136
CONF = 'home-prefix = {"2001:db8:100::/64"}\n'
ABROAD, HOME = "2001:db8:a::10/64", "2001:db8:100::10/64"
ALL_NODES_MAC = "33:33:00:00:00:01"


def solicited(address):
    return text(octets("ff02::1:ff00:0")[:13] + octets(address)[13:])


def group_mac(group):
    return "33:33:" + octets(group)[12:].hex(":")


class HomeGuest(MrdGuest):
    """A guest with a home address on the home link."""

    def __init__(self):
        super().__init__()
        self.hoa = f"2001:db8:100::1:{self.number:x}"

    def words(self):
        return [*super().words(), "home-address", self.hoa]

    @property
    def group(self):
        return solicited(self.hoa)

    @property
    def group_mac(self):
        return group_mac(self.group)


def nd(kind, target=None):
    def match(frame):
        return frame.icmp6(kind) and (not target or frame.head.body[8:24] == octets(target))
    return match


def na_of(frame):
    """R, S, O of an advertisement as letters, and its target link-layer address."""
    body = frame.head.body
    flags = "".join(c for c, bit in zip("RSO", (0x80, 0x40, 0x20), strict=True) if body[4] & bit)
    return flags, body[26:32].hex(":") if len(body) >= 32 and body[24] == 2 else None


class Home(MrdBench):
    def __init__(self, text=CONF):
        super().__init__(text)

    def to(self, address, last):
        """Plug the uplink into another link."""
        self.net.address("host", "uplink", address)
        self.net.ip("host", "address", "del", last, "dev", "uplink")

    def defend(self, guest):
        """The home agent answers the solicitation of M-62, to all nodes."""
        answer = IPv6(src=PEER_LL, dst="ff02::1", hlim=255)
        answer /= ICMPv6ND_NA(tgt=guest.hoa, R=1, S=0, O=0)
        answer /= ICMPv6NDOptDstLLAddr(lladdr=self.ha.mac)
        self.ha.send(answer, ALL_NODES_MAC)

    def answer_for_agent(self):
        """The host's kernel finds the home agent as any neighbour."""
        self.net.ip("host", "neigh", "replace", HA, "lladdr", self.ha.mac, "dev", "uplink",
                    "nud", "permanent")

    def solicit(self, guest, src=HA):
        """Who has the home address?"""
        ask = IPv6(src=src, dst=guest.group, hlim=255) / ICMPv6ND_NS(tgt=guest.hoa)
        if src != "::":
            ask /= ICMPv6NDOptSrcLLAddr(lladdr=self.ha.mac)
        self.ha.send(ask, guest.group_mac)

    def returning(self, guest):
        """The Binding Update that comes of going home; the solicitation before it is answered."""
        ask = self.ha.expect(nd(NS, guest.hoa), 2, "a solicitation of the home address")
        self.defend(guest)
        frame = self.ha.expect(lambda f: is_mh(BU)(f) and f.src == guest.hoa, 2, "the return")
        return ask, frame

    def accept(self, guest, message, status=0):
        self.answer(guest, message, status=status, lifetime=0, coa=guest.hoa, rh2=False)
        lab.eventually(lambda: self.state(guest) == "home", 2, f"{guest.name} is at home")

    def at_home(self, guest):
        """Bound abroad, then home."""
        self.bind(guest)
        self.ha.drain()
        self.to(HOME, ABROAD)
        _, frame = self.returning(guest)
        self.accept(guest, frame.message())
        return frame


@pytest.fixture
def home():
    with_home = Home()
    yield with_home
    with_home.close()


def test_coming_home(home):
    """M-61 M-62 M-63 N-43 N-21: ask from ::, de-register, answer; announce after the answer"""
    guest = HomeGuest()
    home.bind(guest)
    home.ha.drain()
    home.to(HOME, ABROAD)
    ask, frame = home.returning(guest)
    assert (ask.src, ask.dst, ask.dst_mac) == ("::", guest.group, guest.group_mac)
    assert ask.packet[7] == 255 and len(ask.head.body) == 24  # no option (RFC 4861 4.3)
    update = frame.message()
    assert not update.has_hao and update.checksum_ok and frame.dst_mac == home.ha.mac
    assert update.has("AHR") and update.lifetime == 0 and update.prefixes == []
    assert (update.src, update.altcoa) == (guest.hoa, guest.hoa)

    # It is told apart from nobody: who asks is answered, by unicast; nobody is told unasked.
    lab.eventually(lambda: has_on_uplink(home, guest), 2, "the home address is on the uplink")
    home.ha.drain()
    home.solicit(guest)
    answer = home.ha.expect(nd(NA, guest.hoa), 2, "an answer")
    assert (answer.dst, answer.dst_mac) == (HA, home.ha.mac) and "S" in na_of(answer)[0]
    assert na_of(answer)[1] == home.up_mac
    home.ha.silence(nd(NA, guest.hoa), 0.3, "an announcement before the acknowledgement")

    home.accept(guest, update)
    told = home.ha.gather(nd(NA, guest.hoa), 4, enough=3)
    assert len(told) == 3
    for t in told:
        assert na_of(t) == ("RO", home.up_mac)
        assert (t.src, t.dst, t.dst_mac) == (guest.hoa, "ff02::1", ALL_NODES_MAC)
    assert all(b.at - a.at >= 0.9 for a, b in zip(told, told[1:], strict=False))
    home.ha.silence(nd(NA, guest.hoa), 1.5, "a fourth announcement")
    assert home.counter("neighbour-solicitation-sent") == 1


def has_on_uplink(home, guest):
    found = home.net.ip_json("host", "-6", "address", "show", "dev", "uplink")
    return any(a["local"] == guest.hoa for a in found[0]["addr_info"])


def test_prefix_is_routed_plainly(home):
    """H-04 N-43 N-38: in and out by the uplink without a tunnel; still only its own sources"""
    guest = HomeGuest()
    home.at_home(guest)
    home.ha.drain()
    home.from_guest(guest, ping(guest.address, CN, ident=7))
    plain = home.ha.expect(lambda f: f.icmp6(ECHO_REQUEST), 2, "the guest's packet")
    assert (plain.src, plain.dst) == (guest.address, CN)
    home.send(ping(CN, guest.address, ident=8))
    inward = home.vm.expect(lambda f: f.icmp6(ECHO_REQUEST), 2, "a packet for the guest")
    assert inward.dst == guest.address and inward.dst_mac == guest.mac
    home.from_guest(guest, ping("2001:db8:bad::1", CN, ident=9))
    home.from_guest(guest, ping(guest.address, CN, ident=10))
    later = home.ha.expect(lambda f: f.icmp6(ECHO_REQUEST), 2, "the packet after it")
    assert struct.unpack("!H", later.head.body[4:6])[0] == 10
    home.ha.silence(is_tunnelled, 0.1, "a tunnel packet")
    lab.eventually(lambda: home.daemon.ask("show", "tunnels") == [], 4, "the late tunnel is gone")


def test_abroad_again(home):
    """N-43 M-38: the uplink elsewhere again: registered as ever, and silent about the address"""
    guest = HomeGuest()
    home.at_home(guest)
    home.ha.drain()
    home.to(ABROAD, HOME)
    update = home.update(guest)
    assert update.lifetime == 120 and update.has_hao and update.src == home.coa
    assert update.prefixes == guest.prefixes
    home.answer(guest, update)
    lab.eventually(lambda: home.state(guest) == "bound", 2, "bound abroad")
    assert not has_on_uplink(home, guest)
    home.ha.drain()
    home.solicit(guest)
    home.ha.silence(nd(NA, guest.hoa), 0.5, "an answer from abroad")


def test_suspended_at_home_is_silent(home):
    """M-17 X-03: the home agent tests the address for another host, and nobody objects"""
    guest = HomeGuest()
    home.at_home(guest)
    home.say("suspended", guest)
    home.ha.drain()
    home.solicit(guest, src="::")
    home.ha.silence(nd(NA, guest.hoa), 1.2, "an objection")
    home.say("running", guest)  # it stayed: whoever has it is told, and it answers again
    frame = home.ha.expect(lambda f: is_mh(BU)(f) and f.src == guest.hoa, 2, "a return")
    home.accept(guest, frame.message(), status=133)
    home.solicit(guest)
    assert na_of(home.ha.expect(nd(NA, guest.hoa), 2, "an answer"))[1] == home.up_mac


def test_unanswered_it_asks_on(home):
    """M-41 M-42 M-61: no acknowledgement, so again, with a greater number each time"""
    guest = HomeGuest()
    home.bind(guest)
    home.ha.drain()
    home.answer_for_agent()
    home.to(HOME, ABROAD)
    home.ha.expect(nd(NS, guest.hoa), 2, "a solicitation")  # and nobody answers
    sent = home.ha.gather(lambda f: is_mh(BU)(f) and f.src == guest.hoa, 6 * lab.SLOW, enough=2)
    first, second = (f.message() for f in sent)
    assert (first.lifetime, second.lifetime) == (0, 0)
    assert 0 < (second.seq - first.seq) % 65536 < 32768
    home.accept(guest, second)


def test_learnt_from_the_home_agent():
    """N-43 M-62: an advertisement with H and R says where home is, and the home agent's MAC"""
    home = Home("home-learn = yes\n")
    try:
        guest = HomeGuest()
        home.bind(guest)
        home.answer_for_agent()
        home.to(HOME, ABROAD)
        home.answer(guest, home.update(guest))
        lab.eventually(lambda: home.state(guest) == "bound", 2, "bound, for all it knows")
        home.ha.drain()
        says = IPv6(src=PEER_LL, dst="ff02::1", hlim=255) / ICMPv6ND_RA(H=1, routerlifetime=0)
        says /= ICMPv6NDOptSrcLLAddr(lladdr=home.ha.mac)
        says /= ICMPv6NDOptPrefixInfo(prefix=HA, prefixlen=64, L=1, A=0, R=1)
        home.ha.send(says, ALL_NODES_MAC)
        frame = home.ha.expect(lambda f: is_mh(BU)(f) and f.src == guest.hoa, 2, "the return")
        home.ha.silence(nd(NS, guest.hoa), 0.1, "a solicitation")
        home.accept(guest, frame.message())
    finally:
        home.close()


def test_no_router_on_the_uplink(home):
    """N-40 N-41: abroad and at home no advertisement, none for a solicitation; neighbours are heard"""
    guest = HomeGuest()
    home.bind(guest)
    for at, last in ((None, None), (HOME, ABROAD)):
        if at:
            home.to(at, last)
            home.accept(guest, home.returning(guest)[1].message())
        own = (at or ABROAD).split("/")[0]
        home.send(IPv6(src=PEER_LL, dst="ff02::2", hlim=255) / ICMPv6ND_RS())
        ask = IPv6(src=PEER_LL, dst=solicited(own), hlim=255) / ICMPv6ND_NS(tgt=own)
        home.ha.send(ask / ICMPv6NDOptSrcLLAddr(lladdr=home.ha.mac), group_mac(solicited(own)))
        heard = home.ha.expect(nd(NA, own), 2, "an answer for its own address")
        assert na_of(heard)[1] == home.up_mac
        home.ha.silence(nd(RA), 1, "a Router Advertisement on the uplink")
