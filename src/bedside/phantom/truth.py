"""What is true of a picture, known exactly because it was drawn."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bedside.phantom.pose import View


@dataclass(frozen=True)
class Offset:
    """How far the probe is from the nearest standard plane, and what would bring it there."""

    plane: str
    distance_mm: float
    """Between the two planes, at the structure that is looked for."""
    angle_deg: float
    move: str
    """The command that helps most now, such as `tilt -6`; empty on the plane."""


@dataclass(frozen=True)
class Truth:
    """Of one picture."""

    label: npt.NDArray[np.uint8]
    """[height, width] of the screen: place in `CLASSES`."""
    plane: str
    """One of PLANES, by PCBM's rule; empty where there is none."""
    is_standard: bool
    concepts: npt.NDArray[np.float32]
    """[27], in the order of CONCEPTS; those of other planes are 0."""
    view: View
    offset: Offset
    mm_per_px: float
