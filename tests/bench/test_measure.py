"""A check's outcome becomes figures."""

import json
from pathlib import Path

import pytest

from bedside.bench import machine
from bedside.bench.document import text
from bedside.bench.limits import AFTER, COPY, NAMES, SCREEN, TRIP
from bedside.bench.measure import beside, figures, limit_figures
from bedside.bench.multiples import PARTS, multiples
from bedside.bench.spread import spread
from bedside.check.findings import Findings
from bedside.check.numbers import Pair
from bedside.check.run import Outcome
from bedside.messages import Signal, Status, Timing

MS = 1_000_000
LIMITS = {name + behind: spread([0.5, 0.5]) for name in NAMES for behind in ("", AFTER)} | {SCREEN: spread([16.0])}


def outcome(native_ms: float | None = 20.0, fps: float = 30.0) -> Outcome:
    """Of two rounds of two frames each: one was free at once, the other lay in the ring for 10 ms."""
    free = Timing(0, 2 * MS, 3 * MS, 4 * MS, 26 * MS, 20.0, free_ns=1 * MS)
    waited = Timing(0, 2 * MS, 14 * MS, 16 * MS, 40 * MS, 21.0, free_ns=12 * MS)
    pairs = tuple(Pair((one.answered_ns - one.due_ns) / MS, one.model_ms, native_ms) for one in (free, waited))
    return Outcome(
        rounds=[pairs, pairs],
        timings=[free, waited] * 2,
        answers_per_s=[24.0, 25.0],
        engine_mb=80.0,
        source=Status(Signal.LIVE, width=640, height=480, fps=fps),
    )


def test_every_time_is_kept_as_a_distribution() -> None:
    """Alone, inside Bedside, what was added, each stage and the age: with all quantiles, from the least to the most."""
    times, way, age, rate, held = figures("planes", outcome())
    assert [row["suite"] for row in (times, way, age, rate, held)] == ["planes"] * 5
    assert times["detail"]["native_ms"]["quantiles"][0] == 20.0
    assert times["detail"]["framework_ms"]["largest"] == 28.0
    assert times["detail"]["added_ms"]["quantiles"] == pytest.approx(spread([4.0, 7.0] * 2).quantiles)
    assert list(way["detail"]["stages_ms"]) == ["capture", "wait", "announce", "stage", "request", "model"]
    assert way["detail"]["stages_ms"]["wait"]["largest"] == 10.0
    assert age["detail"]["age_ms"]["largest"] == 40.0
    assert held["detail"]["engine_mb"] == 80.0


def test_the_stages_of_a_frame_add_up_to_its_age() -> None:
    """Nothing between the device's time stamp and the answer is left out, also for an engine that was busy."""
    rows = {row["name"]: row["detail"] for row in figures("planes", outcome())}
    stages = rows["planes: where the time of an answer goes"]["stages_ms"]
    for quantile, age in ((0, 26.0), (-1, 40.0)):
        assert sum(one["quantiles"][quantile] for one in stages.values()) == pytest.approx(age)


def test_a_rate_is_a_share_of_what_limits_it() -> None:
    """A slow model: of its own rate. A quick one: the source's rate stands beside it, and the share in the detail."""
    rate = figures("planes", outcome(native_ms=40.0))[3]
    assert rate["value"] == "24.5 a second, 0.980 of the model's own 25.0; the source shows 30.0"
    quick = figures("planes", outcome(native_ms=1.0))[3]
    assert quick["value"] == "24.5 a second; the source shows 30.0, the model alone could answer 1000"
    assert quick["detail"]["share_of_own"] == pytest.approx(0.0245)


def test_an_engine_elsewhere_has_no_bare_loop() -> None:
    """What was measured is there, and nothing is made up for the rest."""
    rows = figures("far", outcome(native_ms=None, fps=0.0))
    assert set(rows[0]["detail"]) == {"framework_ms", "added_ms", "notes"}
    assert rows[3]["value"] == "24.5 a second"


def test_nothing_measured_is_no_figure() -> None:
    """Of an engine that never answered there are no figures."""
    assert figures("planes", Outcome()) == []
    assert beside("planes", Outcome(), LIMITS) == []


def test_results_that_cannot_be_used_are_told() -> None:
    """How many there were stands beside the times, which are of the others."""
    found = outcome()
    found.findings = Findings()
    found.findings.add(["no label"])
    found.findings.add([])
    assert any("1 of 2 results cannot be used" in note for note in figures("planes", found)[0]["detail"]["notes"])


def test_stages_stand_beside_what_the_machine_needs_at_least() -> None:
    """Each that a limit is known for, as a multiple of it; the limits are the page's own figure."""
    (row,) = beside("planes", outcome(), LIMITS)
    assert {one["stage"]: one["least_ms"] for one in row["detail"]["multiples"]} == {
        "capture": 0.5, "announce": 0.25, "stage": 0.5, "request": 0.5,
    }  # fmt: skip
    assert row["value"].startswith("capture 4.0, ")
    (of_machine,) = limit_figures(LIMITS, (640, 480))
    assert of_machine["suite"] == "machine"
    assert set(of_machine["detail"]["limits_ms"]) == set(LIMITS)
    assert COPY in of_machine["value"] and TRIP in of_machine["value"]


def test_every_stage_until_painted_has_a_limit() -> None:
    """A picture waits half a redraw on average; what is not among the stages is left out."""
    best_ms = {name: one.p50 for name, one in LIMITS.items()}
    found = {row["stage"]: row for row in multiples(dict.fromkeys([*PARTS, "model"], 2.0), best_ms)}
    assert set(found) == set(PARTS)
    assert found["paint"]["least_ms"] == 8.5
    assert found["paint"]["needs"].endswith(f"and half of {SCREEN}")


def test_a_file_has_a_line_for_each_figure() -> None:
    """And is JSON that says what was put in."""
    document = {"machine": {"processor": "One"}, "source": "phantom:", "figures": figures("planes", outcome())}
    written = text(document)
    assert json.loads(written) == json.loads(json.dumps(document))
    assert len(written.splitlines()) == 5 + 4


def test_the_machine_says_what_it_is(tmp_path: Path) -> None:
    """Processor, memory and versions; a name that is fit for a file; accelerators where a driver knows some."""
    assert {"processor", "memory", "system", "python", "bedside", "numpy"} <= set(machine.describe())
    assert set(machine.name()) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    for number in range(2):
        (tmp_path / f"0000:0{number}:00.0").mkdir()
        (tmp_path / f"0000:0{number}:00.0" / "information").write_text("Model: \t\t NVIDIA A2\nIRQ: 7\n", "utf-8")
    assert machine.accelerators(tmp_path) == "2 x NVIDIA A2"
    assert machine.accelerators(tmp_path / "none") == ""
