"""mrd, heard by a home agent made of packets: what it sends, when, and what it does with answers.

    Scapy as home agent and router ---- up | mrd | vm ---- Scapy as guests
    2001:db8:100::1                2001:db8:a::10          any MAC, any prefix

Each test brings a guest of its own, so that one daemon serves them all. Intervals are taken from
the kernel's time stamps of the packets, not from when the test looked.
"""

import struct

import lab
import pytest
from bench import COUNT, HA
from mrd_bench import MrdGuest
from peer import (
    BE, BU, MIP6MH_BE, MIP6MH_BRR, MIP6OptBRAdvice, ba, is_bu, is_icmp6, is_mh, raw_mh, routed,
    text,
)

# In seconds. Timers run from when a word was read; on a busy machine the tunnel that the first
# Binding Update needs may take a while to make, so that the second seems early.
EARLY, LATE = 0.1, 0.12


def near(measured, wanted):
    return wanted - EARLY <= measured <= wanted + LATE


def newer(a, b):
    return 1 <= (a - b) & 0xFFFF <= 32767


# ---- the first Binding Update ----


def test_first_update(mrd):
    """M-38 M-39 M-40 N-04 N-07 M-06: flags A H R, Home Address option, source and Alternate
    Care-of Address the care-of address, the prefixes, a lifetime"""
    g = MrdGuest(prefixes=2)
    message = mrd.running(g)
    assert (message.src, message.dst, message.home) == (mrd.coa, HA, g.hoa)
    assert message.has("AHR"), hex(message.flags)
    assert message.has_hao and not message.has_rh2 and message.checksum_ok
    assert message.altcoa == mrd.coa and message.prefixes == g.prefixes
    assert 0 < message.lifetime <= 240 and message.proto == 59
    for kind, at, _ in message.options:
        align, offset = {3: (8, 6), 6: (8, 4), 1: (1, 0)}[kind]
        assert at % align == offset, (kind, at)
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_sequence_is_the_time(mrd):
    """M-42 X-01: the sequence number is the time in steps of 1/64 s: another host's is newer"""
    g = MrdGuest()
    message = mrd.running(g)
    now = int(message.at * 64) & 0xFFFF
    assert (now - message.seq) & 0xFFFF <= 64, (now, message.seq)
    mrd.answer(g, message)


def test_refresh_lists_the_same(mrd):
    """N-08 N-10 N-09: two refreshes in a row carry the same prefixes and flags, newer numbers"""
    g = MrdGuest(prefixes=3)
    first = mrd.bind(g)
    last = first
    for _ in range(2):
        mrd.say("refresh", g)
        message = mrd.update(g)
        assert message.prefixes == first.prefixes and message.flags == first.flags
        assert newer(message.seq, last.seq)
        mrd.answer(g, message)
        last = message
    lab.eventually(lambda: mrd.binding(g)["seq"] == last.seq, 2, "the last one is acknowledged")


def test_implicit_mode(mrd_with):
    """N-03 N-07: in implicit mode there is no Mobile Network Prefix option"""
    mrd = mrd_with("mode = implicit\n")
    g = MrdGuest(prefixes=2)
    message = mrd.running(g)
    assert message.prefixes == [] and message.has("AHR") and message.altcoa == mrd.coa
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


# ---- retransmission ----


def times(mrd, guest, within, enough):
    return [f.message() for f in mrd.ha.gather(is_bu(guest.hoa), within, enough)]


def test_retransmits(mrd):
    """M-41 M-42 M-44 M-59: without an answer again after 1.5 s and 3 s more, where a binding is
    known after 1 s and 2 s; each with a newer number; one guest does not wait for the other"""
    fresh, known = MrdGuest(), MrdGuest()
    mrd.bind(known)
    mrd.ha.drain()
    mrd.say("running", fresh)
    mrd.say("refresh", known)
    said = {fresh.hoa: [], known.hoa: []}
    frames = mrd.ha.gather(lambda f: is_mh(BU)(f) and text(f.head.home) in said, 6, enough=6)
    for frame in frames:
        said[text(frame.head.home)].append(frame.message())
    for guest, waits in ((fresh, (1.5, 3.0)), (known, (1.0, 2.0))):
        sent = said[guest.hoa]
        assert len(sent) == 3, sent
        for a, b, wait in zip(sent, sent[1:], waits):
            assert near(b.at - a.at, wait), (guest.name, b.at - a.at, wait)
            assert newer(b.seq, a.seq)
        mrd.answer(guest, sent[-1])
    for guest in (fresh, known):
        lab.eventually(lambda g=guest: mrd.state(g) == "bound", 2, "the third is answered")


