"""had, asked by a mobile router made of packets: what it answers, and what it does to the routes.

    Scapy as mobile router ---- up | had (home agent) | cn ---- Scapy as correspondent
     any number of care-of               2001:db8:100::1
     addresses in 2001:db8:f::/48

Every case is a list of steps: what is sent, then the answer with all of its fields or that there
was none, then what `ip -j` and `show bindings` must say. A step that is refused or ignored must
leave routes and binding as they were, to the letter. That no answer came is proven by a question
sent right behind (a de-registration of nobody) whose answer arrived: no waiting for nothing.
"""

import struct

import pytest
from bench import HA
from peer import MIP6OptNonceIndices, MIP6OptUnknown, raw_mh

FOREIGN = "2001:db8:dead::1"

BASIC = {
    "N-02 N-13 N-25 M-22 M-24 explicit mode: registered and forwarded": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
    ],
    "N-02 N-10 implicit mode: the prefixes configured for the home address": lambda g: [
        g.of("implicit").sends(1).gets(0).forwards(g.p(0, 1)),
    ],
    "N-08 N-10 explicit mode after implicit: the prefixes sent count": lambda g: [
        g.of("both").sends(1).gets(0).forwards(g.p(0, 1)),
        g.sends(2, g.p(1)).gets(0).forwards(g.p(1) + [f"{g.hoa}/128"]),
    ],
    "N-13 several prefixes: all are forwarded": lambda g: [
        g.sends(1, g.p(0, 1, 2, 3)).gets(0).forwards(g.p(0, 1, 2, 3)),
    ],
    "N-17 a prefix dropped on refresh is no longer forwarded": lambda g: [
        g.sends(1, g.p(0, 1)).gets(0).forwards(g.p(0, 1)),
        g.sends(2, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(3, g.p(0, 2)).gets(0).forwards(g.p(0, 2)),
    ],
    "X-01 X-05 N-23 a move: the same home address from another care-of address": lambda g: [
        g.sends(1, g.p(0, 1)).gets(0).forwards(g.p(0, 1)),
        g.sends(2, g.p(0, 1), coa=g.coa(1)).gets(0).forwards(g.p(0, 1)),
        g.sends(3, g.p(0, 1), coa=g.coa(0)).gets(0).forwards(g.p(0, 1)),
    ],
    "M-13 M-24 the Alternate Care-of Address counts, the answer goes to the source": lambda g: [
        g.sends(1, g.p(0), coa=g.coa(1), src=g.coa(0)).gets(0, to=g.coa(0)).forwards(g.p(0)),
    ],
    "M-13 without the option the wire source is the care-of address": lambda g: [
        g.sends(1, g.p(0), altcoa=None).gets(0).forwards(g.p(0)),
    ],
    "M-20 A is clear and yet there is an answer": lambda g: [
        g.sends(1, g.p(0), flags="HR").gets(0).forwards(g.p(0)),
    ],
    "M-05 an unknown option in front of the prefix is skipped": lambda g: [
        g.sends(1, g.p(0), before=[MIP6OptUnknown(otype=200, odata=b"abc")]).gets(0)
        .forwards(g.p(0)),
    ],
    "M-25 K is never set in an answer": lambda g: [
        g.sends(1, g.p(0), flags="AHKR").gets(0).forwards(g.p(0)),
    ],
    "M-18 N-22 L is accepted: on a virtual home link there is nothing to defend": lambda g: [
        g.sends(1, g.p(0), flags="AHLR").gets(0).forwards(g.p(0)),
    ],
    "N-06 R is clear: registered as a plain host, prefixes are never forwarded": lambda g: [
        g.sends(1, g.p(1), flags="AH").gets(0, r=False).forwards([f"{g.hoa}/128"]),
    ],
    "N-12 H-02 a home address inside of its own prefix is served": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
    ],
    "N-12 a home address outside of its prefixes gets a route of its own": lambda g: [
        g.sends(1, g.p(1)).gets(0).forwards(g.p(1) + [f"{g.hoa}/128"]),
    ],
    "H-01 the first answer is not held up by duplicate address detection": lambda g: [
        g.sends(1, g.p(0)).gets(0, within=0.5).forwards(g.p(0)),
    ],
}

