"""The paired devices as the server knows them, and its access log; it looks four times a second what became of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from bedside import clock
from bedside.access.devices import Device, Devices
from bedside.access.log import AccessLog
from bedside.access.pairing import sum_of
from bedside.access.role import Who
from bedside.access.tries import Tries
from bedside.errors import AccessError
from bedside.hub.ledger import Ledger
from bedside.threads import background_pool

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY_S = 0.25
"""What `bedside access revoke` did holds here after so long."""
OPENINGS_OF_ONE = 120
"""Pages that one device may open within a minute: each is two lines of the access log, which others need, too."""
KEEP_SEEN_EVERY_S = 60.0
"""A server that died forgets at most so much of when a device was used."""


class AccessDesk:
    """Belongs to one event loop. `follow` must run for devices to be known."""

    def __init__(self, folder: Path | None, signed_in_h: float = 0.0) -> None:
        """Without a folder there are no devices, and nothing is logged."""
        self.ledger = Ledger(AccessLog(folder) if folder else None)
        self.log = AccessLog(folder) if folder else None
        self.code_tries, self.token_tries = Tries(), Tries(most=1000)
        self.openings = Tries(OPENINGS_OF_ONE, most=10 * OPENINGS_OF_ONE)
        self.signed_in_h = signed_in_h
        self._devices = Devices(folder, signed_in_h) if folder else None
        self._problem = self._unkept = ""
        self._known: dict[str, Device] = {}
        self._mark: tuple[int, ...] | None = None
        self._seen_ns: dict[str, int] = {}
        self._seen_kept_ns = clock.monotonic_ns()
        self._pool = background_pool(1, "bedside-access")

    @property
    def problem(self) -> str:
        """One sentence while devices cannot be read or deeds cannot be written."""
        return self._problem or self._unkept or self.ledger.problem

    def device(self, secret: str) -> Device | None:
        """The device that has this secret, unless it has ended."""
        device = self._known.get(sum_of(secret)) if secret else None
        return device if device is not None and self.is_known(device.id) else None

    def is_known(self, id_: str) -> bool:
        """Whether the device may still come in."""
        device = next((one for one in self._known.values() if one.id == id_), None)
        return device is not None and not self._has_ended(device)

    def saw(self, id_: str) -> None:
        """A device was used now."""
        self._seen_ns[id_] = clock.wall_ns()

    def listed(self) -> list[dict[str, Any]]:
        """All devices as pages read them, in the order of their pairing; `ended` ones are signed out."""
        now_ns = clock.wall_ns()
        found = sorted(self._known.values(), key=lambda one: one.paired_ns)
        return [
            {
                "id": one.id,
                "label": one.label,
                "role": one.role.word,
                "paired_wall_ns": one.paired_ns,
                "seen_s": max(0, round((now_ns - self._last_ns(one)) / clock.NS_PER_S)),
                "ended": self._has_ended(one),
            }
            for one in found
        ]

    async def ask(self, work: Callable[[Devices], T]) -> T:
        """The outcome of `work`, in the desk's thread; what it changed is known here then. Raises AccessError."""
        if self._devices is None:
            raise AccessError("this server pairs no devices; set [server] access to a folder")
        outcome = await asyncio.get_running_loop().run_in_executor(self._pool, work, self._devices)
        await self.look()
        return outcome

    async def look(self) -> None:
        """Takes over what the file says now, and keeps now and then when devices were used. Raises AccessError."""
        if self._devices is None:
            return
        seen_ns: dict[str, int] = {}
        if self._seen_ns and clock.age_ms(self._seen_kept_ns) > KEEP_SEEN_EVERY_S * 1e3:
            seen_ns, self._seen_kept_ns = dict(self._seen_ns), clock.monotonic_ns()
        read = await asyncio.get_running_loop().run_in_executor(self._pool, self._read, self._devices, seen_ns)
        if read is not None:
            self._known = {one.sum: one for one in read}
            self._seen_ns = {id_: seen for id_, seen in self._seen_ns.items() if self.is_known(id_)}

    async def follow(self, act: Callable[[], Awaitable[None]]) -> None:
        """Looks what became of the devices and acts on it, for ever."""
        said = ""
        while True:
            await self.renew()
            try:
                await act()
                said = ""
            except Exception as error:  # who is revoked next must still be heard of
                if str(error) != said:
                    log.exception("what became of the devices cannot be acted on")
                said = str(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def renew(self) -> None:
        """Looks what became of the devices; while their file cannot be read, nobody is known."""
        try:
            await self.look()
            self._problem = ""
        except AccessError as error:
            if str(error) != self._problem:
                log.error("paired devices are shut out: %s", error)
            self._problem, self._known, self._mark = str(error), {}, None

    async def close(self) -> None:
        """Keeps when devices were used, and ends the threads."""
        if self._devices is not None and self._seen_ns:
            devices, seen_ns = self._devices, dict(self._seen_ns)
            with suppress(AccessError):  # its sentence is in the log by now
                await asyncio.get_running_loop().run_in_executor(self._pool, lambda: devices.saw(seen_ns))
        self._pool.shutdown(wait=True)
        self.ledger.close()

    def _read(self, devices: Devices, seen_ns: dict[str, int]) -> list[Device] | None:
        """The devices, or None where the file is the one that was read before. In the desk's thread."""
        if seen_ns:
            try:
                devices.saw(seen_ns)
                self._unkept = ""
            except AccessError as error:  # a full disk signs nobody out; it is tried again in a minute
                if str(error) != self._unkept:
                    log.error("when devices were used is not kept: %s", error)
                self._unkept = str(error)
        mark = devices.mark()
        if mark == self._mark:
            return None
        found = devices.listed()
        self._mark = mark
        return found

    def _last_ns(self, device: Device) -> int:
        return max(device.seen_ns, self._seen_ns.get(device.id, 0))

    def _has_ended(self, device: Device) -> bool:
        if not self.signed_in_h:
            return False
        return clock.wall_ns() - self._last_ns(device) > self.signed_in_h * 3600 * clock.NS_PER_S


DESK = web.AppKey[AccessDesk]("access desk")
"""The desk of an application."""


WHO = web.RequestKey("who", Who)
"""Who asks, as the guard found; a stranger, who comes to what is open to anybody, has none."""
ABOUT = web.RequestKey("about", dict[str, Any])
"""What a handler adds to the line that the access log gets of its request."""


def noted(request: web.Request, deed: str, **about: Any) -> None:
    """One line in the access log of what whoever asks has done. Never waits."""
    request.app[DESK].ledger.note(request[WHO], deed, address=request.remote, **about)
