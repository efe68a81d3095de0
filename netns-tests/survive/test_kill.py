"""mrd is killed (SIGKILL) at one of twenty-two points of a move, started again, and all is well.

    vm1 on A --> vm1 on B, with the words of a hypervisor:
    incoming@B  suspend  suspended@A  resume  running@B  gone@A
        ^ kill at the source or the target: before the answer, after the n-th netlink message,
          after the Binding Update, after the answer, ...

As a hook would, the lab says a word again if it got no answer. In the end both hosts and the home
agent must look, to the last route, rule, address, neighbour and device, as after a move that
nobody disturbed, and the guest must be reachable.
"""

import contextlib
import time

import lab
import pytest
import snapshot
import topology
from bench import Tail
from peer import BA, BU, Wire, is_mh

GUEST = "vm1"
OTHER = {"A": "B", "B": "A"}

SENT = "before the answer"
ANSWERED = "after the answer"

# Who dies, during which word, and when.
POINTS = [
    ("target", "incoming", SENT),
    ("target", "incoming", "netlink 1"),
    ("target", "incoming", "netlink 2"),
    ("target", "incoming", "netlink 4"),
    ("target", "incoming", "netlink 8"),
    ("target", "incoming", ANSWERED),
    ("source", "incoming", ANSWERED),
    ("source", "suspended", SENT),
    ("source", "suspended", ANSWERED),
    ("target", "suspended", ANSWERED),
    ("target", "running", SENT),
    ("target", "running", "netlink 1"),
    ("target", "running", "netlink 2"),
    ("target", "running", "Binding Update"),
    ("target", "running", "Binding Acknowledgement"),
    ("target", "running", "registered"),
    ("target", "running", ANSWERED),
    ("source", "running", ANSWERED),
    ("source", "gone", SENT),
    ("source", "gone", "netlink 1"),
    ("source", "gone", ANSWERED),
    ("target", "gone", ANSWERED),
]


@pytest.fixture(scope="module")
def settled():
    """A world in which an undisturbed move each way has shown how things must look afterwards.

    Each host for itself: whom the home agent expects is not remembered over a restart, and
    how many spare devices there are depends on it.
    """
    with topology.World(guests=(GUEST,), mrd_extra="grace = 200ms\nask = no\nearly-switch = no\n",
                        had_extra="grace = 200ms\n") as world:
        world.boot(GUEST, "A")
        looks = {}
        for target in ("B", "A", "B", "A"):
            world.moved(GUEST, target)
            quiet(world, OTHER[target])
            looks[target] = {ns: snapshot.take(world.net, ns) for ns in ("A", "B", "ha")}
        yield world, looks


def quiet(world, host):
    """The grace of the guest that left this host is over."""
    def over():
        guest = next(g for g in world.mrd(host).ask("show", "guests") if g["name"] == GUEST)
        return guest["state"] == "absent"
    lab.eventually(over, 5, f"the grace on {host} is over")
    # had's own grace for the old care-of address
    lab.eventually(lambda: world.binding(GUEST)["previous_coa"] is None, 5, "had's grace is over")


