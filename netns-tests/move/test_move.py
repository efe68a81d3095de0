"""A guest moves from A to B and back. Counted at the guest, at the peer, in routes and on the wire.

    cn ---- core ---- ha            before: ha tunnels vm1's prefix to A
              |                     after:  one route replaced, to the tunnel to B
              +------ A   vm1
              +------ B   <-'       nothing of A's tunnel traffic reaches anybody twice
"""

import contextlib

import bench
import lab
import pytest
import topology
import traffic

CN, HA, A, B = (topology.CORRESPONDENT, topology.HOME_AGENT, topology.CAREOF["A"],
                topology.CAREOF["B"])
VM1, VM2 = topology.GUESTS["vm1"], topology.GUESTS["vm2"]


def routes(world, ns, table, prefix):
    """The kernel's routes for exactly that prefix, best first."""
    found = world.net.ip_json(ns, "-6", "route", "show", "table", str(table), "exact", prefix)
    return sorted(found, key=lambda r: r["metric"])


def tunnelled(packets, source, destination):
    """Inner packets of those that pass from one end of a tunnel to the other."""
    from scapy.layers.inet6 import IPv6

    return [p[IPv6].payload for p in packets if IPv6 in p and p[IPv6].nh == 41
            and p[IPv6].src == source and p[IPv6].dst == destination]


def test_home_agent_host_and_kernel_agree_where_a_guest_is(world):
    """N-10 N-24: the binding, the route and the tunnel name host A."""
    binding = lab.eventually(lambda: world.binding("vm1"))
    assert binding["coa"] == A and binding["prefixes"] == [VM1.prefix]
    assert binding["mobile_router"] is True
    route = routes(world, "ha", "main", VM1.prefix)[0]
    assert route["dev"] == world.tunnel_dev("ha", A)


def test_what_the_guest_sends_and_gets_is_in_the_tunnel(world):
    """N-23 N-36 T-01 T-02: outer ends are home agent and care-of address, hop limit 64."""
    from scapy.layers.inet6 import IPv6

    with contextlib.closing(lab.Capture(world.net, "A", "uplink")) as capture:
        assert world.net.ping("cn", VM1.address)
        packets = list(capture.packets())
    there, back = tunnelled(packets, HA, A), tunnelled(packets, A, HA)
    assert [p.dst for p in there] == [VM1.address] and [p.src for p in back] == [VM1.address]
    outer = [p[IPv6] for p in packets if IPv6 in p and p[IPv6].nh == 41]
    assert all(p.hlim == 64 and p.tc == 0 for p in outer if p.src == A)
    # The kernel's tunnels label by flow (RFC 6438), the daemon's do not.
    labels = {p.fl for p in outer if p.src == A}
    assert labels == {0} or world.datapath == "kernel"
    # Routers that forwarded the inner packet so far: core and home agent; the host.
    assert there[0].hlim == 64 - 2 and back[0].hlim == 64 - 1


def test_a_move_loses_nothing(world):
    """X-08 X-09: what was sent at any time of the move arrives, each way; a few packets twice."""
    with traffic.both_ways(world, "vm1") as records:
        lab.pause(0.2)
        stop = world.moved("vm1", "B")
        lab.pause(0.3)
    inbound, outbound = records
    assert inbound.lost == outbound.lost == 0
    assert outbound.duplicated == outbound.reordered == 0
    assert inbound.duplicated <= 2
    assert inbound.last_before(lab.mono_ns()) > stop.resume_ns
    binding = world.binding("vm1")
    assert binding["coa"] == B and binding["moves"] >= 1
    assert routes(world, "ha", "main", VM1.prefix)[0]["dev"] == world.tunnel_dev("ha", B)


def test_route_at_the_home_agent_is_replaced_not_deleted(world):
    """X-05: ip monitor sees vm1's route change its device and never go."""
    monitor = bench.RouteMonitor(world.net, "ha")
    target = "A" if world.where["vm1"] == "B" else "B"
    world.moved("vm1", target)
    about = [line for line in monitor.said() if VM1.prefix in line]
    monitor.stop()
    assert any(world.tunnel_dev("ha", topology.CAREOF[target]) in line for line in about), about
    assert not any(line.startswith("Deleted") for line in about), about


def test_neighbour_that_stays_notices_nothing(world):
    """X-01: vm2 on host A loses no packet while vm1 comes and goes."""
    with traffic.both_ways(world, "vm2") as records:
        for _ in range(2):
            world.moved("vm1", "B" if world.where["vm1"] == "A" else "A")
            lab.pause(0.2)
    for record in records:
        assert record.counts() == {"sent": record.sent, "received": record.sent, "lost": 0,
                                   "duplicated": 0, "reordered": 0}


def test_two_guests_reach_each_other_wherever_one_of_them_is(world):
    """N-36: by the home agent, also when both are on one host."""
    for target in ("A", "B"):
        if world.where["vm1"] != target:
            world.moved("vm1", target)
        assert world.net.ping("vm2", VM1.address)
        assert world.net.ping("vm1", VM2.address)


@pytest.mark.parametrize("moves", [2, 4])
def test_to_and_fro_within_a_second(world, moves):
    """X-01 M-42: the newest registration wins, whichever host sent it; the time is printed."""
    for number in range(moves):
        stop = world.move("vm1", "B" if world.where["vm1"] == "A" else "A", stop_ms=50)
    lab.eventually(lambda: world.net.ping("cn", VM1.address), 5, "vm1 answers")
    took = (lab.mono_ns() - stop.resume_ns) / traffic.MS
    lab.eventually(lambda: world.bound("vm1", world.where["vm1"]))
    print(f"{moves} moves within {moves * 0.1:.1f} s: reachable {took:.0f} ms after the last resume")


def test_source_keeps_nothing_of_a_guest_that_left(world):
    """After the grace no tunnel end, rule or on-link route; unreachable stays under it."""
    if world.where["vm1"] != "B":
        world.moved("vm1", "B")

    def gone():
        rules = world.net.ip_json("A", "-6", "rule")
        mine = [r for r in world.net.ip_json("A", "-6", "route", "show", "table", "all")
                if r.get("dst") == VM1.prefix]
        return (not any(r.get("src") == VM1.prefix.split("/")[0] for r in rules)
                and all(r.get("type") == "unreachable" for r in mine))
    lab.eventually(gone, 6, "A forgets vm1")
    addresses = world.net.ip_json("A", "-6", "address", "show", "dev", "lo")
    assert VM1.hoa not in [a["local"] for a in addresses[0]["addr_info"]]
