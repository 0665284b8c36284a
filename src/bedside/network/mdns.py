"""The name `NAME.local` on one interface: asked for by any tablet, answered by multicast DNS."""

import logging
import socket
from collections.abc import Sequence

from zeroconf import (  # type: ignore[attr-defined] # it does not list the first two, and documents them
    AddressResolverIPv4,
    DNSAddress,
    IPVersion,
    RecordUpdate,
    RecordUpdateListener,
    ServiceInfo,
    Zeroconf,
)
from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

ASK_MS = 1000
"""So long somebody else who has the name may take to say so; RFC 6762 asks three times within 0.75 s."""
MOST_NAMES = 20
SERVICE = "_https._tcp.local."


class Name:
    """Our name on the network of `addresses`. Another machine that has it keeps it, and ours gets a number."""

    def __init__(self, wanted: str, addresses: Sequence[str], port: int) -> None:
        self.wanted = wanted
        self.name = wanted
        """What we are called, without `.local`."""
        self.taken_by = ""
        """The address of a machine that has our name now, too; empty while there is none."""
        self._addresses = tuple(addresses)
        self._port = port
        self._zeroconf: AsyncZeroconf | None = None

    async def open(self) -> str:
        """Takes the first name of NAME, NAME-2, NAME-3 ... that nobody has, answers to it from now on, and returns it.

        Raises OSError where the network takes no multicast.
        """
        self._zeroconf = AsyncZeroconf(interfaces=list(self._addresses), ip_version=IPVersion.V4Only)
        try:
            for number in range(1, MOST_NAMES + 1):
                self.name = self.wanted if number == 1 else f"{self.wanted}-{number}"
                owner = await self._owner(self._zeroconf.zeroconf)
                if not owner:
                    break
                log.warning("%s.local is the machine at %s already; trying another name", self.name, owner)
            info = ServiceInfo(
                SERVICE,
                f"Bedside at {self.name}.{SERVICE}",
                port=self._port,
                server=f"{self.name}.local.",
                addresses=[socket.inet_aton(address) for address in self._addresses],
            )
            await (await self._zeroconf.async_register_service(info, allow_name_change=True))
            self._zeroconf.zeroconf.async_add_listener(_Rival(self), None)
        except BaseException:
            await self.close()
            raise
        return self.name

    async def close(self) -> None:
        """Says goodbye: tablets forget the name at once."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_close()

    async def _owner(self, zeroconf: Zeroconf) -> str:
        """The address of another machine that has this name; empty when there is none."""
        asked = AddressResolverIPv4(f"{self.name}.local.")
        await asked.async_request(zeroconf, ASK_MS)
        others = {str(found) for found in asked.ip_addresses_by_version(IPVersion.V4Only)} - {*self._addresses}
        return min(others, default="")

    def met(self, address: str) -> None:
        """Somebody said that our name is this address."""
        if address in self._addresses or address == self.taken_by:
            return
        self.taken_by = address
        log.warning(
            "%s.local is also the machine at %s; tablets may land there: give one of them another [server] name",
            self.name,
            address,
        )


class _Rival(RecordUpdateListener):
    """Hears what others say of our name."""

    def __init__(self, name: Name) -> None:
        self._name = name

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        """Called by zeroconf with whatever somebody said."""
        for record in records:
            new = record.new
            if isinstance(new, DNSAddress) and new.key == f"{self._name.name}.local." and len(new.address) == 4:
                self._name.met(socket.inet_ntoa(new.address))
