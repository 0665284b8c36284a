"""One session in numbers: what a report shows and a study counts. Each number is defined where it stands.

The session's time is counted in parts that never overlap and together are its duration: an engine's answer counted
(`answered_s`), its failure did (`failed_s`), there was no picture (`dark_s`), or none of these (`unanswered_s`).
What counts how long is `spans.verdict_spans`. Lists of the session may hold anything; what is odd is left out, and
counted where it is a result (`unusable_results`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.errors import SessionError
from bedside.messages import Signal
from bedside.review.answered import Answered, answered, is_time
from bedside.review.engine_numbers import EngineNumbers, Percentiles, engine_numbers, percentiles
from bedside.review.marked import (
    EngineLife,
    FeedbackNumbers,
    Filled,
    feedback,
    lives,
    pages,
    questionnaires,
    results_lost,
    shown_ages_ms,
)
from bedside.review.spans import SignalSpan, VerdictSpans, signal_spans, total_s, verdict_spans
from bedside.session import wanted
from bedside.session.names import PARTICIPANT, SESSION
from bedside.session.paths import Live
from bedside.session.recorded import Recorded
from bedside.session.rows import TIME_BASE

PIPELINE = "pipeline"
"""The engine's name in what a pipeline made."""


@dataclass(frozen=True)
class VideoNumbers:
    """What was recorded."""

    frames: int
    segments: int
    video_s: float
    """From the first to the last frame of each segment, together."""
    fps: float | None
    """Frames a second within segments."""
    bytes: int
    losses: int
    """Frames that are not in the video and were wanted there."""
    losses_by_cause: Mapping[str, int]
    loss_share: float | None
    """Of the frames that were wanted: in the video or lost."""


@dataclass(frozen=True)
class Summary:
    """One session."""

    session: str
    participant: str
    """The code; empty where none was given, or where what stands there is no code."""
    arm: str
    consent: bool | None
    start: str
    """ISO 8601, UTC."""
    end: str
    state: str
    """`ended`, `running`, or `broken off`: nobody ended it."""
    duration_s: float
    """From start to end; where nobody has ended it, to the last thing that is known of it."""
    signal_s: Mapping[str, float]
    """How long the signal was in each state; `unknown` before anybody said."""
    freezes: int
    frozen_s: float
    dark_s: float
    """Without a picture: no signal, unplugged and the like."""
    video: VideoNumbers
    engine: str
    """The one whose numbers stand for the session: what a pipeline made, else the first one set, else the one that
    answered most; empty when none answered."""
    engines: Mapping[str, EngineNumbers]
    lives: Mapping[str, EngineLife]
    snapshots: int
    best: int
    feedback: FeedbackNumbers
    questionnaires: Mapping[str, Filled]
    pages: Mapping[str, int]
    """How many pages were open, by view."""
    shown_age_ms: Percentiles
    """How old the frame was when a page painted its answer, each time that the verdict on it changed."""
    server_restarts: int
    """How often another server went on with the session; what happened in between is in no mark and no result."""
    results_lost: int
    """Results that could not be written, as far as the server knew."""
    replays: tuple[str, ...]
    unusable_results: int
    """Lines of the results that could not be read."""


@dataclass(frozen=True)
class Gathered:
    """What the numbers are made of, for plots. Times are monotonic."""

    start_ns: int
    end_ns: int
    signals: list[SignalSpan]
    answers: Mapping[str, Answered]
    verdicts: Mapping[str, VerdictSpans]
    unusable_results: int


def gather(recorded: Recorded) -> Gathered:
    """Reads the session once: a hundred thousand results take about two seconds. Raises SessionError."""
    if not is_time(recorded.about.get("start_monotonic_ns")):
        raise SessionError(f"{recorded.paths.session} is damaged: start_monotonic_ns is not a time")
    by_engine, unusable = answered(recorded.results.lines.heads())
    start_ns, end_ns = recorded.start_ns, end_of(recorded, by_engine)
    signals = signal_spans(recorded.frames, by_engine.values(), recorded.marks, start_ns, end_ns)
    spans = {engine: verdict_spans(one, signals, start_ns, end_ns) for engine, one in by_engine.items()}
    return Gathered(start_ns, end_ns, signals, by_engine, spans, unusable)


