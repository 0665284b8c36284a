"""What can really be seen of a section: not what lies in a bone's shadow or beside the fan."""

import numpy as np
import numpy.typing as npt

from bedside.phantom.cut import to_polar
from bedside.phantom.geometry import BEAMS, DEPTHS, FIELD_DEG, RADIUS_MM, Geometry
from bedside.phantom.pose import Axes, Vector
from bedside.phantom.section import Section
from bedside.phantom.tissue import TISSUES

_LOSS = np.array([tissue.loss_db_per_cm for tissue in TISSUES], np.float32)
_FREE_DB_PER_CM = 1.2
"""What soft tissue loses; the scanner makes up for it."""
_DIM_DB, _DARK_DB = 4.0, 18.0
"""Extra loss on the way from which a structure looks dimmer, and at which nothing of it is left."""
_NEAR_MM = 2.5
"""How far from a point its structure may lie in the picture and still be met."""


class Seen:
    """One section and how much of the sound reaches each of its samples."""

    def __init__(self, section: Section, axes: Axes, geometry: Geometry) -> None:
        self.section, self.axes, self.geometry = section, axes, geometry
        step_cm = geometry.depth_mm / (DEPTHS - 1) / 10
        extra = np.maximum(_LOSS[section.tissue] - _FREE_DB_PER_CM, 0) * np.float32(step_cm)
        before = np.cumsum(extra, axis=0) - extra
        left, _, width, _ = geometry.fan_px
        column = geometry.to_screen(geometry.plane_mm)[..., 0]
        lit = np.clip((_DARK_DB - before) / (_DARK_DB - _DIM_DB), 0, 1)
        self.lit: npt.NDArray[np.float32] = np.where((column >= left) & (column < left + width), lit, 0)
        """[depths, beams]: 1 in the open, 0 in full shadow and where the screen cuts the fan."""
        across = (RADIUS_MM + geometry.range_mm) * np.deg2rad(FIELD_DEG) / (BEAMS - 1)
        self._area = (across * geometry.depth_mm / (DEPTHS - 1))[:, None] * self.lit

    def area_mm2(self, label: int) -> float:
        """Of a class, each part as much as it is lit."""
        return float(self._area[self.section.label == label].sum())

    def project(self, world: Vector) -> tuple[Vector, Vector]:
        """Points [N, 3]: where they lie in the plane, [N, 2] mm, and how far off it, [N] mm."""
        away = world - self.axes.origin
        return np.stack([away @ self.axes.lateral, away @ self.axes.depth], 1), np.abs(away @ self.axes.normal)

    def lit_at(self, plane_mm: Vector, label: int | None = None) -> Vector:
        """[N]: how much of the sound reaches points of the plane [N, 2]; 0 beside the fan, and where the class is not
        within 2.5 mm of the point."""
        beam, depth = np.rint(to_polar(plane_mm, self.geometry)).astype(np.int64).T
        inside = (beam >= 0) & (beam < BEAMS) & (depth >= 0) & (depth < DEPTHS)
        beam, depth = np.where(inside, beam, 0), np.where(inside, depth, 0)
        found = inside if label is None else inside & self._near(beam, depth, label)
        return np.where(found, self.lit[depth, beam], 0.0)

    def square_at(self, plane_mm: Vector, normal: Vector) -> Vector:
        """[N]: how squarely the sound meets surfaces with these normals [N, 2] at points of the plane [N, 2]."""
        way = plane_mm + np.array([0, RADIUS_MM])
        way = way / np.linalg.norm(way, axis=1, keepdims=True)
        return np.asarray(np.abs(np.einsum("ij,ij->i", way, normal)), np.float64)

    def _near(self, beam: npt.NDArray[np.int64], depth: npt.NDArray[np.int64], label: int) -> npt.NDArray[np.bool_]:
        """[N]: whether the class is met just above or below, or beside."""
        reach = int(np.ceil(_NEAR_MM / (self.geometry.depth_mm / (DEPTHS - 1))))
        found = np.zeros(len(beam), bool)
        for down in range(-reach, reach + 1, 2):
            for aside in (-1, 0, 1):
                row, column = np.clip(depth + down, 0, DEPTHS - 1), np.clip(beam + aside, 0, BEAMS - 1)
                found |= self.section.label[row, column] == label
        return found
