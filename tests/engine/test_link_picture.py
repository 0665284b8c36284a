"""What of a picture an engine behind a link gets, and where its answer lies."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.engine.picture import Wanted
from bedside.errors import Overwritten, Unreachable
from bedside.messages import EngineState, Frame, Scale, Signal, Status

TELLS = """\
import json

def predict({first}, info):
    told = {{name: getattr(info, name) for name in info.__slots__}}
    return {{"text": json.dumps(dict(told, shape={first}.shape, values=sorted(set({first}.ravel().tolist()))))}}
"""
FINDS = """\
def predict(frame):
    mask = (frame[..., 0] > 100).astype("uint8")
    ys, xs = mask.nonzero()
    box = {"x": xs.min() / mask.shape[1], "y": ys.min() / mask.shape[0],
           "width": (xs.max() + 1 - xs.min()) / mask.shape[1], "height": (ys.max() + 1 - ys.min()) / mask.shape[0]}
    return {"mask": mask, "labels": ["background", "light"], "boxes": [box]}
"""


def engine_of(folder: Path, text: str) -> Path:
    """A folder with this engine.py."""
    (folder / "engine.py").write_text(text)
    return folder


async def told(linked: Any, **more: Any) -> Any:
    """What the model was told, in its answer."""
    result = await linked.ask(**more)
    assert result.error == ""
    return json.loads(result.answer["text"])


async def test_a_model_is_told_of_its_frame(serve: Any, link: Any, tmp_path: Path) -> None:
    """Number, time, state, spacing of the pixels that it gets, and which part of which picture it sees."""
    linked = link(
        serve(engine_of(tmp_path, TELLS.format(first="frame"))).url,
        wanted=Wanted((10, 20, 40, 30), (20, 60)),
        pixel_spacing_mm=0.2,
    )
    await linked.until(EngineState.READY)
    frame, borrow = linked.picture(9, size=(80, 60))
    answer = (await linked.link.answer(frame, borrow)).answer
    info = json.loads(answer["text"])
    assert info["seqs"] == [frame.seq]
    assert info["times_s"] == pytest.approx([frame.wall_ns / 1e9], abs=1e-6)
    assert info["state"] == "live"
    assert info["pixel_spacing_mm"] == pytest.approx([0.4, 0.1])
    assert (info["picture_px"], info["region_px"]) == ([80, 60], [10, 20, 40, 30])
    assert (info["shape"], info["values"]) == ([60, 20, 3], [9])
    still = await linked.link.answer(Frame(7, 7, 7, 80, 60, Signal.FROZEN, 7), borrow)
    assert json.loads(still.answer["text"])["state"] == "frozen"


async def test_a_model_is_told_no_spacing_that_is_not_known(serve: Any, link: Any, tmp_path: Path) -> None:
    """None, and the whole picture as the region."""
    linked = link(serve(engine_of(tmp_path, TELLS.format(first="frame"))).url)
    await linked.until(EngineState.READY)
    info = await told(linked, size=(80, 60))
    assert info["pixel_spacing_mm"] is None
    assert info["region_px"] == [0, 0, 80, 60]


async def test_a_scale_that_a_person_sets_holds_from_the_next_question(serve: Any, link: Any, tmp_path: Path) -> None:
    """A frame that was laid ready before is asked about with it; another size of picture has the setting's."""
    linked = link(serve(engine_of(tmp_path, TELLS.format(first="frame"))).url, pixel_spacing_mm=1.0)
    await linked.until(EngineState.READY)
    assert (await told(linked, size=(80, 60)))["pixel_spacing_mm"] == [1.0, 1.0]
    frame, borrow = linked.picture(3, size=(80, 60))
    await linked.link.prepare(frame, borrow)
    linked.link.set_scale(Scale(0.25, (80, 60)))
    answer = (await linked.link.answer(frame, borrow)).answer
    assert json.loads(answer["text"])["pixel_spacing_mm"] == [0.25, 0.25]
    assert (await told(linked, size=(80, 60)))["pixel_spacing_mm"] == [0.25, 0.25]
    assert (await told(linked, size=(40, 30)))["pixel_spacing_mm"] == [1.0, 1.0]
    linked.link.set_scale(None)
    assert (await told(linked, size=(80, 60)))["pixel_spacing_mm"] == [1.0, 1.0]


async def test_an_answer_about_a_region_is_one_about_the_whole_picture(serve: Any, link: Any, tmp_path: Path) -> None:
    """A light that only the region shows: box and mask lie on it in the whole picture, whatever lies outside."""
    pixels = np.full((60, 80, 3), 255, np.uint8)
    pixels[20:50, 10:50] = 0
    pixels[30:40, 20:28] = 200
    linked = link(serve(engine_of(tmp_path, FINDS)).url, wanted=Wanted((10, 20, 40, 30)))
    await linked.until(EngineState.READY)
    answer = (await linked.ask(pixels=pixels)).answer
    (box,) = answer["boxes"]
    corners = (box["x"] * 80, box["y"] * 60, box["width"] * 80, box["height"] * 60)
    assert corners == pytest.approx((20, 30, 8, 10))
    expected = np.zeros((60, 80), np.uint8)
    expected[30:40, 20:28] = 1
    assert np.array_equal(answer["mask"], expected)
    assert answer["labels"] == ["background", "light"]


