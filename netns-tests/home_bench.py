"""home_bench.py - a home agent with a physical home link: a real host on it, and Scapy as a node.

    Scapy as mobile routers ---- uplink | had (home agent) | homenet -- bridge ---- host (a kernel)
     care-of addresses in                 2001:db8:100::1             |
     2001:db8:f::/48                      2001:db8:400::a             +---- Scapy as a node
"""

import lab
from bench import CAREOF, COUNT, HA, PEER_LL, Bench, quiet_link
from peer import is_ba, is_na, is_ns, na, ns, solicited_mac

LINK = "2001:db8:400::/56"
HOST = "2001:db8:400::99"
NODE_LL = "fe80::5054:ff:fe00:9"
ALL_NODES_MAC = "33:33:00:00:00:01"

HOME_CONF = f"""
address = "{HA}"
datapath = "{lab.DATAPATH}"
home-link "homenet" {{
	prefix = {{ "{LINK}" }}
	valid = 1h
	preferred = 1h
}}
range "routers" {{
	home-prefix = {{ "2001:db8:400::/64" }}
	prefix = {{ "2001:db8:500::/40" }}
}}
range "aggregated" {{
	prefix = {{ "2001:db8:400:80::/57" }}
	shortest = 64
}}
"""


class HomeBench(Bench):
    """The namespaces of the picture, and had in `ha`."""

    def __init__(self, text=HOME_CONF):
        super().__init__("ha")
        net = self.net
        net.ns("ha", forwarding=True)
        net.ns("peers")
        net.ns("lan")
        net.ns("host", dad=True)
        quiet_link(net, "ha", "uplink", "peers", "mr")
        net.address("ha", "uplink", f"{HA}/64")
        net.route("ha", f"{CAREOF}::/48", "via", PEER_LL, "dev", "uplink")
        net.sysctl("ha", **{"net.ipv6.conf.default.disable_ipv6": 0})
        net.sysctl("lan", **{"net.ipv6.conf.default.disable_ipv6": 1})
        net.bridge("lan", "br0")
        for ns_name, dev in (("ha", "homenet"), ("host", "eth0"), ("peers", "node")):
            net.link("lan", f"p-{dev}", ns_name, dev)
            net.ip("lan", "link", "set", f"p-{dev}", "master", "br0")
        net.address("ha", "homenet", "2001:db8:400::a/56")
        net.address("host", "eth0", f"{HOST}/56")
        net.route("host", "default", "via", "2001:db8:400::a")
        self.mr, self.node = self.wire("peers", "mr"), self.wire("peers", "node")
        self.up_mac, self.mac_home = self.mac("uplink"), self.mac("homenet")
        self.watch("peers", "mr", self.up_mac)
        self.watch("lan", "br0", self.mac_home)
        lab.eventually(lambda: self.linklocal("ha", "homenet"), 5, "a link-local address at home")
        lab.eventually(lambda: self.linklocal("host", "eth0"), 5, "a link-local address")
        self.daemon = lab.Daemon(net, "ha", "had", text).start()

    def linklocal(self, ns_name, dev):
        """A link-local address that is ready."""
        link = self.net.ip_json(ns_name, "-6", "address", "show", "dev", dev)[0]
        ready = [a["local"] for a in link["addr_info"]
                 if a.get("scope") == "link" and not a.get("tentative")]
        return ready[0] if ready else None

    # ---- registrations ----

    def send(self, packet):
        self.mr.send(packet, self.up_mac)

    def ask(self, packet, hoa=None, within=3.0):
        """Send it and return the acknowledgement."""
        COUNT.exchanges += 1
        self.send(packet)
        return self.mr.expect(is_ba(hoa), within, "a Binding Acknowledgement").message()

    def state(self, hoa):
        for b in self.daemon.ask("show", "bindings"):
            if b["hoa"] == hoa:
                return b["state"]
        return None

    # ---- the node on the home link ----

    def node_asks(self, target, src=NODE_LL, within=2.0):
        """Solicit; what the home agent advertises, or None."""
        self.node.drain()
        self.node.send(ns(target, src, self.node.mac), solicited_mac(target))
        return self.node.take(is_na(target), within)

    def node_claims(self, target):
        """The node says to all that it has this address."""
        self.node.send(na(target, target, "ff02::1", self.node.mac), ALL_NODES_MAC)

    def probes(self, within=2.0, target=None):
        """A Neighbor Solicitation from :: of the home agent."""
        return self.node.take(lambda f: is_ns(target)(f) and f.src == "::", within)

