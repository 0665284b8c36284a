"""The text finder: engines/text in its own environment, asked as the setup page and `bedside audit` ask it."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from bedside.cli.beforehand import needed_by
from bedside.cli.text_engine import engine_of
from bedside.cli.text_finder import finding, text_finder
from bedside.engine.build import Progress
from bedside.errors import BuildFailed, EngineError
from bedside.messages import Pixels
from bedside.settings import Settings, load
from bedside.source.text import Finds

NAME_AT = (60, 60, 420, 40)
"""x, y, width, height in px."""


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Without any [[engine]]: the finder that ships."""
    return load(None)


@pytest.fixture(scope="module")
def finds(settings: Settings) -> Iterator[Finds]:
    """A running finder. Skips where its packages cannot be had."""
    needed = needed_by(engine_of(settings))
    assert needed is not None
    try:
        needed.build(_say)
    except BuildFailed as error:
        pytest.skip(f"the text finder's packages: {error}")
    with finding(settings) as found:
        yield found


def _say(_: Progress) -> None:
    """Nobody looks."""


def screen(text: str = "") -> Pixels:
    """A scanner's screen of 1920x1080: speckle in the middle, and a text above."""
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    speckle = np.random.default_rng(1).rayleigh(40, (700, 900)).clip(0, 255).astype(np.uint8)
    pixels[200:900, 500:1400] = cv2.GaussianBlur(speckle, (0, 0), 2)[..., None]
    x, y, _, height = NAME_AT
    cv2.putText(pixels, text, (x, y + height - 8), cv2.FONT_HERSHEY_SIMPLEX, 1, (220, 220, 220), 2, cv2.LINE_AA)
    return pixels


def test_a_name_is_found_where_it_stands(finds: Finds) -> None:
    """One box covers the name, and it is hardly larger."""
    boxes = finds(screen("Hansen, Karen 120391"))
    assert len(boxes) == 1
    box = boxes[0]
    x, y, width, height = box.x * 1920, box.y * 1080, box.width * 1920, box.height * 1080
    assert x <= 62
    assert y <= 70
    assert x + width >= 60 + cv2.getTextSize("Hansen, Karen 120391", cv2.FONT_HERSHEY_SIMPLEX, 1, 2)[0][0] - 4
    assert y + height >= 92
    assert width * height < 480 * 70


def test_speckle_is_no_text(finds: Finds) -> None:
    """A screen without text has no box."""
    assert finds(screen()) == []


def test_a_finder_that_is_not_built_says_what_to_do(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its environment, the sentence names the command that makes it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="bedside build text"):
        text_finder(settings)(screen())
