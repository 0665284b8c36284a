"""Solids in the world: everything is made of ellipsoids, later ones painted over earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bedside.phantom.group import NUMBER
from bedside.phantom.pose import Vector

CLOSE = 0.45
"""Distance of a tube's balls, as a share of their smallest radius: its surface is then even to 3 %."""
Point = Sequence[float] | Vector


def turned(about_x_deg: float, about_y_deg: float, about_z_deg: float) -> Vector:
    """[3, 3]: a rotation, first about x, then y, then z."""
    (a, b, c), (i, j, k) = (f(np.deg2rad([about_x_deg, about_y_deg, about_z_deg])) for f in (np.cos, np.sin))
    x = np.array([[1, 0, 0], [0, a, -i], [0, i, a]])
    y = np.array([[b, 0, j], [0, 1, 0], [-j, 0, b]])
    z = np.array([[c, -k, 0], [k, c, 0], [0, 0, 1]])
    return np.asarray(z @ y @ x, np.float64)


@dataclass(frozen=True)
class Frame:
    """A part's own coordinates: where its origin lies in the world, and its three axes as columns [3, 3]."""

    origin: Vector
    axes: Vector

    def to_world(self, point: Point) -> Vector:
        """[..., 3] mm of this part to [..., 3] mm of the world."""
        return np.asarray(self.origin + np.asarray(point, np.float64) @ self.axes.T, np.float64)


WORLD = Frame(np.zeros(3), np.eye(3))


@dataclass
class Solids:
    """A list that grows while the anatomy is built; the order is the order of painting."""

    centres: list[Vector] = field(default_factory=list)
    to_unit: list[Vector] = field(default_factory=list)
    """Each [3, 3]: from the world, relative to the centre, into the space where the ellipsoid is the unit ball."""
    groups: list[int] = field(default_factory=list)

    def ellipsoid(self, group: str, frame: Frame, centre: Point, semi: Point, turn: Vector | None = None) -> None:
        """An ellipsoid with half axes `semi` along the frame's axes, or along those that `turn` [3, 3] turns."""
        axes = frame.axes if turn is None else frame.axes @ turn
        self.centres.append(frame.to_world(centre))
        self.to_unit.append(axes.T / np.asarray(semi, np.float64)[:, None])
        self.groups.append(NUMBER[group])

    def tube(
        self,
        group: str,
        frame: Frame,
        path: Sequence[Sequence[float]] | Vector,
        radius: float | Sequence[float] | Vector,
        flat: Point = (1, 1, 1),
    ) -> None:
        """Balls along a smooth path through the points; `radius` at each point or of all; `flat` stretches the balls
        along the frame's axes."""
        points = np.asarray(path, np.float64)
        radii = np.broadcast_to(np.asarray(radius, np.float64), len(points))
        stretch = np.asarray(flat, np.float64)
        for centre, r in zip(*along(points, radii, float(radii.min() * stretch.min())), strict=True):
            self.ellipsoid(group, frame, centre, r * stretch)


def along(points: Vector, radii: Vector, thinnest: float) -> tuple[Vector, Vector]:
    """Points [N, 3] and radii [N] close enough together that balls there make a smooth tube."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(2, int(np.ceil(length[-1] / (CLOSE * thinnest))) + 1)
    at = np.linspace(0, length[-1], count)
    return np.stack([smooth(at, length, points[:, i]) for i in range(3)], 1), smooth(at, length, radii)


def smooth(at: Vector, knots: Vector, values: Vector) -> Vector:
    """A Catmull-Rom curve through `values` at `knots`, read at `at`."""
    if len(knots) < 3:
        return np.interp(at, knots, values)
    slope = np.gradient(values, knots)
    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    step = knots[i + 1] - knots[i]
    t = (at - knots[i]) / step
    return np.asarray(
        (1 + 2 * t) * (1 - t) ** 2 * values[i]
        + t * (1 - t) ** 2 * step * slope[i]
        + t**2 * (3 - 2 * t) * values[i + 1]
        + t**2 * (t - 1) * step * slope[i + 1],
        np.float64,
    )
