"""had and what is not a Binding Update, or not a good one: errors, and the data in its tunnels.

    Scapy as mobile router ---- up | had | cn ---- Scapy as correspondent

Data goes through both ways while the peers look at every octet of the outer and the inner
header. What must not pass is sent, the next good packet proves that it was dealt with, and the
counter that names the reason must have moved.
"""

import struct

import lab
import pytest
from bench import CAREOF, CN, COUNT, HA, PEER_LL, RouteMonitor, is_signal
from had_bench import Guest
from peer import (
    BE, HAO, NONE, UDP, Headers, IPv6, IPv6ExtHdrDestOpt, Raw, bu, checksum_ok, is_ba, is_icmp6,
    is_mh, is_tunnelled, ping, raw_mh, tunnelled,
)
from scapy.layers.inet6 import IPv6ExtHdrFragment, defragment6, fragment6

ECHO_REQUEST, TOO_BIG, PARAMETER = 128, 2, 4
FRAGMENT = 44


def malformed(first, second, kind=5, src=None, hao=None):
    """A Mobility Header that begins with these two octets and is otherwise a Binding Update."""
    mh = struct.pack("!BBBBHHHH", first, second, kind, 0, 0, 1, 0xC400, 30) + bytes([1, 2, 0, 0])
    return raw_mh(src, HA, mh, hao=hao)


def echo(ident):
    """An echo request of that identifier."""
    def match(frame):
        return frame.icmp6(ECHO_REQUEST) and struct.unpack("!H", frame.head.body[4:6])[0] == ident
    return match


def inner_echo(ident):
    def match(frame):
        if not is_tunnelled(frame):
            return False
        inner = Headers(frame.head.body)
        return inner.body[:1] == b"\x80" and struct.unpack("!H", inner.body[4:6])[0] == ident
    return match


@pytest.fixture(scope="module", autouse=True)
def left_early(had):
    """A guest de-registered before all else, so that its ten seconds go by meanwhile."""
    g = Guest()
    had.register(g, 1000, g.p(0))
    had.ask(bu(g.hoa, g.coa(0), HA, 1001, lifetime=0))
    assert had.ask(bu(g.hoa, g.coa(0), HA, 5, prefixes=g.p(0))).status == 135
    return g


@pytest.fixture
def guest(had):
    """A guest that is registered, with one prefix."""
    g = Guest()
    had.register(g, 1, g.p(0))
    had.mr.drain()
    had.cn.drain()
    g.address = f"{g.net}::77"
    return g


# ---- what is answered by an error ----


def test_unknown_type(had):
    """M-02: a Mobility Header of type 99 is answered by Binding Error 2, without routing header"""
    g = Guest()
    COUNT.exchanges += 1
    had.send(malformed(NONE, 1, kind=99, src=g.coa(0), hao=g.hoa))
    error = had.mr.expect(is_mh(BE), 2, "a Binding Error").message()
    assert (error.status, error.src, error.dst) == (2, HA, g.coa(0)), error
    assert not error.has_rh2 and not error.has_hao and error.checksum_ok and error.octets == 24
    assert error.be_home == g.hoa, error


@pytest.mark.parametrize("first, second, pointer", [
    pytest.param(41, 1, 0, id="M-03 Payload Proto 41"),
    pytest.param(NONE, 0, 1, id="M-04 Header Len 0"),
])
@pytest.mark.parametrize("with_hao", [True, False])
def test_parameter_problem(had, first, second, pointer, with_hao):
    """M-03 M-04: the pointer of the ICMPv6 Parameter Problem names the octet at fault"""
    g = Guest()
    COUNT.exchanges += 1
    mh = struct.pack("!BBBBHHHH", first, second, 5, 0, 0, 1, 0xC400, 30) + bytes([1, 2, 0, 0])
    sent = raw_mh(g.coa(0), HA, mh[: 8 * (second + 1)], hao=g.hoa if with_hao else None)
    had.send(sent)
    frame = had.mr.expect(is_icmp6(PARAMETER), 2, "a Parameter Problem")
    code, value = frame.head.body[1], struct.unpack("!I", frame.head.body[4:8])[0]
    assert (code, value) == (0, (64 if with_hao else 40) + pointer), frame
    assert (frame.src, frame.dst) == (HA, g.coa(0)) and checksum_ok(frame.packet)
    assert frame.head.body[8:] == bytes(sent), "the packet at fault comes back"
    had.silence(is_signal, "a second answer")
    assert had.binding(g.hoa) is None


