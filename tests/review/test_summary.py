"""A session in numbers."""

import json
import math
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recording import START_NS, Plan, make_session

from bedside.errors import SessionError
from bedside.review.spans import VerdictSpans, hold_ns
from bedside.review.summary import Gathered, Summary, gather, summarise
from bedside.session import wanted
from bedside.session.paths import Live, Paths
from bedside.session.recorded import Recorded
from bedside.session.rows import HEADER, Row, RowKind
from bedside.session.wanted import Wanted

MS = 1_000_000


def made(folder: Path, **files: Any) -> Recorded:
    """A session of `about` (and 60 s without), with `results`, `marks` and `rows`."""
    paths = Paths(folder)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"version": 2, "start_monotonic_ns": START_NS, "end_monotonic_ns": START_NS + 60_000 * MS}
    paths.session.write_text(json.dumps(about | files.get("about", {})))
    for path, lines in ((paths.results(), files.get("results", [])), (paths.marks, files.get("marks", []))):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    if "rows" in files:
        paths.frames.write_text(HEADER + "".join(row.text for row in files["rows"]))
    return Recorded(folder)


def result(at_ms: float, label: str | None = "head", level: str | None = "good", **more: Any) -> dict[str, Any]:
    """A result's line; the answer was there 50 ms after the frame."""
    captured_ns = START_NS + round(at_ms * MS)
    line = {"seq": round(at_ms), "engine": "planes", "captured_ns": captured_ns, "answered_ns": captured_ns + 50 * MS}
    return {**line, "label": label, "level": level, "error": "", "model_ms": 40.0, "added_ms": 2.0, **more}


def signal(at_ms: float, state: str) -> dict[str, Any]:
    """A mark that the signal became this."""
    return {"mark": "signal", "signal": state, "monotonic_ns": START_NS + round(at_ms * MS)}


def seconds(recorded: Recorded) -> list[tuple[float, float]]:
    """When the answers of `planes` counted, in seconds."""
    spans = gather(recorded).verdicts["planes"]
    begin, end = (column - START_NS for column in (spans.from_ns, spans.to_ns))
    return [(round(a / 1e9, 3), round(b / 1e9, 3)) for a, b in zip(begin.tolist(), end.tolist(), strict=True)]


def test_a_whole_session_in_numbers(tmp_path: Path) -> None:
    """Every number of the made session is what the session was made with."""
    summary = summarise(Recorded(make_session(tmp_path)))
    assert (summary.participant, summary.arm, summary.consent, summary.state) == ("P1", "explain", True, "ended")
    assert summary.duration_s == 6.0
    assert (summary.freezes, summary.frozen_s) == (1, 1.0)
    assert (summary.video.frames, summary.video.losses_by_cause) == (147, {"mailbox": 3})
    assert summary.video.loss_share == 3 / 150
    assert summary.video.video_s == pytest.approx(5.92)
    planes = summary.engines["planes"].planes
    assert {label: plane.first_good_s for label, plane in planes.items()} == {
        "head": 1.48, "abdomen": 3.4, "femur": 5.44
    }  # fmt: skip
    assert summary.engines["planes"].changes == 2
    assert summary.engines["planes"].age_ms.p50 == 33.0
    assert (summary.snapshots, summary.best) == (1, 3)
    assert asdict(summary.feedback) == {"thumbs_up": 0, "thumbs_down": 1, "verdicts": 1, "concepts": 1, "notes": 1}
    assert summary.questionnaires["sus"].scores == {"sus": 50.0}
    assert summary.pages == {"explain": 1}


def test_an_answer_counts_until_the_next_one_or_its_end(tmp_path: Path) -> None:
    """From its frame to the next answered frame, at most one second or three of the usual intervals."""
    often = made(tmp_path / "often", results=[result(0), result(100), result(200), result(5000)])
    assert seconds(often) == [(0, 0.1), (0.1, 0.2), (0.2, 1.2), (5, 6)]
    seldom = made(tmp_path / "seldom", results=[result(0), result(10_000), result(20_000)])
    assert seconds(seldom) == [(0, 10), (10, 20), (20, 50)]


def test_an_answer_to_a_frozen_picture_counts_until_it_moves(tmp_path: Path) -> None:
    """An engine that is asked once each freeze has answered all of it."""
    recorded = made(tmp_path, results=[result(10_500)], marks=[signal(10_000, "frozen"), signal(20_000, "live")])
    assert seconds(recorded) == [(10.5, 20)]
    assert summarise(recorded).frozen_s == 10.0


def test_no_answer_counts_without_a_picture(tmp_path: Path) -> None:
    """With the signal the last answer ends, and that time is no engine's fault."""
    marks = [signal(0, "live"), signal(500, "unplugged"), signal(30_000, "live")]
    recorded = made(tmp_path, results=[result(100), result(600)], marks=marks)
    assert seconds(recorded) == [(0.1, 0.5)]
    summary = summarise(recorded)
    assert summary.dark_s == 29.5
    assert summary.engines["planes"].unanswered_s == pytest.approx(60 - 29.5 - 0.4)


