"""`bedside session`: sessions on the command line."""

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from tests.recording import Plan, make_session

from bedside import cli
from bedside.access.log import AccessLog
from bedside.messages import RecorderState, RecorderStatus
from bedside.session import wanted
from bedside.session.paths import Live, Paths
from bedside.session.recorder_file import RecorderFile

PLENTY = "[recorder]\nsession_gb = 0.0\nreserve_gb = 0.0\n"
Say = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, without variables of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    (tmp_path / "bedside.toml").write_text(PLENTY)
    return tmp_path


def asked(capsys: Say, *words: str) -> dict[str, Any]:
    """What the verb answers to a program."""
    assert cli.main(["session", *words, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_session_is_started_recorded_and_stopped_without_a_server(here: Path, capsys: Say) -> None:
    """The folder says who, which arm and whether; what is wanted is there for a recorder and a server to find."""
    name = asked(capsys, "start", "P1", "--arm", "verdict", "--consent")["session"]
    live, paths = Live(here / "sessions"), Paths(here / "sessions" / name)
    assert (wanted.read(live).session, wanted.read(live).recording) == (name, True)
    about = json.loads(paths.session.read_text())
    assert (about["participant"], about["arm"], about["consent"]) == ("P1", "verdict", True)
    assert asked(capsys, "record", "off") == {"on": False}
    assert wanted.read(live).recording is False
    assert asked(capsys, "show")["state"] == "runs"
    assert asked(capsys, "stop") == {"session": name}
    assert wanted.read(live).session == ""
    (listed,) = asked(capsys, "list")["sessions"]
    assert (listed["name"], listed["state"], listed["arm"]) == (name, "ended", "verdict")
    assert listed["seconds"] >= 0


def test_what_is_done_here_stands_in_the_access_log(here: Path, capsys: Say) -> None:
    """Start, video and end, by whoever is at the machine, with his account; what was refused is not in it."""
    name = asked(capsys, "start", "P1", "--consent")["session"]
    assert cli.main(["session", "start", "P2", "--consent"]) == 1
    asked(capsys, "record", "off")
    asked(capsys, "list")
    asked(capsys, "stop")
    deeds = AccessLog(here / "access").tail(9)
    assert [entry["deed"] for entry in deeds] == ["session start", "session record", "session end"]
    assert {entry["about"]["session"] for entry in deeds} == {name}
    assert {(entry["id"], entry["about"]["account"]) for entry in deeds} == {
        ("here", pwd.getpwuid(os.getuid()).pw_name)
    }


def test_a_log_that_cannot_be_written_stops_no_scan(here: Path, capsys: Say, caplog: pytest.LogCaptureFixture) -> None:
    """The session runs, and what is missing in the log is said."""
    (here / "access").write_text("in the way")
    name = asked(capsys, "start", "P1", "--consent")["session"]
    assert wanted.read(Live(here / "sessions")).session == name
    assert "the access log misses session start" in caplog.text


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["start", "P1"], 2, "nothing says that the participant has agreed to be recorded; add --consent"),
        (["start", "P1", "--no-consent"], 2, "nothing says that the participant has agreed"),
        (["start", "Jane", "--consent"], 1, "participant is 'Jane'; expected a code"),
        (["start", "Jane"], 1, "never a name"),
        (["start", "P1", "--arm", "other", "--consent"], 2, "--arm is 'other'; expected one of explain"),
        (["stop"], 1, "no session runs; start one first"),
        (["record", "on"], 1, "no session runs; start one first"),
        (["record"], 2, "record needs on or off; it was given nothing"),
        (["show"], 1, "has no session"),
        (["show", "nothing"], 1, "there is no session 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    here: Path, capsys: Say, words: list[str], status: int, sentence: str
) -> None:
    """Nothing is made then, and the sentence says what to do."""
    assert cli.main(["session", *words]) == status
    assert sentence in capsys.readouterr().err
    assert not [path for path in (here / "sessions").glob("*") if path.name != ".live"]


def test_one_session_runs_at_a_time(here: Path, capsys: Say) -> None:
    """A second start is refused with the name of the one that runs."""
    name = asked(capsys, "start", "P1", "--no-video")["session"]
    assert cli.main(["session", "start", "P2", "--no-video"]) == 1
    assert f"session {name} runs; end it first, on the page or with `bedside session stop`" in capsys.readouterr().err


def test_a_session_that_no_recorder_follows_says_so(here: Path, capsys: Say) -> None:
    """Who starts one where `bedside up` does not look learns at once that there is no video, and what to do."""
    assert cli.main(["session", "start", "P1", "--consent"]) == 0
    assert f"No recorder runs for {here / 'sessions'}, so there is no video yet" in capsys.readouterr().out
    assert cli.main(["session", "record", "on"]) == 0
    assert "No recorder runs" in capsys.readouterr().out
    writer = RecorderFile(Live(here / "sessions"))
    writer.write(RecorderStatus(RecorderState.IDLE))
    assert cli.main(["session", "record", "on"]) == 0
    assert "No recorder runs" not in capsys.readouterr().out
    writer.close()


def test_a_phantom_needs_no_consent(here: Path, capsys: Say) -> None:
    """With needs_consent = false a session is recorded without anybody's word."""
    (here / "bedside.toml").write_text(PLENTY + "[session]\nneeds_consent = false\n")
    assert asked(capsys, "start")["recording"] is True


def test_too_little_room_is_said_at_the_start(here: Path, capsys: Say) -> None:
    """Before anything is made: how much is free, and how much is needed."""
    (here / "bedside.toml").write_text("[recorder]\nsession_gb = 1e9\n")
    assert cli.main(["session", "start", "P1", "--consent"]) == 1
    assert "a session needs 1000000002.0 GB; free some space" in capsys.readouterr().err
    assert not list((here / "sessions").glob("2*"))


def test_what_is_in_a_session_is_shown(here: Path, capsys: Say) -> None:
    """Frames, losses, results, snapshots and best frames, for a person and for a program; a broken one is listed."""
    name = make_session(here / "sessions", Plan(seconds=3, width=160, height=90)).name
    (here / "sessions" / "2020-01-01T00-00-00").mkdir()
    (here / "sessions" / "2020-01-01T00-00-00" / "session.json").write_text("{")
    shown = asked(capsys, "show", name)
    assert (shown["frames"], shown["losses"], shown["results"]) == (72, 3, 24)
    assert shown["best"] == ["abdomen", "femur", "head"]
    assert cli.main(["session", "show", name]) == 0
    assert "abdomen, femur, head" in capsys.readouterr().out
    states = {one["name"]: one["state"] for one in asked(capsys, "list")["sessions"]}
    assert states[name] == "ended"
    assert states["2020-01-01T00-00-00"].startswith("broken: ")
