"""Where the probe stands on the mother's skin and how it is held."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axes:
    """The picture's plane in the world, each [3]; the three directions are unit vectors at right angles, in mm."""

    origin: Vector
    """The middle of the probe's face."""
    lateral: Vector
    """From the picture's left to its right."""
    depth: Vector
    """The middle beam, away from the probe."""
    normal: Vector
    """Out of the picture's plane: lateral x depth."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Turned first about the beam (`rotate`), then fanned (`tilt`), then rocked in its plane (`rock`).

    `rotate_deg` 0 is a transverse plane: the picture's left is the mother's right. 90 is a sagittal one: the picture's
    right is cranial. `tilt_deg` above 0 fans the plane towards the normal; `rock_deg` above 0 leans the beam to the
    right.
    """

    x_mm: float = 0.0
    z_mm: float = 0.0
    rotate_deg: float = 0.0
    tilt_deg: float = 0.0
    rock_deg: float = 0.0

    def axes(self) -> Axes:
        """The plane that this pose shows."""
        turn, tilt, rock = np.deg2rad([self.rotate_deg, self.tilt_deg, self.rock_deg])
        lateral = np.array([np.cos(turn), 0.0, np.sin(turn)])
        depth = np.array([0.0, 1.0, 0.0])
        normal = np.cross(lateral, depth)
        depth, normal = np.cos(tilt) * depth + np.sin(tilt) * normal, np.cos(tilt) * normal - np.sin(tilt) * depth
        lateral, depth = np.cos(rock) * lateral - np.sin(rock) * depth, np.cos(rock) * depth + np.sin(rock) * lateral
        return Axes(np.array([self.x_mm, 0.0, self.z_mm]), lateral, depth, normal)


@dataclass(frozen=True, slots=True)
class View:
    """A pose, and how deep the scanner looks."""

    pose: Pose
    depth_mm: float
