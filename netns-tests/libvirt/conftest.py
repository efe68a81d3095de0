"""Two hosts with libvirt, and vm1 on host A. Tests of a module share them, in order."""

import os

import pytest
import realvm

# An emulated processor in an emulated processor takes minutes to boot.
if "HOMEPORT_VM" in os.environ:
    collect_ignore = ["test_faults.py", "test_migration.py", "test_two.py"]


@pytest.fixture(scope="module")
def world():
    with realvm.World() as made:
        made.boot("vm1", "A")
        yield made
