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
    described = {"python": "3.11", "system": "Linux", "processor": "one", "memory": "1 GiB"}
    assert "age" not in report.table(rows, described)
    assert not report.peers([])
