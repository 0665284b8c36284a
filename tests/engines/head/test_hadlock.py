"""Estimated fetal weight."""

import math
from collections.abc import Callable

import pytest
from tests.engines.head.loaded import module

hadlock = module("hadlock")


@pytest.mark.parametrize(
    ("found", "weight_g"),
    [
        (lambda: hadlock.weight_g(300, 280, 60), 1878.1),
        (lambda: hadlock.weight_g(330, 340, 72), 3220.0),
        (lambda: hadlock.weight_with_bpd_g(300, 280, 60, 82), 1880.9),
        (lambda: hadlock.weight_with_bpd_g(330, 340, 72, 92), 3244.0),
    ],
)
def test_the_formulas_give_the_published_weights(found: Callable[[], float], weight_g: float) -> None:
    """Lengths in mm give the test vectors' grams, to a tenth."""
    assert found() == pytest.approx(weight_g, abs=0.05)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_length_in_cm_is_refused(place: int) -> None:
    """One length in cm among three in mm is an error that says so and what to do."""
    lengths = [330.0, 340.0, 72.0, 92.0]
    lengths[place] /= 10
    with pytest.raises(ValueError, match="it looks like cm: multiply it by 10"):
        hadlock.weight_with_bpd_g(*lengths)


@pytest.mark.parametrize("value", [0.0, -300.0, 3000.0, math.nan, math.inf])
def test_what_is_no_length_is_refused(value: float) -> None:
    """Nothing, less than nothing, a length in µm or with a wrong spacing, and NaN are errors."""
    with pytest.raises(ValueError, match=r"HC: .* expected 50 to 450 mm"):
        hadlock.weight_g(value, 340, 72)
