"""The engine that ships, on drawn pictures and on real ones."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bedside.messages import EngineState, Pixels
from bedside_engine.check import check

FOLDER = Path(__file__).parents[2] / "engines" / "picture_quality"
DATA = Path(__file__).parents[3] / "shared" / "data"
CLIPS = sorted((DATA / "scanner").glob("*.mp4")) + sorted((DATA / "lung").glob("*.m*"))


@pytest.fixture
def engine() -> Iterator[Any]:
    """The engine, as the runner loads it."""
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("picture_quality_engine", FOLDER / "engine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(FOLDER))
    yield module.Engine()


def screen(brightness: float = 90, lost: slice | None = None, shadow: slice | None = None) -> Pixels:
    """A scanner's screen of 640 x 480 with a rectangle of speckle, some text beside it, and faults where asked."""
    speckle = np.random.default_rng(1).rayleigh(brightness, (360, 320)) * np.linspace(1, 0.6, 360)[:, None]
    if lost is not None:
        speckle[:, lost] = 0
    if shadow is not None:
        speckle[120:, shadow] = 0
    picture = np.zeros((480, 640), np.uint8)
    picture[60:420, 160:480] = speckle.clip(0, 255)
    cv2.putText(picture, "DEMO 12:34", (5, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    return np.repeat(picture[..., None], 3, axis=2)


def missing(answer: dict[str, Any]) -> list[str]:
    """What the checklist says is missing."""
    return [concept["name"] for concept in answer["concepts"] if not concept["ok"]]


def test_the_scan_is_found_among_text(engine: Any) -> None:
    """The mask covers the rectangle with the scan, to a few pixels, and nothing else."""
    answer = check(engine.predict(screen()))
    mask = cv2.resize(answer["mask"], (640, 480), interpolation=cv2.INTER_NEAREST) > 0
    truth = np.zeros_like(mask)
    truth[60:420, 160:480] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.95
    assert answer["classes"][0]["name"] == "linear probe"
    assert answer["classes"][0]["score"] > 0.9


def test_a_good_picture_is_good(engine: Any) -> None:
    """Nothing is missing, and the advice is to hold still."""
    answer = check(engine.predict(screen()))
    assert missing(answer) == []
    assert answer["verdict"]["level"] == "good"
    assert answer["guidance"]["direction"] == "hold"


@pytest.mark.parametrize(("lost", "direction"), [(slice(0, 110), "left"), (slice(210, 320), "right")])
def test_an_edge_without_contact_is_named(engine: Any, lost: slice, direction: str) -> None:
    """After a good picture the area is known; then the dark edge is the first thing to improve, with its side."""
    engine.predict(screen())
    answer = check(engine.predict(screen(lost=lost)))
    assert "contact" in missing(answer)
    assert answer["guidance"]["direction"] == direction
    assert answer["boxes"][0]["label"] == "no contact"
    assert (answer["boxes"][0]["x"] < 0.5) == (direction == "left")


def test_a_shadow_is_named(engine: Any) -> None:
    """Dark from some depth down, below good contact."""
    answer = check(engine.predict(screen(shadow=slice(40, 130))))
    assert "free of shadows" in missing(answer)
    assert "contact" not in missing(answer)
    assert answer["guidance"] == {
        "text": "Slide to the right",
        "direction": "right",
        "detail": "a shadow covers the left half",
    }


def test_too_dark_and_too_bright_are_named(engine: Any) -> None:
    """Low gain and saturation are told apart."""
    assert "gain" in missing(check(engine.predict(screen(14))))
    assert "not saturated" in missing(check(engine.predict(screen(320))))


@pytest.mark.parametrize("shape", [(480, 640, 3), (480, 640), (16, 16, 3), (1, 1, 3), (1080, 1920, 3)])
def test_a_black_screen_has_no_scan(engine: Any, shape: tuple[int, ...]) -> None:
    """No scan, no numbers; of any size and colour."""
    answer = check(engine.predict(np.zeros(shape, np.uint8)))
    assert answer["verdict"]["level"] == "none"
    assert "mask" not in answer


@pytest.mark.parametrize("clip", CLIPS or [None], ids=lambda clip: clip.name if clip else "none")
def test_real_clips_are_answered(engine: Any, clip: Path | None) -> None:
    """Through every real clip: a scan is found, all fields can be used, all numbers are finite."""
    if clip is None:
        pytest.skip("no real clips: ../shared/data is not there")
    video = cv2.VideoCapture(str(clip))
    while video.grab():
        if video.get(cv2.CAP_PROP_POS_FRAMES) % 15 == 1:
            _, frame = video.retrieve()
            answer = check(engine.predict(np.asarray(frame, np.uint8)))
            assert answer["verdict"]["level"] != "none"
            assert len(answer["concepts"]) == 7


async def test_it_runs_in_the_runner(serve: Any, link: Any) -> None:
    """Loaded and asked as any engine, its modules beside it."""
    linked = link(serve(FOLDER).url)
    await linked.until(EngineState.READY)
    result = await linked.ask(pixels=screen())
    assert result.error == ""
    assert result.answer["text"].startswith("Demonstration")
