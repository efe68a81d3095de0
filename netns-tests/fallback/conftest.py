"""Fixtures of the fall-backs: as in exchange, every packet that mrd sent is judged."""

import bench
import mrd_bench
import pytest
from judge import Judge

HA2 = "2001:db8:100::2"


@pytest.fixture(scope="session", autouse=True)
def every_packet_is_good():
    bench.COUNT.judge = judge = Judge()
    yield
    judge.finish()


@pytest.fixture
def mrd_of():
    """A host with these home agents, and lines of its own in mrd.conf: mrd_of(text, agents=...)."""
    open_ones = []

    def make(text="", agents=(bench.HA, HA2)):
        open_ones.append(mrd_bench.MrdBench(text, agents=agents))
        return open_ones[-1]
    yield make
    for one in open_ones:
        one.close()
