"""Snapshots: the exact picture that a person saw, kept in the session."""

import asyncio
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.hub.conftest import Hub, StartHub, eventually, live

from bedside.messages import RecorderState, RecorderStatus, Signal, Status
from bedside.session import wanted
from bedside.session.desk import Desk
from bedside.session.recorder_file import RecorderFile

VERDICT = {"label": "head", "level": "good", "score": 0.9}


async def post(hub: Hub, **body: Any) -> tuple[int, dict[str, Any]]:
    """The status and body of a snapshot."""
    response = await hub.http.post(hub.url / "api/snapshot", json=body)
    return response.status, await response.json()


def pixels_in(png: bytes) -> NDArray[np.uint8]:
    """The RGB pixels of a PNG."""
    stored = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), dtype=np.uint8)


async def test_a_snapshot_is_exactly_the_pixels_that_were_answered(hub: Hub, tmp_path: Path) -> None:
    """Also when the ring has long moved on: the PNG decodes to the engine's own picture, its answer lies beside it."""
    frame = hub.shoot()
    pixels = hub.scanner.ring[frame.seq].copy()
    mask = np.eye(40, dtype=np.uint8)
    hub.answer(frame, verdict=VERDICT, mask=mask, labels=["background", "skull"])
    for _ in range(10):
        hub.shoot()
    status, kept = await post(hub, seq=frame.seq, engine="pcbm", view="explain")
    assert (status, kept["seq"], kept["name"]) == (201, frame.seq, f"{frame.seq}_pcbm")
    png = tmp_path / "sessions" / kept["path"]
    assert np.array_equal(pixels_in(png.read_bytes()), pixels)
    about = json.loads(png.with_suffix(".json").read_text())
    assert (about["seq"], about["view"], about["source"]) == (frame.seq, "explain", {"url": "synthetic:"})
    assert about["captured_wall_ns"] == frame.wall_ns
    assert about["result"]["answer"] == {"verdict": VERDICT, "labels": ["background", "skull"]}
    assert about["result"]["missing"] == {}
    assert (about["captured_ns"], about["result"]["timing"]["captured_ns"]) == (frame.captured_ns, frame.captured_ns)
    stored = cv2.imread(str(png.with_suffix(".mask.png")), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.asarray(stored), mask)


@pytest.mark.parametrize(
    "mask", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 2), np.uint8)], ids=["floats", "channels"]
)
async def test_a_mask_that_is_none_costs_no_picture(hub: Hub, mask: NDArray[Any]) -> None:
    """The snapshot is kept with the rest of the answer."""
    frame = hub.shoot()
    hub.answer(frame, verdict=VERDICT, mask=mask)
    status, kept = await post(hub, seq=frame.seq, engine="pcbm", view="explain")
    assert (status, kept["engine"]) == (201, "pcbm")


async def test_a_live_picture_is_kept_while_the_ring_has_it(hub: Hub) -> None:
    """Without an engine the picture comes out of the ring, unchanged, and can be fetched again."""
    frame = hub.shoot()
    status, kept = await post(hub, seq=frame.seq, engine=None, view="video")
    assert status == 201
    png = await (await hub.http.get(hub.url / "api/snapshots" / f"{kept['name']}.png")).read()
    assert np.array_equal(pixels_in(png), hub.scanner.ring[frame.seq])


async def test_what_a_slow_page_still_shows_can_be_kept(hub: Hub, tmp_path: Path) -> None:
    """A tablet that is many answers behind keeps the very picture that is on its screen."""
    page = await hub.page("explain", answer=320)
    frame = hub.shoot()
    pixels = hub.scanner.ring[frame.seq].copy()
    hub.answer(frame)
    assert (await page.until("picture", stream="answer"))["seq"] == frame.seq
    for _ in range(20):
        hub.answer(hub.shoot())
    status, kept = await post(hub, seq=frame.seq, engine="pcbm", view="explain")
    assert (status, kept["engine"]) == (201, "pcbm"), kept
    assert np.array_equal(pixels_in((tmp_path / "sessions" / kept["path"]).read_bytes()), pixels)


async def test_a_picture_that_is_gone_is_said_to_be_gone(hub: Hub, tmp_path: Path) -> None:
    """409 and one sentence, and no folder is made for it."""
    frame = hub.shoot()
    for _ in range(10):
        hub.shoot()
    for seq in (frame.seq, 99_999):
        status, body = await post(hub, seq=seq, engine=None, view="video")
        assert (status, body) == (409, {"error": "that picture is gone; tap again while it is on the screen"})
    assert not (tmp_path / "sessions").exists()


