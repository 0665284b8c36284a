"""A recorded session through another engine: who is asked about what, and what becomes of it."""

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recording import mask_of, picture
from tests.replay.runs import ALL, SMALL, bedside, engine, lines, replay, seqs, session
from tests.schemas import check_session

from bedside import clock
from bedside.session.journal import Journal
from bedside.session.recorded import Recorded

CHECKSUM = """
import zlib
def predict(frame):
    return {"text": str(zlib.crc32(frame.tobytes())), "mask": (frame[::4, ::4, 0] > 60)}
"""
NUMBERS = """
def predict(frame, info):
    return {"text": " ".join(map(str, info.seqs)) + " " + info.state}
"""


def test_every_frame_is_answered_once_in_order_and_joins_the_scan(tmp_path: Path) -> None:
    """Fast: each recorded frame has one result, under the very number and time that it had; masks come back."""
    folder = session(tmp_path)
    engine(tmp_path / "sums", CHECKSUM)
    results, about = replay(tmp_path, "--engine", "sums")
    recorded = Recorded(folder)
    assert seqs(results) == ALL == recorded.frames.seq.tolist()
    assert [line["captured_ns"] for line in results] == recorded.frames.captured_ns.tolist()
    assert [line["wall_ns"] for line in results] == recorded.frames.wall_ns.tolist()
    assert tuple(line["signal"] for line in results) == recorded.frames.signal
    assert all(line["answered_ns"] > line["asked_ns"] >= line["captured_ns"] for line in results)
    mask = recorded.replay("sums").mask(results[50])
    assert mask is not None and mask.shape == (45, 80) and mask.any()
    assert about["is_whole"] and not about["is_exact"] and about["codecs"] == ["h264"]
    assert json.loads(recorded.paths.replay("sums").read_bytes()) == about
    assert len(about["engines"]["sums"]["sha256"]) == 64 and not about["engines_changed"]
    assert check_session(folder) > len(results)
    scan = recorded.results
    own = scan.mask(scan.lines[0])
    assert own is not None and np.array_equal(own, mask_of(1))  # the scan's own are as they were


@pytest.mark.parametrize("pace", ["fast", "live"])
def test_a_scale_of_the_scan_holds_when_it_did(tmp_path: Path, pace: str) -> None:
    """What a person measured on the ruler reaches the engine from its moment on, until it was taken back."""
    folder = session(tmp_path)
    recorded = Recorded(folder)
    for second, source, spacing_mm in ((1.0, "ruler", 0.25), (2.0, "setting", 0.5), (2.5, "ruler", None)):
        at_ns = recorded.start_ns + int(second * clock.NS_PER_S)
        mark = {"mark": "spacing", "wall_ns": 1, "monotonic_ns": at_ns, "why": "set", "source": source}
        Journal(recorded.paths.marks).append(mark | {"pixel_spacing_mm": spacing_mm, "picture_px": [320, 180]})
    engine(tmp_path / "rule", "def predict(frame, info):\n    return {'text': str(info.pixel_spacing_mm)}\n")
    results, _ = replay(tmp_path, "--engine", "rule", "--pace", pace, "--to", "3")
    told = [(recorded.time_s(line["captured_ns"]), line["answer"]["text"]) for line in results]
    # At the pace of the scan a frame may be on its way yet when the next one brings another scale.
    middles = {(int(at_s), text) for at_s, text in told if 0.2 < at_s % 1 < 0.8}
    assert middles == {(0, "None"), (1, "(0.25, 0.25)"), (2, "None")}
    assert pace == "live" or [text for at_s, text in told if at_s < 2] == ["None"] * 24 + ["(0.25, 0.25)"] * 22


