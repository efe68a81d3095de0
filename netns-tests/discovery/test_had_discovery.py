"""had is asked for home agents and for home prefixes.

    Scapy as mobile router ---- up | had | cn ---- Scapy as correspondent

The home prefix is on no wire, so the answers are the configuration's.
"""

import time

import pytest
from bench import CAREOF, HA
from had_bench import HAD_CONF, Guest, HadBench
from peer import HAO, IPv6, IPv6ExtHdrDestOpt, Raw, is_icmp6, is_mh
from scapy.layers.inet6 import (
    ICMPv6HAADReply, ICMPv6HAADRequest, ICMPv6MPAdv, ICMPv6MPSol, ICMPv6NDOptPrefixInfo,
    IPv6ExtHdrRouting,
)

REPLY, ADVERTISEMENT = 145, 147
BE = 7
ANYCAST = "2001:db8:100:0:fdff:ffff:ffff:fffe"
AGENTS = [f"2001:db8:100::{k:x}" for k in (0x33, 1, 0x22)]
CONF = f"""
agents = {{ {", ".join(f'"{a}"' for a in AGENTS)} }}
prefix-interval-min = 1s
prefix-interval-max = 1s
{HAD_CONF}
"""


@pytest.fixture(scope="module")
def had():
    bench = HadBench(CONF)
    yield bench
    bench.close()


def request(ident, r=1, src=f"{CAREOF}:1::1", dst=ANYCAST):
    return IPv6(src=src, dst=dst) / ICMPv6HAADRequest(id=ident, R=r)


def solicitation(hoa, coa, ident):
    # Scapy sums over the home address as long as it pads the option itself.
    return (IPv6(src=coa, dst=HA) / IPv6ExtHdrDestOpt(options=[HAO(hoa=hoa)]) /
            ICMPv6MPSol(id=ident))


def answer_to(had, packet):
    had.send(packet)
    return had.mr.expect(is_icmp6(REPLY), 2, "a Home Agent Address Discovery Reply").ipv6()


@pytest.mark.parametrize("r", [0, 1])
def test_agents_are_told_in_their_order(had, r):
    """M-35 N-44: a request to the anycast address is answered with the configured list"""
    reply = answer_to(had, request(0x1230 + r, r))
    assert (reply.src, reply.dst) == (HA, f"{CAREOF}:1::1")
    message = reply[ICMPv6HAADReply]
    assert (message.id, message.R) == (0x1230 + r, r)
    assert message.addresses == AGENTS
    shown = had.daemon.ask("show", "agents")
    assert [a["addresses"] for a in shown] == [[a] for a in AGENTS], shown


def test_vector(had):
    """M-35 N-44: the request of the reference vector is answered octet by octet as it says"""
    had.send(Raw(bytes.fromhex(
        "6000000000083a4020010db800020000000000000000001020010db801000000fdfffffffffffffe"
        "9000830512348000")))
    # Its sender is nowhere, so the answer goes to the other side or nowhere: what is seen
    # is that it was taken.
    had.settle()
    assert had.counter("discovery-answered") >= 1


def test_requests_that_are_not_answered(had):
    """M-35: not to a unicast address, and not from a link-local one; the next good one is"""
    before = had.counter("discovery-refused")
    had.send(request(1, dst=HA))
    had.mr.drain()
    assert answer_to(had, request(2))[ICMPv6HAADReply].id == 2
    had.mr.silence(is_icmp6(REPLY), 0, "an answer to a request that went to no anycast address")
    assert had.counter("discovery-refused") == before + 1


def test_a_flood_is_answered_within_the_rate(had):
    """M-35: a thousand requests at once get some tens of answers, and then all is well again"""
    before, began = had.counters(), time.monotonic()
    for k in range(1000):
        had.send(request(k))
    had.settle()
    after, took = had.counters(), time.monotonic() - began
    answered = after["discovery-answered"] - before["discovery-answered"]
    limited = after["discovery-limited"] - before["discovery-limited"]
    assert answered + limited == 1000 and answered <= 50 * (took + 2), (answered, limited, took)
    had.mr.drain()


def test_prefixes_for_who_is_bound(had):
    """M-37: a Mobile Prefix Solicitation is answered through the home address, at most once a
    second, with the identifier of the newest"""
    guest = Guest()
    had.register(guest, 1, guest.p(0))
    had.mr.drain()
    had.send(solicitation(guest.hoa, guest.coa(0), 0x4321))
    packet = had.mr.expect(is_icmp6(ADVERTISEMENT), 2, "a Mobile Prefix Advertisement").ipv6()
    assert (packet.src, packet.dst) == (HA, guest.coa(0))
    routing = packet[IPv6ExtHdrRouting]
    assert (routing.type, routing.segleft, routing.addresses) == (2, 1, [guest.hoa])
    message = packet[ICMPv6MPAdv]
    assert message.id == 0x4321
    prefix = packet[ICMPv6NDOptPrefixInfo]
    assert (prefix.prefix, prefix.prefixlen, prefix.R) == (HA, 64, 1)
    assert (prefix.validlifetime, prefix.preferredlifetime) == (2592000, 604800)

    for ident in range(1, 20):
        had.send(solicitation(guest.hoa, guest.coa(0), ident))
    first = had.mr.expect(is_icmp6(ADVERTISEMENT), 3, "one more a second later")
    assert first.ipv6()[ICMPv6MPAdv].id == 19
    had.mr.silence(is_icmp6(ADVERTISEMENT), 0, "a second one in the same second")


def test_prefixes_unasked(had):
    """M-37: a mobile router is told after a while, and again 3 s later, until it asks"""
    guest = Guest()
    had.register(guest, 1, guest.p(0))
    found = had.mr.gather(is_to(guest), 8, enough=2)
    assert len(found) == 2, found
    assert 2.5 < found[1].at - found[0].at < 4.5, "PREFIX_ADV_TIMEOUT"
    assert [f.ipv6()[ICMPv6MPAdv].id for f in found] == [0, 0]


def is_to(guest):
    def match(frame):
        return is_icmp6(ADVERTISEMENT)(frame) and frame.ipv6().dst == guest.coa(0)
    return match


def test_prefixes_for_a_stranger(had):
    """M-37 M-08: who is not bound gets a Binding Error 1 and no prefixes"""
    guest = Guest()
    had.send(solicitation(guest.hoa, guest.coa(0), 7))
    error = had.mr.expect(is_mh(BE), 2, "a Binding Error").message()
    assert (error.status, error.be_home) == (1, guest.hoa)
    had.silence(is_to(guest), "an answer to a stranger")
