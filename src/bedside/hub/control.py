"""Commands to the source, such as the freeze button of a synthetic scanner, forwarded to the broadcaster."""

import aiohttp
from yarl import URL

from bedside.errors import BusError, SourceError

DEADLINE_S = 3.0


class BroadcasterControl:
    """Calls the broadcaster's `POST /control`."""

    def __init__(self, frames_url: str, token: str = "") -> None:
        """`frames_url` is the address of the broadcaster's websocket."""
        url = URL(frames_url)
        self._url = url.with_scheme({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)).with_path("/control")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __call__(self, command: str) -> None:
        """Has `command` done. Raises SourceError when the source refuses it, BusError when nobody answers."""
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=self._headers) as session,
                session.post(self._url, json={"command": command}) as response,
            ):
                if response.status >= 400:
                    raise SourceError(await _sentence(response))
        except (TimeoutError, aiohttp.ClientError) as error:
            raise BusError(f"the broadcaster at {self._url.authority} does not answer; is it running?") from error


async def _sentence(response: aiohttp.ClientResponse) -> str:
    try:
        body = await response.json(content_type=None)
        return str(body["error"])
    except (ValueError, KeyError, TypeError):
        return f"the broadcaster refused the command with status {response.status}"
