"""A physical home link: had tests, announces, answers and intercepts on it (home_bench.py).

What is on the link is seen by Scapy as a node on it, by a host with a kernel of its own, and by
tshark, which decodes all that the home agent sent there.
"""

import bench
import lab
import pytest
from bench import CAREOF, HA
from home_bench import ALL_NODES_MAC, HOME_CONF, HOST, NODE_LL, HomeBench
from judge import Judge
from peer import (Advertised, ICMPv6EchoReply, IPv6, bu, is_ba, is_icmp6, is_na, is_ns,
                  is_tunnelled, na, ns, solicited_mac, text, tunnelled)

ROUTER, ROUTER_MNP = "2001:db8:400::10", "2001:db8:500:1::/64"
INNER, INNER_MNP, INNER_GUEST = "2001:db8:400:81::1", "2001:db8:400:81::/64", "2001:db8:400:81::77"
TEST_S = 1.0  # RETRANS_TIMER


@pytest.fixture(scope="module", autouse=True)
def every_packet_is_good():
    before, bench.COUNT.judge = bench.COUNT.judge, Judge()
    judge = bench.COUNT.judge
    yield
    bench.COUNT.judge = before
    judge.finish()


@pytest.fixture
def home():
    with_home = HomeBench()
    yield with_home
    with_home.close()


def coa(k):
    return f"{CAREOF}:{k:x}::10"


def register(home, hoa, seq=1, flags="AHR", prefixes=(), k=1, **how):
    ack = home.ask(bu(hoa, coa(k), HA, seq, flags=flags, prefixes=prefixes, **how), hoa)
    assert ack.status == 0 and ack.seq == seq, ack
    return ack


def check(home, frame, flags, target, dst, dst_mac):
    """Every field of an advertisement of the home agent's."""
    assert frame is not None, f"no advertisement of {target}"
    a = Advertised(frame)
    assert a.checksum_ok and a.hop_limit == 255
    assert (a.flags, a.target) == (flags, target)
    assert (a.src, a.dst) == (home.linklocal("ha", "homenet"), dst)
    assert (a.src_mac, a.dst_mac) == (home.mac_home, dst_mac)
    assert a.mac == home.mac_home and len(a.option) == 8


def test_first_registration_waits_for_a_test_and_the_next_does_not(home):
    """M-17 H-01: one probe from ::, the answer a second later; the next at once, without one."""
    home.send(bu(ROUTER, coa(1), HA, 1, prefixes=[ROUTER_MNP]))
    probe = home.node.expect(lambda f: is_ns(ROUTER)(f) and f.src == "::", 2, "a probe")
    assert probe.packet[7] == 255 and len(probe.head.body) == 24  # no option (RFC 4861 4.3)
    assert (probe.dst_mac, probe.dst) == (solicited_mac(ROUTER), "ff02::1:ff00:10")
    ack = home.mr.expect(is_ba(ROUTER), 3, "the acknowledgement")
    assert ack.message().status == 0 and ack.at - probe.at >= TEST_S
    home.probes(0, ROUTER)
    before = lab.mono_ns()
    register(home, ROUTER, 2, prefixes=[ROUTER_MNP], k=2)
    assert lab.mono_ns() - before < TEST_S * 1e9
    assert home.probes(0.2, ROUTER) is None


def test_repeated_update_is_answered_once_with_the_newest_number(home):
    """M-17: what comes during the test does not begin it again."""
    home.send(bu(ROUTER, coa(1), HA, 7, prefixes=[ROUTER_MNP]))
    probe = home.node.expect(is_ns(ROUTER), 2, "a probe")
    home.send(bu(ROUTER, coa(1), HA, 8, prefixes=[ROUTER_MNP]))
    ack = home.mr.expect(is_ba(ROUTER), 3, "the acknowledgement")
    assert (ack.message().status, ack.message().seq) == (0, 8)
    assert TEST_S <= ack.at - probe.at < 2 * TEST_S
    assert home.mr.take(is_ba(ROUTER), 0.3) is None and home.probes(0, ROUTER) is None


def test_address_of_a_host_on_the_link_is_refused(home):
    """M-17: a real host has it, and its kernel answers the probe: 134, and nothing is bound."""
    home.net.address("host", "eth0", f"{ROUTER}/56")
    ack = home.ask(bu(ROUTER, coa(1), HA, 1, prefixes=[ROUTER_MNP]), ROUTER, TEST_S)
    assert ack.status == 134 and home.state(ROUTER) is None
    assert home.counter("bu-duplicate") == 1
    home.net.ip("host", "address", "del", f"{ROUTER}/56", "dev", "eth0")
    register(home, ROUTER, 2, prefixes=[ROUTER_MNP])


