"""docs/reference/session.md: its schemas are what is written, and pandas reads the files as they are."""

import shutil
from pathlib import Path

import pandas
import pytest
from tests.recording import Plan, make_session
from tests.schemas import SCHEMAS, check_session

from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.recorded import Recorded
from bedside.session.rows import COLUMNS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small session that ended."""
    return make_session(tmp_path_factory.mktemp("sessions"), Plan(seconds=4, width=160, height=90))


def test_every_file_has_its_schema() -> None:
    """Each file of JSON has a section with a schema, and each column of frames.csv its row."""
    assert set(SCHEMAS) == {
        "session.json",
        "segments.jsonl",
        "results.jsonl",
        "marks.jsonl",
        "review.jsonl",
        "replay-NEW.json",
        "snapshots/NAME.json and best/NAME.json",
    }
    page = (Path(__file__).parents[2] / "docs/reference/session.md").read_text(encoding="utf-8")
    section = page.partition("## frames.csv")[2].partition("\n## ")[0]
    assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == list(COLUMNS)


def test_a_made_session_is_as_the_reference_says(made: Path, tmp_path: Path) -> None:
    """What tests read is what is documented: whatever is checked with it holds for real sessions."""
    check_session(made)
    check_session(make_session(tmp_path, Plan(lossless=True, seconds=1.5, width=160, height=90, is_ended=False)))


def test_notes_of_a_review_are_as_the_reference_says(made: Path, tmp_path: Path) -> None:
    """A tick, an edit, a rejection and a comment fit their schema; anything else does not."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    journal = Journal(Paths(folder).review)
    where = {"seq": 4, "captured_ns": 5, "engine": "planes"}
    for note in (
        {"note": "tick", "item": "best/head", "ticked": True},
        {"note": "edit", **where, "field": "concept", "name": "thalami", "value": "not visible"},
        {"note": "reject", **where, "rejected": True},
        {"note": "comment", "item": "snapshots/4_planes", "text": "too bright"},
    ):
        journal.append(note | {"wall_ns": 1})
    check_session(folder)
    journal.append({"note": "tick", "item": "../secret", "ticked": True, "wall_ns": 1})
    with pytest.raises(AssertionError, match=r"review\.jsonl"):
        check_session(folder)


def test_pandas_reads_the_files_as_they_are(made: Path) -> None:
    """Every row and line is there, numbers are numbers to the last digit, and results join their frames."""
    session = Recorded(made)
    frames = pandas.read_csv(made / "frames.csv")
    results = pandas.read_json(made / "results.jsonl", lines=True)
    marks = pandas.read_json(made / "marks.jsonl", lines=True)
    assert list(frames.columns) == list(COLUMNS)
    assert list(frames[frames.kind == "frame"].captured_ns) == list(session.frames.captured_ns)
    assert [int(value) for value in results.captured_ns] == [line["captured_ns"] for line in session.results.lines]
    assert [str(frames[name].dtype) for name in ("seq", "captured_ns", "wall_ns", "pts")] == ["int64"] * 4
    assert len(frames[frames.kind == "frame"].merge(results, on=["seq", "captured_ns"])) == len(session.results)
    assert len(marks) == len(session.marks)