@pytest.mark.parametrize("pace", ["fast", "live"])
def test_a_lossless_session_gives_the_answers_of_the_scan(tmp_path: Path, pace: str) -> None:
    """Of FFV1 the engine sees every pixel as the scanner gave it, at either pace, in several processes at once too."""
    plan = replace(SMALL, lossless=True)
    session(tmp_path, plan)
    engine(tmp_path / "sums", CHECKSUM)
    (tmp_path / "bedside.toml").write_text('[[engine]]\nname = "sums"\npath = "sums"\nconcurrency = 2\n')
    results, about = replay(tmp_path, "--engine", "sums", "--pace", pace, "--from", "0.5", "--to", "2")
    assert about["is_exact"]
    assert len(results) >= 10
    assert seqs(results) == sorted(set(seqs(results)))
    assert pace == "live" or seqs(results) == [seq for seq in ALL if 13 <= seq <= 50]
    for line in results:
        assert line["answer"]["text"] == str(zlib.crc32(picture(plan, line["seq"]).tobytes())), line["seq"]


def test_live_passes_frames_over_as_the_scan_did(tmp_path: Path) -> None:
    """Live: an engine that takes five frames' time answers about every fifth, none twice, and the rest is counted."""
    session(tmp_path)
    engine(tmp_path / "slow", "import time\ndef predict(frame):\n    time.sleep(0.2)\n    return {}\n")
    results, about = replay(tmp_path, "--engine", "slow", "--pace", "live", "--to", "1.6")
    assert 2 <= len(results) <= about["seconds"] / 0.2 + 2
    assert seqs(results) == sorted(set(seqs(results)))
    assert about["frames"] == 37
    assert about["not_asked"] == 37 - len(results)


def test_an_error_is_that_frames_result(tmp_path: Path) -> None:
    """A model that raises, dies and hangs costs these frames their answers; all others have theirs."""
    session(tmp_path)
    code = """
import os, time
def predict(frame, info):
    seq = info.seqs[-1]
    if seq % 10 == 0:
        raise ValueError("bad luck")
    if seq == 33:
        os._exit(3)
    if seq == 66:
        time.sleep(1000)
    return {"verdict": "fine"}
"""
    engine(tmp_path / "odd", code)
    (tmp_path / "bedside.toml").write_text('[[engine]]\nname = "odd"\npath = "odd"\ndeadline_s = 0.5\n')
    results, about = replay(tmp_path, "--engine", "odd")
    assert seqs(results) == ALL
    wrong = {line["seq"]: line["error"] for line in results if line["error"]}
    assert set(wrong) == {33, 66} | {seq for seq in ALL if seq % 10 == 0}
    assert "bad luck" in wrong[50]
    assert "0.5 s" in wrong[66]
    assert all(line["label"] == "fine" for line in results if not line["error"])
    assert about["errors"] == len(wrong)
    assert about["restarts"] == 2
    assert [Path(log).name for log in about["logs"]]


def test_an_engine_that_is_lost_for_good_ends_it_and_what_came_stays(tmp_path: Path) -> None:
    """Four losses in a row: exit status 1, one sentence, and the results that came under the name of a part."""
    folder = session(tmp_path)
    code = "import os\ndef predict(frame, info):\n    if info.seqs[-1] >= 12:\n        os._exit(3)\n    return {}\n"
    engine(tmp_path / "mortal", code)
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "mortal")
    assert status == 1
    assert "engine mortal was lost 4 times in a row" in err
    assert not (folder / "results-mortal.jsonl").exists()
    kept = lines(tmp_path, "mortal.part")
    assert seqs(kept) == list(range(1, 15))
    assert json.loads((folder / "replay-mortal.part.json").read_bytes())["is_whole"] is False
    assert Recorded(folder).replays == []


def test_an_engine_that_cannot_be_loaded_leaves_nothing(tmp_path: Path) -> None:
    """The reason in one sentence, exit status 1, and no file in the session."""
    folder = session(tmp_path)
    before = sorted(folder.rglob("*"))
    engine(tmp_path / "broken", "raise RuntimeError('no weights here')\n")
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "broken")
    assert status == 1
    assert "no weights here" in err and err.count("\n") <= 2
    assert sorted(folder.rglob("*")) == before


