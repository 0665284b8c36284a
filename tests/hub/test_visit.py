"""The running session, as a real server keeps it."""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from tests.hub.conftest import DEADLINE_S, Hub, StartHub, eventually, live, ready
from tests.schemas import check_session
from tests.small_disk import small_disk

from bedside import clock
from bedside.errors import SessionError
from bedside.hub import scribe
from bedside.hub.running import Customs
from bedside.hub.scribe import LINES_WAITING
from bedside.messages import EngineState, RecorderState, RecorderStatus, Signal, Status
from bedside.session.desk import Desk, Who, With
from bedside.session.paths import Paths
from bedside.session.questionnaire import load_all
from bedside.session.recorded import Recorded
from bedside.session.recorder_file import RecorderFile

MASK = np.eye(40, dtype=np.uint8)
MADE_WITH = With({"session": {"folder": "sessions"}}, {"bedside": "0.1.0"}, {"pcbm": {"path": "x", "sha256": "0" * 64}})


def verdict(label: str = "head", level: str = "near", score: float = 0.5) -> dict[str, Any]:
    """What a model says."""
    return {"label": label, "level": level, "score": score}


async def written(hub: Hub) -> None:
    """All that was handed over lies in the files."""
    await hub.visit.scribe.sync()


def kinds(paths: Paths) -> list[str]:
    """The marks' kinds in their order."""
    return [mark["mark"] for mark in Recorded(paths.folder).marks]


def marks(paths: Paths, kind: str) -> list[dict[str, Any]]:
    """The marks of one kind."""
    return [mark for mark in Recorded(paths.folder).marks if mark["mark"] == kind]


async def test_every_result_of_a_session_is_kept_with_its_mask(hub: Hub) -> None:
    """Each line names its frame and its verdict, and has the engine's own mask; before and after, nothing is kept."""
    hub.answer(hub.shoot(), verdict=verdict())
    paths = await hub.start_session()
    frames = [hub.shoot() for _ in range(3)]
    for frame in frames:
        hub.answer(
            frame, verdict=verdict(), mask=MASK * frame.seq, labels=["background", "skull"], odd=np.float32("nan")
        )
    hub.answer(frames[-1], "bpd", error="the model failed")
    await hub.post("api/session/end")
    hub.answer(hub.shoot(), verdict=verdict())
    await written(hub)
    session = Recorded(paths.folder)
    lines = list(session.results.lines)
    assert [(line["seq"], line["captured_ns"], line["engine"]) for line in lines] == [
        *((frame.seq, frame.captured_ns, "pcbm") for frame in frames),
        (frames[-1].seq, frames[-1].captured_ns, "bpd"),
    ]
    assert [line["wall_ns"] for line in lines[:3]] == [frame.wall_ns for frame in frames]
    assert (lines[0]["label"], lines[0]["level"], lines[0]["score"], lines[0]["signal"]) == (
        "head",
        "near",
        0.5,
        "live",
    )
    assert lines[0]["answer"]["odd"] is None and lines[0]["mask_missing"] == ""
    assert lines[3]["error"] == "the model failed"
    for line, frame in zip(lines, frames, strict=False):
        mask = session.results.mask(line)
        assert mask is not None and np.array_equal(mask, MASK * frame.seq)


async def test_what_the_server_writes_is_as_the_reference_says(start_hub: StartHub) -> None:
    """Each kind of file and of mark that a server writes fits its schema in docs/reference/session.md."""
    hub = await start_hub(customs=Customs(questionnaires=load_all(("likert",), Path()), made_with=lambda: MADE_WITH))
    recorder = RecorderFile(hub.visit._desk.live)
    recorder.write(RecorderStatus(RecorderState.IDLE))
    hub.feed.put(ready())
    paths = await hub.start_session(consent=True, recording=True)
    page = await hub.page("explain", answer=320)
    frame = hub.shoot()
    hub.answer(frame, verdict=verdict(level="good"), mask=MASK, labels=["a"])
    hub.answer(frame, "bpd", error="the model failed")
    await page.until("picture", stream="answer")
    await page.say(type="painted", stream="answer", seq=frame.seq, age_ms=50)
    await hub.post("api/snapshot", seq=frame.seq, engine="pcbm", view="explain")
    await hub.post("api/snapshot", seq=None)
    for said in ({"feedback": "thumb", "value": "up"}, {"feedback": "concept", "name": "a", "value": 1}):
        assert (await hub.post("api/feedback", **said))[0] == 201
    hub.feed.put(Status(Signal.STALLED))
    await page.socket.close()
    await eventually(lambda: not hub.feed.viewers["explain"])
    await hub.post("api/session/end")
    answers = {"answers": dict.fromkeys(("understood", "helped", "distracted", "trusted"), 3)}
    assert (await hub.post(f"api/sessions/{paths.folder.name}/questionnaires/likert", **answers))[0] == 201
    recorder.close()
    assert check_session(paths.folder) > 20
    assert set(kinds(paths)) == {
        *("start", "end", "recording", "recorder", "signal", "engine", "page", "shown", "snapshot", "best"),
        *("feedback", "questionnaire"),
    }
    assert len(pandas.read_json(paths.marks, lines=True)) == len(kinds(paths))
    assert list(pandas.read_json(paths.results(), lines=True).engine) == ["pcbm", "bpd"]


