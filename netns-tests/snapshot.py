"""snapshot.py - all that a daemon could have left in a namespace, in a form that can be compared.

Tunnel devices are called by their alias (ends), since their numbers change with every start. Left
out is what the kernel changes by itself (counters, carriers, neighbours that come and go), what
the lab does (MACs of the guests' taps), that an address once put back is not probed for again
(nodad), and on which links the packet filter looks for Redirects.
"""

import re

import lab


def _names(links):
    """Interface name to a name that means the same after a restart."""
    return {link["ifname"]: link.get("ifalias", link["ifname"]) for link in links}


def take(net, ns):
    """A dictionary of sorted lists of text: links, addresses, routes, rules, neighbours, filter."""
    links = net.ip_json(ns, "-d", "link", "show")
    name = _names(links)
    found = {"links": [], "addresses": [], "routes": [], "rules": [], "neighbours": []}
    for link in links:
        flags = sorted(set(link["flags"]) - {"LOWER_UP", "NO-CARRIER"})
        ours = link.get("link_type") == "ether" and not link["ifname"].startswith("tap-")
        mac = link["address"] if ours else ""
        found["links"].append(f"{name[link['ifname']]} {','.join(flags)} mtu {link['mtu']} {mac} "
                              f"{link.get('inet6_addr_gen_mode', '')}")
    for link in net.ip_json(ns, "-6", "address", "show"):
        for a in link.get("addr_info", []):
            marks = [k for k in ("home", "noprefixroute", "protocol")
                     if a.get(k)]
            found["addresses"].append(f"{name[link['ifname']]} {a['local']}/{a['prefixlen']} "
                                      f"{','.join(marks)}")
    for r in net.ip_json(ns, "-6", "route", "show", "table", "all"):
        found["routes"].append(f"{r.get('type', 'unicast')} {r['dst']} table {r.get('table')} "
                               f"dev {name.get(r.get('dev'), r.get('dev'))} via {r.get('gateway')} "
                               f"metric {r.get('metric')} proto {r.get('protocol')}")
    for r in net.ip_json(ns, "-6", "rule", "show"):
        iif = name.get(r.get("iif"), r.get("iif"))
        found["rules"].append(f"{r['priority']} from {r['src']}/{r.get('srclen')} iif {iif} "
                              f"table {r.get('table')} proto {r.get('protocol')}")
    for n in net.ip_json(ns, "-6", "neigh", "show", "nud", "all"):
        if set(n["state"]) & {"PERMANENT"} and not n["dst"].startswith("ff"):
            found["neighbours"].append(f"{n['dst']} dev {name[n['dev']]} {n.get('lladdr')}")
    for n in net.ip_json(ns, "-6", "neigh", "show", "proxy"):
        found["neighbours"].append(f"proxy {n['dst']} dev {name[n['dev']]}")
    rules = re.sub(r"packets \d+ bytes \d+", "", net.run(ns, "nft", "list", "ruleset"))
    found["filter"] = [re.sub(r'\n\s+elements = \{ "[^}]*\}', "", rules)]
    return {kind: sorted(lines) for kind, lines in found.items()}


def settings(net, ns):
    """The IPv6 settings of a namespace, but for those of tunnels."""
    said = net.run(ns, "sysctl", "-a", "-r", r"^net\.ipv6\.", check=False)
    return sorted(line for line in said.splitlines() if ".hp" not in line)


def difference(before, after):
    """Lines that came and went, per kind; empty if nothing did."""
    told = []
    for kind in before:
        told += [f"{kind}: came: {line}" for line in after[kind] if line not in before[kind]]
        told += [f"{kind}: went: {line}" for line in before[kind] if line not in after[kind]]
        if sorted(before[kind]) != sorted(after[kind]) and not told:
            told.append(f"{kind}: some are there twice")
    return "\n".join(told)


def becomes(net, ns, wanted, within=5):
    """Wait until the namespace looks like that; else say what differs."""
    last = []

    def same():
        last[:] = [difference(wanted, take(net, ns))]
        return not last[0]
    try:
        lab.eventually(same, within, f"{ns} looks as it should")
    except AssertionError:
        raise AssertionError(f"{ns} does not look as it should:\n{last[0]}") from None
