"""The machine's interfaces and their IPv4 addresses, as they are now. Asks the kernel and sends nothing."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

import ifaddr

LOOK_EVERY_S = 1.0
INNER = ("lo", "docker", "br-", "veth", "virbr", "lxc", "tun", "tap", "wg", "podman", "cni")
"""Beginnings of the names of interfaces on which no tablet comes in: this machine's own containers, and tunnels."""


def addresses_of(interface: str) -> tuple[str, ...]:
    """The interface's IPv4 addresses, in order; empty while it has none or is not there."""
    return tuple(
        address
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if _is_named(adapter.name, ip.nice_name, interface) and (address := str(ip.ip)) and ip.is_IPv4
    )


def networks() -> dict[str, tuple[str, ...]]:
    """Interfaces on which a tablet could come in, with their IPv4 addresses; those that have none are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for adapter in ifaddr.get_adapters():
        name = _plain(adapter.name)
        if not name.startswith(INNER):
            own = tuple(str(ip.ip) for ip in adapter.ips if ip.is_IPv4)
            found |= {name: found.get(name, ()) + own} if own else {}
    return {name: own for name, own in found.items() if not ipaddress.ip_address(own[0]).is_loopback}


async def changes(interface: str) -> AsyncIterator[tuple[str, ...]]:
    """The interface's addresses, at once and then each time they are others: an access point that comes up, DHCP."""
    known: tuple[str, ...] | None = None
    while True:
        now = addresses_of(interface)
        if now != known:
            known = now
            yield now
        await asyncio.sleep(LOOK_EVERY_S)


def _plain(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _is_named(name: str | bytes, nice: str, interface: str) -> bool:
    return interface in (_plain(name), nice)