async def test_the_marks_tell_the_session(hub: Hub) -> None:
    """Start, how things stand, each change of signal and engines, pages, and the end, in order of monotonic time."""
    hub.feed.put(live())
    hub.feed.put(ready())
    page = await hub.page("explain")
    paths = await hub.start_session(arm="verdict")
    for state in (EngineState.BUSY, EngineState.READY, EngineState.DEAD):
        hub.feed.put(ready(state=state, message="it died" if state is EngineState.DEAD else ""))
    hub.feed.put(Status(Signal.UNPLUGGED, "the box is gone"))
    await page.socket.close()
    await eventually(lambda: not hub.feed.viewers["explain"])
    await hub.post("api/session/end")
    start, *_, end = Recorded(paths.folder).marks
    about = Recorded(paths.folder).about
    assert (start["mark"], start["participant"], start["arm"], start["consent"]) == ("start", "P1", "verdict", True)
    assert (start["monotonic_ns"], start["wall_ns"]) == (about["start_monotonic_ns"], about["start_wall_ns"])
    assert end["mark"] == "end"
    assert [mark["signal"] for mark in marks(paths, "signal")] == ["live", "unplugged"]
    engines = [(mark["engine"], mark["state"], mark["message"]) for mark in marks(paths, "engine")]
    assert engines == [("pcbm", "READY", ""), ("bpd", "NEW", ""), ("pcbm", "DEAD", "it died")]
    assert [(mark["view"], mark["event"]) for mark in marks(paths, "page")] == [
        ("explain", "opened"),
        ("explain", "closed"),
    ]
    times = [mark["monotonic_ns"] for mark in Recorded(paths.folder).marks]
    assert times == sorted(times)


async def test_a_session_that_was_started_elsewhere_is_followed(hub: Hub) -> None:
    """What the command line starts and ends, the server keeps, and pages are told."""
    page = await hub.page("explain")
    desk = Desk(hub.visit.root)
    name = desk.start(Who("P7", "verdict", True), With(), recording=True)
    state = await page.until("state")
    while state["session"] is None:
        state = await page.until("state")
    assert {key: state["session"][key] for key in ("name", "participant", "arm", "problem")} == {
        "name": name,
        "participant": "P7",
        "arm": "verdict",
        "problem": "",
    }
    desk.end()
    await eventually(lambda: hub.visit.running is None)
    assert kinds(Paths(hub.visit.root / name))[-1] == "end"
    assert (await hub.get("api/session"))["last"] == name


async def test_the_next_server_goes_on_in_the_same_session(start_hub: StartHub) -> None:
    """One start, one end, one results file: a stop in the middle is a mark of its own."""
    first = await start_hub()
    paths = await first.start_session()
    first.answer(first.shoot(), verdict=verdict())
    await first.stop()
    second = await start_hub()
    await eventually(lambda: second.visit.keeps)
    second.answer(second.shoot(), verdict=verdict())
    await second.post("api/session/end")
    told = kinds(paths)
    assert (told.count("start"), told.count("end"), told[0], told[-1]) == (1, 1, "start", "end")
    assert [mark["event"] for mark in marks(paths, "server")] == ["stopped", "resumed"]
    assert [line["seq"] for line in Recorded(paths.folder).results.lines] == [1, 2]
    check_session(paths.folder)


