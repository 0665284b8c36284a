"""Samples to figures: percentiles, never means alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STEPS = 41
"""So many quantiles are kept of a quantity, evenly from the smallest sample to the largest: enough to draw it."""


@dataclass(frozen=True)
class Spread:
    """Percentiles of one quantity, in its own unit."""

    n: int
    p50: float
    p95: float
    p99: float
    largest: float
    quantiles: tuple[float, ...] = ()
    """The quantity's whole distribution: 0, 2.5, 5 … 100 %."""

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} / {self.p99:.1f}"


def spread(samples: Sequence[float]) -> Spread:
    """Percentiles of `samples`. Raises ValueError when there are none: a figure without samples is no figure."""
    if not len(samples):
        raise ValueError("nothing was measured")
    p50, p95, p99 = (float(value) for value in np.percentile(samples, [50, 95, 99]))
    steps = np.percentile(samples, np.linspace(0, 100, STEPS))
    quantiles = tuple(round(float(value), 4) for value in steps)
    return Spread(len(samples), p50, p95, p99, float(max(samples)), quantiles)
