"""`/api/sessions`: sessions looked at afterwards."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from tests.hour import Length, make_hour, shown
from tests.recording import START_NS, Plan, make_session, mask_of
from yarl import URL

from bedside.hub.outline import outlines
from bedside.hub.review_app import create_review_app
from bedside.hub.server import listening
from bedside.review.listed import Shelf
from bedside.session import wanted
from bedside.session.desk import Desk
from bedside.session.paths import Live
from bedside.session.recorded import Recorded
from bedside.source import counter


@dataclass
class Reviewed:
    """A server of the review, and the session that it shows."""

    url: URL
    http: aiohttp.ClientSession
    folder: Path

    async def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON at an address under the session's."""
        address = f"{self.url}/api/sessions/{self.folder.name}{path}" if not path.startswith("/api") else path
        address = address if address.startswith("http") else f"{self.url}{address}"
        async with self.http.get(URL(address, encoded=True), **options) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def data(self, path: str, **options: Any) -> tuple[aiohttp.ClientResponse, bytes]:
        """The bytes at an address under the session's."""
        address = f"{self.url}/api/sessions/{self.folder.name}{path}"
        async with self.http.get(URL(address, encoded=True), **options) as response:
            return response, await response.read()

    async def note(self, note: object, status: int = 201) -> Any:
        """Sends a note."""
        async with self.http.post(f"{self.url}/api/sessions/{self.folder.name}/notes", json=note) as response:
            assert response.status == status, await response.text()
            return await response.json()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of six seconds in two files, each read only."""
    return make_session(tmp_path_factory.mktemp("sessions"))


@pytest.fixture
async def reviewed(made: Path, tmp_path: Path) -> AsyncIterator[Reviewed]:
    """A copy of it, shown."""
    folder = tmp_path / "sessions" / made.name
    shutil.copytree(made, folder)
    async with served(folder.parent) as (url, http):
        yield Reviewed(url, http, folder)


class served:
    """The review of a folder on a free port, and a client of it."""

    def __init__(self, root: Path, only: Path | None = None) -> None:
        self._listening = listening(create_review_app(Shelf(root, only)), "127.0.0.1", 0)
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> tuple[URL, aiohttp.ClientSession]:
        return URL(f"http://127.0.0.1:{await self._listening.__aenter__()}"), self._http

    async def __aexit__(self, *trouble: Any) -> None:
        await self._http.close()
        await self._listening.__aexit__(*trouble)


def pixels_in(data: bytes) -> Any:
    """A JPEG or PNG as RGB."""
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


async def test_a_session_is_told_as_it_is(reviewed: Reviewed) -> None:
    """The list and the session itself say how long it is, what its video is, and who answered."""
    (listed,) = (await reviewed.get("/api/sessions"))["sessions"]
    assert listed == {
        "name": reviewed.folder.name,
        "start": "2026-11-23T10:53:20.000+00:00",
        "participant": "P1",
        "arm": "explain",
        "duration_s": 6.0,
        "video_s": pytest.approx(5.92),
        "frames": 147,
        "losses": 3,
        "snapshots": 1,
        "best": 3,
        "replays": [],
        "is_running": False,
        "is_ended": True,
        "problem": "",
    }
    session = await reviewed.get("")
    first, second = session.pop("segments")
    about = json.loads((reviewed.folder / "session.json").read_text())
    assert session == {
        "name": reviewed.folder.name,
        "about": about,
        "duration_s": 6.0,
        "engines": ["planes"],
        "replays": [],
        "problem": "",
    }
    assert first == {
        "number": 0,
        "url": f"/api/sessions/{reviewed.folder.name}/video/0",
        "codec": "h264",
        "is_playable": True,
        "start_s": 0.04,
        "end_s": 3.0,
        "first": 0,
        "frames": 72,
        "width": 640,
        "height": 360,
    }
    assert (second["first"], second["frames"], second["start_s"], second["end_s"]) == (72, 75, 3.04, 6.0)


async def test_every_frame_has_its_place(reviewed: Reviewed) -> None:
    """The columns are those of frames.csv, in seconds since the start."""
    columns = await reviewed.get("/frames")
    table = Recorded(reviewed.folder).frames
    assert columns["seq"] == table.seq.tolist()
    assert columns["pts"] == table.pts.tolist()
    assert columns["segment"] == table.segment.tolist()
    assert columns["at_s"] == [round((at - START_NS) / 1e9, 6) for at in table.captured_ns.tolist()]


async def test_the_timeline_says_what_was_when(reviewed: Reviewed) -> None:
    """Signal, losses, verdicts and marks stand at their seconds."""
    timeline = await reviewed.get("/timeline")
    assert timeline["duration_s"] == 6.0
    signal = [(span["signal"], span["from_s"], span["to_s"]) for span in timeline["signal"] if span["from_s"] > 1]
    assert signal == [("frozen", 3.0, 4.0), ("live", 4.0, 6.0)]
    assert timeline["gaps"] == [{"from_s": 1.0, "to_s": 1.12, "count": 3, "where": "mailbox"}]
    (lane,) = timeline["verdicts"]
    assert (lane["engine"], lane["replay"]) == ("planes", "")
    labels = list(dict.fromkeys(span["label"] for span in lane["spans"]))
    assert labels == ["head", "abdomen", "femur"]
    assert [span["level"] for span in lane["spans"][:3]] == ["poor", "near", "good"]
    assert all(one["to_s"] <= other["from_s"] for one, other in zip(lane["spans"], lane["spans"][1:], strict=False))
    marks = {mark["mark"]: mark for mark in timeline["marks"]}
    seq = marks["snapshot"]["seq"]
    assert (marks["snapshot"]["at_s"], marks["snapshot"]["frame"]) == (
        seq / 25,
        Recorded(reviewed.folder).frames.seq.tolist().index(seq),
    )
    assert "answers" not in marks["questionnaire"] and marks["questionnaire"]["scores"] == {"sus": 50.0}


async def test_a_frame_is_exactly_that_frame(reviewed: Reviewed) -> None:
    """The JPEG in any width and the PNG show the number of the row that was asked for; their types are said."""
    table = Recorded(reviewed.folder).frames
    for row in (0, 71, 72, 100, 99, 146):
        response, data = await reviewed.data(f"/frame/{row}.jpg?width=640")
        assert (response.status, response.content_type) == (200, "image/jpeg")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert counter.read(pixels_in(data)) == table.seq[row]
    response, data = await reviewed.data("/frame/30.png")
    assert (response.content_type, counter.read(pixels_in(data))) == ("image/png", table.seq[30])
    assert pixels_in((await reviewed.data("/frame/30.jpg?width=310"))[1]).shape == (180, 320, 3)


async def test_the_video_comes_in_the_parts_that_are_asked_for(reviewed: Reviewed) -> None:
    """A range is that range of the file, and a wrong one is refused."""
    whole = (reviewed.folder / "video-001.mp4").read_bytes()
    response, data = await reviewed.data("/video/1")
    assert (response.status, response.content_type, data) == (200, "video/mp4", whole)
    assert response.headers["Accept-Ranges"] == "bytes"
    response, data = await reviewed.data("/video/1", headers={"Range": "bytes=1000-1999"})
    assert (response.status, data) == (206, whole[1000:2000])
    assert response.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    response, _ = await reviewed.data("/video/1", headers={"Range": f"bytes={len(whole) + 5}-"})
    assert response.status == 416


async def test_results_come_with_the_rows_of_their_frames(reviewed: Reviewed) -> None:
    """Answers are as the live page gets them, masks as outlines; each names its row."""
    results = (await reviewed.get("/results?first=30&count=10"))["results"]
    session = Recorded(reviewed.folder)
    lines = {line["seq"]: line for line in session.results.lines}
    assert [result["frame"] for result in results] == [30, 33, 36, 39]
    for result in results:
        line = lines[int(session.frames.seq[result["frame"]])]
        assert (result["seq"], result["captured_ns"], result["engine"]) == (line["seq"], line["captured_ns"], "planes")
        assert result["answer"]["verdict"] == line["answer"]["verdict"]
        assert result["answer"]["outlines"] == outlines(mask_of(line["seq"]), ["background", "disc"])
        assert result["timing"] == {"model_ms": line["model_ms"], "added_ms": line["added_ms"]}
        assert (result["error"], result["notes"]) == ("", {"edits": [], "is_rejected": False})


async def test_a_replay_has_results_of_its_own(reviewed: Reviewed) -> None:
    """They are asked for by the replay's name and have a lane of the timeline."""
    lines = [line | {"engine": "newer", "label": "other"} for line in Recorded(reviewed.folder).results.lines]
    (reviewed.folder / "results-NEW.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert (await reviewed.get(""))["replays"] == ["NEW"]
    results = (await reviewed.get("/results?first=0&count=4&replay=NEW"))["results"]
    assert {result["engine"] for result in results} == {"newer"}
    lanes = (await reviewed.get("/timeline"))["verdicts"]
    assert [(lane["engine"], lane["replay"]) for lane in lanes] == [("planes", ""), ("newer", "NEW")]
    assert {span["label"] for span in lanes[1]["spans"]} == {"other"}


async def test_items_are_told_with_their_frames_and_served(reviewed: Reviewed) -> None:
    """Each snapshot and best frame names its row; its picture is the very file, and so is a clip where there is one."""
    items = (await reviewed.get("/items"))["items"]
    assert [item["kind"] for item in items] == ["snapshots", "best", "best", "best"]
    table = Recorded(reviewed.folder).frames
    for item in items:
        assert table.seq[item["frame"]] == item["seq"]
        assert (item["at_s"], item["engine"], item["ticked"]) == (item["seq"] / 25, "planes", False)
        assert item["answer"]["outlines"] and item["answer"]["verdict"]
        response = await reviewed.http.get(f"{reviewed.url}{item['png']}")
        assert response.content_type == "image/png"
        assert await response.read() == (reviewed.folder / item["kind"] / f"{item['name']}.png").read_bytes()
        has_clip = (reviewed.folder / item["kind"] / f"{item['name']}.mp4").is_file()
        assert (item["clip"] is not None) == has_clip
    clip = reviewed.folder / "snapshots" / f"{items[0]['name']}.mp4"
    shutil.copy(reviewed.folder / "video-000.mp4", clip)
    item = (await reviewed.get("/items"))["items"][0]
    response = await reviewed.http.get(f"{reviewed.url}{item['clip']}", headers={"Range": "bytes=0-99"})
    assert (response.status, response.content_type, await response.read()) == (
        206,
        "video/mp4",
        clip.read_bytes()[:100],
    )


async def test_notes_stand_beside_the_originals(reviewed: Reviewed) -> None:
    """A tick, an edit and a rejection are kept, come back with the results, and change no file but their own."""
    before = {path: path.read_bytes() for path in reviewed.folder.rglob("*") if path.is_file()}
    item = (await reviewed.get("/items"))["items"][0]
    result = (await reviewed.get("/results?first=30&count=1"))["results"][0]
    key = {name: result[name] for name in ("seq", "captured_ns", "engine")}
    await reviewed.note({"note": "tick", "item": item["item"], "ticked": True})
    await reviewed.note({"note": "comment", "item": item["item"], "text": "the best one"})
    rounded = key | {"captured_ns": key["captured_ns"] + 300}  # as a browser rounds the times of an old machine
    edit = await reviewed.note({"note": "edit", **rounded, "field": "verdict", "value": {"label": "femur"}})
    await reviewed.note({"note": "reject", **key, "rejected": True})
    assert edit["captured_ns"] == key["captured_ns"] and edit["wall_ns"] > 0
    item = (await reviewed.get("/items"))["items"][0]
    assert (item["ticked"], item["comment"]) == (True, "the best one")
    said = (await reviewed.get("/results?first=30&count=1"))["results"][0]["notes"]
    assert (said["is_rejected"], said["edits"]) == (True, [edit])
    assert [note["note"] for note in (await reviewed.get("/notes"))["notes"]] == ["tick", "comment", "edit", "reject"]
    after = {path: path.read_bytes() for path in reviewed.folder.rglob("*") if path.is_file()}
    assert after.pop(reviewed.folder / "review.jsonl").count(b"\n") == 4
    assert after == before


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ([1], "the body is not a JSON object; expected {...}"),
        ({"note": "like"}, "note is 'like'; expected tick, edit, reject, comment"),
        (
            {"note": "tick", "item": "../x", "ticked": True},
            "the item of a tick is '../x'; expected snapshots/NAME or best/NAME",
        ),
    ],
)
async def test_what_is_no_note_is_refused(reviewed: Reviewed, note: object, sentence: str) -> None:
    """Nothing is written, and a sentence says what was expected."""
    assert await reviewed.note(note, 400) == {"error": sentence}
    assert not (reviewed.folder / "review.jsonl").exists()


