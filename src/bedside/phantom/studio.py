"""Takes pictures of one anatomy after the other, each of a view of its own; section and truth are worked out once."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from bedside.messages import Pixels
from bedside.phantom.anatomy import Anatomy
from bedside.phantom.bmode import BMode
from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import View
from bedside.phantom.scanner import SLIDER_DB, SLIDERS
from bedside.phantom.screen import Screen
from bedside.phantom.section import Section
from bedside.phantom.speckle import Scatterers
from bedside.phantom.truth import Truth, truth_of

DEPTHS_KEPT = 28
"""The tables of so many depths are kept, 15 MB each."""


class Studio:
    """A probe that is put where it shall look, instead of being steered there."""

    def __init__(self) -> None:
        self._anatomy: Anatomy
        self._scatterers: Scatterers
        self._section: Section
        self._geometry: Geometry

    def choose(self, seed: int) -> Mapping[str, View]:
        """Go to the anatomy of that seed; its standard views."""
        self._anatomy, self._scatterers = Anatomy(seed), Scatterers(seed)
        return self._anatomy.standard

    def truth(self, view: View) -> Truth:
        """What is true of the picture that this view shows."""
        self._geometry = _desk(view.depth_mm)[0]
        self._section = self._anatomy.section(view.pose, self._geometry)
        return truth_of(self._anatomy, view, self._geometry, self._section)

    def picture(self, gain_db: float, moment: int) -> Pixels:
        """The picture of the view whose truth was asked for last, RGB uint8 [720, 960, 3].

        `moment` chooses the electronic noise and how the time gain compensation is set; it is the time on the screen.
        """
        sliders_db = np.random.default_rng(moment).normal(0, SLIDER_DB, SLIDERS).tolist()
        fan = BMode(self._geometry, self._scatterers, sliders_db).draw(self._section, gain_db, moment)
        return _desk(self._geometry.depth_mm)[1].draw(fan, gain_db, moment, False, ())


@lru_cache(DEPTHS_KEPT)
def _desk(depth_mm: float) -> tuple[Geometry, Screen]:
    geometry = Geometry(depth_mm)
    return geometry, Screen(geometry)
