"""The promises of ARCHITECTURE.md, each shown on a whole Bedside. The first and third are in test_tablet.py."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from tests.end_to_end.box import Box, running

from bedside import wire

HANGS = """
import time

def predict(frame):
    time.sleep(3600)
"""
HASHES = """
import hashlib

def predict(frame):
    digest = hashlib.sha256(frame.tobytes()).hexdigest()
    return {"text": digest, "verdict": {"label": "%d" % frame[:200, :400].max(), "level": "good"}}
"""
STRANGER = """
import importlib.util
import sys

def predict(frame):
    found = [name for name in ("bedside", "aiohttp", "cv2") if importlib.util.find_spec(name)]
    return {"text": sys.prefix + " " + ",".join(found), "verdict": {"label": "ran", "level": "good"}}
"""


async def watch(url: str, count: int) -> list[dict[str, Any]]:
    """The headers of the next `count` live pictures at a page that paints at once."""
    seen: list[dict[str, Any]] = []
    address = url.replace("http", "ws", 1) + "/live?view=explain"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as page:
        await page.send_json({"type": "want", "live": 320, "answer": 320})
        async for message in page:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            header, _ = wire.unpack(message.data)
            painted = {name: header[name] for name in ("stream", "seq", "age_ms")}
            await page.send_json({"type": "painted", **painted})
            if header["stream"] == "live":
                seen.append(header)
            if len(seen) >= count:
                break
    return seen


async def newest_result(url: str) -> dict[str, Any]:
    """The next answer that a page gets."""
    address = url.replace("http", "ws", 1) + "/live?view=explain"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as page:
        await page.send_json({"type": "want", "live": 0, "answer": 320})
        async for message in page:
            if message.type is aiohttp.WSMsgType.BINARY:
                header, _ = wire.unpack(message.data)
                if "result" in header:
                    return dict(header["result"])
    raise AssertionError("the page was closed without an answer")


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON answer to a JSON request."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


async def test_nothing_live_waits_for_a_slower_part(box: Box) -> None:
    """Beside an engine that hangs and a page that never paints, another page gets newer and newer pictures."""
    engine = box.folder / "seen" / "engine.py"
    engine.write_text(HANGS, encoding="utf-8")
    os.kill(box.processes["engine seen"]["pid"], 9)

    async def asleep() -> None:
        address = box.url.replace("http", "ws", 1) + "/live?view=explain"
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as page:
            await page.send_json({"type": "want", "live": 1280, "answer": 1280})
            await asyncio.Event().wait()

    sleeper = asyncio.create_task(asleep())
    numbers = [header["seq"] for header in await watch(box.url, 60)]
    sleeper.cancel()
    assert numbers == sorted(set(numbers))
    async with aiohttp.ClientSession() as session, session.get(f"{box.url}/metrics") as answer:
        metrics = await answer.text()
    assert "bedside_" in metrics


def test_models_see_the_very_pixels_that_a_snapshot_keeps(tmp_path: Path) -> None:
    """The hash that the engine made of its frame is the hash of the snapshot's PNG: no lossy step lies between."""
    with running(tmp_path, engine=HASHES) as box:
        for _ in range(20):
            result = asyncio.run(newest_result(box.url))
            try:
                kept = post(f"{box.url}/api/snapshot", {"seq": result["seq"], "engine": "seen", "view": "explain"})
                break
            except urllib.error.HTTPError as error:  # gone already: take a newer one
                error.close()
        stored = cv2.imread(str(tmp_path / "sessions" / kept["path"]), cv2.IMREAD_COLOR)
        assert stored is not None
        pixels = np.ascontiguousarray(stored[:, :, ::-1])
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == result["answer"]["text"]


def test_no_masked_pixel_leaves_the_broadcaster(tmp_path: Path) -> None:
    """What the mask covers is black already in the frame that an engine gets."""
    plain, masked = tmp_path / "plain", tmp_path / "masked"
    plain.mkdir()
    masked.mkdir()
    with running(plain, engine=HASHES) as box:
        bright = asyncio.run(newest_result(box.url))["answer"]["verdict"]["label"]
    with running(masked, engine=HASHES, mask="[[0, 0, 400, 200]]") as box:
        dark = asyncio.run(newest_result(box.url))["answer"]["verdict"]["label"]
    assert int(bright) > 0
    assert int(dark) == 0


def test_an_engine_runs_in_an_environment_without_bedside(tmp_path: Path) -> None:
    """An interpreter that has numpy and nothing else runs the engine: no bedside, no aiohttp, no OpenCV."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "strange"], check=True)
    (site,) = (tmp_path / "strange").glob("lib/python3*/site-packages")
    home = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs"):
        if (home / name).exists():
            (site / name).symlink_to(home / name)
    python = tmp_path / "strange" / "bin" / "python"
    with running(tmp_path, f'python = "{python}"', engine=STRANGER) as box:
        text = asyncio.run(newest_result(box.url))["answer"]["text"]
    assert text == f"{tmp_path / 'strange'} "


def test_it_is_closed_by_default(box: Box) -> None:
    """Every socket of every process lies on loopback, at both ends; a strange Host header is refused."""
    inodes = {
        str(link.readlink())
        for pid in [box.up.pid, *box.pids]
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink()
    }
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    ours = [row for row in rows if f"socket:[{row[9]}]" in inodes]
    assert len(ours) >= 3
    for row in ours:
        assert row[1].startswith("0100007F:"), row
        assert row[2].startswith(("0100007F:", "00000000:0000")), row
    request = urllib.request.Request(f"{box.url}/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    with refused.value as error:
        assert error.code in (400, 403, 421)