def test_address_that_another_node_tests_is_refused(home):
    """M-17: two who test the same address at once have neither (RFC 4862 5.4.3)."""
    home.send(bu(ROUTER, coa(1), HA, 1, prefixes=[ROUTER_MNP]))
    home.node.expect(is_ns(ROUTER), 2, "a probe")
    home.node.send(ns(ROUTER, "::", home.node.mac), solicited_mac(ROUTER))
    assert home.mr.expect(is_ba(ROUTER), 1, "a refusal").message().status == 134


def test_binding_is_announced_with_the_router_bit_of_the_binding(home):
    """M-29 M-31 N-22: three times to all nodes, O set, S clear, R as the binding's; L as well."""
    for flags, bits, hoa in (("AHR", "R-O", ROUTER), ("AH", "--O", "2001:db8:400::20")):
        home.node.drain()
        register(home, hoa, flags=flags, prefixes=[ROUTER_MNP] if "R" in flags else ())
        found = home.node.gather(is_na(hoa), 4, enough=3)
        assert len(found) == 3
        for frame in found:
            check(home, frame, bits, hoa, "ff02::1", ALL_NODES_MAC)
        assert home.node.take(is_na(hoa), 1.5) is None


def test_link_local_address_is_tested_announced_and_unreachable(home):
    """M-18 M-29 M-32: with L; what is sent to it is answered with code 3 and never tunnelled."""
    hoa, local = "2001:db8:400::1234:20", "fe80::1234:20"
    ack = home.ask(bu(hoa, coa(1), HA, 1, flags="AHL"), hoa)
    assert ack.status == 0
    probed = home.node.gather(lambda f: is_ns()(f) and f.src == "::", 0)
    targets = {text(f.head.body[8:24]) for f in probed if f.src_mac == home.mac_home}
    assert targets == {hoa, local}
    check(home, home.node.take(is_na(local), 1), "--O", local, "ff02::1", ALL_NODES_MAC)
    home.mr.drain()
    said = home.net.run("host", "ping", "-6", "-n", "-c", "1", "-W", "2", f"{local}%eth0",
                        check=False)
    assert "Address unreachable" in said, said
    home.net.run("host", "ping", "-6", "-n", "-c", "1", "-W", "1", "ff02::1%eth0", check=False)
    assert home.mr.take(is_tunnelled, 0.3) is None


def test_solicitations_are_answered_as_long_as_it_is_bound(home):
    """M-30 M-31 N-20: solicited, without O; R for a router; nothing after de-registration."""
    assert home.node_asks(ROUTER, within=0.3) is None
    register(home, ROUTER, prefixes=[ROUTER_MNP])
    register(home, "2001:db8:400::20", flags="AH")
    lab.eventually(lambda: home.node.gather(is_na(), 0.1) == [], 5, "announcements are over")
    for hoa, bits in ((ROUTER, "RS-"), ("2001:db8:400::20", "-S-")):
        check(home, home.node_asks(hoa), bits, hoa, NODE_LL, home.node.mac)
    probe = home.node_asks(ROUTER, src="::")
    check(home, probe, "R--", ROUTER, "ff02::1", ALL_NODES_MAC)
    assert home.ask(bu(ROUTER, coa(1), HA, 2, lifetime=0), ROUTER).status == 0
    assert home.node_asks(ROUTER, within=0.3) is None


def test_claim_to_a_bound_address_is_contradicted(home):
    """M-18 M-30: somebody advertises an address that is bound: an override to all, and a count."""
    register(home, ROUTER, prefixes=[ROUTER_MNP])
    home.node.gather(is_na(ROUTER), 4, enough=3)
    home.node_claims(ROUTER)
    check(home, home.node.take(is_na(ROUTER), 1), "R-O", ROUTER, "ff02::1", ALL_NODES_MAC)
    assert home.counter("nd-claimed") == 1 and home.state(ROUTER) == "bound"


def test_host_on_the_link_reaches_the_guest(home):
    """M-30 M-32 H-03: it asks who has the address, and its packets go through the tunnel."""
    register(home, INNER, prefixes=[INNER_MNP])
    for target in (INNER, INNER_GUEST):
        home.mr.drain()
        ping = home.net.spawn("host", "ping", "-6", "-n", "-c", "1", "-W", "4", target)
        frame = home.mr.expect(is_tunnelled, 3, "the echo request in the tunnel")
        assert (frame.src, frame.dst) == (HA, coa(1))
        inner = frame.inner()
        assert (inner.src, inner.dst, inner.hlim) == (HOST, target, 63)
        echo = inner.payload
        reply = IPv6(src=target, dst=HOST) / ICMPv6EchoReply(
            id=echo.id, seq=echo.seq, data=bytes(echo.data))
        home.send(tunnelled(coa(1), HA, reply))
        assert ping.wait(5) == 0
    neighbours = {n["dst"]: n for n in home.net.ip_json("host", "-6", "neigh", "show")}
    assert neighbours[INNER_GUEST]["lladdr"] == home.mac_home
    assert "router" in neighbours[INNER] and "router" not in neighbours[INNER_GUEST]


