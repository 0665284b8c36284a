"""The mode is chosen by size, then by what is measured, then by exactness."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SourceError
from bedside.source.pixel_format import SUPPORTED
from bedside.source.v4l2_mode import choose
from bedside.source.v4l2_node import Mode


class Rates:
    """Measures by a table, and notes whom it was asked about."""

    def __init__(self, **fps: float) -> None:
        self._fps = fps
        self.asked: list[str] = []

    def __call__(self, mode: Mode) -> float:
        self.asked.append(mode.code)
        return self._fps[mode.code]


def modes(width: int, height: int, **announced: float) -> list[Mode]:
    """One mode for each format, as announced."""
    return [Mode(code, width, height, fps) for code, fps in announced.items()]


def test_where_there_is_no_choice_nothing_is_measured() -> None:
    """One format in that size."""
    rates = Rates()
    assert choose(modes(640, 480, YUYV=30), None, rates).code == "YUYV"
    assert rates.asked == []


def test_the_faster_one_wins_whatever_is_announced() -> None:
    """YUYV promises 60 and delivers 5; MJPG promises 30 and delivers it."""
    rates = Rates(YUYV=5, MJPG=30)
    assert choose(modes(1920, 1080, MJPG=30, YUYV=60), None, rates).code == "MJPG"


def test_on_a_tie_the_more_exact_one_wins() -> None:
    """A rate within a tenth is the same rate, and raw pixels are better than a JPEG."""
    assert choose(modes(1920, 1080, MJPG=30, YUYV=30), None, Rates(YUYV=28, MJPG=30)).code == "YUYV"


def test_measuring_ends_when_nothing_can_be_better() -> None:
    """The first one keeps the best promise of all: the others need not be tried."""
    rates = Rates(RGB3=60, YUYV=60, MJPG=60)
    assert choose(modes(1920, 1080, MJPG=60, YUYV=60, RGB3=60), None, rates).code == "RGB3"
    assert rates.asked == ["RGB3"]


def test_without_a_size_full_hd_is_taken_or_the_largest() -> None:
    """A 4K box is read at 1080p; a small one at its best."""
    sizes = [Mode("YUYV", *size, 30) for size in [(640, 480), (3840, 2160), (1920, 1080), (1280, 720)]]
    best = choose(sizes, None, Rates())
    assert (best.width, best.height) == (1920, 1080)
    best = choose([mode for mode in sizes if mode.width < 1920], None, Rates())
    assert (best.width, best.height) == (1280, 720)


def test_a_size_that_the_device_has_not_is_refused() -> None:
    """The sentence lists what it has."""
    with pytest.raises(SourceError, match=r"size is 800x600; the device has 1280x720, 640x480"):
        choose(modes(640, 480, YUYV=30) + modes(1280, 720, YUYV=30), (800, 600), Rates())


def test_a_device_without_any_usable_format_is_refused() -> None:
    """The sentence says what it has and what is expected."""
    with pytest.raises(SourceError, match=r"the device has H264; expected one of|the device has H264; expected RGB3"):
        choose(modes(1920, 1080, H264=30), None, Rates())


@given(st.dictionaries(st.sampled_from(SUPPORTED), st.tuples(st.floats(0, 120), st.floats(0, 120)), min_size=2))
def test_the_choice_is_never_much_slower_than_it_must_be(fps: dict[str, tuple[float, float]]) -> None:
    """Whatever is announced and measured: the best promise is nearly kept, or nothing is much faster."""
    candidates = [Mode(code, 64, 48, announced) for code, (announced, _) in fps.items()]
    chosen = choose(candidates, None, lambda mode: fps[mode.code][1])
    got = fps[chosen.code][1]
    assert got >= 0.9 * max(announced for announced, _ in fps.values()) or got >= 0.8 * max(r for _, r in fps.values())
