"""Figures become tables."""

from typing import Any

from bench import report


def row(name: str, ways: dict[str, str]) -> dict[str, Any]:
    """A figure of several ways, as it stands in the file."""
    return {"name": name, "value": "", "asked": "", "detail": {"ways": ways}}


def test_ways_stand_beside_each_other_and_not_among_the_other_figures() -> None:
    """A column for each way, a dash where one was not measured; the other table knows nothing of them."""
    rows = [row("peers: age", {"Bedside": "1", "lab": "2"}), row("peers: painted", {"Bedside": "3"})]
    lines = report.peers(rows).splitlines()
    assert lines == ["| what | Bedside | lab |", "| --- | --- | --- |", "| age | 1 | 2 |", "| painted | 3 | - |"]
    described = {"python": "3.11", "system": "Linux", "processor": "one", "memory": "1 GiB", "bedside": "1"}
    assert "age" not in report.table(rows, described)
    assert not report.peers([])


def test_a_table_says_from_which_days_its_figures_are() -> None:
    """The first and the last day, or the one day; none for figures that know none."""
    rows: list[dict[str, Any]] = [{"day": "2026-01-02"}, {"day": "2026-01-01"}, {}]
    assert report.days(rows) == "; 2026-01-01 to 2026-01-02"
    assert report.days(rows[:1]) == "; 2026-01-02"
    assert report.days([{}]) == ""
