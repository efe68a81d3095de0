"""judge.py - was every packet that a daemon sent a good one? tshark's opinion, and checksums.

tshark does not check the Mobility Header's checksum, so that is done here by peer.py's own code
over the same capture. What a capture must hold is counted, so that an empty one proves nothing.
"""

import os
import shutil
import struct
import subprocess
import tempfile

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


def tshark(path, macs):
    """How many frames from these MACs tshark decoded, and one line for each mark on them."""
    fields = ["frame.number", "frame.protocols", "_ws.malformed", "_ws.expert.severity",
              "_ws.expert.message"]
    command = ["tshark", "-n", "-r", path, "-Y", f"eth.src in {{{','.join(sorted(macs))}}}", "-T", "fields",
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


class Judge:
    """Judges captures: checksums as each is handed in, tshark all of them at the end.

    tshark takes a second to start, so it is started once; only if it finds fault is each
    capture looked at alone, to say which it was.
    """

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hp-judge-")
        self.captures = []  # (file, mac, whose)
        self.frames = self.messages = 0

    def add(self, path, mac, whose, at_least=1):
        """A capture of what mac sent: it is kept for finish(), whatever becomes of the file."""
        messages = list(signalling(path, mac))
        wrong = [m.raw.hex() for m in messages if not m.checksum_ok()]
        assert not wrong, f"{whose}: wrong Mobility Header checksum: {wrong}"
        sent = sum(1 for _, raw in frames(path) if raw[6:12].hex(":") == mac)
        assert sent >= at_least, f"{whose}: {sent} frames from {mac} in the capture"
        kept = os.path.join(self.dir, f"{len(self.captures)}.pcap")
        shutil.copyfile(path, kept)
        self.captures.append((kept, mac, whose))
        self.frames += sent
        self.messages += len(messages)

    def finish(self):
        """No packet of any daemon has a mark, and tshark has decoded every one of them."""
        try:
            if self.captures:
                self._finish()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _finish(self):
        whole = os.path.join(self.dir, "all.pcap")
        files = [path for path, _, _ in self.captures]
        subprocess.run(["mergecap", "-F", "pcap", "-a", "-w", whole, *files], check=True)
        decoded, marks = tshark(whole, {mac for _, mac, _ in self.captures})
        if marks:
            marks = [f"{whose}: {m}" for path, mac, whose in self.captures
                     for m in tshark(path, {mac})[1]] or marks
        assert not marks, "tshark marks:\n" + "\n".join(marks)
        assert decoded == self.frames, f"{decoded} of {self.frames} frames decoded"
