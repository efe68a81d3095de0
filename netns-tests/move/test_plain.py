"""A guest moves as RFC 3963 alone would have it: nobody asks, it is registered when it runs.

    A  vm1  ......>  B      suspend: the home agent goes on sending to A
                            resume:  B registers, and what was sent meanwhile is lost
"""

import lab
import pytest
import topology
import traffic

B = topology.CAREOF["B"]


@pytest.fixture(scope="module")
def world():
    with topology.World(mrd_extra="ask = no\nearly-switch = no\n") as made:
        for name in made.guests:
            made.boot(name, "A")
        yield made


def test_loses_only_what_was_sent_between_suspend_and_acknowledgement(world):
    """X-08 N-27: before the stop and after the acknowledgement all arrives, once and in order."""
    monitor = world.mrd("B").monitor()
    with traffic.both_ways(world, "vm1") as records:
        lab.pause(0.2)
        stop = world.moved("vm1", "B")
        lab.pause(0.3)
    bound_ns = monitor.expect("registered", name="vm1")["mono_ms"] * traffic.MS
    inbound, outbound = records
    for record in records:
        assert record.duplicated == record.reordered == 0
        # Lost ones are dated by the timetable, behind which the sender may have been.
        early_ns = int((5 + record.latest_ms) * traffic.MS)
        begin, end = stop.suspend_ns - early_ns, bound_ns + 20 * lab.SLOW * traffic.MS
        strays = [round((ns - stop.suspend_ns) / traffic.MS, 1) for ns in record.lost_at()
                  if not begin <= ns < end]
        assert strays == [], "lost, in ms after the suspend"
    assert inbound.last_before(lab.mono_ns()) > stop.resume_ns
    assert world.binding("vm1")["coa"] == B
