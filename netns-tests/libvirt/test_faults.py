"""Migrations that do not come about, and everything else that happens to a guest's life.

In each the guest that lives is reachable where it runs, and mrd on both hosts knows it.

    A  vm1  --virsh migrate-->  B     refused, aborted, killed, restarted, twice, both ways
"""

import os
import signal
import subprocess

import lab
import pytest
import realvm
import topology

VM1 = topology.GUESTS["vm1"]
SLOW = ("--bandwidth", "4")  # MiB/s: tens of seconds of copying


def other(world, name="vm1"):
    return "B" if world.where[name] == "A" else "A"


def states(world, name="vm1"):
    """What mrd says of the guest, per host; a guest that is leaving counts as gone."""
    found = {}
    for host in world.hosts:
        guests = world.mrd(host).ask("show", "guests")
        found[host] = next((g["state"] for g in guests if g["name"] == name), None)
    return {host: None if s == "leaving" else s for host, s in found.items()}


def registered(world, host, name):
    """From there, says the home agent and says mrd; who spoke last (a source that woke up late
    and handed it over once more) is no matter."""
    binding, own = world.binding(name), world.registration(name, host)
    return binding["coa"] == topology.CAREOF[host] and own["state"] == "bound"


def lives(world, host, within=5, name="vm1"):
    """It runs there and nowhere else, is registered from there, and answers."""
    expected = {h: "running" if h == host else None for h in world.hosts}
    lab.eventually(lambda: states(world, name) == expected, within, f"mrd: {name} on {host} alone")
    lab.eventually(lambda: registered(world, host, name), within, f"{name} bound on {host}")
    assert world.hypervisors[host].runs(name)
    lab.eventually(lambda: world.net.ping("cn", world.guests[name].address), within, "it answers")


class Quiet:
    """Packets from the guest at a modest rate: none may be missing afterwards."""

    def __init__(self, world):
        self.flow = realvm.Outbound(world, "vm1", 7002, rate=50)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        record = self.flow.stop()
        if kind is None:
            assert record.lost == record.duplicated == 0, record.counts()


