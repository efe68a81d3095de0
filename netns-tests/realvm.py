"""realvm.py - real guests under real hypervisors: QEMU's, moved by libvirt between two hosts.

    with realvm.World() as world:
        world.boot("vm1", "A")
        stop = world.move("vm1", "B")           # virsh migrate --live --p2p

The world is topology.py's, with a libvirtd on each host that has its own mount, UTS and PID
namespace, so that the two are as strange to each other as two machines. The guest is Debian's
kernel (fetched by netns-tests/vm) with busybox, tools/agent.c and tools/stream.c; the processor
is QEMU's software emulation. What runs in it is started through its agent, from the correspondent.

Moments of QEMU's STOP and RESUME are QEMU's own, from its events.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

import lab
import topology
import traffic

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT_PORT = 77
MEMORY_MB = 96  # 84 still boot
MODULES = ("virtio_pci", "virtio_net")
KERNEL_ARGS = ("console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check apparmor=0 "
               "cryptomgr.notests random.trust_cpu=on nowatchdog tsc=reliable")
MIGRATION_PORT = 49160
START_S = 30  # for a guest to boot on a busy machine
MOVE_S = 60  # for one migration
PLUGINS = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver"
METADATA = "urn:homeport:guest"
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


# ---- the guest's kernel and files ----


def modules_in_order(tree):
    """The drivers a guest needs, each after those it needs itself."""
    needs = {}
    with open(os.path.join(tree, "modules.dep"), encoding="utf-8") as lines:
        for line in lines:
            path, _, others = line.strip().partition(":")
            needs[path] = others.split()
    by_name = {os.path.basename(p).split(".")[0]: p for p in needs}
    order = []

    def add(path):
        for other in needs[path]:
            add(other)
        if path not in order:
            order.append(path)
    for name in MODULES:
        add(by_name[name])
    return [os.path.join(tree, path) for path in order]


@dataclass(frozen=True)
class Image:
    """Kernel and initramfs of every guest; made once for a build."""

    kernel: str
    initramfs: str

    @classmethod
    def make(cls):
        lab.run(os.path.join(HERE, "vm"), "--prepare")
        tree = os.path.realpath(os.path.join(lab.TOP, "build", "vm", "current"))
        release = os.path.basename(tree)
        out = os.path.join(lab.build_dir(), "guest.initramfs")
        with tempfile.TemporaryDirectory() as root:
            for folder in ("bin", "modules", "proc", "dev"):
                os.mkdir(os.path.join(root, folder))
            os.mknod(os.path.join(root, "dev", "console"), 0o600 | 0o020000, os.makedev(5, 1))
            shutil.copy(os.path.join(tree, "bin", "busybox"), os.path.join(root, "bin"))
            for name in ("stream", "agent"):
                shutil.copy(lab.tool(f"guest/{name}"), os.path.join(root, "bin"))
            shutil.copy(os.path.join(HERE, "tools", "guest-init"), os.path.join(root, "init"))
            with open(os.path.join(root, "modules", "order"), "w", encoding="utf-8") as order:
                for path in modules_in_order(os.path.join(tree, "lib", "modules", release)):
                    shutil.copy(path, os.path.join(root, "modules"))
                    order.write(os.path.basename(path) + "\n")
            names = "\n".join(os.path.relpath(os.path.join(at, name), root)
                              for at, dirs, files in os.walk(root) for name in dirs + files)
            packed = subprocess.run([os.path.join(root, "bin", "busybox"), "cpio", "-o", "-H",
                                     "newc"], cwd=root, input=names.encode(), check=True,
                                    capture_output=True).stdout
        fresh = f"{out}.{os.getpid()}"
        with open(fresh, "wb") as file:
            file.write(packed)
        os.rename(fresh, out)
        return cls(os.path.join(tree, "vmlinux"), out)


# ---- what runs in a guest ----


def socket_in(net, ns):
    """A TCP socket of a namespace: it stays there, whoever uses it."""
    with (open("/proc/self/ns/net", "rb") as home,
          open(f"/run/netns/{net.full(ns)}", "rb") as there):
        if _libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise lab.LabError(f"cannot enter {net.full(ns)}")
        try:
            return socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        finally:
            _libc.setns(home.fileno(), CLONE_NEWNET)


class Remote:
    """A command in a guest, with the face of lab.Process: lines out, a stop signal in."""

    def __init__(self, net, address, *command):
        self.command = command
        self._buffer = b""
        self.socket = socket_in(net, "cn")
        self.socket.settimeout(5)
        self.socket.connect((address, AGENT_PORT))
        self.socket.sendall(" ".join(command).encode() + b"\n")

    def line(self, within=15):
        self.socket.settimeout(within)
        while b"\n" not in self._buffer:
            more = self.socket.recv(65536)
            if not more:
                raise lab.LabError(f"{' '.join(self.command)}: ended in the guest")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def all(self, within=15):
        """All it prints until it ends, as octets."""
        self.socket.settimeout(within)
        while more := self.socket.recv(65536):
            self._buffer += more
        return self._buffer

    def notify(self, _number=signal.SIGTERM):
        self.socket.sendall(b".")

    def stop(self, *_):
        self.socket.close()
        return 0


class Inbound(traffic.Flow):
    """Numbered UDP from the correspondent into a guest; arrivals are moments of its clock."""

    def __init__(self, world, name, port, rate=1000):
        net, self._address = world.net, world.guests[name].address
        self.net, self.log = net, f"/tmp/flow-{port}"
        self.receiver = Remote(net, self._address, "stream", "recv", str(port), self.log)
        self.receiver.line()
        self.sender = net.spawn("cn", lab.tool("stream"), "send", self._address, str(port),
                                str(rate), "0", "200")

    def _record(self, sent, got):
        numbers = Remote(self.net, self._address, "/bin/busybox", "cat", self.log).all()
        copy = self.net.path(os.path.basename(self.log) + ".bin")
        with open(copy, "wb") as out:
            out.write(numbers)
        self.log = copy
        return super()._record(sent, got)


class Outbound(traffic.Flow):
    """Numbered UDP from a guest to the correspondent."""

    def __init__(self, world, name, port, rate=1000):
        net = world.net
        self.log = net.path(f"flow-{port}-{len(net.processes)}.bin")
        self.receiver = net.spawn("cn", lab.tool("stream"), "recv", str(port), self.log)
        self.receiver.line()
        self.sender = Remote(net, world.guests[name].address, "stream", "send",
                             topology.CORRESPONDENT, str(port), str(rate), "0", "200")


class Session(traffic.Session):
    """A TCP session from a guest to the correspondent."""

    def __init__(self, world, name, port, kbit=200):
        net, peer = world.net, topology.CORRESPONDENT
        self.server = net.spawn("cn", lab.tool("stream"), "tcp-server", peer, str(port), str(kbit))
        self.server.line()
        self.client = Remote(net, world.guests[name].address, "stream", "tcp-client", peer,
                             str(port), str(kbit))
        self.client.line()
        self.server.line()


# ---- a host with libvirt ----

# PID 1 of a host: it reaps QEMU at once, and starts libvirtd again when that ends.
HOST_INIT = """
hostname {name}
mount -t tmpfs none /run
mkdir /run/libvirt
mount --bind {dir}/run /run/libvirt
for part in lib log cache; do
	mount --bind {dir}/$part /var/$part/libvirt
