"""The memory that a frame's pixels lie in."""

import fcntl
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from bedside.engine.drawing import draw
from bedside.engine.picture import Wanted
from bedside.engine.staging import Stage, Staged
from bedside.errors import EngineError
from bedside.messages import Pixels


def filled(stage: Stage, pixels: Pixels) -> Staged:
    """These pixels in the buffer, as they are."""
    return stage.fill(pixels.shape, lambda target: np.copyto(target, pixels))


def drawn(pixels: Pixels, wanted: Wanted) -> Pixels:
    """What an engine gets of this picture."""
    look = wanted.look(pixels.shape[1], pixels.shape[0])
    return Stage("x", is_shared=False).fill(look.shape, lambda target: draw(pixels, target, look)).pixels


def test_the_region_holds_the_very_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process reads from the shared memory object is what was borrowed; only its owner may read it."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    stage = Stage("x")
    staged = filled(stage, pixels)
    file = tmp_path / staged.region
    assert file.read_bytes() == pixels.tobytes()
    assert file.stat().st_mode & 0o777 == 0o600
    stage.close()
    assert not file.exists()


def test_only_a_larger_picture_gets_a_new_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same or a smaller picture lies in the same region."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path)
    stage = Stage("x")
    names = [filled(stage, np.zeros((n, n, 3), np.uint8)).region for n in (8, 8, 4, 16)]
    assert names[0] == names[1] == names[2] != names[3]
    assert [path.name for path in tmp_path.iterdir()] == [names[3]]
    stage.close()


def test_what_a_killed_server_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory of the same engine that nobody holds goes; that of a living server stays."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path)
    left, held, other = (tmp_path / name for name in ("bedside-stage-x-1-1", "bedside-stage-x-2-1", "somebody-elses"))
    for path in (left, held, other):
        path.touch()
    fd = os.open(held, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    stage = Stage("x")
    filled(stage, np.zeros((2, 2, 3), np.uint8))
    assert (left.exists(), held.exists(), other.exists()) == (False, True, True)
    stage.close()
    os.close(fd)


def test_too_little_shared_memory_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the memory cannot be made, the error says how much was wanted, and where."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path / "not-there")
    with pytest.raises(EngineError, match="has no room for 12 bytes"):
        filled(Stage("x"), np.zeros((2, 2, 3), np.uint8))


@pytest.mark.parametrize("size", [(960, 540), (640, 480), (224, 224), (1280, 720), (1919, 3)])
def test_shrinking_takes_the_mean_of_what_it_leaves_out(size: tuple[int, int]) -> None:
    """Fine detail becomes its mean and does not flicker: stay close to the exact mean over areas."""
    pixels = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2), np.uint8)
    exact = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(float)
    staged = drawn(pixels, Wanted(size=size))
    assert np.abs(staged - exact).mean() < 1.5
    assert abs(staged.mean() - exact.mean()) < 0.4


@pytest.mark.parametrize("color", ["rgb", "bgr", "grey"])
@pytest.mark.parametrize("size", [(), (20, 10), (100, 90)])
def test_every_size_and_colour_is_written_into_the_buffer(color: str, size: tuple[int, ...]) -> None:
    """The last step of every conversion writes where the engine looks."""
    pixels = np.full((30, 40, 3), (10, 20, 30), np.uint8)
    staged = drawn(pixels, Wanted(size=size, color=color))
    wanted = size or (40, 30)
    expected = {"rgb": (10, 20, 30), "bgr": (30, 20, 10), "grey": 18}[color]
    assert staged.shape[:2] == (wanted[1], wanted[0])
    assert (staged == expected).all()


@pytest.mark.parametrize("color", ["rgb", "bgr", "grey"])
@pytest.mark.parametrize("size", [(), (6, 4), (48, 32)])
def test_a_region_is_cut_out_before_it_is_resized(color: str, size: tuple[int, ...]) -> None:
    """No pixel from outside the region reaches the engine, in any size or colour."""
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[10:26, 20:44] = (10, 20, 30)
    staged = drawn(pixels, Wanted((20, 10, 24, 16), size, color))
    assert staged.shape[:2] == tuple(reversed(size or (24, 16)))
    assert (staged == {"rgb": (10, 20, 30), "bgr": (30, 20, 10), "grey": 18}[color]).all()


def test_what_cannot_be_written_is_told() -> None:
    """An error while the pixels are drawn reaches the caller."""

    def fail(target: Pixels) -> None:
        raise EngineError("gone")

    with pytest.raises(EngineError, match="gone"):
        Stage("x", is_shared=False).fill((2, 2, 3), fail)
