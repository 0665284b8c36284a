"""Where the probe stands on the mother's skin and how it is held."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
TREMBLE_MM, TREMBLE_DEG = 0.3, 0.4
"""How far a hand moves that holds still: a live picture is never quite still, a frozen one is."""
TREMBLE_PER_S = np.array([1.3, 1.7, 2.1, 1.1])
"""Radians a second: x, z, rotate, tilt."""


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

    def mirrored(self) -> "Pose":
        """The same plane, its left on the right: turned half round about the skin's normal, and held against it."""
        return replace(self, rotate_deg=self.rotate_deg + 180, tilt_deg=-self.tilt_deg, rock_deg=-self.rock_deg)

    def trembling(self, elapsed_s: float) -> "Pose":
        """As a hand holds it; exactly this pose at 0 s."""
        off = np.sin(elapsed_s * TREMBLE_PER_S) * [TREMBLE_MM, TREMBLE_MM, TREMBLE_DEG, TREMBLE_DEG]
        x_mm, z_mm, rotate_deg, tilt_deg = (float(value) for value in off)
        return Pose(
            self.x_mm + x_mm,
            self.z_mm + z_mm,
            self.rotate_deg + rotate_deg,
            self.tilt_deg + tilt_deg,
            self.rock_deg,
        )


@dataclass(frozen=True, slots=True)
class View:
    """A pose, and how deep the scanner looks."""

    pose: Pose
    depth_mm: float
