"""lab.py - namespaces, processes, waiting: what every scenario stands on.

    with lab.Net() as net:
        net.ns("cn"), net.ns("core")
        net.link("cn", "uplink", "core", "to-cn")
        had = lab.Daemon(net, "ha", "had", text).start()
        lab.eventually(lambda: had.ask("show", "bindings")[0]["state"] == "bound", within=5)

Everything made is taken down again, also on Ctrl-C: processes end with this one
(PR_SET_PDEATHSIG), namespaces are deleted, and those that a killed run left behind are
swept by the next. Nobody sleeps here: waiting is for something, with a deadline.
"""

import atexit
import contextlib
import ctypes
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
DATAPATH = os.environ.get("HOMEPORT_DATAPATH", "portable")  # of the daemons under test

POLL_S = 0.02  # between two looks at something that tells nobody when it changes
SLOW = 4 if "HOMEPORT_VM" in os.environ else 1  # an emulated processor needs patience
STOP_S = 5 * SLOW  # for a process to end when asked; then it is killed
TOOL_NICE = -10
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
_live = []  # nets that are up, for reports and for the last cleaning
_numbers = itertools.count(1)


class LabError(Exception):
    """The lab itself failed: a command, a tool, a daemon that would not start."""


def mono_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def real_of(ns):
    """A moment of CLOCK_MONOTONIC as seconds since 1970: what a capture's stamps are in."""
    return time.time() - (mono_ns() - ns) / 1e9


def build_dir():
    return os.environ.get("HOMEPORT_BUILD") or os.path.join(TOP, "build")


def binary(*path):
    found = os.path.join(build_dir(), *path)
    if not os.path.exists(found):
        raise LabError(f"{found} is not built; HOMEPORT_BUILD names the build directory")
    return found


def tool(name):
    return binary("netns-tests", "tools", name)


# ---- waiting ----


def wait_until(ns, *files):
    """Until that CLOCK_MONOTONIC moment, or until one of the files can be read."""
    while True:
        left = (ns - mono_ns()) / 1e9
        if left <= 0:
            return []
        ready, _, _ = select.select(files, [], [], left)
        if ready:
            return ready


def pause(seconds):
    """Let time pass where time itself is the subject: the spacing of moves, never a hope."""
    wait_until(mono_ns() + int(seconds * 1e9))


def eventually(look, within=5, what=None):
    """The first true value of look(), asked every 20 ms; on failure all the lab knows is printed.

    An error that only says "not yet" (no such binding, daemon not there) counts as false.
    """
    deadline = mono_ns() + int(within * SLOW * 1e9)
    last = None
    while True:
        try:
            last = look()
            if last:
                return last
        except (LookupError, OSError, AssertionError, CtlError) as error:
            last = error
        if mono_ns() >= deadline:
            break
        pause(POLL_S)
    if "PYTEST_CURRENT_TEST" not in os.environ:  # there, conftest.py shows it with the failure
        print(report_text())
    raise AssertionError(f"not within {within} s: {what or 'the condition'}; last: {last!r}")


def live():
    return bool(_live)


def report_text():
    """The state of every net that is up: for whoever reads a failure."""
    return "\n".join(net.report() for net in _live)


# ---- namespaces ----


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _measures():
    """What measures goes first on a busy machine, before what is measured."""
    _die_with_parent()
    os.setpriority(os.PRIO_PROCESS, 0, TOOL_NICE)


