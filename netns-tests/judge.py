"""judge.py - was every packet that a daemon sent a good one? tshark's opinion, and checksums.

tshark does not check the Mobility Header's checksum, so that is done here by peer.py's own code
over the same capture. What a capture must hold is counted, so that an empty one proves nothing.
"""

import struct
import subprocess

from peer import ETH_P_IPV6, MH, Headers

SEVERITY_WARN = 0x600000  # tshark: chat 0x200000, note 0x400000, warn 0x600000, error 0x800000


def frames(path):
    """(seconds, octets) of each frame in a pcap file of either time resolution."""
    with open(path, "rb") as f:
        data = f.read()
    order = {b"\xd4\xc3\xb2\xa1": ("<", 1e6), b"\x4d\x3c\xb2\xa1": ("<", 1e9)}
    endian, ticks = order[data[:4]]
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack(endian + "IIII", data[at : at + 16])
        if at + 16 + size > len(data):
            return  # tcpdump was writing this one when it was stopped
        yield seconds + fraction / ticks, data[at + 16 : at + 16 + size]
        at += 16 + size


def signalling(path, mac):
    """The IPv6 packets with a Mobility Header that came from mac."""
    for _, raw in frames(path):
        if raw[6:12].hex(":") == mac and struct.unpack("!H", raw[12:14])[0] == ETH_P_IPV6:
            head = Headers(raw[14:])
            if head.upper == MH:
                yield head


def tshark(path, mac):
    """How many frames from mac tshark decoded, and one line for each mark on them."""
    fields = ["frame.number", "frame.protocols", "_ws.malformed", "_ws.expert.severity",
              "_ws.expert.message"]
    command = ["tshark", "-n", "-r", path, "-Y", f"eth.src == {mac}", "-T", "fields",
               "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=;"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    marks, decoded = [], 0
    for line in done.stdout.splitlines():
        number, protocols, malformed, severities, messages = (line.split("|", 4) + [""] * 5)[:5]
        decoded += 1
        severe = any(int(s, 0) >= SEVERITY_WARN for s in severities.split(";") if s)
        if malformed or severe:
            marks.append(f"frame {number} ({protocols}): {malformed} {severities} {messages}")
    return decoded, marks


def judge(path, mac, at_least=1):
    """All of a daemon's packets in this capture are good. Returns (frames, Mobility Headers)."""
    wrong = [h.raw.hex() for h in signalling(path, mac) if not h.checksum_ok()]
    assert not wrong, f"wrong Mobility Header checksum: {wrong}"
    messages = sum(1 for _ in signalling(path, mac))
    decoded, marks = tshark(path, mac)
    assert not marks, f"{path}: tshark marks:\n" + "\n".join(marks)
    assert decoded >= at_least and messages <= decoded, f"{path}: {decoded} frames, {messages} MH"
    return decoded, messages
