"""`bedside audit` on the command line."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.recording import Plan, make_session

from bedside import cli
from bedside.access.log import AccessLog


def test_who_had_a_sheet_made_stands_in_the_access_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet shows parts of pictures; what is only counted shows none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    monkeypatch.setattr("bedside.cli.text_finder.finding", lambda settings: nullcontext(lambda pixels: []))
    session = make_session(tmp_path / "sessions", Plan(seconds=1.0, width=320, height=180)).name
    for words in ((), ("--sheet", "sheet.html")):
        assert cli.main(["audit", session, "--every", "0.5", *words]) in (0, 1)
    (entry,) = AccessLog(tmp_path / "access").tail(9)
    assert (entry["deed"], entry["id"], entry["about"]["session"]) == ("audit", "here", session)
