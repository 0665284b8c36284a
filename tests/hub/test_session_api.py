"""What a person does with a session, over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from tests.hub.conftest import Hub, StartHub, eventually

from bedside.hub.running import Customs
from bedside.session import wanted
from bedside.session.desk import Desk, Who, With
from bedside.session.questionnaire import load_all
from bedside.session.recorded import Recorded

SUS = {f"q{number}": 5 if number % 2 else 1 for number in range(1, 11)}


def marks(hub: Hub, name: str, kind: str) -> list[dict[str, Any]]:
    """The marks of one kind in a session."""
    return [mark for mark in Recorded(hub.visit.root / name).marks if mark["mark"] == kind]


async def test_a_session_is_started_recorded_and_ended(hub: Hub) -> None:
    """Each answer says what is now, GET /api/session tells the same, and a recorder finds what is wanted."""
    before = await hub.get("api/session")
    assert (before["session"], before["last"], before["needs_consent"]) == (None, None, True)
    assert before["proposed"] == {"participant": "P1", "arm": "explain"}
    assert {"name": "video", "title": "video"} in before["arms"]
    asked = {"participant": "P2", "arm": "verdict", "consent": True, "recording": True}
    status, body = await hub.post("api/session/start", **asked)
    name = body["session"]
    assert (status, name.endswith("_P2")) == (201, True)
    assert wanted.read(hub.visit._desk.live).recording is True
    session = (await hub.get("api/session"))["session"]
    assert (session["name"], session["arm"], session["consent"], session["recording"]) == (name, "verdict", True, True)
    assert await hub.post("api/session/record", on=False) == (200, {"on": False})
    assert wanted.read(hub.visit._desk.live).recording is False
    assert await hub.post("api/session/end") == (200, {"session": name})
    after = await hub.get("api/session")
    assert (after["session"], after["last"]) == (None, name)
    assert Recorded(hub.visit.root / name).about["end_why"] == "ended"


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("start", {"participant": "Jane Doe"}, 400, "participant is 'Jane Doe'; expected a code of at most 16 letters"),
        ("start", {"participant": 7}, 400, "participant is '7'; expected text of at most 200 characters"),
        ("start", {"arm": "other"}, 400, "arm is 'other'; expected explain, verdict, video or monitor"),
        ("start", {"arm": ["explain"]}, 400, "arm is \"['explain']\"; expected explain"),
        ("start", {"consent": "yes"}, 400, "consent is 'yes'; expected true, false, or null where nobody was asked"),
        ("start", {"recording": 1}, 400, "recording is '1'; expected true or false"),
        ("start", {"recording": True}, 409, "the participant's consent to be recorded is not noted"),
        ("start", {"recording": True, "consent": False}, 409, "the participant's consent to be recorded is not noted"),
        ("record", {"on": "yes"}, 400, "on is 'yes'; expected true or false"),
        ("record", {"on": True}, 409, "no session runs; start one first"),
        ("end", {}, 409, "no session runs; start one first"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(
    hub: Hub, path: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    """Asked wrongly is 400, not possible now is 409, and nothing is made."""
    answer = await hub.post(f"api/session/{path}", **body)
    assert answer[0] == status
    assert answer[1]["error"].startswith(sentence)
    assert not list(hub.visit.root.glob("2*"))


async def test_one_session_runs_at_a_time(hub: Hub) -> None:
    """A second start is 409 and names the first."""
    name = (await hub.start_session()).folder.name
    sentence = f"session {name} runs; end it first, on the page or with `bedside session stop`"
    assert await hub.post("api/session/start") == (409, {"error": sentence})


async def test_too_little_room_is_said_at_the_start(start_hub: StartHub, tmp_path: Path) -> None:
    """507 before a session that could not be recorded; a snapshot needs no such room."""
    hub = await start_hub(desk=Desk(tmp_path / "sessions", needed_bytes=10**18))
    status, body = await hub.post("api/session/start", participant="P1")
    assert (status, "a session needs 1000000000.0 GB" in body["error"]) == (507, True)
    hub.shoot()
    assert (await hub.post("api/snapshot", seq=None))[0] == 201


async def test_feedback_is_tied_to_the_frame_that_was_on_the_screen(hub: Hub) -> None:
    """Each kind is a mark with the frame's number and time of capture, the engine, the view and the page."""
    name = (await hub.start_session()).folder.name
    frame = hub.shoot()
    hub.answer(frame, verdict={"label": "head", "level": "near"})
    hub.shoot()
    about = {"seq": frame.seq, "engine": "pcbm", "view": "explain", "page": "a1b2c3d4"}
    for said in (
        {"feedback": "thumb", "value": "up"},
        {"feedback": "verdict", "value": "femur"},
        {"feedback": "verdict", "value": {"label": "femur", "level": "poor"}},
        {"feedback": "concept", "name": "thalami", "value": "not visible"},
        {"feedback": "note", "value": "zu hell, \ud83d\ude42"},
    ):
        assert await hub.post("api/feedback", **about, **said) == (201, {"seq": frame.seq})
    found = marks(hub, name, "feedback")
    where = {**about, "captured_ns": frame.captured_ns}
    assert all(mark.items() >= where.items() for mark in found)
    assert [(mark["feedback"], mark["value"]) for mark in found] == [
        ("thumb", "up"),
        ("verdict", {"label": "femur"}),
        ("verdict", {"level": "poor", "label": "femur"}),
        ("concept", "not visible"),
        ("note", "zu hell, \ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16")),
    ]
    assert found[3]["name"] == "thalami"


