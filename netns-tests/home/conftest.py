"""Every packet that mrd sent on the home link is judged when the last exchange is over."""

import bench
import pytest
from judge import Judge


@pytest.fixture(scope="session", autouse=True)
def every_packet_is_good():
    bench.COUNT.judge = judge = Judge()
    yield
    judge.finish()
