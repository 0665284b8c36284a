"""Why an engine's process ended reaches its link."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bedside.cli.ends import explain_ends, news


def kept(name: str, state: str, ends: int, message: str = "was killed by SIGSEGV") -> dict[str, Any]:
    """One process as the supervisor writes it."""
    return {"name": name, "state": state, "ends": ends, "message": message}


def test_each_end_is_told_once() -> None:
    """A new end is news; the same one, and one from before the server started, is not."""
    known: dict[str, int] = {}
    assert news(kept("engine a", "running", 2), known) == ""
    assert news(kept("engine a", "waiting", 3), known) == "was killed by SIGSEGV"
    assert news(kept("engine a", "running", 3), known) == ""
    assert news(kept("engine b", "waiting", 1), known) == "was killed by SIGSEGV"
    assert news(kept("engine c", "waiting", 0, ""), known) == ""


@pytest.mark.parametrize(
    "process", [{}, {"name": 7}, {"name": "engine a"}, kept("engine a two", "waiting", 1), "engine a", None]
)
async def test_a_status_file_of_another_version_ends_nothing(process: Any, tmp_path: Path) -> None:
    """What cannot be read is passed over, and what follows is told."""
    path = tmp_path / "supervisor.json"
    path.write_text(json.dumps({"pid": os.getpid(), "processes": [process, kept("engine a 2", "waiting", 1)]}))
    told = Told("a")
    telling = asyncio.create_task(explain_ends(path, [told]))  # type: ignore[list-item]
    async with asyncio.timeout(20):
        await told.heard.wait()
    assert told.said == [("was killed by SIGSEGV", 2)]
    telling.cancel()


ENDED = "broadcast", "engine a 3", "engine gone", "engine a 2"


class Told:
    """Stands in for an engine: keeps what it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.links = [object(), object()]
        self.said: list[tuple[str, int]] = []
        self.heard = asyncio.Event()

    def explain(self, reason: str, number: int = 1) -> None:
        """Keep it."""
        self.said.append((reason, number))
        self.heard.set()


async def test_a_file_that_comes_later_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a supervisor nothing is told; from its file on each replica learns its own end, and nobody else's.

    Also when the settings have changed meanwhile, so that there are fewer engines and replicas than processes.
    """
    monkeypatch.setattr("bedside.cli.ends.LOOK_S", 0.01)
    path, a, b = tmp_path / "supervisor.json", Told("a"), Told("b")
    task = asyncio.create_task(explain_ends(path, [a, b]))  # type: ignore[list-item]
    await asyncio.sleep(0.03)
    body = {"pid": os.getpid(), "processes": [kept(name, "waiting", 1) for name in ENDED]}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(body), encoding="utf-8")
    fresh.replace(path)
    async with asyncio.timeout(10):
        await a.heard.wait()
    task.cancel()
    assert (a.said, b.said) == ([("was killed by SIGSEGV", 2)], [])
