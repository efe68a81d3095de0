"""Two guests that migrate at the same time, in opposite directions, and a home agent that is away.

    A  vm1 ---->  B
    A  <---- vm2  B
"""

import os
import subprocess

import lab
import pytest
import realvm
import topology


@pytest.fixture(scope="module")
def world():
    with realvm.World(guests=("vm1", "vm2")) as made:
        made.boot("vm1", "A")
        made.boot("vm2", "B")
        yield made


def start(world, name, target):
    source = world.hypervisors[world.where[name]]
    careof = topology.CAREOF[target]
    world.where[name] = target
    return subprocess.Popen(
        ["virsh", "-q", "-c", source.uri, "migrate", "--live", "--p2p", name,
         f"qemu+tcp://[{careof}]/system", "--migrateuri", f"tcp://[{careof}]"],
        stderr=subprocess.PIPE, text=True)


def arrived(world, name):
    lab.eventually(lambda: world.bound(name, world.where[name]), 5, f"{name} is bound")
    lab.eventually(lambda: world.net.ping("cn", world.guests[name].address), 20, f"{name} answers")


def test_two_guests_in_opposite_directions(world):
    """X-01: each with a session that survives."""
    sessions = [realvm.Session(world, "vm1", 7003), realvm.Session(world, "vm2", 7013)]
    moves = [start(world, "vm1", "B"), start(world, "vm2", "A")]
    for move in moves:
        assert move.wait(realvm.MOVE_S) == 0, move.stderr.read()
    arrived(world, "vm1")
    arrived(world, "vm2")
    for session in sessions:
        tcp = session.stop()
        assert tcp["survived"] and tcp["corrupt"] == 0, tcp


def test_metadata_written_by_nemoctl_makes_a_running_domain_a_guest(world):
    """N-10: without the element it is nobody's; with it, it is registered without a restart."""
    guest, where = world.guests["vm2"], world.where["vm2"]
    hypervisor = world.hypervisors[where]
    hypervisor.virsh("metadata", "vm2", realvm.METADATA, "--remove", "--live")
    lab.eventually(lambda: "vm2" not in [g["name"] for g in world.mrd(where).ask("guest", "list")],
                   10, "vm2 is nobody's")
    lab.run(lab.binary("common", "ctl", "nemoctl"), "guest", "define", "--libvirt", "vm2", "prefix",
            guest.prefix, "home-address", guest.hoa,
            env={**os.environ, "VIRSH_DEFAULT_CONNECT_URI": hypervisor.uri})
    arrived(world, "vm2")


def test_home_agent_that_is_away_stops_no_migration(world):
    """M-43: the guest moves, and is registered when the home agent is back; the time is printed."""
    with lab.Loss(world.net, "core", "ip6 daddr 2001:db8:100::1"):
        move = start(world, "vm1", "A")
        assert move.wait(realvm.MOVE_S) == 0, move.stderr.read()
    back = lab.mono_ns()
    lab.eventually(lambda: world.net.ping("cn", world.guests["vm1"].address), 40, "vm1 answers")
    print(f"reachable {(lab.mono_ns() - back) / 1e9:.1f} s after the home agent's return")
    arrived(world, "vm1")