def hao_udp(coa, hoa, port=9):
    options = IPv6ExtHdrDestOpt(nh=17, options=[HAO(hoa=hoa)])
    # Scapy's own checksum, over the home address
    return IPv6(src=coa, dst=HA, hlim=64) / options / UDP(sport=9, dport=port) / Raw(b"homeport")


def test_home_address_option_without_binding(had):
    """M-08: UDP with a Home Address option and no binding is answered by Binding Error 1"""
    g = Guest()
    COUNT.exchanges += 1
    had.send(hao_udp(g.coa(0), g.hoa))
    error = had.mr.expect(is_mh(BE), 2, "a Binding Error").message()
    assert (error.status, error.dst, error.be_home) == (1, g.coa(0), g.hoa), error
    had.silence(is_signal, "an ICMPv6 error beside it")


def test_home_address_option_with_binding(had, guest):
    """M-08: with a binding of that home address and care-of address there is no Binding Error"""
    COUNT.exchanges += 1
    had.send(hao_udp(guest.coa(0), guest.hoa))
    had.silence(is_mh(BE), "a Binding Error")
    had.send(hao_udp(guest.coa(1), guest.hoa))
    error = had.mr.expect(is_mh(BE), 2, "a Binding Error to the other care-of address").message()
    assert (error.status, error.dst) == (1, guest.coa(1)), error


def test_binding_errors_are_limited(had_with):
    """M-08: a flood of them gets few Binding Errors, and registrations go on"""
    had = had_with(BASIC)
    g = Guest()
    for i in range(200):
        had.send(hao_udp(g.coa(0), g.hoa, port=1000 + i))
    had.settle()
    errors = had.mr.gather(is_mh(BE), 0)
    assert 1 <= len(errors) <= 40, f"{len(errors)} Binding Errors for 200 packets"
    COUNT.exchanges += 1
    assert had.ask(bu(g.hoa, g.coa(0), HA, 1, prefixes=g.p(0))).status == 0


BASIC = f"""
address = "{HA}"
range "lab" {{ home-prefix = "2001:db8:200::/40"  prefix = "2001:db8:200::/40" }}
"""


# ---- at home: without a Home Address option ----


@pytest.fixture
def at_home(had):
    """A guest whose home address is reached on the wire, as if there were a home link."""
    g = Guest()
    had.net.route("ha", f"{g.hoa}/128", "via", PEER_LL, "dev", "uplink")
    had.mr.drain()
    return g


def from_home(had, guest, seq, lifetime, prefixes=()):
    """A Binding Update whose source, home address and care-of address are one."""
    COUNT.exchanges += 1
    had.send(bu(guest.hoa, guest.hoa, HA, seq, lifetime, prefixes=prefixes, altcoa=None, hao=False))
    frame = had.mr.expect(lambda f: is_ba()(f) and f.dst == guest.hoa, 2, "an answer")
    return frame.message()


def test_registering_without_home_address_option(had, at_home):
    """M-15: a registration needs a Home Address option: refused, and nothing is bound"""
    ack = from_home(had, at_home, 1, 120, at_home.p(0))
    assert ack.status >= 128 and not ack.has_rh2
    assert had.binding(at_home.hoa) is None and not had.forwarded(f"{at_home.net}::/48")


def test_deregistering_at_home(had, at_home):
    """M-15 M-24 N-19: a de-registration may do without; no routing header in its answer"""
    had.register(at_home, 1, at_home.p(0))
    ack = from_home(had, at_home, 2, 0)
    assert (ack.status, ack.lifetime, ack.seq, ack.has_rh2) == (0, 0, 2, False)
    assert not had.forwarded(f"{at_home.net}::/48")


# ---- data ----


