"""Setting a scanner up, as an admin does it: real processes, the synthetic scanner, its picture as a page gets it."""

import asyncio
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
from tests.end_to_end.box import Box, running, wait

from bedside.messages import Pixels

TITLE = (8, 8, 560, 60)
"""Where the synthetic scanner writes who it is, [x, y, width, height] of 1280x720."""
FAN = [231, 80, 818, 576]
DARK = 40
"""No letter is so dark, and no mask so bright, whatever JPEG makes of them."""
ASKED = {"preset": "room-2", "mask": [list(TITLE)], "crop": [], "fan": FAN}


def ask(box: Box, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and answer of the server, to this machine's admin; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{box.url}{path}", data), timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


async def _picture(box: Box) -> Pixels:
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{box.url}/live?view=explain") as page:
        await page.send_json({"type": "want", "live": 1280, "answer": 1280})
        async with asyncio.timeout(10):
            async for said in page:
                if said.type is aiohttp.WSMsgType.BINARY:
                    jpeg = said.data[said.data.index(b"\xff\xd8\xff") :]
                    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
                    assert pixels is not None
                    return np.asarray(pixels, np.uint8)
    raise AssertionError("the page's websocket was closed before a picture came")


async def pictures_for(box: Box, seconds: float) -> int:
    """How many pictures a page gets that opens now."""
    count = 0
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{box.url}/live?view=explain") as page:
        await page.send_json({"type": "want", "live": 1280, "answer": 1280})
        try:
            async with asyncio.timeout(seconds):
                async for said in page:
                    count += said.type is aiohttp.WSMsgType.BINARY
        except TimeoutError:
            pass
    return count


def brightest(box: Box) -> int:
    """Of the next picture of a page, where the scanner writes who it is."""
    pixels = asyncio.run(_picture(box))
    x, y, width, height = (round(each * pixels.shape[1] / 1280) for each in TITLE)
    return int(pixels[y : y + height, x : x + width].max())


def deeds(box: Box) -> list[str]:
    """What the access log says, oldest first."""
    return [line["deed"] for line in ask(box, "/api/access/log?count=200")[1]["deeds"]]


def test_a_scanner_is_set_up_and_stays_so(tmp_path: Path) -> None:
    """Proposed, masked, kept over a restart; refused in a session; a changed screen is withheld until it is back."""
    with running(tmp_path) as box:
        state = wait(lambda: ask(box, "/api/setup")[1], "the setup answers")
        assert (state["size"], state["mask"], state["preset"]) == ([1280, 720], [], "")
        assert brightest(box) > 100
        proposed = wait(lambda: ask(box, "/api/setup/propose", {})[1].get("fan"), "the fan is found")
        assert abs(proposed[0] - FAN[0]) < 40 and abs(proposed[2] - FAN[2]) < 80

        status, state = ask(box, "/api/setup", ASKED)
        assert (status, state["preset"], state["layout"]) == (200, "room-2", "fits"), state
        wait(lambda: brightest(box) < DARK, "the mask is in the page's picture")
        assert max(brightest(box) for _ in range(3)) < DARK
        status, said = ask(box, "/api/setup", {**ASKED, "mask": []})
        assert (status, said["confirm"]) == (409, True) and "hidden so far" in said["error"]

    with running(tmp_path) as box:
        assert brightest(box) < DARK
        assert ask(box, "/api/setup")[1]["preset"] == "room-2"
        assert ask(box, "/api/session/start", {"participant": "P1", "arm": "explain"})[0] == 201
        status, said = ask(box, "/api/setup/open", {"open": True})
        assert status == 409 and "a session runs" in said["error"]
        assert ask(box, "/api/session/end", {})[0] == 200

        ask(box, "/api/control", {"command": "screen list"})
        wait(lambda: ask(box, "/api/state")[1]["signal"]["state"] == "withheld", "the list is withheld", 10)
        state = ask(box, "/api/state")[1]
        assert state["signal"]["warning"] == "The scanner's screen has changed: names may show"
        wait(lambda: "privacy" in [alert["id"] for alert in ask(box, "/api/state")[1]["alerts"]], "it is alerted", 10)
        assert any("screen has changed" in problem for problem in box.health["problems"])
        assert ask(box, "/api/snapshot", {"seq": None, "view": "video"})[0] == 409
        assert asyncio.run(pictures_for(box, 1.0)) == 0
        ask(box, "/api/control", {"command": "screen scan"})
        wait(lambda: ask(box, "/api/state")[1]["signal"]["state"] == "live", "it comes back by itself", 10)
        wait(box.answers, "and all does its job")
        noted = deeds(box)
    assert noted.count("setup") == 2 and "setup without masks" not in noted
    assert noted.index("setup") < noted.index("session start") < noted.index("control")
