"""`bedside check` as a person runs it: real processes, a real clip, files to look at."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from tests.clip import film

from bedside import clock
from bedside.cli.alone import chosen
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings

GOOD = """
class Engine:
    def predict(self, frame, info):
        assert frame.shape == SHAPE, frame.shape
        assert info.region_px[2] > 0
        box = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
        return {"verdict": {"label": "seen", "level": "good"}, "boxes": [box]}
"""
QUICK = ("--frames", "8", "--seconds", "6")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a moving scanner."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    film(path, 320, 240)
    return path


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """No process that was started for a check outlives it, nor do its files beside those that it names."""
    yield
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            left += [line] if str(tmp_path) in line else []
    assert not left
    assert not list(tmp_path.glob("bedside-check-*"))


def engine(folder: Path, code: str) -> Path:
    """An engine's folder."""
    folder.mkdir(exist_ok=True)
    (folder / "engine.py").write_text(code, encoding="utf-8")
    return folder


def start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """`bedside check` in a folder."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    environ["TMPDIR"] = str(folder)  # what it starts names its settings, which lie there
    argv = [sys.executable, "-m", "bedside", "check", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def check(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    running = start(folder, *words)
    out, err = running.communicate(timeout=100)
    assert not list(Path("/dev/shm").glob(f"bedside-stage-*-{running.pid}-*"))
    return running.returncode, out, err


def found(folder: Path, name: str) -> dict[str, Any]:
    """What the file for programs says."""
    return dict(json.loads((folder / f"check-{name}" / "check.json").read_text(encoding="utf-8")))


def test_a_folder_without_settings_is_checked(tmp_path: Path, clip: Path) -> None:
    """Every result can be used: exit status 0, the four rows, a page, a video and a sheet that show the results."""
    engine(tmp_path / "seen", GOOD.replace("SHAPE", "(240, 320, 3)"))
    status, out, err = check(tmp_path, "seen", "--source", str(clip), *QUICK)
    assert status == 0, err
    assert all(name in out for name in ("native", "framework", "difference", "added", "p50", "p99", "peak MB"))
    said = found(tmp_path, "seen")
    times = said["times"]["ms"]
    assert set(times) == {"native", "framework", "difference", "added"}
    assert times["framework"]["p50"] > times["native"]["p50"]
    assert said["peak_mb"]["engine"] > 10
    assert said["versions"]["engine"]["numpy"]
    assert "| framework |" in (tmp_path / "check-seen" / "check.md").read_text(encoding="utf-8")
    with av.open(str(tmp_path / "check-seen" / "results.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == said["frames"]
    assert np.abs(pictures[0].astype(int) - pictures[-1]).max() > 60  # the clip moves on
    sheet = cv2.imread(str(tmp_path / "check-seen" / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] == 2400


def test_an_engine_of_the_settings_gets_what_they_say(tmp_path: Path, clip: Path) -> None:
    """Region, size, colour, window and interval hold in the bare loop and on the whole way; --json is for a program."""
    code = """
def predict(frames, info):
    assert frames.shape == (3, 24, 32), frames.shape
    assert len(info.seqs) == 3 and tuple(info.region_px) == (10, 20, 200, 100), info
    return {"text": "%d" % frames.mean()}
"""
    engine(tmp_path / "model", code)
    (tmp_path / "bedside.toml").write_text(
        '[[engine]]\nname = "windowed"\npath = "model"\nwindow = 3\nregion = [10, 20, 200, 100]\nsize = [32, 24]\n'
        'color = "grey"\nwhen = "every 0.1 s"\n',
        encoding="utf-8",
    )
    status, out, err = check(tmp_path, "windowed", "--source", f"file:{clip}?loop=1", "--json", *QUICK)
    assert status == 0, err + out
    said = json.loads(out)
    assert said["good"] is True
    assert 2 < said["answers_per_s"] < 15, "of 25 pictures a second"


def test_what_is_wrong_is_said_once_and_counted(tmp_path: Path, clip: Path) -> None:
    """Every field that cannot be used, how often and in which result first; exit status 1. The video is there."""
    code = """
count = 0
def predict(frame):
    global count
    count += 1
    if count == 2:
        raise ValueError("bad luck")
    box = {"x": 320 + count, "y": 0, "width": 1, "height": 1}
    return {"verdict": {"label": "x", "level": "splendid"}, "boxes": [box]}
