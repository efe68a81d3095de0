"""What had sent in these scenarios is judged when the last one is over."""

import bench
import pytest
from judge import Judge


@pytest.fixture(scope="session", autouse=True)
def every_packet_is_good():
    bench.COUNT.judge = judge = Judge()
    yield
    judge.finish()
