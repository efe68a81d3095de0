"""Answers that nobody asked for, in every state; and more registrations than there is room for.

    Scapy as home agent ---- up | mrd |          stranger ---- core ---- had, bindings-max = 40

A forged acknowledgement is sent with every status, right and wrong number, to a guest in each
state there is. What each registration was it still is, and nothing is sent because of it.
"""

import itertools

import lab
import pytest
import topology
from bench import HA
from mrd_bench import MrdBench, MrdGuest
from peer import BU, Headers, Wire, ba, bu, first_host, is_ba, is_mh
from traffic import Flow, stop_flows

STATUSES = (0, 1, 2, 127, 128, 129, 130, 131, 132, 133, 134, 136, 139, 140, 141, 142, 143, 144,
            146, 174, 255)  # not 135: without IPsec it is believed while an answer is waited for
LASTING = ("state", "last_status", "lifetime_s", "seq", "coa", "prefixes")
ROOM, STRANGERS = 40, 400


@pytest.fixture(scope="module")
def mrd():
    bench = MrdBench()
    yield bench
    bench.close()


def refused_with(status):
    def make(mrd, g):
        message = mrd.running(g)
        mrd.answer(g, message, status)
        lab.eventually(lambda: mrd.state(g) == "refused", 2, "refused")
        return message
    return make


def held(mrd, g):
    message = mrd.bind(g)
    mrd.say("suspended", g)
    return message


def incoming(mrd, g):
    mrd.say("incoming", g)


def gone(mrd, g):
    message = mrd.bind(g)
    mrd.say("gone", g)
    return message


STATES = {"bound": lambda mrd, g: mrd.bind(g), "later": refused_with(128),
          "stopped": refused_with(129), "barred": refused_with(134), "held": held,
          "incoming": incoming, "gone": gone, "waiting": lambda mrd, g: mrd.running(g)}


def forgeries(mrd, g, message):
    """Acknowledgements with a number that nobody sent, and with the right one but a fault."""
    seq = message.seq if message else 1000
    for status, wrong in itertools.product(STATUSES, (seq - 1, seq + 1, seq + 32768, seq ^ 0xFF00)):
        yield ba(HA, mrd.coa, g.hoa, wrong & 0xFFFF, status)
    for status in STATUSES:
        right = ba(HA, mrd.coa, g.hoa, seq, status)
        whole = bytes(right)
        at = Headers(whole).at
        yield ba("2001:db8:100::2", mrd.coa, g.hoa, seq, status)
        yield ba(HA, mrd.coa, g.hoa, seq, status, rh2=False)
        yield ba(HA, mrd.coa, "2001:db8:666::1", seq, status)
        yield whole[:at + 4] + bytes([whole[at + 4] ^ 1]) + whole[at + 5:]
        yield whole[:-1]
        yield whole[:at] + b"\x29" + whole[at + 1:]


@pytest.mark.parametrize("state", STATES)
def test_acknowledgements_in_every_state(mrd, state):
    """M-47 M-57 X-03: an acknowledgement that is not the one waited for changes nothing, whatever its status and whatever the state"""
    g = MrdGuest()
    message = STATES[state](mrd, g)
    before = mrd.binding(g)
    packets = list(forgeries(mrd, g, message))
    counted = sum(v for k, v in mrd.counters().items() if k.startswith(("dropped", "signalling-m")))
    mrd.ha.drain()
    for packet in packets:
        mrd.send(packet)
    mrd.settle()
    now = mrd.binding(g)
    assert (now is None) == (before is None)
    if state == "waiting":  # it asks again by itself, with newer numbers
        assert now["state"] == "waiting"
    elif now:
        assert {k: now[k] for k in LASTING} == {k: before[k] for k in LASTING}
        mrd.ha.silence(is_mh(BU, g.hoa), 0, "a Binding Update")
    after = sum(v for k, v in mrd.counters().items() if k.startswith(("dropped", "signalling-m")))
    assert after - counted >= len(packets), "every one is counted"


def test_more_registrations_than_room():
    """M-16 X-04: strangers who register more than bindings-max get 130, and cost those who are in nothing: no packet lost, refreshed as before"""
    extra = (f"bindings-max = {ROOM}\n"
             'range "open" {\n  home-prefix = "2001:db8:600::/40"\n'
             '  prefix = {"2001:db8:600::/40"}\n  shortest = 48\n}\n')
    with topology.World(guests=("vm1",), mrd_extra="lifetime = 8s", had_extra=extra) as world:
        world.boot("vm1", "A")
        net, vm1 = world.net, world.guests["vm1"]
        net.ns("stranger")
        net.link("core", "to-stranger", "stranger", "up")
        net.address("core", "to-stranger", "2001:db8:e::1/64")
        net.route("core", "2001:db8:e00::/40", "via", "2001:db8:e::2", "dev", "to-stranger")
        to_had = net.ip_json("ha", "link", "show", "uplink")[0]["address"]
        with Wire(net.full("core"), "to-ha") as wire:
            flow = Flow(net, "cn", "vm1", vm1.address, 7001, rate=200 // lab.SLOW)
            before = world.binding("vm1")
            status = register_all(wire, to_had)
            assert status.count(0) == ROOM - 1 and status.count(130) == STRANGERS - ROOM + 1, status
            lab.eventually(lambda: world.binding("vm1")["seq"] != before["seq"], 6, "refreshed")
            now = world.binding("vm1")
            record = stop_flows([flow])[0]
        assert {k: now[k] for k in ("coa", "moves", "prefixes", "state")} == {
            k: before[k] for k in ("coa", "moves", "prefixes", "state")}
        assert world.had.process.running()
        assert record.lost == 0, record.counts()


def register_all(wire, mac):
    """Every stranger registers from a care-of address of his own: the statuses, in order."""
    status = []
    for i in range(STRANGERS):
        net = f"2001:db8:6{i >> 8:02x}:{i & 255:x}::/64"
        hoa, coa = first_host(net), f"2001:db8:e00::{i % 20 + 2:x}"
        wire.send(bu(hoa, coa, topology.HOME_AGENT, 1, lifetime=60, prefixes=[net]), mac)
        status.append(wire.expect(is_ba(hoa), 5, f"the answer to stranger {i}").message().status)
    return status