async def test_what_was_said_of_a_concept_can_be_taken_back(hub: Hub) -> None:
    """Null is kept as a word of its own: the last one counts."""
    name = (await hub.start_session()).folder.name
    frame = hub.shoot()
    for value in ("not visible", None):
        body = {"feedback": "concept", "name": "cavum", "value": value}
        assert await hub.post("api/feedback", **body) == (201, {"seq": frame.seq})
    assert [mark["value"] for mark in marks(hub, name, "feedback")] == ["not visible", None]


async def test_feedback_without_a_number_is_about_the_newest_frame(hub: Hub) -> None:
    """A frame that nobody knows any more is kept by its number alone: what a person said is not thrown away."""
    name = (await hub.start_session()).folder.name
    frame = hub.shoot()
    assert await hub.post("api/feedback", feedback="note", value="a") == (201, {"seq": frame.seq})
    assert await hub.post("api/feedback", feedback="note", value="b", seq=9_999) == (201, {"seq": 9_999})
    assert [mark["captured_ns"] for mark in marks(hub, name, "feedback")] == [frame.captured_ns, None]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "feedback is 'None'; expected thumb, verdict, concept or note"),
        ({"feedback": "thumb", "value": "sideways"}, "value is 'sideways'; expected up or down"),
        ({"feedback": "verdict", "value": ""}, "label is ''; expected text"),
        ({"feedback": "verdict", "value": {"level": "best"}}, "level is 'best'; expected good, near, poor or none"),
        ({"feedback": "concept", "value": 1}, "name is 'None'; expected text"),
        (
            {"feedback": "concept", "name": "a", "value": {}},
            "value is '{}'; expected text, a number, true, false or null",
        ),
        ({"feedback": "concept", "name": "a"}, "value is 'None'; expected text, a number, true, false or null"),
        ({"feedback": "note", "value": "x" * 2001}, "value is 'xxx"),
        ({"feedback": "note", "value": "x", "seq": -1}, "seq is '-1'; expected the frame's number"),
        ({"feedback": "note", "value": "x", "engine": "other"}, "engine is 'other'; expected pcbm or bpd"),
        ({"feedback": "note", "value": "x", "view": "other"}, "view is 'other'; expected explain"),
        ({"feedback": "note", "value": "x", "page": "x" * 41}, "page is 'xxx"),
    ],
)
async def test_feedback_that_is_none_is_one_sentence(hub: Hub, body: dict[str, Any], sentence: str) -> None:
    """400 with the field, its value and what was expected."""
    await hub.start_session()
    status, answer = await hub.post("api/feedback", **body)
    assert (status, answer["error"].startswith(sentence)) == (400, True), answer


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999"])
async def test_a_number_that_no_file_can_hold_is_refused(hub: Hub, value: str) -> None:
    """What JSON has no number for is one sentence, and no line."""
    paths = await hub.start_session()
    body = f'{{"feedback": "concept", "name": "midline", "value": {value}}}'
    response = await hub.http.post(hub.url / "api/feedback", data=body)
    said = (await response.json())["error"]
    assert (response.status, said) == (400, "the body has a number that is too large or none; expected JSON's numbers")
    await hub.post("api/session/end")
    assert "feedback" not in paths.marks.read_text()


