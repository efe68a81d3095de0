"""mrd asks its home agent how long a guest's home prefix lives (RFC 6275 11.4.2, 11.4.3).

First Scapy is the home agent, then had is, with a home link that its guests' prefixes lie in.
"""

import lab
import pytest
import topology
from bench import HA
from mrd_bench import MrdBench, MrdGuest
from peer import BU, IPv6, IPv6ExtHdrRouting, is_icmp6, is_mh, octets
from scapy.layers.inet6 import ICMPv6MPAdv, ICMPv6NDOptPrefixInfo

SOLICITATION = 146
PREFIX_DISCOVERY_NECESSARY = 1
LIFETIME = 16
SENT, ACCEPTED, UNASKED, OTHERS = (
    "prefix-solicitation-sent", "prefix-advertisement-accepted",
    "dropped-prefix-advertisement-not-outstanding", "dropped-prefix-advertisement-of-others")


def solicits(guest):
    def match(frame):
        return is_icmp6(SOLICITATION)(frame) and frame.head.home == octets(guest.hoa)
    return match


class Prefixes(MrdBench):
    def solicitation(self, guest, within=2.0):
        """The next Mobile Prefix Solicitation for this guest: its identifier."""
        frame = self.ha.expect(solicits(guest), within,
                               f"a Mobile Prefix Solicitation of {guest.name}")
        assert (frame.src, frame.dst) == (self.coa, HA)
        assert frame.head.has_hao and frame.head.checksum_ok() and len(frame.head.body) == 8
        assert frame.head.body[1] == 0 and frame.head.body[6:8] == b"\0\0"
        return int.from_bytes(frame.head.body[4:6], "big")

    def advertise(self, guest, ident, valid, net=None, src=HA, rh2=True):
        """The octets as Scapy makes them, summed over the home address."""
        message = ICMPv6MPAdv(id=ident) / ICMPv6NDOptPrefixInfo(
            prefix=net or f"{guest.net}::", prefixlen=48, validlifetime=valid,
            preferredlifetime=min(valid, 1))
        around = IPv6(src=src, dst=self.coa)
        if rh2:
            around /= IPv6ExtHdrRouting(type=2, segleft=1, addresses=[guest.hoa])
        self.send(around / message)


@pytest.fixture
def mrd():
    bench = Prefixes(f"lifetime = {LIFETIME}s\n")
    yield bench
    bench.close()


def counted(mrd, name, n):
    lab.eventually(lambda: mrd.counter(name) == n, 2, f"{name} is {n}")


def test_status_1_is_asked_about_before_registering_again(mrd):
    """M-51 M-38: a solicitation after the acknowledgement; what is learnt limits the next update"""
    guest = MrdGuest()
    mrd.bind(guest, status=PREFIX_DISCOVERY_NECESSARY)
    ident = mrd.solicitation(guest)
    assert mrd.solicitation(guest, 5) == ident, "the same question, once more"
    mrd.ha.silence(is_mh(BU, guest.hoa), 0, "a Binding Update before the answer")
    mrd.advertise(guest, ident, 9)
    counted(mrd, ACCEPTED, 1)
    mrd.daemon.ask("guest", "refresh", guest.name)
    update = mrd.update(guest)
    assert update.lifetime in (4, 8), update
    mrd.answer(guest, update)
    # It is shorter than it might be, so the question is a new one.
    newer = mrd.solicitation(guest, 5)
    assert newer != ident
    mrd.advertise(guest, newer, 3600)
    counted(mrd, ACCEPTED, 2)
    mrd.daemon.ask("guest", "refresh", guest.name)
    assert mrd.update(guest).lifetime == LIFETIME


