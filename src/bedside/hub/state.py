"""The `state` message of a page and `GET /api/state`: what signal and engines are doing, with ages as of now."""

from typing import Any

from bedside import clock
from bedside.hub.alerts import About, Level
from bedside.hub.feed import Feed
from bedside.hub.running import recorder_json
from bedside.hub.visit import Visit
from bedside.messages import EngineStatus


def state(
    feed: Feed,
    visit: Visit | None = None,
    *,
    has_answers: bool = True,
    has_verdict: bool = True,
    has_controls: bool = True,
    picture_skips: int = 0,
) -> dict[str, Any]:
    """The state as the page reads it; ages in milliseconds. Without answers, `engines` is empty, and no alert is
    of them; without controls nobody is there to do anything, and only alarms are said.

    `progress` over the needed planes is for pages that have the verdict.
    """
    now_ns = clock.monotonic_ns()
    return {
        "type": "state",
        "signal": signal_state(feed, now_ns),
        "engines": [engine_state(feed, status, now_ns) for status in feed.engine_statuses] if has_answers else [],
        **session_state(visit),
        "alerts": [
            {**alert.as_json(), "on_page": alert.is_on_page}
            for alert in feed.alerts
            if (has_answers or alert.about is not About.ANSWERS) and (has_controls or alert.level is Level.ALARM)
        ],
        "progress": visit.progress if visit is not None and has_verdict else None,
        "spacing": feed.calibration.as_json(),
        "viewers": sum(feed.viewers.values()),
        "picture_skips": picture_skips,
        "sent_ms": round(now_ns / clock.NS_PER_MS, 1),
    }


def session_state(visit: Visit | None) -> dict[str, Any]:
    """What is kept, and what cannot be: `problem` is a sentence then, and empty otherwise.

    `recording`: video is wanted, whether or not the recorder can make it.
    """
    if visit is None:
        return {"recorder": None, "session": None}
    wanted = {"recording": visit.is_recording_wanted, "problem": visit.problem}
    return {
        "recorder": recorder_json(visit.recorder),
        "session": visit.running and {**visit.running.as_json(), **wanted},
    }


def signal_state(feed: Feed, now_ns: int) -> dict[str, Any]:
    """The source's side."""
    status, frame = feed.status, feed.frame
    return {
        "state": str(status.signal),
        "message": status.message,
        "warning": status.warning,
        "source": status.source,
        "device": status.device,
        "fps": round(status.fps, 2),
        "age_ms": _age(frame.captured_ns if frame else 0, now_ns),
        "drops": status.drops,
        "skips": status.skips,
        "width": frame.width if frame else status.width,
        "height": frame.height if frame else status.height,
    }


def engine_state(feed: Feed, status: EngineStatus, now_ns: int) -> dict[str, Any]:
    """One engine's side."""
    good = feed.last_good(status.engine)
    return {
        "name": status.engine,
        "state": str(status.state),
        "message": status.message,
        "answers": status.answers,
        "errors": status.errors,
        "restarts": status.restarts,
        "late": status.late,
        "passed_over": status.passed_over,
        "replicas": status.replicas,
        "replicas_well": status.replicas_well,
        "waits": status.waits,
        "holds": status.holds,
        "rest_ms": round(status.rest_s * 1e3),
        "fps": round(status.fps, 2),
        "model_ms": round(status.model_ms, 2),
        "added_ms": round(status.added_ms, 2),
        "answer_age_ms": _age(good.timing.captured_ns if good else 0, now_ns),
        "busy_ms": _age(status.asked_ns, now_ns),
        "takes_corrections": status.takes_corrections and feed.answer_again is not None,
    }


def _age(since_ns: int, now_ns: int) -> float | None:
    return round(clock.age_ms(since_ns, now_ns), 1) if since_ns else None
