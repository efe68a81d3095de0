"""The peers themselves: what Scapy builds here is what the vectors hold, octet for octet.

    peer.py ---> packet <=== common/wire/vectors/*.hex

The vectors were built and checked by others; our codec passes them as well. So peers and daemons
are measured by the same thing, and a mistake in a peer is not taken for one of a daemon.
"""

import os

import lab
import pytest
from judge import Judge
from peer import (
    MH, Headers, MIP6MH_BE, MIP6OptBRAdvice, Message, Wire, ba, bu, checksum_ok, is_bu,
    ping, raw_mh, routed, tunnelled,
)

HA, HOA, COA = "2001:db8:100::1", "2001:db8:100::a", "2001:db8:2::10"
ONE, TWO = "2001:db8:200:1::/64", "2001:db8:200:2::/64"
INNER = ping("2001:db8:200:1::77", "2001:db8:999::5", data=b"nemo", hlim=63)

BUILT = {
    "bu-explicit-1mnp": bu(HOA, COA, HA, 1000, 600, prefixes=[ONE], altcoa=None),
    "bu-explicit-2mnp-altcoa": bu(HOA, COA, HA, 1001, 600, prefixes=[ONE, TWO]),
    "bu-implicit": bu(HOA, COA, HA, 7, 60),
    "bu-dereg": bu(HOA, COA, HA, 1002, 0),
    "bu-dereg-home": bu(HOA, HOA, HA, 1003, 0, hao=False, altcoa=None),
    "ba-ok-r": ba(HA, COA, HOA, 1001, lifetime=600),
    "ba-ok-r-refresh": ba(HA, COA, HOA, 1004, lifetime=600, options=[MIP6OptBRAdvice(rinter=75)]),
    "ba-dereg-home": ba(HA, HOA, HOA, 1003, lifetime=0, rh2=None),
    "ba-135": ba(HA, COA, HOA, 4242, 135, 0, r=False),
    **{f"ba-{s}": ba(HA, COA, HOA, 1001, s, 0, r=False) for s in (129, 134, 140, 141, 142, 143)},
    "be-2": routed(HA, COA, None, MIP6MH_BE(status=2, ha="::")),
    "hb-req": raw_mh(COA, HA, bytes.fromhex("3b010d00000000000000000901020000")),
    "bra": raw_mh(COA, HA, bytes.fromhex("3b0110000000 0200 004d 0000 01020000"), hao=HOA),
    "tun-mr-ha": tunnelled(COA, HA, INNER),
}


def vector(name):
    path = os.path.join(lab.TOP, "common", "wire", "vectors", f"{name}.hex")
    with open(path, encoding="utf-8") as lines:
        return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))


@pytest.mark.parametrize("name", BUILT)
def test_built_as_the_vector(name):
    """M-06: Scapy's packet is the vector, and its checksum is right by code that is not Scapy's"""
    packet = bytes(BUILT[name])
    assert packet.hex() == vector(name).hex()
    if Headers(packet).upper == MH:
        assert checksum_ok(packet)


def test_read_back():
    """M-13: what the reader of the peers finds in a Binding Update is what was put there"""
    got = Message(vector("bu-explicit-2mnp-altcoa"))
    assert (got.seq, got.lifetime, got.prefixes, got.altcoa) == (1001, 600, [ONE, TWO], COA)
    assert (got.src, got.dst, got.home, got.has_hao) == (COA, HA, HOA, True)
    assert got.has("AHR") and got.checksum_ok


def test_one_wrong_bit_is_seen():
    """M-01: the independent checksum notices a flipped bit anywhere in the message"""
    good = vector("bu-explicit-1mnp")
    for at in range(24 + 40, len(good)):
        bad = bytearray(good)
        bad[at] ^= 1
        assert not checksum_ok(bytes(bad)), at


def test_the_judge_finds_fault():
    """M-01: a capture with a bad checksum or a malformed option does not pass the judge"""
    with lab.Net() as net:
        for ns in ("a", "b"):
            net.ns(ns, **{"net.ipv6.conf.default.disable_ipv6": 1})
        net.link("a", "one", "b", "two")
        with Wire(net.full("a"), "one") as out, Wire(net.full("b"), "two") as heard:
            for packet, complaint in (
                    (vector("bu-dereg"), None),
                    (vector("bu-dereg")[:-1] + b"\xff", "checksum"),
                    (bytes(raw_mh(COA, HA, bytes.fromhex("3b0105000000 0001c400001e 0612 0040"),
                                  hao=HOA)), "tshark")):
                capture = lab.Capture(net, "b", "two")
                out.send(packet, heard.mac)
                heard.expect(is_bu(), 2)
                judge, path = Judge(), capture.stop()
                if complaint is None:
                    judge.add(path, out.mac, "a")
                    judge.finish()
                    assert (judge.frames, judge.messages) == (1, 1)
                else:
                    with pytest.raises(AssertionError, match=complaint):
                        judge.add(path, out.mac, "a")
                        judge.finish()
