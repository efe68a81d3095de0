"""mrd, and a home agent that is not ours.

    cn ---- core ---- foreign.py        home agent on a physical home link: strict, does DAD
             |  |                       before its first answer
    vm1 --- A    B

A fault is anything in a Binding Update or in a tunnel that the texts do not call for: none.
"""

import lab
import pytest
import topology
from foreign_bench import MrdWorld
from traffic import MS, Flow, stop_flows

EXPERIMENTAL = 11  # RFC 5096: mrd's question before a move
HOMES = {"vm2": "2001:db8:100::a2"}  # on the home link; vm1's lies in its own prefix
CN = topology.CORRESPONDENT


@pytest.fixture(scope="module")
def world():
    with MrdWorld(homes=HOMES) as made:
        for name in made.guests:
            made.boot(name, "A")
        yield made
        assert made.agent.faults() == []


def again(world, name):
    """A Binding Update now, and what came of it."""
    world.agent.forget()
    world.mrd(world.where[name]).ask("guest", "refresh", name)
    return world.agent.expect("bound", hoa=world.hoa(name))


def agree(world, name):
    lab.eventually(lambda: world.bound(name, world.where[name]), 5, f"{name}: both agree")


def test_waits_for_dad(world):
    """M-17 M-41 M-47 N-25 N-27: an answer after DAD, to the first of two Binding Updates, is good"""
    for name in world.guests:
        agree(world, name)
        sent = [e for e in world.agent.events() if e["event"] == "update"
                and e["hoa"] == world.hoa(name)]
        assert sent[0]["prefixes"] == [world.guests[name].prefix]
        assert world.registration(name, "A")["seq"] in [e["seq"] for e in sent]


def test_data(world):
    """N-23 N-36: data both ways, long and short, with a tunnel encapsulation limit and without"""
    net = world.net
    for limit in (4, None):
        world.agent.set(limit=limit)
        for name, guest in world.guests.items():
            assert net.ping("cn", guest.address, count=3) and net.ping(name, CN, count=3)
        flows = [Flow(net, "cn", "vm1", world.guests["vm1"].address, 7001, rate=50, octets=1200),
                 Flow(net, "vm1", "cn", CN, 7002, rate=50, octets=1200)]
        lab.pause(1)
        assert [r.lost for r in stop_flows(flows)] == [0, 0]


@pytest.mark.parametrize("name", ["vm1", "vm2"])
def test_moves(world, name):
    """N-36 X-01: there and back; the other host is one mobile router that moved, without DAD"""
    for target in ("B", "A"):
        world.agent.forget()
        world.move(name, target)
        world.agent.expect("bound", hoa=world.hoa(name), coa=topology.CAREOF[target])
        agree(world, name)
        assert world.net.ping("cn", world.guests[name].address)


def moved_at_plain_cost(world, name):
    """A move; what was lost lies between the stop and the binding. The questions that were asked."""
    target = "B" if world.where[name] == "A" else "A"
    monitor = world.mrd(target).monitor()
    world.agent.forget()
    flows = [Flow(world.net, "cn", name, world.guests[name].address, 7001, rate=200),
             Flow(world.net, name, "cn", CN, 7002, rate=200)]
    lab.pause(0.2)
    stop = world.move(name, target)
    bound = world.agent.expect("bound", hoa=world.hoa(name), coa=topology.CAREOF[target])
    agree(world, name)
    registered_ns = monitor.expect("registered", name=name)["mono_ms"] * MS
    lab.pause(0.2)
    inbound, outbound = stop_flows(flows)
    for record in (inbound, outbound):
        early_ns = int((5 + record.latest_ms) * MS)
        strays = [round((ns - stop.suspend_ns) / MS, 1) for ns in record.lost_at()
                  if not stop.suspend_ns - early_ns <= ns < registered_ns + 20 * lab.SLOW * MS]
        assert strays == [], "lost, in ms after the suspend"
        assert record.duplicated == record.reordered == 0
    assert 0 < inbound.lost and bound["mono_ns"] > stop.resume_ns  # nobody handed it over
    assert monitor.expect("asked", name=name)["answer"] == "unknown"
    questions = [e for e in world.agent.since() if e["event"] == "unknown-type"]
    assert all(e["type"] == EXPERIMENTAL and e["faults"] == [] for e in questions)
    return len(questions)


