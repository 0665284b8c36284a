"""Several engines, wired by a researcher's few lines, give one result to the pages."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.sync_api import Page, expect
from tests.end_to_end.asked import DISCS, running_engines
from tests.end_to_end.box import Box, free_ports, running, wait
from tests.strangers import NEW_NUMPY, OLD_NUMPY, disc

from bedside import clock, wire
from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.engine.replicas import Replicas
from bedside.messages import Frame, Pixels, Result, Signal
from bedside.router.pipeline import Pipeline

SLOW = """
import time

def predict(frame):
    time.sleep(0.7)
    return {"text": "slow"}
"""
THIRD = """
import os

def predict(frame):
    return {"classes": [{"name": str(os.getpid()), "score": 1.0}]}
"""
PIPELINE = """
from bedside.router.fuse import fused

async def pipeline(frame, engines):
    seen = await engines.ask("seen")
    if seen.label == "seen":
        third, slow = await engines.ask("third", "slow", within_s=0.3)
        return fused(seen, third, slow)
    return fused(seen)
"""


def three_engines(folder: Path) -> str:
    """What goes into bedside.toml after the engine `seen`, and the code of it."""
    for name, code in (("slow", SLOW), ("third", THIRD)):
        (folder / name).mkdir()
        (folder / name / "engine.py").write_text(code, encoding="utf-8")
    (folder / "pipeline.py").write_text(PIPELINE, encoding="utf-8")
    slow, third = free_ports(2)
    return (
        f'[[engine]]\nname = "slow"\npath = "slow"\nport = {slow}\n'
        f'[[engine]]\nname = "third"\npath = "third"\nport = {third}\n'
        '[pipeline]\npath = "pipeline.py"\ndeadline_s = 2.0\n'
    )


async def results(box: Box) -> AsyncIterator[dict[str, Any]]:
    """The results that a page gets, as they come."""
    address = box.url.replace("http", "ws", 1) + "/live?view=explain"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as page:
        await page.send_json({"type": "want", "live": 0, "answer": 320})
        async for message in page:
            if message.type is aiohttp.WSMsgType.BINARY:
                header, _ = wire.unpack(message.data)
                await page.send_json({"type": "painted", **{key: header[key] for key in ("stream", "seq", "age_ms")}})
                yield header["result"]
            elif message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["type"] == "result":
                raise AssertionError("an engine's own answer was shown beside the pipeline's")


async def first(box: Box, holds: Any) -> dict[str, Any]:
    """The first result of which something holds."""
    async with asyncio.timeout(60):
        async for result in results(box):
            assert (result["engine"], result["error"]) == ("pipeline", "")
            if holds(result):
                return result
    raise AssertionError("the page was closed")


async def test_a_killed_and_a_slow_engine_are_named_in_the_result(tmp_path: Path) -> None:
    """The others' parts go on meanwhile; the killed one is in it again when it is back; health names what is wrong."""
    with running(tmp_path, three_engines(tmp_path)) as box:
        whole = await first(box, lambda result: "third" not in result["missing"])
        assert whole["missing"] == {"slow": "late"}
        assert whole["answer"]["verdict"]["label"] == "seen"
        pid = int(whole["answer"]["classes"][0]["name"])
        os.kill(pid, 9)
        without = await first(box, lambda result: "third" in result["missing"])
        assert without["missing"]["third"].split(":")[0] in ("dead", "late", "starting")
        assert without["answer"]["verdict"]["label"] == "seen"
        back = await first(box, lambda result: "third" not in result["missing"])
        assert int(back["answer"]["classes"][0]["name"]) != pid
        engines = box.health["engines"]
        assert engines["pipeline"]["answers"] > 0
        assert engines["pipeline"]["restarts"] == 0
        assert engines["slow"]["late"] > 0
        assert engines["third"]["restarts"] == 1


def test_the_page_names_what_is_missing_and_follows_a_saved_file(tmp_path: Path, tablet: Page) -> None:
    """Beside the verdict; a mistake in the file is a sentence there, and the next save mends it."""
    with running(tmp_path, three_engines(tmp_path)) as box:
        tablet.goto(f"{box.url}/view/explain")
        expect(tablet.locator(".verdict .label")).to_have_text("seen")
        expect(tablet.locator(".without")).to_have_text("without: slow (late)")
        file = tmp_path / "pipeline.py"
        file.write_text("async def pipeline(frame, engines)\n", encoding="utf-8")
        expect(tablet.locator(".verdict")).to_contain_text("SyntaxError: expected ':' (pipeline.py:1)")
        assert "SyntaxError" in " ".join(box.health["problems"])
        file.write_text("async def pipeline(frame, engines):\n    return await engines.ask('seen')\n", encoding="utf-8")
        expect(tablet.locator(".verdict .label")).to_have_text("seen")
        expect(tablet.locator(".without")).to_have_text("")
        wait(lambda: box.health.get("status") == "ok", "health is good again")


