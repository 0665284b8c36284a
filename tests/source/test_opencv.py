"""Cameras through OpenCV, with a video file as the camera."""

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.source.opencv import OpenCVSource, Repeats, open_opencv
from bedside.source.source import Grab


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Thirty pictures, red at the left, growing brighter."""
    path = tmp_path / "camera.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(30):
            picture = np.full((48, 64, 3), 20 + number * 7, np.uint8)
            picture[:, :32] = (250, 10, 10)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class Camera:
    """What OpenCV's capture does, told picture by picture; None in `pictures` is a failed read."""

    def __init__(self, pictures: list[NDArray[Any] | None]) -> None:
        self.pictures, self.go, self.released = pictures, threading.Semaphore(0), threading.Event()

    def read(self) -> tuple[bool, NDArray[Any] | None]:
        """The next picture once the test lets it come; blocks like the real one."""
        self.go.acquire()
        picture = self.pictures.pop(0) if self.pictures else None
        return picture is not None, picture

    def get(self, _: int) -> float:
        """Some property."""
        return 8.0

    def getBackendName(self) -> str:
        """Of no real camera."""
        return "TEST"

    def release(self) -> None:
        """Given back."""
        self.released.set()
        self.go.release(100)


def picture(level: int) -> NDArray[Any]:
    """A flat picture, BGR."""
    return np.full((8, 8, 3), level, np.uint8)


def opened(camera: Camera, **options: Any) -> OpenCVSource:
    """A source on that camera."""
    return OpenCVSource(camera, "test", **options)  # type: ignore[arg-type]


def test_a_video_file_plays_as_a_camera_and_its_end_is_an_unplugging(movie: Path) -> None:
    """Pictures come as RGB in their size; when no more come, the source is gone."""
    source = open_opencv(str(movie), size="", fps=0, color_range="auto")
    grabs = []
    with pytest.raises(Unplugged, match="opened again"):
        while grab := source.read(5.0):
            grabs.append(grab)
    source.close()
    assert grabs
    red, green, blue = grabs[-1].pixels[24, 8]
    assert red > 200
    assert max(green, blue) < 60
    assert grabs[-1].pixels.shape == (48, 64, 3)
    assert "64x48" in source.device


def test_a_read_that_blocks_in_the_driver_does_not_block_the_reader() -> None:
    """read() returns None after its timeout while OpenCV hangs, and close() comes back."""
    camera = Camera([])
    source = opened(camera)
    before = clock.monotonic_ns()
    assert source.read(0.05) is None
    assert clock.age_ms(before) < 2000
    camera.go.release(100)
    source.close()
    assert camera.released.wait(5)


def test_the_newest_picture_wins_and_the_skipped_are_counted() -> None:
    """Who reads once for many pictures gets the last, and the number of those before it."""
    camera = Camera([picture(n) for n in range(1, 6)])
    source = opened(camera)
    camera.go.release(5)
    grabs: list[Grab] = []
    while not grabs or grabs[-1].pixels[0, 0, 0] != 5:
        if not camera.pictures:
            grab = source.read(1.0)
            assert grab is not None
            grabs.append(grab)
    assert sum(1 + grab.skips for grab in grabs) == 5
    camera.go.release(100)
    source.close()


def test_one_failed_read_is_not_an_unplugging_but_three_are() -> None:
    """A hiccup passes; a device that is gone is said to be gone, after the last good picture was handed out."""
    camera = Camera([None, picture(7)])
    source = opened(camera)
    camera.go.release(2)
    grab = source.read(5.0)
    assert grab is not None
    camera.go.release(3)
    with pytest.raises(Unplugged, match="delivers no picture"):
        source.read(5.0)
    source.close()
    assert camera.released.is_set()


def test_whatever_reading_throws_is_an_unplugging() -> None:
    """The source is opened again, and does not stay silent because its thread has gone."""

    class Odd(Camera):
        def read(self) -> tuple[bool, NDArray[Any] | None]:
            raise RuntimeError("an odd backend")

    camera = Odd([])
    source = opened(camera)
    with pytest.raises(Unplugged, match="an odd backend"):
        source.read(5.0)
    source.close()
    assert camera.released.is_set()


def test_a_device_file_that_vanishes_is_an_unplugging(tmp_path: Path) -> None:
    """OpenCV may go on repeating its last picture; the missing device file is believed."""
    node = tmp_path / "video0"
    node.touch()
    camera = Camera([picture(1), picture(1)])
    source = opened(camera, node=node)
    camera.go.release(1)
    assert source.read(5.0) is not None
    node.unlink()
    camera.go.release(1)
    with pytest.raises(Unplugged, match="pulled out"):
        source.read(5.0)
    source.close()


def feed(repeats: Repeats, pictures: list[NDArray[Any]], start_ms: float, every_ms: float) -> bool:
    """Whether any of these pictures, so far apart, makes it stuck."""
    stuck = [repeats.is_stuck(each, round((start_ms + n * every_ms) * 1e6)) for n, each in enumerate(pictures)]
    return any(stuck)


def test_a_frozen_scanner_is_not_taken_for_a_pulled_cable() -> None:
    """Identical pictures at the usual pace are what a digital cable carries from a frozen scanner."""
    repeats = Repeats()
    assert not feed(repeats, [picture(n) for n in range(60)], 0, 33)
    assert not feed(repeats, [picture(59)] * 200, 60 * 33, 33)


def test_a_driver_that_repeats_its_last_picture_in_a_hurry_is_seen() -> None:
    """Identical pictures that come much faster than the device ever delivered mean that it has gone."""
    repeats = Repeats()
    assert not feed(repeats, [picture(n) for n in range(60)], 0, 33)
    assert feed(repeats, [picture(59)] * 400, 60 * 33, 4)


@pytest.mark.parametrize("address", ["no-such-file.mp4", "97"])
def test_what_cannot_be_opened_is_one_sentence(address: str) -> None:
    """A missing camera or file is tried again later, so it is an unplugging; the sentence says what to check."""
    with pytest.raises(Unplugged, match=f"opencv:{address}: OpenCV cannot open it"):
        open_opencv(address, size="640x480", fps=0, color_range="auto")


@pytest.mark.parametrize(("address", "sentence"), [("", "expected a number"), ("0?speed=2", "unknown option 'speed'")])
def test_a_wrong_address_is_one_sentence(address: str, sentence: str) -> None:
    """It says what was expected."""
    with pytest.raises(SourceError, match=sentence):
        open_opencv(address, size="", fps=0, color_range="auto")


def test_a_camera_cannot_be_controlled(movie: Path) -> None:
    """There is no button that Bedside could press."""
    source = open_opencv(str(movie), size="", fps=0, color_range="auto")
    with pytest.raises(SourceError, match="scanner's own buttons"):
        source.control("freeze")
    source.close()
