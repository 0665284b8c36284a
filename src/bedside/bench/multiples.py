"""How far each stage of a picture's way is from what this machine could do at best."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bedside.bench.limits import AFTER, COPY, DECODE, ENCODE, NAMES, SCALE, SCREEN, TRIP

PARTS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "capture": ((1, COPY),),
    "announce": ((0.5, TRIP),),
    "stage": ((1, COPY),),
    "request": ((1, TRIP),),
    "hub": ((1, SCALE), (1, ENCODE)),
    "send": ((0.5, TRIP),),
    "paint": ((1, DECODE), (0.5, SCREEN)),
}
"""What a stage cannot do without: how much of which limits. A picture waits half a redraw of the screen on average."""


@dataclass(frozen=True)
class Multiple:
    """One stage beside what it needs at least."""

    stage: str
    ours_ms: float
    least_ms: float
    needs: str
    """What that is, for a person."""


def multiples(ours_ms: Mapping[str, float], best_ms: Mapping[str, float]) -> list[dict[str, Any]]:
    """Of each stage that a limit is known for; `best_ms` by the names of bedside.bench.limits."""
    return [asdict(_multiple(stage, ours_ms[stage], best_ms)) for stage in PARTS if stage in ours_ms]


def _multiple(stage: str, ours_ms: float, best_ms: Mapping[str, float]) -> Multiple:
    parts = PARTS[stage]
    least_ms = sum(share * best_ms[_name(name)] for share, name in parts)
    needs = " and ".join(f"{'half of ' if share < 1 else ''}{name}" for share, name in parts)
    return Multiple(stage, ours_ms, least_ms, needs)


def _name(limit: str) -> str:
    """The limit as it is after a pause, which is how a picture finds the machine."""
    return limit + AFTER if limit in NAMES else limit
