"""Progress over the planes that a scan needs."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.conftest import Hub, Scanner, StartHub, eventually, result_of

from bedside.hub import best
from bedside.hub.progress import Progress
from bedside.hub.running import Customs
from bedside.session.desk import Who

PLANES = ("Head", "Abdomen")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Best frames are written without a wait for the next second."""
    monkeypatch.setattr(best, "EVERY_S", 0.0)


@pytest.fixture
async def needing(start_hub: StartHub) -> Hub:
    """A server whose scans need two planes."""
    return await start_hub(customs=Customs(Who("P1", "explain"), planes=PLANES))


def say(hub: Hub, label: str, level: str, score: float | None = None, engine: str = "pcbm") -> int:
    """One frame, and a verdict about it."""
    frame = hub.shoot()
    hub.answer(frame, engine, verdict={"label": label, "level": level, "score": score})
    return frame.seq


def reached(hub: Hub) -> list[tuple[Any, ...]]:
    """Name, level and score of each plane."""
    progress = hub.visit.progress
    assert progress is not None
    return [(plane["name"], plane["level"], plane["score"]) for plane in progress["planes"]]


async def test_the_best_of_each_needed_plane_is_remembered(needing: Hub) -> None:
    """By level, then score; labels are compared without case; other planes and other levels do not count."""
    say(needing, "head", "near", 0.9)
    say(needing, "HEAD", "good", 0.6)
    say(needing, "Head", "near", 0.95)
    say(needing, "Head", "good", 0.5)
    say(needing, "Femur", "good", 1.0)
    say(needing, "Abdomen", "none", 1.0)
    assert reached(needing) == [("Head", "good", 0.6), ("Abdomen", "none", None)]


async def test_only_the_engine_whose_verdict_pages_show_counts(needing: Hub) -> None:
    """A second engine that knows heads alone does not tick the head."""
    say(needing, "Head", "good", 0.9, engine="bpd")
    assert reached(needing)[0] == ("Head", "none", None)


async def test_a_session_keeps_the_pictures(needing: Hub) -> None:
    """Outside of one there is none, and the pages are told why; a better frame is another picture."""
    say(needing, "Head", "good", 0.6)
    assert needing.visit.progress is not None
    assert (needing.visit.progress["keeps"], needing.visit.progress["planes"][0]["picture"]) == ("no_session", None)
    await needing.start_session()
    assert reached(needing)[0] == ("Head", "none", None), "another person may lie there"
    first = say(needing, "Head", "good", 0.5)
    await eventually(lambda: pictures(needing)[0] == {"name": "Head", "seq": first})
    second = say(needing, "Head", "good", 0.7)
    await eventually(lambda: pictures(needing)[0] == {"name": "Head", "seq": second})
    assert needing.visit.progress["keeps"] == "yes"
    response = await needing.http.get(needing.url / "api/best/Head.jpg")
    jpeg = cv2.imdecode(np.frombuffer(await response.read(), np.uint8), cv2.IMREAD_COLOR)
    assert jpeg is not None
    assert (response.content_type, jpeg.shape) == ("image/jpeg", (360, 480, 3))
    assert (await needing.http.get(needing.url / "api/best/Femur.jpg")).status == 404
    await needing.post("api/session/end")
    assert (reached(needing)[0], pictures(needing)[0]) == (("Head", "none", None), None)


def pictures(hub: Hub) -> list[Any]:
    """The picture of each plane."""
    assert hub.visit.progress is not None
    return [plane["picture"] for plane in hub.visit.progress["planes"]]


async def test_without_consent_no_picture_is_kept_and_that_is_said(needing: Hub) -> None:
    """Levels are remembered all the same."""
    await needing.start_session(consent=False)
    say(needing, "Head", "good", 0.5)
    assert (needing.visit.progress or {})["keeps"] == "no_consent"
    assert (reached(needing)[0], pictures(needing)[0]) == (("Head", "good", 0.5), None)


async def test_a_server_that_comes_back_goes_on_where_it_was(needing: Hub, start_hub: StartHub) -> None:
    """What is kept of the session that runs counts again."""
    await needing.start_session()
    seq = say(needing, "Head", "good", 0.5)
    await eventually(lambda: pictures(needing)[0] is not None)
    await needing.stop()
    again = await start_hub(customs=Customs(Who("P1", "explain"), planes=PLANES))
    await eventually(lambda: again.visit.keeps)
    assert reached(again)[0] == ("Head", "good", 0.5)
    assert pictures(again)[0] == {"name": "Head", "seq": seq}


async def test_pages_with_the_verdict_are_told_and_the_control_arm_is_not(needing: Hub) -> None:
    """The state of `explain` and `verdict` has it; that of `video` has nothing of the AI."""
    say(needing, "Head", "good", 0.5)
    for view, has_it in (("explain", True), ("verdict", True), ("video", False)):
        state = await (await needing.page(view)).until("state")
        assert (state["progress"] is not None) is has_it
        if has_it:
            assert state["progress"]["planes"][0] == {"name": "Head", "level": "good", "score": 0.5, "picture": None}


async def test_no_needed_planes_is_no_progress(hub: Hub) -> None:
    """The setting is empty by itself: pages then have no strip."""
    assert (await (await hub.page("explain")).until("state"))["progress"] is None
    assert (await hub.get("api/state"))["progress"] is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["none", "poor", "near", "good"]), st.sampled_from([None, 10**400]) | st.floats(0, 1))
    )
)
def test_what_was_reached_is_never_lost(said: list[tuple[str, float | None]]) -> None:
    """Whatever comes, the level is the best one said, and its score the highest number at that level."""
    progress, frame = Progress(["Head"]), Scanner().shoot()
    for level, score in said:
        progress.saw(result_of(frame, verdict={"label": "head", "level": level, "score": score}))
    for strange in (
        {},
        {"label": 7},
        {"label": "head", "level": ["good"]},
        {"label": "head", "level": "x", "score": "?"},
    ):
        progress.saw(result_of(frame, verdict=strange))
    told = progress.as_json({}, "no_session")
    assert told is not None
    best_level = next((level for level in ("good", "near") if level in [one for one, _ in said]), "none")
    scores = [score for level, score in said if level == best_level and score not in (None, 10**400)]
    assert told["planes"][0]["level"] == best_level
    assert told["planes"][0]["score"] == (max(scores) if scores and best_level != "none" else None)