def test_a_home_agent_that_says_nothing_keeps_its_guest(mrd):
    """M-51: the refresh waits for an answer, but not until the binding is over"""
    guest = MrdGuest()
    first = mrd.bind(guest, status=PREFIX_DISCOVERY_NECESSARY)
    frame = mrd.ha.expect(is_mh(BU, guest.hoa), LIFETIME, "a refresh")
    waited = frame.at - first.at
    assert LIFETIME / 2 + 1 < waited < LIFETIME, waited
    mrd.answer(guest, frame.message())
    lab.eventually(lambda: mrd.binding(guest)["last_status"] == 0, 2, "it is accepted")
    assert mrd.state(guest) == "bound" and mrd.counter(SENT) >= 2


def test_what_nobody_asked_for(mrd):
    """M-51: discarded, and asked for by a question of our own; no more of those than one in 3 s"""
    guest = MrdGuest()
    mrd.bind(guest)
    mrd.advertise(guest, 0, 4)
    ident = mrd.solicitation(guest)
    assert ident != 0
    for k in range(1, 200):
        mrd.advertise(guest, (ident + k) % 65536, 4)
    counted(mrd, UNASKED, 200)
    mrd.ha.silence(is_icmp6(SOLICITATION), 0, "a second question")
    mrd.advertise(guest, ident, 3600)
    counted(mrd, ACCEPTED, 1)
    mrd.daemon.ask("guest", "refresh", guest.name)
    assert mrd.update(guest).lifetime == LIFETIME


def test_what_is_not_the_home_agents(mrd):
    """M-51: no routing header: not even seen; another source, another's prefix: dropped by name"""
    guest = MrdGuest()
    mrd.bind(guest, status=PREFIX_DISCOVERY_NECESSARY)
    ident = mrd.solicitation(guest)
    mrd.advertise(guest, ident, 4, rh2=False)
    mrd.advertise(guest, ident, 4, src="2001:db8:bad::1")
    counted(mrd, "dropped-not-home-agent", 1)
    mrd.advertise(guest, ident, 4, net="2001:db8:bad::")
    counted(mrd, OTHERS, 1)
    assert mrd.counter(ACCEPTED) == 0
    mrd.daemon.ask("guest", "refresh", guest.name)
    assert mrd.update(guest).lifetime == LIFETIME


# ---- with had ----

LINK = "2001:db8:200::/48"
HOME_LINK = f"""
home-link "homenet" {{
	prefix = {{ "{LINK}" }}
	valid = 1h
	preferred = 1h
}}
"""


class WithLink(topology.World):
    """The usual world, with a home link behind the home agent."""

    def _wire(self):
        super()._wire()
        self.net.ns("lan")
        self.net.link("lan", "p-homenet", "ha", "homenet")


def test_had_deprecates_its_home_prefix():
    """M-51 M-21 M-37: each status 1 of had is asked about and answered, and packets go on"""
    with WithLink(guests=("vm1",), mrd_extra="lifetime = 8s", had_extra=HOME_LINK) as world:
        mrd = world.mrd("A")

        def counters():
            said = {c["name"]: c["value"] for c in mrd.ask("show", "counters")}
            return {name: said.get(name, 0) for name in (SENT, ACCEPTED, UNASKED, OTHERS)}

        world.boot("vm1", "A")
        assert counters()[SENT] == 0
        world.had.configure(world.had_conf().replace(
            "valid = 1h", f'valid = 1h\n\tdeprecated = {{ "{LINK}" }}'))
        world.had.ask("reload")
        lab.eventually(lambda: counters()[ACCEPTED] >= 2, 30, "two refreshes are asked about")
        now = counters()
        assert now[SENT] >= now[ACCEPTED] and now[OTHERS] == now[UNASKED] == 0, now
        own = world.registration("vm1", "A")
        assert (own["state"], own["last_status"]) == ("bound", PREFIX_DISCOVERY_NECESSARY), own
        assert world.net.ping("cn", world.guests["vm1"].address)

        world.had.configure(world.had_conf())
        world.had.ask("reload")
        lab.eventually(lambda: world.registration("vm1", "A")["last_status"] == 0, 20,
                       "the next one is accepted without a question")
        assert world.registration("vm1", "A")["state"] == "bound"