async def test_where_nothing_can_be_written_the_rest_works(reviewed: Reviewed) -> None:
    """A note that cannot be kept is refused in a sentence."""
    (reviewed.folder / "review.jsonl").mkdir()
    error = (await reviewed.note({"note": "comment", "text": "x"}, 507))["error"]
    assert error == "review.jsonl cannot be written: Is a directory; the note was not kept"
    assert (await reviewed.get("/timeline"))["duration_s"] == 6.0


@pytest.mark.parametrize(
    "path",
    [
        "/api/sessions/..",
        "/api/sessions/..%2f..%2fetc",
        "/api/sessions/.live",
        "/api/sessions/2026-01-01T00-00-00_X1",
        "/api/sessions/%2e%2e/frames",
        "/api/sessions/{name}%00/frames",
        "/api/sessions/{name}/video/7",
        "/api/sessions/{name}/video/-1",
        "/api/sessions/{name}/video/..%2f..%2fsecret.mp4",
        "/api/sessions/{name}/video/%d9%a1",
        "/api/sessions/{name}/items/snapshots/..%2f..%2fsecret.png",
        "/api/sessions/{name}/items/..%2fsnapshots/secret.png",
        "/api/sessions/{name}/items/.%2f/secret.png",
        "/api/sessions/{name}/items/snapshots/link.png",
        "/api/sessions/{name}/items/snapshots/nothing.mp4",
        "/api/sessions/{name}/frame/147.jpg",
        "/api/sessions/{name}/frame/-1.jpg",
        "/api/sessions/{name}/frame/1e3.png",
        "/api/sessions/{name}/frame/99999999999999999999.png",
        "/api/sessions/{name}/results?first=0&count=5&replay=..%2f..%2fx",
        "/api/sessions/{name}/results?first=0&count=5&replay=NEW",
        "/api/sessions/{name}/nothing",
    ],
)
async def test_nothing_outside_of_the_sessions_is_reached(reviewed: Reviewed, path: str) -> None:
    """What is no session, frame, segment or item is 404, with a sentence and without a file's content."""
    for place in (reviewed.folder.parent.parent, reviewed.folder.parent, reviewed.folder):
        for suffix in ("png", "mp4"):
            (place / f"secret.{suffix}").write_bytes(b"what nobody may read")
    (reviewed.folder / "snapshots" / "link.png").symlink_to(reviewed.folder.parent / "secret.png")
    body = await reviewed.get(path.replace("{name}", reviewed.folder.name), 404)
    assert set(body) == {"error"} and "nobody" not in body["error"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "first is 'None'; expected a whole number from 0 to 2147483648"),
        ("first=-1&count=1", "first is '-1'; expected a whole number from 0 to 2147483648"),
        ("first=0&count=1001", "count is '1001'; expected a whole number from 1 to 1000"),
        ("first=0&count=x", "count is 'x'; expected a whole number from 1 to 1000"),
    ],
)
async def test_odd_numbers_are_refused(reviewed: Reviewed, query: str, sentence: str) -> None:
    """400 with a sentence."""
    assert await reviewed.get(f"/results?{query}", 400) == {"error": sentence}
    assert "error" in await reviewed.get("/frame/1.jpg?width=0", 400)


