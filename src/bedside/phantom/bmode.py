"""A section through the anatomy as a B-mode picture: speckle, interfaces, shadows, noise, 60 dB of grey.

In the order of the sound's way: scatterers and interfaces, what attenuates them, the beam's width, noise, compression.
Levels are relative to the speckle of liver near the probe.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.beam import Beam
from bedside.phantom.clutter import Clutter, lost_at_the_face
from bedside.phantom.geometry import BEAMS, DEPTHS, Geometry
from bedside.phantom.section import Section
from bedside.phantom.speckle import Scatterers
from bedside.phantom.tissue import TISSUES

Floats = npt.NDArray[np.float32]
Field = npt.NDArray[np.complex64]

DYNAMIC_DB = 60.0
FLOOR_DB = -22.0
"""What is black at a gain of 0 dB."""
MIRROR_DB = 45.0
"""An interface that reflects all."""
MIRROR_LOSS_DB = 3.0
"""Lost there and back where an interface reflects all."""
TGC_DB_PER_CM = 0.72
TEXTURE_DB = 1.5
"""Of the slow changes in a tissue's echo of grain 1, as a standard deviation."""
FACE_SCALE = np.float32(0.3)
"""Of the slow changes: bad contact lies in patches of a centimetre or two."""
NEPER = np.float32(np.log(10) / 20)
"""Of one dB."""


class BMode:
    """Draws sections on one geometry; not for two threads at once, for its buffers are used again."""

    def __init__(self, geometry: Geometry, scatterers: Scatterers, sliders_db: Sequence[float] = (0, 0)) -> None:
        """`sliders_db`: how the time gain compensation is set, at even steps from the top of the picture down."""
        self.geometry = geometry
        self._scatterers = scatterers
        self._beam = Beam(geometry)
        self._clutter = Clutter(geometry)
        step_cm = geometry.depth_mm / (DEPTHS - 1) / 10
        self._echo = np.array([10 ** (tissue.echo_db / 20) for tissue in TISSUES], np.float32)
        self._grain = np.array([tissue.grain * TEXTURE_DB * NEPER for tissue in TISSUES], np.float32)
        self._loss = np.array([tissue.loss_db_per_cm * step_cm for tissue in TISSUES], np.float32)
        sliders = np.interp(np.linspace(0, len(sliders_db) - 1, DEPTHS), range(len(sliders_db)), sliders_db)
        tgc_db = TGC_DB_PER_CM * geometry.range_mm / 10 + sliders
        self.tgc_db: Floats = tgc_db[:, None].astype(np.float32)
        """[depths, 1]: what the time gain compensation adds."""
        self._tgc = (10 ** (self.tgc_db / 20)).astype(np.float32)
        self._field = np.empty((DEPTHS, BEAMS), np.complex64)
        self._between = np.empty((DEPTHS, BEAMS - 1), np.complex64)
        self._map = _grey_map()

    def draw(self, section: Section, gain_db: float, moment: int) -> npt.NDArray[np.uint8]:
        """The fan's box on the screen, [height, width] grey; `moment` chooses the noise of the electronics."""
        power = self.envelope(section, moment)
        power *= power
        level = np.asarray(cv2.GaussianBlur(power, (3, 3), 0.7), np.float32)
        np.maximum(level, 1e-9, out=level)
        cv2.log(level, level)
        cv2.GaussianBlur(level, (3, 3), 0.6, level)
        level *= np.float32(255 / DYNAMIC_DB / NEPER / 2)
        level += np.float32(255 / DYNAMIC_DB * (gain_db - FLOOR_DB))
        grey = np.clip(level, 0, 255, out=level).astype(np.uint8)
        return self.geometry.convert(np.asarray(cv2.LUT(grey, self._map), np.uint8))

    def envelope(self, section: Section, moment: int) -> Floats:
        """[depths, beams]: the echo's strength before compression; in tissue alone its values are Rayleigh's."""
        cells = self._scatterers.cells(section.world)
        field = self._scattered(section, cells)
        loss_db = self._lost(section, cells)
        np.subtract(self.tgc_db, loss_db, out=loss_db)
        loss_db *= NEPER
        field *= cv2.exp(loss_db, loss_db)
        self._clutter.add_near(field)
        self._beam.spread(field)
        self._clutter.add_noise(field, self._tgc, moment)
        return np.asarray(np.abs(field), np.float32)

    def _scattered(self, section: Section, cells: Floats) -> Field:
        """What tissue and interfaces throw back. Between two beams lie scatterers too: speckle glides, not jumps."""
        field = self._field
        self._scatterers.echo(cells, field.reshape(-1))
        grid = cells.reshape(DEPTHS, BEAMS, 3)
        middle = (grid[:, 1:] + grid[:, :-1]) * np.float32(0.5)
        self._scatterers.echo(middle.reshape(-1, 3), self._between.reshape(-1))
        field[:, :-1] += self._between
        texture = self._scatterers.texture(cells).reshape(DEPTHS, BEAMS)
        strength = np.take(self._grain, section.tissue)
        strength *= texture + self._scatterers.layers(section.world).reshape(DEPTHS, BEAMS)
        cv2.exp(strength, strength)
        strength *= np.take(self._echo, section.tissue)
        mirror = section.mirror * np.float32(10 ** (MIRROR_DB / 20))
        strength += self._clutter.echoes(mirror)
        field *= strength
        field.real += mirror * np.clip(1 + np.float32(0.6) * texture, 0.08, 2)
        return field

    def _lost(self, section: Section, cells: Floats) -> Floats:
        """[depths, beams] dB lost there and back. The aperture is wide: a shadow's edge is soft."""
        loss = np.take(self._loss, section.tissue)
        loss += section.mirror * np.float32(MIRROR_LOSS_DB)
        loss[0] += lost_at_the_face(self._scatterers.texture(cells[:BEAMS] * FACE_SCALE))
        np.cumsum(loss, axis=0, out=loss)
        return np.asarray(cv2.GaussianBlur(loss, (9, 1), 2.0, sigmaY=1.0), np.float32)


def _grey_map() -> npt.NDArray[np.uint8]:
    """[256]: dark tissue, white bone."""
    level = np.linspace(0, 1, 256)
    return np.asarray(np.rint(255 * np.minimum(1.2 * level**1.5, 1)), np.uint8)
