"""Whether the system does its job: the rules behind `/health`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import bedside
from bedside import clock
from bedside.hub.feed import Feed, is_due
from bedside.hub.running import recorder_json
from bedside.hub.visit import Visit
from bedside.messages import EngineStatus, RecorderState, Signal

DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How old the newest may be, in seconds."""

    frame_s: float = 2.0
    answer_s: Mapping[str, float] = field(default_factory=dict)
    """By engine; what is not named has 10 s."""


@dataclass(frozen=True, slots=True)
class Health:
    """One word, the sentences behind it, and all of `/health`."""

    status: str
    problems: tuple[str, ...]
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the system does its job."""
        return self.status == "ok"


def health(
    feed: Feed,
    limits: Limits,
    now_ns: int | None = None,
    *,
    visit: Visit | None = None,
    access: str = "",
) -> Health:
    """The health at this moment. An engine's is the age of its last finished prediction, never "the port answers".

    `access`: why devices cannot come in, or deeds cannot be written.
    """
    now_ns = clock.monotonic_ns() if now_ns is None else now_ns
    found = [*_signal_problems(feed, limits, now_ns)]
    for engine in feed.engine_statuses:
        found += _engine_problems(feed, limits, engine, now_ns)
    found += _session_problems(visit)
    if feed.status.warning:
        found.append(("privacy", f"{feed.status.warning}; an admin opens /setup."))
    if access:
        found.append(("access", f"Devices or the access log: {access}."))
    status = found[0][0] if found else "ok"
    problems = tuple(sentence for _, sentence in found)
    frame = feed.frame
    body = {
        "status": status,
        "problems": list(problems),
        "signal": str(feed.status.signal),
        "frame": {
            "seq": frame.seq if frame else None,
            "age_ms": round(clock.age_ms(frame.captured_ns, now_ns), 1) if frame else None,
            "fps": round(feed.status.fps, 2),
        },
        "engines": {engine.engine: _engine(feed, engine, now_ns) for engine in feed.engine_statuses},
        "recorder": recorder_json(visit.recorder) if visit else None,
        "session": _session(visit),
        "alerts": [alert.as_json() for alert in feed.alerts],
        "viewers": sum(feed.viewers.values()),
        "version": bedside.__version__,
    }
    return Health(status, problems, body)


def _signal_problems(feed: Feed, limits: Limits, now_ns: int) -> Iterator[tuple[str, str]]:
    signal = feed.status.signal
    if not signal.has_picture:
        yield str(signal), feed.status.message or f"The signal is '{signal}'; expected live or frozen."
    elif feed.frame is None:
        yield "stale", f"The signal is '{signal}', but no frame has reached the server yet."
    else:
        age_s = clock.age_ms(feed.frame.captured_ns, now_ns) / 1e3
        if age_s > limits.frame_s:
            yield "stale", f"The newest frame is {age_s:.1f} s old; expected at most {limits.frame_s:g} s."


def picture_problem(feed: Feed, limits: Limits, now_ns: int) -> str:
    """Why the picture is not to be believed, as a sentence; empty while it is well."""
    return next((sentence for _, sentence in _signal_problems(feed, limits, now_ns)), "")


def owed_s(feed: Feed, limits: Limits, engine: EngineStatus, now_ns: int) -> tuple[float, float]:
    """For how many seconds an engine owes an answer, and for how many it may.

    One is only owed since there were both a picture and a running engine whose turn it was.
    """
    limit_s = limits.answer_s.get(engine.engine, DEADLINE_S) + engine.rest_s
    if not (engine.state.is_well and feed.status.signal.has_picture and feed.picture_since_ns and is_due(engine)):
        return 0.0, limit_s
    owed_ns = max(_answered_ns(feed, engine), feed.picture_since_ns, feed.due_since_ns(engine.engine))
    return clock.age_ms(owed_ns, now_ns) / 1e3, limit_s


def _engine_problems(feed: Feed, limits: Limits, engine: EngineStatus, now_ns: int) -> Iterator[tuple[str, str]]:
    if not engine.state.is_well:
        said = f": {engine.message}" if engine.message else "."
        yield "engine", f"The engine '{engine.engine}' is {engine.state}{said}"
        return
    age_s, limit_s = owed_s(feed, limits, engine, now_ns)
    if age_s > limit_s:
        yield (
            "engine",
            f"Engine '{engine.engine}' finished no prediction for {age_s:.1f} s; expected one every {limit_s:g} s.",
        )


def _session_problems(visit: Visit | None) -> Iterator[tuple[str, str]]:
    if visit is None:
        return
    recorder = visit.recorder
    if visit.is_recording_wanted and recorder and recorder.state in (RecorderState.FAILED, RecorderState.GONE):
        yield "recorder", recorder.message or f"A recording is wanted and the recorder is {recorder.state}."
    if visit.problem:
        yield "session", visit.problem


def _session(visit: Visit | None) -> dict[str, Any] | None:
    if visit is None or visit.running is None:
        return None
    kept = visit.scribe.kept
    return {
        "name": visit.running.name,
        "results": kept.results,
        "results_lost": kept.results_lost,
        "masks_left_out": kept.masks_left_out,
        "marks_lost": kept.marks_lost,
        "problem": visit.problem,
    }


def _answered_ns(feed: Feed, engine: EngineStatus) -> int:
    good = feed.last_good(engine.engine)
    return good.timing.answered_ns if good else 0


def _engine(feed: Feed, engine: EngineStatus, now_ns: int) -> dict[str, Any]:
    answered_ns = _answered_ns(feed, engine)
    return {
        "state": str(engine.state),
        "answers": engine.answers,
        "errors": engine.errors,
        "age_ms": round(clock.age_ms(answered_ns, now_ns), 1) if answered_ns else None,
        "model_ms": round(engine.model_ms, 2),
        "added_ms": round(engine.added_ms, 2),
        "restarts": engine.restarts,
        "late": engine.late,
        "passed_over": engine.passed_over,
        "replicas": engine.replicas,
        "replicas_well": engine.replicas_well,
    }


SIGNAL_WORDS = tuple(str(signal) for signal in Signal if not signal.has_picture)
WORDS = ("ok", "stale", "engine", "recorder", "session", "privacy", "access", *SIGNAL_WORDS)
"""Every word that `status` can be."""
