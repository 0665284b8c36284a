"""The scale that a person sets on the scanner's ruler."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.conftest import Hub, StartHub
from tests.schemas import check_session

from bedside.hub.calibration import Calibration
from bedside.messages import Scale
from bedside.session.recorded import Recorded

RULER = {"x1": 0.9, "y1": 0.1, "x2": 0.9, "y2": 0.85, "distance_mm": 90}
"""On a picture of 320 x 240: 180 pixels."""
NOBODY = {"pixel_spacing_mm": None, "source": "none", "set_wall_ns": None, "distance_mm": None, "picture_px": None}


async def test_two_marks_of_the_ruler_set_the_scale(hub: Hub) -> None:
    """Distance by pixels between the marks, of square pixels; engines are told at once, and so is every page."""
    told: list[Scale | None] = []
    hub.feed.calibration.tell = told.append
    page = await hub.page("explain")
    frame = hub.shoot()
    assert await hub.get("api/spacing") == NOBODY | {"dropped": ""}
    status, said = await hub.post("api/spacing", seq=frame.seq, **RULER)
    assert (status, said["pixel_spacing_mm"], said["source"], said["picture_px"]) == (201, 0.5, "ruler", [320, 240])
    assert told == [Scale(0.5, (320, 240))]
    assert await hub.get("api/spacing") == said
    state = await page.until("state", spacing=said)
    assert state["spacing"]["set_wall_ns"] > frame.wall_ns
    status, said = await hub.post("api/spacing", x1=0.1, y1=0.1, x2=0.4, y2=0.7, distance_mm=100)
    assert said["pixel_spacing_mm"] == pytest.approx(100 / (96**2 + 144**2) ** 0.5, abs=1e-6)


async def test_it_can_be_removed(start_hub: StartHub) -> None:
    """Then engines are told the setting's again."""
    hub = await start_hub()
    hub.feed.calibration = Calibration(0.2, lambda _: None)
    told: list[Scale | None] = []
    hub.feed.calibration.tell = told.append
    hub.shoot()
    assert (await hub.get("api/spacing"))["source"] == "setting"
    await hub.post("api/spacing", **RULER)
    status, said = await hub.post("api/spacing/remove")
    assert (status, said["pixel_spacing_mm"], said["source"], said["dropped"]) == (200, 0.2, "setting", "")
    assert told[-1] is None


async def test_another_size_of_picture_drops_it(hub: Hub) -> None:
    """A pixel is another one then; the page is told what to do."""
    told: list[Scale | None] = []
    hub.feed.calibration.tell = told.append
    hub.shoot()
    await hub.post("api/spacing", **RULER)
    hub.scanner.width = 640
    hub.shoot()
    said = await hub.get("api/spacing")
    assert said == NOBODY | {"dropped": "the picture is 640x240 now, and was 320x240; set the scale anew"}
    assert told[-1] is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"y2": 0.12}, "the two marks are 5 pixels apart; expected 24 or more, take marks that are further apart"),
        ({"distance_mm": 900}, "900 mm over 180 pixels is 5 mm a pixel; expected 0.02 to 2"),
        ({"distance_mm": 2}, "2 mm over 180 pixels is 0.0111 mm a pixel; expected 0.02 to 2"),
        ({"distance_mm": 0}, "distance_mm is '0'; expected a number from 1 to 1000"),
        ({"distance_mm": "9 cm"}, "distance_mm is '9 cm'; expected a number from 1 to 1000"),
        ({"distance_mm": True}, "distance_mm is 'True'; expected a number from 1 to 1000"),
        ({"x1": 1.5}, "x1 is '1.5'; expected a number from 0 to 1"),
        ({"y1": None}, "y1 is 'None'; expected a number from 0 to 1"),
        ({"seq": "newest"}, "seq is 'newest'; expected the frame's number"),
    ],
)
async def test_nonsense_is_refused_with_a_sentence(hub: Hub, change: dict[str, Any], sentence: str) -> None:
    """400, and nothing is set."""
    hub.shoot()
    status, said = await hub.post("api/spacing", **{**RULER, **change})
    assert (status, said["error"].startswith(sentence)) == (400, True), said
    assert hub.feed.calibration.measured is None


async def test_marks_on_a_picture_that_is_gone_set_nothing(hub: Hub) -> None:
    """409 before the first picture, for one that nobody knows, and where the size has changed since."""
    assert (await hub.post("api/spacing", **RULER))[0] == 409
    old = hub.shoot()
    assert (await hub.post("api/spacing", seq=999, **RULER))[1]["error"].startswith("that picture is gone")
    hub.scanner.height = 480
    hub.shoot()
    status, said = await hub.post("api/spacing", seq=old.seq, **RULER)
    assert (status, said["error"].startswith("the picture's size has changed since")) == (409, True)


async def test_marks_on_a_held_picture_count_after_minutes(hub: Hub) -> None:
    """A person who holds the picture may take all the time that it takes to hit the ruler."""
    frame = hub.shoot()
    page = await hub.page("explain")
    await page.say(type="hold", seq=frame.seq)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    for _ in range(400):
        hub.shoot()
    assert hub.feed.recall.frame(frame.seq) is None
    assert (await hub.post("api/spacing", seq=frame.seq, **RULER))[0] == 201


async def test_a_session_keeps_each_change_of_the_scale(hub: Hub) -> None:
    """What holds at its start, what is set, what is dropped: marks that the reference describes."""
    hub.shoot()
    await hub.post("api/spacing", **RULER)
    paths = await hub.start_session()
    await hub.post("api/spacing", **{**RULER, "distance_mm": 45})
    hub.scanner.width = 640
    hub.shoot()
    await hub.post("api/spacing", **RULER)
    await hub.post("api/spacing/remove")
    await hub.post("api/session/end")
    found = [mark for mark in Recorded(paths.folder).marks if mark["mark"] == "spacing"]
    assert [(mark["why"], mark["pixel_spacing_mm"]) for mark in found] == [
        ("start", 0.5),
        ("set", 0.25),
        ("size", None),
        ("set", 0.5),
        ("removed", None),
    ]
    assert (found[1]["points"], found[1]["distance_mm"]) == ([0.9, 0.1, 0.9, 0.85], 45)
    check_session(paths.folder)


@given(st.lists(st.one_of(st.just("remove"), st.tuples(st.integers(1, 3), st.integers(1, 3)))))
def test_what_engines_are_told_is_what_pages_are_told(deeds: list[Any]) -> None:
    """In whatever order a scale is set, removed, and pictures of other sizes come."""
    told: list[Scale | None] = [None]
    calibration = Calibration(0.0, lambda _: None)
    calibration.tell = told.append
    for deed in deeds:
        if deed == "remove":
            calibration.remove()
            continue
        wide, high = deed
        calibration.saw(wide, high)
        calibration.set(Scale(wide / 10, (wide, high)), (0.0, 0.0, 1.0, 1.0), 10)
        calibration.saw(wide, high)
    assert calibration.pixel_spacing_mm == (told[-1].pixel_spacing_mm if told[-1] else None)
