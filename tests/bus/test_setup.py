"""A broadcaster's /setup does what a page asks, behind the token, and says in a sentence what it cannot do."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import numpy as np
from tests.bus.conftest import Broadcast

from bedside.bus import jpeg
from bedside.errors import SourceError
from bedside.messages import Pixels


class Asked:
    """Stands for the source's side."""

    def __init__(self) -> None:
        self.is_open = False
        self.asked: list[Mapping[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """What holds."""
        return {"is_open": self.is_open}

    def picture(self) -> Pixels:
        """A grey one."""
        return np.full((48, 64, 3), 90, np.uint8)

    def open(self, is_open: bool) -> dict[str, Any]:
        """Noted."""
        self.is_open = is_open
        return self.state()

    def apply(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Noted, or refused."""
        if "mask" not in asked:
            raise SourceError("mask is missing; expected one")
        self.asked.append(asked)
        return self.state()

    def propose(self) -> dict[str, Any]:
        """Nothing found."""
        return {"fan": []}


async def test_setup_answers_and_does_what_is_asked(broadcast: Broadcast) -> None:
    """State, picture, proposals and masks go through; a refusal is one sentence."""
    setup = Asked()
    async with broadcast(setup=setup) as live, aiohttp.ClientSession(live.http) as session:
        async with session.get("/setup/picture") as response:
            assert jpeg.decode(await response.read()).shape == (48, 64, 3)
            assert response.headers["Cache-Control"] == "no-store"
        for path, body, status, said in [
            ("/setup/open", {"open": True}, 200, {"is_open": True}),
            ("/setup/open", {"open": 1}, 400, {"error": "open is '1'; expected true or false"}),
            ("/setup/propose", {}, 200, {"fan": []}),
            ("/setup", {"mask": [[0, 0, 1, 1]]}, 200, {"is_open": True}),
            ("/setup", {}, 409, {"error": "mask is missing; expected one"}),
            ("/setup", [], 400, {"error": "the body is not understood; expected a JSON object"}),
        ]:
            async with session.post(path, json=body) as response:
                assert (response.status, await response.json()) == (status, said), path
    assert setup.asked == [{"mask": [[0, 0, 1, 1]]}]


async def test_setup_is_behind_the_token(broadcast: Broadcast) -> None:
    """Nobody without the token sees the picture, nor changes masks; without a setup there is no such address."""
    setup = Asked()
    async with broadcast(setup=setup, token="a long secret") as live, aiohttp.ClientSession(live.http) as session:
        for method, path in [("GET", "/setup"), ("GET", "/setup/picture"), ("POST", "/setup"), ("POST", "/setup/open")]:
            async with session.request(method, path, json={"mask": [], "open": True}) as response:
                assert response.status == 401, path
    assert not setup.asked and not setup.is_open
    async with broadcast() as live, aiohttp.ClientSession(live.http) as session, session.get("/setup") as response:
        assert response.status == 404