def test_to_the_guest(had):
    """N-23 N-25 N-36 T-01 T-02: what is sent right behind the answer is tunnelled to the care-of
    address, with a hop limit of its own, and costs the inner packet one hop"""
    g = Guest()
    had.register(g, 1, g.p(0))
    had.cn.send(ping(CN, f"{g.net}::77", ident=101, hlim=33, data=b"x" * 900), had.cn_mac)
    frame = had.mr.expect(inner_echo(101), 2, "the tunnelled packet")
    outer, inner = frame.ipv6(), frame.inner()
    assert (outer.src, outer.dst, outer.nh) == (HA, g.coa(0), 41)
    assert (outer.hlim, outer.tc) == (64, 0), "RFC 2473 6.3: outer fields"
    assert outer.fl == 0 or lab.DATAPATH == "kernel", "ip6tnl labels flows (RFC 6438)"
    assert (inner.src, inner.dst, inner.hlim) == (CN, f"{g.net}::77", 32)
    assert checksum_ok(bytes(inner)) and bytes(inner).endswith(b"x" * 900)


def test_from_the_guest(had, guest):
    """N-23 N-39: what comes out of the tunnel with the guest's source, or its home address, is
    forwarded"""
    for ident, src in ((111, guest.address), (112, guest.hoa)):
        had.send(tunnelled(guest.coa(0), HA, ping(src, CN, ident=ident, hlim=50)))
        frame = had.cn.expect(echo(ident), 2, "the inner packet")
        assert (frame.src, frame.dst, frame.ipv6().hlim) == (src, CN, 49)


@pytest.mark.parametrize("what, counter", [
    pytest.param("outer source", "tunnel-unknown-source", id="N-39 wrong outer source"),
    pytest.param("inner source", "pass-source", id="N-39 wrong inner source"),
    pytest.param("link-local", None, id="N-46 M-32 link-local inner source"),
])
def test_not_from_the_guest(had, guest, what, counter):
    """N-39: what does not belong into the tunnel is dropped and counted"""
    before = had.counters()
    outer = f"{CAREOF}:9999::1" if what == "outer source" else guest.coa(0)
    src = {"inner source": "2001:db8:2fe::1", "link-local": "fe80::77"}.get(what, guest.address)
    had.send(tunnelled(outer, HA, ping(src, CN, ident=121)))
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=122)))
    had.cn.expect(echo(122), 2, "the good packet behind it")
    had.cn.silence(echo(121), 0, "the bad packet")
    had.silence(is_signal, "an ICMPv6 error")
    if counter:
        assert had.counter(counter) == before.get(counter, 0) + 1, had.counters()


def test_the_old_care_of_address(had, guest):
    """X-08 N-39: after a move packets from the old care-of address pass for 2 s and are counted,
    then they are dropped"""
    had.register(guest, 2, guest.p(0), coa=guest.coa(1))
    before = had.counter("pass-late")
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=131)))
    had.cn.expect(echo(131), 1, "a late packet within the grace")
    assert had.counter("pass-late") == before + 1
    binding = next(b for b in had.daemon.ask("show", "bindings") if b["hoa"] == guest.hoa)
    assert binding["previous_coa"] == guest.coa(0) and 0 < binding["late_left_ms"] <= 2000
    lab.eventually(lambda: had.binding(guest.hoa)["previous_coa"] is None, 4, "the grace ends")
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=132)))
    had.send(tunnelled(guest.coa(1), HA, ping(guest.address, CN, ident=133)))
    had.cn.expect(echo(133), 2, "the packet from the new care-of address")
    had.cn.silence(echo(132), 0, "a packet after the grace")


def test_grace_ends_with_deregistration(had, guest):
    """X-08 N-20: a de-registration ends the grace of the old care-of address at once"""
    had.register(guest, 2, guest.p(0), coa=guest.coa(1))
    had.ask(bu(guest.hoa, guest.coa(1), HA, 3, lifetime=0))
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=141)))
    had.send(tunnelled(guest.coa(1), HA, ping(guest.address, CN, ident=142)))
    had.settle()
    other = Guest()
    had.register(other, 1, other.p(0))
    had.send(tunnelled(other.coa(0), HA, ping(f"{other.net}::77", CN, ident=143)))
    had.cn.expect(echo(143), 2, "another guest's packet behind them")
    had.cn.silence(echo(141), 0, "a packet from the old care-of address")
    had.cn.silence(echo(142), 0, "a packet from the last care-of address")


