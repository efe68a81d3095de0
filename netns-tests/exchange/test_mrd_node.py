"""mrd as a mobile node of RFC 6275: what section 8.5 asks of one, and what is left out on purpose.

    Scapy as home agent and correspondent ---- up | mrd | vm ---- Scapy as guests

Return routability and route optimization are left out (mrd.8, STANDARDS): a correspondent that
could do them hears nothing of mobility, whatever goes to and fro.
"""

import lab
from bench import COUNT, HA
from mrd_bench import MrdGuest
from peer import BE, BU, IPV6, MH, MIP6MH_BRR, is_mh, ping, raw_mh, routed, tunnelled

CORRESPONDENT = "2001:db8:c::1"


def test_section_8_5(mrd):
    """N-01 M-38 M-55 M-57: Binding Update List, Home Address option, tunnel both ways, type 2
    routing header, acknowledgement, Binding Refresh Request, Binding Error"""
    g = MrdGuest()
    message = mrd.running(g)
    assert message.has_hao and message.home == g.hoa
    mrd.answer(g, message)  # in a type 2 routing header
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    entry = mrd.binding(g)
    assert (entry["home_agent"], entry["hoa"], entry["coa"]) == (HA, g.hoa, mrd.coa)
    assert entry["seq"] == message.seq and entry["left_s"] <= entry["lifetime_s"]
    assert entry["prefixes"] == message.prefixes
    mrd.vm.drain()
    mrd.send(tunnelled(HA, mrd.coa, ping(CORRESPONDENT, g.address)))
    mrd.vm.expect(lambda f: f.icmp6(128) and f.dst == g.address, 2, "what came by the tunnel")
    mrd.from_guest(g, ping(g.address, CORRESPONDENT))
    frame = mrd.ha.expect(lambda f: f.upper == IPV6, 2, "a tunnelled packet")
    assert (frame.src, frame.dst) == (mrd.coa, HA)
    COUNT.exchanges += 2
    mrd.send(routed(HA, mrd.coa, g.hoa, MIP6MH_BRR()))
    mrd.answer(g, mrd.update(g))
    mrd.send(raw_mh(HA, mrd.coa, bytes([59, 1, 99, 0] + [0] * 12)))
    assert mrd.ha.expect(is_mh(BE), 2, "a Binding Error").message().status == 2


def test_no_route_optimization(mrd):
    """N-01: traffic of a correspondent through the tunnel and back, and a Binding Refresh Request
    of it: no Home or Care-of Test Init, no Binding Update to it, nothing past the tunnel"""
    g = MrdGuest()
    mrd.bind(g)
    mrd.settle()
    mrd.ha.drain()
    for seq in range(20):
        mrd.send(tunnelled(HA, mrd.coa, ping(CORRESPONDENT, g.address, seq=seq)))
        mrd.from_guest(g, ping(g.address, CORRESPONDENT, seq=seq))
        mrd.send(routed(CORRESPONDENT, mrd.coa, g.hoa, MIP6MH_BRR()))
    frames = mrd.ha.gather(lambda f: f.packet is not None, 1.0)
    sent = [f for f in frames if f.src_mac == mrd.up_mac]
    assert sum(f.upper == IPV6 and f.dst == HA for f in sent) == 20, sent
    assert not [f for f in sent if f.upper == MH], sent  # HoTI is 1, CoTI 2
    assert not [f for f in sent if f.dst == CORRESPONDENT], sent
    inner = [f.inner() for f in sent if f.upper == IPV6]
    assert not [p for p in inner if p.nh == MH], inner
    mrd.no_update(g, 0)
    assert not mrd.ha.gather(is_mh(BU), 0)
