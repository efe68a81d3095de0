"""Two real home agents on two links; packets are routed to whichever the core believes in.

            cn
             |                            2001:db8:200::/40, the guests' prefixes
    ha ---- core ---- ha2                 are routed to ha, or when told so to ha2
             |
             A: mrd, vm1                  home-agent = { ha, ha2 }
"""

import lab
import pytest
import topology

HA, HA2 = topology.HOME_AGENT, "2001:db8:100::2"
HOME = "2001:db8:100::/64"
BY = {HA: HA, HA2: "2001:db8:101::1"}  # the second is on a link of its own
GUEST = "vm1"
FIRST_MS = 300 if lab.SLOW == 1 else 2000
QUICK = f"first-timeout = {FIRST_MS}ms\nnext-agent-after = {2 * FIRST_MS}ms\nlifetime = 8s\n"


class TwoAgents(topology.World):
    """The usual world with a second home agent, that serves what the first does or is told to."""

    def __init__(self, home_agents=f'home-agent = {{ "{HA}", "{HA2}" }}', **how):
        self.home_agents = home_agents
        super().__init__(guests=(GUEST,), **how)

    def _wire(self):
        super()._wire()
        net = self.net
        net.ns("ha2")
        net.link("core", "to-ha2", "ha2", "uplink", mtu=self.mtu)
        net.address("core", "to-ha2", "2001:db8:101::ffff/64")
        net.address("ha2", "uplink", f"{BY[HA2]}/64")
        net.address("ha2", "lo", f"{HA2}/128")
        net.route("ha2", "default", "via", "2001:db8:101::ffff")
        net.route("core", f"{HA2}/128", "via", BY[HA2])

    def _start(self):
        text = (f'address = "{HA2}"\ndatapath = "{self.datapath}"\n'
                f"{self.guest_sections(False)}")
        self.had2 = lab.Daemon(self.net, "ha2", "had", text).start()
        super()._start()

    def mrd_conf(self, _host):
        return super().mrd_conf(_host).replace(f'home-agent = "{HA}"', self.home_agents)

    def attract(self, agent):
        """What a routing protocol between home agents would do."""
        self.net.route("core", topology.MOBILE, "via", BY[agent])

    def at(self, agent):
        own = self.registration(GUEST, "A")
        return own and own["state"] == "bound" and own["home_agent"] == agent

    def reaches(self):
        return self.net.ping("cn", self.guests[GUEST].address)


@pytest.fixture
def made():
    open_ones = []

    def make(**how):
        open_ones.append(TwoAgents(**how))
        return open_ones[-1]
    yield make
    for one in open_ones:
        one.net.close()


def start(world):
    world.vms[GUEST].attach("A")
    world.vms[GUEST].resume("A")
    world.mrd("A").ask("guest", "running", GUEST)


def test_a_dead_home_agent(made):
    """M-45 N-36: the home agent dies: at the next refresh its guest goes to the other one, and
    everybody reaches it by that; when the other dies, too, it comes back"""
    world = made(mrd_extra=QUICK)
    start(world)
    lab.eventually(lambda: world.at(HA), 5, "at the first")
    lab.eventually(world.reaches, 10, "cn reaches it")
    world.had.kill()
    lab.eventually(lambda: world.at(HA2), 15, "at the second")
    world.attract(HA2)
    lab.eventually(world.reaches, 5, "cn reaches it by the second")
    world.had.start()
    world.had2.kill()
    lab.eventually(lambda: world.at(HA), 15, "at the first again")
    world.attract(HA)
    lab.eventually(world.reaches, 5, "cn reaches it by the first")


def test_not_for_routers(made):
    """N-32: had with mobile-routers = no says 140: its neighbour takes the guest"""
    world = made(mrd_extra=QUICK, had_extra="mobile-routers = no\n")
    world.attract(HA2)
    start(world)
    lab.eventually(lambda: world.at(HA2), 5, "at the second")
    lab.eventually(world.reaches, 10, "cn reaches it")
    assert world.had.ask("show", "bindings") == []


def test_another_mode(made):
    """N-34 N-17: both had refuse the prefixes that the guest claims (142), and take it in implicit
    mode with those they know"""
    world = made(mrd_extra=f"mode = explicit-then-implicit\n{QUICK}")
    g = world.guests[GUEST]
    extra = "2001:db8:200:ff::/64"
    conf = world.mrd_conf("A").replace(f'"{g.prefix}"}}', f'"{g.prefix}", "{extra}" }}')
    assert extra in conf
    world.mrd("A").configure(conf)
    world.mrd("A").ask("reload")
    start(world)
    lab.eventually(lambda: world.at(HA), 10, "at the first, in implicit mode")
    own = world.registration(GUEST, "A")
    assert own["mode"] == "implicit" and own["last_status"] == 0
    lab.eventually(world.reaches, 10, "cn reaches it")
    binding = world.binding(GUEST)
    assert binding["prefixes"] == [g.prefix] and not binding["explicit"]


def test_found(made):
    """M-46 M-35 M-45: no home agent is configured: had says by discovery which there are, in its
    order, and the guest is registered with the first of them"""
    world = made(mrd_extra=QUICK, home_agents=f'discover-home-agents = "{HOME}"',
                 had_extra=f'agents = {{ "{HA2}", "{HA}" }}\n')
    world.attract(HA2)
    start(world)
    lab.eventually(lambda: world.at(HA2), 10, "at the first that is named")
    lab.eventually(world.reaches, 10, "cn reaches it")
    status = world.mrd("A").ask("show", "status")[0]
    assert status["home_agents"] == [HA2, HA], status
    world.had2.kill()
    lab.eventually(lambda: world.at(HA), 15, "at the other")
