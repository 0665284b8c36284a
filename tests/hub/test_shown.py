"""Which verdict a person saw, and when."""

from typing import Any

from tests.hub.conftest import Client, Hub, eventually

from bedside.session.paths import Paths
from bedside.session.recorded import Recorded


async def shown(hub: Hub, paths: Paths) -> list[dict[str, Any]]:
    """The marks of what pages showed."""
    await hub.visit.scribe.sync()
    return [mark for mark in Recorded(paths.folder).marks if mark["mark"] == "shown"]


async def painted(page: Client, seq: int, age_ms: float | None = 80.0) -> None:
    """The page says that it painted an answered picture, and the server has heard it."""
    await page.until("picture", stream="answer", seq=seq)
    await page.say(type="painted", stream="answer", seq=seq, age_ms=age_ms)
    await page.say(type="ping", id=seq)
    await page.until("pong", id=seq)


async def test_each_change_of_the_verdict_that_a_page_painted_is_a_mark(hub: Hub) -> None:
    """With the age at which it was painted; a verdict that stays, and one that was not painted, are none."""
    paths = await hub.start_session()
    page = await hub.page("explain", answer=320)
    steps = [("head", "near", 80.0), ("head", "near", 70.0), ("head", "good", 60.0), ("femur", "good", None)]
    frames = []
    for label, level, age_ms in [*steps, ("femur", "good", 50.0)]:
        frames.append(hub.shoot())
        hub.answer(frames[-1], verdict={"label": label, "level": level})
        await painted(page, frames[-1].seq, age_ms)
    frames.append(hub.shoot())
    hub.answer(frames[-1], error="the model failed")
    await painted(page, frames[-1].seq)
    found = await shown(hub, paths)
    assert [(mark["seq"], mark["label"], mark["level"], mark["age_ms"]) for mark in found] == [
        (frames[0].seq, "head", "near", 80.0),
        (frames[2].seq, "head", "good", 60.0),
        (frames[4].seq, "femur", "good", 50.0),
        (frames[5].seq, None, None, 80.0),
    ]
    assert found[0]["captured_ns"] == frames[0].captured_ns
    assert (found[0]["view"], found[0]["engine"]) == ("explain", "pcbm")


async def test_a_page_is_named_the_same_in_its_hello_and_in_the_marks(hub: Hub) -> None:
    """So feedback of a page and what it showed can be joined; two pages have two names."""
    paths = await hub.start_session()
    names = []
    for _ in range(2):
        socket = await hub.http.ws_connect(hub.url / "live")
        names.append((await socket.receive_json())["page"])
        await socket.close()
    await eventually(lambda: not sum(hub.feed.viewers.values()))
    await hub.visit.scribe.sync()
    pages = [mark for mark in Recorded(paths.folder).marks if mark["mark"] == "page"]
    assert [(mark["page"], mark["event"]) for mark in pages] == [
        (names[0], "opened"),
        (names[0], "closed"),
        (names[1], "opened"),
        (names[1], "closed"),
    ]
    assert names[0] != names[1]


async def test_a_verdict_that_travels_alone_is_shown_when_it_is_sent(hub: Hub) -> None:
    """A view that shows the verdict beside the live picture gets it as text; a view without verdicts shows none."""
    paths = await hub.start_session()
    page = await hub.page("verdict")
    await hub.page("video", live=320)
    await hub.visit.scribe.sync()
    before = hub.visit.scribe.kept.marks
    frame = hub.shoot()
    hub.answer(frame, verdict={"label": "head", "level": "good"})
    await page.until("result", seq=frame.seq)
    await eventually(lambda: hub.visit.scribe.kept.marks > before)
    found = await shown(hub, paths)
    assert [(mark["view"], mark["label"]) for mark in found] == [("verdict", "head")]