def test_endless_code_in_a_pipeline_stops_no_page(tmp_path: Path, tablet: Page) -> None:
    """The live picture goes on at the page, and the state says where it hangs."""
    more = three_engines(tmp_path).replace("2.0", "0.5")
    with running(tmp_path, more) as box:
        (tmp_path / "pipeline.py").write_text("async def pipeline(frame, engines):\n    while True: pass\n")
        tablet.goto(f"{box.url}/view/video")
        wait(lambda: box.health["engines"]["pipeline"]["restarts"] >= 2, "it was restarted")
        wait(lambda: "pipeline.py:2" in " ".join(box.health["problems"]), "health says where it hangs")
        before = int(tablet.get_attribute("canvas.large", "data-seq") or 0)
        tablet.wait_for_function(
            "before => Number(document.querySelector('canvas.large').dataset.seq) > before + 30", arg=before
        )
        assert box.processes["serve"]["restarts"] == 0


async def test_a_pipeline_that_ends_the_server_costs_its_restart(tmp_path: Path) -> None:
    """What a thread cannot hold off: os._exit ends the server. It is started again; broadcaster and engines go on."""
    with running(tmp_path, three_engines(tmp_path)) as box:
        before = {name: process["pid"] for name, process in box.processes.items()}
        mark = tmp_path / "ended"
        (tmp_path / "pipeline.py").write_text(
            "import os, pathlib\n\n"
            "async def pipeline(frame, engines):\n"
            f"    mark = pathlib.Path({str(mark)!r})\n"
            "    if not mark.exists():\n"
            "        mark.touch()\n"
            "        os._exit(1)\n"
            "    return await engines.ask('seen')\n"
        )
        wait(lambda: box.processes["serve"]["restarts"] == 1, "the server was started again")
        await asyncio.to_thread(wait, box.answers, "picture, engine and server")
        assert (await first(box, lambda result: True))["answer"]["verdict"]["label"] == "seen"
        assert {name for name, process in box.processes.items() if process["pid"] != before[name]} == {"serve"}


@asynccontextmanager
async def piped(file: Path, urls: Mapping[str, str]) -> AsyncIterator[tuple[Pipeline, asyncio.Queue[Result]]]:
    """A pipeline over engines that run already, and its results."""
    results: asyncio.Queue[Result] = asyncio.Queue()
    pictures: dict[int, Pixels] = {number: disc(*where) for number, where in enumerate(DISCS, 1)}
    engines = []
    for name, url in urls.items():
        replicas = Replicas(name, lambda status: None)
        replicas.join(EngineLink(name, Address(url), report=replicas.heard))
        engines.append(replicas)
    pipeline = Pipeline(
        file,
        engines,
        lambda frame: nullcontext(pictures[frame.seq]),
        lambda result, _: results.put_nowait(result),
        report=lambda status: None,
        deadline_s=60.0,
    )
    running = asyncio.create_task(pipeline.run())
    try:
        async with asyncio.timeout(100):
            for link in [link for engine in engines for link in engine.links]:
                await link.until_well()
        yield pipeline, results
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for engine in engines:
            await engine.close()


@pytest.mark.timeout(900)  # the first time, their packages are fetched
async def test_pythons_that_exclude_each_other_make_one_result(tmp_path: Path) -> None:
    """Python 3.7 with numpy 1 and Python 3.13 with numpy 2: both right, about the same frame, in one fused result."""
    both = (OLD_NUMPY, NEW_NUMPY)
    for stranger in both:
        stranger.deploy(tmp_path)
    file = tmp_path / "pipeline.py"
    file.write_text(
        "from bedside.router.fuse import fused\n\n"
        "async def pipeline(frame, engines):\n"
        "    return fused(*await engines.ask('old_numpy', 'new_numpy'))\n"
    )
    with running_engines(tmp_path, both) as urls:
        async with piped(file, urls) as (pipeline, results):
            for seq, where in enumerate(DISCS, 1):
                now = clock.monotonic_ns()
                pixels = disc(*where)
                pipeline.offer(Frame(seq, now, clock.wall_ns(), pixels.shape[1], pixels.shape[0], Signal.LIVE, now))
                result = await asyncio.wait_for(results.get(), 100)
                assert (result.seq, result.error, result.missing) == (seq, "", {})
                assert set(result.answer) == {"verdict", "measurements", "points"}
                for stranger in both:
                    assert stranger.is_right(dict(result.answer), *where)
