"""The server's doors to the network: they open and close with the interface's addresses, certificates follow."""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.health import access_folder, encrypts
from bedside.errors import AccessError, SettingsError
from bedside.loopback import is_loopback
from bedside.network.interfaces import changes, networks
from bedside.settings import Settings

if TYPE_CHECKING:
    from aiohttp import web

    from bedside.hub.server import Doors
    from bedside.network.certificates import Certificates
    from bedside.network.mdns import Name

log = logging.getLogger(__name__)
LOOK_AT_CERTIFICATE_EVERY_S = 600.0


class Lan:
    """The addresses on which pages are served, beside this machine's own."""

    def __init__(self, settings: Settings, doors: "Doors") -> None:
        """Raises AccessError when there are no certificates and none can be made."""
        self._settings, self._doors = settings, doors
        self._trust_doors: Doors | None = None
        self._certificates: Certificates | None = None
        if encrypts(settings, settings.server.host) or (settings.server.interface and settings.server.tls != "off"):
            from bedside.network import certificates

            self._certificates = certificates.Certificates(access_folder(settings))
            if certificates.is_clock_wrong():
                log.warning("this machine's clock is wrong; tablets may refuse its certificate until it is set")
        self._open: tuple[str, ...] = ()
        self._wanted: tuple[str, ...] = ()
        self._name: Name | None = None
        self.name = settings.server.name
        """What this machine is called on the network, without `.local`."""

    @property
    def trust_app(self) -> "web.Application | None":
        """The page that has a tablet trust this machine; None where nothing is encrypted."""
        from bedside.hub.app import PAGE_DIR
        from bedside.hub.trust import Trusted, create_trust_app

        if self._certificates is None:
            return None
        server, authority = self._settings.server, self._certificates.authority
        folder = Path(server.page_dir) if server.page_dir else PAGE_DIR

        def urls(request: "web.Request") -> list[str]:
            host = request.url.host or ""
            known = [host] if host in (*self._open, server.address) or is_loopback(host) else []
            return [f"https://{name}:{server.port}" for name in (f"{self.name}.local", *known)]

        return create_trust_app(Trusted(authority.der, authority.fingerprint), folder, urls)

    async def open(self, trust_doors: "Doors | None") -> None:
        """Listens on [server] host. Raises SettingsError where that cannot be, AccessError without a certificate."""
        self._trust_doors = trust_doors
        server = self._settings.server
        is_encrypted = encrypts(self._settings, server.host)
        await self._doors.open(server.host, server.port, self._context() if is_encrypted else None)
        if is_encrypted and trust_doors is not None:
            await trust_doors.open(server.host, server.trust_port)

    async def follow(self) -> None:
        """Keeps the doors to the interface as its addresses are, until it is cancelled."""
        renewing = asyncio.create_task(self._renew(), name="renew the certificate")
        try:
            if not self._settings.server.interface:
                await asyncio.Event().wait()
            async for addresses in changes(self._settings.server.interface):
                await self._change(addresses)
        finally:
            renewing.cancel()
            await self._leave()

    def _context(self) -> ssl.SSLContext:
        assert self._certificates is not None
        everywhere = [address for own in networks().values() for address in own]
        host = self._settings.server.host
        beside = everywhere if host in ("0.0.0.0", "::") else [host] if host.count(".") == 3 else []
        if self._settings.server.address:  # a container's own are nobody's business, and change at each start
            beside = [self._settings.server.address]
        return self._certificates.context(self.name, sorted({*self._wanted, *beside}))

    async def _renew(self) -> None:
        """Long before it ends, and when this machine's clock was set right."""
        while self._certificates is not None:
            await asyncio.sleep(LOOK_AT_CERTIFICATE_EVERY_S)
            try:
                self._context()
            except AccessError as error:  # the next look may find room for it
                log.error("%s", error)

    async def _change(self, addresses: tuple[str, ...]) -> None:
        interface, port = self._settings.server.interface, self._settings.server.port
        if not addresses:
            log.warning("%s has no address; tablets can come in once it has one", interface)
        await self._leave()
        self._wanted = addresses
        await self._announce(addresses, port)
        try:
            tls = self._context() if self._certificates is not None else None
        except AccessError as error:  # pages on this machine itself, and what is recorded, go on
            log.error("%s. Until Bedside is started again, no tablet comes in", error)
            return
        opened = []
        for address in addresses:
            try:
                await self._doors.open(address, port, tls)
                opened.append(address)
                if self._trust_doors is not None:
                    await self._trust_doors.open(address, self._settings.server.trust_port)
            except SettingsError as error:
                log.error("%s: %s", address, error)
        self._open = tuple(opened)
        scheme = "http" if tls is None else "https"
        for address in opened:
            log.info(
                "tablets on %s reach the pages at %s://%s.local:%d or %s", interface, scheme, self.name, port, address
            )

    async def _announce(self, addresses: tuple[str, ...], port: int) -> None:
        from bedside.network.mdns import Name

        self.name = self._settings.server.name
        if not addresses:
            return
        name = Name(self.name, addresses, port)
        try:
            self.name = await name.open()
            self._name = name
        except OSError as error:
            log.warning("%s.local cannot be announced (%s); tablets need the address", self.name, error)

    async def _leave(self) -> None:
        for address in self._open:
            await self._doors.close(address, self._settings.server.port)
            if self._trust_doors is not None:
                await self._trust_doors.close(address, self._settings.server.trust_port)
        self._open = ()
        name, self._name = self._name, None
        if name is not None:
            await name.close()