def test_nothing_goes_back_out(had, guest):
    """N-20 X-06: what is for a prefix nobody has registered goes nowhere, from a tunnel or not"""
    unbound = f"{guest.net}:9::1"
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, unbound, ident=151)))
    had.cn.send(ping(CN, unbound, ident=152), had.cn_mac)
    error = had.cn.expect(is_icmp6(1), 2, "Destination Unreachable to the correspondent")
    assert error.dst == CN
    had.mr.silence(inner_echo(151), 0, "the packet that came from the tunnel")
    had.mr.silence(inner_echo(152), 0, "the correspondent's packet")


def test_guest_to_guest(had, guest):
    """N-23 H-06: between two guests of different hosts packets go from tunnel to tunnel"""
    other = Guest()
    had.register(other, 1, other.p(0))
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, f"{other.net}::77", ident=161)))
    frame = had.mr.expect(inner_echo(161), 2, "the packet in the other tunnel")
    assert frame.dst == other.coa(0) and frame.inner().src == guest.address


def test_too_big(had, guest):
    """T-05 T-06: an inner packet that does not fit: Packet Too Big with the path MTU - 40"""
    had.cn.send(ping(CN, guest.address, ident=171, data=b"x" * (1500 - 48)), had.cn_mac)
    frame = had.cn.expect(is_icmp6(TOO_BIG), 2, "Packet Too Big")
    assert struct.unpack("!I", frame.head.body[4:8])[0] == 1460
    had.cn.send(ping(CN, guest.address, ident=172, data=b"x" * (1460 - 48)), had.cn_mac)
    frame = had.mr.expect(inner_echo(172), 2, "a packet that just fits")
    assert len(frame.packet) == 1500


def test_reassembles(had, guest):
    """T-08: a tunnel packet that comes in two fragments is put together before it is opened"""
    inner = ping(guest.address, CN, ident=181, data=b"y" * 1232)
    whole = IPv6(src=guest.coa(0), dst=HA, hlim=64) / IPv6ExtHdrFragment(nh=41, id=77) \
        / Raw(bytes(inner))
    pieces = fragment6(whole, 1300)
    assert len(pieces) == 2
    for piece in reversed(pieces):
        had.send(piece)
    frame = had.cn.expect(echo(181), 2, "the inner packet")
    assert frame.packet.endswith(b"y" * 1232) and checksum_ok(frame.packet)


NOT_ECT, ECT1, ECT0, CE = 0, 1, 2, 3


@pytest.mark.parametrize("inner, outer, out", [
    (NOT_ECT, NOT_ECT, NOT_ECT), (NOT_ECT, CE, None), (NOT_ECT, ECT0, NOT_ECT),
    (ECT0, CE, CE), (ECT1, CE, CE), (CE, NOT_ECT, CE), (ECT0, NOT_ECT, ECT0), (ECT0, ECT1, ECT1),
])
def test_ecn_out_of_the_tunnel(had, guest, inner, outer, out):
    """T-09: RFC 6040 4.2, the table at decapsulation"""
    ident = 200 + inner * 4 + outer
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=ident, tc=inner), tc=outer))
    had.send(tunnelled(guest.coa(0), HA, ping(guest.address, CN, ident=250)))
    if out is not None:
        assert had.cn.expect(echo(ident), 2, "the inner packet").ipv6().tc == out
    had.cn.expect(echo(250), 2, "the packet behind it")
    had.cn.silence(echo(ident), 0, "a packet that must be dropped")


@pytest.mark.parametrize("ecn", [NOT_ECT, ECT1, ECT0, CE])
def test_ecn_into_the_tunnel(had, guest, ecn):
    """T-01 T-09: ECN is copied to the outer header, the traffic class is not"""
    had.cn.send(ping(CN, guest.address, ident=260 + ecn, tc=0xB8 | ecn), had.cn_mac)
    frame = had.mr.expect(inner_echo(260 + ecn), 2, "the tunnelled packet")
    entered = ECT0 if lab.DATAPATH == "kernel" and ecn == CE else ecn  # ip6tnl: RFC 3168
    assert frame.ipv6().tc == entered and frame.inner().tc == 0xB8 | ecn