async def test_damage_is_said_and_the_rest_is_shown(reviewed: Reviewed) -> None:
    """A broken session among others, results of a newer version, a torn line and a missing video: each is told."""
    root = reviewed.folder.parent
    (root / "2026-01-01T00-00-00_X1").mkdir()
    (root / "2026-01-01T00-00-01_X1").mkdir()
    (root / "2026-01-01T00-00-01_X1" / "session.json").write_text('{"version": 9')
    (root / "2026-01-01T00-00-02").mkdir()
    (root / "2026-01-01T00-00-02" / "session.json").write_text('{"version": 99, "name": 5}')
    (root / "notes.txt").write_text("not a session")
    problems = {one["name"]: one["problem"] for one in (await reviewed.get("/api/sessions"))["sessions"]}
    assert problems.pop(reviewed.folder.name) == ""
    assert [sentence.partition(str(root))[2].partition(" ")[2] for sentence in problems.values()] == [
        "is of version 99 and this Bedside reads up to 2; read it with a newer Bedside",
        "is damaged: Expecting ',' delimiter: line 1 column 14 (char 13)",
        "is no session: it has no session.json",
    ]
    await reviewed.get("/api/sessions/2026-01-01T00-00-02/timeline", 404)

    (reviewed.folder / "video-000.mp4").unlink()
    with (reviewed.folder / "results.jsonl").open("a") as file:
        file.write('{"version": 1, "seq": 7')
    (reviewed.folder / "results-NEWER.jsonl").write_text('{"version": 7}\n')
    with (reviewed.folder / "marks.jsonl").open("a") as file:
        file.write('{"mark": "feedback", "value": {"x": [NaN, 1e999, 2.5]}, "monotonic_ns": 5001000000000}\n')
    text = (await reviewed.data("/timeline"))[1].decode()
    assert '"value":{"x":[null,null,2.5]}' in text  # what no browser could read is unknown
    session = await reviewed.get("")
    assert [segment["number"] for segment in session["segments"]] == [1]
    assert "results-NEWER.jsonl is of version 7 and this Bedside reads up to 1" in session["problem"]
    assert len((await reviewed.get("/timeline"))["verdicts"]) == 1
    assert (await reviewed.get("/results?first=0&count=4"))["results"]
    assert "has no file of its video segment 0" in (await reviewed.get("/frame/3.jpg", 404))["error"]
    assert (await reviewed.data("/frame/80.jpg"))[0].status == 200


