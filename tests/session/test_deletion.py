"""Deleting sessions: only those whose time is over, whole, and never what is in use."""

import json
import os
from pathlib import Path

import pytest
from tests.recording import Plan, make_session

from bedside import clock
from bedside.errors import NotNow, SessionError
from bedside.session import deletion, wanted
from bedside.session.desk import Desk, With
from bedside.session.desk import Who as Visitor
from bedside.session.paths import Live, Paths

DAY_NS = 86400 * clock.NS_PER_S


def aged(root: Path, participant: str, days: float) -> str:
    """A session that ended so many days ago, as are all its files."""
    folder = make_session(root, Plan(seconds=1.0, participant=participant))
    end_ns = clock.wall_ns() - round(days * DAY_NS)
    about = json.loads(Paths(folder).session.read_bytes()) | {"end_wall_ns": end_ns}
    Paths(folder).session.write_text(json.dumps(about))
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, ns=(end_ns, end_ns))
    return folder.name


def nothing() -> None:
    """Nobody is told."""


def test_only_sessions_whose_time_is_over_are_due(tmp_path: Path) -> None:
    """Of an old, a young and a running one, only the old one is due."""
    old, _ = aged(tmp_path, "P1", 40), aged(tmp_path, "P2", 20)
    Desk(tmp_path, needs_consent=False).start(Visitor("P3"), With())
    assert deletion.due(Live(tmp_path), 30) == [old]


def test_a_session_in_use_is_not_due(tmp_path: Path) -> None:
    """One in which a replay has just written stays, however old it is."""
    name = aged(tmp_path, "P1", 40)
    (tmp_path / name / "results-new.jsonl.part").write_text("")
    assert deletion.due(Live(tmp_path), 30) == []


def test_a_deleted_session_is_gone_and_what_its_links_lead_to_is_not(tmp_path: Path) -> None:
    """The folder is gone; a file elsewhere, to which a link in it leads, is still there."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "thesis.txt").write_text("mine")
    root = tmp_path / "sessions"
    root.mkdir()
    name = aged(root, "P1", 1)
    (root / name / "link").symlink_to(kept)
    deletion.delete(Live(root), name, nothing)
    assert [path.name for path in root.iterdir()] == [".live"]
    assert (kept / "thesis.txt").read_text() == "mine"


def test_the_running_session_is_not_deleted(tmp_path: Path) -> None:
    """It is refused, and is still there."""
    name = Desk(tmp_path, needs_consent=False).start(Visitor("P1"), With())
    with pytest.raises(NotNow, match="runs"):
        deletion.delete(Live(tmp_path), name, nothing)
    assert (tmp_path / name).is_dir()


@pytest.mark.parametrize("name", ["..", "../other", "kept", ".live", ""])
def test_only_sessions_are_deleted(tmp_path: Path, name: str) -> None:
    """No other folder, inside or outside, is taken for one."""
    (tmp_path / "kept").mkdir()
    with pytest.raises(SessionError, match="no session"):
        deletion.delete(Live(tmp_path), name, nothing)
    assert (tmp_path / "kept").is_dir()


def test_nothing_is_deleted_that_cannot_be_logged(tmp_path: Path) -> None:
    """Where the access log cannot be written, the session stays whole."""
    name = aged(tmp_path, "P1", 1)

    def fails() -> None:
        raise SessionError("the disk is full")

    with pytest.raises(SessionError, match="full"):
        deletion.delete(Live(tmp_path), name, fails)
    assert wanted.read(Live(tmp_path)).session == ""
    assert Paths(tmp_path / name).frames.is_file()


def test_an_interrupted_deletion_is_finished(tmp_path: Path) -> None:
    """A session that was renamed and not removed goes with the next deletion."""
    name = aged(tmp_path, "P1", 1)
    (tmp_path / name).rename(tmp_path / f".{name}.deleting")
    assert deletion.finish(Live(tmp_path)) == [name]
    assert list(tmp_path.glob(".20*")) == []
