"""Three cells of netns-tests/handover: a long way between hosts and home agent, by tools/delay.

    cn ---- core ==== A -- vm1       ==== takes half the round trip each way
             |  \\\\
             ha   === B

Counts are asserted, and beside them those of a control in which the guest stops as long without
moving; times are printed. What a busy machine loses, the control loses too.
"""

import os

import cells
import lab
import pytest
import traffic

MOVES = 6
CELLS = (((1, 1), 50), ((20, 20), 100), ((80, 1), 100))


def measured(rtt_ms, stop_ms):
    with cells.world(rtt_ms) as world:
        control = cells.play(world, stop_ms, MOVES, moving=False)
        return cells.row(cells.play(world, stop_ms, MOVES), control)


def complaints(row):
    """Where the moves are worse than the control."""
    for way in ("inbound", "outbound"):
        if row[way]["lost"] > row[way]["control_lost"]:
            yield f"{row[way]['lost']} lost {way}"
        if row[way]["duplicated"] > cells.duplicates_allowed(row):
            yield f"{row[way]['duplicated']} came twice {way}"
    if row["tcp"]["timeouts"] > row["tcp"]["control_timeouts"]:
        yield f"{row['tcp']['timeouts']} timeouts of TCP"


@pytest.mark.figures
@pytest.mark.parametrize("rtt_ms, stop_ms", CELLS)
def test_a_long_way_costs_nothing_that_the_stop_does_not_hide(rtt_ms, stop_ms):
    """X-08 X-09: round trip shorter than the stop: nothing lost, next to nothing twice, each way"""
    row = measured(rtt_ms, stop_ms)
    if list(complaints(row)):
        print("once more, the machine may have stood still:", *complaints(row))
        row = measured(rtt_ms, stop_ms)
    print(f"round trips {rtt_ms}, stop {stop_ms} ms: added outage inbound "
          f"{row['inbound']['added_outage_ms']}, outbound {row['outbound']['added_outage_ms']}, "
          f"load {os.getloadavg()[0]:.0f}")
    assert list(complaints(row)) == []
    assert row["moves"] == MOVES and row["tcp"]["survived"] and row["tcp"]["corrupt"] == 0


def test_the_wire_of_the_lab_is_as_long_as_it_says():
    """What is known beforehand: the delay, which frames are lost, which are late, by the seed."""
    sent, delay_ms = 400, 15
    with lab.Net() as net:
        net.ns("near"), net.ns("far")
        wire = net.long_link("near", "to-far", "far", "to-near", delay_ms * 1000, loss_ppm=100_000,
                             reorder_ppm=100_000, reorder_us=4000, seed=7)
        net.address("near", "to-far", "2001:db8::1/64")
        net.address("far", "to-near", "2001:db8::2/64")
        flow = traffic.Flow(net, "near", "far", "2001:db8::2", 7001, count=sent)
        flow.sender.wait(10 * lab.SLOW)
        record = flow.stop()
        least = min(arrived - record.first_ns for arrived in record.arrivals) / traffic.MS
        if wire is None:  # netem: by chance
            assert 0 < record.lost < sent and record.reordered > 0
            return
        wire.notify(15)
        there, _ = wire.line()["ways"]
    assert least >= delay_ms
    assert record.lost <= there["lost"] <= record.lost + 10  # neighbour discovery is lost as well
    assert 20 <= record.lost <= 60 and record.reordered > 0 and there["overflowed"] == 0