async def test_a_line_that_a_dying_server_tore_costs_itself_only(start_hub: StartHub, tmp_path: Path) -> None:
    """Results and marks before and after a broken line are whole."""
    desk = Desk(tmp_path / "sessions")
    paths = Paths(tmp_path / "sessions" / desk.start(Who("P1"), With()))
    paths.results().write_text('{"version":1,"seq":1}\n{"version":1,"se')
    paths.marks.write_text('{"mark":"start","wall_ns":1}\n{"mark":"sig')
    hub = await start_hub(desk=desk)
    await eventually(lambda: hub.visit.keeps)
    hub.answer(hub.shoot(), verdict=verdict())
    await hub.post("api/session/end")
    session = Recorded(paths.folder)
    assert [line.get("seq") for line in session.results.lines] == [1, None, 1]
    assert [session.marks[0]["mark"], session.marks[1]["mark"], session.marks[-1]["mark"]] == ["start", "server", "end"]


async def test_of_two_servers_one_keeps_the_session(start_hub: StartHub) -> None:
    """The other says so, writes nothing and refuses what would be lost; it takes over when the first one stops."""
    first = await start_hub()
    paths = await first.start_session()
    second = await start_hub()
    await eventually(lambda: bool(second.visit.problem))
    assert second.visit.problem == (
        "another server keeps this session; stop one of the two, or give them different folders"
    )
    second.answer(second.shoot(), verdict=verdict())
    status, body = await second.post("api/feedback", feedback="note", value="too bright")
    assert (status, body["error"]) == (409, second.visit.problem)
    health = await second.get("health")
    assert ("session", second.visit.problem) == (health["status"], health["problems"][-1]) or health["status"] != "ok"
    await written(second)
    assert len(Recorded(paths.folder).results) == 0
    await first.stop()
    await eventually(lambda: second.visit.keeps)
    assert second.visit.problem == ""