async def test_feedback_without_a_session_says_how_to_start_one(hub: Hub) -> None:
    """409: it would be tied to nothing."""
    assert await hub.post("api/feedback", feedback="thumb", value="up") == (
        409,
        {"error": "no session runs; start one first, on the page or with `bedside session start`"},
    )


async def test_a_questionnaire_is_asked_and_scored_after_the_session(start_hub: StartHub, tmp_path: Path) -> None:
    """Its answers and scores are marks of the session that has ended; what is off the scale is refused."""
    hub = await start_hub(customs=Customs(questionnaires=load_all(("sus",), tmp_path)))
    assert (await hub.get("api/session"))["questionnaires"] == [{"name": "sus", "title": "System Usability Scale"}]
    assert len((await hub.get("api/questionnaires/sus"))["items"]) == 10
    name = (await hub.start_session()).folder.name
    await hub.post("api/session/end")
    url = f"api/sessions/{name}/questionnaires/sus"
    assert await hub.post(url, answers=SUS) == (201, {"scores": {"sus": 100.0}})
    (mark,) = marks(hub, name, "questionnaire")
    assert (mark["questionnaire"], mark["answers"], mark["scores"]) == ("sus", SUS, {"sus": 100.0})
    status, body = await hub.post(url, answers=SUS | {"q3": 9})
    assert (status, body["error"]) == (
        400,
        "the answer to item q3 is '9'; expected a number from 1 to 5 in steps of 1",
    )
    assert (await hub.post(url))[0] == 400
    assert (await hub.post("api/sessions/2020-01-01T00-00-00/questionnaires/sus", answers=SUS))[0] == 404
    assert (await hub.post(f"api/sessions/..%2f{name}/questionnaires/sus", answers=SUS))[0] == 404
    status, body = await hub.post(f"api/sessions/{name}/questionnaires/tlx", answers=SUS)
    assert (status, body["error"]) == (404, "there is no questionnaire 'tlx'; there is sus")


async def test_a_questionnaire_has_a_page_of_its_own(start_hub: StartHub, tmp_path: Path) -> None:
    """Its address names the session and the questionnaire; one that is not there is 404."""
    hub = await start_hub(customs=Customs(questionnaires=load_all(("sus",), tmp_path)))
    name = (await hub.start_session()).folder.name
    response = await hub.http.get(hub.url / f"questionnaire/{name}/sus")
    assert (response.status, response.content_type) == (200, "text/html")
    for path in (f"questionnaire/{name}/tlx", "questionnaire/2020-01-01T00-00-00/sus", "questionnaire/nothing/sus"):
        assert (await hub.http.get(hub.url / path)).status == 404


async def test_the_root_leads_to_the_arm_of_the_session(hub: Hub) -> None:
    """While a session runs, a tablet that opens the address gets the view of its arm."""

    async def leads_to() -> str:
        return (await hub.http.get(hub.url, allow_redirects=False)).headers["Location"]

    assert await leads_to() == "/view/explain?follow=arm"
    await hub.start_session(arm="verdict")
    assert await leads_to() == "/view/verdict?follow=arm"
    await hub.post("api/session/end")
    assert await leads_to() == "/view/explain?follow=arm"
    desk = Desk(hub.visit.root)
    desk.start(Who("P1", "a view of another server"), With())
    await eventually(lambda: hub.visit.running is not None)
    assert await leads_to() == "/view/explain?follow=arm"


async def test_labels_that_were_seen_are_offered_for_a_correction(hub: Hub) -> None:
    """In the order of their first time, each once."""
    for label in ("head", "femur", "head"):
        hub.answer(hub.shoot(), verdict={"label": label})
    hub.answer(hub.shoot(), verdict={"label": 7})
    assert (await hub.get("api/session"))["labels"] == ["head", "femur"]
