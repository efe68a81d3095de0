"""had on a physical home link: what it advertises, and who else does.

    Scapy as neighbours, other home agents ---- cn | had | up ---- Scapy as mobile router

Every octet of an advertisement is looked at, and tshark agrees with it.
"""

import struct
import subprocess

import lab
import pytest
from bench import CAREOF, HA
from had_bench import HadBench
from peer import IPv6, is_icmp6
from scapy.layers.inet6 import (
    ICMPv6HAADReply, ICMPv6HAADRequest, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptHAInfo,
    ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr,
)

RS, RA, REPLY = 133, 134, 145
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
ANYCAST = "2001:db8:c:0:fdff:ffff:ffff:fffe"
ON_LINK = "2001:db8:c::2"
B, C = "2001:db8:c::b", "2001:db8:c::c"
CONF = f"""
address = "{HA}"
datapath = "{lab.DATAPATH}"
home-link "cn" {{
	prefix = "2001:db8:c::/64"
	address = "{ON_LINK}"
	advertise = yes
	preference = 5
	agent-lifetime = 900s
	valid = 1h
	preferred = 30m
	interval-min = 1s
	interval-max = 4s
}}
"""


@pytest.fixture(scope="module")
def had():
    bench = HadBench(CONF)
    lab.eventually(lambda: bench.counter("advertised") > 0, 5, "the link is there")
    yield bench
    bench.close()


def advertisement(src, address, h=1, lifetime=1800, info=None, r=1):
    packet = (IPv6(src=src, dst=ALL_NODES, hlim=255) / ICMPv6ND_RA(H=h, routerlifetime=lifetime) /
              ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:0b") /
              ICMPv6NDOptPrefixInfo(prefix=address, prefixlen=64, L=1, A=1, R=r))
    if info:
        preference, agent_lifetime, routers = info
        packet /= ICMPv6NDOptHAInfo(pref=preference, lifetime=agent_lifetime,
                                    res=0x8000 if routers else 0)
    return packet


def agents(had, r=0):
    """What a mobile node hears that asks from outside."""
    had.mr.drain()
    had.send(IPv6(src=f"{CAREOF}:1::1", dst=ANYCAST) / ICMPv6HAADRequest(id=7, R=r))
    reply = had.mr.expect(is_icmp6(REPLY), 2, "a Home Agent Address Discovery Reply").ipv6()
    return reply[ICMPv6HAADReply].R, reply[ICMPv6HAADReply].addresses


def neighbour_says(had, packet):
    heard = had.counters()
    had.cn.send(packet, ALL_NODES_MAC)

    def is_taken():
        now = had.counters()
        return any(now[k] != heard[k] for k in ("agents-heard", "agents-malformed", "frame-in"))
    lab.eventually(is_taken, 2, "had has it")


def test_the_advertisement_octet_by_octet(had, tmp_path):
    """M-36 N-45: H, a prefix with R and our whole address, our link-layer address, and Home Agent
    Information with R; an interval of 4 s"""
    had.cn.drain()
    frame = had.cn.expect(is_icmp6(RA), 6, "a Router Advertisement")
    mac = bytes.fromhex(had.cn_mac.replace(":", ""))
    linklocal = bytes.fromhex("fe80000000000000") + bytes([mac[0] ^ 2]) + mac[1:3] + \
        b"\xff\xfe" + mac[3:]
    address = bytes.fromhex("20010db8000c00000000000000000002")
    body = frame.head.body
    assert frame.dst_mac == ALL_NODES_MAC and frame.src_mac == had.cn_mac
    assert frame.packet[7] == 255 and frame.head.src == linklocal and frame.dst == ALL_NODES
    assert frame.head.checksum_ok()
    want = struct.pack("!BBHBBHII", RA, 0, 0, 64, 0x20, 12, 0, 0)
    want += b"\x01\x01" + mac
    want += struct.pack("!BBBBIII", 3, 4, 64, 0xE0, 3600, 1800, 0) + address
    want += struct.pack("!BBHI", 7, 1, 0, 4000)
    want += struct.pack("!BBHHH", 8, 1, 0x8000, 5, 900)
    assert body[:2] + b"\0\0" + body[4:] == want, body.hex()

    path = tmp_path / "ra.hex"
    path.write_text("000000 " + " ".join(f"{o:02x}" for o in frame.raw) + "\n")
    subprocess.run(["text2pcap", "-q", path, tmp_path / "ra.pcap"], check=True)
    said = subprocess.run(["tshark", "-r", tmp_path / "ra.pcap", "-V"], check=True, text=True,
                          capture_output=True).stdout
    for line in ("Checksum Status: Good", "Home Agent: Set", "Router address flag(R): Set",
                 "Advertisement Interval: 4000", "Home Agent Preference: 5"):
        assert line in said, said
    assert "Malformed" not in said


