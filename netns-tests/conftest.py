"""What all scenarios share: the world they run in, and what a failure shows."""

import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402


NOT_IN_THE_VM = {
    "libvirt": "its guests would be emulated in an emulator, and take minutes to boot",
    "tree": "the sources are the same under every kernel",
}


def pytest_configure():
    if os.geteuid() != 0:
        raise pytest.UsageError("the scenarios make network namespaces: run them as root")
    lab.end_on_signals()


def pytest_collection_modifyitems(items):
    """The first line of a docstring goes into the XML: coverage finds the rows in it."""
    for item in items:
        why = NOT_IN_THE_VM.get(item.path.parent.name)
        if why and "HOMEPORT_VM" in os.environ:
            item.add_marker(pytest.mark.skip(reason=why))
        doc = (getattr(item.obj, "__doc__", None) or "").strip().splitlines()
        item.user_properties.append(("says", doc[0] if doc else item.name))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure is shown with logs, routes and rules of every namespace that still stands."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and lab.live():
        report.sections.append(("the lab", lab.report_text()))


def pytest_terminal_summary(terminalreporter):
    """What passing tests printed are measurements: they are shown."""
    said = [line for report in terminalreporter.stats.get("passed", ())
            for line in report.capstdout.splitlines() if line]
    if said:
        terminalreporter.section("measured")
        for line in said:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def world():
    """Two hosts, a home agent, vm1 and vm2 on host A. Tests of a module share it, in order."""
    import topology

    with topology.World() as made:
        for name in made.guests:
            made.boot(name, "A")
        yield made