def test_a_failure_ends_the_answer_before_it_and_is_no_answer(tmp_path: Path) -> None:
    """Its time is counted apart, and shares are of the time with answers."""
    recorded = made(tmp_path, results=[result(0), result(400, error="out of memory"), result(500, "femur", "poor")])
    engine = summarise(recorded).engines["planes"]
    assert (engine.answers, engine.errors, engine.failed_s) == (2, 1, 0.1)
    assert engine.answered_s == pytest.approx(1.4)
    assert engine.planes["femur"].share == pytest.approx(1 / 1.4)


def test_the_signal_is_what_the_recording_says(tmp_path: Path) -> None:
    """A mark that comes a moment late changes nothing; where nothing was recorded, marks and results count."""
    rows = [
        Row(RowKind.FRAME, n, 1, START_NS + n * 100 * MS, 0, "frozen" if n > 50 else "live", 0, 0) for n in range(100)
    ]
    rows.append(Row(RowKind.SIGNAL, -1, 0, START_NS + 10_000 * MS, 0, "unplugged"))
    marks = [signal(5_150, "live"), signal(5_200, "frozen"), signal(10_020, "unplugged"), signal(30_000, "live")]
    results = [result(40_000, signal="frozen"), result(45_000, signal="live")]
    spans = gather(made(tmp_path, rows=rows, marks=marks, results=results)).signals
    assert [(span.signal, (span.to_ns - START_NS) / 1e9) for span in spans] == [
        ("live", 5.1), ("frozen", 10.0), ("unplugged", 30.0), ("live", 40.0), ("frozen", 45.0), ("live", 60.0)
    ]  # fmt: skip


def test_restarts_are_counted_from_the_marks(tmp_path: Path) -> None:
    """An engine that died and came back was gone once; one that failed for good is gone until the end."""
    states = [("a", 0, "READY"), ("a", 10, "DEAD"), ("a", 11, "STARTING"), ("a", 12, "READY"), ("a", 13, "BUSY")]
    states += [("b", 50, "FAILED"), ("b", 52, "DEAD")]
    marks = [
        {"mark": "engine", "engine": engine, "state": state, "monotonic_ns": START_NS + at * 1000 * MS}
        for engine, at, state in states
    ]
    lives = summarise(made(tmp_path, marks=marks)).lives
    assert asdict(lives["a"]) == {"gone": 1, "restarts": 1, "gone_s": 2.0}
    assert asdict(lives["b"]) == {"gone": 1, "restarts": 0, "gone_s": 10.0}


def test_pages_and_what_the_server_could_not_keep_are_counted_from_the_marks(tmp_path: Path) -> None:
    """A page that a later server names again is one page, and the ages are those when pages painted."""
    opened = {"mark": "page", "event": "opened", "view": "explain"}
    marks: list[dict[str, Any]] = [opened | {"page": "a"}, {"mark": "server", "event": "resumed"}]
    marks += [opened | {"page": "a"}, opened | {"page": "b"}, {"mark": "problem", "results_lost": 7, "marks_lost": 1}]
    marks += [{"mark": "shown", "age_ms": age_ms} for age_ms in (80, 120, None)]
    summary = summarise(made(tmp_path, marks=marks))
    assert (summary.pages, summary.server_restarts, summary.results_lost) == ({"explain": 2}, 1, 7)
    assert (summary.shown_age_ms.count, summary.shown_age_ms.p50) == (2, 100.0)


def test_a_session_that_nobody_ended(tmp_path: Path) -> None:
    """Running or broken off: it lasts to the last that is known, and no later questionnaire is that."""
    late = {"mark": "questionnaire", "questionnaire": "sus", "monotonic_ns": START_NS * 9, "scores": {"sus": 1}}
    name = "2026-11-23T10-12-33_P1"
    recorded = made(tmp_path / name, about={"end_monotonic_ns": None}, marks=[signal(7_000, "live"), late])
    assert (summarise(recorded).state, summarise(recorded).duration_s) == ("broken off", 7.0)
    with wanted.changing(Live(tmp_path)):
        wanted.write(Live(tmp_path), Wanted(name, boot=wanted.boot_id()))
    assert summarise(recorded).state == "running"


def test_a_session_with_nothing_in_it(tmp_path: Path) -> None:
    """No video, no results, no marks: no number is made up."""
    summary = summarise(made(tmp_path))
    assert (summary.engine, summary.engines, summary.video.fps, summary.video.loss_share) == ("", {}, None, None)
    assert summary.signal_s == {"unknown": 60.0}


def test_only_codes_and_names_of_sessions_are_shown(tmp_path: Path) -> None:
    """A folder that somebody renamed, or a participant who is no code, stays out of every report."""
    summary = summarise(made(tmp_path / "Jane Doe", about={"participant": "Jane Doe", "name": "scan of Jane Doe"}))
    assert (summary.participant, summary.session) == ("", "a session without a name")