def summarise(recorded: Recorded, gathered: Gathered | None = None) -> Summary:
    """Every number of the session; `gathered` where it was read already. Raises SessionError."""
    known = gathered or gather(recorded)
    about, marks = recorded.about, recorded.marks
    frozen = [span for span in known.signals if span.signal == Signal.FROZEN]
    duration_s = (known.end_ns - known.start_ns) / 1e9
    dark_s = total_s(span for span in known.signals if not span.has_picture)
    lit_s = duration_s - dark_s
    consent = about.get("consent")
    return Summary(
        session=shown_name(recorded),
        participant=shown_participant(recorded),
        arm=str(about.get("arm", "")),
        consent=consent if isinstance(consent, bool) else None,
        start=str(about.get("start", "")),
        end=str(about.get("end", "")),
        state=state_of(recorded),
        duration_s=duration_s,
        signal_s=_signal_s(known.signals),
        freezes=len(frozen),
        frozen_s=total_s(frozen),
        dark_s=dark_s,
        video=_video(recorded),
        engine=_first_engine(about, known.answers),
        engines={
            name: engine_numbers(one, known.verdicts[name], known.start_ns, lit_s)
            for name, one in known.answers.items()
        },
        lives=lives(marks, known.end_ns),
        snapshots=len(recorded.snapshots),
        best=len(recorded.best),
        feedback=feedback(marks),
        questionnaires=questionnaires(marks),
        pages=pages(marks),
        shown_age_ms=percentiles(shown_ages_ms(marks)),
        server_restarts=sum(mark.get("mark") == "server" and mark.get("event") == "resumed" for mark in marks),
        results_lost=results_lost(marks),
        replays=tuple(recorded.replays),
        unusable_results=known.unusable_results,
    )


def shown_name(recorded: Recorded) -> str:
    """What the session is called. A folder may have been renamed to anything; only what Bedside names is shown."""
    for name in (str(recorded.about.get("name", "")), recorded.name):
        if SESSION.fullmatch(name):
            return name
    return "a session without a name"


def shown_participant(recorded: Recorded) -> str:
    """The participant's code; empty where there is none, or where what stands there is no code but maybe a name."""
    participant = str(recorded.about.get("participant") or "")
    return participant if PARTICIPANT.fullmatch(participant) else ""


def state_of(recorded: Recorded) -> str:
    """`ended`, `running` or `broken off`. Raises SessionError."""
    if is_time(recorded.about.get("end_monotonic_ns")):
        return "ended"
    runs = wanted.read(Live(recorded.folder.resolve().parent)).session == recorded.name
    return "running" if runs else "broken off"


def end_of(recorded: Recorded, answers: Mapping[str, Answered]) -> int:
    """Monotonic time of the session's end, not before its start; of one without an end the last that is known of it.

    Questionnaires do not count: they may be filled after the machine was started anew.
    """
    end = recorded.about.get("end_monotonic_ns")
    if is_time(end):
        return max(recorded.start_ns, int(end))
    times = [recorded.start_ns, *(int(one.captured_ns[-1]) for one in answers.values() if len(one))]
    times += recorded.frames.captured_ns[-1:].tolist()
    times += [row.captured_ns for row in (*recorded.frames.losses, *recorded.frames.signals)]
    marks = (mark for mark in recorded.marks if mark.get("mark") != "questionnaire")
    times += [mark["monotonic_ns"] for mark in marks if is_time(mark.get("monotonic_ns"))]
    return max(times)


def _signal_s(signals: list[SignalSpan]) -> dict[str, float]:
    found: dict[str, float] = {}
    for span in signals:
        found[span.signal] = found.get(span.signal, 0.0) + total_s([span])
    return found


def _first_engine(about: Mapping[str, Any], answers: Mapping[str, Answered]) -> str:
    set_engines = about.get("engines")
    names = list(set_engines) if isinstance(set_engines, Mapping) else []
    settings = about.get("settings")
    pipeline = settings.get("pipeline") if isinstance(settings, Mapping) else None
    if isinstance(pipeline, Mapping) and pipeline.get("path"):
        names.insert(0, PIPELINE)
    most = sorted(answers, key=lambda name: -len(answers[name]))
    return next((str(name) for name in [*names, *most] if name in answers), "")


def _video(recorded: Recorded) -> VideoNumbers:
    frames = recorded.frames
    causes: dict[str, int] = {}
    for row in frames.losses:
        causes[row.where or "unknown"] = causes.get(row.where or "unknown", 0) + max(0, row.count)
    video_s, intervals = 0.0, 0
    for segment in np.unique(frames.segment).tolist():
        pts = frames.pts[frames.segment == segment]
        video_s += float(pts.max() - pts.min()) / TIME_BASE
        intervals += len(pts) - 1
    losses = sum(causes.values())
    files = [segment.path for segment in recorded.segments.values()]
    return VideoNumbers(
        frames=len(frames),
        segments=len(np.unique(frames.segment)),
        video_s=video_s,
        fps=intervals / video_s if video_s else None,
        bytes=sum(path.stat().st_size for path in files if path.is_file()),
        losses=losses,
        losses_by_cause=dict(sorted(causes.items())),
        loss_share=losses / (len(frames) + losses) if len(frames) + losses else None,
    )