class Trap:
    """Waits for the moment of a point, then kills, starts again and repeats the word if need be."""

    def __init__(self, world, victim, when):
        self.world, self.victim, self.when = world, victim, when
        self.tail = self.wire = self.events = None
        net, daemon = world.net, world.mrd(victim)
        if when.startswith("netlink"):
            self.tail = Tail(net, victim, "ip", "-6", "-o", "monitor", "route", "rule", "address",
                             "neigh", "link")
            lab.eventually(self._listens, 5, "ip monitor listens")
            self.tail.lines.clear()
        elif when == "Binding Update":
            self.wire = Wire(net.full("core"), f"to-{victim}")
        elif when == "Binding Acknowledgement":
            self.wire = Wire(net.full(victim), "uplink")
        elif when == "registered":
            self.events = daemon.monitor()

    def _listens(self):
        """A route of another table that comes and goes is seen."""
        words = ("unreachable", "2001:db8:ffff::/64", "table", "9999")
        self.world.net.ip(self.victim, "-6", "route", "replace", *words)
        self.world.net.ip(self.victim, "-6", "route", "del", *words)
        return self.tail.read()

    def _moment(self):
        if self.tail:
            wanted = int(self.when.split()[1])
            # so many messages, or all there will be
            deadline = lab.mono_ns() + 300_000_000
            while len(self.tail.read()) < wanted and lab.mono_ns() < deadline:
                lab.wait_until(deadline, self.tail.process.popen.stdout)
        elif self.wire:
            self.wire.expect(is_mh(BU if self.when == "Binding Update" else BA), 5, self.when)
        elif self.events:
            self.events.expect("registered", 5, name=GUEST)

    def spring(self, said):
        """Kill it when the moment has come. said: the word under way there, or None."""
        daemon = self.world.mrd(self.victim)
        self._moment()
        daemon.process.kill()
        answered = True
        if said:
            try:
                daemon.ctl.answer(*said)
            except (OSError, ConnectionError):
                answered = False
        daemon.ctl.close()
        daemon.start()
        if not answered:
            daemon.ask(*said)
        for thing in (self.wire, self.events):
            with contextlib.suppress(AttributeError):
                thing.close()
        if self.tail:
            self.tail.stop()


def say(world, host, word, point, source, target):
    """One word of the move; and the kill, if this is the moment."""
    who, when_word, when = point
    victim = source if who == "source" else target
    daemon, said = world.mrd(host), ("guest", word, GUEST)
    if word != when_word:
        daemon.ask(*said)
        return
    trap = Trap(world, victim, when)
    daemon.ctl.send(*said)
    if when == ANSWERED or victim != host:
        daemon.ctl.answer(*said)
        trap.spring(None)
    else:
        trap.spring(said)


@pytest.mark.parametrize("point", [pytest.param(p, id=", ".join(p)) for p in POINTS])
def test_killed(settled, point):
    """X-05 X-06 N-27: killed at any point and started again, nothing is missing, nothing astray"""
    world, looks = settled
    source = world.where[GUEST]
    target, vm, net = OTHER[source], world.vms[GUEST], world.net
    began = time.monotonic()

    say(world, target, "incoming", point, source, target)
    vm.attach(target)
    vm.suspend()
    say(world, source, "suspended", point, source, target)
    vm.resume(target)
    say(world, target, "running", point, source, target)
    say(world, source, "gone", point, source, target)
    vm.detach(source)
    world.where[GUEST] = target

    address = world.guests[GUEST].address
    lab.eventually(lambda: world.bound(GUEST, target), 10, "both sides agree")
    lab.eventually(lambda: net.ping("cn", address), 10, "the guest is reachable")
    took = time.monotonic() - began
    print(f"{point[0]} killed at {point[1]}, {point[2]}: reachable {took:.2f} s after it began")
    for ns in ("A", "B", "ha"):
        snapshot.becomes(net, ns, looks[target][ns], within=6)


def test_killed_while_starting(settled):
    """X-05: killed again as soon as it answers after a kill, three times in a row"""
    world, looks = settled
    host = world.where[GUEST]
    daemon = world.mrd(host)
    for _ in range(3):
        daemon.kill()
        daemon.start()
    lab.eventually(lambda: world.bound(GUEST, host), 10, "both sides agree")
    assert world.net.ping("cn", world.guests[GUEST].address)
    for ns in ("A", "B", "ha"):
        snapshot.becomes(world.net, ns, looks[host][ns], within=6)


def test_touched_by_others(settled):
    """X-05: what somebody else deletes of ours is put back"""
    world, looks = settled
    host = world.where[GUEST]
    prefix = world.guests[GUEST].prefix
    world.net.ip(host, "-6", "rule", "del", "from", prefix)
    world.net.ip(host, "-6", "route", "flush", "table", "5200")
    snapshot.becomes(world.net, host, looks[host][host], within=6)
    assert world.net.ping("cn", world.guests[GUEST].address)
