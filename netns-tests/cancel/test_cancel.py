"""A migration that does not come about: before the guest stopped, or after.

    A  vm1  ......>  B      incoming at B, then gone: B forgets all, nobody else was told
    A  vm1 (stopped) B      suspended at A, then running at A again: A registers back
"""

import lab
import pytest
import topology
import traffic

A, B = topology.CAREOF["A"], topology.CAREOF["B"]
VM1 = topology.GUESTS["vm1"]


def objects(world, ns):
    """Routes, rules, links and addresses there, without those of the kernel's own making.

    The gateway's address on the bridge comes with the first guest and stays (doc/design.md).
    """
    net = world.net
    routes = [r for r in net.ip_json(ns, "-6", "route", "show", "table", "all")
              if r.get("protocol") != "kernel"]
    rules = net.ip_json(ns, "-6", "rule")
    links = [link["ifname"] for link in net.ip_json(ns, "link", "show")]
    addresses = sorted(a["local"] for link in net.ip_json(ns, "-6", "address", "show")
                       for a in link["addr_info"] if link["ifname"] != "brvm")
    return {"routes": sorted(map(str, routes)), "rules": sorted(map(str, rules)),
            "links": sorted(links), "addresses": addresses}


@pytest.fixture(scope="module")
def plain():
    """As RFC 3963 alone would have it."""
    with topology.World(mrd_extra="ask = no\nearly-switch = no\n") as made:
        for name in made.guests:
            made.boot(name, "A")
        yield made


def signalling(packets):
    from scapy.layers.inet6 import IPv6

    return [p for p in packets if IPv6 in p and p[IPv6].nh in (135, 60, 43)]


def updates(packets):
    """Binding Updates among them; questions (type 11) and notices (19, 20) change no binding."""
    from scapy.layers.inet6 import IPv6

    return [p for p in signalling(packets) if b"\x3b" in (raw := bytes(p[IPv6].payload))
            and raw[raw.index(b"\x3b") + 2] == 5]


def test_migration_cancelled_before_the_stop_leaves_the_target_as_it_was(world):
    """`gone` while incoming takes all back; not a Binding Update was sent."""
    before = objects(world, "B")
    binding = world.binding("vm1")
    capture = lab.Capture(world.net, "B", "uplink", "ip6")
    world.mrd("B").ask("guest", "incoming", "vm1")
    assert objects(world, "B") != before
    lab.eventually(lambda: world.net.ping("cn", VM1.address))
    world.mrd("B").ask("guest", "gone", "vm1")
    lab.eventually(lambda: objects(world, "B") == before, 6, "B is as it was")
    assert updates(capture.packets()) == []
    after = world.binding("vm1")
    assert (after["coa"], after["seq"]) == (binding["coa"], binding["seq"]) and after["coa"] == A


def test_guest_that_resumes_on_the_source_is_served_there(world):
    """X-03 X-09: handed over when it stopped, taken back when it went on; nothing is lost."""
    vm, here, there = world.vms["vm1"], world.mrd("A"), world.mrd("B")
    with traffic.both_ways(world, "vm1") as records:
        lab.pause(0.2)
        there.ask("guest", "incoming", "vm1")
        vm.attach("B")
        lab.pause(0.1)
        suspended = vm.suspend()
        here.ask("guest", "suspended", "vm1", "at", f"{lab.real_of(suspended):.6f}")
        lab.eventually(lambda: world.binding("vm1")["coa"] == B, 1, "B gets what comes")
        lab.wait_until(suspended + 150 * traffic.MS)
        vm.resume("A")
        here.ask("guest", "running", "vm1")
        there.ask("guest", "gone", "vm1")
        lab.eventually(lambda: world.bound("vm1", "A"), 3)
        lab.pause(0.3)
    vm.detach("B")
    assert world.binding("vm1")["coa"] == A
    inbound, outbound = records
    assert inbound.lost == outbound.lost == 0


def test_guest_that_resumes_on_the_source_registers_back(plain):
    """X-03 M-42: nothing is sent while it is suspended; a newer sequence number afterwards."""
    world = plain
    vm, here, there = world.vms["vm1"], world.mrd("A"), world.mrd("B")
    flow = traffic.Flow(world.net, "cn", "vm1", VM1.address, 7001)
    lab.pause(0.2)
    there.ask("guest", "incoming", "vm1")
    vm.attach("B")
    capture = lab.Capture(world.net, "A", "uplink", "ip6")
    suspended = vm.suspend()
    here.ask("guest", "suspended", "vm1")
    seq = world.binding("vm1")["seq"]
    lab.wait_until(suspended + 150 * traffic.MS)
    silent = lab.mono_ns()
    assert world.binding("vm1")["seq"] == seq
    resumed = vm.resume("A")
    here.ask("guest", "running", "vm1")
    there.ask("guest", "gone", "vm1")
    vm.detach("B")
    lab.eventually(lambda: world.binding("vm1")["seq"] != seq and world.bound("vm1", "A"), 3)
    assert world.binding("vm1")["coa"] == A
    lab.pause(0.2)
    record = flow.stop()
    assert record.lost == 0, "frames of a stopped guest wait in its tap"
    assert record.first_after(resumed) is not None
    wall = lab.real_of(silent)
    early = [p for p in signalling(capture.packets()) if p.time < wall]
    assert early == []


def test_words_without_their_guest_are_harmless(world):
    """Suspended and gone for a guest that never came; nothing changes, nothing breaks."""
    before = objects(world, "B")
    for words in (("suspended", "vm1"), ("gone", "vm1"), ("gone", "vm1")):
        try:
            world.mrd("B").ask("guest", *words)
        except lab.CtlError as error:
            assert error.code == "refused"
    lab.eventually(lambda: objects(world, "B") == before, 6, "B is as it was")
    assert world.net.ping("cn", VM1.address)


def test_unknown_guest_is_refused_by_name(world):
    """A guest nobody configured, without the keys that would make it known."""
    try:
        world.mrd("B").ask("guest", "running", "nobody")
    except lab.CtlError as error:
        assert error.code == "unknown-guest" and "nobody" in str(error)
    else:
        raise AssertionError("a guest nobody knows was taken")