def test_first_timeout_is_configurable(mrd_with):
    """M-60 M-41: the first time-out can be set, doubling goes on from there"""
    mrd = mrd_with("first-timeout = 200ms\n")
    g = MrdGuest()
    mrd.say("running", g)
    sent = times(mrd, g, 3, 4)
    gaps = [b.at - a.at for a, b in zip(sent, sent[1:])]
    assert len(gaps) == 3 and all(near(x, w) for x, w in zip(gaps, (0.2, 0.4, 0.8))), gaps


def test_an_earlier_update_may_be_the_one_answered(mrd_with):
    """M-47: the answer to any outstanding Binding Update of this registration counts"""
    mrd = mrd_with("first-timeout = 200ms\n")
    g = MrdGuest()
    mrd.say("running", g)
    first, second = times(mrd, g, 2, 2)
    mrd.answer(g, first)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound by the first")
    mrd.answer(g, second, status=0)


def test_ten_changes_in_a_second(mrd_with):
    """M-43: the care-of address changes ten times in a second: three Binding Updates at most, and
    the last one tells the last address"""
    mrd = mrd_with()
    g = MrdGuest()
    mrd.bind(g)
    lab.pause(1.1)  # the first one is no longer in the second that is counted
    mrd.ha.drain()
    old = mrd.coa
    began = lab.mono_ns()
    for i in range(10):
        lab.wait_until(began + i * 90_000_000)
        fresh = f"2001:db8:a::{0x100 + i:x}"
        mrd.net.ip("host", "-6", "addr", "add", f"{fresh}/64", "dev", "uplink", "nodad")
        mrd.net.ip("host", "-6", "addr", "del", f"{old}/64", "dev", "uplink")
        old = fresh
    sent = [f.message() for f in mrd.ha.gather(is_bu(g.hoa), 2.6)]
    for i, message in enumerate(sent):
        within = [m for m in sent[i:] if m.at - message.at < 0.98]
        assert len(within) <= 3, [m.at - sent[0].at for m in sent]
    assert sent[-1].src == old and sent[-1].altcoa == old, sent[-1]
    mrd.answer(g, sent[-1])
    lab.eventually(lambda: mrd.state(g) == "bound" and mrd.binding(g)["coa"] == old, 2, "bound")


def test_fifty_guests_move_together(mrd_with):
    """X-04 M-43: the care-of address changes under 50 guests: all 50 tell it within a second"""
    mrd = mrd_with()
    guests = [MrdGuest() for _ in range(50)]
    for g in guests:
        mrd.answer(g, mrd.running(g))
    lab.eventually(lambda: all(b["state"] == "bound" for b in mrd.daemon.ask("show", "bindings")),
                   5, "all bound")
    mrd.ha.drain()
    fresh = "2001:db8:a::99"
    mrd.net.ip("host", "-6", "addr", "add", f"{fresh}/64", "dev", "uplink", "nodad")
    mrd.net.ip("host", "-6", "addr", "del", f"{mrd.coa}/64", "dev", "uplink")
    frames = mrd.ha.gather(lambda f: is_mh(BU)(f) and f.src == fresh, 3, enough=50)
    assert {text(f.head.home) for f in frames} == {g.hoa for g in guests}
    took = frames[-1].at - frames[0].at
    print(f"50 guests told their new care-of address within {took * 1000:.1f} ms")
    assert took < 1.0


# ---- what is believed ----


def test_135(mrd):
    """M-48 M-10: 135 is taken without a matching number; the next one is the number given + 1"""
    g = MrdGuest()
    message = mrd.running(g)
    last = (message.seq + 20000) & 0xFFFF
    mrd.answer(g, message, 135, seq=last)
    again = mrd.update(g, within=0.5)
    assert again.seq == (last + 1) & 0xFFFF, (again.seq, last)
    mrd.answer(g, again)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    mrd.say("refresh", g)
    assert newer(mrd.update(g).seq, again.seq)


