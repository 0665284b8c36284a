"""A person corrects what an engine saw in a frame, and its answer to that very frame follows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.hub.conftest import Hub, ready, result_of
from tests.schemas import check_session

from bedside.errors import Unreachable
from bedside.messages import Frame, Pixels, Result
from bedside.session.recorded import Recorded

NEAR = {"label": "Head", "level": "near", "score": 0.8}
GOOD = {"label": "Head", "level": "good", "score": 0.9}
CAVUM = {"concepts": {"cavum": True}, "labels": {"skull": False}}
MASK = np.pad(np.ones((30, 40), np.uint8), 30)


class Engine:
    """Answers any correction with GOOD, or fails; notes what it was asked."""

    def __init__(self, hub: Hub) -> None:
        self.asked: list[tuple[str, Frame, Pixels, Mapping[str, Any]]] = []
        self.error = ""
        hub.feed.answer_again = self.answer_again
        hub.feed.put(replace(ready(), takes_corrections=True))

    async def answer_again(self, name: str, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """As a router."""
        self.asked.append((name, frame, pixels, corrections))
        if name != "pcbm":
            raise Unreachable(f"engine {name} takes no corrections")
        if self.error:
            return result_of(frame, name, error=self.error)
        return result_of(frame, name, verdict=GOOD, mask=MASK, labels=["none", "thalami"], text="x")


@pytest.fixture
def engine(hub: Hub) -> Engine:
    """One of the hub's engines takes corrections."""
    return Engine(hub)


async def test_the_very_frame_is_answered_again(hub: Hub, engine: Engine) -> None:
    """The engine gets the exact pixels and what is corrected; both verdicts come back, the mask as outlines."""
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    exact = hub.scanner.ring[frame.seq].copy()
    for _ in range(hub.scanner.slots):
        hub.shoot()  # the ring has moved on
    status, body = await hub.post("api/intervention", seq=frame.seq, engine="pcbm", view="explain", **CAVUM)
    assert status == 200
    assert body["before"] == NEAR
    result = body["result"]
    assert (result["seq"], result["engine"], result["error"]) == (frame.seq, "pcbm", "")
    assert result["answer"]["verdict"] == GOOD
    assert [outline["label"] for outline in result["answer"]["outlines"]] == ["thalami"]
    ((name, asked, pixels, corrections),) = engine.asked
    assert (name, asked.seq, asked.captured_ns, asked.wall_ns) == ("pcbm", frame.seq, frame.captured_ns, frame.wall_ns)
    assert (pixels == exact).all()
    assert corrections == CAVUM


async def test_nothing_of_the_scan_changes(hub: Hub, engine: Engine) -> None:
    """The newest answer, what is recorded of it, and the counts are those of the first answer; a mark has both."""
    paths = await hub.start_session()
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    asked = {"seq": frame.seq, "engine": "pcbm", "view": "explain", "page": "a1b2"}
    assert (await hub.post("api/intervention", **asked, **CAVUM))[0] == 200
    newest = hub.feed.newest("pcbm")
    assert newest is not None
    assert newest.result.answer["verdict"] == NEAR
    await hub.post("api/session/end")
    recorded = Recorded(paths.folder)
    (mark,) = (mark for mark in recorded.marks if mark["mark"] == "intervention")
    del mark["wall_ns"], mark["monotonic_ns"]
    assert mark == {
        "mark": "intervention",
        **asked,
        "captured_ns": frame.captured_ns,
        **CAVUM,
        "before": NEAR,
        "after": GOOD,
    }
    assert (paths.folder / "results.jsonl").read_text().count("\n") == 1
    check_session(paths.folder)


async def test_a_held_picture_can_be_corrected_long_after(hub: Hub, engine: Engine) -> None:
    """While a person holds it, it is neither in the ring nor among the last answers, and is there nevertheless."""
    page = await hub.page()
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    await page.say(type="hold", seq=frame.seq)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    for _ in range(40):
        hub.answer(hub.shoot(), verdict=GOOD)
    status, body = await hub.post("api/intervention", seq=frame.seq, engine="pcbm", **CAVUM)
    assert (status, body["before"]) == (200, NEAR)
    assert engine.asked[0][1].captured_ns == frame.captured_ns
    assert abs(engine.asked[0][1].wall_ns - frame.wall_ns) < 1e9


