"""What the picture shows where nothing is: reverberation, side lobes, the probe's near field, bad contact, noise."""

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.geometry import BEAMS, DEPTHS, Geometry

Floats = npt.NDArray[np.float32]
Field = npt.NDArray[np.complex64]

COARSE = (BEAMS // 4, DEPTHS // 4)
"""Reverberation and side lobes are drawn on a quarter of the grid: nothing of them is fine."""
HAZE_DB, HAZE_MM = -41.0, 9.0
"""The tail behind an interface that reflects all, and the depth over which it falls to a third."""
LOBE_DB = -47.0
"""Beside an interface that reflects all."""
NEAR_DB, NEAR_MM = 12.0, 3.5
NOISE_DB = -34.0
"""Of the electronics, before the time gain compensation lifts it."""
CONTACT_DB = 6.0
"""Lost where the probe touches badly, for each standard deviation beyond POOR."""
POOR = 0.8
ROOM = 61
"""The noise is longer than a picture by this: each moment starts elsewhere in it."""


class Clutter:
    """Tables of one geometry."""

    def __init__(self, geometry: Geometry) -> None:
        random = np.random.default_rng(7)
        coarse_mm = geometry.depth_mm / COARSE[1]
        tail = np.arange(1, int(2.5 * HAZE_MM / coarse_mm) + 2) * coarse_mm
        fall = np.exp(-tail / HAZE_MM) * (1 + 0.5 * np.cos(tail * 2 * np.pi / 5.5))
        kernel = np.concatenate([fall[::-1], np.zeros(len(fall) + 1)])
        self._haze = (kernel / kernel.max() * 10 ** (HAZE_DB / 20)).astype(np.float32)
        lobe = 1 / (1 + (np.arange(-13, 14) / 4.0) ** 2)
        self._lobe = (lobe * 10 ** (LOBE_DB / 20)).astype(np.float32)
        self._near = self._near_field(geometry, random)
        white = random.standard_normal((DEPTHS + ROOM, BEAMS + ROOM, 2), np.float32)
        noise = cv2.GaussianBlur(white, (3, 5), 0.6, sigmaY=0.9)
        self._noise = (noise / noise.std() * np.sqrt(0.5) * 10 ** (NOISE_DB / 20)).astype(np.float32)

    def echoes(self, mirror: Floats) -> Floats:
        """[depths, beams]: amplitude of what strong interfaces smear behind and beside themselves."""
        strong = cv2.resize(mirror * np.float32(4), COARSE, interpolation=cv2.INTER_AREA)
        one = np.ones(1, np.float32)
        haze = cv2.sepFilter2D(strong, -1, np.ones(3, np.float32) / 3, self._haze, borderType=cv2.BORDER_CONSTANT)
        lobes = cv2.sepFilter2D(strong, -1, self._lobe, one, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(cv2.resize(cv2.add(haze, lobes), (BEAMS, DEPTHS), interpolation=cv2.INTER_LINEAR), np.float32)

    def add_near(self, field: Field) -> None:
        """The probe's own ringing, in bands along its face."""
        field.real[: len(self._near)] += self._near

    def add_noise(self, field: Field, amplification: Floats, moment: int) -> None:
        """Noise of the electronics: [depths, 1] `amplification` lifts it."""
        down, across = moment * 23 % ROOM, moment * 37 % ROOM
        noise = self._noise[down : down + DEPTHS, across : across + BEAMS]
        field += noise.copy().view(np.complex64)[..., 0] * amplification

    @staticmethod
    def _near_field(geometry: Geometry, random: np.random.Generator) -> Floats:
        range_mm = geometry.range_mm[geometry.range_mm < 5 * NEAR_MM][:, None]
        bands = np.cos(range_mm * 2 * np.pi / 1.9) + 0.6 * np.cos(range_mm * 2 * np.pi / 3.1)
        uneven = cv2.GaussianBlur(random.standard_normal((1, BEAMS)), (0, 0), 9)
        uneven = 1 + 0.4 * uneven / uneven.std()
        return np.asarray(10 ** (NEAR_DB / 20) * np.exp(-range_mm / NEAR_MM) * bands * uneven, np.float32)


def lost_at_the_face(unevenness: Floats) -> Floats:
    """[beams] dB lost where probe and skin touch badly; `unevenness` has a standard deviation of 1."""
    edge = np.linspace(-1, 1, BEAMS) ** 6 * 3
    return np.asarray(np.maximum(unevenness - POOR, 0) * CONTACT_DB + edge, np.float32)
