"""What goes wrong around a recording: each is said in a sentence, and nothing that was there is lost."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.recorder.stage import left, live, pictures, recorder, scanner, until
from tests.recorder.test_recorder import fake
from tests.small_disk import fill, small_disk

from bedside import clock
from bedside.errors import SettingsError
from bedside.messages import RecorderState
from bedside.recorder.coding import coding_of
from bedside.recorder.lock import Taken, recorders_lock
from bedside.session.recorded import Recorded

MB = 1_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB."""
    with small_disk(tmp_path / "disk", "48m") as path:
        yield path


async def test_a_disk_that_fills_up_loses_nothing_earlier(tmp_path: Path, disk: Path) -> None:
    """In the middle of a fragment the disk is full: what was whole stays, it is said, and goes on by itself."""
    async with scanner("synthetic:?size=640x360&fps=30") as source, recorder(disk / "s", source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=50)
        filler = fill(disk, but=300_000)
        failed = await stage.says(RecorderState.FAILED)
        assert "is full; free some space, recording goes on by itself" in failed.message
        assert str(folder) in failed.message
        frames = left(folder).frames
        shown = [number for number, _ in left(folder).pictures(0)]
        assert len(shown) >= len(frames) >= 50
        filler.unlink()
        await stage.says(RecorderState.RECORDING, frames=failed.frames + 20)
    found = left(folder)
    found.check(is_ended=False)
    assert found.frames[: len(frames)] == frames
    assert {"disk"} == {row.where for row in found.ours}
    lost = sum(row.count for row in found.losses)
    assert found.frames[-1].seq - found.frames[0].seq + 1 == len(found.frames) + lost
    assert "disk" in found.whys
    assert stage.status.losses == lost


async def test_recording_stops_at_the_reserve(tmp_path: Path, disk: Path) -> None:
    """Below the reserve it stops and says so with both numbers; with room it goes on by itself."""
    async with scanner(fake()) as source, recorder(disk / "s", source.url, reserve_bytes=10 * MB) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
        filler = fill(disk, but=9 * MB)
        failed = await stage.says(RecorderState.FAILED)
        assert "0.01 GB are free and 0.01 GB are kept free, so nothing is recorded" in failed.message
        await until(lambda: left(folder).whys == ["disk"])
        filler.unlink()
        await stage.says(RecorderState.RECORDING, frames=failed.frames + 30)
    left(folder).check()
    assert {row.where for row in left(folder).ours} == {"disk"}


async def test_a_session_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    """The folder of the session is taken away: a sentence; given back, recording goes on in it."""
    async with scanner(fake()) as source, recorder(tmp_path / "s", source.url, segment_s=1.0) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
        folder.rename(tmp_path / "elsewhere")
        failed = await stage.says(RecorderState.FAILED)
        assert "No such file or directory" in failed.message
        assert str(folder) in failed.message
        (tmp_path / "elsewhere").rename(folder)
        await stage.says(RecorderState.RECORDING, frames=failed.frames + 30)
    left(folder).check()


async def test_a_copy_in_mid_recording_is_a_session(tmp_path: Path) -> None:
    """Copied while it is written, a session opens: its video plays, and each of its rows has its picture."""
    async with scanner(fake()) as source, recorder(tmp_path / "s", source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=40)
        copy = tmp_path / folder.name
        await asyncio.to_thread(shutil.copytree, folder, copy)
    left(copy).check(is_ended=False)
    assert len(Recorded(copy).frames) >= 40
    assert Recorded(copy).segments[0].about.get("why") is None
    left(folder).check()


