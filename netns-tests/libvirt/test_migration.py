"""virsh migrate between two hosts on different subnets, with a guest that is really one.

    cn ---- core ---- ha            A: libvirtd, mrd, hook, watcher     vm1 (QEMU, Linux)
              |                     B: the same                           |
              +------ A  <- virsh migrate --live --p2p -> B  <------------+

Nobody tells mrd anything but the hook and the watcher.
"""

import lab
import realvm
import topology
import traffic

VM1 = topology.GUESTS["vm1"]
MOVES = 4
RATE = 250  # packets a second; netns-tests/migrate has the thousand, and a control


def other(world, name="vm1"):
    return "B" if world.where[name] == "A" else "A"


def state(world, host, name="vm1"):
    """What mrd there says of the guest; None if it does not know it."""
    guests = world.mrd(host).ask("show", "guests")
    return next((g["state"] for g in guests if g["name"] == name), None)


def test_guest_is_known_by_its_metadata_alone(world):
    """mrd.conf names no guest: prefix, Home Address, MAC and bridge come from the domain."""
    lab.eventually(lambda: world.bound("vm1", "A"))
    guest = world.mrd("A").ask("show", "guests")[0]
    assert guest["prefixes"] == [VM1.prefix] and guest["home_address"] == VM1.hoa
    assert guest["macs"] == [VM1.mac] and guest["interface"] == "brvm"
    assert world.mrd("B").ask("show", "guests") == []


def test_sessions_survive_migrations_to_and_fro(world):
    """X-01 X-03: streams each way, and a session, go along with the guest."""
    session = realvm.Session(world, "vm1", 7003)
    flows = [realvm.Inbound(world, "vm1", 7001, RATE), realvm.Outbound(world, "vm1", 7002, RATE)]
    stops = []
    for _ in range(MOVES):
        lab.pause(0.5)
        target = other(world)
        stops.append(world.move("vm1", target))
        lab.eventually(lambda: world.bound("vm1", target), 5, f"vm1 bound on {target}")
    lab.pause(0.5)
    end_ns = lab.mono_ns()
    tcp = session.stop()
    inbound, outbound = traffic.stop_flows(flows)
    for record in (inbound, outbound):
        assert record.received > record.sent // 2
    assert outbound.duplicated == 0
    assert inbound.duplicated <= 2 * MOVES, "what may have been read is sent on, X-09"
    for stop, window in zip(stops, traffic.windows(stops, end_ns)):
        gap = outbound.longest_gap(*window) / traffic.MS
        print(f"{stop.source} to {stop.target}: stopped {stop.stop_ms:.0f} ms, "
              f"gap at the correspondent {gap:.0f} ms")
    assert tcp["survived"] and tcp["corrupt"] == 0, tcp


def test_source_forgets_the_guest_and_nobody_else_has_it(world):
    """After `virsh migrate` only the destination's mrd knows the guest."""
    here, there = world.where["vm1"], other(world)
    lab.eventually(lambda: state(world, there) is None, 6, "the source forgets it")
    assert state(world, here) == "running"