async def test_the_signal_is_that_of_the_frame(hub: Hub, tmp_path: Path) -> None:
    """A frame that was frozen stays so in its answer and in its snapshot, whatever the signal is by then."""
    page = await hub.page("explain", answer=320)
    frame = hub.scanner.shoot(signal=Signal.FROZEN)
    hub.feed.put(frame)
    hub.feed.put(live())
    hub.answer(frame, verdict=VERDICT)
    assert (await page.until("picture", stream="answer"))["signal"] == "frozen"
    _, kept = await post(hub, seq=frame.seq, engine="pcbm", view="explain")
    about = json.loads((tmp_path / "sessions" / kept["path"]).with_suffix(".json").read_text())
    assert about["signal"] == "frozen"


async def test_numbers_that_start_again_name_other_pictures(hub: Hub) -> None:
    """After a broadcaster that counts from 1 again, a snapshot is of its frame, and the one kept before stays."""
    names = []
    for colour in (10, 20):
        hub.scanner.seq = 0
        frame = hub.scanner.shoot()
        hub.scanner.ring[frame.seq][:] = colour
        hub.feed.put(frame)
        if colour == 10:
            hub.answer(frame)
        status, kept = await post(hub, seq=frame.seq, engine=None, view="video")
        assert status == 201
        names.append(kept["name"])
    for name, colour in zip(names, (10, 20), strict=True):
        png = await (await hub.http.get(hub.url / "api/snapshots" / f"{name}.png")).read()
        assert np.all(pixels_in(png) == colour)


async def test_without_a_number_the_newest_is_kept(hub: Hub) -> None:
    """`seq` null is the newest frame; before the first one there is none."""
    status, body = await post(hub, seq=None)
    assert (status, body["error"]) == (409, "the picture is not there; wait until one is on the screen")
    hub.shoot()
    frame = hub.shoot()
    status, kept = await post(hub, seq=None)
    assert (status, kept["seq"]) == (201, frame.seq)


async def test_a_screen_that_may_show_names_is_neither_kept_nor_sent(hub: Hub) -> None:
    """By its number or without, answered or not; a page that comes now gets no picture; nothing is held of it."""
    page = await hub.page("explain", live=320, answer=320)
    first, second = hub.shoot(), hub.shoot()
    hub.answer(first, verdict=VERDICT)
    await page.say(type="hold", seq=first.seq)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    hub.feed.put(Status(Signal.WITHHELD, "names may show"))
    hub.answer(second, verdict=VERDICT)
    for seq in (None, first.seq):
        assert (await post(hub, seq=seq, engine="pcbm", view="explain"))[0] == 409
    assert "is withheld" in (await post(hub, seq=None))[1]["error"]
    late = await hub.page("explain", live=320, answer=320)
    assert not [message for message in await late.everything(0.5) if message["type"] == "picture"]
    hub.feed.put(live())
    hub.shoot()
    assert (await late.until("picture", stream="live"))["seq"] > second.seq


async def test_what_a_person_held_long_before_stays(hub: Hub) -> None:
    """The scanner's list opens while a good picture is held: that one was seen before it, and can be kept."""
    page = await hub.page("explain", live=320, answer=320)
    frame = hub.scanner.shoot(age_ms=5000)
    hub.feed.put(frame)
    await page.say(type="hold", seq=frame.seq)
    await eventually(lambda: hub.feed.recall.pixels(frame.seq) is not None)
    hub.feed.put(Status(Signal.WITHHELD, "names may show"))
    assert (await post(hub, seq=frame.seq, engine=None, view="video"))[0] == 201


@pytest.mark.parametrize("is_answered", [True, False], ids=["answered", "live"])
async def test_a_picture_that_a_person_holds_stays(hub: Hub, is_answered: bool) -> None:
    """A page that holds a picture can have it kept minutes later, with its answer; after release it is let go."""
    page = await hub.page("explain", live=320, answer=320)
    frame = hub.shoot()
    pixels = hub.scanner.ring[frame.seq].copy()
    if is_answered:
        hub.answer(frame, verdict=VERDICT)
    await page.say(type="hold", seq=frame.seq)
    await eventually(lambda: hub.feed.recall.pixels(frame.seq) is not None)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    for _ in range(20):
        hub.answer(hub.shoot())
    status, kept = await post(hub, seq=frame.seq, engine="pcbm", view="explain")
    assert (status, kept["name"]) == (201, f"{frame.seq}_pcbm" if is_answered else str(frame.seq))
    png = await (await hub.http.get(hub.url / "api/snapshots" / f"{kept['name']}.png")).read()
    assert np.array_equal(pixels_in(png), pixels)
    await page.say(type="hold", seq=None)
    for _ in range(2):  # until others are on its screen
        picture = await page.until("picture", stream="answer")
        await page.say(type="painted", stream="answer", seq=picture["seq"], age_ms=1)
        hub.answer(hub.shoot())
    await eventually(lambda: hub.feed.recall.pixels(frame.seq) is None)


