"""The camera that every way opens: it keeps a driver's promises, and each picture says when it was captured."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench.peers import camera
from hypothesis import given
from hypothesis import strategies as st

from bedside import clock
from bedside.source import counter

ROOT = Path(__file__).parents[2]
GAP_S = 1 / camera.FPS


class Hours:
    """A clock that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def monotonic_ns(self) -> int:
        """As time's."""
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        """As time's, and a moment longer, as everywhere."""
        self.now_ns += round(seconds * clock.NS_PER_S) + 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of a camera whose clock starts at one second."""
    return tmp_path_factory.mktemp("camera")


@pytest.fixture
def hours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hours:
    """The camera's time; its pictures are there."""
    hours = Hours()
    monkeypatch.setattr(camera, "time", hours)
    monkeypatch.setenv(camera.FOLDER, str(folder))
    if not (folder / "pictures").exists():
        camera.make(folder, lambda _: np.zeros((camera.HEIGHT, camera.WIDTH, 3), np.uint8))
    return hours


def read(opened: camera.Camera) -> int:
    """The number in the next picture."""
    _, pixels = opened.read()
    number = counter.read(pixels)
    assert number is not None
    return number


def test_who_reads_in_time_gets_every_picture_when_it_is_captured(hours: Hours, folder: Path) -> None:
    """Thirty pictures without a gap, each within a moment of its capture."""
    opened = camera.Camera()
    for expected in range(1, 31):
        assert read(opened) == expected
        assert 0 <= hours.now_ns - camera.captured_ns(folder, expected) < 10_000


def test_who_reads_late_gets_the_oldest_of_four_and_loses_what_came_after(hours: Hours) -> None:
    """After ten pictures' time: the four that came first, then the next one that comes."""
    opened = camera.Camera()
    hours.sleep(10.5 * GAP_S)
    assert [read(opened) for _ in range(5)] == [1, 2, 3, 4, 11]


@given(pauses=st.lists(st.floats(0, 8), min_size=1, max_size=20))
def test_numbers_only_grow_and_no_picture_is_given_before_its_time(pauses: list[float]) -> None:
    """Whatever the pauses: never a number twice, never one from the future."""
    opened, hours = object.__new__(camera.Camera), Hours()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(camera, "time", hours)
        opened.start(hours.now_ns)
        last = 0
        for pause in pauses:
            hours.sleep(pause * GAP_S)
            assert opened.grab()
            assert opened.taken > last
            assert opened.taken * GAP_S <= (hours.now_ns - 1_000_000_000) / 1e9
            last = opened.taken


def test_a_program_opens_it_by_opencvs_name(hours: Hours, folder: Path, tmp_path: Path) -> None:
    """With the bench on its path, both ways to open a capture give the camera; a missing file is not opened."""
    code = (
        "import cv2; one = cv2.VideoCapture('bench-camera'); two = cv2.VideoCapture(); two.setExceptionMode(False);"
        "print(two.open('bench-camera'), one.read()[1].shape, two.read()[1].shape, one.get(cv2.CAP_PROP_FPS),"
        f"cv2.VideoCapture({str(tmp_path / 'none.mp4')!r}).isOpened())"
    )
    path = os.pathsep.join(map(str, (ROOT / "bench" / "peers", ROOT / "bench" / "peers" / "patched", ROOT / "src")))
    environ = os.environ | {"PYTHONPATH": path, camera.FOLDER: str(folder), "OPENCV_LOG_LEVEL": "SILENT"}
    # Its clock is the machine's, which is later than the one above.
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "True (1080, 1920, 3) (1080, 1920, 3) 30.0 False"


def test_what_a_page_reads_is_a_number_or_nothing() -> None:
    """The squares of a number are that number; with one of them turned they are none."""
    from bench.peers.page import number

    squares = counter.squares(4711)
    assert number(squares) == 4711
    turned = squares[:5] + ("0" if squares[5] == "1" else "1") + squares[6:]
    assert number(turned) is None