async def test_a_view_gets_what_it_shows(hub: Hub, engine: Engine) -> None:
    """The verdict's arm gets the verdict alone, the control arm nothing; a program without a view gets all."""
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    asked = {"seq": frame.seq, "engine": "pcbm", "concepts": {"cavum": True}}
    bodies = {view: (await hub.post("api/intervention", **asked, view=view))[1] for view in ("verdict", "video", "")}
    shown = {view: (body["before"], sorted(body["result"]["answer"])) for view, body in bodies.items()}
    everything = ["outlines", "text", "verdict"]
    assert shown == {"verdict": (NEAR, ["verdict"]), "video": (None, []), "": (NEAR, everything)}


async def test_where_it_cannot_be_it_is_said(hub: Hub, engine: Engine) -> None:
    """A frame that is gone, an engine without corrections, one that fails on it, and a pipeline."""
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    asked = {"seq": frame.seq, "engine": "pcbm", **CAVUM}
    status, body = await hub.post("api/intervention", **{**asked, "seq": 4711})
    assert (status, body["error"]) == (409, "that picture is gone; tap again while it is on the screen")
    status, body = await hub.post("api/intervention", **{**asked, "engine": "bpd"})
    assert (status, body["error"]) == (409, "engine bpd takes no corrections")
    engine.error = "predict raised ValueError: no"
    status, body = await hub.post("api/intervention", **asked)
    assert status == 502
    assert body["error"] == "engine pcbm has no corrected answer: predict raised ValueError: no"
    hub.feed.answer_again = None
    status, body = await hub.post("api/intervention", **asked)
    assert status == 409
    assert body["error"] == "engine pcbm takes no corrections: a pipeline makes the answers here"


async def test_the_state_tells_which_engines_take_corrections(hub: Hub, engine: Engine) -> None:
    """One whose predict takes them, and only where it can be asked."""
    hub.feed.put(ready("bpd"))
    engines = (await hub.get("api/state"))["engines"]
    assert {one["name"]: one["takes_corrections"] for one in engines} == {"pcbm": True, "bpd": False}
    hub.feed.answer_again = None
    assert not any(one["takes_corrections"] for one in (await hub.get("api/state"))["engines"])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"seq": None}, "seq is missing; expected the number of the frame that is corrected"),
        ({"seq": "7"}, "seq is '7'; expected the frame's number"),
        ({"engine": "other"}, "engine is 'other'; expected pcbm or bpd"),
        ({"view": "other"}, "view is 'other'; expected explain"),
        ({"page": 7}, "page is '7'; expected text of at most 40 characters"),
        ({"concepts": {}, "labels": {}}, "nothing is corrected; expected a concept that is true or false"),
        ({"concepts": ["cavum"]}, "concepts are ['cavum']; expected an object with a name for each"),
        ({"concepts": {"cavum": "visible"}}, "concept 'cavum' is 'visible'; expected true, false or a number"),
        ({"labels": {"skull": True}}, "label 'skull' is True; expected false: it is not there"),
    ],
)
async def test_nonsense_is_refused_in_one_sentence(
    hub: Hub, engine: Engine, changed: dict[str, Any], sentence: str
) -> None:
    """Which field is wrong and what was expected; the engine hears nothing of it."""
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    status, body = await hub.post("api/intervention", **{"seq": frame.seq, "engine": "pcbm", **CAVUM, **changed})
    assert status == 400
    assert sentence in body["error"]
    assert engine.asked == []


async def test_without_a_session_it_works_and_leaves_no_trace(hub: Hub, engine: Engine) -> None:
    """No session is started for it."""
    frame = hub.shoot()
    hub.answer(frame, verdict=NEAR)
    assert (await hub.post("api/intervention", seq=frame.seq, engine="pcbm", **CAVUM))[0] == 200
    assert (await hub.get("api/session"))["session"] is None


@pytest.mark.parametrize("score", [float("nan"), float("inf"), 10**400, "high", None])
async def test_a_score_that_is_no_number_is_none(hub: Hub, engine: Engine, score: object) -> None:
    """JSON knows no NaN, and a float has an end: such a verdict is said without its score, and kept so."""
    paths = await hub.start_session()
    frame = hub.shoot()
    hub.answer(frame, verdict={**NEAR, "score": score})
    status, body = await hub.post("api/intervention", seq=frame.seq, engine="pcbm", view="explain", **CAVUM)
    assert (status, body["before"]) == (200, {**NEAR, "score": None})
    await hub.post("api/session/end")
    (mark,) = (mark for mark in Recorded(paths.folder).marks if mark["mark"] == "intervention")
    assert mark["before"]["score"] is None