def test_visitor_cannot_take_an_address_of_a_registered_prefix(home):
    """H-03: the visitor's own kernel finds that the address is in use."""
    register(home, INNER, prefixes=[INNER_MNP])
    home.net.ip("host", "-6", "address", "add", f"{INNER_GUEST}/128", "dev", "eth0")
    lab.eventually(lambda: any(
        a.get("local") == INNER_GUEST and a.get("dadfailed")
        for a in home.net.ip_json("host", "-6", "address", "show", "dev", "eth0")[0]["addr_info"]),
        5, "duplicate address detection fails")


def test_refusal_to_a_node_at_home_goes_to_its_link_layer_address(home):
    """M-28: its binding says that it is elsewhere; the refusal comes on the home link."""
    register(home, ROUTER, seq=5, prefixes=[ROUTER_MNP])
    home.node.drain()
    home.mr.drain()
    home.node.send(bu(ROUTER, ROUTER, HA, 4, lifetime=0, hao=False), home.mac_home)
    asked = home.node.expect(lambda f: is_ns(ROUTER)(f) and f.src != "::", 2, "who is at home")
    assert asked.src == home.linklocal("ha", "homenet")
    home.node_claims(ROUTER)
    frame = home.node.expect(is_ba(), 2, "the refusal").message()
    assert (frame.status, frame.seq, frame.dst, frame.has_rh2) == (135, 5, ROUTER, False)
    assert frame.checksum_ok and home.mr.take(is_tunnelled, 0.2) is None


def test_deregistration_at_home_is_answered_on_the_link(home):
    """N-20 M-27 M-30: the acknowledgement comes by neighbour discovery, from then on it is there."""
    register(home, ROUTER, prefixes=[ROUTER_MNP])
    home.node.gather(is_na(ROUTER), 4, enough=3)
    home.node.drain()
    home.node.send(bu(ROUTER, ROUTER, HA, 2, lifetime=0, hao=False), home.mac_home)
    asked = home.node.expect(is_ns(ROUTER), 2, "the home agent's kernel asks")
    home.node.send(na(ROUTER, ROUTER, asked.src, home.node.mac, solicited=True),
                   asked.src_mac)
    ack = home.node.expect(is_ba(), 2, "the acknowledgement").message()
    assert (ack.status, ack.lifetime, ack.dst) == (0, 0, ROUTER)
    home.node_claims(ROUTER)
    assert home.node.take(is_na(ROUTER), 0.5) is None
    assert home.counter("nd-claimed") == 0


def test_deprecated_home_prefix_gives_status_1(home):
    """M-21: nothing but the prefix's lifetime changed, and the lifetime granted is within it."""
    register(home, ROUTER, prefixes=[ROUTER_MNP])
    home.daemon.configure(HOME_CONF.replace("valid = 1h\n", 'valid = 1h\n\tdeprecated = '
                                          '{ "2001:db8:400::/56" }\n'))
    home.daemon.ask("reload")
    ack = home.ask(bu(ROUTER, coa(1), HA, 2, prefixes=[ROUTER_MNP]), ROUTER)
    assert (ack.status, ack.lifetime) == (1, 120)
    home.daemon.configure(HOME_CONF.replace("= 1h", "= 60s"))
    home.daemon.ask("reload")
    ack = home.ask(bu(ROUTER, coa(1), HA, 3, prefixes=[ROUTER_MNP]), ROUTER)
    assert (ack.status, ack.lifetime) == (1, 60)


def test_link_that_comes_later_is_used_from_then_on(home):
    """H-01 M-17: without its home link had registers at once; made anew, the link is tested on."""
    home.net.ip("ha", "link", "del", "homenet")
    register(home, ROUTER, prefixes=[ROUTER_MNP])
    home.net.link("lan", "p-homenet", "ha", "homenet")
    home.net.ip("lan", "link", "set", "p-homenet", "master", "br0")
    home.mac_home = home.mac("homenet")
    lab.eventually(lambda: home.linklocal("ha", "homenet"), 5, "a link-local address")
    check(home, lab.eventually(lambda: home.node_asks(ROUTER, within=0.2), 5),
          "RS-", ROUTER, NODE_LL, home.node.mac)
    home.send(bu("2001:db8:400::11", coa(2), HA, 1, flags="AH"))
    assert home.probes(2, "2001:db8:400::11")


def test_icmp_for_unbound_home_address_is_the_links_own(home):
    """N-20 M-32: nobody bound: the packet goes on the link, as if had were not there."""
    home.send(IPv6(src="2001:db8:f:9::1", dst=ROUTER) / ICMPv6EchoReply(data=b"x"))
    assert home.node.expect(is_ns(ROUTER), 2, "the kernel looks for it on the link")
    assert home.mr.take(is_icmp6(1), 0) is None