FORGED = {
    "M-47 a wrong sequence number": lambda m, g: ba(HA, m.src, g.hoa, (m.seq + 1) & 0xFFFF),
    "M-57 no routing header": lambda m, g: ba(HA, m.src, g.hoa, m.seq, rh2=None),
    "M-57 a foreign home address in the routing header":
        lambda m, g: ba(HA, m.src, g.hoa, m.seq, rh2="2001:db8:2ff::1"),
    "M-47 from somebody who is not the home agent":
        lambda m, g: ba(HA, m.src, g.hoa, m.seq, src="2001:db8:bad::1"),
    "M-48 135 from somebody who is not the home agent":
        lambda m, g: ba(HA, m.src, g.hoa, 1, 135, src="2001:db8:bad::1"),
    "M-52 134 from somebody who is not the home agent":
        lambda m, g: ba(HA, m.src, g.hoa, m.seq, 134, src="2001:db8:bad::1"),
}


@pytest.mark.parametrize("forge", [pytest.param(f, id=name) for name, f in FORGED.items()])
def test_ignores(mrd, forge):
    """M-47: what is no acknowledgement of ours changes nothing; the true one still does"""
    g = MrdGuest()
    message = mrd.running(g)
    COUNT.exchanges += 1
    mrd.send(forge(message, g))
    mrd.settle()
    assert mrd.state(g) == "waiting"
    mrd.no_update(g, 0)
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_ignores_damage(mrd):
    """M-01: an acknowledgement with a wrong checksum is dropped without a word"""
    g = MrdGuest()
    message = mrd.running(g)
    damaged = bytearray(bytes(ba(HA, message.src, g.hoa, message.seq)))
    damaged[-1] ^= 1
    COUNT.exchanges += 1
    mrd.send(bytes(damaged))
    mrd.settle()
    assert mrd.state(g) == "waiting"
    mrd.ha.silence(lambda f: f.upper == 58 and f.head.body[0] < 128, 0, "an ICMPv6 error")


def test_ignores_a_replay(mrd):
    """M-47: the acknowledgement of the last registration says nothing about the next"""
    g = MrdGuest()
    old = mrd.bind(g)
    mrd.say("refresh", g)
    message = mrd.update(g)
    COUNT.exchanges += 1
    mrd.answer(g, old, 129)
    mrd.settle()
    assert mrd.state(g) == "bound"
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.binding(g)["seq"] == message.seq, 2, "the refresh counts")


def test_status_1(mrd):
    """M-49: status 1 is an acceptance"""
    g = MrdGuest()
    mrd.answer(g, mrd.running(g), 1, r=True)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


# ---- lifetimes ----


def test_shorter_lifetime(mrd):
    """M-49 M-50: a granted lifetime counts from the sending of the Binding Update; the refresh
    comes at its half, or when the home agent advised"""
    half, advised = MrdGuest(), MrdGuest()
    sent = {}
    for g, how in ((half, {"lifetime": 8}),
                   (advised, {"lifetime": 12, "options": [MIP6OptBRAdvice(rinter=1)]})):
        sent[g] = mrd.running(g)
        mrd.answer(g, sent[g], **how)
        lab.eventually(lambda g=g: mrd.state(g) == "bound", 2, "bound")
    assert mrd.binding(half)["lifetime_s"] == 8 and mrd.binding(half)["left_s"] <= 8
    mrd.ha.drain()
    frames = mrd.ha.gather(lambda f: is_mh(BU)(f) and text(f.head.home) in
                           (half.hoa, advised.hoa), 6, enough=2)
    refreshed = {text(f.head.home): f.at for f in frames}
    assert near(refreshed[half.hoa] - sent[half].at, 4.0), refreshed
    assert near(refreshed[advised.hoa] - sent[advised].at, 4.0), refreshed
    for g in (half, advised):
        mrd.say("gone", g)


def test_more_than_asked_for(mrd):
    """M-49: a granted lifetime above the one asked for is not believed"""
    g = MrdGuest()
    message = mrd.running(g)
    mrd.answer(g, message, lifetime=4000)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    assert mrd.binding(g)["left_s"] <= message.lifetime


def test_lapse(mrd):
    """M-49 M-59: a lifetime that ends without an answer is told, and registering goes on"""
    g = MrdGuest()
    mrd.answer(g, mrd.running(g), lifetime=4)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    mrd.events.expect("lapsed", within=6, name=g.name)
    assert mrd.state(g) == "lapsed"
    mrd.ha.drain()
    mrd.say("refresh", g)
    mrd.answer(g, mrd.update(g))
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound again")


