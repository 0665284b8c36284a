"""Which views a data set is made of: balanced over planes and none, from the standard plane outwards.

Everything is drawn from (seed of the anatomy, number of the picture), so that a data set which was interrupted goes on
as it would have gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bedside.phantom.concepts import PLANES
from bedside.phantom.pose import Pose, View
from bedside.phantom.truth import Truth

DEPTH_STEP_MM = 5.0
"""Depths are chosen in such steps, as on a scanner; the geometry of each is made once."""
SHALLOWEST_MM, DEEPEST_MM = 60.0, 240.0
LOUDEST_DB = 6.0
"""Gain differs from the usual by at most so much."""
SPREAD = {"standard": (1.5, 2.5), "near": (6.0, 9.0), "far": (16.0, 22.0), "away": (35.0, 40.0), "between": (6.0, 10.0)}
"""Standard deviations of each kind of view about the one that it starts from: mm on the skin, degrees of each angle."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a picture shall show: a plane, or none (empty), and how near to it."""

    plane: str
    kind: str
    """A key of SPREAD."""

    def is_met(self, truth: Truth) -> bool:
        """Whether a picture shows it."""
        return truth.plane == self.plane and truth.is_standard == (self.kind == "standard")


AIMS = tuple(
    [Aim(plane, kind) for kind in ("standard", "near", "standard", "far") for plane in PLANES]
    + [Aim("", "between"), Aim("", "between"), Aim("", "away"), Aim("", "away")]
)
"""One round: four pictures of each plane, two of them standard, and four of none."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a data set that is to be made."""

    number: int
    seed: int
    aim: Aim

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.seed:04d}_{self.number:05d}"

    @property
    def moment(self) -> int:
        """The second at which it is taken; it says nothing of what is seen."""
        return int(np.random.default_rng([self.number, self.seed]).integers(86_400))

    def tries(self, standard: Mapping[str, View]) -> Iterator[tuple[View, float]]:
        """Views with their gain in dB, for ever; the first that meets the aim is taken."""
        random = np.random.default_rng([self.seed, self.number])
        while True:
            yield _view(self.aim, standard, random), float(random.uniform(-LOUDEST_DB, LOUDEST_DB))


def shots(count: int, seeds: range) -> Iterator[Shot]:
    """`count` pictures, seed by seed; with fewer pictures than seeds, of seeds spread over all."""
    for number in range(count):
        yield Shot(number, seeds[number * len(seeds) // count], AIMS[number % len(AIMS)])


def _view(aim: Aim, standard: Mapping[str, View], random: np.random.Generator) -> View:
    if aim.kind == "between":
        one, other = random.choice(PLANES, 2, replace=False)
        start = _between(standard[one], standard[other], float(random.uniform(0.25, 0.75)))
    else:
        start = standard[aim.plane or str(random.choice(PLANES))]
    mm, deg = SPREAD[aim.kind]
    pose = Pose(*(_numbers(start.pose) + random.normal(0, (mm, mm, deg, deg, deg))))
    depth_mm = start.depth_mm * random.uniform(0.9, 1.2)
    stepped_mm = round(depth_mm / DEPTH_STEP_MM) * DEPTH_STEP_MM
    return View(pose, float(np.clip(stepped_mm, SHALLOWEST_MM, DEEPEST_MM)))


def _between(one: View, other: View, share: float) -> View:
    pose = Pose(*((1 - share) * _numbers(one.pose) + share * _numbers(other.pose)))
    return View(pose, (1 - share) * one.depth_mm + share * other.depth_mm)


def _numbers(pose: Pose) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([pose.x_mm, pose.z_mm, pose.rotate_deg, pose.tilt_deg, pose.rock_deg])
