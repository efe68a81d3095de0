"""had with other configurations: what it is told not to do, limits, reloads and restarts.

    Scapy as mobile router ---- up | had | cn ---- Scapy as correspondent

One daemon for each test, since it is the configuration that is asked about. After a restart or
a reload the same three views count: the answer, `show bindings`, and the routes.
"""

import lab
import pytest
from bench import HA
from had_bench import Guest
from peer import bu

RANGE = 'range "lab" { home-prefix = "2001:db8:200::/40"  prefix = "2001:db8:200::/40" }\n'


def config(*lines):
    return f'address = "{HA}"\n' + "\n".join(lines) + "\n" + RANGE


def ask(had, guest, seq, prefixes, **how):
    return had.ask(bu(guest.hoa, how.pop("coa", guest.coa(0)), HA, seq, prefixes=prefixes, **how))


@pytest.mark.parametrize("line, flags, status", [
    pytest.param("home-agent = no", "AHR", 131, id="M-14 131 when it is no home agent"),
    pytest.param("mobile-routers = no", "AHR", 140, id="N-26 140 when it serves no mobile routers"),
    pytest.param("mobile-routers = no", "AH", 0, id="N-26 N-06 a plain host is still served"),
])
def test_told_not_to(had_with, line, flags, status):
    had = had_with(config(line))
    g = Guest()
    ack = ask(had, g, 1, g.p(0) if "R" in flags else [], flags=flags)
    assert ack.status == status
    assert (had.binding(g.hoa) is None) == (status != 0)
    assert g.p(0)[0] not in had.forwarded()


def test_full(had_with):
    """M-16 N-18: 130 when the binding cache is full; those in it stay, and may move"""
    had = had_with(config("bindings-max = 2"))
    one, two, three = Guest(), Guest(), Guest()
    assert [ask(had, g, 1, g.p(0)).status for g in (one, two)] == [0, 0]
    assert ask(had, three, 1, three.p(0)).status == 130
    assert had.binding(three.hoa) is None and not had.forwarded(f"{three.net}::/48")
    assert ask(had, one, 2, one.p(0), coa=one.coa(1)).status == 0
    assert ask(had, two, 2, [], lifetime=0).status == 0


def test_takeover(had_with):
    """X-07 H-05: with takeover = yes the newer home address gets the prefix, the older loses it"""
    had = had_with(config("takeover = yes"))
    one = Guest()
    two = one.as_another()
    two.hoa = f"{one.net}:2::1"
    assert ask(had, one, 1, one.p(0, 1)).status == 0
    assert ask(had, two, 1, one.p(1, 2)).status == 0
    routes = had.forwarded(f"{one.net}::/48")
    assert routes[one.p(1)[0]] == two.coa(0), routes


def test_refresh_advice(had_with):
    """M-23: a Binding Refresh Advice below the lifetime, if configured; none when de-registering"""
    had = had_with(config("refresh-advice = 40s"))
    g = Guest()
    assert ask(had, g, 1, g.p(0)).advice == 40
    short = ask(had, g, 2, g.p(0), lifetime=40)
    assert short.advice is None or short.advice < 40
    assert ask(had, g, 3, [], lifetime=0).advice is None


def test_no_refresh_advice(had_with):
    """M-23: none unless configured"""
    had = had_with(config())
    g = Guest()
    assert ask(had, g, 1, g.p(0)).advice is None


def test_lifetime_cap(had_with):
    """M-19: lifetime-max caps what is granted"""
    had = had_with(config("lifetime-max = 60s"))
    g = Guest()
    assert ask(had, g, 1, g.p(0), lifetime=240).lifetime == 60
    assert had.binding(g.hoa)["lifetime_s"] == 60


def test_no_grace(had_with):
    """X-08: with grace = 0 the old care-of address is out at once: the letter of N-39"""
    had = had_with(config("grace = 0"))
    g = Guest()
    ask(had, g, 1, g.p(0))
    ask(had, g, 2, g.p(0), coa=g.coa(1))
    assert had.binding(g.hoa)["previous_coa"] is None
    assert g.coa(0) not in " ".join(had.addresses_of_links().values()), "the old tunnel is gone"


def test_reload_keeps_what_is_allowed(had_with):
    """N-11: a reload drops the bindings that are no longer allowed, and an error changes nothing"""
    table = 'guest "{0}" {{ home-address = "{1}"  prefix = {{ "{2}" }} }}\n'
    one, two = Guest(0x310), Guest(0x311)
    rows = {g: table.format(g.number, g.hoa, g.p(0)[0]) for g in (one, two)}
    had = had_with(config(*rows.values()))
    assert [ask(had, g, 1, g.p(0)).status for g in (one, two)] == [0, 0]

    had.daemon.configure(config("nonsense = yes"))
    with pytest.raises(lab.CtlError):
        had.daemon.ask("reload")
    assert had.is_bound(one) and had.is_bound(two)

    had.daemon.configure(config(rows[one]))
    had.daemon.ask("reload")
    lab.eventually(lambda: not had.is_bound(two), 2, "the one that is not allowed is gone")
    assert had.is_bound(one) and not had.forwarded(f"{two.net}::/48")
    assert ask(had, two, 2, two.p(0)).status == 132


def test_killed_and_started(had_with):
    """M-09 S-09: after SIGKILL the cache is empty, no route is astray, any sequence is taken"""
    had = had_with(config())
    g, other = Guest(), Guest()
    ask(had, g, 500, g.p(0, 1))
    ask(had, other, 500, other.p(0))
    had.daemon.kill()
    had.daemon.start()
    assert had.daemon.ask("show", "bindings") == []
    assert had.forwarded() == {}
    assert ask(had, g, 3, g.p(0)).status == 0
    assert had.forwarded() == {g.p(0)[0]: g.coa(0)}


def test_served_prefixes_are_unreachable_underneath(had_with):
    """N-48 N-24: what is served but not bound is unreachable, at a worse metric than any binding"""
    had = had_with(config('guest "x" { home-address = "2001:db8:400::1" '
                          'prefix = { "2001:db8:400::/64" } }'))
    g = Guest()
    assert ask(had, g, 1, g.p(0)).status == 0
    under = {r["dst"] for r in had.ours("routes") if r.get("type") == "unreachable"}
    assert {"2001:db8:200::/40", "2001:db8:400::/64"} <= under, under


def test_dropped_by_hand(had_with):
    """N-20: `drop binding` forgets it at once, routes and all"""
    had = had_with(config())
    g = Guest()
    ask(had, g, 7, g.p(0))
    had.daemon.ask("drop", "binding", g.hoa)
    assert not had.forwarded(f"{g.net}::/48")
