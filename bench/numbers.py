"""Samples to figures: how percentiles and slopes are made."""

from collections.abc import Sequence

import numpy as np

from bedside.bench.spread import Spread, spread

__all__ = ["Spread", "slope_per_minute", "spread"]


def slope_per_minute(times_s: Sequence[float], values: Sequence[float]) -> float:
    """Least-squares slope of `values` over time, per minute."""
    return float(np.polyfit(np.asarray(times_s) / 60, np.asarray(values), 1)[0])
