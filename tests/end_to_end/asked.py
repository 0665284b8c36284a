"""Strangers that run by `bedside engine`, asked through the link, as the server does it.

Also a program, for a machine without a network: python -m tests.end_to_end.asked FOLDER NAME
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from tests.end_to_end.box import free_ports
from tests.strangers import STRANGERS, Stranger, disc

from bedside import clock
from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.messages import Frame, Pixels, Signal

DISCS = ((90.0, 120.0, 40.0), (220.0, 100.0, 30.0))
"""x, y and radius of what each is asked about."""


@contextmanager
def running_engines(folder: Path, strangers: tuple[Stranger, ...]) -> Iterator[dict[str, str]]:
    """Each deployed one in a process of its own; yields their addresses by name."""
    ports = dict(zip([one.name for one in strangers], free_ports(len(strangers)), strict=True))
    tables = [f"{one.table}port = {ports[one.name]}\n" for one in strangers]
    (folder / "bedside.toml").write_text("\n".join(tables), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BEDSIDE_")}
    argv = [sys.executable, "-m", "bedside", "engine"]
    logs = {name: (folder / f"{name}.log").open("w") for name in ports}
    started = [
        subprocess.Popen([*argv, name], cwd=folder, env=environ, stdout=logs[name], stderr=logs[name]) for name in ports
    ]
    try:
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        for process, log in zip(started, logs.values(), strict=True):
            process.kill()
            process.wait()
            log.close()


async def ask(name: str, url: str, pictures: list[Pixels]) -> list[Mapping[str, Any]]:
    """What the engine answers to each picture, once it is well."""
    link = EngineLink(name, Address(url), report=lambda status: None)
    looking = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(100):
            await link.until_well()
            return [await _answer(link, number, pixels) for number, pixels in enumerate(pictures)]
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await link.close()


async def _answer(link: EngineLink, number: int, pixels: Pixels) -> Mapping[str, Any]:
    now = clock.monotonic_ns()
    frame = Frame(number, now, clock.wall_ns(), pixels.shape[1], pixels.shape[0], Signal.LIVE, now)
    result = await link.answer(frame, lambda _: nullcontext(pixels))
    assert not result.error, result.error
    return result.answer


async def wrong(folder: Path, strangers: tuple[Stranger, ...]) -> list[str]:
    """Run them all at once and ask each; what is wrong with their answers, which is nothing where all is well."""
    with running_engines(folder, strangers) as urls:
        pictures = [disc(*where) for where in DISCS]
        answers = await asyncio.gather(*(ask(one.name, urls[one.name], pictures) for one in strangers))
    return [
        f"{one.name} says {answer} to the disc at {where}"
        for one, said in zip(strangers, answers, strict=True)
        for where, answer in zip(DISCS, said, strict=True)
        if not one.is_right(dict(answer), *where)
    ]


if __name__ == "__main__":
    (found,) = (one for one in STRANGERS if one.name == sys.argv[2])
    sys.exit("\n".join(asyncio.run(wrong(Path(sys.argv[1]), (found,)))) or None)
