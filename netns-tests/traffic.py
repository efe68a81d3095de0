"""traffic.py - guests that can be carried, streams to and from them, and the figures.

FakeVm speaks to tools/fakevm, Flow and Session to tools/stream, LinkCount to
tools/linkcount. All times are nanoseconds of CLOCK_MONOTONIC.
"""

import array
import bisect
import contextlib
import signal
import statistics
import subprocess
from collections import Counter
from dataclasses import dataclass, field

import lab

MS = 1_000_000
RATE = 1000  # packets a second of a stream
KBIT = 2000  # of a TCP session, each way
KERNEL_S = 20  # a busy kernel with namespaces to clear away takes seconds to make or close a tap


class FakeVm:
    """A guest's link, held by the fake hypervisor: a tap in its namespace, one on a host's bridge."""

    def __init__(self, net, ns, mac, hosts, bridge="brvm", announce=True):
        self.tap = f"tap-{ns}"
        places = [f"{h}={net.full(h)}:{self.tap}:{bridge}" for h in hosts]
        words = [] if announce else ["--no-announce"]
        self.process = lab.Process(net.full(ns), (lab.tool("fakevm"), *words, mac,
                                   f"{net.full(ns)}:eth0", *places), stdin=subprocess.PIPE)
        net.processes.append(self.process)
        self.process.line()

    def tell(self, *words):
        """Say it and do not wait: what follows must not lose a scheduling round."""
        self.process.popen.stdin.write((" ".join(words) + "\n").encode())

    def heard(self, event):
        """The moment of that event; what else it says before (an old tap is gone) is no matter."""
        while True:
            answer = self.process.line(within=KERNEL_S)
            if answer["event"] == "refused":
                raise lab.LabError(f"fakevm refused: {answer}")
            if answer["event"] == event:
                return answer["mono_ns"]

    def attach(self, host):
        self.tell("attach", host)
        return self.heard("attached")

    def detach(self, host):
        """The tap goes when the kernel gets round to it; an attach there comes after that."""
        self.tell("detach", host)

    def suspend(self):
        self.tell("suspend")
        return self.heard("suspended")

    def resume(self, host):
        self.tell("resume", host)
        return self.heard("resumed")


# ---- numbered UDP ----