# ---- being asked ----


def test_refresh_request(mrd):
    """M-55: a Binding Refresh Request of the home agent is answered by a Binding Update, one of a
    stranger is not"""
    g = MrdGuest()
    first = mrd.bind(g)
    COUNT.exchanges += 2
    mrd.send(routed("2001:db8:bad::1", first.src, g.hoa, MIP6MH_BRR()))
    mrd.settle()
    mrd.no_update(g, 0)
    mrd.send(routed(HA, first.src, g.hoa, MIP6MH_BRR()))
    message = mrd.update(g)
    assert newer(message.seq, first.seq)
    mrd.answer(g, message)


def test_binding_error_1(mrd):
    """M-54: Binding Error 1 of the home agent: register again; of a stranger: nothing"""
    g = MrdGuest()
    first = mrd.bind(g)
    COUNT.exchanges += 2
    mrd.send(routed("2001:db8:bad::1", first.src, None, MIP6MH_BE(status=1, ha=g.hoa)))
    mrd.settle()
    mrd.no_update(g, 0)
    mrd.send(routed(HA, first.src, None, MIP6MH_BE(status=1, ha=g.hoa)))
    message = mrd.update(g)
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def test_binding_error_2(mrd):
    """M-54: Binding Error 2 speaks of an extension; we asked for none, registration goes on"""
    g = MrdGuest()
    first = mrd.bind(g)
    COUNT.exchanges += 1
    mrd.send(routed(HA, first.src, None, MIP6MH_BE(status=2, ha=g.hoa)))
    mrd.settle()
    assert mrd.state(g) == "bound"


MALFORMED = {
    "M-02 unknown type": (59, 1, 99, None),
    "M-03 Payload Proto 41": (41, 1, 6, 0),
    "M-04 Header Len 0": (59, 0, 6, 1),
}


@pytest.mark.parametrize("case", [pytest.param(c, id=name) for name, c in MALFORMED.items()])
def test_malformed(mrd, case):
    """M-02 M-03 M-04: Binding Error 2, or a Parameter Problem at the octet at fault"""
    proto, length, kind, pointer = case
    mh = struct.pack("!BBBBHHHH", proto, length, kind, 0, 0, 1, 0, 30) + bytes([1, 2, 0, 0])
    sent = raw_mh(HA, mrd.coa, mh[: 8 * (length + 1)])
    COUNT.exchanges += 1
    mrd.send(sent)
    if pointer is None:
        error = mrd.ha.expect(is_mh(BE), 2, "a Binding Error").message()
        assert (error.status, error.src, error.dst, error.be_home) == (2, mrd.coa, HA, "::")
        return
    frame = mrd.ha.expect(is_icmp6(4), 2, "a Parameter Problem")
    code, value = frame.head.body[1], struct.unpack("!I", frame.head.body[4:8])[0]
    assert (code, value, frame.dst) == (0, 40 + pointer, HA)
    assert frame.head.body[8:] == bytes(sent)


# ---- the end of it ----


def test_gone_is_silent(mrd):
    """X-03 X-06: `gone` sends nothing: the destination may have registered already"""
    g = MrdGuest()
    mrd.bind(g)
    mrd.say("suspended", g)
    mrd.say("gone", g)
    mrd.settle()
    mrd.no_update(g, 0)


def test_suspended_is_silent(mrd):
    """X-03: from `suspended` on no Binding Update until it runs here again, not even when asked"""
    g = MrdGuest()
    first = mrd.bind(g, lifetime=4)
    mrd.say("suspended", g)
    COUNT.exchanges += 1
    mrd.send(routed(HA, first.src, g.hoa, MIP6MH_BRR()))
    mrd.no_update(g, 2.5)  # its refresh would have come after 2 s
    mrd.say("running", g)
    again = mrd.update(g)
    assert newer(again.seq, first.seq) and again.lifetime > 0
    mrd.answer(g, again)


def test_deregister(mrd):
    """N-21 M-39 M-38: a guest that was shut down: lifetime 0, no prefixes, the care-of address"""
    g = MrdGuest(prefixes=2)
    mrd.bind(g)
    mrd.daemon.ask("guest", "gone", g.name, "deregister")
    message = mrd.update(g)
    assert message.lifetime == 0 and message.prefixes == [] and message.altcoa == mrd.coa
    assert message.has("AHR")
    mrd.answer(g, message, lifetime=0)
