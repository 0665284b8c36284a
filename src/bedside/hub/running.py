"""The session that runs, what holds for all of them, and what the recorder does: as values, and as pages read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.messages import RecorderState, RecorderStatus
from bedside.session.desk import Who, With
from bedside.session.questionnaire import Questionnaire

NO_RECORDER = RecorderStatus(
    RecorderState.GONE, "no recorder runs, so nothing is recorded; `bedside up` starts one, or `bedside record`"
)


@dataclass(frozen=True)
class Customs:
    """What holds for every session of this server, from the settings."""

    proposed: Who = field(default_factory=Who)
    """What the form proposes, and the participant of a session that a snapshot starts."""
    made_with: Callable[[], With] = With
    """Settings, versions and engines' fingerprints, looked up when a session starts. Blocking."""
    questionnaires: Mapping[str, Questionnaire] = field(default_factory=dict)
    needs_consent: bool = True
    masks: str = "all"
    planes: tuple[str, ...] = ()
    """Labels of the verdicts that a scan needs, for the strip under the picture."""
    clip_s: float = 8.0


@dataclass(frozen=True)
class Running:
    """The session that runs."""

    name: str
    folder: Path
    participant: str
    arm: str
    consent: bool | None
    start_wall_ns: int
    start_monotonic_ns: int

    def as_json(self) -> dict[str, Any]:
        """As pages read it."""
        running_ms = round(clock.age_ms(self.start_monotonic_ns), 1)
        return {"name": self.name, "participant": self.participant, "arm": self.arm, "running_ms": running_ms}


def recorder_json(status: RecorderStatus | None) -> dict[str, Any] | None:
    """What the recorder does, as pages read it; None where there has never been one."""
    if status is None:
        return None
    return {
        "state": str(status.state),
        "message": status.message,
        "recording_ms": round(clock.age_ms(status.since_ns), 1) if status.since_ns else 0,
        "frames": status.frames,
        "losses": status.losses,
        "video_bytes": status.video_bytes,
        "free_bytes": status.free_bytes,
    }


def running_of(folder: Path, about: Mapping[str, Any]) -> Running:
    """The session of this folder, by its `session.json`."""
    consent = about.get("consent")
    return Running(
        folder.name,
        folder,
        str(about.get("participant", "")),
        str(about.get("arm", "")),
        consent if isinstance(consent, bool) else None,
        *(
            value if isinstance(value := about.get(name), int) else 0
            for name in ("start_wall_ns", "start_monotonic_ns")
        ),
    )
