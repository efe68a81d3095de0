"""libvirt's hook as libvirt calls it, against a real mrd and without libvirt: what it lets in, and when it ends.

    hook GUEST migrate begin -  <XML   ->  mrd on B: `guest incoming`   ->  status 0 or 1, within its deadline
"""

import contextlib
import os
import signal
import statistics
import subprocess

import lab
import pytest
import realvm
import topology
import traffic

VM1, VM2 = topology.GUESTS["vm1"], topology.GUESTS["vm2"]
STRANGER = topology.Guest("stranger", 0x99, True)  # its prefix is nobody's
CALLS = 30
DEADLINE_MS = 400


class World(topology.World):
    """The home agent knows vm1, mrd knows nobody."""

    def had_conf(self):
        return (super().had_conf() + f'guest "vm1" {{\n  home-address = "{VM1.hoa}"\n'
                f'  prefix = {{"{VM1.prefix}"}}\n}}\n')


@pytest.fixture(scope="module")
def world():
    with World(guests=()) as made:
        yield made


def domain(guest, metadata=None):
    return realvm.DOMAIN.format(
        name=guest.name, uuid=f"11111111-2222-4333-8444-{guest.number:012}",
        metadata=realvm.metadata(guest) if metadata is None else metadata, memory=96, kernel="/k",
        initramfs="/i", mac=guest.mac, bridge="brvm", arguments="")


class Hook:
    """The program with a configuration; a call gives status, what it said, and how long it took."""

    def __init__(self, world, extra="", deadline_ms=5000):
        self.world = world
        self.conf = world.net.path("hook.conf")
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write(f'control = "{world.mrd("B").socket}"\ndeadline = {deadline_ms}ms\n{extra}')

    def call(self, guest, operation, sub, xml=None):
        began = lab.mono_ns()
        done = subprocess.run(
            [lab.binary("hypervisor-hooks", "homeport"), "-f", self.conf, guest.name, operation,
             sub, "-"], input=domain(guest) if xml is None else xml, capture_output=True, text=True,
            timeout=20, check=False)
        return done.returncode, done.stderr, (lab.mono_ns() - began) / traffic.MS


def states(world):
    """The guests that mrd knows there; what is leaving has left."""
    return {g["name"]: g["state"] for g in world.mrd("B").ask("show", "guests")
            if g["state"] != "leaving"}


@contextlib.contextmanager
def hung(world):
    """mrd is there and does nothing."""
    os.kill(world.mrd("B").pid(), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(world.mrd("B").pid(), signal.SIGCONT)


def test_arrival_is_announced_and_taken_back(world):
    """Also when each is said twice."""
    hook = Hook(world)
    for _ in range(2):
        assert hook.call(VM1, "migrate", "begin")[0] == 0
        assert states(world) == {"vm1": "incoming"}
    for _ in range(2):
        assert hook.call(VM1, "release", "end")[0] == 0
        assert states(world) == {}


def test_guest_that_runs_is_not_taken_back(world):
    """`release end` of a migration that this host is the source of, or of another libvirt's."""
    hook = Hook(world)
    assert hook.call(VM1, "migrate", "begin")[0] == 0
    world.mrd("B").ask("guest", "running", "vm1")
    assert hook.call(VM1, "release", "end")[0] == 0
    assert states(world) == {"vm1": "running"}
    world.mrd("B").ask("guest", "gone", "vm1")
    lab.eventually(lambda: states(world) == {}, 6, "vm1 has left")


def test_prefix_of_another_guest_stops_it_and_says_whose(world):
    """The status is 1, and what virsh shows is mrd's own sentence."""
    lab.eventually(lambda: world.mrd("B").ask("show", "guests") == [], 6, "nobody is there")
    world.mrd("B").ask("guest", "define", "other", "prefix", VM1.prefix, "mac", VM2.mac,
                       "interface", "brvm")
    status, said, _ = Hook(world).call(VM1, "migrate", "begin")
    assert status == 1 and "homeport: vm1: may not come here" in said and "other" in said, said
    status, said, _ = Hook(world, "insist = no\n").call(VM1, "migrate", "begin")
    assert status == 0 and "going on" in said, said
    world.mrd("B").ask("guest", "forget", "other")


def test_guest_that_the_home_agent_refuses_is_stopped(world):
    """N-12: asked before memory is copied, it says no, and virsh shows its reason."""
    status, said, _ = Hook(world).call(STRANGER, "migrate", "begin")
    assert status == 1 and "the home agent refuses it" in said and "(132)" in said, said
    assert states(world) == {}


def test_what_is_not_ours_to_stop_is_never_stopped(world):
    """Start, restore, stop, and every guest without our metadata, whatever mrd does."""
    hook = Hook(world)
    ours = [(op, sub) for op in ("prepare", "start", "started", "stopped", "release", "restore",
                                 "reconnect", "attach") for sub in ("begin", "end")]
    with hung(world):
        for operation, sub in ours:
            assert hook.call(VM1, operation, sub)[0] == 0, (operation, sub)
        for xml in (domain(VM1, ""), "", "<domain", "<domain/>"):
            status, said, _ = hook.call(VM1, "migrate", "begin", xml)
            assert (status, said) == (0, ""), xml
    assert states(world) == {}


def test_hung_or_missing_mrd_stops_it_by_the_deadline(world):
    """Never later: the time over the deadline is printed."""
    with hung(world):
        hook = Hook(world, deadline_ms=DEADLINE_MS)
        status, said, took = hook.call(VM1, "migrate", "begin")
    assert status == 1 and "mrd does not answer: Connection timed out" in said, said
    assert took >= DEADLINE_MS
    print(f"hook with a hung mrd: {took - DEADLINE_MS:.0f} ms after its deadline of {DEADLINE_MS} ms")
    lab.eventually(lambda: states(world) == {"vm1": "incoming"}, 5, "mrd hears it late")
    Hook(world).call(VM1, "release", "end")
    status, said, _ = Hook(world, 'control = "/nowhere"\n').call(VM1, "migrate", "begin")
    assert status == 1, said
    world.mrd("B").stop()
    status, said, _ = Hook(world).call(VM1, "migrate", "begin")
    assert status == 1 and "mrd does not answer: No such file" in said, said
    world.mrd("B").start()


def test_configuration_that_is_not_valid_stops_only_what_is_ours(world):
    """Each error with its line; a guest without our metadata goes on."""
    hook = Hook(world, 'insist = perhaps\nask = yes\n')
    status, said, _ = hook.call(VM1, "migrate", "begin")
    assert status == 1 and "hypervisor.conf is not valid" in said, said
    assert "hook.conf:3: insist" in said and "hook.conf:4" in said, said
    assert hook.call(VM1, "migrate", "begin", domain(VM1, ""))[0] == 0
    assert hook.call(VM1, "release", "end")[0] == 0


@pytest.mark.figures
def test_hook_ends_within_50_ms(world):
    """When all is well: median and longest of thirty arrivals are printed."""
    hook, took = Hook(world), []
    for _ in range(CALLS):
        status, said, ms = hook.call(VM1, "migrate", "begin")
        assert status == 0, said
        took.append(ms)
        hook.call(VM1, "release", "end")
    print(f"hook: median {statistics.median(took):.1f} ms, longest {max(took):.1f} ms")
    assert statistics.median(took) < 50
