"""What the setup page talks to: a broadcaster's /setup, behind a server, as a test wants it."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from bedside.bus import jpeg

Json = dict[str, Any]
PAGE = Path(__file__).parents[2] / "src" / "bedside" / "page"
SIZE = (640, 480)
FOUND: Json = {
    "fan": [100, 60, 400, 380],
    "crop": [94, 54, 412, 392],
    "mask": [[10, 10, 120, 30]],
    "why_no_fan": "",
    "why_no_mask": "",
}


class SetupStandIn:
    """Serves the page in a thread of its own; `posts` is what it was asked for."""

    def __init__(self) -> None:
        self.state: Json = {
            "size": list(SIZE),
            "crop": [],
            "mask": [],
            "fan": [],
            "preset": "",
            "presets": ["room-1"],
            "is_open": False,
            "is_confirmed": False,
            "is_withheld": False,
            "layout": "none",
            "fixed": "",
        }
        self.posts: list[tuple[str, Json]] = []
        self.refuse = ""
        self.no_picture = ""
        self.asks = ""
        """What is shown more, which a person must confirm."""
        self.found = dict(FOUND)
        self.url = ""
        self._up, self._down = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="setup stand-in")

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()
        assert self._up.wait(10)

    def stop(self) -> None:
        """No more."""
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_get("/setup", _file)
        app.router.add_get("/api/setup", self._state)
        app.router.add_get("/api/setup/picture", self._picture)
        app.router.add_post("/api/setup", self._apply)
        app.router.add_post("/api/setup/{deed}", self._deed)
        app.router.add_static("/page", PAGE)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._up.set()
        await self._down.wait()
        await runner.cleanup()

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self.state)

    async def _picture(self, _: web.Request) -> web.Response:
        if self.no_picture:
            return web.json_response({"error": self.no_picture}, status=409)
        pixels = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        return web.Response(body=jpeg.encode(pixels), content_type="image/jpeg")

    async def _apply(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posts.append((request.path, body))
        if self.refuse:
            return web.json_response({"error": self.refuse}, status=409)
        if self.asks and body.get("confirm") is not True:
            return web.json_response({"error": self.asks, "confirm": True}, status=409)
        asked = {name: body[name] for name in ("crop", "mask", "fan", "preset") if name in body}
        self.state |= {**asked, "is_confirmed": True, "is_open": False, "layout": "fits"}
        return web.json_response(self.state)

    async def _deed(self, request: web.Request) -> web.Response:
        if request.match_info["deed"] == "propose":
            return web.json_response(self.found)
        body = await request.json()
        self.posts.append((request.path, body))
        self.state["is_open"] = body["open"]
        return web.json_response(self.state)


async def _file(_: web.Request) -> web.FileResponse:
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
    return web.FileResponse(PAGE / "setup.html", headers={"Content-Security-Policy": policy})
