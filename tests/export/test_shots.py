"""Which pictures leave a session, and which answers go with them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.export.conftest import PLAN
from tests.recording import mask_of

from bedside.export.shots import Answers, Selection, engines_of, kept_items, key_of, rows_between
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile


def change_item(path: Path, **fields: Any) -> None:
    """Other fields in a kept picture's JSON."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | fields))


def test_a_kept_picture_without_its_mask_takes_that_of_the_results(own: Path) -> None:
    """The mask that is lost beside a snapshot is still with its result."""
    recorded = Recorded(own)
    (item,) = recorded.snapshots
    assert item.mask is not None
    item.mask.unlink()
    recorded = Recorded(own)
    (shot,) = Selection(recorded, Answers(recorded), [("snapshots/x", recorded.snapshots[0])])
    assert shot is not None
    assert shot.answers[0].mask is not None
    assert np.array_equal(shot.answers[0].mask, mask_of(shot.seq))
    assert shot.answers[0].mask_missing == ""


def test_a_damaged_mask_is_no_empty_mask(own: Path) -> None:
    """An answer whose mask cannot be read says so, so that nothing is learnt from it."""
    (own / "masks.bin").write_bytes(b"")
    recorded = Recorded(own)
    line = recorded.results.lines[0]
    (one,) = Answers(recorded).of(line["seq"], line["captured_ns"])
    assert (one.mask, one.mask_missing) == (None, "damaged")


def test_an_answer_of_an_engine_that_is_not_asked_for_stays_away(own: Path) -> None:
    """Of two engines' answers to a frame, the one that was named comes."""
    recorded = Recorded(own)
    line = recorded.results.lines[0]
    file = ResultsFile(recorded.paths)
    file.append({**line, "engine": "other"})
    file.close()
    recorded = Recorded(own)
    key = line["seq"], line["captured_ns"]
    assert [one.engine for one in Answers(recorded).of(*key)] == [PLAN.engine, "other"]
    assert [one.engine for one in Answers(recorded, engine="other").of(*key)] == ["other"]
    assert engines_of(recorded, Answers(recorded)) == [PLAN.engine, "other"]


@pytest.mark.parametrize("fields", [{"seq": None}, {"seq": "4"}, {"captured_ns": None}, {"result": []}, {"result": 3}])
def test_a_kept_picture_with_odd_json_is_still_a_picture(own: Path, fields: dict[str, Any]) -> None:
    """What cannot be used of its JSON is unknown; the picture leaves all the same."""
    (path,) = (own / "snapshots").glob("*.json")
    change_item(path, **fields)
    recorded = Recorded(own)
    (shot,) = Selection(recorded, Answers(recorded), [("snapshots/x", recorded.snapshots[0])])
    assert shot is not None
    assert shot.pixels.shape == (PLAN.height, PLAN.width, 3)
    assert isinstance(shot.seq, int)


def test_an_older_snapshot_says_when_it_was_captured_in_its_timing(own: Path) -> None:
    """Where the frame's time stands with the result only, it is found there."""
    (path,) = (own / "snapshots").glob("*.json")
    about = json.loads(path.read_bytes())
    about["result"]["timing"] = {"captured_ns": about.pop("captured_ns")}
    path.write_text(json.dumps(about))
    before = about["result"]["timing"]["captured_ns"]
    assert key_of(Recorded(own).snapshots[0]) == (about["seq"], before)


def test_lines_that_are_broken_are_passed_over(own: Path) -> None:
    """A results file with lines of any kind still gives the answers that are whole."""
    path = own / "results.jsonl"
    whole = path.read_text()
    path.write_text(whole + '[]\n{"engine": 3, "seq": "x"}\n{"engine"\nnull\n')
    recorded = Recorded(own)
    assert engines_of(recorded, Answers(recorded)) == [PLAN.engine]
    assert Answers(recorded).of(-1, -1) == ()  # a kept picture whose JSON is lost has none of them
    line = recorded.results.lines[0]
    assert (line["seq"], line["captured_ns"]) in Answers(recorded)


def test_rows_between_two_times(recorded: Recorded) -> None:
    """The row at the first time is in, the one at the last is not; no time is too large."""
    table = recorded.frames
    rows = rows_between(recorded, 1.2, 1.6)
    assert [round(recorded.time_s(int(table.captured_ns[row])), 2) for row in (rows[0], rows[-1])] == [1.2, 1.56]
    assert rows_between(recorded, 0, float("inf")) == range(len(table))
    assert not rows_between(recorded, 1e300, float("inf"))


def test_ticks_choose_among_kept_pictures(recorded: Recorded) -> None:
    """Without ticks all kept pictures are there; with them, those that are ticked."""
    assert len(kept_items(recorded)) == 4
    assert [name for name, _ in kept_items(recorded, {"best/head", "best/none"})] == ["best/head"]
