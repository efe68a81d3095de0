"""Two hosts with libvirt, and vm1 on host A. Tests of a module share them, in order."""

import pytest
import realvm


@pytest.fixture(scope="module")
def world():
    with realvm.World() as made:
        made.boot("vm1", "A")
        yield made
