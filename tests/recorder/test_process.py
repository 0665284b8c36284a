"""`bedside record` as a process: killed at any moment, and used without a server."""

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from tests.recorder.stage import WHO, left, live, pictures, scanner, until
from tests.recorder.test_recorder import fake

from bedside.messages import RecorderState
from bedside.session import recorder_file
from bedside.session.desk import Desk, Who, With
from bedside.session.recorded import Recorded
from bedside.source import counter

BOXES, ROUNDS = 4, 5
FPS = 25
SETTINGS = """
[source]
port = {port}
[session]
needs_consent = false
[recorder]
reserve_gb = 0
session_gb = 0
"""


def frames_said(root: Path) -> int:
    """Frames in the video by the recorder's own state; -1 when it does not record."""
    status = recorder_file.read(live(root))
    return status.frames if status and status.state is RecorderState.RECORDING else -1


async def bedside(folder: Path, *words: str) -> asyncio.subprocess.Process:
    """One verb, in a folder of its own."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    pipe = asyncio.subprocess.PIPE
    argv = (sys.executable, "-m", "bedside", *words)
    return await asyncio.create_subprocess_exec(*argv, cwd=folder, env=environ, stdout=pipe, stderr=pipe)


@pytest.mark.timeout(400)
async def test_kill_9_at_any_moment(tmp_path: Path) -> None:
    """Twenty kills: every file opens and plays, all rows have their pictures, no earlier byte is lost, and each frame
    from the first to the last is in the video or in a row that says that it was lost, a second of them at most."""
    seed = int(os.environ.get("BEDSIDE_TEST_SEED", "1"))
    print(f"BEDSIDE_TEST_SEED={seed}")
    async with scanner(fake(480, 272, FPS)) as source:
        boxes = [kill_often(tmp_path / f"{n}", source.port, random.Random(seed + n)) for n in range(BOXES)]
        await asyncio.gather(*boxes)


async def kill_often(folder: Path, port: int, dice: random.Random) -> None:
    """One folder: start, kill, look, and again; then one that ends in order."""
    folder.mkdir()  # noqa: ASYNC240
    (folder / "bedside.toml").write_text(SETTINGS.format(port=port), encoding="ascii")
    root = folder / "sessions"
    root.mkdir()
    session = root / await asyncio.to_thread(Desk(root, needs_consent=False).start, WHO, With(), recording=True)
    kept: dict[Path, bytes] = {}
    for number in range(ROUNDS + 1):
        process = await bedside(folder, "record")
        frames = len(left(session).frames)
        try:
            await until(lambda: frames_said(root) > frames, 60)  # noqa: B023
            await asyncio.sleep(dice.uniform(0, 1.2))
        finally:
            process.send_signal(signal.SIGTERM if number == ROUNDS else signal.SIGKILL)
            await process.communicate()
        kept = look(session, kept)
    assert process.returncode == 0
    check(session)


def look(session: Path, kept: dict[Path, bytes]) -> dict[Path, bytes]:
    """What lay there before lies there still; what lies there now."""
    for path, before in kept.items():
        now = path.read_bytes()
        assert now[: len(before)] == before, f"{path} lost bytes"
    return {path: path.read_bytes() for path in [*session.glob("video-*.mp4"), session / "frames.csv"]}


def check(session: Path) -> None:
    """Files, rows and lines agree."""
    found = left(session)
    found.check(is_ended=False)
    assert Recorded(session).segments.keys() == set(range(ROUNDS + 1))
    for line in found.lines:
        if line["event"] == "recovered":
            shown = pictures(found.paths.video(line["segment"]))
            assert line["frames"] == len(shown)
            rows = [row for row in found.frames if row.segment == line["segment"]]
            assert len(rows) <= len(shown) <= len(rows) + FPS + 1
            assert counter.read(shown[-1][1]) is not None
    assert [line["event"] for line in found.lines].count("recovered") == ROUNDS
    assert [loss.where for loss in found.ours] == ["killed"] * ROUNDS
    covered = sorted((row.seq, row.count) for row in (*found.frames, *found.losses))
    for (seq, count), (after, _) in itertools.pairwise(covered):
        assert seq + count == after, "a frame is neither in the video nor lost"


async def test_record_now(tmp_path: Path) -> None:
    """Without a server, `bedside record --now` starts a session, records it until Ctrl-C, and ends it."""
    async with scanner(fake()) as source:
        (tmp_path / "bedside.toml").write_text(SETTINGS.format(port=source.port), encoding="ascii")
        process = await bedside(tmp_path, "record", "--now", "P7", "--arm", "video")
        await until(lambda: frames_said(tmp_path / "sessions") > 20, 60)
        process.send_signal(signal.SIGINT)
        said, _ = await process.communicate()
    assert process.returncode == 130
    (session,) = (tmp_path / "sessions").glob("2*_P7")
    lines = said.decode().splitlines()
    assert lines[0] == f"Session {session.name} is recorded. Ctrl-C ends it."
    assert "recording" in lines
    assert lines[-1] == f"It lies in {session}"
    about = json.loads((session / "session.json").read_bytes())
    assert (about["participant"], about["arm"], about["consent"]) == ("P7", "video", None)
    assert about["end_wall_ns"] > about["start_wall_ns"]
    left(session).check()
    assert Desk(tmp_path / "sessions").wanted().session == ""


async def test_record_now_ends_no_session_but_its_own(tmp_path: Path) -> None:
    """Somebody ends its session and starts another one: it ends itself, and that one goes on."""
    root = tmp_path / "sessions"
    async with scanner(fake()) as source:
        (tmp_path / "bedside.toml").write_text(SETTINGS.format(port=source.port), encoding="ascii")
        process = await bedside(tmp_path, "record", "--now", "P7", "--arm", "video")
        await until(lambda: frames_said(root) > 5, 60)
        desk = Desk(root, needs_consent=False)
        mine = desk.end()
        other = desk.start(Who("P8"), With(), recording=True)
        said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.decode().splitlines()[-1] == f"It lies in {root / mine}"
    assert (desk.wanted().session, desk.wanted().recording) == (other, True)


async def test_record_now_needs_consent(tmp_path: Path) -> None:
    """Where consent is needed and not given, nothing starts; the sentence says how to give it."""
    process = await bedside(tmp_path, "record", "--now", "P7")
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "add --consent where that is so" in said.decode()
    assert not (tmp_path / "sessions").exists()
