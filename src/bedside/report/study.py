"""Many sessions as one table: a row a session, units in the columns' names. See docs/howto/report-a-session.md."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from bedside.review.answered import LEVELS, NO_VERDICT
from bedside.review.engine_numbers import EngineNumbers
from bedside.review.summary import Summary

Key = TypeVar("Key", str, tuple[str, str])
Cell = str | int | float | bool | None
MOST_LABELS = 50
PERCENTS = ("p50", "p90", "p95", "p99")
LATENCIES = ("model", "added", "age")
CAUSES = ("source", "bus", "mailbox", "recorder", "disk", "killed")


def table(summaries: Sequence[Summary]) -> str:
    """CSV with a header. All rows have all columns; an empty cell says that there is nothing to count.

    Labels, scores and causes of loss become columns of their own: those of all sessions together, so that their order
    does not depend on the first. At most MOST_LABELS labels, those that lasted longest, have columns.
    """
    labels = _columns_of(_longest(summaries))
    scores = _columns_of(sorted({pair for summary in summaries for pair in _scores(summary)}))
    rows = [_row(summary, labels, scores) for summary in summaries]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_row(summaries[0], labels, scores) if summaries else [])
    writer.writerows([_text(value) for value in row.values()] for row in rows)
    return file.getvalue()


def labels_left_out(summaries: Iterable[Summary]) -> int:
    """How many labels have no column."""
    found = {label for summary in summaries for label in _planes(summary)}
    return max(0, len(found) - MOST_LABELS)


def _row(summary: Summary, labels: dict[str, str], scores: dict[tuple[str, str], str]) -> dict[str, Cell]:
    engine = summary.engines.get(summary.engine)
    return {
        "session": summary.session,
        "participant": summary.participant,
        "arm": _safe(summary.arm),
        "consent": summary.consent,
        "state": summary.state,
        "start": _safe(summary.start),
        "end": _safe(summary.end),
        "duration_s": summary.duration_s,
        "dark_s": summary.dark_s,
        "freezes": summary.freezes,
        "frozen_s": summary.frozen_s,
        **_video(summary),
        **_engine(summary, engine),
        **_labels(engine, labels),
        **_people(summary),
        **{f"score_{column}": _scores(summary).get(key) for key, column in scores.items()},
    }


def _video(summary: Summary) -> dict[str, Cell]:
    video = summary.video
    causes = {f"lost_{cause}": video.losses_by_cause.get(cause, 0) for cause in CAUSES}
    other = video.losses - sum(causes.values())
    return {
        "video_s": video.video_s,
        "frames": video.frames,
        "frames_per_s": video.fps,
        "video_mb": video.bytes / 1e6,
        "lost": video.losses,
        "lost_share": video.loss_share,
        **causes,
        "lost_other": other,
    }


def _engine(summary: Summary, engine: EngineNumbers | None) -> dict[str, Cell]:
    life = summary.lives.get(summary.engine)
    has_time = engine is not None and engine.answered_s > 0
    cells: dict[str, Cell] = {
        "engine": _safe(summary.engine),
        "answers": engine.answers if engine else 0,
        "failed_frames": engine.errors if engine else 0,
        "answered_s": engine.answered_s if engine else 0.0,
        "failed_s": engine.failed_s if engine else 0.0,
        "unanswered_s": engine.unanswered_s if engine else summary.duration_s - summary.dark_s,
        "engine_gone": life.gone if life else 0,
        "engine_restarts": life.restarts if life else 0,
        "engine_gone_s": life.gone_s if life else 0.0,
        "unusable_results": summary.unusable_results,
        "results_lost": summary.results_lost,
        "server_restarts": summary.server_restarts,
        "label_changes": engine.changes if engine else 0,
        "good_labels": sum(plane.first_good_s is not None for plane in engine.planes.values()) if engine else 0,
    }
    for latency in LATENCIES:
        for percent in PERCENTS:
            cells[f"{latency}_ms_{percent}"] = getattr(getattr(engine, f"{latency}_ms"), percent) if engine else None
    for percent in PERCENTS:
        cells[f"shown_age_ms_{percent}"] = getattr(summary.shown_age_ms, percent)
    for level in (*LEVELS, NO_VERDICT):
        cells[f"share_{level or 'no_verdict'}"] = engine.levels[level] if engine and has_time else None
    return cells


def _labels(engine: EngineNumbers | None, labels: dict[str, str]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for label, column in labels.items():
        plane = engine.planes.get(label) if engine else None
        without = 0.0 if engine and engine.answered_s else None
        cells[f"share_label_{column}"] = plane.share if plane and engine and engine.answered_s else without
        cells[f"good_s_{column}"] = plane.level_s.get("good", 0.0) if plane else without
        cells[f"first_said_s_{column}"] = plane.first_s if plane else None
        cells[f"first_good_s_{column}"] = plane.first_good_s if plane else None
    return cells


def _people(summary: Summary) -> dict[str, Cell]:
    said = summary.feedback
    return {
        "pages_opened": sum(summary.pages.values()),
        "snapshots": summary.snapshots,
        "best_frames": summary.best,
        "thumbs_up": said.thumbs_up,
        "thumbs_down": said.thumbs_down,
        "corrected_verdicts": said.verdicts,
        "corrected_concepts": said.concepts,
        "notes": said.notes,
        "replays": len(summary.replays),
    }


def _scores(summary: Summary) -> dict[tuple[str, str], float]:
    return {(name, score): value for name, one in summary.questionnaires.items() for score, value in one.scores.items()}


def _planes(summary: Summary) -> dict[str, float]:
    engine = summary.engines.get(summary.engine)
    return {label: plane.seconds for label, plane in engine.planes.items()} if engine else {}


def _longest(summaries: Iterable[Summary]) -> list[str]:
    """The labels with columns, in the order of letters."""
    seconds: dict[str, float] = {}
    for summary in summaries:
        for label, lasted in _planes(summary).items():
            seconds[label] = seconds.get(label, 0.0) + lasted
    return sorted(sorted(seconds, key=lambda label: -seconds[label])[:MOST_LABELS])


def _columns_of(names: Iterable[Key]) -> dict[Key, str]:
    """A part of a column's name for each: letters, digits and _; two that become the same are numbered."""
    found: dict[Key, str] = {}
    for name in names:
        parts = [name] if isinstance(name, str) else list(dict.fromkeys(name))
        base = re.sub(r"[^a-z0-9]+", "_", "_".join(parts).lower()).strip("_")[:60] or "unnamed"
        column, number = base, 1
        while column in found.values():
            number += 1
            column = f"{base}_{number}"
        found[name] = column
    return found


def _safe(text: str) -> str:
    """On one line, and nothing that a spreadsheet would compute."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain.lstrip("=+-@ ")


def _text(value: Cell) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1000 else f"{value:.3f}"
    return "" if value is None else str(value)