REFUSED = {
    "N-15 129 for a home address inside of a prefix that another one has registered": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.as_another().sends(1, g.p(1)).gets(129).nothing_bound(),
    ],
    "N-11 N-15 142 for a prefix shorter than the range allows": lambda g: [
        g.sends(1, [f"{g.net}::/48"]).gets(142).nothing_bound(),
    ],
    "M-14 132 for a home address that is not served": lambda g: [
        g.hoa_is(FOREIGN).sends(1, g.p(0)).gets(132).nothing_bound(),
    ],
    "M-14 N-18 132 leaves no binding, also in implicit mode": lambda g: [
        g.hoa_is(FOREIGN).sends(1).gets(132).nothing_bound(),
    ],
    "M-26 133 de-registering what is not registered": lambda g: [
        g.sends(1, lifetime=0).gets(133).nothing_bound(),
    ],
    "X-02 133 when the old care-of address de-registers": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(2, g.p(0), coa=g.coa(1)).gets(0).forwards(g.p(0)),
        g.sends(3, coa=g.coa(0), lifetime=0).gets(133),
        g.sends(3, g.p(0), coa=g.coa(1)).gets(0).forwards(g.p(0)),
    ],
    "M-10 135 with the last value for one that is not newer": lambda g: [
        g.sends(1000, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(1000, g.p(0)).gets(135, seq=1000),
        g.sends(999, g.p(0), coa=g.coa(1)).gets(135, seq=1000),
        g.sends(1001, g.p(0)).gets(0).forwards(g.p(0)),
    ],
    "N-09 139 when R is set and was not": lambda g: [
        g.sends(1, flags="AH").gets(0, r=False).forwards([f"{g.hoa}/128"]),
        g.sends(2, g.p(0)).gets(139),
    ],
    "N-09 139 when R is clear and was set; a de-registration may have it so": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(2, g.p(0), flags="AH").gets(139),
        g.sends(3, flags="AH", lifetime=0).gets(0, r=False).unbound(),
    ],
    "M-11 139 when H is clear and was set": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(2, flags="A").gets(139),
    ],
    "N-05 140 for R without H": lambda g: [
        g.sends(1, g.p(0), flags="AR").gets(140).nothing_bound(),
    ],
    "N-14 N-18 141 for a prefix with host bits beside a good one": lambda g: [
        g.sends(1, g.p(0) + [f"{g.net}:1::1/64"]).gets(141).nothing_bound(),
    ],
    "N-14 141 for a multicast prefix beside a good one": lambda g: [
        g.sends(1, g.p(0) + ["ff02::/64"]).gets(141).nothing_bound(),
    ],
    "N-14 141 for a link-local prefix beside a good one": lambda g: [
        g.sends(1, ["fe80::/64"] + g.p(0)).gets(141).nothing_bound(),
    ],
    "N-14 141 for a prefix of no bits": lambda g: [
        g.sends(1, g.p(0) + ["::/0"]).gets(141).nothing_bound(),
    ],
    "N-14 141 for prefixes that overlap each other": lambda g: [
        g.sends(1, [f"{g.net}:0::/60", f"{g.net}:1::/64"]).gets(141).nothing_bound(),
    ],
    "N-14 N-18 141 on refresh leaves the old prefixes as they were": lambda g: [
        g.sends(1, g.p(0, 1)).gets(0).forwards(g.p(0, 1)),
        g.sends(2, g.p(0) + ["ff02::/64"]).gets(141),
    ],
    "N-11 N-15 142 for a prefix outside of what the range may bring": lambda g: [
        g.sends(1, ["2001:db8:999::/64"]).gets(142).nothing_bound(),
    ],
    "N-11 N-15 142 for a prefix that the table gives to another home address": lambda g: [
        g.of("table").sends(1, ["2001:db8:300:1::/64"]).gets(142).nothing_bound(),
    ],
    "N-15 142 on refresh leaves the old binding as it was": lambda g: [
        g.of("keeper").sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(2, g.p(0) + ["2001:db8:300:1::/64"]).gets(142),
    ],
    "X-07 H-05 142 for a prefix that another home address has registered": lambda g: [
        g.sends(1, g.p(0, 5)).gets(0).forwards(g.p(0, 5)),
        g.as_another().sends(1, g.p(1) + g.p(5)).gets(142).nothing_bound(),
    ],
    "N-16 143 in implicit mode with nothing configured": lambda g: [
        g.sends(1).gets(143).nothing_bound(),
    ],
    "T-04 174 for a care-of address that is the home agent's own": lambda g: [
        g.sends(1, g.p(0), coa=HA, src=g.coa(0)).gets(174, to=g.coa(0)).nothing_bound(),
    ],
    "T-04 174 for a care-of address inside of the prefix it registers": lambda g: [
        g.sends(1, g.p(0), coa=f"{g.net}::77", src=g.coa(0)).gets(174, to=g.coa(0))
        .nothing_bound(),
    ],
}

