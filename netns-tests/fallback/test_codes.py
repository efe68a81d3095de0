"""Two home agents made of packets: what mrd does when one refuses, or does not answer.

    Scapy as two home agents and router ---- up | mrd | vm ---- Scapy as guests
    2001:db8:100::1, 2001:db8:100::2       2001:db8:a::10

A story is what the guest's mobile router asks and what it is told: "1e142" is the first home agent
asked in explicit mode and answering 142, "2i-" the second in implicit mode without an answer,
"2e0" accepts. A story ends with "stop" (nobody is asked any more) or with an acceptance. All
stories of a mode are told at the same time, to a guest each.
"""

import struct

import lab
import pytest
from bench import COUNT, HA
from mrd_bench import MrdGuest
from peer import BU, ICMP6, IPv6, Raw, internet_checksum, is_mh, octets, ping, text, tunnelled

HA2 = "2001:db8:100::2"
AGENTS = {"1": HA, "2": HA2}
FIRST_S = 1 if lab.SLOW == 1 else 4  # the peer has to be faster with its answers
# Timers run from when a message was read, packets go out when the kernel has what they need.
EARLY = 0.1
QUICK = f"first-timeout = {FIRST_S}s\nnext-agent-after = {FIRST_S}s\n"

# Every status but 135, in each mode: the first home agent says it.
ELSEWHERE = [129, 131, 132, 133, 136, 137, 138, 139, 140, 144, 145, 146, 174]
NOW = [128, 130]
STORIES = {
    "explicit":
        [f"1e{s} 2e0" for s in ELSEWHERE + NOW + [141, 142]] +
        ["1e134 stop", "1e143 stop", "1e140 2e140 stop", "1e142 2e141 stop", "1e- 2e0",
         "1e- 2e140 1e0", "1e129 2e142 stop"],
    "implicit":
        [f"1i{s} 2i0" for s in ELSEWHERE + NOW + [143]] +
        ["1i134 stop", "1i141 stop", "1i142 stop", "1i140 2i140 stop", "1i143 2i143 stop",
         "1i- 2i0"],
    "explicit-then-implicit":
        ["1e142 2e142 1i0", "1e141 2e142 1i143 2i0", "1e142 2e142 1i143 2i143 stop",
         "1e140 2e140 stop", "1e143 stop", "1e142 2e140 1i0", "1e- 2e142 2i0",
         "1e142 2e141 1i142 stop"],
    "implicit-then-explicit":
        ["1i143 2i143 1e0", "1i143 2i143 1e142 2e0", "1i143 2i143 1e142 2e141 stop",
         "1i140 2i140 stop", "1i141 stop", "1i143 2i140 1e0"],
}


class Told:
    """One guest's story, and where in it we are."""

    def __init__(self, story):
        self.guest, self.story = MrdGuest(), story
        self.steps = story.split()
        self.last = None  # the Binding Update before

    @property
    def over(self):
        return not self.steps or self.steps == ["stop"]

    def takes(self, mrd, message):
        """The Binding Update is the one of the story; it is answered as the story says."""
        assert not self.over, f"{self.story}: and then {message}"
        step = self.steps.pop(0)
        where = (self.story, step, message)
        assert message.dst == AGENTS[step[0]], where
        assert message.prefixes == (self.guest.prefixes if step[1] == "e" else []), where
        if self.last:
            assert message.at - self.last.at >= FIRST_S - EARLY, (where, message.at - self.last.at)
        self.last = message
        if step[2:] != "-":
            mrd.answer(self.guest, message, int(step[2:]))


def tell(mrd, stories):
    told = {t.guest.hoa: t for t in map(Told, stories)}

    def listen(within, enough=None):
        for frame in mrd.ha.gather(is_mh(BU), within, enough=enough):
            told[text(frame.head.home)].takes(mrd, frame.message())

    for t in told.values():
        mrd.say("running", t.guest)
        listen(0.01)
    deadline = lab.mono_ns() + int(20e9 * lab.SLOW)
    while not all(t.over for t in told.values()):
        assert lab.mono_ns() < deadline, [(t.story, t.steps) for t in told.values() if not t.over]
        listen(0.3, enough=1)
    listen(2 * FIRST_S)  # nobody is asked after a story's end
    return told.values()