done
mkdir -p /var/lib/libvirt/qemu
mount --bind {dir}/etc /etc/libvirt
mount --bind {dir}/hosts /etc/hosts
export LIBVIRT_DRIVER_DIR={dir}/drivers
while :; do
	/usr/sbin/libvirtd --listen --pid-file {dir}/run/libvirtd.pid
done
"""

LIBVIRTD_CONF = """
listen_tls = 0
listen_tcp = 1
listen_addr = "{careof}"
auth_tcp = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
host_uuid = "00000000-0000-4000-8000-{number:012}"
log_filters = "1:util.hook 3:*"
log_outputs = "1:file:/var/log/libvirt/libvirtd.log"
"""

QEMU_CONF = """
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""

DOMAIN = """<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <metadata>{metadata}</metadata>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>{arguments}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <interface type='bridge'>
      <mac address='{mac}'/>
      <source bridge='{bridge}'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='file'><source path='/var/log/libvirt/{name}.serial'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
"""

_QEMU_EVENT = re.compile(r"event (\S+) at (\d+)\.(\d+) for domain '?(\S+?)'?:")


class Host:
    """libvirtd on a host of the world, and what is asked of it with virsh."""

    def __init__(self, world, name, number):
        self.world, self.name, self.net = world, name, world.net
        self.dir = self.net.path(f"hv-{name}")
        self.socket = f"{self.dir}/run/libvirt-sock"
        self.uri = f"qemu+unix:///system?socket={self.socket}"
        self._prepare(number)
        script = HOST_INIT.format(name=f"hv-{name}", dir=self.dir)
        self.process = lab.Process(
            self.net.full(name), ("unshare", "-m", "-u", "-p", "-f", "--kill-child", "--mount-proc",
                                  "--propagation", "private", "sh", "-c", script),
            log=f"{self.dir}/init.log")
        self.net.processes.append(self)
        self.events = self.watcher = None
        lab.eventually(self.answers, 20, f"libvirtd on {name}")
        self.events = QemuEvents(self)
        self.watch()

    def _prepare(self, number):
        careof = topology.CAREOF[self.name]
        for part in ("run", "lib", "log", "etc/hooks/qemu.d", "drivers"):
            os.makedirs(os.path.join(self.dir, part))
        # What libvirt learns of QEMU takes seconds: kept between runs.
        cache = os.path.join(lab.build_dir(), "libvirt-cache", self.name)
        os.makedirs(cache, exist_ok=True)
        os.symlink(cache, f"{self.dir}/cache")
        os.symlink(f"{PLUGINS}/libvirt_driver_qemu.so",
                   f"{self.dir}/drivers/libvirt_driver_qemu.so")
        self.write("etc/libvirtd.conf", LIBVIRTD_CONF.format(careof=careof, number=number))
        self.write("etc/qemu.conf", QEMU_CONF)
        self.write("etc/libvirt.conf", "")
        self.configure()
        self.write("hosts", f"127.0.0.1 localhost\n::1 localhost hv-{self.name}\n")

    def configure(self, extra=""):
        """hypervisor.conf, and libvirt's hook with it; extra: lines of it."""
        control = self.net.path(f"mrd-{self.name}.ctl")
        self.write("hypervisor.conf",
                   f'control = "{control}"\nwatched = "{self.dir}/watched"\n'
                   f'libvirt = "qemu:///system?socket={self.dir}/run/libvirt-sock-ro"\n{extra}')
        hook = lab.binary("hypervisor-hooks", "homeport")
        self.write("etc/hooks/qemu.d/homeport",
                   f'#!/bin/sh\nexec {hook} -f {self.dir}/hypervisor.conf "$@"\n', 0o755)

    def unhook(self):
        os.unlink(f"{self.dir}/etc/hooks/qemu.d/homeport")

    def watch(self):
        """Start the watcher; it has looked at all guests some time after."""
        self.watcher = self.net.spawn(self.name, lab.binary("hypervisor-hooks", "homeport-watch"),
                                      "-f", f"{self.dir}/hypervisor.conf", "-D", "watch",
                                      log=f"{self.dir}/watch.log")

    def tail(self):
        """What its programs said, for a report."""
        parts = []
        for name in ("watch.log", "init.log", "log/libvirtd.log"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"{self.dir}/{name}", encoding="utf-8", errors="replace") as log:
                    parts.append(f"--- {name} on {self.name}\n" + "".join(log.readlines()[-40:]))
        return "\n".join(parts)

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.dir, path)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)

    def virsh(self, *words, check=True, **kwargs):
        return lab.run("virsh", "-q", "-c", self.uri, *words, check=check, **kwargs)

    def inside(self, *command, check=True, **kwargs):
        """A command where libvirtd runs: its files, its processes, its network."""
        init = lab.run("pgrep", "-P", str(self.process.popen.pid)).split()[0]
        return lab.run("nsenter", "-t", init, "-m", "-u", "-n", "-p", *command, check=check,
                       **kwargs)

    def libvirtd(self):
        """Its process, as this machine counts them; LookupError if it is not there."""
        init = lab.run("pgrep", "-P", str(self.process.popen.pid)).split()[0]
        return int(lab.run("pgrep", "-P", init, "libvirtd", check=False).split()[0])

    def answers(self):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, "list"], capture_output=True)
        return done.returncode == 0

    def restart(self):
        """libvirtd anew, as a service is restarted; guests run on."""
        self.end_libvirtd(signal.SIGTERM)

    def end_libvirtd(self, number):
        """By that signal; PID 1 starts it again, and then it answers."""
        before = self.libvirtd()
        os.kill(before, number)
        lab.eventually(lambda: self.libvirtd() != before and self.answers(), 20,
                       f"libvirtd on {self.name} is back")
        self.events.close()
        self.events = QemuEvents(self)

    def runs(self, name):
        return self.virsh("domstate", name, check=False).strip() == "running"

    def has(self, name):
        return name in self.virsh("list", "--name").split()

    def qemu(self, name):
        """The process of a guest, as this machine counts them; LookupError if it is not here."""
        for pid in lab.run("pgrep", "-f", f"guest={name},").split():
            with contextlib.suppress(OSError):
                if os.path.samefile(f"/proc/{pid}/ns/net",
                                    f"/proc/{self.process.popen.pid}/ns/net"):
                    return int(pid)
        raise LookupError(f"no {name} on {self.name}")

    def serial(self, name):
        try:
            with open(f"{self.dir}/log/{name}.serial", encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def stop(self, *_):
        """End all of it: the host's PID 1 is killed, and every QEMU goes with it."""
        if self.events:
            self.events.close()
        return self.process.kill()


class QemuEvents:
    """What the QEMUs of a host say, with QEMU's own time."""

    def __init__(self, host):
        self.seen = []  # (mono_ns, event, guest)
        self._buffer = b""
        self.process = subprocess.Popen(
            ["virsh", "-q", "-c", host.uri, "qemu-monitor-event", "--loop"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=lab._die_with_parent)
        os.set_blocking(self.process.stdout.fileno(), False)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def events(self):
        while more := self.process.stdout.read(65536):
            self._buffer += more
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            if said := _QEMU_EVENT.match(line.decode()):
                at_ns = int(said[2]) * 10**9 + int(said[3]) * 1000
                self.seen.append((lab.mono_ns() - (time.time_ns() - at_ns), said[1], said[4]))
        return self.seen

    def first(self, event, guest, after_ns, within=5):
        """The moment of the first of that kind after a moment."""
        def look():
            return next((ns for ns, e, g in self.events()
                         if e == event and g == guest and ns >= after_ns), None)
        return lab.eventually(look, within, f"QEMU's {event} of {guest}")


# ---- all of it ----


def metadata(guest):
    return (f"<hp:guest xmlns:hp='{METADATA}' home-address='{guest.hoa}'>"
            f"<hp:prefix>{guest.prefix}</hp:prefix></hp:guest>")


class World(topology.World):
    """topology.World with hypervisors in place of the fake one, and guests known by metadata."""

    def __init__(self, guests=("vm1",), **kwargs):
        self.image = Image.make()
        self.hypervisors = {}
        super().__init__(guests=guests, **kwargs)

    def failed(self):
        super().failed()
        for hypervisor in self.hypervisors.values():
            print(hypervisor.tail())

    def had_conf(self):
        """The home agent knows more guests than there are."""
        present = self.guests
        self.guests = topology.GUESTS
        try:
            return super().had_conf()
        finally:
            self.guests = present

    def mrd_conf(self, host):
        return super().mrd_conf(host).partition("\nguest ")[0]

    def _start(self):
        super()._start()
        for number, name in enumerate(self.hosts, 1):
            self.hypervisors[name] = Host(self, name, number)

    def _plug_in(self, guest):
        pass  # QEMU does

    def domain(self, name):
        guest = self.guests[name]
        return DOMAIN.format(
            name=name, uuid=f"11111111-2222-4333-8444-{guest.number:012}",
            metadata=metadata(guest), memory=MEMORY_MB, kernel=self.image.kernel,
            initramfs=self.image.initramfs, mac=guest.mac, bridge="brvm",
            arguments=self.arguments(guest))

    def arguments(self, guest):
        if guest.auto:
            return KERNEL_ARGS
        return f"{KERNEL_ARGS} hp.address={guest.address}/64 hp.gateway=fe80::1"

    def create(self, name, host):
        path = self.net.path(f"{name}.xml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(self.domain(name))
        self.hypervisors[host].virsh("create", path)
        self.where[name] = host

    def boot(self, name, host):
        self.create(name, host)
        hypervisor = self.hypervisors[host]
        lab.eventually(lambda: "guest-init: up" in hypervisor.serial(name), START_S,
                       f"{name} boots")
        lab.eventually(lambda: self.net.ping("cn", self.guests[name].address), 10,
                       f"cn reaches {name}")

    def migrate(self, name, target, *options, check=True, live=True):
        """virsh migrate to a host; its standard error."""
        source = self.hypervisors[self.where[name]]
        careof = topology.CAREOF[target]
        done = subprocess.run(
            ["virsh", "-q", "-c", source.uri, "migrate", *(["--live"] if live else []), "--p2p", *options, name,
             f"qemu+tcp://[{careof}]/system", "--migrateuri",
             f"tcp://[{careof}]:{MIGRATION_PORT}"], capture_output=True, text=True,
            timeout=MOVE_S)
        if check and done.returncode != 0:
            raise lab.LabError(f"virsh migrate {name} {target}: {done.stderr.strip()}")
        if done.returncode == 0:
            self.where[name] = target
        return done.stderr.strip()

    def move(self, name, target, *options, say=lambda *_: None):
        """Migrate it; a Stop with the moments of QEMU's STOP and RESUME."""
        source, began = self.where[name], lab.mono_ns()
        self.migrate(name, target, *options)
        suspended = self.hypervisors[source].events.first("STOP", name, began)
        resumed = self.hypervisors[target].events.first("RESUME", name, suspended)
        stop = traffic.Stop(suspended, resumed, source, target)
        say("vm", f"suspended on {source}", suspended)
        say("vm", f"resumed on {target}, stop time {stop.stop_ms:.1f} ms", resumed)
        return stop
