"""Journals of whole lines."""

import json
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.session.journal import Journal

ENTRIES = st.dictionaries(
    st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.just("\ud800"), max_size=4
)


@given(entries=st.lists(ENTRIES, max_size=6))
def test_what_is_appended_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, Any]]
) -> None:
    """Every entry comes back as it was, in its order, one line each."""
    journal = Journal(tmp_path_factory.mktemp("journal") / "marks.jsonl")
    for entry in entries:
        journal.append(entry)
    assert journal.read() == entries
    if entries:
        assert journal.path.read_bytes().count(b"\n") == len(entries)


@given(cut=st.integers(1, 30))
def test_a_torn_line_costs_itself_only(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """After a power cut in the middle of a line, the lines before and after it are whole."""
    journal = Journal(tmp_path_factory.mktemp("journal") / "marks.jsonl")
    journal.append({"number": 1})
    whole = json.dumps({"number": 2, "text": "x" * 40}, separators=(",", ":")).encode()
    with journal.path.open("ab") as file:
        file.write(whole[:cut])
    journal.append({"number": 3})
    assert journal.read() == [{"number": 1}, {"number": 3}]


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Before the first line there is nothing to read, and no file."""
    assert Journal(tmp_path / "marks.jsonl").read() == []
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence() -> None:
    """A line that does not fit raises SessionError."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(SessionError, match="full cannot be written: No space left on device"):
        Journal(Path("/dev/full")).append({"number": 1})


def test_a_line_that_fits_in_part_is_not_left_in_part(tmp_path: Path) -> None:
    """What a nearly full disk took of a line is taken back, so that every line that is there is whole."""
    journal = Journal(tmp_path / "marks.jsonl")
    journal.append({"number": 1})
    before = journal.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(SessionError, match="free some space"):
            journal.append({"text": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, quiet)
    assert journal.path.read_bytes() == before