def run(*command, check=True, **kwargs):
    """A command to its end; its standard output."""
    done = subprocess.run(command, capture_output=True, text=True, **kwargs)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def sweep():
    """Delete the namespaces of runs that were killed: hp-PID-... of a process that is no more."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        parts = name.split("-")
        if parts[0] == "hp" and len(parts) == 4 and not os.path.exists(f"/proc/{parts[1]}"):
            run("ip", "netns", "delete", name, check=False)


class Net:
    """Namespaces, links and processes that live and end together."""

    def __init__(self, keep=None):
        sweep()
        self.prefix = f"hp-{os.getpid()}-{next(_numbers)}-"
        self.names = []
        self.processes = []
        self.daemons = []
        self._askers = {}
        self.dir = keep or tempfile.mkdtemp(prefix=self.prefix)
        self._keep = keep is not None
        os.makedirs(self.dir, exist_ok=True)
        _live.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self not in _live:
            return
        _live.remove(self)
        for process in reversed(self.processes):
            process.stop()
        for asker in self._askers.values():
            asker.close()
        for name in self.names:
            run("ip", "netns", "delete", self.prefix + name, check=False)
        if not self._keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def full(self, name):
        return self.prefix + name

    def ns(self, name, forwarding=False, dad=False, **sysctl):
        """A namespace, in which addresses are usable at once (no DAD) unless asked for."""
        run("ip", "netns", "add", self.full(name))
        self.names.append(name)
        self.ip(name, "link", "set", "lo", "up")
        settings = {"net.ipv6.conf.all.forwarding": int(forwarding),
                    "net.ipv6.conf.default.dad_transmits": int(dad), **sysctl}
        self.sysctl(name, **settings)
        return name

    def sysctl(self, name, **settings):
        words = [f"{key}={value}" for key, value in settings.items()]
        self.run(name, "sysctl", "-qw", *words)

    def ip(self, name, *words, check=True, **kwargs):
        return run("ip", "-n", self.full(name), *words, check=check, **kwargs)

    def ip_json(self, name, *words):
        """What `ip -j` says: the kernel's own view."""
        # ip remembers numbers of devices by name: a new one of that name would not be found.
        if "dev" in words or words[:2] == ("link", "show") and len(words) > 2:
            return json.loads(run("ip", "-n", self.full(name), "-j", *words) or "[]")
        options = tuple(itertools.takewhile(lambda word: word.startswith("-"), words))
        if (name, options) not in self._askers:
            self._askers[name, options] = IpAsker(self.full(name), options)
        try:
            return self._askers[name, options].ask(words[len(options):])
        except LabError:
            self._askers.pop((name, options)).close()
            raise

    def run(self, name, *command, check=True, **kwargs):
        return run("ip", "netns", "exec", self.full(name), *command, check=check, **kwargs)

    def spawn(self, name, *command, log=None, **kwargs):
        process = Process(self.full(name), command, log, **kwargs)
        self.processes.append(process)
        return process

    def link(self, a, a_if, b, b_if, mtu=1500):
        """A veth pair; addresses are given by address()."""
        run("ip", "link", "add", a_if, "mtu", str(mtu), "netns", self.full(a), "type", "veth",
            "peer", "name", b_if, "mtu", str(mtu), "netns", self.full(b))
        self.ip(a, "link", "set", "dev", a_if, "up")
        self.ip(b, "link", "set", "dev", b_if, "up")

    def long_link(self, a, a_if, b, b_if, delay_us, mtu=1500, loss_ppm=0, reorder_ppm=0,
                  reorder_us=2000, seed=1):
        """As link(), and every frame takes delay_us either way: netem's work where there is netem.

        Of a million, loss_ppm are lost and reorder_ppm take reorder_us more. Returns the
        process of tools/delay, which says at its end what it did; None with netem.
        """
        if "HOMEPORT_VM" in os.environ:
            self.link(a, a_if, b, b_if, mtu)
            for name, dev in ((a, a_if), (b, b_if)):
                self._netem(name, dev, delay_us, loss_ppm, reorder_ppm)
            return None
        wire = self.spawn(a, tool("delay"), f"{self.full(a)}:{a_if}", f"{self.full(b)}:{b_if}",
                          *map(str, (delay_us, loss_ppm, reorder_ppm, reorder_us, seed)))
        wire.line()
        for name, dev in ((a, a_if), (b, b_if)):
            self.ip(name, "link", "set", "dev", dev, "mtu", str(mtu), "up")
        return wire

    def _netem(self, name, dev, delay_us, loss_ppm, reorder_ppm):
        """Its way to reorder is another: those that overtake take no time at all."""
        words = ["limit", "10000", "delay", f"{delay_us}us", "loss", f"{loss_ppm / 10000}%"]
        if reorder_ppm:
            words += ["reorder", f"{reorder_ppm / 10000}%"]
        self.run(name, "tc", "qdisc", "add", "dev", dev, "root", "netem", *words)

    def address(self, name, dev, *addresses):
        for address in addresses:
            self.ip(name, "-6", "address", "add", address, "dev", dev, "nodad")

    def bridge(self, name, dev):
        """As libvirt makes them: no spanning tree, ports forward at once."""
        self.ip(name, "link", "add", dev, "type", "bridge", "stp_state", "0", "forward_delay", "0",
                "mcast_snooping", "0")
        self.ip(name, "link", "set", dev, "up")

    def route(self, name, *words):
        self.ip(name, "-6", "route", "replace", *words)

    def ping(self, name, address, count=1):
        """True if every echo came back, each within a second."""
        out = self.run(name, "ping", "-6", "-n", "-c", str(count), "-i", "0.2", "-W", "1",
                       address, check=False)
        return f"{count} received" in out

    def report(self):
        """Logs, routes and rules, as text."""
        parts = [f"--- {daemon.name}\n{daemon.tail()}" for daemon in self.daemons]
        for name in self.names:
            listed = self.ip(name, "-6", "route", "show", "table", "all", check=False)
            routes = "\n".join(r for r in listed.splitlines() if " table local " not in r)
            rules = self.ip(name, "-6", "rule", check=False).rstrip()
            parts.append(f"--- {name}: ip -6 route show table all; ip -6 rule\n{routes}\n{rules}")
        return "\n".join(parts)