async def test_the_clock_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall time jumps back an hour: order and times of the video follow the monotonic clock, the rows say both."""
    shift_ns = 0
    wall_ns = clock.wall_ns
    monkeypatch.setattr(clock, "wall_ns", lambda: wall_ns() - shift_ns)
    async with scanner(fake()) as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
        shift_ns = 3600 * clock.NS_PER_S
        await stage.says(RecorderState.RECORDING, frames=110)
    found = left(folder)
    found.check()
    walls = [row.wall_ns for row in found.frames]
    assert min(b - a for a, b in itertools.pairwise(walls)) < -3000 * clock.NS_PER_S
    assert [row.captured_ns for row in found.frames] == sorted(row.captured_ns for row in found.frames)
    assert found.ours == []
    assert found.whys == ["stopped"]


async def test_an_encoder_that_does_not_start_is_said(tmp_path: Path) -> None:
    """An encoder whose hardware is missing: a sentence that names it and what to do, and every frame is a loss."""
    if Path("/dev/nvidia0").exists():  # noqa: ASYNC240
        pytest.skip("nvidia: this machine has the hardware that must be missing here")
    coding = coding_of("h264_nvenc", ())
    async with scanner(fake()) as source, recorder(tmp_path, source.url, coding=coding) as stage:
        folder = await stage.start()
        failed = await stage.says(RecorderState.FAILED)
        assert "the encoder h264_nvenc does not start at 640x360" in failed.message
        assert "set [recorder] encoder to one that this machine has" in failed.message
        await until(lambda: stage.status.losses >= 30)
    assert {row.where for row in left(folder).losses} == {"recorder"}
    assert left(folder).frames == []


async def test_wanted_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """What is wanted is damaged: it says so, and goes on with what was wanted before."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=5)
        good = live(tmp_path).wanted.read_bytes()
        live(tmp_path).wanted.write_text("{", encoding="ascii")
        failed = await stage.says(RecorderState.FAILED)
        assert "wanted.json is damaged" in failed.message
        await until(lambda: stage.status.frames > failed.frames + 30)
        live(tmp_path).wanted.write_bytes(good)
        await stage.says(RecorderState.RECORDING)
    left(folder).check()
    assert left(folder).whys == ["stopped"]


def test_two_recorders_on_one_folder(tmp_path: Path) -> None:
    """The second one says in one sentence who has the folder, and exits 1; the first does not notice."""
    (tmp_path / "bedside.toml").write_text("", encoding="ascii")
    with recorders_lock(live(tmp_path / "sessions")):
        argv = [sys.executable, "-m", "bedside", "record"]
        second = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=30)
        with pytest.raises(Taken), recorders_lock(live(tmp_path / "sessions")):
            pass
    assert second.returncode == 1
    (sentence,) = second.stderr.strip().splitlines()
    assert sentence == (
        f"bedside record: process {os.getpid()} records into {tmp_path / 'sessions'} already; it takes every session "
        "of this folder, so stop it first, or set another [session] folder"
    )


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """A service does not end for it: it says it once, and begins when the folder is there."""
    (tmp_path / "bedside.toml").write_text("", encoding="ascii")
    (tmp_path / "sessions").write_text("a file", encoding="ascii")
    argv = [sys.executable, "-m", "bedside", "record"]
    with subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        rest: list[str] = []
        try:
            said = process.stderr.readline()
            assert "cannot be written: " in said
            assert "make it writable, or set another [session] folder" in said
            reader = threading.Thread(target=lambda: rest.extend(process.stderr or ()))
            reader.start()
            (tmp_path / "sessions").unlink()
            while not live(tmp_path / "sessions").recorder.exists():
                assert process.poll() is None
                clock.wait_s(0.05)
        finally:
            process.terminate()
        reader.join()
    assert process.returncode == 0
    assert not [line for line in rest if "cannot be written" in line]


@pytest.mark.parametrize(
    ("encoder", "options", "said"),
    [
        ("h264_none", (), "encoder is 'h264_none', which this FFmpeg does not have; expected one for H.264"),
        ("ffv1", (), "encoder is 'ffv1', which makes ffv1; expected one for H.264"),
        ("h264_vaapi", (), "encoder is 'h264_vaapi'"),
        ("libx264", ("preset",), "options has 'preset'; expected NAME=VALUE"),
        ("libx264", ("prest=fast",), "options has 'prest=fast'; expected NAME=VALUE"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(encoder: str, options: tuple[str, ...], said: str) -> None:
    """Before anything starts, with what was expected."""
    with pytest.raises(SettingsError) as refused:
        coding_of(encoder, options)
    assert said in str(refused.value)


async def test_options_of_ones_own_are_used(tmp_path: Path) -> None:
    """`options` replace ours: a worse quality takes fewer bytes."""
    sizes = []
    for given in ((), ("preset=veryfast", "crf=45")):
        root = tmp_path / str(len(given))
        async with (
            scanner() as source,
            recorder(root, source.url, coding=coding_of("libx264", given), segment_s=1.0) as stage,
        ):
            folder = await stage.start()
            await until(lambda: bool(left(folder).whys))  # noqa: B023
        assert pictures(left(folder).paths.video(0))
        sizes.append(left(folder).paths.video(0).stat().st_size)
    assert sizes[1] < sizes[0] / 3