@pytest.mark.parametrize("mode", [
    pytest.param("explicit", id="N-28 N-29 N-31 N-32 N-34 M-45 M-53 explicit"),
    pytest.param("implicit", id="N-30 N-32 N-33 M-45 M-53 implicit"),
    pytest.param("explicit-then-implicit", id="N-34 N-35 N-32 explicit-then-implicit"),
    pytest.param("implicit-then-explicit", id="N-33 N-35 N-30 implicit-then-explicit"),
])
def test_stories(mrd_of, mode):
    """N-30 N-31 N-32 N-33 N-34 N-35 M-45: every status in every mode leads to whom the RFCs say,
    not before the first time-out is over, and ends when all have refused"""
    mrd = mrd_of(f"mode = {mode}\n{QUICK}")
    for t in tell(mrd, STORIES[mode]):
        binding = mrd.binding(t.guest)
        if t.steps:
            assert binding["state"] == "refused" and binding["tried"], (t.story, binding)
            assert not binding["refresh_in_s"], (t.story, binding)
        else:
            assert binding["state"] == "bound" and not binding["tried"], (t.story, binding)
            assert binding["home_agent"] == t.last.dst, (t.story, binding)
            assert binding["mode"] == ("explicit" if t.last.prefixes else "implicit"), binding
    print(f"{mode}: {len(STORIES[mode])} stories")


def test_accepted_without_r(mrd_of):
    """N-28: who accepts but is no home agent of mobile routers is de-registered from first"""
    mrd = mrd_of(QUICK)
    g = MrdGuest()
    message = mrd.running(g)
    mrd.answer(g, message, 0, r=False)
    farewell = mrd.update(g)
    assert (farewell.dst, farewell.lifetime) == (HA, 0)
    mrd.no_update(g, 0.2)
    mrd.answer(g, farewell, 0, lifetime=0, r=False)
    after = mrd.update(g, 3 * FIRST_S)
    assert (after.dst, after.lifetime > 0) == (HA2, True)
    assert after.at - farewell.at >= FIRST_S - EARLY
    mrd.answer(g, after)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")


def comes_through(mrd, g, agent, seq):
    """Does a packet out of that home agent's tunnel reach the guest?"""
    mrd.vm.drain()
    inner = ping("2001:db8:c::1", g.address, seq=seq)
    mrd.send(tunnelled(agent, mrd.coa, inner))
    return bool(mrd.vm.gather(lambda f: f.icmp6(128) and f.dst == g.address, 0.3, enough=1))


def test_the_tunnel_follows(mrd_of):
    """N-37 X-06 N-36: after a change of home agents the former tunnel is open for the grace, and
    then not; what the guest sends goes to the new one"""
    mrd = mrd_of("grace = 3s\n" + QUICK)
    g = MrdGuest()
    mrd.bind(g)
    assert comes_through(mrd, g, HA, 1) and not comes_through(mrd, g, HA2, 2)
    mrd.say("refresh", g)
    mrd.answer(g, mrd.update(g), 140)
    mrd.answer(g, mrd.update(g, 3 * FIRST_S))
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    assert comes_through(mrd, g, HA2, 3) and comes_through(mrd, g, HA, 4)
    lab.eventually(lambda: not any(t["remote"] == HA for t in mrd.daemon.ask("show", "tunnels")),
                   5, "the former tunnel is gone")
    assert not comes_through(mrd, g, HA, 5) and comes_through(mrd, g, HA2, 6)
    mrd.ha.drain()
    mrd.from_guest(g, ping(g.address, "2001:db8:c::1", seq=7))
    frame = mrd.ha.expect(lambda f: f.upper == 41, 2, "a tunnelled packet")
    assert (frame.src, frame.dst) == (mrd.coa, HA2)


def test_the_live_one_first(mrd_of):
    """M-45: a new care-of address is told first to the home agent that has the registration"""
    mrd = mrd_of(QUICK)
    g = MrdGuest()
    first = mrd.running(g)
    mrd.answer(g, first, 140)
    mrd.answer(g, mrd.update(g, 3 * FIRST_S))
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    mrd.ha.drain()
    mrd.net.ip("host", "-6", "addr", "add", "2001:db8:a::99/64", "dev", "uplink", "nodad")
    mrd.net.ip("host", "-6", "addr", "del", f"{mrd.coa}/64", "dev", "uplink")
    message = mrd.update(g)
    assert (message.dst, message.src) == (HA2, "2001:db8:a::99")