async def test_a_region_that_does_not_fit_is_said(serve: Any, link: Any) -> None:
    """FAILED with both sizes while the picture is too small; nothing is asked; READY when a picture fits again."""
    linked = link(serve("gallery").url, wanted=Wanted((0, 0, 100, 100)))
    await linked.until(EngineState.READY)
    small, borrow = linked.picture(1, (80, 60))
    linked.link.see(small, borrow)
    status = linked.link.status
    assert status.state is EngineState.FAILED
    assert "its region [0, 0, 100, 100] reaches to 100x100 and the picture is 80x60" in status.message
    assert linked.reports[-1] == status
    with pytest.raises(Unreachable, match="the picture is 80x60"):
        await linked.link.answer(small, borrow)
    waiting = asyncio.create_task(linked.link.until_well())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    linked.link.see(*linked.picture(1, (200, 100)))
    await asyncio.wait_for(waiting, 5)
    assert (await linked.ask(size=(200, 100))).answer["mask"].shape == (100, 200)
    assert (linked.link.status.state, linked.link.status.restarts) == (EngineState.READY, 0)


async def test_a_window_is_the_last_frames(serve: Any, link: Any, tmp_path: Path) -> None:
    """Oldest first, in the engine's size and colour; the model sees which frames they are, gaps and all."""
    linked = link(
        serve(engine_of(tmp_path, TELLS.format(first="frames"))).url,
        wanted=Wanted((8, 8, 32, 24), (16, 12), "grey", window=3),
        pixel_spacing_mm=1.0,
    )
    await linked.until(EngineState.READY)
    pictures = [linked.picture(value, (64, 48)) for value in (10, 20, 30, 40, 50)]
    for frame, borrow in (pictures[0], pictures[1], pictures[3]):
        linked.link.see(frame, borrow)
    result = await linked.link.answer(*pictures[3])
    info = json.loads(result.answer["text"])
    assert result.seq == 4
    assert (info["seqs"], info["shape"], info["values"]) == ([1, 2, 4], [3, 12, 16], [10, 20, 40])
    assert info["times_s"] == pytest.approx([pictures[n][0].wall_ns / 1e9 for n in (0, 1, 3)], abs=1e-6)
    assert info["pixel_spacing_mm"] == [2.0, 2.0]
    linked.link.see(*pictures[4])
    await linked.link.prepare(*pictures[4])
    again = json.loads((await linked.link.answer(*pictures[4])).answer["text"])
    assert (again["seqs"], again["values"]) == ([2, 4, 5], [20, 40, 50])


async def test_a_window_that_is_not_full_is_waited_for(serve: Any, link: Any, tmp_path: Path) -> None:
    """The state says what it waits for and how many are there; it starts again after a loss of the signal.

    A frame that could not be had is counted.
    """
    linked = link(serve(engine_of(tmp_path, TELLS.format(first="frames"))).url, wanted=Wanted(window=2))
    await linked.until(EngineState.READY)
    assert linked.link.status.message == "waits for 2 frames, has 0"
    first = linked.picture(1)
    linked.link.see(*first)
    await linked.until_true(lambda: linked.link.status.message == "waits for 2 frames, has 1")
    assert linked.link.status.waits
    with pytest.raises(Unreachable, match="waits for 2 frames, has 1"):
        await linked.link.answer(*first)
    assert linked.link.status.state is EngineState.READY
    assert (await told(linked))["seqs"] == [1, 2]
    assert (linked.link.status.message, linked.link.status.waits) == ("", False)

    def gone(_: Frame) -> Any:
        raise Overwritten("gone")

    linked.link.see(linked.picture(3)[0], gone)
    await linked.until_true(lambda: linked.link.status.passed_over == 1)
    linked.link.see(Status(Signal.NO_SIGNAL), first[1])
    assert linked.link.status.message == "waits for 2 frames, has 0"


async def test_replicas_share_one_window(serve: Any, link: Any, tmp_path: Path) -> None:
    """The frames are kept once, by the first; the second one is asked with the same."""
    engine = serve(engine_of(tmp_path, TELLS.format(first="frames")))
    first = link(engine.url, wanted=Wanted(window=2))
    second = link(engine.url, wanted=Wanted(window=2), window=first.link.window)
    for linked in (first, second):
        await linked.until(EngineState.READY)
    pictures = [first.picture(value) for value in (1, 2)]
    for picture in pictures:
        first.link.see(*picture)
        second.link.see(*picture)
    for linked in (first, second):
        result = await linked.link.answer(*pictures[1])
        assert json.loads(result.answer["text"])["seqs"] == [1, 2]
