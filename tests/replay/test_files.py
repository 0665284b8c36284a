"""What a replay leaves: whole under its name, or a part that says so."""

import asyncio
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.recording import mask_of
from tests.replay.runs import ALL, bedside, engine, lines, seqs, session, start

from bedside.errors import SessionError
from bedside.messages import Result, Timing
from bedside.replay.kept import Kept, about_of
from bedside.session.recorded import Recorded

SLEEPY = "import time\ndef predict(frame):\n    time.sleep(0.05)\n    return {'verdict': 'x'}\n"
EMPTY = "def predict(frame):\n    return {}\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_broken_off_replay_is_a_part(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C or kill -9: what came is there, line by line, and no file pretends to be the whole."""
    folder = session(tmp_path)
    engine(tmp_path / "sleepy", SLEEPY)
    running = start(tmp_path, "replay", "last", "--engine", "sleepy")
    part = folder / "results-sleepy.part.jsonl"
    while running.poll() is None and not (part.exists() and part.read_bytes().count(b"\n") >= 5):
        os.sched_yield()
    running.send_signal(how)
    _, err = running.communicate(timeout=30)
    assert running.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130)
    kept = lines(tmp_path, "sleepy.part")
    assert seqs(kept)[:5] == [1, 2, 3, 4, 5]
    assert not (folder / "results-sleepy.jsonl").exists()
    assert Recorded(folder).replays == []
    if how is signal.SIGINT:
        assert f"the {len(kept)} results that came are in {part}" in err
        assert json.loads((folder / "replay-sleepy.part.json").read_bytes())["is_whole"] is False
    if how is signal.SIGKILL:
        return
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "sleepy", "--to", "0.5")
    assert status == 1
    assert "was broken off; --as gives another name, --overwrite replaces it" in err
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "sleepy", "--to", "0.5", "--overwrite")
    assert status == 0, err
    assert len(lines(tmp_path, "sleepy")) == 12
    assert not part.exists()


def test_a_full_disk_ends_it_and_what_came_stays(tmp_path: Path) -> None:
    """A sentence that says so, exit status 1, and every line that is there is whole."""
    folder = session(tmp_path)
    engine(tmp_path / "long", "def predict(frame):\n    return {'text': 'x' * 1500}\n")

    running = start(tmp_path, "replay", "last", "-q", "--engine", "long", within="ulimit -f 100")
    _, err = running.communicate(timeout=100)
    assert running.returncode == 1, err
    assert "results-long.part.jsonl cannot be continued" in err
    kept = lines(tmp_path, "long.part")
    assert seqs(kept) == ALL[: len(kept)]
    assert len(kept) > 20
    assert f"the {len(kept)} results that came are in" in err
    assert not (folder / "results-long.jsonl").exists()


async def test_a_replay_is_not_written_over_another(tmp_path: Path) -> None:
    """A name that is taken is refused; overwriting replaces results, masks and what is said of them together."""
    recorded = Recorded(session(tmp_path))
    table = recorded.frames
    for number, overwrite in enumerate((False, True), 1):
        kept = Kept(recorded, "new", overwrite=overwrite)
        writing = asyncio.create_task(kept.write())
        for index in range(number):
            at = int(table.captured_ns[index])
            later = Timing(at, at + 5, at + 5, at + 5, at + 9, 1.0)
            await kept.deliver(Result("e", int(table.seq[index]), later, {"mask": mask_of(number)}))
            kept.put(Result("e", int(table.seq[index]), later, {"text": "live"}), at, 5)
        await kept.written()
        writing.cancel()
        kept.close({"number": number})
        assert (recorded.replays == ["new"]) is overwrite
        kept.finish()
        replay = recorded.replay("new")
        assert len(replay) == 2 * number
        assert all(line["captured_ns"] == at and line["answered_ns"] == at + 4 for line in list(replay.lines)[-2:])
        mask = replay.mask(replay.lines[0])
        assert mask is not None and np.array_equal(mask, mask_of(number))
        assert about_of(recorded.paths, "new") == {"number": number}
        with pytest.raises(SessionError, match="has a replay 'new' already; --as gives another name, --overwrite"):
            Kept(recorded, "new")


def test_what_cannot_be_replayed_is_one_sentence(tmp_path: Path) -> None:
    """A newer session, an unknown engine, a name that is none, no such time, a region that does not fit, a resting
    engine's pipeline: exit status 1 or 2, one line, nothing left."""
    folder = session(tmp_path)
    before = sorted(folder.rglob("*"))
    engine(tmp_path / "empty", EMPTY)
    (tmp_path / "pipeline.py").write_text("async def pipeline(frame, engines):\n    return {}\n")
    (tmp_path / "bedside.toml").write_text(
        '[[engine]]\nname = "far"\npath = "empty"\nregion = [300, 100, 100, 100]\nwhen = "every 1 s"\n'
        '[pipeline]\npath = "pipeline.py"\n'
    )
    for words, expected, sentence in (
        (("--engine", "nobody"), 2, "there is no [[engine]] named 'nobody'"),
        (("--engine", "empty", "--as", "a/b"), 1, "cannot be called 'a/b'"),
        (("--engine", "empty", "--from", "7"), 1, "no frame between --from 7"),
        (("--engine", "far"), 2, "[[engine]] far: its region"),
        (("--pipeline",), 2, "add --pace live"),
    ):
        status, _, err = bedside(tmp_path, "replay", "last", "-q", *words)
        assert (status, err.count("\n")) == (expected, 1), err
        assert sentence in err
        assert sorted(folder.rglob("*")) == before
    about = json.loads((folder / "session.json").read_bytes())
    (folder / "session.json").write_text(json.dumps(about | {"version": 99}))
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "empty")
    assert status == 1
    assert "is of version 99" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; needs another user")
def test_a_folder_that_cannot_be_written_is_said_before_anything_starts(tmp_path: Path) -> None:
    """One sentence that names the file."""
    folder = session(tmp_path)
    engine(tmp_path / "empty", EMPTY)
    folder.chmod(0o500)
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "empty")
    folder.chmod(0o700)
    assert status == 1
    assert "cannot be written" in err