# ---- processes ----


class IpAsker:
    """One `ip -j` that answers question after question: starting it costs far more than an answer."""

    def __init__(self, ns, options):
        self._command = ["ip", "-n", ns, "-j", *options, "-batch", "-"]
        self._popen = subprocess.Popen(self._command, stdin=subprocess.PIPE, bufsize=0,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, words):
        """The answer, which is one line; after an error it has ended."""
        said = b""
        self._popen.stdin.write(" ".join(words).encode() + b"\n")
        while not said.endswith(b"\n"):
            more = os.read(self._popen.stdout.fileno(), 1 << 20)
            if not more:
                why = self._popen.stderr.read().decode().strip()
                raise LabError(f"{' '.join(self._command)}: {' '.join(words)}: {why}")
            said += more
        return json.loads(said)

    def close(self):
        self._popen.stdin.close()
        self._popen.wait()
        self._popen.stdout.close()
        self._popen.stderr.close()


class Process:
    """A child in a namespace. Its stdout is lines for us, its stderr goes to `log` or to ours."""

    def __init__(self, ns, command, log=None, env=None, stdin=None):
        self.command = command
        self.log = log
        self._buffer = b""
        with (open(log, "ab") if log else contextlib.nullcontext()) as err:
            self.popen = subprocess.Popen(
                ["ip", "netns", "exec", ns, *command], stdin=stdin or subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=err,
                preexec_fn=_measures if "/tools/" in command[0] else _die_with_parent,
                env={**os.environ, **(env or {})}, bufsize=0)

    def line(self, within=5):
        """The next line of its standard output, as JSON."""
        deadline = mono_ns() + int(within * SLOW * 1e9)
        while b"\n" not in self._buffer:
            if not wait_until(deadline, self.popen.stdout):
                raise LabError(f"{self.command[0]}: no word within {within} s")
            more = os.read(self.popen.stdout.fileno(), 65536)
            if not more:
                raise LabError(f"{' '.join(self.command)}: ended with {self.popen.wait()}")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def running(self):
        return self.popen.poll() is None

    def notify(self, number):
        if self.running():
            self.popen.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Ask it to end, wait, and only then kill it; its status."""
        self.notify(number)
        return self.wait(STOP_S)

    def kill(self):
        self.notify(signal.SIGKILL)
        return self.wait(STOP_S)

    def wait(self, within):
        try:
            status = self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            status = self.popen.wait()
        return status


class CtlError(Exception):
    """The daemon answered no: .code and .message."""

    def __init__(self, code, message, words):
        super().__init__(f"{' '.join(words)}: {code}: {message}")
        self.code, self.message = code, message


class Ctl:
    """A client of a control socket (doc/control.md)."""

    def __init__(self, path, within=5):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.socket.settimeout(within * SLOW)
        self._buffer = b""
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def send(self, *words):
        self.socket.sendall((" ".join(f'"{w}"' if " " in w else w for w in words) + "\n").encode())

    def line(self):
        while b"\n" not in self._buffer:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the daemon closed the control socket")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def answer(self, *words):
        lines = []
        while True:
            line = self.line()
            if "ok" not in line:
                lines.append(line)
            elif line["ok"]:
                return lines
            else:
                raise CtlError(line["error"], line["message"], words)

    def ask(self, *words):
        """Words in, a list of dictionaries out; CtlError if the daemon says no."""
        self.send(*words)
        return self.answer(*words)


class Monitor(Ctl):
    """The events of one daemon as they come."""

    def __init__(self, path):
        super().__init__(path)
        self.send("monitor")
        self.seen = []

    def events(self):
        """What came since the last call; never waits."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while more := self.socket.recv(65536):
                self._buffer += more
        self.socket.setblocking(True)
        *lines, self._buffer = self._buffer.split(b"\n")
        fresh = [e for e in map(json.loads, lines) if "event" in e]
        self.seen += fresh
        return fresh

    def expect(self, event, within=5, **keys):
        """The first event of that kind with those keys since the monitor began."""
        def look():
            self.events()
            return next((e for e in self.seen if e["event"] == event
                         and all(e.get(k) == v for k, v in keys.items())), None)
        return eventually(look, within, f"event {event} {keys}")