async def test_when_the_disk_is_behind_lines_lose_their_masks_and_say_so(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live path does not wait; what was left out is in the line, in the metrics and in /health."""
    waiting = 7
    monkeypatch.setattr(scribe, "MASK_BYTES_WAITING", waiting * MASK.nbytes)
    paths = await hub.start_session()
    go = threading.Event()
    hub.visit.scribe._pool.submit(go.wait)
    for _ in range(waiting + 5):
        hub.answer(hub.shoot(), verdict=verdict(), mask=MASK)
    go.set()
    await written(hub)
    lines = list(Recorded(paths.folder).results.lines)
    assert [line["mask_missing"] for line in lines] == [""] * waiting + ["behind"] * 5
    assert [line["mask"] is None for line in lines] == [False] * waiting + [True] * 5
    assert b"bedside_session_masks_left_out_total 5.0" in hub.feed.metrics.text()
    assert (await hub.get("health"))["session"]["masks_left_out"] == 5
    hub.answer(hub.shoot(), mask=MASK)
    await written(hub)
    assert Recorded(paths.folder).results.lines[waiting + 5]["mask"] is not None


async def test_what_waits_for_the_disk_is_bounded(hub: Hub) -> None:
    """When not even lines can be written, the oldest wait, later ones are counted as lost, and nothing grows."""
    paths = await hub.start_session()
    await written(hub)
    go = threading.Event()
    hub.visit.scribe._pool.submit(go.wait)
    frame = hub.shoot()
    for _ in range(LINES_WAITING + 7):
        hub.answer(frame)
    go.set()
    await written(hub)
    assert len(Recorded(paths.folder).results) == LINES_WAITING
    assert hub.visit.scribe.kept.results_lost == 7


@pytest.mark.parametrize(("masks", "kept", "beside"), [("snapshots", 0, True), ("none", 0, False), ("all", 1, True)])
async def test_masks_are_kept_as_it_is_set(start_hub: StartHub, masks: str, kept: int, beside: bool) -> None:
    """With `snapshots` beside pictures only, with `none` nowhere; each line says that it was the setting."""
    hub = await start_hub(customs=Customs(masks=masks))
    paths = await hub.start_session()
    frame = hub.shoot()
    hub.answer(frame, verdict=verdict(), mask=MASK)
    assert (await hub.post("api/snapshot", seq=frame.seq, engine="pcbm"))[0] == 201
    await written(hub)
    (line,) = Recorded(paths.folder).results.lines
    assert (line["mask"] is not None, line["mask_missing"]) == (bool(kept), "" if kept else "setting")
    (item,) = Recorded(paths.folder).snapshots
    assert (item.mask is not None) == beside


@pytest.mark.parametrize("mask", [np.zeros((3, 3), np.float32), np.zeros((0, 3), np.uint8), "no mask"])
async def test_a_mask_that_is_none_costs_its_line_nothing(hub: Hub, mask: Any) -> None:
    """The line is kept and says that the mask was unfit."""
    paths = await hub.start_session()
    hub.answer(hub.shoot(), verdict=verdict(), mask=mask)
    await written(hub)
    (line,) = Recorded(paths.folder).results.lines
    assert (line["mask"], line["mask_missing"], line["label"]) == (None, "unfit", "head")


async def test_a_clock_that_is_set_back_changes_no_order(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall times jump as the clock did; monotonic times grow, and the length of the session is true."""
    paths = await hub.start_session()
    hub.answer(hub.shoot(), verdict=verdict())
    hub.feed.put(live())
    real = clock.wall_ns
    monkeypatch.setattr(clock, "wall_ns", lambda: real() - 3_600 * clock.NS_PER_S)
    hub.answer(hub.shoot(), verdict=verdict())
    hub.feed.put(Status(Signal.NO_SIGNAL))
    await hub.post("api/session/end")
    session = Recorded(paths.folder)
    assert [mark["mark"] for mark in session.marks][-1] == "end"
    assert session.marks[-1]["wall_ns"] < session.marks[0]["wall_ns"]
    times = [mark["monotonic_ns"] for mark in session.marks]
    assert times == sorted(times)
    captured = [line["captured_ns"] for line in session.results.lines]
    assert captured == sorted(captured)
    assert 0 <= session.about["end_monotonic_ns"] - session.about["start_monotonic_ns"] < 60 * clock.NS_PER_S


async def test_a_session_can_be_copied_away_while_it_runs(hub: Hub, tmp_path: Path) -> None:
    """The copy is whole up to that moment, and the session goes on unharmed."""
    paths = await hub.start_session()
    hub.answer(hub.shoot(), verdict=verdict(), mask=MASK)
    await written(hub)
    copy = Path(shutil.copytree(paths.folder, tmp_path / "elsewhere"))
    hub.answer(hub.shoot(), verdict=verdict(), mask=MASK)
    await hub.post("api/session/end")
    session = Recorded(copy)
    assert (len(session.results), session.marks[0]["mark"]) == (1, "start")
    mask = session.results.mask(session.results.lines[0])
    assert mask is not None and np.array_equal(mask, MASK)
    assert "end" not in session.about and len(Recorded(paths.folder).results) == 2


async def test_a_folder_that_is_moved_away_stops_nothing_live(hub: Hub, tmp_path: Path) -> None:
    """What cannot be kept is said, what was kept moves along whole, and the next session is as good as any."""
    paths = await hub.start_session()
    hub.answer(hub.shoot(), verdict=verdict())
    await written(hub)
    elsewhere = paths.folder.rename(tmp_path / "elsewhere")
    status, body = await hub.post("api/feedback", feedback="note", value="x")
    assert (status, body["error"]) == (507, "marks.jsonl cannot be written: No such file or directory")
    assert (await hub.get("api/state"))["session"]["problem"] == body["error"]
    page = await hub.page("video", live=320)
    frame = hub.shoot()
    assert (await page.until("picture", seq=frame.seq))["seq"] == frame.seq
    status, body = await hub.post("api/session/end")
    assert (status, "cannot be read: No such file or directory" in body["error"]) == (507, True)
    await eventually(lambda: hub.visit.running is None)
    assert len(Recorded(elsewhere).results) == 1
    after = await hub.start_session()
    assert (await hub.post("api/feedback", feedback="note", value="x"))[0] == 201
    await hub.post("api/session/end")
    check_session(after.folder)


async def test_a_damaged_session_is_said_and_stops_nothing_live(hub: Hub) -> None:
    """A session.json that cannot be read is one sentence on pages and in /health, until it can be, or another runs."""
    desk = Desk(hub.visit.root)
    name = desk.start(Who("P1"), With())
    whole = Paths(hub.visit.root / name).session.read_text()
    Paths(hub.visit.root / name).session.write_text("{")
    await eventually(lambda: "is damaged" in hub.visit.problem)
    assert "session" in (await hub.get("api/session"))["problem"]
    Paths(hub.visit.root / name).session.write_text(whole)
    await eventually(lambda: hub.visit.keeps)
    assert hub.visit.problem == ""


async def test_results_of_a_newer_version_are_refused(hub: Hub) -> None:
    """What a newer Bedside wrote is not guessed at; the rest of the session can still be read."""
    paths = await hub.start_session()
    await written(hub)
    paths.results("new").write_text(json.dumps({"version": 99}) + "\n")
    session = Recorded(paths.folder)
    with pytest.raises(SessionError, match=r"results-new\.jsonl is of version 99 and this Bedside reads up to 1"):
        session.replay("new")
    assert session.marks[0]["mark"] == "start"


async def test_what_the_recorder_does_is_told(hub: Hub) -> None:
    """Pages, marks, metrics and /health say it; a recording that is wanted and not made turns health red."""
    hub.feed.put(live())
    frame = hub.shoot()
    for engine in ("pcbm", "bpd"):
        hub.feed.put(ready(engine))
        hub.answer(frame, engine)
    assert (await hub.get("api/session"))["recorder"] is None
    paths = await hub.start_session(consent=True, recording=True)
    assert (await hub.get("api/session"))["recorder"]["state"] == "gone"
    recorder = RecorderFile(hub.visit._desk.live)
    recorder.write(RecorderStatus(RecorderState.RECORDING, since_ns=clock.monotonic_ns(), frames=7, losses=2))
    await eventually(lambda: hub.visit.recorder is not None and hub.visit.recorder.frames == 7)
    assert (await hub.get("health"))["recorder"]["losses"] == 2
    assert b'bedside_recorder_state{state="recording"} 1.0' in hub.feed.metrics.text()
    recorder.write(RecorderStatus(RecorderState.FAILED, "the disk is full"))
    await eventually(lambda: hub.visit.recorder is not None and hub.visit.recorder.state is RecorderState.FAILED)
    response = await hub.http.get(hub.url / "health")
    body = await response.json()
    assert (response.status, body["status"], body["problems"]) == (503, "recorder", ["the disk is full"])
    assert (await hub.post("api/session/record", on=False))[0] == 200
    assert (await hub.http.get(hub.url / "health")).status == 200
    recorder.close()
    await written(hub)
    assert [mark["on"] for mark in marks(paths, "recording")] == [True, False]
    assert [mark["state"] for mark in marks(paths, "recorder")] == ["gone", "recording", "failed"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    with small_disk(tmp_path / "small", "400k") as folder:
        yield folder


async def test_a_full_disk_stops_nothing_live(start_hub: StartHub, disk: Path) -> None:
    """Pages say it, pictures go on, lines before are whole; with room again, the session says what was lost."""
    hub = await start_hub(desk=Desk(disk / "sessions"))
    paths = await hub.start_session()
    hub.answer(hub.shoot(), verdict=verdict())
    await written(hub)
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(b"x" * 500_000)
    noise = np.random.default_rng(1).integers(0, 255, (300, 300), dtype=np.uint8)
    for _ in range(20):
        hub.answer(hub.shoot(), verdict=verdict(), mask=noise, text="x" * 500)
    await eventually(lambda: hub.visit.scribe.kept.results_lost > 0)
    said = [await hub.post("api/feedback", feedback="note", value="y" * 2000) for _ in range(4)]
    assert said[-1][0] == 507 and ("No space left" in said[-1][1]["error"] or "disk is full" in said[-1][1]["error"])
    page = await hub.page("video", live=320)
    frame = hub.shoot()
    assert (await page.until("picture", seq=frame.seq))["seq"] == frame.seq
    state = await hub.get("api/state")
    assert "No space left" in state["session"]["problem"] or "disk is full" in state["session"]["problem"]
    assert (await hub.get("health"))["session"]["results_lost"] == hub.visit.scribe.kept.results_lost
    filler.unlink()
    answers = 21
    async with asyncio.timeout(DEADLINE_S):
        while hub.visit.problem:
            hub.answer(hub.shoot(), verdict=verdict())
            answers += 1
            await written(hub)
            await asyncio.sleep(0.1)
    problem = marks(paths, "problem")[-1]
    assert problem["results_lost"] == hub.visit.scribe.kept.results_lost > 0
    assert problem["message"]
    lines = list(Recorded(paths.folder).results.lines)
    assert all(line for line in lines)
    assert len(lines) + problem["results_lost"] == answers
    check_session(paths.folder)


async def test_a_fault_that_stays_is_logged_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is on pages and in /health for as long as it lasts, fills no log, and all goes on when it is over."""
    looks: list[None] = []

    def broken(self: Desk) -> None:
        looks.append(None)
        raise ZeroDivisionError("no such number")

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "wanted", broken)
        await eventually(lambda: len(looks) > 3)
        assert "ZeroDivisionError: no such number" in hub.visit.problem
    assert caplog.text.count("the session cannot be followed") == 1
    await eventually(lambda: not hub.visit.problem)