@dataclass
class Record:
    """One stream, after it ended: who sent what when, and what arrived when."""

    sent: int
    first_ns: int
    interval_ns: int
    latest_ms: float  # most that the sender was behind its timetable
    received: int
    duplicated: int
    reordered: int
    arrivals: list = field(repr=False)  # of packets, ascending
    seen: set = field(repr=False)  # numbers that arrived
    again: list = field(repr=False, default_factory=list)  # and those that did so once more

    @property
    def lost(self):
        return self.sent - self.received

    def lost_at(self):
        """When the packets that never arrived should have been sent."""
        return [self.first_ns + seq * self.interval_ns for seq in range(self.sent)
                if seq not in self.seen]

    def _due_between(self, begin_ns, end_ns):
        """Numbers of the packets that should have been sent in that time."""
        low = max(0, -(-(begin_ns - self.first_ns) // self.interval_ns))
        high = min(self.sent, -(-(end_ns - self.first_ns) // self.interval_ns))
        return range(low, high)

    def lost_between(self, begin_ns, end_ns):
        """Packets that should have been sent in that time and never arrived."""
        return sum(1 for seq in self._due_between(begin_ns, end_ns) if seq not in self.seen)

    def duplicated_between(self, begin_ns, end_ns):
        due = self._due_between(begin_ns, end_ns)
        return sum(1 for seq in self.again if seq in due)

    def last_before(self, ns):
        i = bisect.bisect_right(self.arrivals, ns)
        return self.arrivals[i - 1] if i else None

    def first_after(self, ns):
        i = bisect.bisect_right(self.arrivals, ns)
        return self.arrivals[i] if i < len(self.arrivals) else None

    def longest_gap(self, begin_ns, end_ns):
        """Between successive arrivals of which the later is in that time; None if none came."""
        i, j = (bisect.bisect_left(self.arrivals, ns) for ns in (begin_ns, end_ns))
        gaps = [self.arrivals[k] - self.arrivals[k - 1] for k in range(max(i, 1), j)]
        return max(gaps, default=None)

    def counts(self):
        return {"sent": self.sent, "received": self.received, "lost": self.lost,
                "duplicated": self.duplicated, "reordered": self.reordered}


class Flow:
    """Numbered, time-stamped UDP from one namespace to an address in another."""

    def __init__(self, net, source, sink, address, port, rate=RATE, count=0, octets=200):
        self.log = net.path(f"flow-{port}-{len(net.processes)}.bin")
        tool = lab.tool("stream")
        self.receiver = net.spawn(sink, tool, "recv", str(port), self.log)
        self.receiver.line()
        self.sender = net.spawn(source, tool, "send", address, str(port), str(rate), str(count),
                                str(octets))

    def stop(self):
        return stop_flows([self])[0]

    def _record(self, sent, got):
        numbers = array.array("q")
        with open(self.log, "rb") as log:
            numbers.frombytes(log.read())
        return Record(sent["sent"], sent["first_ns"], sent["interval_ns"], sent["latest_ms"],
                      got["received"], got["duplicated"], got["reordered"],
                      sorted(numbers[2::3]), set(numbers[0::3]), repeated(numbers[0::3]))


def repeated(numbers):
    """What is in there again, as often as that."""
    return list((Counter(numbers) - Counter(set(numbers))).elements())


def stop_flows(flows):
    """All senders first, so that what is still on its way arrives; then all receivers."""
    for flow in flows:
        flow.sender.notify(signal.SIGTERM)
    sent = [flow.sender.line() for flow in flows]
    for flow in flows:
        flow.receiver.notify(signal.SIGTERM)
    return [flow._record(s, flow.receiver.line()) for flow, s in zip(flows, sent)]


@contextlib.contextmanager
def both_ways(world, name):
    """Streams to and from a guest; the list gets their two records at the end."""
    records, net = [], world.net
    flows = [Flow(net, "cn", name, world.guests[name].address, 7001),
             Flow(net, name, "cn", world.correspondent, 7002)]
    yield records
    records += stop_flows(flows)



# ---- one TCP session ----


class Session:
    """A TCP session from `client` to `server` that carries a known pattern each way."""

    def __init__(self, net, client, server, address, port, kbit=KBIT):
        tool = lab.tool("stream")
        self.server = net.spawn(server, tool, "tcp-server", address, str(port), str(kbit))
        self.server.line()
        self.client = net.spawn(client, tool, "tcp-client", address, str(port), str(kbit))
        self.client.line()
        self.server.line()

    def stop(self):
        self.client.notify(signal.SIGTERM)
        return self.result()

    def result(self):
        """What both ends say, once they ended; the last two lines they print."""
        try:
            ends = [self.client.line(within=15), self.server.line(within=15)]
        except lab.LabError as error:
            return {"survived": False, "longest_stall_ms": None, "bytes": 0, "corrupt": 0,
                    "error": str(error)}
        client, server = ends
        whole = client["sent"] == server["received"] and server["sent"] == client["received"]
        return {
            "survived": whole and client["ended"] and server["ended"],
            "longest_stall_ms": round(max(e["longest_stall_ms"] for e in ends), 3),
            "bytes": client["received"] + server["received"],
            "corrupt": client["corrupt"] + server["corrupt"],
            "error": client["error"] or server["error"],
        }


def tcp_timeouts(net, *names):
    """How often TCP in those namespaces gave up waiting for an acknowledgement."""
    said = (net.run(name, "nstat", "-asz", "TcpExtTCPTimeouts") for name in names)
    return sum(int(float(text.split("TcpExtTCPTimeouts")[1].split()[0])) for text in said)


class LinkCount:
    """Packets per 20 ms on a link, per destination port; stop() gives [(ns, count, ...)]."""

    BIN_MS = 20

    def __init__(self, net, ns, dev, ports, tunnel):
        self.file = net.path(f"count-{ns}-{dev}-{len(net.processes)}.txt")
        self.process = net.spawn(ns, lab.tool("linkcount"), dev, self.file, str(self.BIN_MS),
                                 "tunnel" if tunnel else "udp", *map(str, ports))
        self.process.line()

    def stop(self):
        self.process.stop()
        with open(self.file, encoding="utf-8") as lines:
            return [tuple(map(int, line.split())) for line in lines]


# ---- figures, as doc/design.md defines them ----


@dataclass
class Stop:
    """One stop of a guest: by a move, or in the control run."""

    suspend_ns: int
    resume_ns: int
    source: str
    target: str

    @property
    def stop_ms(self):
        return (self.resume_ns - self.suspend_ns) / MS


LOOK_BACK_NS = 100 * MS  # of a window around a stop


def windows(stops, end_ns):
    """From shortly before each stop to shortly before the next."""
    begins = [s.suspend_ns - LOOK_BACK_NS for s in stops] + [end_ns]
    return list(zip(begins, begins[1:]))


def inbound_ms(record, stop):
    """(first arrival after the resume - resume) + (suspend - last arrival before it) - interval."""
    before, after = record.last_before(stop.suspend_ns), record.first_after(stop.resume_ns)
    if before is None or after is None:
        return None
    return (after - stop.resume_ns + stop.suspend_ns - before - record.interval_ns) / MS


def gap_ms(record, window, stopped_ms):
    """Longest gap at the receiver - stop time - interval."""
    gap = record.longest_gap(*window)
    return None if gap is None else (gap - record.interval_ns) / MS - stopped_ms


def outages(record, stops, end_ns, inbound, stopped=True):
    """The raw outage of each stop in ms; None where nothing came any more.

    A guest that does not stop (stopped=False) is measured by its longest gap.
    """
    if inbound and stopped:
        return [inbound_ms(record, s) for s in stops]
    return [gap_ms(record, w, s.stop_ms if stopped else 0)
            for s, w in zip(stops, windows(stops, end_ns))]


def added(raw, control):
    """Raw outages less the median of the control run's, never below 0."""
    known = [c for c in control if c is not None]
    base = statistics.median(known) if known else 0
    return [None if r is None else max(0.0, r - base) for r in raw]


def summary(values):
    """p50, p95 and max; None (for ever) if it never came back."""
    ranked = sorted(float("inf") if v is None else v for v in values)
    if not ranked:
        return {"p50": None, "p95": None, "max": None}
    figures = {"p50": statistics.median(ranked), "p95": ranked[(len(ranked) * 19 - 1) // 20],
               "max": ranked[-1]}
    return {k: None if v == float("inf") else round(v, 3) for k, v in figures.items()}
