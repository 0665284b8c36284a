"""Label maps of the nets' size, as a perfect observer would see them, and nets that say what they are told."""

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from tests.engines.pcbm.loaded import module

LABEL: dict[str, int] = module("concepts").LABEL
SHAPE = (224, 288)
Label = npt.NDArray[np.uint8]


def head(facing: str = "left", *, without: tuple[str, ...] = (), cerebellum: bool = False) -> Label:
    """A skull of half axes 90 and 70 pixels, 5 pixels thick, that looks to the left or to the right."""
    label = np.zeros(SHAPE, np.uint8)
    side = -1 if facing == "left" else 1
    if "skull" not in without:
        cv2.ellipse(label, (140, 110), (90, 70), 0, 0, 360, LABEL["skull"], 5)
    if "cavum" not in without:
        cv2.ellipse(label, (140 + 45 * side, 110), (14, 7), 0, 0, 360, LABEL["cavum"], -1)
    if "thalamus" not in without:
        cv2.circle(label, (140 - 15 * side, 110), 15, LABEL["thalamus"], -1)
    if cerebellum:
        cv2.circle(label, (140 - 60 * side, 110), 13, LABEL["posterior fossa"], -1)
    return label


def abdomen() -> Label:
    """A round abdomen with stomach and umbilical vein."""
    label = np.zeros(SHAPE, np.uint8)
    cv2.circle(label, (150, 112), 80, LABEL["abdomen"], 6)
    cv2.circle(label, (110, 120), 16, LABEL["stomach"], -1)
    cv2.line(label, (150, 112), (150, 60), LABEL["umbilical vein"], 9)
    return label


def femur(angle_deg: float = 10, length: float = 120) -> Label:
    """A bone of this length in pixels around (144, 112), turned clockwise."""
    along = np.array([np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))])
    away = np.moveaxis(np.indices(SHAPE)[::-1], 0, -1) - [144.0, 112.0]
    is_bone = (abs(away @ along) <= length / 2) & (abs(away @ [-along[1], along[0]]) <= 5)
    return np.where(is_bone, LABEL["femur"], 0).astype(np.uint8)


def cervix() -> Label:
    """A canal between its two orifices, below a bladder that is larger than all of it."""
    label = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(label, (90, 40), (60, 30), 0, 0, 360, LABEL["bladder"], -1)
    cv2.circle(label, (90, 120), 18, LABEL["inner cervix"], -1)
    cv2.circle(label, (190, 130), 18, LABEL["outer cervix"], -1)
    cv2.line(label, (90, 120), (190, 130), LABEL["cervical canal"], 6)
    return label


def scan() -> npt.NDArray[np.uint8]:
    """A frame of speckle, 720 x 960: an ultrasound picture of nothing in particular."""
    grey = np.random.default_rng(0).rayleigh(50, (720, 960)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


class Nets(SimpleNamespace):
    """Nets whose observer sees `label`, whose global net says yes, whose local nets grade all with `quality`, and whose
    predictor goes by the criteria. `asked` has the number of passes of each call of a local net."""

    def __init__(self, label: Label, quality: float = 8.0, sure: float = 0.99) -> None:
        super().__init__(label=label, quality=quality, sure=sure, asked=[])

    def observer(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        classes = np.arange(14)[:, None, None]
        rest = np.float32((1 - self.sure) / 13)
        return np.where(self.label == classes, np.float32(self.sure), rest)[None].astype(np.float32)

    def global_(self, x: Any, maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        assert maps.shape == (1, 21, *SHAPE)
        return np.full((1, 8), 4.0, np.float32)

    def organs(self, x: Any, own: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return self._graded(x, own, 9)

    def calipers(self, x: Any, own: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return self._graded(x, own, 10)

    def _graded(self, x: Any, own: npt.NDArray[np.float32], outputs: int) -> npt.NDArray[np.float32]:
        assert x.shape == own.shape == (len(own), 1, *SHAPE)
        self.asked.append(len(own))
        return np.full((len(own), outputs), self.quality, np.float32)

    def predictor(self, c: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """By the criteria themselves: the plane is that of the concepts that are not 0."""
        (c,) = c
        planes = [c[0:4], c[4:13], c[13:22], c[22:27]]
        at = int(np.argmax([one.sum() for one in planes]))
        wanted = {0: [0, 1], 1: [5, 6, 9], 2: [14, 15, 18], 3: [25, 26]}[at]
        unwanted = {1: [7], 2: [16]}.get(at, [])
        good = all(c[wanted] >= 5) and all(c[unwanted] < 5)
        y = np.full((1, 8), -5.0, np.float32)
        y[0, at if good else at + 4] = 5.0
        return y
