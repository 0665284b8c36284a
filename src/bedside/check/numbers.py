"""Times of the same frames, alone and inside Bedside, as the paper's Table 1 has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

import numpy as np

ROUGH = 0.15
"""The model alone may differ so much from round to round, in shares of its time; beyond it the machine is too busy."""


@dataclass(frozen=True)
class Times:
    """What many times come to, in milliseconds."""

    mean: float
    sd: float
    p50: float
    p99: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> "Times":
        """Of at least one time."""
        p50, p99 = np.percentile(times_ms, [50, 99])
        return cls(mean(times_ms), stdev(times_ms) if len(times_ms) > 1 else 0.0, float(p50), float(p99))

    @property
    def text(self) -> str:
        """Mean and standard deviation."""
        return f"{self.mean:.2f} ± {self.sd:.2f}"


@dataclass(frozen=True)
class Pair:
    """One frame's times, in milliseconds."""

    framework: float
    """From when asking became possible (the frame was there and the engine free) until its result was held."""
    model: float
    """Inside the model, in that time."""
    native: float | None = None
    """The same picture in the bare loop; None where there is none, such as for a server elsewhere."""

    @property
    def added(self) -> float:
        """Of `framework`, what was not inside the model."""
        return self.framework - self.model


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    pairs: tuple[tuple[Pair, ...], ...]
    """By round."""

    @property
    def frames(self) -> int:
        """How many frames were measured."""
        return sum(len(each) for each in self.pairs)

    @property
    def times(self) -> dict[str, Times]:
        """By name: native, framework, their difference on the same frame, added; without native no difference."""
        every = [pair for each in self.pairs for pair in each]
        lists = {
            "native": [pair.native for pair in every if pair.native is not None],
            "framework": [pair.framework for pair in every],
            "difference": [pair.framework - pair.native for pair in every if pair.native is not None],
            "added": [pair.added for pair in every],
        }
        return {name: Times.of(times) for name, times in lists.items() if times}

    @property
    def doubt(self) -> str:
        """Why the difference means little here; empty when it means what it says."""
        typical = [
            median(pair.native for pair in each if pair.native is not None)
            for each in self.pairs
            if any(pair.native is not None for pair in each)
        ]
        if len(typical) < 2:
            return (
                "" if not typical else "one round only: whether the machine was quiet is not known; give it more time"
            )
        low, high, difference = min(typical), max(typical), abs(self.times["difference"].p50)
        if high - low <= max(ROUGH * median(typical), 0.1) or high - low <= difference / 2:
            return ""
        return (
            f"the machine was too busy for the difference: the model alone took {low:.2f} ms in one round and "
            f"{high:.2f} ms in another; close what else runs and measure again, or take `added`, which is measured "
            "inside each single frame"
        )

    def as_json(self) -> dict[str, Any]:
        """Everything by name, milliseconds."""
        return {
            "frames": self.frames,
            "rounds": len(self.pairs),
            "ms": {
                name: {key: round(value, 3) for key, value in vars(one).items()} for name, one in self.times.items()
            },
            "doubt": self.doubt,
        }