def test_a_solicitation_is_answered(had):
    """M-36: by an advertisement to all, soon"""
    before = had.counter("advertised")
    had.cn.drain()
    had.cn.send(IPv6(src="fe80::99", dst="ff02::2", hlim=255) / ICMPv6ND_RS(),
                "33:33:00:00:00:02")
    frame = had.cn.expect(is_icmp6(RA), 5, "an answer")
    assert frame.dst == ALL_NODES and had.counter("advertised") > before


def test_the_list_is_who_advertises_himself(had):
    """M-34 M-35 N-44: H enters, preference orders, R is for who wants it; no H or a lifetime of 0
    takes out again"""
    assert agents(had) == (0, [ON_LINK])
    neighbour_says(had, advertisement("fe80::b", B, info=(9, 900, True)))
    neighbour_says(had, advertisement("fe80::c", C))
    assert agents(had) == (0, [B, ON_LINK, C])
    assert agents(had, r=1) == (1, [B, ON_LINK])
    shown = {tuple(a["addresses"]): a for a in had.daemon.ask("show", "agents")
             if a["link"] == "cn"}
    assert shown[(B,)]["preference"] == 9 and shown[(B,)]["link_local"] == "fe80::b", shown
    assert shown[(ON_LINK,)]["heard"] is False and shown[(C,)]["mobile_routers"] is False, shown

    neighbour_says(had, advertisement("fe80::b", B, h=0))
    neighbour_says(had, advertisement("fe80::c", C, lifetime=0))
    assert agents(had) == (0, [ON_LINK])


def test_what_has_passed_a_router_is_not_heard(had):
    """M-34: an advertisement whose hop limit is not 255 is none"""
    packet = advertisement("fe80::d", "2001:db8:c::d", info=(9, 900, True))
    packet.hlim = 254
    neighbour_says(had, packet)
    assert agents(had) == (0, [ON_LINK])


def test_agents_that_are_invented_throw_nobody_out(had):
    """M-34: a neighbour who invents hundreds of home agents fills the list, and no more"""
    neighbour_says(had, advertisement("fe80::b", B, info=(9, 900, True)))
    for k in range(300):
        had.cn.send(advertisement(f"fe80::1:{k:x}", f"2001:db8:c::1:{k:x}"), ALL_NODES_MAC)
    lab.eventually(lambda: had.counter("agents-full") >= 300 - 64, 5, "all were looked at")
    found = agents(had)[1]
    assert found[:2] == [B, ON_LINK] and len(found) == 65, found


def test_the_last_advertisement_says_goodbye():
    """M-36: after a clean end nobody takes it for a router or home agent any more"""
    bench = HadBench(CONF)
    try:
        lab.eventually(lambda: bench.counter("advertised") > 0, 5, "the link is there")
        bench.cn.drain()
        bench.daemon.stop()
        last = bench.cn.gather(is_icmp6(RA), 1)[-1].ipv6()
        assert last[ICMPv6ND_RA].routerlifetime == 0
        assert ICMPv6NDOptHAInfo not in last and ICMPv6NDOptPrefixInfo in last
    finally:
        bench.daemon.process = None
        bench.net.close()
