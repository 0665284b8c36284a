"""The paper's shape: a capture server that sends JPEG by websocket, an engine behind HTTP, a web server between them.

Three processes of one program, as its three containers. Nagle's algorithm and the websocket's compression are off, and
each hand-off keeps the newest picture only: the paper says neither, and it does better so.
"""

import asyncio
import signal
import subprocess
import sys
from typing import Any

import aiohttp
import cv2
import numpy as np
from aiohttp import web
from model import predict
from sink import Sink

PAGE = """<canvas id="c" width="960" height="540" style="width:100%"></canvas><script>
const draw = document.getElementById("c").getContext("2d");
const socket = new WebSocket(`ws://${location.host}/live`);
socket.onmessage = async ({ data }) => draw.drawImage(await createImageBitmap(data), 0, 0, 960, 540);
</script>"""


async def send_all(request: web.Request) -> web.WebSocketResponse:
    """Whatever is newest, to one websocket, in bytes."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    newest = request.app["newest"]
    while True:
        await newest["fresh"].wait()
        await socket.send_bytes(newest["jpeg"])


def publish(newest: dict[str, Any], jpeg: bytes) -> None:
    """Wake whoever waits."""
    newest["jpeg"] = jpeg
    newest["fresh"].set()
    newest["fresh"] = asyncio.Event()


async def capture(app: web.Application) -> None:
    """OpenCV to JPEG, for ever."""
    device = cv2.VideoCapture("bench-camera")

    def grab() -> bytes:
        return cv2.imencode(".jpg", device.read()[1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()

    while True:
        publish(app["newest"], await asyncio.to_thread(grab))


async def answer(request: web.Request) -> web.Response:
    """A JPEG in, an answer out."""
    data = np.frombuffer(await request.read(), np.uint8)
    return web.json_response(await asyncio.to_thread(lambda: predict(cv2.imdecode(data, cv2.IMREAD_COLOR))))


async def relay(app: web.Application) -> None:
    """Takes the capture server's pictures, keeps the newest for the engine, and shows them."""
    sink, waiting = Sink(), asyncio.Queue[bytes](1)

    async def ask() -> None:
        while True:
            jpeg = await waiting.get()
            try:
                async with session.post(f"http://127.0.0.1:{app['port'] + 2}/predict", data=jpeg) as response:
                    sink.note(await response.json())
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)

    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(ask())
        async with session.ws_connect(f"http://127.0.0.1:{app['port'] + 1}/live", max_msg_size=0, compress=0) as socket:
            async for message in socket:
                if waiting.full():
                    waiting.get_nowait()
                waiting.put_nowait(message.data)
                publish(app["newest"], message.data)
        asking.cancel()


async def retried(app: web.Application) -> None:
    """The relay, once its capture server is there."""
    while True:
        try:
            await relay(app)
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)


def main(role: str, port: int) -> None:
    """One of the three."""
    app = web.Application(client_max_size=2**26)
    app["newest"], app["port"] = {"jpeg": b"", "fresh": asyncio.Event()}, port
    app.router.add_get("/live", send_all)
    app.router.add_get("/", lambda _: asyncio.sleep(0, web.Response(text=PAGE, content_type="text/html")))
    app.router.add_post("/predict", answer)
    work = {"capture": capture, "web": retried}.get(role)
    if work:

        async def begin(app: web.Application) -> None:
            app["work"] = asyncio.create_task(work(app))

        app.on_startup.append(begin)
    offset = {"web": 0, "capture": 1, "engine": 2}[role]
    web.run_app(app, host="127.0.0.1", port=port + offset, print=None, access_log=None)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(sys.argv[2], int(sys.argv[1]))
    else:
        parts = [subprocess.Popen([sys.executable, *sys.argv, role]) for role in ("capture", "engine", "web")]
        signal.signal(signal.SIGTERM, lambda *_: [part.kill() for part in parts] and sys.exit(0))
        for part in parts:
            part.wait()