def test_a_session_without_a_start_is_damaged(tmp_path: Path) -> None:
    """Nothing can be counted from nowhere, and the sentence says what is missing."""
    with pytest.raises(SessionError, match="start_monotonic_ns"):
        summarise(made(tmp_path, about={"start_monotonic_ns": "noon"}))


def test_the_pipeline_stands_for_the_session(tmp_path: Path) -> None:
    """Else the first engine that was set, else the one that answered most."""
    results = [result(at, engine=engine) for at in range(0, 900, 100) for engine in ("a", "b", "pipeline")]
    several = {"settings": {"pipeline": {"path": "p.py"}}, "engines": {"b": {}, "a": {}}}
    assert summarise(made(tmp_path / "1", results=results, about=several)).engine == "pipeline"
    assert summarise(made(tmp_path / "2", results=results, about={"engines": {"b": {}}})).engine == "b"
    assert summarise(made(tmp_path / "3", results=[*results, result(950, engine="a")])).engine == "a"


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
results = st.builds(
    result,
    st.integers(-2_000, 62_000),
    st.sampled_from(["head", "femur", "", None]),
    st.sampled_from(["good", "near", "poor", "none", None, "odd"]),
    engine=st.sampled_from(["planes", "other"]),
    error=st.sampled_from(["", "", "", "failed"]),
    signal=st.sampled_from(["live", "frozen", "no_signal", ""]),
)
signals = st.builds(
    signal, st.integers(-2_000, 62_000), st.sampled_from(["live", "frozen", "no_signal", "unplugged", "new kind"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(results, max_size=40), st.lists(signals, max_size=8))
def test_the_parts_of_the_time_make_the_whole(lines: list[dict[str, Any]], marks: list[dict[str, Any]]) -> None:
    """Spans lie in order within the session and do not overlap; shares make 1; the parts make the duration."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = made(Path(folder), results=lines, marks=marks)
        known = gather(recorded)
        summary = summarise(recorded, known)
    assert sum(summary.signal_s.values()) == pytest.approx(summary.duration_s)
    for name, spans in known.verdicts.items():
        _in_order(spans, known, hold_ns(known.answers[name]))
        engine = summary.engines[name]
        parts = engine.answered_s + engine.failed_s + engine.unanswered_s + summary.dark_s
        assert parts == pytest.approx(summary.duration_s)
        if engine.answered_s:
            assert sum(engine.levels.values()) == pytest.approx(1)
            assert sum(plane.share for plane in engine.planes.values()) + engine.no_verdict_share == pytest.approx(1)
        assert engine.answers + engine.errors == sum(line["engine"] == name for line in lines)


def _in_order(spans: VerdictSpans, known: Gathered, hold: int) -> None:
    assert (spans.from_ns[1:] >= spans.to_ns[:-1]).all()
    assert (spans.to_ns > spans.from_ns).all()
    if len(spans.row):
        assert known.start_ns <= spans.from_ns[0]
        assert spans.to_ns[-1] <= known.end_ns
    for begin, end in zip(spans.from_ns.tolist(), spans.to_ns.tolist(), strict=True):
        inside = [span for span in known.signals if span.from_ns < end and begin < span.to_ns]
        assert all(span.has_picture for span in inside)
        assert end - begin <= hold or any(span.signal == "frozen" for span in inside)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*sorted(result(0)), "signal"]), anything)), st.data())
def test_odd_lines_are_no_accident(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    """Whatever stands in a result or in a mark, the numbers come, finite, and what was left out is counted."""
    kinds = st.sampled_from(["feedback", "questionnaire", "signal", "engine", "page", "best", "odd"])
    keys = st.sampled_from(["engine", "state", "signal", "monotonic_ns", "questionnaire", "answers", "scores", "view",
                            "event", "feedback", "value"])  # fmt: skip
    marks = data.draw(
        st.lists(st.builds(lambda kind, more: more | {"mark": kind}, kinds, st.dictionaries(keys, anything)))
    )
    with tempfile.TemporaryDirectory() as folder:
        summary = summarise(made(Path(folder), results=lines, marks=marks))
    _finite(asdict(summary))
    used = sum(engine.answers + engine.errors for engine in summary.engines.values())
    assert used + summary.unusable_results == len(lines)


def _finite(value: Any) -> None:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        _finite(inner)
    assert not isinstance(value, float) or math.isfinite(value)


def test_a_hundred_thousand_labels_are_counted_at_once(tmp_path: Path) -> None:
    """A model may write another label each time."""
    recorded = made(tmp_path, results=[result(at / 2, f"HC {at} mm") for at in range(100_000)])
    summary: Summary = summarise(recorded)
    assert len(summary.engines["planes"].planes) == 100_000


def test_a_plan_that_was_lossless_is_counted_alike(tmp_path: Path) -> None:
    """The numbers do not depend on how the video is kept."""
    plan = Plan(seconds=2.0, fps=10, width=160, height=120, lossless=True)
    assert summarise(Recorded(make_session(tmp_path, plan))).video.segments == 1
