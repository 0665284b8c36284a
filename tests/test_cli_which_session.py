"""SESSION on the command line: a folder, a name or `last`."""

from pathlib import Path

import pytest

from bedside.cli.which_session import which
from bedside.errors import SessionError


def _session(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    (root / name / "session.json").write_text('{"version": 2}')
    return root / name


def test_a_session_is_its_folder_its_name_or_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is meant from where it was typed, a name within the folder of all sessions, `last` is its newest."""
    root = tmp_path / "sessions"
    old, new = _session(root, "2026-11-23T10-12-33_P1"), _session(root, "2026-11-24T08-00-00_P2")
    copy = _session(tmp_path / "usb", "copy of P1")
    monkeypatch.chdir(tmp_path / "usb")
    typed = which("copy of P1")
    monkeypatch.chdir(tmp_path)
    assert typed.folder(root) == copy
    assert which(str(old)).folder(root) == which(old.name).folder(Path("sessions")) == old
    assert which("last").folder(root) == new


def test_what_is_no_session_is_refused_with_those_there_are(tmp_path: Path) -> None:
    """The sentence says what was typed, what was expected, and the newest there are."""
    with pytest.raises(SessionError, match="has no session"):
        which("last").folder(tmp_path)
    _session(tmp_path, "2026-11-23T10-12-33_P1")
    with pytest.raises(SessionError, match=r"'P1': expected .*newest .*2026-11-23T10-12-33_P1"):
        which("P1").folder(tmp_path)


def test_the_folder_of_all_sessions_may_lie_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`[session] folder = "~/sessions"` is where sessions are written, and where they are looked for."""
    session = _session(tmp_path / "sessions", "2026-11-23T10-12-33_P1")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert which("last").folder(Path("~/sessions")) == session
    assert which(session.name).folder(Path("~/sessions")) == session
