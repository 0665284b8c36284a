"""Estimated fetal weight and its growth chart."""

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


def test_the_formula_without_hc_is_hadlocks() -> None:
    """BPD 9.2 cm, AC 34 cm, FL 7.2 cm: log10 of the weight, summed by hand, is 3.517..."""
    by_hand = 1.335 - 0.0034 * 34 * 7.2 + 0.0316 * 9.2 + 0.0457 * 34 + 0.1623 * 7.2
    assert hadlock.weight_without_hc_g(92, 340, 72) == pytest.approx(10**by_hand)
    assert hadlock.weight_without_hc_g(92, 340, 72) == pytest.approx(hadlock.weight_g(330, 340, 72), rel=0.03)


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


def test_the_chart_knows_the_mean_and_its_spread() -> None:
    """At 30 weeks the mean is 1559 g; it is the 50th percentile, and 1.2816 standard deviations above are the 90th."""
    mean = hadlock.mean_weight_g(30)
    assert mean == pytest.approx(1559, abs=1)
    assert hadlock.percentile(mean, 30) == pytest.approx(50)
    assert hadlock.percentile(mean * math.exp(1.2816 * 0.12), 30) == pytest.approx(90, abs=0.01)
    assert hadlock.percentile(mean, 31) < 50 < hadlock.percentile(mean, 29)


def test_a_chart_is_for_weeks_and_grams() -> None:
    """Days instead of weeks, and a weight of nothing, are errors."""
    with pytest.raises(ValueError, match="210 weeks; expected 10 to 42"):
        hadlock.mean_weight_g(210)
    with pytest.raises(ValueError, match="expected more than 0"):
        hadlock.percentile(0, 30)