async def test_an_hour_is_shown_whole(tmp_path: Path) -> None:
    """Of 108,000 frames and as many results each is there, and the picture of any of them is exactly that one."""
    length = Length(width=320, height=180, cycle_s=2)
    folder = make_hour(tmp_path / "sessions", length)
    async with served(folder.parent) as (url, http):
        reviewed = Reviewed(url, http, folder)
        session = await reviewed.get("")
        assert [(one["first"], one["frames"]) for one in session["segments"]] == [
            (number * 18_000, 18_000) for number in range(6)
        ]
        columns = await reviewed.get("/frames")
        assert [len(column) for column in columns.values()] == [108_000] * 4
        (lane,) = (await reviewed.get("/timeline"))["verdicts"]
        assert lane["spans"][-1]["to_s"] == pytest.approx(3600, abs=0.1)
        results = (await reviewed.get("/results?first=107900&count=1000"))["results"]
        assert [result["frame"] for result in results] == list(range(107_900, 108_000))
        for row in (107_999, 18_000, 17_999, 54_321):
            _, data = await reviewed.data(f"/frame/{row}.png")
            pixels = cv2.resize(pixels_in(data), (640, 360), interpolation=cv2.INTER_CUBIC)
            assert counter.read(np.asarray(pixels, np.uint8)) == shown(length, row)


