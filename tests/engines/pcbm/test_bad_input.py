"""Frames that are no ultrasound pictures, or not of a fetus: "No plane", with little confidence, and never an error."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tests.engines.environment import DATA
from tests.engines.pcbm import drawn
from tests.engines.pcbm.loaded import module

from bedside_engine.check import check

explain = module("explain").explain
Frame = npt.NDArray[np.uint8]


def menu() -> Frame:
    """A scanner's menu: grey panels with buttons and text."""
    frame = np.full((720, 960, 3), 200, np.uint8)
    for row in range(60, 660, 90):
        cv2.rectangle(frame, (80, row), (880, row + 60), (90, 90, 100), -1)
        cv2.putText(
            frame, "Patient  Preset  Probe  Archive", (110, row + 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255,) * 3, 2
        )
    return frame


def colours() -> Frame:
    """Red to blue and black to green."""
    across, down = np.meshgrid(np.linspace(0, 255, 960), np.linspace(0, 255, 720))
    return np.stack([across, down, 255 - across], 2).astype(np.uint8)


BAD: dict[str, Frame] = {
    "black": np.zeros((720, 960, 3), np.uint8),
    "white": np.full((720, 960, 3), 255, np.uint8),
    "colour": colours(),
    "menu": menu(),
    "64x64": np.full((64, 64, 3), 70, np.uint8),
    "4096x2160": np.zeros((2160, 4096, 3), np.uint8),
    "one pixel": np.full((1, 1, 3), 128, np.uint8),
    "grey, no colours": np.full((720, 960), 90, np.uint8),
}


@pytest.mark.parametrize("name", BAD)
def test_no_ultrasound_is_no_plane(name: str) -> None:
    """Whatever the nets would see in it, here a sure and perfect head: it is not asked."""
    answer = check(explain(drawn.Nets(drawn.head()), BAD[name]))
    assert answer["verdict"]["label"] == "No plane"
    assert answer["verdict"]["level"] == "none"
    assert answer["verdict"]["score"] == 0


@pytest.mark.parametrize("size", [(64, 64), (4096, 2160), (960, 720), (800, 540), (1, 700)])
def test_any_size_of_an_ultrasound_picture_is_answered(size: tuple[int, int]) -> None:
    """With the nets' verdict on a scanner's usual sizes, and on any other without an error."""
    frame = cv2.resize(drawn.scan(), size, interpolation=cv2.INTER_AREA)
    answer = check(explain(drawn.Nets(drawn.head()), frame))
    assert answer["verdict"]["level"] in (("good",) if size in ((960, 720), (800, 540)) else ("good", "none"))


def real() -> Iterator[tuple[str, Frame]]:
    """Frames of real scanners: heads, eyes, lungs."""
    for file in [*sorted((DATA / "hc18").glob("*_HC.png"))[::40], *sorted((DATA / "fetal_brain").glob("*.png"))[::8]]:
        picture: Any = cv2.imread(str(file))
        yield file.name, picture[..., ::-1]
    for file in sorted((DATA / "lung").glob("*")) + sorted((DATA / "scanner").glob("*.mp4")):
        film: Any = cv2.VideoCapture(str(file))
        _, frame = film.read()
        yield file.name, frame[..., ::-1]


def test_real_ultrasound_pictures_are_looked_at() -> None:
    """None of them is taken for a menu or a photograph."""
    plausible, cropped = module("plausible").is_plausible, module("frame").cropped
    if not DATA.is_dir():
        pytest.skip("real ultrasound pictures (shared/data) are not on this machine")
    assert [name for name, frame in real() if not plausible(frame, cropped(frame))] == []
