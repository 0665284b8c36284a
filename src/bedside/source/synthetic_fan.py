"""The synthetic scan itself: speckle in a convex fan, and in it something like a head that drifts and changes.

It is drawn at half the size and scaled up, which costs a quarter and looks like a scanner's own interpolation. The
speckle lies ready in polar textures; a picture mixes two slices of them and bends the mixture into the fan.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.messages import Pixels

Plane = NDArray[np.uint8]

DEPTHS, ANGLES, TURNS = 384, 448, 2048
"""Rows of a texture (depth), columns that the fan shows, columns that a texture has before it repeats."""
HALF_ANGLE = 0.6
"""Of the fan, in radians."""
NEAR = 0.3
"""Radius of the probe as a fraction of the fan's outer radius."""


class Fan:
    """Draws the fan into a picture; `width` and `height` are of its bounding box, at most what was asked for."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        across, down = 2 * math.sin(HALF_ANGLE), 1 - NEAR * math.cos(HALF_ANGLE)
        self._radius = min(width / across, height / down) / 2  # at half the size
        self._w, self._h = max(8, int(self._radius * across)), max(8, int(self._radius * down))
        self.width, self.height = 2 * self._w, 2 * self._h
        random = np.random.default_rng(seed)
        self._textures = (_speckle(random), _speckle(random))
        self._angles, self._depths = self._bend()
        # Kept between pictures: fresh memory of this size costs more than what is drawn into it.
        self._small = np.empty((self._h, self._w), np.uint8)
        self._large = np.empty((self.height, self.width), np.uint8)
        self._phase = random.uniform(0, 2 * math.pi, 4)

    def draw(self, scan: int, into: Pixels) -> None:
        """Paint scan number `scan` into `into`, RGB [height, width, 3] of the fan's bounding box."""
        mixed = cv2.addWeighted(self._slice(0, scan * 4), 0.55, self._slice(1, -scan * 6), 0.55, 0)
        cv2.remap(mixed, self._angles, self._depths, cv2.INTER_LINEAR, dst=self._small, borderValue=0)
        cv2.multiply(self._small, self._tissue(scan), dst=self._small, scale=1 / 128)
        cv2.resize(self._small, (self.width, self.height), dst=self._large, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(self._large, cv2.COLOR_GRAY2RGB, dst=into)

    def _slice(self, which: int, start: int) -> Plane:
        start %= TURNS
        return self._textures[which][:, start : start + ANGLES]

    def _bend(self) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """Where each point of the half-size box lies in the polar picture; outside of the fan far away from it."""
        x = (np.arange(self._w) + 0.5 - self._w / 2)[None, :] / self._radius
        y = (np.arange(self._h) + 0.5)[:, None] / self._radius + NEAR * math.cos(HALF_ANGLE)
        radius, angle = np.hypot(x, y), np.arctan2(x, y + 0 * x)
        inside = (radius >= NEAR) & (radius <= 1) & (np.abs(angle) <= HALF_ANGLE)
        column = np.where(inside, (angle / HALF_ANGLE + 1) / 2 * (ANGLES - 1), -1000).astype(np.float32)
        row = np.where(inside, (radius - NEAR) / (1 - NEAR) * (DEPTHS - 1), -1000).astype(np.float32)
        return cv2.convertMaps(column, row, cv2.CV_16SC2)  # type: ignore[return-value]

    def _tissue(self, scan: int) -> Plane:
        """How strongly each point echoes, 128 is as the speckle is: a head with its midline and two dark thalami."""
        gain = np.full((self._h, self._w), 110, np.uint8)
        seconds = scan / 30
        turn = [
            math.sin(seconds * rate + phase) for rate, phase in zip((0.50, 0.37, 0.29, 0.43), self._phase, strict=True)
        ]
        centre = (self._w * (0.5 + 0.05 * turn[0]), self._h * (0.56 + 0.04 * turn[1]))
        axes = (self._h * (0.30 + 0.02 * turn[2]), self._h * (0.235 + 0.02 * turn[2]))
        tilt = 12 * turn[3]
        plane = 0.5 + 0.5 * math.sin(seconds * 0.4)  # 1: the standard plane, 0: far off it
        thick = max(2, round(self._h * 0.018))
        _ellipse(gain, centre, axes, tilt, 62, -1)
        _ellipse(gain, centre, axes, tilt, 255, thick)
        along = np.array([math.cos(math.radians(tilt)), math.sin(math.radians(tilt))])
        across = np.array([-along[1], along[0]])
        middle = np.array(centre)
        ends = [tuple(int(v) for v in middle + along * axes[0] * part) for part in (-0.85, 0.85)]
        cv2.line(gain, ends[0], ends[1], 62 + int(130 * plane), max(1, thick // 2), cv2.LINE_AA)
        for side in (-1, 1):
            place = middle + across * axes[1] * 0.24 * side
            _ellipse(gain, (place[0], place[1]), (axes[0] * 0.24, axes[1] * 0.17), tilt, 62 - int(42 * plane), -1)
        return gain


def _ellipse(
    plane: Plane, centre: tuple[float, float], axes: tuple[float, float], tilt: float, level: int, thick: int
) -> None:
    whole = (round(centre[0]), round(centre[1]))
    cv2.ellipse(plane, whole, (round(axes[0]), round(axes[1])), tilt, 0, 360, level, thick, cv2.LINE_AA)


def _speckle(random: np.random.Generator) -> Plane:
    """Fully developed speckle with log compression, [DEPTHS, TURNS + ANGLES]; its end repeats its start."""
    squares = np.zeros((DEPTHS, TURNS + ANGLES))
    for _ in range(2):  # the real and the imaginary part of the echo
        field = random.standard_normal((DEPTHS, TURNS))
        field = np.hstack([field[:, -16:], field, field[:, : ANGLES + 16]])
        squares += np.square(cv2.GaussianBlur(field, (0, 0), sigmaX=3.2, sigmaY=1.2)[:, 16:-16])
    decibel = 10 * np.log10(squares / squares.mean() + 1e-6)
    fade = np.linspace(1.05, 0.65, DEPTHS)[:, None]
    level: NDArray[np.float64] = (decibel + 30) / 42 * 150 * fade
    return np.clip(level, 0, 255).astype(np.uint8)
