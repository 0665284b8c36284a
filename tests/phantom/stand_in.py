"""Sections without an anatomy, painted by hand."""

import numpy as np
import numpy.typing as npt

from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import Pose
from bedside.phantom.section import Section
from bedside.phantom.tissue import ID

Box = tuple[float, float, float, float]


def section_of(
    geometry: Geometry, tissue: str = "liver", boxes: dict[Box, str] | None = None, x_mm: float = 0.0
) -> Section:
    """All of one tissue, but for boxes of others: left, top, right, bottom in mm; the probe at `x_mm`."""
    plane = geometry.plane_mm
    painted = np.full(plane.shape[:2], ID[tissue], np.uint8)
    for box, other in (boxes or {}).items():
        painted[in_box(geometry, box)] = ID[other]
    axes = Pose(x_mm=x_mm).axes()
    world = axes.origin + plane[..., :1] * axes.lateral + plane[..., 1:] * axes.depth
    still = np.zeros(painted.shape)
    return Section(painted, still.astype(np.float32), still.astype(np.uint8), world.astype(np.float32))


def in_box(geometry: Geometry, box: Box) -> npt.NDArray[np.bool_]:
    """[depths, beams]: samples between left, top, right, bottom in mm."""
    left, top, right, bottom = box
    lateral, depth = geometry.plane_mm[..., 0], geometry.plane_mm[..., 1]
    return np.asarray((lateral > left) & (lateral < right) & (depth > top) & (depth < bottom))
