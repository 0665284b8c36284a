"""How far a scan has come over the planes that it needs: the best that the AI has said of each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bedside.hub.answer import score_of
from bedside.hub.best import Written
from bedside.messages import Result

RANKS = {"near": 1, "good": 2}
"""Levels of a verdict that count, the better the higher."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The best verdict of one plane."""

    level: str = "none"
    score: float | None = None
    """The highest at that level."""

    def beats(self, other: "Reached") -> bool:
        """Whether it is the better one."""
        return self._worth > other._worth

    @property
    def _worth(self) -> tuple[int, float]:
        return RANKS.get(self.level, 0), -math.inf if self.score is None else self.score


class Progress:
    """Over `planes`, labels of verdicts, compared without case. Empty: nothing is asked of a scan."""

    def __init__(self, planes: Sequence[str]) -> None:
        self._planes = {plane.casefold(): plane for plane in planes}
        self._reached: dict[str, Reached] = {}

    def begin(self, best: Mapping[str, Written]) -> None:
        """Another scan begins, or one goes on of which these are kept."""
        self._reached = {
            plane.casefold(): Reached("good", written.score)
            for plane, written in best.items()
            if plane.casefold() in self._planes
        }

    def saw(self, result: Result) -> None:
        """An engine answered."""
        verdict = result.answer.get("verdict")
        if result.error or not isinstance(verdict, Mapping):
            return
        plane, level = str(verdict.get("label", "")).casefold(), str(verdict.get("level", ""))
        if plane not in self._planes or level not in RANKS:
            return
        now = Reached(level, score_of(verdict))
        if now.beats(self._reached.get(plane, Reached())):
            self._reached[plane] = now

    def as_json(self, best: Mapping[str, Written], keeps: str) -> dict[str, Any] | None:
        """As pages read it; None where no plane is needed.

        `best` are the pictures that are kept; `keeps` says whether new ones are: `yes`, `no_session` or `no_consent`.
        """
        if not self._planes:
            return None
        pictures = {plane.casefold(): written for plane, written in best.items()}
        return {"keeps": keeps, "planes": [self._plane(key, pictures.get(key)) for key in self._planes]}

    def _plane(self, key: str, written: Written | None) -> dict[str, Any]:
        reached = self._reached.get(key, Reached())
        picture = {"name": written.name, "seq": written.seq} if written else None
        return {"name": self._planes[key], "level": reached.level, "score": reached.score, "picture": picture}
