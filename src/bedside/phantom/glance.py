"""What holds of the scanner at one moment, and what is true of its picture, worked out by whoever asks."""

from dataclasses import asdict, dataclass
from typing import Any

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import Pose, View
from bedside.phantom.truth import truth_of


@dataclass(frozen=True)
class Glance:
    """Taken in no time. Nothing in it changes, so that `state` may run in one thread while another draws."""

    anatomy: Anatomy
    pose: Pose
    depth_mm: float
    gain_db: float
    is_frozen: bool
    is_sweeping: bool
    shown: View
    """What the screen shows: of a frozen picture, where the probe was then."""
    geometry: Geometry
    """Of `shown`."""

    def state(self) -> dict[str, Any]:
        """Where the probe stands, how the knobs are set, and what is true of the picture; fit for JSON.

        Takes about as long as a picture.
        """
        truth = truth_of(self.anatomy, self.shown, self.geometry)
        return {
            "seed": self.anatomy.seed,
            "pose": asdict(self.pose),
            "depth_mm": self.depth_mm,
            "gain_db": self.gain_db,
            "is_frozen": self.is_frozen,
            "is_sweeping": self.is_sweeping,
            "plane": truth.plane,
            "is_standard": truth.is_standard,
            "offset": asdict(truth.offset),
        }
