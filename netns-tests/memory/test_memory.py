"""How much anonymous memory mrd and had hold with a hundred guests registered.

    Scapy as 100 mobile routers ---- had        mrd with 100 guests ---- Scapy as home agent

RssAnon is what a process took for itself: heap, stack, written data. Programs and libraries that it
shares with others are in RSS, printed beside it. The limit is 4 MiB for each daemon.
"""

import had_bench
import lab
import mrd_bench
import pytest

GUESTS, LIMIT_KB = 100, 4096


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        said = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(said["RssAnon"].split()[0]), int(said["VmRSS"].split()[0])


def judge(name, pid):
    anonymous, resident = memory(pid)
    print(f"{name} with {GUESTS} guests: RssAnon {anonymous} kB, RSS {resident} kB")
    assert anonymous < LIMIT_KB


@pytest.mark.figures
def test_had(record_property):
    """X-04: had holds less than 4 MiB of anonymous memory with 100 bindings"""
    had = had_bench.HadBench()
    try:
        for _ in range(GUESTS):
            g = had_bench.Guest()
            had.register(g, 1, g.p(0))
            had.register(g, 2, g.p(0), coa=g.coa(1))
        assert sum(b["state"] == "bound" for b in had.daemon.ask("show", "bindings")) == GUESTS
        record_property("rss_anon_kb", memory(had.daemon.pid())[0])
        judge("had", had.daemon.pid())
    finally:
        had.close()


@pytest.mark.figures
def test_mrd(record_property):
    """X-04: mrd holds less than 4 MiB of anonymous memory with 100 guests"""
    mrd = mrd_bench.MrdBench()
    try:
        guests = [mrd_bench.MrdGuest() for _ in range(GUESTS)]
        for g in guests:
            mrd.answer(g, mrd.running(g))
        lab.eventually(lambda: sum(b["state"] == "bound" for b in mrd.daemon.ask(
            "show", "bindings")) == GUESTS, 5, "all bound")
        record_property("rss_anon_kb", memory(mrd.daemon.pid())[0])
        judge("mrd", mrd.daemon.pid())
    finally:
        mrd.close()
