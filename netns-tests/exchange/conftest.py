"""Fixtures of the exchange scenarios, and the sum of what was exchanged."""

import bench
import had_bench
import mrd_bench
import pytest
from judge import Judge


@pytest.fixture(scope="session", autouse=True)
def every_packet_is_good():
    """What the daemons sent during all exchanges is judged when the last one is over."""
    bench.COUNT.judge = judge = Judge()
    yield
    judge.finish()


@pytest.fixture(scope="module")
def had():
    with_had = had_bench.HadBench()
    yield with_had
    with_had.close()


@pytest.fixture
def had_with():
    """A home agent with a configuration of its own: had_with(text)."""
    open_ones = []

    def make(text, **how):
        open_ones.append(had_bench.HadBench(text, **how))
        return open_ones[-1]
    yield make
    for one in open_ones:
        one.close()


@pytest.fixture(scope="module")
def mrd():
    with_mrd = mrd_bench.MrdBench()
    yield with_mrd
    with_mrd.close()


@pytest.fixture
def mrd_with():
    """A host with lines of its own in mrd.conf: mrd_with(text)."""
    open_ones = []

    def make(text="", **how):
        open_ones.append(mrd_bench.MrdBench(text, **how))
        return open_ones[-1]
    yield make
    for one in open_ones:
        one.close()


def pytest_terminal_summary(terminalreporter):
    count = bench.COUNT
    if count.exchanges:
        terminalreporter.write_line(
            f"exchanges: {count.exchanges} between Scapy and had or mrd; {count.judge.frames} "
            f"frames from them decoded by tshark, {count.judge.messages} Mobility Headers "
            f"re-summed")
