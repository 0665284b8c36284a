"""Samples to figures: percentiles, never means alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Percentiles of one quantity, in its own unit."""

    n: int
    p50: float
    p95: float
    p99: float
    largest: float

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} / {self.p99:.1f}"


def spread(samples: Sequence[float]) -> Spread:
    """Percentiles of `samples`. Raises ValueError when there are none: a figure without samples is no figure."""
    if not samples:
        raise ValueError("nothing was measured")
    p50, p95, p99 = (float(value) for value in np.percentile(samples, [50, 95, 99]))
    return Spread(len(samples), p50, p95, p99, float(max(samples)))


def slope_per_minute(times_s: Sequence[float], values: Sequence[float]) -> float:
    """Least-squares slope of `values` over time, per minute."""
    return float(np.polyfit(np.asarray(times_s) / 60, np.asarray(values), 1)[0])
