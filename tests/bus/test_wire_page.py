"""docs/reference/wire.md is true: its programs run against a live broadcaster, and it names every field."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from tests.bus.conftest import Broadcast, FakeCapture, Live, Until, paint

from bedside import wire
from bedside.bus.layout import SIGNALS, Head, Slot, ring_path
from bedside.messages import Frame, Signal, Status

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "wire.md"
CHROMIUM = shutil.which("chromium")


def block(language: str, contains: str) -> str:
    """The page's code block in this language that contains this text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [text for text in blocks if contains in text]
    return str(found)


def aimed(text: str, live: Live) -> str:
    """The block, with the test's own port and ring in place of the defaults."""
    return text.replace("127.0.0.1:8710", f"127.0.0.1:{live.port}").replace(
        "/dev/shm/bedside-8710", str(ring_path(live.ring_name))
    )


@asynccontextmanager
async def running(program: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a Python program prints, while it runs."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_python_client_prints_frames(broadcast: Broadcast) -> None:
    """The ten lines of Python receive one frame after the other with its JPEG."""
    async with broadcast() as live, running(aimed(block("python", "aiohttp"), live)) as output:
        lines = [(await asyncio.wait_for(output.readline(), 30)).decode().split() for _ in range(5)]
    seqs = [int(seq) for seq, _, _ in lines]
    assert seqs == sorted(set(seqs))
    assert all(signal == "live" and int(size) > 100 for _, signal, size in lines)


async def test_the_ring_reader_prints_a_picture(broadcast: Broadcast, capture: FakeCapture, until: Until) -> None:
    """The ring as the page describes it is the ring as it is: number, size and pixel come out."""
    async with broadcast() as live:
        await until(lambda: capture.seq >= 3)
        capture.is_silent = True
        async with running(aimed(block("python", "mmap"), live)) as output:
            seq, *rest = [int(word) for word in (await asyncio.wait_for(output.read(), 30)).split()]
    assert rest == [64, 48, *paint(seq, 1, 1)[0, 0].tolist()]


@pytest.mark.chromium
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)")
async def test_the_browser_client_draws_frames(broadcast: Broadcast) -> None:
    """The ten lines of the browser, served from the same host, draw the frame that the title names."""
    from playwright.async_api import async_playwright

    async with (
        broadcast() as live,
        served(aimed(block("html", "canvas"), live)) as address,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(address)
        await page.wait_for_function("document.title.endsWith(' live')", timeout=30_000)
        title, size, pixel = await page.evaluate(
            "[document.title, [picture.width, picture.height],"
            " [...picture.getContext('2d').getImageData(20, 20, 1, 1).data.slice(0, 3)]]"
        )
        await browser.close()
    seq = int(title.split()[0])
    assert size == [64, 48]
    assert all(abs(a - b) < 8 for a, b in zip(pixel, paint(seq, 1, 1)[0, 0].tolist(), strict=True))


@asynccontextmanager
async def served(html: str) -> AsyncIterator[str]:
    """A page on a server of this machine, on a port of its own."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "header",
    [
        wire.hello_header(wire.Hello(1, "", "", 1, 1)),
        wire.frame_header(Frame(1, 1, 1, 1, 1, Signal.LIVE), wire.Tally()),
        wire.status_header(Status(Signal.LIVE), 1),
    ],
    ids=lambda header: header["type"],
)
def test_the_page_names_every_field(header: dict[str, object]) -> None:
    """What travels is in the section of its message."""
    section = re.split(rf"^`{header['type']}`, ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    names = " ".join(row.split("|")[1] for row in section.split("\n\n")[1].splitlines())
    assert {name for name in header if name != "type"} == set(re.findall(r"`(\w+)`", names))


def test_the_page_tells_the_layout() -> None:
    """The page's words of head and slot are as many as there are, and the signals have their numbers."""
    text = PAGE.read_text(encoding="utf-8")
    head, slot = (re.findall(r"^\| (\d) \|", part, re.MULTILINE) for part in text.split("| of a slot |"))
    assert [int(number) for number in head] == list(Head)
    assert [int(number) for number in slot] == list(Slot)
    assert ", ".join(f"{number} {signal}" for number, signal in enumerate(SIGNALS)) in text
