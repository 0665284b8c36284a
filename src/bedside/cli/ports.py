"""Whether the ports in the settings are free."""

import errno
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bedside.cli.health import ask_health
from bedside.errors import BedsideError, SettingsError
from bedside.network.interfaces import addresses_of
from bedside.settings import Settings

TAKEN = "something else listens there already"
NO_SUCH_ADDRESS = "this machine has no such address"


@dataclass(frozen=True)
class Port:
    """One port that a process of ours wants to listen on."""

    where: str
    """Its place in the settings."""
    host: str
    number: int

    @property
    def problem(self) -> str:
        """Why it cannot be listened on; empty when it can."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.number))
                probe.listen()
            except OSError as error:
                return _explain(error)
        return ""


def _explain(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return TAKEN
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return NO_SUCH_ADDRESS
    if error.errno == errno.EACCES:
        return "ports below 1024 are root's"
    return str(error.strerror)


def free_port(host: str) -> int:
    """A port of that host on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_ports(host: str, counts: Sequence[int]) -> list[int]:
    """For each count the first of so many ports in a row on which nobody listens now; none is given twice."""
    given: set[int] = set()
    firsts = []
    for count in counts:
        while True:
            row = range(first := free_port(host), first + count)
            if not given & set(row) and not any(Port("", host, number).problem for number in row[1:]):
                break
        given |= set(row)
        firsts.append(first)
    return firsts


def ports(settings: Settings) -> Iterator[Port]:
    """All ports that `bedside up` needs."""
    if not settings.server.source:
        yield Port("[source] port", settings.source.host, settings.source.port)
    for engine in settings.engines:
        if not engine.url and not engine.is_contained:
            for number in engine.ports:
                yield Port(f"port of [[engine]] {engine.name}", "127.0.0.1", number)
    server = settings.server
    yield Port("[server] port", server.host, server.port)
    for address in addresses_of(server.interface) if server.interface else ():
        yield Port("[server] port", address, server.port)
        if server.tls != "off":
            yield Port("[server] trust_port", address, server.trust_port)


def refuse_taken_ports(settings: Settings) -> None:
    """Raise SettingsError for a host that this machine is not, else BedsideError for a port that is not free."""
    troubled = [(port, problem) for port in ports(settings) if (problem := port.problem)]
    for port, problem in troubled:
        if problem == NO_SUCH_ADDRESS:
            raise SettingsError(f"{port.where}: host is {port.host!r}, but {problem}; 127.0.0.1 is this machine alone")
    for port, problem in troubled:
        where = f"{port.where} {port.number} on {port.host}"
        if problem != TAKEN:
            raise BedsideError(f"{where} cannot be listened on: {problem}; set another port")
        health = ask_health(settings, timeout_s=1.0)
        who = "another Bedside runs here already, stop it first" if health else problem
        raise BedsideError(f"{where} is taken: {who}, or set another port")
