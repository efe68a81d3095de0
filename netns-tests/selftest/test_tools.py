"""Does the lab measure what it says? No daemon runs here: routes are switched by hand.

    cn ---- core ---- A -- brvm -- vm1
              |
              +------ B -- brvm

What is known beforehand (a packet in ten dropped, a stop of 150 ms, a filter that takes twenty)
must come out of the tools as it went in.
"""

import lab
import pytest
import topology
import traffic

PORT = 7001


@pytest.fixture(scope="module")
def plain():
    with topology.World(guests=("vm1",), plain=True) as world:
        world.boot("vm1", "A")
        yield world


def flow_to(world, **kwargs):
    return traffic.Flow(world.net, "cn", "vm1", world.guests["vm1"].address, PORT, **kwargs)


def finished(flow):
    """A stream of a given number of packets, to its end."""
    flow.sender.wait(10 * lab.SLOW)
    return flow.stop()


def test_quiet_lab_loses_nothing(plain):
    record = finished(flow_to(plain, count=500))
    assert record.counts() == {"sent": 500, "received": 500, "lost": 0, "duplicated": 0,
                               "reordered": 0}


def test_one_in_ten_dropped_is_one_in_ten_lost(plain):
    with lab.Loss(plain.net, "core", f"udp dport {PORT}", every=10) as loss:
        record = finished(flow_to(plain, rate=2 * traffic.RATE, count=1000))
        assert loss.dropped() == 100
    assert record.lost == 100


def test_first_packets_dropped_are_the_first_lost(plain):
    with lab.Loss(plain.net, "core", f"udp dport {PORT}", first=20):
        record = finished(flow_to(plain, count=200))
    assert record.lost == 20
    assert min(record.seen) == 20


def test_stop_of_150_ms_is_seen_as_one(plain):
    """Frames wait in the tap while the guest is stopped, as under QEMU; none is lost."""
    flow = flow_to(plain)
    lab.pause(0.2)
    stop = plain.stay("vm1", stop_ms=150)
    lab.pause(0.3)
    record = flow.stop()
    assert record.lost == 0
    assert 150 <= stop.stop_ms < 150 + 50 * lab.SLOW
    gap = record.longest_gap(stop.suspend_ns - traffic.LOOK_BACK_NS, lab.mono_ns())
    assert gap >= (stop.stop_ms - 1) * traffic.MS
    assert traffic.inbound_ms(record, stop) < 50 * lab.SLOW


def test_outage_is_what_was_kept_from_the_guest():
    """doc/design.md: (first after the resume - resume) + (suspend - last before) - interval."""
    ms = traffic.MS
    record = traffic.Record(sent=5, first_ns=0, interval_ns=10 * ms, latest_ms=0, received=4,
                            duplicated=0, reordered=0, arrivals=[1 * ms, 11 * ms, 217 * ms, 221 * ms],
                            seen={0, 1, 3, 4})
    stop = traffic.Stop(15 * ms, 210 * ms, "A", "B")
    assert traffic.inbound_ms(record, stop) == pytest.approx((217 - 210) + (15 - 11) - 10)
    assert traffic.gap_ms(record, (0, 300 * ms), stop.stop_ms) == pytest.approx(206 - 10 - 195)
    assert record.lost_between(0, 50 * ms) == 1
    assert traffic.added([7.0, None, 1.0], [2.0, 3.0, 4.0]) == [4.0, None, 0.0]
    assert traffic.summary([1.0, None, 3.0]) == {"p50": 3.0, "p95": None, "max": None}
    assert traffic.repeated([1, 2, 1, 3, 1]) == [1, 1]


def test_session_survives_a_move_uncorrupted(plain):
    session = traffic.Session(plain.net, "vm1", "cn", topology.CORRESPONDENT, 7003)
    lab.pause(0.2)
    plain.move("vm1", "B")
    lab.pause(0.3)
    plain.move("vm1", "A")
    lab.pause(0.3)
    result = session.stop()
    assert result["survived"] and result["corrupt"] == 0, result
    assert result["bytes"] > 100_000 // lab.SLOW
    assert result["longest_stall_ms"] >= 99


def test_count_on_the_uplink_is_what_was_sent(plain):
    count = traffic.LinkCount(plain.net, "A", "uplink", [PORT], tunnel=False)
    record = finished(flow_to(plain, count=300))
    bins = count.stop()
    assert sum(n for _, n in bins) == record.sent
    assert max(n for _, n in bins) < 100


def test_wall_clock_is_shifted_for_one_process_alone(plain):
    env = {"LD_PRELOAD": lab.tool("wallclock.so"), "HOMEPORT_CLOCK_OFFSET_MS": "-3600000"}
    code = "import time; print(time.time(), time.monotonic())"
    shifted, mono = map(float, lab.run("/usr/bin/python3", "-c", code, env=env).split())
    real, later = map(float, lab.run("/usr/bin/python3", "-c", code).split())
    assert real - shifted == pytest.approx(3600, abs=2)
    assert 0 < later - mono < 2


def test_taps_and_namespaces_are_gone_afterwards():
    with topology.World(guests=("vm1",), plain=True) as world:
        prefix = world.net.prefix
        world.boot("vm1", "A")
        children = [p.popen for p in world.net.processes]
    assert prefix not in lab.run("ip", "netns", "list")
    assert all(child.poll() is not None for child in children)