def test_one_keeps_going(mrd_of):
    """M-45: with one home agent there is nobody else: it is asked on"""
    mrd = mrd_of(QUICK, agents=(HA,))
    g = MrdGuest()
    mrd.say("running", g)
    sent = mrd.ha.gather(is_mh(BU), 5 * FIRST_S, enough=3)  # at 0, 1 and 3 of them
    assert [f.message().dst for f in sent] == [HA] * 3


def test_prefixes_are_advertised_until_nobody_takes_them(mrd_of):
    """N-34: the guest loses its prefixes when the last home agent has refused them, not before"""
    mrd = mrd_of("mode = explicit-then-implicit\n" + QUICK)
    g = MrdGuest()
    def lifetimes(within):
        from scapy.layers.inet6 import ICMPv6NDOptPrefixInfo
        frames = mrd.vm.gather(lambda f: f.icmp6(134) and f.dst_mac == g.mac, within)
        return [f.ipv6().getlayer(ICMPv6NDOptPrefixInfo).validlifetime for f in frames]
    message = mrd.running(g)
    for status in (142, 142, 143):
        mrd.answer(g, message, status)
        message = mrd.update(g, 3 * FIRST_S)
    assert all(lifetimes(0.1))
    mrd.answer(g, message, 143)
    mrd.events.expect("refused", 2, name=g.name, fatal=True)
    assert lifetimes(0.3) == [0]
    assert mrd.binding(g)["tried"] == [f"{HA} explicit 142", f"{HA2} explicit 142",
                                       f"{HA} implicit 143", f"{HA2} implicit 143"]


# ---- discovery ----

ANYCAST = "2001:db8:100:0:fdff:ffff:ffff:fffe"


def is_request(frame):
    return frame.icmp6(144)


def reply(mrd, request, agents, flags=0x8000):
    ident = struct.unpack("!H", request.head.body[4:6])[0]
    body = struct.pack("!BBHHH", 145, 0, 0, ident, flags) + b"".join(map(octets, agents))
    pseudo = octets(HA) + octets(mrd.coa) + struct.pack("!I3xB", len(body), ICMP6)
    body = body[:2] + struct.pack("!H", internet_checksum(pseudo + body)) + body[4:]
    COUNT.exchanges += 1
    mrd.send(IPv6(src=HA, dst=mrd.coa, nh=ICMP6, hlim=64) / Raw(body))


def test_discovery(mrd_of):
    """M-46 M-45 N-44: home agents are asked for at 0 and 3 s, R set; who answers is used in the
    order of the reply, and a stranger's reply is not believed"""
    mrd = mrd_of("discover-home-agents = 2001:db8:100::/64\n" + QUICK, agents=())
    g = MrdGuest()
    mrd.say("running", g)
    first, second = mrd.ha.gather(is_request, 5, enough=2)
    assert 2.9 <= second.at - first.at <= 3.3, second.at - first.at
    assert {f.dst for f in (first, second)} == {ANYCAST} and first.src == mrd.coa
    assert first.head.body[4:] == second.head.body[4:] and first.head.body[6] & 0x80
    assert first.head.checksum_ok()
    mrd.no_update(g, 0)
    reply(mrd, first, [HA], flags=0)  # no mobile routers there
    reply(mrd, first, ["2001:db8:bad::1"])  # not on the home link
    lab.eventually(lambda: mrd.counter("dropped-discovery-without-routers") == 2, 2, "counted")
    mrd.no_update(g, 0)
    reply(mrd, second, [HA2, HA])
    message = mrd.update(g)
    assert message.dst == HA2
    mrd.answer(g, message, 140)
    message = mrd.update(g, 3 * FIRST_S)
    assert message.dst == HA
    mrd.answer(g, message)
    lab.eventually(lambda: mrd.state(g) == "bound", 2, "bound")
    reply(mrd, second, ["2001:db8:100::bad"])
    lab.eventually(lambda: mrd.counter("dropped-discovery-not-outstanding") == 1, 2, "counted")
    assert mrd.daemon.ask("show", "status")[0]["home_agents"] == [HA2, HA]
