"""What was measured stays."""

import json
from pathlib import Path

import pytest
from bench.figure import Figure
from bench.numbers import spread

from bench import kept


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of results of its own."""
    monkeypatch.setattr(kept, "RESULTS", tmp_path)
    return tmp_path


def names() -> list[str]:
    """Of the figures in the file."""
    return [row["name"] for row in kept.read()]


def test_a_suite_measured_again_replaces_what_it_found_and_nothing_else() -> None:
    """A figure that it no longer finds goes with it; those of other suites stay, in the suites' order."""
    order = ["one", "two"]
    kept.keep("two", [Figure("c", "1", "-")], order)
    kept.keep("one", [Figure("a", "1", "-"), Figure("b", "1", "-")], order)
    assert names() == ["a", "b", "c"]
    rows = kept.keep("one", [Figure("b", "2", "-")], order)
    assert names() == ["b", "c"]
    assert rows == kept.read()
    assert [row["value"] for row in rows] == ["2", "1"]


def test_a_figure_keeps_its_distribution_and_its_day(results: Path) -> None:
    """The file is JSON with a line for each figure, and holds the numbers behind it."""
    kept.keep("one", [Figure("a", "1", "-", {"ms": spread([1.0, 2.0, 3.0])}), Figure("b", "1", "-")])
    (file,) = results.iterdir()
    text = file.read_text("utf-8")
    assert len(text.splitlines()) == 5
    first = json.loads(text)["figures"][0]
    assert first["detail"]["ms"]["quantiles"][0] == 1.0
    assert first["detail"]["ms"]["quantiles"][-1] == 3.0
    assert first["suite"] == "one"
    assert len(first["day"]) == len("2026-01-01")


def test_nothing_measured_is_no_figure() -> None:
    """Percentiles of no samples are refused."""
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])
