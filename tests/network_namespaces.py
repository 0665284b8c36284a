"""A small network in namespaces: a router with a switch, a server and tablets on it, each with its own interface.

    with lan(tablets=2) as net:
        up = net.server.start([sys.executable, "-m", "bedside", "up"], cwd=folder)
        with net.tablets[0].inside():
            ...  # sockets and processes made here are the tablet's
        net.tablets[0].limit(mbit_per_s=2)
        net.tablets[0].cut()

A cut is silent, as when a tablet is carried out of reach: nothing tells either end. Needs root, `ip` and `tc`.
"""

import ctypes
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLONE_NEWNET = 0x40000000
INTERFACE = "eth0"
SWITCH = "lan0"
QUEUE_MS = 300
"""So long a packet may wait before a slow link, as in a common router; later ones are dropped."""

_numbers = itertools.count(1)


def why_not() -> str:
    """What this machine lacks for namespaces; empty when nothing."""
    if os.geteuid() != 0:
        return "root, to make network namespaces"
    missing = [tool for tool in ("ip", "tc") if shutil.which(tool) is None]
    if missing:
        return " and ".join(missing)
    probe = f"bedside-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces ({made.stderr.strip()})"
    subprocess.run(["ip", "netns", "delete", probe], check=True)
    return ""


@dataclass(frozen=True)
class Host:
    """One machine on the network: a namespace with one interface, `eth0`; the router's is the switch, `lan0`."""

    namespace: str
    address: str
    port: str = ""
    """Its port at the switch, an interface of the router."""
    router: str = ""
    """The router's namespace."""

    def start(self, argv: Sequence[str], **options: Any) -> "subprocess.Popen[Any]":
        """A process on this machine; `options` are those of Popen."""
        with self.inside():
            return subprocess.Popen(list(argv), **options)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets and processes that this thread makes in the block are this machine's, and stay so after it."""
        with Path("/proc/thread-self/ns/net").open("rb") as before:
            _enter(Path("/run/netns") / self.namespace)
            try:
                yield
            finally:
                _set_namespace(before.fileno())

    def limit(self, mbit_per_s: float) -> None:
        """From now on its link is this fast, in each direction."""
        for namespace, device in ((self.router, self.port), (self.namespace, INTERFACE)):
            rate = f"tbf rate {mbit_per_s:g}mbit burst 16kb latency {QUEUE_MS}ms"
            _run(f"tc -n {namespace} qdisc replace dev {device} root {rate}")

    def cut(self) -> None:
        """From now on nothing comes through, and nothing says so."""
        _run(f"ip -n {self.router} link set {self.port} nomaster")

    def join(self) -> None:
        """The link is whole again."""
        _run(f"ip -n {self.router} link set {self.port} master {SWITCH}")


@dataclass(frozen=True)
class Lan:
    """All machines. The router is everybody's way out, and nothing lies behind it."""

    router: Host
    server: Host
    tablets: tuple[Host, ...]


@contextmanager
def lan(tablets: int = 1) -> Iterator[Lan]:
    """A network that lasts as long as the block. Raises CalledProcessError where namespaces cannot be made."""
    number = next(_numbers)
    prefix, subnet = f"bedside-{os.getpid()}-{number}", f"10.{os.getpid() % 200 + 20}.{number % 250}"
    with ExitStack() as stack:

        def namespace(name: str) -> str:
            _run(f"ip netns add {prefix}-{name}")
            stack.callback(_run, f"ip netns delete {prefix}-{name}")
            # An IPv6 address that is probed for comes a second late, and whatever Chromium loads then is broken off.
            _run(f"ip netns exec {prefix}-{name} sysctl -q -w net.ipv6.conf.default.accept_dad=0")
            _run(f"ip -n {prefix}-{name} link set lo up")
            return f"{prefix}-{name}"

        router = Host(namespace("router"), f"{subnet}.1")
        _run(f"ip -n {router.namespace} link add {SWITCH} type bridge mcast_snooping 0")
        _run(f"ip -n {router.namespace} address add {router.address}/24 dev {SWITCH}")
        _run(f"ip -n {router.namespace} link set {SWITCH} up")

        def host(name: str, last: int) -> Host:
            made = Host(namespace(name), f"{subnet}.{last}", f"to-{name}", router.namespace)
            peer = f"peer name {INTERFACE} netns {made.namespace}"
            _run(f"ip -n {router.namespace} link add {made.port} type veth {peer}")
            made.join()
            _run(f"ip -n {router.namespace} link set {made.port} up")
            _run(f"ip -n {made.namespace} address add {made.address}/24 dev {INTERFACE}")
            _run(f"ip -n {made.namespace} link set {INTERFACE} up")
            _run(f"ip -n {made.namespace} route add default via {router.address}")
            return made

        yield Lan(router, host("server", 2), tuple(host(f"tablet{n}", 10 + n) for n in range(1, tablets + 1)))


def _enter(namespace: Path) -> None:
    with namespace.open("rb") as entered:
        _set_namespace(entered.fileno())


def _set_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


def _run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, f"{command}: {done.stderr.strip()}")