def migration(world, target, *options):
    """virsh migrate that is under way: its process, once memory is being copied."""
    source = world.hypervisors[world.where["vm1"]]
    careof = topology.CAREOF[target]
    process = subprocess.Popen(
        ["virsh", "-q", "-c", source.uri, "migrate", "--live", "--p2p", *options, "vm1",
         f"qemu+tcp://[{careof}]/system", "--migrateuri",
         f"tcp://[{careof}]:{realvm.MIGRATION_PORT}"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    lab.eventually(lambda: "Data processed" in source.virsh("domjobinfo", "vm1", check=False), 20,
                   "memory is being copied")
    return process


def test_destination_without_mrd_is_refused_before_copying(world):
    """virsh shows why; the guest never notices."""
    target = other(world)
    world.mrd(target).stop()
    with Quiet(world):
        said = world.migrate("vm1", target, check=False)
    assert "homeport: vm1: mrd does not answer" in said, said
    world.mrd(target).start()
    lives(world, "A")


def test_prefix_of_another_guest_is_refused_before_copying(world):
    """The migration is stopped, virsh shows whose it is, the guest never notices."""
    target = other(world)
    world.mrd(target).ask("guest", "define", "squatter", "prefix", VM1.prefix, "mac",
                          "52:54:00:00:00:99", "interface", "brvm")
    with Quiet(world):
        said = world.migrate("vm1", target, check=False)
    assert "may not come here" in said and "squatter" in said, said
    world.mrd(target).ask("guest", "forget", "squatter")
    lives(world, "A")


def test_migration_cancelled_half_way_leaves_the_guest_where_it_is(world):
    """X-03: the destination takes everything back."""
    with Quiet(world):
        process = migration(world, other(world), *SLOW)
        assert states(world)["B"] == "incoming"
        world.hypervisors["A"].virsh("domjobabort", "vm1")
        assert process.wait(30) != 0
        lives(world, "A")


def test_qemu_killed_on_the_destination_while_copying(world):
    """The guest goes on at the source, and the destination forgets it."""
    with Quiet(world):
        process = migration(world, other(world), *SLOW)
        os.kill(world.hypervisors["B"].qemu("vm1"), signal.SIGKILL)
        assert process.wait(30) != 0
        lives(world, "A")


@pytest.mark.parametrize("host", ["B", "A"])
def test_libvirtd_restarted_while_copying(world, host):
    """Destination's, then source's: the guest goes on where it is, and the watcher comes back."""
    process = migration(world, other(world), *SLOW)
    world.hypervisors[host].end_libvirtd(signal.SIGKILL)
    assert process.wait(60) != 0
    lab.eventually(lambda: not world.hypervisors["B"].has("vm1"), 30, "no half guest is left on B")
    lives(world, "A", within=30)


def test_without_the_hook_the_watcher_is_enough(world):
    """X-01: libvirt's events alone bring the guest over."""
    world.hypervisors["B"].unhook()
    world.hypervisors["B"].restart()
    world.move("vm1", "B")
    lives(world, "B")
    world.hypervisors["B"].configure()
    world.hypervisors["B"].restart()
    world.move("vm1", "A")
    lives(world, "A")


def test_watcher_that_starts_late_tells_what_it_missed(world):
    """A guest that moved while nobody watched: here it runs, there it is gone."""
    for host in "AB":
        world.hypervisors[host].watcher.stop()
    world.migrate("vm1", "B")
    for host in "AB":
        world.hypervisors[host].watch()
    lives(world, "B")
    world.move("vm1", "A")
    lives(world, "A")


def test_source_whose_mrd_hangs_hears_it_all_afterwards(world):
    """X-02: the guest is taken from it all the same; what it missed is told again."""
    os.kill(world.mrd("A").pid(), signal.SIGSTOP)
    try:
        world.move("vm1", "B")
        lab.eventually(lambda: registered(world, "B", "vm1"), 5)
    finally:
        os.kill(world.mrd("A").pid(), signal.SIGCONT)
    lives(world, "B")
    world.move("vm1", "A")
    lives(world, "A")


def test_pause_and_resume(world):
    """X-03: a paused guest is suspended, a resumed one is registered."""
    hypervisor = world.hypervisors["A"]
    hypervisor.virsh("suspend", "vm1")
    lab.eventually(lambda: states(world) == {"A": "suspended", "B": None}, 5)
    hypervisor.virsh("resume", "vm1")
    lives(world, "A")


def test_offline_migration_says_nothing_of_a_guest_that_does_not_run(world):
    """What the hook announced is taken back: a definition moved, and no guest."""
    path = world.net.path("vm2.xml")
    world.guests["vm2"] = topology.GUESTS["vm2"]
    with open(path, "w", encoding="utf-8") as out:
        out.write(world.domain("vm2"))
    world.hypervisors["A"].virsh("define", path)
    monitor = world.mrd("B").monitor()
    try:
        world.where["vm2"] = "A"
        world.migrate("vm2", "B", "--offline", "--persistent", live=False)
        monitor.expect("guest", name="vm2", state="incoming")
        lab.eventually(lambda: states(world, "vm2") == {"A": None, "B": None}, 5)
    finally:
        del world.guests["vm2"], world.where["vm2"]


def test_post_copy(world):
    """The guest runs at the destination before its memory is all there."""
    target = other(world)
    process = migration(world, target, "--postcopy", *SLOW)
    world.hypervisors["A"].virsh("migrate-postcopy", "vm1")
    lab.eventually(lambda: states(world)[target] == "running", 20, "it runs there")
    assert process.wait(120) == 0, process.stderr.read()
    world.where["vm1"] = target
    lives(world, target, within=20)


def test_reset_leaves_it_registered(world):
    """A reboot is no move: nothing changes, and the guest answers again."""
    where = world.where["vm1"]
    moves = world.binding("vm1")["moves"]
    world.hypervisors[where].virsh("reset", "vm1")
    lab.eventually(lambda: not world.net.ping("cn", VM1.address), 5, "it is down")
    lab.eventually(lambda: world.net.ping("cn", VM1.address), realvm.START_S, "it is back")
    assert world.binding("vm1")["moves"] == moves
    lives(world, where)


def test_destroyed_guest_is_deregistered_and_a_cold_start_registers_it(world):
    """N-21: nobody else has it, so its binding goes; elsewhere it starts anew."""
    where = world.where["vm1"]
    world.hypervisors[where].virsh("destroy", "vm1")
    lab.eventually(lambda: world.binding("vm1") is None, 5, "it is de-registered")
    lab.eventually(lambda: states(world) == {"A": None, "B": None}, 6, "nobody has it")
    world.boot("vm1", other(world))
    lives(world, world.where["vm1"])