async def test_snapshots_are_listed_in_their_order(hub: Hub) -> None:
    """The list is empty before the first, then has each with its frame, engine and view."""
    url = hub.url / "api/snapshots"
    assert await (await hub.http.get(url)).json() == {"snapshots": []}
    for view in ("explain", "video"):
        frame = hub.shoot()
        await post(hub, seq=frame.seq, view=view)
    listed = (await (await hub.http.get(url)).json())["snapshots"]
    assert [(mark["seq"], mark["engine"], mark["view"]) for mark in listed] == [
        (1, None, "explain"),
        (2, None, "video"),
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"seq": "7"}, "seq is '7'; expected the frame's number, or null for the newest"),
        ({"seq": True}, "seq is 'True'; expected the frame's number, or null for the newest"),
        ({"seq": 1, "engine": "other"}, "engine is 'other'; expected pcbm or bpd or null"),
        ({"seq": 1, "engine": ["pcbm"]}, "engine is \"['pcbm']\"; expected pcbm or bpd or null"),
        ({"seq": 1, "view": "other"}, "view is 'other'; expected explain, verdict, video or monitor"),
        ({"seq": 1, "view": {}}, "view is '{}'; expected explain, verdict, video or monitor"),
    ],
)
async def test_a_wrong_field_is_one_sentence(hub: Hub, body: dict[str, Any], sentence: str) -> None:
    """400 with the field, its value and what was expected."""
    assert await post(hub, **body) == (400, {"error": sentence})


async def test_a_folder_that_cannot_be_written_stops_nothing_else(start_hub: StartHub, tmp_path: Path) -> None:
    """507 and one sentence on the page; pictures go on."""
    (tmp_path / "file").write_text("not a folder")
    hub = await start_hub(desk=Desk(tmp_path / "file" / "sessions"))
    page = await hub.page("video", live=320)
    frame = hub.shoot()
    status, body = await post(hub, seq=frame.seq)
    assert status == 507
    assert body["error"].startswith(f"{tmp_path / 'file' / 'sessions' / '.live'} cannot be written: Not a directory;")
    assert (await page.until("picture"))["seq"] == frame.seq


async def test_a_snapshot_starts_a_session_where_none_runs(hub: Hub) -> None:
    """Without arm, consent and video, and the page's address leads where it led before; the next goes into the same."""
    names = []
    for _ in range(2):
        frame = hub.shoot()
        status, kept = await post(hub, seq=frame.seq, view="video")
        assert (status, kept["clip"]) == (201, False)
        names.append(kept["path"].partition("/")[0])
    session = (await hub.get("api/session"))["session"]
    assert names == [session["name"]] * 2
    assert (session["participant"], session["arm"], session["consent"], session["recording"]) == ("P1", "", None, False)
    assert (await hub.http.get(hub.url, allow_redirects=False)).headers["Location"] == "/view/explain?follow=arm"


async def test_two_taps_at_once_start_one_session(hub: Hub) -> None:
    """Whoever comes second keeps its picture in the session that the first one started."""
    frame = hub.shoot()
    kept = await asyncio.gather(*(post(hub, seq=frame.seq, view=view) for view in ("video", "explain", "verdict")))
    assert [status for status, _ in kept] == [201] * 3
    assert len({body["path"].partition("/")[0] for _, body in kept}) == 1


async def test_a_tap_waits_for_the_files_of_a_session_that_is_being_opened(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that somebody has just started takes the picture as soon as its files are open."""
    opening, go_on, open_files = asyncio.Event(), asyncio.Event(), hub.visit.scribe.open

    async def slow_open(folder: Path) -> bool:
        opening.set()
        await go_on.wait()
        return await open_files(folder)

    monkeypatch.setattr(hub.visit.scribe, "open", slow_open)
    starting = asyncio.create_task(hub.start_session())
    await opening.wait()
    tap = asyncio.create_task(hub.visit.ensure())
    await asyncio.sleep(0)
    go_on.set()
    assert (await tap).folder == (await starting).folder


async def test_the_recorder_is_asked_for_the_seconds_before(hub: Hub) -> None:
    """Where it runs and the participant agreed; what it is asked names the snapshot and the time of its frame."""
    live_files = hub.visit._desk.live
    recorder = RecorderFile(live_files)
    recorder.write(RecorderStatus(RecorderState.IDLE))
    await eventually(lambda: hub.visit.recorder is not None)
    await hub.start_session(consent=True)
    frame = hub.shoot()
    _, kept = await post(hub, seq=frame.seq)
    recorder.close()
    assert kept["clip"] is True
    assert wanted.read(live_files).clips == (wanted.Clip(kept["name"], frame.captured_ns),)
    await hub.post("api/session/end")
    await hub.start_session(consent=False)
    assert (await post(hub, seq=None))[1]["clip"] is False
    assert wanted.read(live_files).clips == ()
