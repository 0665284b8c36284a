"""What one plane through the anatomy meets, on the probe's own grid."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Section:
    """Samples [depths, beams]: row 0 is at the probe's face, column 0 the leftmost beam."""

    tissue: npt.NDArray[np.uint8]
    """Place in `TISSUES`."""
    mirror: npt.NDArray[np.float32]
    """0 to 1: how much of an interface at this sample throws the sound straight back (its reflectivity, times how
    squarely the beam meets it); 0 inside of tissue."""
    label: npt.NDArray[np.uint8]
    """Place in `CLASSES`; shadows do not matter here."""
    world: npt.NDArray[np.float32]
    """[depths, beams, 3]: where each sample lies, in mm: speckle belongs to the tissue, not to the screen."""