def test_knows_no_question(world):
    """N-36 X-01 X-08: it says Binding Error 2 or nothing: the move goes on and costs what RFC 3963's does"""
    told = moved_at_plain_cost(world, "vm1")
    world.agent.set(silent=True)
    untold = moved_at_plain_cost(world, "vm1")
    world.agent.set(silent=False)
    assert 0 < told < untold, "questions: whoever is told asks no more, else until ask-timeout"


@pytest.mark.parametrize("conf", [
    {"options": "unknown"}, {"options": "padded"}, {"style": "pad1"}, {"round_to": 4},
    {"units_max": 2}, {"advice_units": 3}, {"reverse_k": True}, {}])
def test_answers_of_all_sorts(world, conf):
    """M-05 M-49 M-50: unknown options, odd padding, shorter and rounded lifetimes, advice, K"""
    world.agent.set(options="", style="padn", round_to=1, units_max=30, advice_units=0,
                    reverse_k=False)
    world.agent.set(**conf)
    said = again(world, "vm1")
    agree(world, "vm1")
    own = world.registration("vm1", "A")
    assert own["lifetime_s"] == said["lifetime_s"]
    due = 12 if "advice_units" in conf else said["lifetime_s"] / 2
    assert due - 3 <= own["refresh_in_s"] <= due, (own, said)


def test_refresh_request(world):
    """M-55: a Binding Refresh Request of the home agent is answered by a Binding Update"""
    world.agent.set(units_max=30)
    again(world, "vm1")
    world.agent.forget()
    world.agent.say("refresh", hoa=world.hoa("vm1"))
    world.agent.expect("bound", hoa=world.hoa("vm1"))
    agree(world, "vm1")


def test_acknowledgement_twice(world):
    """M-47: an acknowledgement that comes twice counts once"""
    again(world, "vm1")
    agree(world, "vm1")
    before = world.registration("vm1", "A")
    world.agent.say("repeat", hoa=world.hoa("vm1"))
    again(world, "vm2")
    after = world.registration("vm1", "A")
    assert (after["seq"], after["lifetime_s"]) == (before["seq"], before["lifetime_s"])


def test_refusal_that_passes(world):
    """M-53: refused with 130, asked again: bound, and no packet lost of the binding it had"""
    world.agent.forget()
    world.agent.say("refuse", status=130)
    world.agent.expect("done")
    world.mrd("A").ask("guest", "refresh", "vm1")
    lab.eventually(lambda: world.registration("vm1", "A")["last_status"] == 130, 5, "refused")
    assert world.net.ping("cn", world.guests["vm1"].address)
    again(world, "vm1")
    agree(world, "vm1")


def test_binding_error(world):
    """M-54: the home agent has forgotten the binding and says so: registered anew, after DAD"""
    world.agent.forget()
    world.agent.say("error", hoa=world.hoa("vm1"))
    world.agent.expect("bound", hoa=world.hoa("vm1"))
    agree(world, "vm1")
    assert world.net.ping("cn", world.guests["vm1"].address)


def test_deregisters(world):
    """N-21 M-26: shut down, it is de-registered: lifetime 0, no prefixes, an answer"""
    world.agent.forget()
    world.mrd("A").ask("guest", "gone", "vm2", "deregister")
    world.agent.expect("deregistered", hoa=world.hoa("vm2"))
    assert not [e for e in world.agent.since() if e["event"] == "fault"]


@pytest.mark.parametrize("conf, text", [
    ({"during_dad": "refuse", "dad_s": 2.2}, ""),
    ({"answer": "newest", "dad_s": 2.2}, ""),
    ({"dad_s": 0.1}, "mode = implicit\n"),
    ({"dad_s": 4.0}, ""),
])
def test_first_registration(conf, text):
    """N-03 M-17 M-41: a second Binding Update during DAD is ignored, refused, or the one that is
    answered; and implicit mode"""
    with MrdWorld(conf, guests=("vm1",), mrd_extra=text) as world:
        world.boot("vm1", "A")
        agree(world, "vm1")
        assert world.agent.faults() == []
        sent = [e for e in world.agent.events() if e["event"] == "update"]
        assert bool(sent[0]["prefixes"]) == (not text)
