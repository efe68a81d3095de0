"""Moves under bad conditions: lost signalling, clocks apart, back and forth within a second.

    cn ---- core ---- had
             |  \\
      vm1 -- A   B          in the core: Mobility Headers are dropped, by count or by chance

After each move the correspondent must reach the guest again. How long that took after the guest
resumed is printed; an echo is sent every 10 ms, so that is the resolution.
"""

import socket
import statistics
import struct

import lab
import pytest
import topology
from peer import in_namespace

GUEST = "vm1"
OTHER = {"A": "B", "B": "A"}
ECHO_REQUEST, ECHO_REPLY = 128, 129


class Echo:
    """An echo every 10 ms from the correspondent."""

    def __init__(self, world):
        self.to = (world.guests[GUEST].address, 0)
        self.socket = in_namespace(world.net.full("cn"), lambda: socket.socket(
            socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6))
        self.socket.setblocking(False)
        self.seq = 0

    def close(self):
        self.socket.close()

    def _send(self):
        self.seq = (self.seq + 1) & 0xFFFF
        packet = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 0x4850, self.seq)
        self.socket.sendto(packet, self.to)

    def _answered(self):
        """Forget all that has come; was there a reply among it?"""
        found = False
        while True:
            try:
                packet, source = self.socket.recvfrom(2048)
            except BlockingIOError:
                return found
            found |= packet[0] == ECHO_REPLY and source[0] == self.to[0]

    def reaches(self, since_ns, within=40):
        """Milliseconds from since_ns until the first reply."""
        deadline, due = lab.mono_ns() + int(within * 1e9), 0
        while lab.mono_ns() < deadline:
            if lab.mono_ns() >= due:
                self._send()
                due = lab.mono_ns() + 10_000_000
            lab.wait_until(due, self.socket)
            if self._answered():
                return (lab.mono_ns() - since_ns) / 1e6
        raise AssertionError(f"{self.to[0]} not reached within {within} s")


def moves(world, count, gap=0.3, stop_ms=50, within=40):
    """Back and forth; milliseconds after each resume until the correspondent had an answer.

    gap: seconds between moves, so that no host has more than three Binding Updates of the guest
    to send in one second (M-43); it would have to wait.
    """
    echo, took = Echo(world), []
    try:
        for _ in range(count):
            lab.pause(gap)
            target = OTHER[world.where[GUEST]]
            stop = world.move(GUEST, target, stop_ms=stop_ms)
            echo._answered()
            took.append(echo.reaches(stop.resume_ns, within))
    finally:
        echo.close()
    return took


def tell(what, took):
    print(f"{what}: {len(took)} moves, reachable after resume within "
          f"{statistics.median(took):.0f} ms (median), {max(took):.0f} ms (longest)")


@pytest.fixture(scope="module")
def one():
    """A world with one guest."""
    with topology.World(guests=(GUEST,)) as world:
        world.boot(GUEST, "A")
        yield world


def test_first_update_lost(one):
    """M-41 M-60: the first Binding Update is lost: the second, 1.5 s later, does it"""
    with lab.Loss(one.net, "core", lab.BINDING_UPDATE, first=1) as loss:
        took = moves(one, 1)
        assert loss.dropped() == 1
    tell("first Binding Update lost", took)
    assert took[0] < 2500


def test_first_answer_lost(one):
    """M-41 M-42 M-10: the first acknowledgement is lost: the next one is newer and accepted"""
    with lab.Loss(one.net, "core", lab.BINDING_ACK, first=1) as loss:
        took = moves(one, 1)
        assert loss.dropped() == 1
    tell("first acknowledgement lost", took)
    assert took[0] < 2500


@pytest.mark.parametrize("percent", [1, 5])
def test_signalling_lost_by_chance(one, percent):
    """M-41 M-44: 1 % and 5 % of all signalling is lost: reachable after every move"""
    with lab.Loss(one.net, "core", lab.SIGNALLING, percent=percent) as loss:
        took = moves(one, 10)
        dropped = loss.dropped()
    tell(f"{percent} % of signalling lost ({dropped} packets)", took)


def test_a_third_of_it_lost(one):
    """M-41 M-42: every third packet of the signalling is lost: one for each move"""
    with lab.Loss(one.net, "core", lab.SIGNALLING, every=3) as loss:
        took = moves(one, 3)
        assert loss.dropped() >= 3
    tell("every third packet lost", took)
    assert max(took) < 2500


@pytest.mark.parametrize("offset_s", [5, -5, 3600, -3600])
def test_clocks_apart(offset_s):
    """M-48 X-01: the clock of host B is wrong by 5 s or an hour: at worst one answer 135 more"""
    with topology.World(guests=(GUEST,), clock_offset_ms={"B": offset_s * 1000}) as world:
        world.boot(GUEST, "A")
        took = moves(world, 3, gap=0.6)
        tell(f"clock of B wrong by {offset_s} s", took)
        assert max(took) < 1000
        lab.eventually(lambda: world.bound(GUEST, world.where[GUEST]), 5, "both sides agree")


def test_there_and_back_within_a_second(one):
    """X-01 X-03 M-43: A to B to A within one second, the newest registration wins"""
    home = one.where[GUEST]
    echo = Echo(one)
    try:
        began = one.move(GUEST, OTHER[home], stop_ms=50)
        back = one.move(GUEST, home, stop_ms=50)
        apart = (back.resume_ns - began.suspend_ns) / 1e6
        assert apart < 1000, f"the lab was too slow: {apart:.0f} ms"
        took = echo.reaches(back.resume_ns)
    finally:
        echo.close()
    tell(f"{home} to {OTHER[home]} to {home} in {apart:.0f} ms", [took])
    lab.eventually(lambda: one.bound(GUEST, home), 5, "both sides agree")
    assert one.binding(GUEST)["coa"] == topology.CAREOF[home]