def test_tunnel_encapsulation_limit(had, guest):
    """T-03 T-08: a peer's Tunnel Encapsulation Limit option is taken off with the outer header"""
    limit = bytes([41, 0, 4, 1, 4, 1, 1, 0])
    inner = ping(guest.address, CN, ident=271)
    had.send(IPv6(src=guest.coa(0), dst=HA, hlim=64, nh=60) / Raw(limit + bytes(inner)))
    had.cn.expect(echo(271), 2, "the inner packet")
    had.silence(is_signal, "an ICMPv6 error")


# ---- what `ip monitor` must and must not show ----


def test_a_move_is_a_replace(had, guest):
    """X-05 N-23: a move shows as the replacing of each route, never as a deletion"""
    had.register(guest, 2, guest.p(0, 1))
    had.register(guest, 3, guest.p(0, 1), coa=guest.coa(1))  # the tunnel exists from here on
    monitor = RouteMonitor(had.net, "ha")
    had.register(guest, 4, guest.p(0, 1), coa=guest.coa(0))
    said = [line for line in monitor.said() if guest.net in line]
    deleted = [line for line in said if line.startswith("Deleted")]
    assert not deleted, deleted
    for p in guest.p(0, 1):
        assert any(p in line for line in said), said
    monitor.stop()


def test_never_forwarded_even_for_a_moment(had):
    """N-11 N-15: a prefix of somebody else is not forwarded even for a moment"""
    g = Guest()
    monitor = RouteMonitor(had.net, "ha")
    COUNT.exchanges += 1
    ack = had.ask(bu(g.hoa, g.coa(0), HA, 1, prefixes=g.p(0) + ["2001:db8:300:1::/64"]))
    assert ack.status == 142
    said = [line for line in monitor.said() if g.net in line or "2001:db8:300:1:" in line]
    assert not said, said
    monitor.stop()


def test_expiry(had):
    """M-19 N-20: after its lifetime a binding is gone, with its routes and its tunnel"""
    g = Guest()
    had.register(g, 1, g.p(0), lifetime=4)
    events = had.daemon.monitor()
    assert had.forwarded(f"{g.net}::/48")
    events.expect("expired", within=6, hoa=g.hoa)
    lab.eventually(lambda: not had.forwarded(f"{g.net}::/48"), 1, "its routes are gone")
    assert had.binding(g.hoa) is None or had.binding(g.hoa)["state"] == "deleted"
    assert g.coa(0) not in " ".join(had.addresses_of_links().values()), "its tunnel is gone"
    events.close()


def test_any_sequence_after_the_grace(had, left_early):
    """M-27 M-09: ten seconds after a de-registration any sequence number is taken again"""
    g = left_early
    lab.eventually(lambda: had.binding(g.hoa) is None, 12, "the deleted binding is forgotten")
    assert had.ask(bu(g.hoa, g.coa(0), HA, 5, prefixes=g.p(0))).status == 0


# ---- a path that is narrower than the home agent's own link ----


@pytest.mark.skipif(lab.DATAPATH == "kernel", reason="ip6tnl does not fragment")
def test_fragments_what_must_get_through(had_with):
    """T-06 T-05: 1280 octets always fit: a path of 1300 gets the outer packet in two fragments"""
    had = had_with(BASIC, mtu=1300)
    g = Guest()
    had.register(g, 1, g.p(0))
    had.cn.send(ping(CN, f"{g.net}::77", ident=301, data=b"z" * (1280 - 48)), had.cn_mac)
    pieces = had.mr.gather(lambda f: f.upper == FRAGMENT, 2, enough=2)
    assert len(pieces) == 2 and all(len(p.packet) <= 1300 for p in pieces), pieces
    whole = defragment6([p.ipv6() for p in pieces])
    assert (whole.src, whole.dst) == (HA, g.coa(0))
    assert IPv6(bytes(whole)[40:]).dst == f"{g.net}::77" and len(bytes(whole)) == 1320
    had.cn.send(ping(CN, f"{g.net}::77", ident=302, data=b"z" * (1281 - 48)), had.cn_mac)
    error = had.cn.expect(is_icmp6(TOO_BIG), 2, "Packet Too Big")
    assert struct.unpack("!I", error.head.body[4:8])[0] == 1280
