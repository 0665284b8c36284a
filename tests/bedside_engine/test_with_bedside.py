"""Bedside's client and the runner, which share no code on the wire, understand each other."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bedside_engine.conftest import ROOT, Runner

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client

INFO = {
    "seqs": [4],
    "times_s": [2.5],
    "state": "frozen",
    "pixel_spacing_mm": None,
    "picture_px": [64, 48],
    "region_px": [1, 2, 32, 24],
}
FRAME = np.stack([np.tile(np.arange(32, dtype=np.uint8) * step, (24, 1)) for step in (8, 4, 1)], axis=2)
MIRROR = "def predict({}):\n    return {{'images': [{}], 'text': repr(info)}}\n"


@asynccontextmanager
async def ready(address: Address) -> AsyncIterator[Client]:
    """A client that has found the engine well."""
    client = Client("e", address)
    try:
        async with asyncio.timeout(20):
            while not (await client.readiness()).state.is_well:  # noqa: ASYNC110  of another process
                await asyncio.sleep(0.02)
        yield client
    finally:
        await client.close()


@pytest.mark.parametrize(("encoding", "off_by"), [("raw", 0), ("jpeg", 6)])
@pytest.mark.parametrize("frame", [FRAME, FRAME[:, :, 0].copy()], ids=["rgb", "grey"])
async def test_a_frame_and_its_info_arrive(
    encoding: str, off_by: int, frame: Any, start: Callable[..., Runner], tmp_path: Path
) -> None:
    """The pixels that come back are those that were sent, as they are or as JPEG, with what was told of them."""
    (tmp_path / "engine.py").write_text(MIRROR.format("frame, info", "frame"))
    runner = start(tmp_path).ready()
    async with ready(Address(f"http://127.0.0.1:{runner.port}", encoding=encoding)) as client:
        answer = await client.infer(Ask(4, frame, INFO))
    seen = answer.fields["images"][0]["pixels"].astype(int)
    assert np.abs(seen - frame).max() <= off_by
    assert "seq=4, seqs=(4,), state='frozen', time_s=2.5" in answer.fields["text"]
    assert "region_px=(1, 2, 32, 24)" in answer.fields["text"]


async def test_a_window_arrives(start: Callable[..., Runner], tmp_path: Path) -> None:
    """Three frames, oldest first, each with its number."""
    (tmp_path / "engine.py").write_text(MIRROR.format("frames, info", "*frames"))
    runner = start(tmp_path).ready()
    frames = np.stack([FRAME, FRAME + 1, FRAME + 2])
    told = {**INFO, "seqs": [1, 2, 4], "times_s": [0.5, 1.5, 2.5]}
    async with ready(Address(f"http://127.0.0.1:{runner.port}")) as client:
        answer = await client.infer(Ask(4, frames, told, is_window=True))
    assert (np.stack([image["pixels"] for image in answer.fields["images"]]) == frames).all()
    assert "seqs=(1, 2, 4)" in answer.fields["text"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[str]:
    """Address of an engine that listens in the file system."""
    (tmp_path / "engine.py").write_text(MIRROR.format("frame, info", "frame"))
    place = f"unix:{tmp_path / 'engine.sock'}"
    argv = [sys.executable, str(ROOT / "src" / "bedside_engine"), "--path", str(tmp_path), "--name", "e"]
    process = subprocess.Popen([*argv, "--host", place], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert place in process.stderr.readline()
    yield place
    process.kill()
    process.communicate()


async def test_it_is_reached_by_a_socket_in_the_file_system(place: str) -> None:
    """An engine in a container without a network answers through a socket in a shared folder."""
    async with ready(Address(place)) as client:
        answer = await client.infer(Ask(4, FRAME, INFO))
    assert (answer.fields["images"][0]["pixels"] == FRAME).all()