async def test_a_session_that_runs_is_shown_and_grows(tmp_path: Path) -> None:
    """What is written while it is looked at is there when it is asked for again."""
    root = tmp_path / "sessions"
    folder = make_session(root, replace(Plan(), is_ended=False))
    rows = (folder / "frames.csv").read_text().splitlines(keepends=True)
    lines = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    (folder / "frames.csv").write_text("".join(rows[:50]))
    (folder / "results.jsonl").write_text("".join(lines[:10]) + lines[10][:40])
    live = Live(root)
    with wanted.changing(live):
        wanted.write(live, wanted.Wanted(folder.name, True, (), wanted.boot_id()))
    async with served(root) as (url, http):
        reviewed = Reviewed(url, http, folder)
        (listed,) = (await reviewed.get("/api/sessions"))["sessions"]
        assert (listed["is_running"], listed["is_ended"], listed["frames"]) == (True, False, 48)
        assert len((await reviewed.get("/frames"))["seq"]) == 48
        assert (await reviewed.data("/frame/100.jpg"))[0].status == 404
        assert (await reviewed.get("/timeline"))["verdicts"][0]["spans"][-1]["to_s"] < 3
        (folder / "frames.csv").write_text("".join(rows))
        (folder / "results.jsonl").write_text("".join(lines))
        assert len((await reviewed.get("/frames"))["seq"]) == 147
        assert (await reviewed.data("/frame/100.jpg"))[0].status == 200
        assert (await reviewed.get("/timeline"))["verdicts"][0]["spans"][-1]["to_s"] > 5
        assert [one["frame"] for one in (await reviewed.get("/results?first=100&count=3"))["results"]] == [102]
        Desk(root).end()
        (listed,) = (await reviewed.get("/api/sessions"))["sessions"]
        assert (listed["is_running"], listed["is_ended"], listed["frames"]) == (False, True, 147)
