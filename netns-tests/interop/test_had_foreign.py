"""had, and a mobile router that is not ours.

    cn ---- core ---- had            foreign.py is a mobile router without a kernel of Mobile IPv6,
           va |  | vb                strict about every octet of an answer; lan is an ordinary
          foreign.py ---- lan        kernel behind it

A fault is anything in an answer that the texts do not call for. There must be none.
"""

import itertools

import lab
import pytest
from foreign_bench import HOME_AGENT, LAN, HadWorld
from traffic import Flow, stop_flows

CN = "2001:db8:c::2"
HOA = "2001:db8:100::a1"


@pytest.fixture(scope="module")
def world():
    with HadWorld() as made:
        yield made
        assert made.router.faults() == []


@pytest.fixture
def bound(world):
    """Registered from the first link."""
    world.visit("va")
    world.registered()
    return world


def test_registers(world):
    """N-02 M-22 M-24: a foreign mobile router registers; the answer is what it insists on"""
    care_of = world.visit("va")
    said = world.registered()
    binding = world.binding()
    assert (binding["coa"], binding["prefixes"], binding["seq"]) == (care_of, [LAN[0]], said["seq"])
    assert said["lifetime_s"] == 60, said


VARIANTS = [v for v in itertools.product(("padn", "pad1", "mixed"), ("padn", "pad1"),
                                         ("", "leading-pad", "unknown"), ("", "K", "L", "KL"))]


def test_layouts(bound):
    """M-05: the same Binding Update with every layout of padding, unknown options, K and L"""
    for layout, style, extra, flags in VARIANTS:
        bound.router.forget()
        bound.router.say("update", layout=layout, style=style, extra=extra, flags=flags)
        bound.router.expect("bound")
    bound.router.set(layout="padn", style="padn", extra="", flags="")


def test_headers_in_front(bound):
    """M-05: another extension header in front of the one with the Home Address option"""
    for front in ("hop-by-hop", "destination", ""):
        bound.router.forget()
        bound.router.say("update", front=front)
        bound.router.expect("bound")


@pytest.mark.parametrize("limit", [None, 4])
def test_data(bound, limit):
    """N-23 N-24 T-01 T-08: data both ways, with and without a tunnel encapsulation limit"""
    net = bound.net
    bound.router.set(limit=limit)
    assert net.ping("cn", LAN[1], count=3) and net.ping("lan", CN, count=3)
    assert net.ping("cn", HOA), "the home address answers through the tunnel"
    flows = [Flow(net, "cn", "lan", LAN[1], 7001, rate=50, count=50, octets=1200),
             Flow(net, "lan", "cn", CN, 7002, rate=50, count=50, octets=1200)]
    for flow in flows:
        lab.eventually(lambda f=flow: not f.sender.running(), 10, "the stream ends")
    assert [r.lost for r in stop_flows(flows)] == [0, 0]
    bound.router.set(limit=None)


def test_moves(bound):
    """X-05 N-39: it moves to another link and back: data at once, the tunnel of the old one is shut"""
    for device in ("vb", "va"):
        care_of = bound.visit(device)
        bound.registered()
        assert bound.binding()["coa"] == care_of
        assert bound.net.ping("cn", LAN[1]) and bound.net.ping("lan", CN)


def test_refresh(bound):
    """M-09 M-22: refreshes in explicit and in implicit mode keep binding and prefixes"""
    for explicit in (True, False, True):
        bound.router.forget()
        bound.router.say("update", explicit=explicit)
        said = bound.router.expect("bound")
        assert bound.binding()["seq"] == said["seq"]
        assert bound.binding()["prefixes"] == [LAN[0]] and bound.binding()["explicit"] == explicit
        assert bound.net.ping("cn", LAN[1])


def test_sequence(bound):
    """M-10: an older number is answered by 135 with the last one, and it goes on from there"""
    last = bound.binding()["seq"]
    bound.router.forget()
    bound.router.say("update", skip=60000)
    assert bound.router.expect("sequence")["seq"] == last
    assert bound.router.expect("bound")["seq"] == (last + 1) & 0xFFFF


@pytest.mark.parametrize("change, status", [
    ({"prefixes": ["2001:db8:200:9::/64"]}, 142),
    ({"prefixes": ["2001:db8:200:1::/64", "2001:db8:200:1::/80"]}, 141),
])
def test_refusals(bound, change, status):
    """N-14 N-15: a refusal carries its status and number, and leaves the binding as it was"""
    before = bound.binding()
    bound.router.forget()
    bound.router.say("update", **change)
    said = bound.router.expect("refused")
    assert said["status"] == status
    after = bound.binding()
    assert {k: after[k] for k in ("coa", "seq", "prefixes")} == {
        k: before[k] for k in ("coa", "seq", "prefixes")}
    bound.router.set(prefixes=[LAN[0]])


def test_deregisters(bound):
    """N-19 N-20 M-26: de-registered from abroad, its network is unreachable; then it comes again"""
    bound.router.forget()
    bound.router.say("deregister")
    bound.router.expect("deregistered", status=0)
    assert bound.binding() is None and not bound.net.ping("cn", LAN[1])
    bound.router.forget()
    bound.router.say("deregister")
    assert bound.router.expect("deregistered")["status"] == 0  # repeated: answered as the first
    bound.visit("vb")
    bound.registered()
    assert bound.net.ping("cn", LAN[1])


def test_discovery(bound):
    """M-35 N-44 M-37: abroad it asks the anycast address who is home agent, with R, and registers
    with who answered; its question for home prefixes is answered with a routing header"""
    bound.router.forget()
    bound.router.say("discover", prefix="2001:db8:100::")
    said = bound.router.expect("home-agents")
    assert said["router"] and said["ident"] == "4242" and HOME_AGENT in said["agents"], said
    bound.router.say("choose", home_agent=said["agents"][0])
    bound.router.say("update")
    bound.router.expect("bound")
    bound.router.say("solicit")
    said = bound.router.expect("prefixes")
    assert not said["faults"], said
    assert "2001:db8:100::" in [o["prefix"][:14] for o in said["options"] if "prefix" in o], said


def test_advice():
    """M-23: Binding Refresh Advice is less than the lifetime, and it refreshes by it"""
    with HadWorld(had_extra="refresh-advice = 4s\nlifetime-max = 30s\n") as world:
        world.visit("va")
        said = world.registered()
        assert (said["advice_s"], said["lifetime_s"]) == (4, 28), said
        world.router.forget()
        world.registered(within=6)
        assert world.router.faults() == []


def test_at_home(world):
    """M-61 N-43: home again it de-registers without a Home Address option, and is answered there"""
    world.visit("va")
    world.registered()
    net = world.net
    mac = net.ip_json("mr", "link", "show", "home")[0]["address"]
    net.ip("ha", "-6", "neigh", "replace", HOA, "lladdr", mac, "dev", "homelink")
    net.route("ha", f"{HOA}/128", "dev", "homelink", "metric", "2000")
    net.address("ha", "homelink", f"{HOME_AGENT}/128")
    world.router.forget()
    world.router.say("home", device="home")
    world.router.expect("deregistered", status=0)
    assert world.binding() is None
