"""Long files of JSON lines."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recording import make_session

from bedside.errors import SessionError
from bedside.session import lines as lines_
from bedside.session.lines import Lines
from bedside.session.recorded import Recorded

HEAD = {
    "version": 1,
    "seq": 7,
    "engine": "planes",
    "captured_ns": 5,
    "wall_ns": 6,
    "signal": "live",
    "label": "head",
    "level": "good",
    "score": 0.5,
    "error": "",
    "missing": {},
    "published_ns": 1,
    "taken_ns": 2,
    "asked_ns": 3,
    "answered_ns": 4,
    "model_ms": 28.5,
    "added_ms": -0.25,
    "answer": {"text": "x"},
    "mask": None,
}
READ = ("seq", "engine", "captured_ns", "signal", "label", "level", "error", "answered_ns", "model_ms", "added_ms")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file of lines may be."""
    return tmp_path / "some.jsonl"


def test_a_torn_last_line_is_left_out_and_read_once_it_is_whole(path: Path) -> None:
    """What a writer has half written is not there yet; reading on finds it."""
    path.write_bytes(b'{"n": 1}\n{"n": 2}\n{"n"')
    lines = Lines(path)
    assert [line["n"] for line in lines] == [1, 2]
    with path.open("ab") as file:
        file.write(b': 3}\n{"n": 4}\n')
    assert len(lines) == 2
    assert lines.read_on() == 2
    assert [lines[index]["n"] for index in range(4)] == [1, 2, 3, 4]


def test_a_broken_line_is_empty_and_the_rest_is_read(path: Path) -> None:
    """Damage in the middle costs that line only."""
    path.write_bytes(b'{"n": 1}\n{"n": \xff\n[1]\n' + b"[" * 100_000 + b'\n{"n": 2}\n')
    assert list(Lines(path)) == [{"n": 1}, {}, {}, {}, {"n": 2}]


def test_a_missing_file_has_no_lines_and_a_folder_is_refused(path: Path) -> None:
    """No results is no error; what cannot be read is."""
    assert list(Lines(path)) == []
    path.mkdir()
    with pytest.raises(SessionError, match=r"some\.jsonl cannot be read: Is a directory"):
        Lines(path)


def test_a_file_that_was_made_shorter_does_not_end_the_process(path: Path) -> None:
    """Lines that are gone are empty."""
    path.write_bytes(b'{"n": 1}\n{"n": 2}\n')
    lines = Lines(path)
    path.write_bytes(b'{"n": 1}\n')
    assert (lines[0], lines[1], list(lines)) == ({"n": 1}, {}, [{"n": 1}, {}])


def test_heads_are_the_lines_without_their_answers(tmp_path: Path) -> None:
    """What tables are made of is in them as it is in the whole line, also where the line is written unusually."""
    folder = make_session(tmp_path)
    path = folder / "results.jsonl"
    fields = HEAD | {"engine": "a\\b", "label": 'say "ä"', "level": None, "missing": {"x": "late"}, "model_ms": 1e-9}
    with path.open("a") as file:
        for changed in (fields, fields | {"answered_ns": None}, HEAD | {"error": "dead"}, HEAD | {"label": "ä"}):
            file.write(json.dumps(changed, separators=(",", ":")) + "\n")
            file.write(json.dumps(changed, ensure_ascii=False) + "\n")
    lines = Recorded(folder).results.lines
    for index, found in enumerate(lines.heads()):
        assert set(READ) <= set(found) and found == {key: lines[index][key] for key in found}
    assert index == len(lines) - 1


def test_heads_of_unusual_lines_have_all_that_stands_before_the_answer(path: Path) -> None:
    """Whatever wrote them, if only the answer comes last."""
    path.write_text('{"b": 1, "a": "x","answer":{"c": 1}}\n{"a": 2}\n{"a": \n')
    lines = Lines(path)
    assert list(lines.heads()) == [{"b": 1, "a": "x"}, {"a": 2}, {}]


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.dictionaries(st.text(), st.none()))))
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, object]]
) -> None:
    """Any objects come back from small pieces, and no text in them is taken for the place where an answer begins."""
    path = tmp_path_factory.mktemp("lines") / "any.jsonl"
    entries = [{**entry, "text": ',"answer":{', "answer": {"n": 1}} for entry in entries if "answer" not in entry]
    path.write_text("".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries))
    before, lines_.CHUNK_BYTES = lines_.CHUNK_BYTES, 64
    try:
        lines = Lines(path)
        assert list(lines) == entries
        heads = [{key: value for key, value in entry.items() if key != "answer"} for entry in entries]
        assert list(lines.heads()) == heads
    finally:
        lines_.CHUNK_BYTES = before
