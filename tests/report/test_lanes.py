"""Verdicts on a line."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.review.test_summary import made, result

from bedside.report.lanes import COLUMNS, FAILED, OTHERS, bars, lane_names
from bedside.review.summary import gather, summarise
from bedside.session.recorded import Recorded


def test_bars_are_what_the_answers_said(tmp_path: Path) -> None:
    """Each verdict from its frame to the next one's, in the lane of its label; a failure in the lane after the last."""
    lines = [result(0), result(20_000, "femur", "near"), result(40_000, error="failed")]
    recorded = made(tmp_path, results=lines)
    names = lane_names(summarise(recorded).engines["planes"])
    found, column_s = bars(gather(recorded), "planes", names)
    assert names == ["head", "femur"]
    assert column_s == 60 / COLUMNS
    assert [(round(bar.from_s, 1), round(bar.to_s, 1), bar.lane, bar.level) for bar in found] == [
        (0, 20, 0, "good"), (20, 40, 1, "near"), (40, 60, 2, FAILED)
    ]  # fmt: skip


def test_many_verdicts_become_few_bars(tmp_path: Path) -> None:
    """However often the verdict changes, a line has no more bars than columns, and none lies on another."""
    lines = [result(at * 10, ("head", "femur")[at % 2], ("good", "poor")[at // 3 % 2]) for at in range(6000)]
    recorded = made(tmp_path, results=lines)
    found, _ = bars(gather(recorded), "planes", ["head", "femur"])
    assert 0 < len(found) <= COLUMNS
    assert all(one.to_s <= other.from_s + 1e-9 for one, other in pairwise(found))
    assert sum(bar.to_s - bar.from_s for bar in found) == pytest.approx(60, abs=0.1)


def test_more_labels_than_lanes_share_the_last(tmp_path: Path) -> None:
    """The longest have lanes of their own."""
    lines = [result(at * 500, f"label {at}" if at % 2 else "head") for at in range(100)]
    recorded: Recorded = made(tmp_path, results=lines)
    names = lane_names(summarise(recorded).engines["planes"])
    assert "head" in names
    assert names[-1] == OTHERS
    assert {bar.lane for bar in bars(gather(recorded), "planes", names)[0]} == set(range(len(names)))
