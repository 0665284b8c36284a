"""`bedside report`."""

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from tests.report.conftest import parsed

from bedside.cli import main
from bedside.review import summary
from bedside.session import in_use
from bedside.session.recorded import Recorded


@pytest.fixture
def place(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and two sessions, and where it was typed is another one."""
    (tmp_path / "typed").mkdir()
    (tmp_path / "bedside.toml").write_text('[session]\nquestionnaires = ["sus"]\n')
    shutil.copytree(whole, tmp_path / "sessions" / whole.name)
    copy = tmp_path / "sessions" / "2026-11-24T08-00-00_P2"
    shutil.copytree(whole, copy)
    about = json.loads((copy / "session.json").read_text())
    (copy / "session.json").write_text(json.dumps(about | {"name": copy.name, "participant": "P2"}))
    monkeypatch.chdir(tmp_path / "typed")
    return tmp_path


def report(place: Path, *arguments: str) -> int:
    """The verb's exit status, as it is typed in the folder `typed`."""
    os.chdir(place / "typed")
    return main(["report", "--config", str(place / "bedside.toml"), *arguments])


def test_the_last_session_becomes_a_page_where_it_was_asked_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Called like the session, or as -o says; its path is what is printed."""
    assert report(place, "last") == 0
    out = place / "typed" / "2026-11-24T08-00-00_P2.html"
    assert capsys.readouterr().out == f"{out}\n"
    assert "Session of P2" in parsed(out.read_text()).words
    assert report(place, "2026-11-23T10-33-20_P1", "-o", "mine.html") == 0
    assert "I found the system very cumbersome to use." in parsed((place / "typed" / "mine.html").read_text()).words


def test_one_session_in_numbers(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints every number for a program."""
    assert report(place, "last", "--json") == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["participant"] == "P2"
    assert numbers["engines"]["planes"]["age_ms"]["p99"] == 33.0


def test_a_study_names_what_is_broken_and_leaves_it_out(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has the others, oldest first, and the exit status says that some are missing."""
    broken = place / "sessions" / "2026-11-25T08-00-00_P3"
    broken.mkdir()
    (broken / "session.json").write_text("{")
    assert report(place, "--study", "-o", "study.csv") == 1
    assert "2026-11-25T08-00-00_P3 is left out" in capsys.readouterr().err
    rows = list(csv.DictReader((place / "typed" / "study.csv").read_text().splitlines()))
    assert [row["participant"] for row in rows] == ["P1", "P2"]


def test_a_study_takes_folders_and_names(place: Path) -> None:
    """A folder of sessions, or sessions one by one; each is counted once."""
    assert report(place, "--study", "../sessions", "2026-11-23T10-33-20_P1") == 0
    assert len((place / "typed" / "study.csv").read_text().splitlines()) == 3
    assert report(place, "--study", "last") == 0
    assert len((place / "typed" / "study.csv").read_text().splitlines()) == 2


def test_no_session_of_a_study_is_deleted_while_it_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is in use just as long as the table looks at it, so that a study of thousands holds one file open."""
    held: list[bool] = []

    def watched(recorded: Recorded) -> summary.Summary:
        held.append(in_use.is_read(recorded.folder))
        return summarise(recorded)

    summarise = summary.summarise
    monkeypatch.setattr(summary, "summarise", watched)
    assert report(place, "--study", "../sessions") == 0
    assert held == [True, True]
    assert not any(in_use.is_read(folder) for folder in (place / "sessions").iterdir())


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ([], 2, "0 sessions are named"),
        (["last", "last"], 2, "2 sessions are named"),
        (["--study", "--json"], 2, "--json is for one session"),
        (["nobody"], 1, "there is no session 'nobody'"),
        (["--study", "../typed"], 1, "there is no session '../typed'"),
        (["last", "-o", "no/folder/x.html"], 1, "cannot be written: No such file or directory; name another file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, sentence: str
) -> None:
    """What, and what to do; nothing is written."""
    assert report(place, *arguments) == status
    assert sentence in capsys.readouterr().err
    assert not list((place / "typed").iterdir())
