"""An admin sets up through the server what a broadcaster shows, and the access log says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from tests.bus.test_setup import Asked

from bedside.bus.setup import SetupRoutes
from bedside.hub.setup_api import BroadcasterSetup


@asynccontextmanager
async def broadcaster(asked: Asked) -> AsyncIterator[str]:
    """Its /setup alone; its websocket's address."""
    app = web.Application()
    app.add_routes(SetupRoutes(asked).routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/frames"
    await runner.cleanup()


async def test_what_a_page_asks_reaches_the_broadcaster() -> None:
    """Bodies and statuses go through as they are."""
    asked = Asked()
    async with broadcaster(asked) as url:
        setup = BroadcasterSetup(url)
        assert (await setup.ask("GET", "/setup", None, 5))[:2] == (200, b'{"is_open": false}')
        assert (await setup.ask("POST", "/setup", {"mask": []}, 5))[0] == 200 and asked.asked == [{"mask": []}]
        assert (await setup.ask("POST", "/setup", {}, 5))[0] == 409
        assert (await setup.ask("GET", "/setup/picture", None, 5))[2] == "image/jpeg"


async def test_a_broadcaster_that_is_gone_is_said() -> None:
    """The address of nobody raises what the server turns into a sentence."""
    async with broadcaster(Asked()) as url:
        pass
    with pytest.raises((aiohttp.ClientError, asyncio.TimeoutError)):
        await BroadcasterSetup(url).ask("GET", "/setup", None, 2)
