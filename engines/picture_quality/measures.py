"""Numbers about the straightened picture, float [DEPTHS, RAYS], grey levels 0 to 255."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Measures:
    """What can be measured on one picture, without knowing what it shows."""

    gain: float
    """Mean grey level of what is not dark."""
    contrast: float
    """Grey levels between the darkest and the brightest tenth."""
    contact: float
    """Share of scan lines with echoes near the probe."""
    penetration: float
    """Share of the depth that echoes come back from."""
    sharpness: np.ndarray
    """By third of the depth: change from depth to depth, relative to the brightness."""
    saturated: float
    """Share that is plain white."""
    shadow: float
    """Share that is dark to the bottom, though the probe has contact there."""
    touches: np.ndarray
    """By scan line, whether the probe has contact there."""
    dark: np.ndarray
    """[DEPTHS, RAYS]: no contact, or in a shadow that reaches to the bottom."""


def smooth(picture):
    """The mean of three by three neighbours."""
    padded = np.pad(picture, 1, mode="edge")
    three = padded[:-2] + padded[1:-1] + padded[2:]
    return (three[:, :-2] + three[:, 1:-1] + three[:, 2:]) / 9


def measure(lines):
    """All measures of one straightened picture."""
    depths = len(lines)
    soft = smooth(lines)
    low, high = np.percentile(lines, (10, 95))
    echo = soft > max(10.0, 0.13 * high)
    near = echo[1 : int(0.25 * depths)].mean(0)
    touches = (near > 0.15) | (echo.mean(0) > 0.25)
    deepest = np.where(echo.any(0), depths - echo[::-1].argmax(0), 0)
    reach = int(np.percentile(deepest[touches], 70)) if touches.any() else 0
    ends_early = deepest < 0.65 * reach
    depth = np.arange(depths)[:, None]
    dark = (depth >= deepest) & (depth < max(reach, 1)) & ends_early
    dark |= ~touches & ~echo
    change = np.abs(np.diff(lines, axis=0))[:, touches] if touches.any() else np.zeros((depths - 1, 1))
    brightness = soft[1:, touches] + 12 if touches.any() else np.ones((depths - 1, 1))
    thirds = np.array_split(np.arange(depths - 1), 3)
    return Measures(
        gain=float(lines[echo].mean()) if echo.any() else 0.0,
        contrast=float(high - low),
        contact=float(touches.mean()),
        penetration=reach / depths,
        sharpness=np.array([change[third].mean() / brightness[third].mean() for third in thirds]),
        saturated=float((lines > 240).mean()),
        shadow=float((dark & touches).mean()),
        touches=touches,
        dark=dark,
    )


def brightest(lines):
    """The brightest structure: ray and depth of its middle, its spread and its tilt; None when nothing stands out."""
    soft = smooth(smooth(lines))
    edge = np.percentile(soft, 98)
    depth, ray = np.nonzero(soft >= max(edge, 40))
    if len(ray) < 8:
        return None
    peak = np.unravel_index(soft.argmax(), soft.shape)
    near = (abs(depth - peak[0]) < 10) & (abs(ray - peak[1]) < 12)
    depth, ray = depth[near], ray[near]
    return float(ray.mean()), float(depth.mean()), float(ray.std()), float(depth.std())
