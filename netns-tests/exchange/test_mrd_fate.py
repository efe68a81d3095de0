"""mrd and refusals: which end a registration, which are tried again, and what the guest is told.

    Scapy as home agent and router ---- up | mrd | vm ---- Scapy as guests

The fate of every status from 128 to 146 is one row. All guests of a table are refused at the same
moment, and one wait, longer than a retransmission would take, shows who is silent and who is not.
"""

import struct

import lab
import pytest
from bench import COUNT, HA
from mrd_bench import MrdGuest
from peer import BU, ICMP6, IPv6, Raw, internet_checksum, is_mh, octets, text

STOP, LATER = "stop", "later"

# RFC 6275 11.7.3, RFC 3963 5.4; what is not fatal is asked again at the slowest pace, after 32 s.
EXPLICIT = {
    128: LATER, 129: STOP, 130: LATER, 131: STOP, 132: STOP, 133: STOP, 134: STOP,
    136: STOP, 137: STOP, 138: STOP, 139: STOP, 140: STOP, 141: STOP, 142: STOP, 143: STOP,
    144: STOP, 145: STOP, 146: STOP, 174: STOP,
}
IMPLICIT = {140: STOP, 141: STOP, 142: STOP, 143: STOP, 130: LATER}
ROWS = {129: "M-53", 130: "M-53", 134: "M-52", 140: "N-32", 141: "N-30 N-34", 142: "N-30 N-34",
        143: "N-31 N-33"}


def refuse_all(mrd, fates):
    """Refuse one guest with each status; {status: (binding, event, Binding Updates afterwards)}."""
    guests = {status: MrdGuest() for status in fates}
    sent = {s: mrd.running(g) for s, g in guests.items()}
    mrd.ha.drain()
    for status, g in guests.items():
        mrd.answer(g, sent[status], status)
    events = {s: mrd.events.expect("refused", 2, name=g.name) for s, g in guests.items()}
    again = {}
    for frame in mrd.ha.gather(is_mh(BU), 2.2):  # a retransmission would come after 1.5 s
        again.setdefault(text(frame.head.home), []).append(frame.message())
    return {s: (mrd.binding(g), events[s], again.get(g.hoa, [])) for s, g in guests.items()}


def check(outcome, status, fate):
    binding, event, again = outcome
    assert event["status"] == status and binding["last_status"] == status
    assert event["fatal"] == (fate == STOP), event
    assert binding["state"] == "refused" and not again, (binding, again)
    if fate == STOP:
        assert not binding["refresh_in_s"], binding
    else:
        assert 25 <= binding["refresh_in_s"] <= 32, binding


@pytest.fixture(scope="module")
def explicit(mrd):
    return refuse_all(mrd, EXPLICIT)


@pytest.mark.parametrize("status", [
    pytest.param(s, id=f"N-29 N-35 {ROWS.get(s, 'M-53')} {s} {fate}")
    for s, fate in EXPLICIT.items()])
def test_explicit(explicit, status):
    check(explicit[status], status, EXPLICIT[status])


def test_implicit(mrd_with):
    """N-30 N-32 N-33 N-35: in implicit mode 140 to 143 are fatal, 130 is not"""
    mrd = mrd_with("mode = implicit\n")
    for status, outcome in refuse_all(mrd, IMPLICIT).items():
        check(outcome, status, IMPLICIT[status])


def test_refused_prefixes_are_withdrawn(mrd):
    """N-34: after 141 or 142 the guest is told at once that its prefixes and router are no more"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.vm.take(is_ra(g), 2)
    mrd.vm.drain()
    mrd.answer(g, message, 142)
    frame = mrd.vm.expect(is_ra(g), 2, "a Router Advertisement")
    assert all(o.validlifetime == 0 and o.preferredlifetime == 0 for o in prefixes_of(frame))


def is_ra(guest):
    return lambda f: f.icmp6(134) and f.dst_mac == guest.mac


def prefixes_of(frame):
    from scapy.layers.inet6 import ICMPv6NDOptPrefixInfo
    layer, found = frame.ipv6(), []
    while (layer := layer.getlayer(ICMPv6NDOptPrefixInfo)) is not None:
        found.append(layer)
        layer = layer.payload
    assert found
    return found


def test_a_refused_guest_may_be_asked_for_again(mrd):
    """N-35 M-53: a refusal for good ends with the operator's word"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.answer(g, message, 129)
    mrd.events.expect("refused", 2, name=g.name)
    mrd.say("refresh", g)
    again = mrd.update(g)
    mrd.answer(g, again)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_accepted_without_r(mrd):
    """N-28: accepted but not as a mobile router: de-register there"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.answer(g, message, 0, r=False)
    farewell = mrd.update(g)
    assert farewell.lifetime == 0 and farewell.prefixes == []
    mrd.answer(g, farewell, 0, lifetime=0, r=False)
    mrd.no_update(g, 0.5)
    assert mrd.state(g) == "refused"


def parameter_problem(mrd, invoking, code, src=HA):
    """An ICMPv6 Parameter Problem about a packet that mrd sent."""
    body = struct.pack("!BBHI", 4, code, 0, 46) + invoking
    pseudo = octets(src) + octets(mrd.coa) + struct.pack("!I3xB", len(body), ICMP6)
    body = body[:2] + struct.pack("!H", internet_checksum(pseudo + body)) + body[4:]
    mrd.send(IPv6(src=src, dst=mrd.coa, nh=ICMP6, hlim=64) / Raw(body))


def test_parameter_problem_1(mrd_with):
    """M-56: Parameter Problem code 1 about a Binding Update: no more of them for a while"""
    mrd = mrd_with("first-timeout = 300ms\n")
    g = MrdGuest()
    message = mrd.running(g)
    COUNT.exchanges += 1
    parameter_problem(mrd, message.raw, 1)
    mrd.no_update(g, 1.5)


def test_parameter_problem_2(mrd_with):
    """M-56: Parameter Problem code 2 about the Home Address option is noted and changes nothing"""
    mrd = mrd_with("first-timeout = 300ms\n")
    g = MrdGuest()
    message = mrd.running(g)
    COUNT.exchanges += 1
    parameter_problem(mrd, message.raw, 2)
    mrd.answer(g, mrd.update(g, 1))
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_home_address_of_another(mrd):
    """M-52: after 134 neither time nor resuming brings this home address back: the operator does,
    and so does the guest's next life here"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.answer(g, message, 134)
    mrd.events.expect("refused", 2, name=g.name)
    mrd.say("suspended", g)
    mrd.say("running", g)
    mrd.no_update(g, 0.5)
    mrd.daemon.ask("guest", "refresh", g.name)
    mrd.answer(g, mrd.update(g), 134)
    mrd.events.expect("refused", 2, name=g.name)
    mrd.say("gone", g)
    mrd.no_update(g, 0.5)
    mrd.bind(g)
