"""What a machine can do at best, and ours beside it."""

from typing import Any

from bench.figure import Figure
from bench.kept import Row

from bedside.bench import limits, multiples
from bench import limit_suites


def test_each_limit_is_measured_with_and_without_a_rest() -> None:
    """All of them come out in milliseconds above 0, and each is shown as it is done."""
    shown: list[int] = []
    found = limits.limits(320, 240, 3, lambda: shown.append(1))
    assert set(found) == {*limits.NAMES, *(name + limits.AFTER for name in limits.NAMES), limits.SCREEN}
    assert all(0 < one.p50 <= one.largest for one in found.values())
    assert len(shown) == 2 * len(limits.NAMES)
    assert found[limits.COPY].n == 3


def row(least_ms: float, ours_ms: float) -> Row:
    """A figure as it stands in the file."""
    names = {*limits.NAMES, *(name + limits.AFTER for name in limits.NAMES), limits.SCREEN}
    found = {name: {"p50": least_ms} for name in names}
    stages = [
        {"stage": stage, "ours_ms": ours_ms, "least_ms": least_ms, "needs": parts[0][1]}
        for stage, parts in multiples.PARTS.items()
    ]
    return {"name": "way", "detail": {"limits_ms": {"before": found, "after": found}, "multiples": stages}}


def test_each_stage_stands_beside_what_it_needs_at_least() -> None:
    """A line a stage with how many times the limit it takes, and one for all together; nothing where not measured."""
    table = limit_suites.multiples_table([row(0.5, 2.0)]).splitlines()
    assert len(table) == 2 + len(multiples.PARTS) + 1
    assert table[2] == f"| capture | 2.00 | {limits.COPY} | 0.50 | 4.0 |"
    assert table[-1] == "| all | 14.00 | | 3.50 | 4.0 |"
    assert limit_suites.limits_table([row(0.5, 2.0)]).count(" 0.50 |") == 2 * len(limits.NAMES) + 1
    nothing: list[Row] = [{"name": "other", "detail": {}}]
    assert not limit_suites.multiples_table(nothing)
    assert not limit_suites.limits_table(nothing)


def test_every_stage_of_the_way_has_its_limit(monkeypatch: Any) -> None:
    """The figure sums all stages of an answered picture's way, and the limits that they need."""
    stages = dict.fromkeys(("capture", "announce", "stage", "request", "model"), 1.0)
    picture = {"stream": "answer", "stages_ms": stages, "sent_age_ms": 6.0, "age_ms": 9.0, "here_ms": 2.0}
    monkeypatch.setattr(limit_suites, "painted", lambda view, engines, seconds: [picture] * 3)
    monkeypatch.setattr(limit_suites, "ROUNDS", 2)
    (figure,) = limit_suites.limit(1)
    assert isinstance(figure, Figure)
    assert {one["stage"] for one in figure.detail["multiples"]} == set(multiples.PARTS)
    assert sum(one["ours_ms"] for one in figure.detail["multiples"]) == 8.0
