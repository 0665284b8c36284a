"""A plane through the solids: each ellipsoid that it meets becomes an outline, and the outlines are painted."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.geometry import BEAMS, DEPTHS, FIELD_DEG, RADIUS_MM, Geometry
from bedside.phantom.group import ECHO_OF
from bedside.phantom.pose import Axes, Vector

CORNERS = 64
"""Of an outline: a head's is right to 0.1 mm."""
SHARPNESS = 4
"""How fast a mirror loses its echo as the beam leaves the square: the cosine to this power."""
_TURN = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)])


@dataclass(frozen=True)
class Cut:
    """Outlines in the order of painting."""

    outline_mm: Vector
    """[N, CORNERS, 2]: lateral and depth in the plane, relative to the probe."""
    normal: Vector
    """[N, CORNERS, 2]: of the solid's surface, outward, in the plane; shorter where the surface leans out of it."""
    group: npt.NDArray[np.uint8]
    """[N]."""


class Solid:
    """The finished anatomy, ready to be cut; `centres` [K, 3], `to_unit` [K, 3, 3], `groups` [K]."""

    def __init__(self, centres: Vector, to_unit: Vector, groups: npt.NDArray[np.uint8]) -> None:
        self._centres, self._to_unit, self._groups = centres, to_unit, groups

    def cut(self, axes: Axes) -> Cut:
        """Where the plane meets the ellipsoids: in the space of the unit ball it cuts a circle."""
        across = self._to_unit @ np.stack([axes.lateral, axes.depth], 1)
        start = np.einsum("kij,kj->ki", self._to_unit, axes.origin - self._centres)
        normal = np.cross(across[..., 0], across[..., 1])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        height = np.einsum("ki,ki->k", normal, start)
        hit = np.flatnonzero(np.abs(height) < 0.999)
        across, start, normal, height = across[hit], start[hit], normal[hit], height[hit]
        first = across[..., 0] / np.linalg.norm(across[..., 0], axis=1, keepdims=True)
        pair = np.stack([first, np.cross(normal, first)], 2)
        ball = (height[:, None] * normal)[..., None] + np.sqrt(1 - height**2)[:, None, None] * (pair @ _CIRCLE)
        gram = np.linalg.inv(across.transpose(0, 2, 1) @ across) @ across.transpose(0, 2, 1)
        outline = (gram @ (ball - start[..., None])).transpose(0, 2, 1)
        surface = self._to_unit[hit].transpose(0, 2, 1) @ ball
        surface /= np.linalg.norm(surface, axis=1, keepdims=True)
        in_plane = np.stack([axes.lateral, axes.depth]) @ surface
        return Cut(outline, in_plane.transpose(0, 2, 1), self._groups[hit])


def joined(*cuts: Cut) -> Cut:
    """Cuts by one plane, painted one after the other."""
    outlines, normals, groups = zip(*((cut.outline_mm, cut.normal, cut.group) for cut in cuts), strict=True)
    return Cut(np.concatenate(outlines), np.concatenate(normals), np.concatenate(groups))


def to_polar(plane_mm: Vector, geometry: Geometry) -> Vector:
    """[..., 2] lateral and depth in mm to [..., 2] beam and depth as samples of the probe's grid."""
    x, y = plane_mm[..., 0], plane_mm[..., 1] + RADIUS_MM
    beam = (np.rad2deg(np.arctan2(x, y)) / FIELD_DEG + 0.5) * (BEAMS - 1)
    depth = (np.hypot(x, y) - RADIUS_MM) * ((DEPTHS - 1) / geometry.depth_mm)
    return np.stack([beam, depth], -1)


def paint(canvas: npt.NDArray[np.uint8], outline_px: Vector, group: npt.NDArray[np.uint8]) -> None:
    """Fill the outlines [N, C, 2] (x, y) on `canvas` [height, width], each with its group's number."""
    corners = np.rint(np.clip(outline_px, -2000, 6000) * 16).astype(np.int32)
    low, high = corners.min(1), corners.max(1)
    limit = np.array(canvas.shape[::-1]) * 16
    seen = (high > 0).all(1) & (low < limit).all(1)
    for index in np.flatnonzero(seen):
        cv2.fillPoly(canvas, [corners[index]], int(group[index]), lineType=cv2.LINE_8, shift=4)


def mirrors(cut: Cut, polar: Vector, painted: npt.NDArray[np.uint8], geometry: Geometry) -> npt.NDArray[np.float32]:
    """[depths, beams], 0 to 1: where the outlines, at `polar` [N, C, 2], cross the beams in the painted picture."""
    shown = ECHO_OF[cut.group] > 0
    here = polar[shown].reshape(-1, 2)
    there = np.roll(polar[shown], -1, axis=1).reshape(-1, 2)
    low, high = np.ceil(np.minimum(here[:, 0], there[:, 0])), np.maximum(here[:, 0], there[:, 0])
    low = np.maximum(low, 0)
    count = np.maximum(np.floor(np.minimum(high, BEAMS - 1)) - low + 1, 0).astype(np.int64)
    segment = np.repeat(np.arange(len(count)), count)
    beam = low[segment].astype(np.int64) + np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    span = there[segment, 0] - here[segment, 0]
    part = np.clip((beam - here[segment, 0]) / np.where(span == 0, 1, span), 0, 1)
    depth = np.rint(here[segment, 1] + part * (there[segment, 1] - here[segment, 1])).astype(np.int64)
    inside = (depth >= 2) & (depth < DEPTHS - 2)
    segment, beam, depth = segment[inside], beam[inside], depth[inside]
    edge = painted[depth - 2, beam] != painted[depth + 2, beam]
    segment, beam, depth = segment[edge], beam[edge], depth[edge]
    normal = cut.normal[shown].reshape(-1, 2)[segment]
    square = np.abs(np.einsum("ij,ij->i", normal, geometry.beam[beam]))
    echo = np.repeat(ECHO_OF[cut.group[shown]], polar.shape[1])[segment] * square**SHARPNESS
    mirror = np.zeros(painted.shape, np.float32)
    np.maximum.at(mirror, (depth, beam), echo.astype(np.float32))
    return mirror
