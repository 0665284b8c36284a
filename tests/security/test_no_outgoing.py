"""Nothing leaves the machine that nobody asked for: all packets of a whole scan are looked at."""

import json
import signal
import socket
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

import pytest
from tests.end_to_end.box import wait
from tests.network_namespaces import Host, Lan, lan, why_not
from tests.security.scan import CAME_IN

ROOT = Path(__file__).parents[2]
LACKS = why_not()
pytestmark = pytest.mark.skipif(bool(LACKS), reason=f"network namespaces: needs {LACKS}")

EVERYTHING = 3
SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23
SO_RCVBUFFORCE = 33
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
ICMP6, IGMP, TCP, UDP = 58, 2, 6, 17
OF_THE_KERNEL = range(130, 144)
"""ICMPv6 types by which a kernel finds its neighbours, whatever runs on it."""
SYN, ACK = 0x02, 0x10
MDNS, MDNS_PORT = IPv4Address("224.0.0.251"), 5353
MULTICAST_ROUTERS = IPv4Address("224.0.0.22")


class Tap:
    """All that a host has sent, as the switch hears it."""

    def __init__(self, host: Host) -> None:
        with Host(host.router, "").inside():  # the switch
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        self._socket.bind((host.port, EVERYTHING))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def heard(self) -> list[bytes]:
        """The packets since the last time, without what the kernel does by itself; none was missed."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(2000))
            except BlockingIOError:
                break
        _, missed = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        assert not missed
        return [packet for packet in found if not _is_of_the_kernel(packet)]


def _is_of_the_kernel(packet: bytes) -> bool:
    """IPv6 neighbour discovery and multicast membership: nothing of a program is in it."""
    if _kind(packet) != IPV6:
        return False
    at = 40 + 14
    protocol = packet[20]
    if protocol == 0:  # a hop-by-hop header stands before it
        protocol, at = packet[at], at + 8 * (packet[at + 1] + 1)
    return protocol == ICMP6 and packet[at] in OF_THE_KERNEL


def _kind(packet: bytes) -> int:
    return int.from_bytes(packet[12:14])


def is_an_answer(packet: bytes, tablet: str, ports: tuple[int, ...]) -> bool:
    """Whether this is what `--lan` may say: to that tablet, from these ports, or the own name by multicast DNS."""
    if _kind(packet) == ARP:
        return IPv4Address(packet[38:42]) == IPv4Address(tablet)
    if _kind(packet) != IPV4:
        return False
    protocol, target = packet[23], IPv4Address(packet[30:34])
    at = 14 + (packet[14] & 15) * 4
    from_port, to_port = struct.unpack_from(">HH", packet, at)
    if protocol == IGMP:
        return target in (MDNS, MULTICAST_ROUTERS)
    if protocol == UDP:
        return target == MDNS and from_port == to_port == MDNS_PORT
    opens = protocol == TCP and packet[at + 13] & (SYN | ACK) == SYN
    return protocol == TCP and not opens and str(target) == tablet and from_port in ports


@contextmanager
def clinic() -> Iterator[Lan]:
    """A server whose way out, by IPv4 and IPv6, and whose name server are the router."""
    with lan() as net:
        for host, number in ((net.router, 1), (net.server, 2)):
            device = "lan0" if host is net.router else "eth0"
            argv = f"ip -n {host.namespace} -6 address add fd00:bed::{number}/64 dev {device} nodad"
            subprocess.run(argv.split(), check=True)
        argv = f"ip -n {net.server.namespace} -6 route add default via fd00:bed::1"
        subprocess.run(argv.split(), check=True)
        yield net


@contextmanager
def started(net: Lan, folder: Path, *argv: str) -> "Iterator[subprocess.Popen[str]]":
    """A Python program on the server, which asks the router for names; none of it is left after the block."""
    names = folder / "resolv.conf"
    names.write_text(f"nameserver {net.router.address}\noptions timeout:1 attempts:1\n", encoding="utf-8")
    own = ["unshare", "--mount", "sh", "-euc", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', str(names)]
    pipe = subprocess.PIPE
    argv = (*own, sys.executable, *argv)
    with net.server.start(argv, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                program.send_signal(signal.SIGINT)
                program.communicate(timeout=60)


@pytest.mark.parametrize(
    ("program", "kind", "to_port"),
    [
        ("socket.create_connection(('203.0.113.7', 443), 0.3)", IPV4, 443),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('2001:db8::7', 9))", IPV6, 9),
        ("socket.getaddrinfo('telemetry.example', 443)", IPV4, 53),
    ],
)
def test_the_tap_hears_what_leaves(tmp_path: Path, program: str, kind: int, to_port: int) -> None:
    """A connection, a datagram and a question for a name, made on purpose, are heard: the next tests can fail."""
    with clinic() as net, Tap(net.server) as tap:
        with started(net, tmp_path, "-c", f"import socket; {program}") as ended:
            ended.communicate(timeout=20)
        heard = [packet for packet in tap.heard() if _kind(packet) == kind]
        ports = [struct.unpack_from(">H", packet, 14 + (40 if kind == IPV6 else 20) + 2)[0] for packet in heard]
        assert to_port in ports
        assert not any(is_an_answer(packet, net.tablets[0].address, (8080,)) for packet in heard)


def test_a_whole_scan_sends_nothing(tmp_path: Path) -> None:
    """Phantom, engine, pages, a session with video, exports and a report: not one packet, nor a question for a name."""
    with clinic() as net, Tap(net.server) as tap:
        with started(net, tmp_path, "-m", "tests.security.scan", str(tmp_path)) as program:
            said, _ = program.communicate(timeout=110)
        assert program.returncode == 0, said
        assert tap.heard() == []


def test_with_lan_only_the_tablet_that_asks_is_answered(tmp_path: Path) -> None:
    """`--lan` answers the tablet's connections and says its name by multicast DNS; it opens none and asks nobody."""
    words = ("-m", "tests.security.scan", str(tmp_path), "--lan", "eth0")
    with clinic() as net, Tap(net.server) as tap, started(net, tmp_path, *words) as program:
        tablet = net.tablets[0]
        ports = wait(lambda: _ports(tmp_path), "the settings are written")

        def comes_in() -> bool:
            with tablet.inside():
                url = f"https://{net.server.address}:{ports[0]}/health"
                asked = subprocess.run(["curl", "-sk", "--max-time", "3", url], capture_output=True, check=False)
            return bool(asked.stdout) and "status" in json.loads(asked.stdout)

        wait(comes_in, "the tablet is answered")
        (tmp_path / CAME_IN).touch()
        said, _ = program.communicate(timeout=110)
        assert program.returncode == 0, said
        heard = tap.heard()
        assert heard
        assert [packet for packet in heard if not is_an_answer(packet, tablet.address, ports)] == []


def _ports(folder: Path) -> tuple[int, ...]:
    """[server] port, and the one of the page that has a tablet trust the machine."""
    path = folder / "bedside.toml"
    return (tomllib.loads(path.read_text(encoding="utf-8"))["server"]["port"], 8081) if path.exists() else ()
