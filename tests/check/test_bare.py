"""The bare loop's process, seen from the check."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from bedside.check.bare import BareLoop
from bedside.engine.ask import Ask
from bedside.errors import EngineDied, EngineError, Overdue

RUNNER = Path(__file__).parents[2] / "src" / "bedside_engine"


@asynccontextmanager
async def looping(folder: Path, code: str) -> AsyncIterator[BareLoop]:
    """A bare loop of this engine, not yet started; ended afterwards."""
    (folder / "engine.py").write_text(code, encoding="utf-8")
    loop = BareLoop([sys.executable, str(RUNNER), "--path", str(folder), "--bare"], folder, folder / "bare.log")
    try:
        yield loop
    finally:
        await loop.close()


def asked(value: int = 0) -> Ask:
    """A small picture."""
    return Ask(1, np.full((4, 6, 3), value, np.uint8))


async def test_times_and_complaints_come_back(tmp_path: Path) -> None:
    """And at the end what it has used."""
    async with looping(tmp_path, "def predict(frame):\n    return {'text': 1} if frame.max() else {}\n") as loop:
        assert await loop.start(20) >= 0
        good_ms, good = await loop.ask(asked(0), 20)
        _, bad = await loop.ask(asked(1), 20)
        await loop.finish()
    assert good_ms >= 0
    assert good == []
    assert bad[0].startswith("text is 1")
    assert loop.peak_mb > 5
    assert "Python" in loop.versions


async def test_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    """Its own sentence is raised."""
    async with looping(tmp_path, "raise RuntimeError('weights are missing')\n") as loop:
        with pytest.raises(EngineError, match="weights are missing"):
            await loop.start(20)


async def test_a_model_that_takes_its_process_along(tmp_path: Path) -> None:
    """How it ended is said, and where to read what it printed."""
    async with looping(tmp_path, "import os\ndef predict(frame):\n    os.kill(os.getpid(), 11)\n") as loop:
        await loop.start(20)
        with pytest.raises(EngineDied, match=r"SIGSEGV; what it printed is in .*bare\.log"):
            await loop.ask(asked(), 20)


async def test_a_model_that_hangs(tmp_path: Path) -> None:
    """It is given up at its deadline, and ended with what it has started."""
    async with looping(tmp_path, "import time\ndef predict(frame):\n    time.sleep(1000)\n") as loop:
        await loop.start(20)
        with pytest.raises(Overdue, match=r"within 0\.3 s"):
            await loop.ask(asked(), 0.3)