class Daemon:
    """mrd or had in a namespace, with a configuration, socket and state of its own."""

    def __init__(self, net, ns, kind, text, clock_offset_ms=0, options=()):
        self.net, self.ns, self.kind = net, ns, kind
        self.name = f"{kind}-{ns}"
        self.conf = net.path(f"{self.name}.conf")
        self.socket = net.path(f"{self.name}.ctl")
        self.log = net.path(f"{self.name}.log")
        self.clock_offset_ms = clock_offset_ms
        self.options = options
        self.process = self.ctl = None
        self.configure(text)
        net.daemons.append(self)

    def configure(self, text):
        """Write the configuration; the lab adds where socket and run-time file are."""
        own = f'control = "{self.socket}"\n'
        if self.kind == "mrd":
            own += f'state = "{self.net.path(self.name + ".state")}"\n'
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write(own + text)

    def _environment(self):
        if not self.clock_offset_ms:
            return None
        return {"LD_PRELOAD": tool("wallclock.so"), "ASAN_OPTIONS": "verify_asan_link_order=0",
                "HOMEPORT_CLOCK_OFFSET_MS": str(self.clock_offset_ms)}

    def start(self, within=5):
        """Start it and wait until its control socket answers."""
        program = binary(self.kind, self.kind)
        self.process = self.net.spawn(self.ns, program, "-f", self.conf, *self.options,
                                      log=self.log, env=self._environment())
        eventually(self._answers, within, f"{self.name} answers on its control socket")
        return self

    def _answers(self):
        if not self.process.running():
            raise LabError(f"{self.name} ended with {self.process.popen.returncode}\n{self.tail()}")
        self.ctl = Ctl(self.socket)
        return self.ctl.ask("show", "status")

    def ask(self, *words):
        return self.ctl.ask(*words)

    def monitor(self):
        """A monitor that has begun: what is said from now on, it hears.

        Two answers on another connection are two rounds of the daemon's loop: in the first
        it took this client in, in the second it read the word.
        """
        monitor = Monitor(self.socket)
        self.ask("show", "status")
        self.ask("show", "status")
        return monitor

    def stop(self):
        """A clean end by SIGTERM; its status."""
        self.ctl.close()
        return self.process.stop()

    def kill(self):
        """SIGKILL: what a crash looks like to the kernel."""
        self.ctl.close()
        return self.process.kill()

    def pid(self):
        return self.process.popen.pid

    def tail(self, lines=40):
        if not os.path.exists(self.log):
            return "(no log)"
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:]).rstrip()


# ---- looking at packets, and losing some ----


class Capture:
    """tcpdump on one link, from when it says that it listens until stop()."""

    def __init__(self, net, ns, dev, words=""):
        self.file = net.path(f"{ns}-{dev}-{len(net.processes)}.pcap")
        self.log = self.file + ".log"
        self.process = net.spawn(ns, "tcpdump", "-i", dev, "-U", "--immediate-mode", "-n", "-s",
                                 "0", "-w", self.file, *words.split(), log=self.log)
        eventually(self._listens, 5, "tcpdump listens")

    def _listens(self):
        with open(self.log, encoding="utf-8") as said:
            return "listening on" in said.read()

    def stop(self):
        self.process.stop(signal.SIGINT)
        return self.file

    close = stop

    def packets(self):
        """Stop, and what was caught, decoded by Scapy."""
        from scapy.utils import rdpcap  # late: it costs a second

        return rdpcap(self.stop())


SIGNALLING = "meta l4proto 135"  # also behind a Home Address option or a routing header
BINDING_UPDATE = SIGNALLING + " @th,16,8 5"
BINDING_ACK = SIGNALLING + " @th,16,8 6"


class Loss:
    """Packets that do not get through a router: counted by nftables, for as long as it stands.

        with lab.Loss(net, "core", lab.BINDING_UPDATE, first=1) as loss: ...
        with lab.Loss(net, "core", lab.SIGNALLING, percent=5): ...
    """

    def __init__(self, net, ns, match, first=None, percent=None, every=None):
        which = ""  # all of them
        if first is not None:
            which = f"numgen inc mod 1000000000 < {first}"
        elif percent is not None:
            which = f"numgen random mod 10000 < {int(percent * 100)}"
        elif every is not None:
            which = f"numgen inc mod {every} 0"
        self.net, self.ns = net, ns
        self._nft("add table ip6 loss\n"
                  "add chain ip6 loss forward { type filter hook forward priority 0; }\n"
                  f"add rule ip6 loss forward {match} {which} counter drop\n")

    def _nft(self, text):
        return self.net.run(self.ns, "nft", "-f", "-", input=text)

    def dropped(self):
        listed = json.loads(self.net.run(self.ns, "nft", "-j", "list", "table", "ip6", "loss"))
        parts = [p for o in listed["nftables"] if "rule" in o for p in o["rule"]["expr"]]
        return sum(p["counter"]["packets"] for p in parts if "counter" in p)

    def close(self):
        self._nft("delete table ip6 loss")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@atexit.register
def _close_all():
    for net in list(_live):
        net.close()


def end_on_signals():
    """SIGTERM ends like Ctrl-C: by an exception, so that everything is taken down."""
    def stop(number, _):
        raise KeyboardInterrupt(f"signal {number}")
    signal.signal(signal.SIGTERM, stop)
