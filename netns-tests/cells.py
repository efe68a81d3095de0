"""cells.py - one guest moved again and again under one set of conditions, beside its control.

    with cells.world((20, 20), early=True) as world:
        control = cells.play(world, stop_ms=100, count=20, moving=False)
        moves = cells.play(world, stop_ms=100, count=20)
        row = cells.row(moves, control, "A")     # of the moves that begin on A

A cell is a pair of round trips (host A, host B), a stop time, and what was lost or turned off.
Loss, duplicates and outage of a move are those of its window, from shortly before its stop
to shortly before the next; they are counted by direction, for a pair may be unequal.
"""

from dataclasses import dataclass

import lab
import topology
import traffic

GUEST = "vm1"
HOSTS = ("A", "B")
PORTS = {"inbound": 7001, "outbound": 7002, "tcp": 7003}
MARGIN_MS = 5  # a stop that much longer than the round trip has to hide the handover
SETTLE_S = 0.3  # beside stop time and round trips, between the stops


# One message of a move: what of the signalling, and where to. `SOURCE`, `TARGET` are the hosts.
ONE_LOST = {
    "the question": lab.SIGNALLING + " @th,16,8 11 ip6 saddr TARGET",
    "its answer": lab.SIGNALLING + " @th,16,8 11 ip6 daddr TARGET",
    "the notice to the source": lab.SIGNALLING + " @th,16,8 19 ip6 daddr SOURCE",
    "the first Binding Update": lab.BINDING_UPDATE,
    "its acknowledgement": lab.BINDING_ACK,
    "the notice to the destination": lab.SIGNALLING + " @th,16,8 19 ip6 daddr TARGET",
}


def world(rtt_ms, early=True, wire=None, datapath=None):
    """The world of a cell; its guest runs on A."""
    made = topology.World(guests=(GUEST,), rtt_ms=dict(zip(HOSTS, rtt_ms)), wire=wire,
                          datapath=datapath, mrd_extra="" if early else "early-switch = no\n")
    try:
        made.boot(GUEST, "A")
    except BaseException:
        made.__exit__(None, None, None)
        raise
    return made


@dataclass
class Run:
    """What became of the streams while the guest was stopped or moved some times."""

    rtt_ms: dict
    stops: list
    records: dict  # way -> Record
    tcp: dict
    timeouts: int  # of TCP, at both ends
    end_ns: int


def other(host):
    return "B" if host == "A" else "A"


def play(world, stop_ms, count, moving=True, before=None):
    """`count` stops on a timetable. before(), if given, is called ahead of each."""
    net, address = world.net, world.guests[GUEST].address
    before_timeouts = traffic.tcp_timeouts(net, "cn", GUEST)
    flows = {"inbound": traffic.Flow(net, "cn", GUEST, address, PORTS["inbound"]),
             "outbound": traffic.Flow(net, GUEST, "cn", world.correspondent, PORTS["outbound"])}
    session = traffic.Session(net, GUEST, "cn", world.correspondent, PORTS["tcp"])
    pace_ns = int((SETTLE_S * (2 if moving else 1) * lab.SLOW
                   + (stop_ms + 2 * max(world.rtt_ms.values(), default=0)) / 1000) * 1e9)
    due, stops = lab.mono_ns() + pace_ns, []
    for _ in range(count):
        lab.wait_until(due)
        if before:
            before()
        if moving:
            stops.append(world.move(GUEST, other(world.where[GUEST]), stop_ms))
        else:
            stops.append(world.stay(GUEST, stop_ms))
        due = max(due, lab.mono_ns() - pace_ns // 2) + pace_ns
    lab.wait_until(due)
    end_ns = lab.mono_ns()
    tcp = session.stop()
    records = dict(zip(flows, traffic.stop_flows(list(flows.values()))))
    timeouts = traffic.tcp_timeouts(net, "cn", GUEST) - before_timeouts
    return Run(dict(world.rtt_ms), stops, records, tcp, timeouts, end_ns)


class EachTime:
    """In every move the first message of a kind is lost: what play() calls before each."""

    def __init__(self, world, match):
        self.world, self.match = world, match
        self.loss, self.dropped = None, 0

    def __enter__(self):
        return self

    def __call__(self):
        self.__exit__()
        source = self.world.where[GUEST]
        match = self.match.replace("SOURCE", topology.CAREOF[source])
        match = match.replace("TARGET", topology.CAREOF[other(source)])
        self.loss = lab.Loss(self.world.net, "core", match, first=1)

    def __exit__(self, *_):
        if self.loss:
            self.dropped += self.loss.dropped()
            self.loss.close()
            self.loss = None


# ---- figures ----


def _windows(run, source):
    """Of the stops that begin on that host; source=None: all."""
    return [(stop, window) for stop, window in zip(run.stops, traffic.windows(run.stops, run.end_ns))
            if source in (None, stop.source)]


def _raw(run, way, source):
    """The outage of each of these stops in ms.

    From there on the way from the guest is longer or shorter by half the difference of the
    round trips: that is where the guest is, not what it cost to get there.
    """
    found = traffic.outages(run.records[way], run.stops, run.end_ns, way == "inbound")
    picked = []
    for stop, ms in zip(run.stops, found):
        if source not in (None, stop.source):
            continue
        if way == "outbound" and ms is not None:
            ms -= (run.rtt_ms.get(stop.target, 0) - run.rtt_ms.get(stop.source, 0)) / 2
        picked.append(ms)
    return picked


def losses(run, way, source=None):
    """Packets lost by each of these stops."""
    return [run.records[way].lost_between(*window) for _, window in _windows(run, source)]


def row(run, control, source=None):
    """The figures of the moves that begin on that host, as a dictionary."""
    picked = _windows(run, source)
    record = {"moves": len(picked),
              "stopped_ms": round(sum(stop.stop_ms for stop, _ in picked), 1)}
    for way in ("inbound", "outbound"):
        lost = losses(run, way, source)
        again = sum(run.records[way].duplicated_between(*window) for _, window in picked)
        raw = _raw(control, way, None) if control else [0]
        record[way] = {
            "lost": sum(lost), "lost_most": max(lost), "lossy_moves": sum(n > 0 for n in lost),
            "duplicated": again,
            "added_outage_ms": traffic.summary(traffic.added(_raw(run, way, source), raw))}
        if control:
            record[way]["control_lost"] = control.records[way].lost
            record[way]["control_outage_ms"] = traffic.summary(raw)
    record["tcp"] = {"survived": run.tcp["survived"], "corrupt": run.tcp["corrupt"],
                     "longest_stall_ms": run.tcp["longest_stall_ms"], "timeouts": run.timeouts,
                     "control_timeouts": control.timeouts if control else None}
    return record


def hides(rtt_ms, stop_ms):
    """Is the stop long enough for the whole handover?"""
    return max(rtt_ms) + MARGIN_MS < stop_ms


def duplicates_allowed(figures):
    """Under 1 % of what was sent while the guest was stopped."""
    return figures["stopped_ms"] / 1000 * traffic.RATE / 100
