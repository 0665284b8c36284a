"""A server that speaks the page's protocol and says what a test tells it to: the page's other half, without Bedside.

`python tests/page/stand_in.py --picture FILE` shows the page with a made-up answer, for work on its looks.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from aiohttp import WSMsgType, web
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it can be run by itself

from tests.page.stand_in_session import RECORDING, RUNNING, Session

from bedside.wire import pack

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "bedside" / "page"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ALL: Json = {
    "picture": "answer",
    "inset": True,
    "overlay": True,
    "verdict": True,
    "explanation": True,
    "controls": True,
    "wide": False,
}
PLAIN: Json = {**ALL, "picture": "live", "inset": False, "overlay": False, "explanation": False}
VIEWS: dict[str, Json] = {
    "explain": {**ALL, "title": "Explain"},
    "verdict": {**PLAIN, "title": "Verdict"},
    "video": {**PLAIN, "title": "Video", "verdict": False},
    "monitor": {**ALL, "title": "Monitor", "inset": False, "explanation": False, "controls": False, "wide": True},
}
SIGNAL: Json = {
    "state": "live",
    "message": "",
    "warning": "",
    "source": "synthetic:",
    "device": "Stand-in, 640x480",
    "fps": 30.0,
    "age_ms": 12.0,
    "drops": 0,
    "skips": 0,
    "width": 640,
    "height": 480,
}
ENGINE: Json = {
    "name": "demo",
    "state": "READY",
    "message": "",
    "answers": 7,
    "errors": 0,
    "restarts": 0,
    "fps": 10.0,
    "model_ms": 41.0,
    "added_ms": 1.2,
    "answer_age_ms": 61.0,
    "busy_ms": None,
    "late": 0,
    "passed_over": 12,
    "replicas": 1,
    "replicas_well": 1,
    "waits": False,
    "holds": False,
    "rest_ms": 0,
    "takes_corrections": False,
}
NO_SCALE: Json = {
    "pixel_spacing_mm": None,
    "source": "none",
    "set_wall_ns": None,
    "distance_mm": None,
    "picture_px": None,
    "dropped": "",
}
SCALE: Json = {
    **NO_SCALE,
    "pixel_spacing_mm": 0.2083,
    "source": "ruler",
    "set_wall_ns": 1_795_430_000_000_000_000,
    "distance_mm": 100,
    "picture_px": [640, 480],
}
PROBE: Json = {
    "seed": 3,
    "pose": {"x_mm": -24.4, "z_mm": 61.0, "rotate_deg": -14.0, "tilt_deg": 11.6, "rock_deg": -3.0},
    "depth_mm": 130.0,
    "gain_db": 2.0,
    "is_frozen": False,
    "is_sweeping": False,
    "plane": "head",
    "is_standard": False,
    "offset": {"plane": "head", "distance_mm": 11.7, "angle_deg": 8.2, "move": "tilt -6"},
}
STAGES: Json = {"capture": 2.1, "announce": 0.3, "stage": 0.4, "request": 0.5, "model": 41.0}
HEAD: Json = {"verdict": {"label": "Head", "level": "near", "score": 0.79}}
Painter = Callable[[int], NDArray[np.uint8]]


def numbered(seq: int) -> NDArray[np.uint8]:
    """A dark picture of 640 x 480 whose lowest fifth says `seq` in twelve stripes, dark is 0 and light is 1."""
    pixels = np.full((480, 640, 3), 16, np.uint8)
    for bit in range(12):
        left, right = round(bit * 640 / 12), round((bit + 1) * 640 / 12)
        pixels[384:, left:right] = 235 if seq >> bit & 1 else 16
    return pixels


@dataclass
class Script:
    """What the stand-in says. Change a field, or replace it, while a page looks on."""

    signal: Json = field(default_factory=lambda: deepcopy(SIGNAL))
    engines: list[Json] = field(default_factory=lambda: [deepcopy(ENGINE)])
    answer: Callable[[int], Json] = lambda seq: HEAD
    error: str = ""
    missing: Json = field(default_factory=dict)
    paint: Painter = numbered
    live_every_s: float = 1 / 15
    answer_every_s: float = 0.1
    pictures: bool = True
    answers: bool = True
    mute: list[str] = field(default_factory=list)
    """Engines that do not answer."""
    silent: bool = False
    """Connected, and nothing is sent: what a page behind a cut network sees."""
    can_control: bool = False
    probe: Json | None = None
    """What a source that can be steered tells of itself."""
    may_obey: threading.Event = field(default_factory=threading.Event)
    """Set at first; cleared, what the source is asked for stays under way."""
    recorder: Json | None = None
    progress: Json | None = None
    spacing: Json = field(default_factory=lambda: dict(NO_SCALE))
    session: Session = field(default_factory=Session)
    clip: bool = True
    version: str = "0.1.0"
    correct: Callable[[Json], Json] = lambda asked: {}
    """What of an answer is another with these corrections."""
    uncorrectable: str = ""
    """Why no answer can be corrected."""
    refuse: str = ""
    """Why no snapshot can be kept."""
    role: str = "operator"
    alerts: list[Json] = field(default_factory=list)
    locked: str = ""
    """Why no page may connect."""
    locked_status: int = 403
    extra: list[str | bytes] = field(default_factory=list)
    """Messages that every page is sent once, as they are."""

    def __post_init__(self) -> None:
        self.may_obey.set()

    @property
    def controls(self) -> list[str]:
        """What the source can be asked to do."""
        return ["freeze", "unfreeze"] * self.can_control + ["right", "tilt", "go"] * (self.probe is not None)


class StandIn:
    """Serves the page on a port of its own, in a thread of its own."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.script = script or Script()
        self.port = port
        self.painted: list[Json] = []
        self.wants: list[Json] = []
        self.holds: list[Json] = []
        self.posts: list[tuple[str, Json]] = []
        self.connections = self.offers = 0
        self.seq = 100
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._up = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, from now on; on the same port as before when it was stopped."""
        self._up.clear()
        self._thread = threading.Thread(target=self._run, name="stand-in")
        self._thread.start()
        assert self._up.wait(10), "the stand-in did not start"

    def stop(self) -> None:
        """Die as a server dies: every connection is cut."""
        self._loop.call_soon_threadsafe(self._stop.set)
        assert self._thread is not None
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(middlewares=[_closed])
        app.router.add_get("/", self._index)
        app.router.add_get("/view/{name}", self._index)
        app.router.add_get("/live", self._live)
        app.router.add_get("/pair", self._pair)
        app.router.add_get("/api/state", self._state)
        app.router.add_get("/api/control", self._offer)
        app.router.add_get("/questionnaire/{session}/{name}", self._questionnaire)
        app.router.add_routes(self.script.session.routes(self.script, self.posts))
        app.router.add_post("/api/spacing/remove", self._remove_scale)
        app.router.add_post("/api/{deed}", self._post)
        app.router.add_static("/page", PAGE)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        self._up.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _index(self, request: web.Request) -> web.FileResponse:
        if request.match_info.get("name", "explain") not in VIEWS:
            raise web.HTTPNotFound
        return web.FileResponse(PAGE / "index.html")

    async def _pair(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "pair.html")

    async def _questionnaire(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "questionnaire.html")

    async def _state(self, request: web.Request) -> web.Response:
        if self.script.locked:
            return web.json_response({"error": self.script.locked}, status=self.script.locked_status)
        return web.json_response({})

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posts.append((request.path, body))
        if self.script.refuse:
            return web.json_response({"error": self.script.refuse}, status=507)
        if request.path == "/api/spacing":
            self.script.spacing = {**SCALE, "distance_mm": body["distance_mm"]}
            return web.json_response(self.script.spacing, status=201)
        if request.path == "/api/control":
            await asyncio.to_thread(self.script.may_obey.wait, 10)
            if body["command"] in ("freeze", "unfreeze"):
                self.script.signal["state"] = "frozen" if body["command"] == "freeze" else "live"
            elif body["command"].startswith("sweep") and self.script.probe:
                self.script.probe["is_sweeping"] = body["command"] == "sweep on"
        if request.path == "/api/intervention":
            return await self._intervene(body)
        return web.json_response({"path": "snapshots/1.png", "clip": self.script.clip, **body}, status=201)

    async def _offer(self, request: web.Request) -> web.Response:
        self.offers += 1
        return web.json_response({"commands": self.script.controls, "state": self.script.probe})

    async def _remove_scale(self, request: web.Request) -> web.Response:
        self.script.spacing = dict(NO_SCALE)
        self.posts.append((request.path, await request.json()))
        return web.json_response(self.script.spacing)

    async def _intervene(self, body: Json) -> web.Response:
        """The answer to that frame as the script corrects it."""
        if self.script.uncorrectable:
            return web.json_response({"error": self.script.uncorrectable}, status=409)
        first = self.script.answer(body["seq"])
        rest = {"type": "result", "engine": body["engine"], "seq": body["seq"], "error": "", "missing": {}}
        result = {**rest, "answer": {**first, **self.script.correct(body)}}
        return web.json_response({"before": first.get("verdict"), "result": result})

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        if self.script.locked:
            raise web.HTTPForbidden(text=self.script.locked)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self.connections += 1
        page = _Page(self, socket, request.query.get("view", "explain"))
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(page.speak())
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await page.hear(json.loads(message.data))
            sender.cancel()
        return socket


@web.middleware
async def _closed(request: web.Request, handler: Any) -> web.StreamResponse:
    """Every answer carries the Content-Security-Policy that the real server sets."""
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CSP
        response.headers["Cache-Control"] = "no-cache"
    return response


class _Page:
    """One page's connection: at most two pictures of each stream are under way."""

    def __init__(self, server: StandIn, socket: web.WebSocketResponse, view: str) -> None:
        self.server, self.socket, self.view = server, socket, view
        self.want = {"live": 0, "answer": 0}
        self.under_way: dict[str, list[int]] = {"live": [], "answer": []}
        self.due = {"live": 0.0, "answer": 0.0, "state": 0.0}
        self.extra = 0
        self.said = ""

    async def hear(self, message: Json) -> None:
        """What the page says."""
        match message["type"]:
            case "ping" if not self.server.script.silent:
                await self.socket.send_json({"type": "pong", "id": message["id"]})
            case "want":
                self.want = {"live": message["live"], "answer": message["answer"]}
                self.server.wants.append(message)
            case "hold":
                self.server.holds.append(message)
            case "painted":
                self.server.painted.append(message)
                rest = [seq for seq in self.under_way[message["stream"]] if seq > message["seq"]]
                self.under_way[message["stream"]] = rest

    async def speak(self) -> None:
        """Greet, then say whatever is due until the page goes."""
        view = {"name": self.view, **VIEWS[self.view]}
        shows = view["overlay"] or view["verdict"] or view["explanation"]
        names = [engine["name"] for engine in self.server.script.engines] if shows else []
        script = self.server.script
        hello = {
            "type": "hello",
            "version": script.version,
            "view": view,
            "engines": names,
            "page": "a1b2",
            "role": script.role,
        }
        controls = script.controls if view["controls"] else []
        await self.socket.send_json({**hello, "can_control": script.can_control, "controls": controls})
        while not self.socket.closed:
            await asyncio.sleep(0.01)
            if self.server.script.silent:
                continue
            try:
                await self._say_what_is_due(asyncio.get_running_loop().time(), bool(names), view)
            except ConnectionResetError:
                return

    async def _say_what_is_due(self, now: float, shows: bool, view: Json) -> None:
        script = self.server.script
        state = self._state(shows)
        engines = [engine["state"] for engine in state["engines"]]
        news = [state[name] for name in ("recorder", "session", "progress", "spacing", "alerts")]
        gist = json.dumps([state["signal"]["state"], *news, engines])
        if now >= self.due["state"] or self.said != gist:
            self.due["state"], self.said = now + 0.25, gist
            await self.socket.send_json(state)
        for extra in script.extra[self.extra :]:
            self.extra += 1
            await (self.socket.send_str(extra) if isinstance(extra, str) else self.socket.send_bytes(extra))
        if script.pictures and now >= self.due["live"]:
            self.due["live"] = now + script.live_every_s
            await self._picture("live", None)
        if script.answers and shows and script.pictures and now >= self.due["answer"]:
            self.due["answer"] = now + script.answer_every_s
            for number, engine in enumerate(script.engines):
                if engine["name"] in script.mute:
                    continue
                result = self._result(engine["name"])
                if number == 0 and (view["picture"] == "answer" or view["inset"]):
                    await self._picture("answer", result)
                else:
                    await self.socket.send_json({"type": "result", **result})

    def _state(self, shows: bool) -> Json:
        script = self.server.script
        engines = script.engines if shows else []
        kept = {"recorder": script.recorder, "session": script.session.running}
        scale: Json = {"progress": script.progress if shows else None, "spacing": script.spacing}
        rest: Json = {**kept, **scale, "alerts": script.alerts, "viewers": 1, "picture_skips": 3}
        return {"type": "state", "signal": script.signal, "engines": engines, **rest}

    def _result(self, engine: str) -> Json:
        script = self.server.script
        answer = {} if script.error else script.answer(self.server.seq + 1)
        timing = {"model_ms": 41.0, "added_ms": 1.2, "stages_ms": STAGES}
        return {
            "engine": engine,
            "seq": self.server.seq + 1,
            "age_ms": 61.0,
            "error": script.error,
            "missing": script.missing,
            "answer": answer,
            "timing": timing,
        }

    async def _picture(self, stream: str, result: Json | None) -> None:
        if self.want[stream] == 0 or len(self.under_way[stream]) >= 2:
            return
        self.server.seq += 1
        seq = self.server.seq
        pixels = self.server.script.paint(seq)
        done, jpeg = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        assert done
        header: Json = {"type": "picture", "stream": stream, "seq": seq, "age_ms": 12.0 if result is None else 61.0}
        header |= {"width": pixels.shape[1], "height": pixels.shape[0], "signal": self.server.script.signal["state"]}
        if result is not None:
            header["result"] = result
        self.under_way[stream].append(seq)
        await self.socket.send_bytes(pack(header, jpeg.tobytes()))


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--session", action="store_true", help="one runs and is recorded")
    options = parser.parse_args()
    script = Script(can_control=True, probe=deepcopy(PROBE))
    if options.session:
        script.session.running, script.recorder = dict(RUNNING), dict(RECORDING)
    if options.picture:
        read = cv2.imread(str(options.picture))
        if read is None:
            parser.error(f"{options.picture} is no picture")
        still = np.asarray(read[..., ::-1], np.uint8)
        script.paint = lambda seq: still
    server = StandIn(script, options.port)
    server.start()
    print(server.url)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