"""
    engine(tmp_path / "wrong", code)
    status, out, err = check(tmp_path, "wrong", "--source", str(clip), *QUICK)
    assert status == 1, err
    said = found(tmp_path, "wrong")
    sentences = {finding["sentence"]: finding for finding in said["findings"]}
    level = next(one for sentence, one in sentences.items() if sentence.startswith("verdict.level"))
    boxes = next(one for sentence, one in sentences.items() if sentence.startswith("boxes[0].x is 32"))
    luck = next(one for sentence, one in sentences.items() if "ValueError: bad luck (engine.py:7)" in sentence)
    assert said["spoiled"] == said["frames"]
    assert level["count"] >= boxes["count"] >= said["frames"] - 2
    assert luck["first"] == 2
    assert "results cannot be used, or are none." in out
    assert (tmp_path / "check-wrong" / "results.mp4").stat().st_size > 1000


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("import os\ndef predict(frame):\n    os.kill(os.getpid(), 11)\n", "SIGSEGV"),
        ("n = 0\ndef predict(frame):\n    global n\n    n += 1\n    assert n < 9\n    return {}\n", "AssertionError"),
    ],
)
def test_a_model_that_fails(tmp_path: Path, clip: Path, code: str, sentence: str) -> None:
    """One sentence says why, whether it fails at once or after a while; exit status 1."""
    engine(tmp_path / "broken", code)
    status, out, err = check(tmp_path, "broken", "--source", str(clip), *QUICK)
    assert status == 1
    assert sentence in err + out


def test_an_engine_that_is_asked_when_the_scanner_is_frozen(tmp_path: Path) -> None:
    """The check presses freeze for it."""
    engine(
        tmp_path / "slow", "def predict(frame, info):\n    assert info.state == 'frozen'\n    return {'text': 'a'}\n"
    )
    settings = '[[engine]]\nname = "slow"\npath = "slow"\nwhen = "frozen"\n'
    (tmp_path / "bedside.toml").write_text(settings, encoding="utf-8")
    status, out, err = check(tmp_path, "slow", "--frames", "3", "--seconds", "4")
    assert status == 0, err + out
    assert found(tmp_path, "slow")["frames"] >= 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "there is no [[engine]] named 'nobody', there is none; and no folder or file"),
        (["seen", "--source", "no.mp4"], "--source no.mp4: there is no such file or folder"),
        (["seen", "--frames", "0"], "expected numbers above 0"),
        (["."], "there is no"),
    ],
)
def test_what_is_asked_wrongly_starts_nothing(tmp_path: Path, words: list[str], sentence: str) -> None:
    """One sentence, exit status 2."""
    engine(tmp_path / "seen", GOOD)
    status, _, err = check(tmp_path, *words)
    assert (status, sentence in err) == (2, True), err


def test_an_engine_of_the_settings_is_found_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However that is written: what the settings say of it counts then, too."""
    for name in ("model", "study"):
        (tmp_path / name).mkdir()
    set_one = EngineSettings("named", str(tmp_path / "model"), color="grey")
    monkeypatch.chdir(tmp_path / "study")
    assert chosen(Settings(engines=(set_one,)), "../model", Path("../model").absolute()) == set_one


def test_a_region_that_the_clip_has_not(tmp_path: Path, clip: Path) -> None:
    """It is a setting that cannot be used: one sentence, exit status 2, and no waiting."""
    engine(tmp_path / "seen", "def predict(frame):\n    return {}\n")
    settings = '[[engine]]\nname = "seen"\npath = "seen"\nregion = [0, 0, 4000, 10]\n'
    (tmp_path / "bedside.toml").write_text(settings, encoding="utf-8")
    status, _, err = check(tmp_path, "seen", "--source", str(clip), *QUICK)
    assert status == 2
    assert "[[engine]] seen: its region [0, 0, 4000, 10] reaches to 4000x10 and the picture is 320x240" in err


def test_a_flood_of_prints_fills_no_disk(tmp_path: Path, clip: Path) -> None:
    """Its logs are cut."""
    code = "def predict(frame):\n    print('x' * 5_000_000)\n    return {'text': 'a'}\n"
    engine(tmp_path / "loud", code)
    status, _, err = check(tmp_path, "loud", "--source", str(clip), "--frames", "4", "--seconds", "3")
    assert status == 0, err
    assert (tmp_path / "check-loud" / "bare.log").stat().st_size < 25_000_000


def test_a_source_without_a_picture(tmp_path: Path) -> None:
    """Its own sentence, exit status 1."""
    engine(tmp_path / "seen", GOOD)
    (tmp_path / "clip.mp4").write_bytes(b"no video at all")
    status, _, err = check(tmp_path, "seen", "--source", "clip.mp4", *QUICK)
    assert status == 1
    assert "not a video that can be read" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_leaves_nothing_running(tmp_path: Path, clip: Path, number: signal.Signals) -> None:
    """Exit status 130; whatever had been started is gone, the engine's own children too."""
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess\nchild = subprocess.Popen(['sleep', '1000'])\n"
        f"open({str(pids)!r}, 'a').write('%d %d ' % (os.getpid(), child.pid))\n"
        "def predict(frame):\n    return {'text': 'a'}\n"
    )
    engine(tmp_path / "seen", code)
    running = start(tmp_path, "seen", "--source", str(clip), "--seconds", "60")
    line = ""
    assert running.stderr is not None
    while "measuring" not in line:
        line = running.stderr.readline()
        assert line, "ended before it measured"
    running.send_signal(number)
    running.communicate(timeout=30)
    assert running.returncode == 130
    started = [int(pid) for pid in pids.read_text(encoding="ascii").split()]
    assert len(started) == 4
    end_ns = clock.monotonic_ns() + 10 * clock.NS_PER_S
    while any(alive(pid) for pid in started):
        assert clock.monotonic_ns() < end_ns, "something still runs"
        clock.wait_s(0.05)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return (Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]) != "Z"
    except OSError:
        return False
