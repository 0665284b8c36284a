"""The echo picture of a section."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tests.phantom.stand_in import in_box, section_of

from bedside.phantom import bmode
from bedside.phantom.bmode import BMode
from bedside.phantom.geometry import BEAMS, FIELD_DEG, RADIUS_MM, Geometry
from bedside.phantom.speckle import Scatterers

GEOMETRY = Geometry(140.0)
SCATTERERS = Scatterers(5)
Floats = npt.NDArray[np.float32]


@pytest.fixture
def even(monkeypatch: pytest.MonkeyPatch) -> BMode:
    """Tissue that echoes the same everywhere, but for its speckle."""
    monkeypatch.setattr(bmode, "TEXTURE_DB", 0.0)
    return BMode(GEOMETRY, SCATTERERS)


def level_db(envelope: Floats, box: tuple[float, float, float, float]) -> float:
    """Mean power in a box of the picture."""
    return float(10 * np.log10(np.mean(envelope[in_box(GEOMETRY, box)] ** 2)))


def test_the_envelope_of_one_tissue_is_rayleighs(even: BMode) -> None:
    """Mean over standard deviation is 1.91, as of fully developed speckle, near and deep."""
    envelope = even.envelope(section_of(GEOMETRY), 0)
    for rows in (slice(100, 160), slice(220, 280), slice(330, 390)):
        patch = envelope[rows, 20:-20]
        assert patch.mean() / patch.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.06)


def test_the_beam_keeps_the_power_at_all_depths(even: BMode) -> None:
    """The beam's width changes the speckle's size, not its strength: what changes with depth is attenuation and TGC."""
    envelope = even.envelope(section_of(GEOMETRY), 0)
    expected_db = even.tgc_db[:, 0] - 0.6 * GEOMETRY.range_mm / 10
    for row in (100, 200, 300, 400):
        power_db = 10 * np.log10(np.mean(envelope[row - 12 : row + 12, 25:-25] ** 2))
        assert power_db == pytest.approx(expected_db[row], abs=1.0)


def test_speckle_belongs_to_the_tissue() -> None:
    """When the probe goes 4 mm to the right, the grain goes 4 mm to the left on the screen."""
    drawn = BMode(GEOMETRY, SCATTERERS)
    before = drawn.draw(section_of(GEOMETRY), 0, 1)[250:400, 250:550].astype(np.float32)
    after = drawn.draw(section_of(GEOMETRY, x_mm=4.0), 0, 2).astype(np.float32)
    shift = 4.0 / GEOMETRY.mm_per_px
    moved, still = (cv2.getRectSubPix(after, (300, 150), (399.5 - by, 324.5)) for by in (shift, 0.0))
    assert np.corrcoef(before.ravel(), moved.ravel())[0, 1] > 0.7
    assert np.corrcoef(before.ravel(), still.ravel())[0, 1] < 0.4


def test_speckle_is_wider_than_long_and_coarser_with_depth(even: BMode) -> None:
    """The pulse is short; the beam is wide, and wider at the bottom than at the focus."""
    envelope = even.envelope(section_of(GEOMETRY), 0)

    def alike(row: int, down: int, across: int) -> float:
        patch = envelope[row - 30 : row + 30, 20:-20]
        other = envelope[row - 30 + down : row + 30 + down, 20 + across : across - 20]
        return float(np.corrcoef(patch.ravel(), other.ravel())[0, 1])

    def width_mm(row: int) -> float:
        spacing_mm = (RADIUS_MM + GEOMETRY.range_mm[row]) * np.deg2rad(FIELD_DEG) / (BEAMS - 1)
        return float(np.interp(-0.5, [-alike(row, 0, lag) for lag in range(8)], np.arange(8)) * spacing_mm)

    length_mm = np.interp(-0.5, [-alike(240, lag, 0) for lag in range(8)], np.arange(8)) * GEOMETRY.range_mm[1]
    assert length_mm < 0.7 * width_mm(240)
    assert width_mm(400) > 1.3 * width_mm(240)


def test_bone_casts_a_shadow() -> None:
    """Behind a bone it is dark, beside its shadow it is not."""
    drawn = BMode(GEOMETRY, SCATTERERS)
    plain = drawn.envelope(section_of(GEOMETRY), 0)
    boned = drawn.envelope(section_of(GEOMETRY, boxes={(-15, 50, 15, 56): "bone"}), 0)
    behind, beside = (-8, 70, 8, 100), (40, 70, 60, 100)
    assert level_db(boned, behind) < level_db(plain, behind) - 12
    assert level_db(boned, beside) == pytest.approx(level_db(plain, beside), abs=1)
    assert level_db(boned, (-10, 51, 10, 53)) > level_db(plain, (-10, 51, 10, 53)) + 10


def test_fluid_is_dark_and_enhances_what_lies_behind() -> None:
    """A bladder is black, and the tissue behind it brighter than beside it."""
    drawn = BMode(GEOMETRY, SCATTERERS)
    plain = drawn.envelope(section_of(GEOMETRY), 0)
    filled = drawn.envelope(section_of(GEOMETRY, boxes={(-20, 35, 20, 75): "fluid"}), 0)
    assert level_db(filled, (-12, 45, 12, 65)) < level_db(plain, (-12, 45, 12, 65)) - 20
    assert level_db(filled, (-12, 85, 12, 110)) > level_db(plain, (-12, 85, 12, 110)) + 1.5


def test_an_interface_shines_and_smears() -> None:
    """A reflecting surface is far brighter than tissue, and leaves a trace in the fluid behind and beside it."""
    section = section_of(GEOMETRY, "fluid")
    drawn = BMode(GEOMETRY, SCATTERERS)
    empty = drawn.envelope(section, 0)
    section.mirror[200, 60:130] = 1.0
    envelope = drawn.envelope(section, 0)
    assert envelope[200, 70:120].min() > 5 * drawn.envelope(section_of(GEOMETRY), 0)[200, 70:120].mean()
    assert envelope[206:225, 70:120].mean() > 2 * empty[206:225, 70:120].mean()
    assert envelope[199:202, 132:138].mean() > 2 * empty[199:202, 132:138].mean()


def test_noise_rises_with_depth() -> None:
    """In fluid the time gain compensation lifts the noise of the electronics; each moment has its own."""
    drawn = BMode(GEOMETRY, SCATTERERS)
    first, second = (drawn.envelope(section_of(GEOMETRY, "fluid"), moment) for moment in (0, 1))
    assert first[400:440].mean() > 1.5 * first[120:160].mean()
    assert abs(np.corrcoef(first[300:440].ravel(), second[300:440].ravel())[0, 1]) < 0.3


def test_gain_brightens_and_the_picture_is_reproducible() -> None:
    """More gain, a lighter picture; the same section, gain and moment give the same picture."""
    drawn, again = BMode(GEOMETRY, SCATTERERS), BMode(Geometry(140.0), Scatterers(5))
    section = section_of(GEOMETRY, boxes={(-20, 35, 20, 75): "fluid"})
    dark, usual, light = (drawn.draw(section, gain_db, 3) for gain_db in (-10, 0, 10))
    assert dark.mean() + 15 < usual.mean() < light.mean() - 15
    assert np.array_equal(again.draw(section, 0, 3), usual)
    assert usual.shape == GEOMETRY.fan_px[:1:-1]