DEREGISTERED = {
    "N-19 N-20 M-26 lifetime 0: binding, tunnel and all routes go": lambda g: [
        g.sends(1, g.p(0, 1)).gets(0).forwards(g.p(0, 1)),
        g.sends(2, lifetime=0).gets(0, lifetime=0).unbound(),
    ],
    "N-19 care-of address equal to the home address is a de-registration too": lambda g: [
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(2, coa=g.hoa, src=g.coa(0)).gets(0, lifetime=0).unbound(),
    ],
    "N-21 prefixes in a de-registration are ignored: all go": lambda g: [
        g.sends(1, g.p(0, 1)).gets(0).forwards(g.p(0, 1)),
        g.sends(2, g.p(0), lifetime=0).gets(0, lifetime=0).unbound(),
    ],
    "M-27 a late Binding Update within the grace gets 135, a newer one is registered": lambda g: [
        g.sends(10, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(12, lifetime=0).gets(0, lifetime=0).unbound(),
        g.sends(11, g.p(0)).gets(135, seq=12).unbound(),
        g.sends(13, g.p(0)).gets(0).forwards(g.p(0)),
    ],
    "M-10 an old sequence number de-registers nothing": lambda g: [
        g.sends(10, g.p(0)).gets(0).forwards(g.p(0)),
        g.sends(10, lifetime=0).gets(135, seq=10),
    ],
}

IGNORED = {
    "M-07 a multicast home address": lambda g: [
        g.hoa_is("ff02::1").sends(1, g.p(0)).is_ignored().nothing_bound(),
    ],
    "M-07 the unspecified home address": lambda g: [
        g.hoa_is("::").sends(1, g.p(0)).is_ignored().nothing_bound(),
    ],
    "M-07 a link-local home address": lambda g: [
        g.hoa_is("fe80::1").sends(1, g.p(0)).is_ignored().nothing_bound(),
    ],
    "M-12 M-13 a multicast care-of address in the option": lambda g: [
        g.sends(1, g.p(0), altcoa="ff02::1").is_ignored().nothing_bound(),
    ],
    "M-12 M-13 the loopback address as care-of address": lambda g: [
        g.sends(1, g.p(0), altcoa="::1").is_ignored().nothing_bound(),
    ],
    "M-11 H together with Nonce Indices": lambda g: [
        g.sends(1, g.p(0), after=[MIP6OptNonceIndices(olen=4, hni=1, coni=2)]).is_ignored()
        .nothing_bound(),
    ],
    "M-01 one bit of the checksum is wrong": lambda g: [
        g.sends(1, g.p(0)).damaged().is_ignored().nothing_bound(),
        g.sends(1, g.p(0)).gets(0).forwards(g.p(0)),
    ],
    "M-12 an option that runs past the end": lambda g: [
        g.sends_raw(raw_mh(g.coa(0), HA, struct.pack("!BBBBHHHH", 59, 1, 5, 0, 0, 1, 0xC400, 30)
                           + bytes([6, 18, 0, 64]), hao=g.hoa)).is_ignored().nothing_bound(),
    ],
    "M-20 a Binding Acknowledgement sent to the home agent": lambda g: [
        g.sends_raw(raw_mh(g.coa(0), HA, struct.pack("!BBBBHBBHH", 59, 1, 6, 0, 0, 0, 0x40, 1, 30)
                           + bytes([1, 2, 0, 0]), hao=g.hoa)).is_ignored().nothing_bound(),
    ],
}


def window(last, seq, accepted):
    """M-09: with d = seq - last modulo 65536 it is newer if 1 <= d <= 32767."""
    def steps(g):
        first = g.sends(last, g.p(0)).gets(0).forwards(g.p(0))
        step = g.sends(seq, g.p(0), coa=g.coa(1))
        return [first, step.gets(0).forwards(g.p(0)) if accepted else step.gets(135, seq=last)]
    return steps


SEQUENCE = {
    f"M-09 after {last}, {seq} is {'newer' if newer else 'not newer'}": window(last, seq, newer)
    for last, seq, newer in [
        (15, 16, True), (15, 32782, True), (15, 32783, False), (15, 65535, False), (15, 0, False),
        (15, 15, False), (65535, 0, True), (65535, 32766, True), (65535, 32767, False),
        (0, 32767, True), (0, 32768, False), (40000, 7231, True), (40000, 7232, False),
    ]
}


def lifetime(asked, granted):
    return lambda g: [g.sends(1, g.p(0), lifetime=asked).gets(0, lifetime=granted)
                      .forwards(g.p(0))]


LIFETIMES = {
    f"M-19 M-22 {asked} s asked for, {granted} s granted": lifetime(asked, granted)
    for asked, granted in [(4, 4), (120, 120), (240, 240), (244, 240), (262140, 240)]
}


def table(cases):
    return [pytest.param(steps, id=name) for name, steps in cases.items()]


@pytest.mark.parametrize("steps", table(BASIC))
def test_registers(had, steps):
    had.walk(steps)


@pytest.mark.parametrize("steps", table(REFUSED))
def test_refuses(had, steps):
    had.walk(steps)


@pytest.mark.parametrize("steps", table(DEREGISTERED))
def test_deregisters(had, steps):
    had.walk(steps)


@pytest.mark.parametrize("steps", table(IGNORED))
def test_ignores(had, steps):
    had.walk(steps)


@pytest.mark.parametrize("steps", table(SEQUENCE))
def test_sequence(had, steps):
    had.walk(steps)


@pytest.mark.parametrize("steps", table(LIFETIMES))
def test_grants(had, steps):
    had.walk(steps)
