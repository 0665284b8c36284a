"""A whole scan, from `bedside up` to the report, as a program that a test can start on a machine of its own.

python -m tests.security.scan FOLDER [words for bedside up]
"""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
from tests.end_to_end.box import Box, bedside, running, wait

SESSION = "[recorder]\nsession_gb = 0.0\nreserve_gb = 0.0\n"
CAME_IN = "came-in"
"""Made in the folder once a tablet has been answered."""
AFTERWARDS = (
    ("export", "last", "--as", "png", "--frames", "25", "--out", "png"),
    ("export", "last", "--as", "dicom", "--out", "dicom", "--burned-in", "no"),
    ("report", "last"),
    ("status",),
)
"""What is done with the session while the rest runs; it is left out where `bedside up` is given words."""


def post(box: Box, path: str, **body: Any) -> dict[str, Any]:
    """What a page asks of the server."""
    request = urllib.request.Request(f"{box.url}/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.load(answer))


async def watch(box: Box) -> None:
    """A page that gets pictures and answers."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{box.url}/live?view=explain") as socket:
        await socket.send_json({"type": "want", "live": 640, "answer": 640})
        pictures = 0
        async with asyncio.timeout(30):
            async for message in socket:
                pictures += message.type is aiohttp.WSMsgType.BINARY
                if pictures > 1:
                    return
    raise AssertionError("the websocket ended")


def scan(folder: Path, *words: str) -> None:
    """The phantom, an engine, a page, a session with video and a snapshot, exports and a report."""
    with running(folder, SESSION, source="phantom:?sweep=1", words=words) as box:
        with urllib.request.urlopen(f"{box.url}/view/explain", timeout=10) as page:
            assert b"page.js" in page.read()
        asyncio.run(watch(box))
        post(box, "api/session/start", participant="P1", arm="explain", consent=True, recording=True)
        wait(lambda: (box.health["recorder"] or {}).get("frames", 0) > 30, "frames are recorded", 20)
        post(box, "api/snapshot", seq=None, view="explain")
        post(box, "api/session/end")
        if words:  # a tablet is let in meanwhile, and is not always the faster one
            wait((folder / CAME_IN).exists, "a tablet has come in")
        wait(lambda: list((folder / "sessions").glob("*/video-000.mp4")), "there is a video")
        verbs = [(said, bedside(folder, *said)) for said in AFTERWARDS if not words]
        for said, verb in verbs:
            out, errors = verb.communicate(timeout=90)
            assert verb.returncode == 0 or said == ("status",), f"{said}: {out}{errors}"


if __name__ == "__main__":
    scan(Path(sys.argv[1]), *sys.argv[2:])