def test_turns_are_those_of_the_scan(tmp_path: Path) -> None:
    """`when` counts in the scan's time: once for each freeze, or once in half a second of the scan, at full speed."""
    session(tmp_path)
    engine(tmp_path / "numbers", NUMBERS)
    (tmp_path / "bedside.toml").write_text(
        '[[engine]]\nname = "frozen"\npath = "numbers"\nwhen = "frozen"\n'
        '[[engine]]\nname = "resting"\npath = "numbers"\nwhen = "every 0.5 s"\n'
    )
    frozen, _ = replay(tmp_path, "--engine", "frozen")
    assert [line["answer"]["text"] for line in frozen] == ["75 frozen"]
    resting, about = replay(tmp_path, "--engine", "resting")
    since_ns = np.diff([line["captured_ns"] for line in resting])
    assert (since_ns >= 0.499 * clock.NS_PER_S).all()
    assert len(resting) in (9, 10)
    assert about["not_asked"] == len(ALL) - len(resting)


def test_a_window_has_the_frames_before(tmp_path: Path) -> None:
    """A window engine gets the last recorded frames, is not asked until it is full, and begins anew after a gap."""
    folder = session(tmp_path)
    rows = (folder / "frames.csv").read_text().splitlines(keepends=True)
    kept = [row for row in rows if not (row.startswith("frame,") and 60 <= int(row.split(",")[1]) < 100)]
    (folder / "frames.csv").write_text("".join(kept))
    engine(tmp_path / "numbers", NUMBERS.replace("(frame,", "(frames,"))
    (tmp_path / "bedside.toml").write_text('[[engine]]\nname = "w"\npath = "numbers"\nwindow = 4\n')
    results, about = replay(tmp_path, "--engine", "w")
    left = [seq for seq in ALL if not 60 <= seq < 100]
    told = {line["seq"]: [int(word) for word in line["answer"]["text"].split()[:-1]] for line in results}
    expected = {left[at]: left[at - 3 : at + 1] for at in range(3, len(left))}
    for first in (100, 101, 102):
        del expected[first]
    assert told == expected
    assert about["not_asked"] == 6


@pytest.mark.parametrize("pace", ["fast", "live"])
def test_a_pipeline_is_replayed(tmp_path: Path, pace: str) -> None:
    """The pipeline's result to each frame; one that fails on a frame is that frame's error, a missing part is named."""
    session(tmp_path)
    engine(tmp_path / "numbers", NUMBERS)
    (tmp_path / "pipeline.py").write_text(
        "async def pipeline(frame, engines):\n"
        "    numbers = await engines.ask('numbers')\n"
        "    if frame.seq == 20:\n"
        "        raise ValueError('bad luck')\n"
        "    return {'text': numbers.get('text') + ' of ' + str(frame.seq)}\n"
    )
    (tmp_path / "bedside.toml").write_text(
        '[[engine]]\nname = "numbers"\npath = "numbers"\n[pipeline]\npath = "pipeline.py"\n'
    )
    results, _ = replay(tmp_path, "--pipeline", "--as", "p", "--pace", pace, "--from", "0.5", "--to", "1.5")
    expected = [seq for seq in ALL if 13 <= seq <= 37]
    assert seqs(results) == (expected if pace == "fast" else sorted(set(seqs(results))))
    assert len(results) >= 10
    for line in results:
        assert line["answer"] == ({} if line["seq"] == 20 else {"text": f"{line['seq']} live of {line['seq']}"})
        assert line["engine"] == "pipeline"
        assert line["answered_ns"] > line["captured_ns"]


def test_a_broken_video_costs_its_own_frames(tmp_path: Path) -> None:
    """Of a file that was broken off, what is there is replayed; the rest is counted. Without video nothing is."""
    folder = session(tmp_path)
    video = folder / "video-000.mp4"
    os.truncate(video, video.stat().st_size * 6 // 10)
    engine(tmp_path / "sums", CHECKSUM)
    results, about = replay(tmp_path, "--engine", "sums")
    second = [seq for seq in ALL if seq > 63]
    assert seqs(results)[-len(second) :] == second
    assert 0 < about["missing"] == len(ALL) - len(results)
    for video in folder.glob("video-*"):
        video.unlink()
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "sums", "--as", "none")
    assert status == 1
    assert "no frame of its video can be read" in err
    (folder / "frames.csv").unlink()
    status, _, err = bedside(tmp_path, "replay", "last", "--engine", "sums", "--as", "none")
    assert status == 1
    assert "has no video" in err
    assert not list(folder.glob("*none*"))
