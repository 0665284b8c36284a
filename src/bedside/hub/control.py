"""Commands to the source, such as a freeze button or the probe of a phantom, forwarded to the broadcaster."""

from collections.abc import Sequence
from typing import Any, Protocol

import aiohttp
from yarl import URL

from bedside.errors import BusError, SourceError

DEADLINE_S = 3.0
CANNOT = 409
"""The status with which a broadcaster says that its source cannot do that."""


class Control(Protocol):
    """Has the source do what a person asks for."""

    @property
    def commands(self) -> Sequence[str]:
        """First words of what it can be asked to do."""

    async def __call__(self, command: str) -> None:
        """Has `command` done. Raises SourceError when the source refuses it, BusError when nobody answers."""

    async def offer(self) -> dict[str, Any]:
        """`commands` as the open source has them now, and its `state`, an object or null. Raises as a command does."""


class BroadcasterControl:
    """Calls the broadcaster's `/control`; see Control."""

    def __init__(self, frames_url: str, token: str = "", commands: Sequence[str] = ()) -> None:
        """`frames_url` is the address of the broadcaster's websocket."""
        self.commands = tuple(commands)
        url = URL(frames_url)
        self._url = url.with_scheme({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)).with_path("/control")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __call__(self, command: str) -> None:
        """Has `command` done."""
        await self._ask("POST", {"command": command})

    async def offer(self) -> dict[str, Any]:
        """What the source can do now, and its state."""
        said = await self._ask("GET", None)
        if not isinstance(said, dict):
            raise BusError(f"the broadcaster at {self._url.authority} answers nothing that is understood")
        return {"commands": said.get("commands", []), "state": said.get("state")}

    async def _ask(self, method: str, body: dict[str, str] | None) -> Any:
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=self._headers) as session,
                session.request(method, self._url, json=body) as response,
            ):
                if response.status == CANNOT:
                    raise SourceError(await _sentence(response))
                if response.status >= 400:
                    raise BusError(f"the broadcaster at {self._url.authority} refuses: {await _sentence(response)}")
                return await response.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise BusError(f"the broadcaster at {self._url.authority} does not answer; is it running?") from error
        except ValueError as error:
            raise BusError(f"the broadcaster at {self._url.authority} answers nothing that is understood") from error


async def _sentence(response: aiohttp.ClientResponse) -> str:
    try:
        body = await response.json(content_type=None)
        return str(body["error"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status}"
