"""The synthetic scanner."""

from itertools import pairwise

import numpy as np
import pytest

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.messages import Pixels
from bedside.source import counter
from bedside.source.source import Grab
from bedside.source.synthetic import SyntheticSource, open_synthetic


def opened(address: str = "?fps=200&size=640x480", size: str = "", fps: float = 0.0) -> SyntheticSource:
    """A synthetic source, fast and small unless told otherwise."""
    return open_synthetic(address, size=size, fps=fps, color_range="auto")


def read(source: SyntheticSource) -> Grab:
    """The next picture, which must come."""
    grab = source.read(5.0)
    assert grab is not None
    return grab


def fan(source: SyntheticSource, pixels: Pixels) -> Pixels:
    """The part of a picture in which the scan moves."""
    x, y, width, height = source.fan
    return pixels[y : y + height, x : x + width]


def test_the_counter_is_the_number_of_the_picture() -> None:
    """Numbers grow by one for each picture and by the skips for the skipped."""
    source = opened("?fps=60&size=1280x720")
    before = counter.read(read(source).pixels)
    assert before is not None
    for _ in range(5):
        grab = read(source)
        number = counter.read(grab.pixels)
        assert number == before + 1 + grab.skips
        before = number


def test_times_are_nominal_and_do_not_drift() -> None:
    """Capture times lie on one grid of 1/fps, however late the reader was, and never in the future."""
    source = opened("?fps=100&size=320x240")
    first = read(source)
    for _ in range(20):
        grab = read(source)
        assert grab.captured_ns <= clock.monotonic_ns()
        steps = (grab.captured_ns - first.captured_ns) / 10_000_000
        assert steps == pytest.approx(round(steps), abs=1e-4)


def test_who_is_late_gets_the_newest_and_the_skips_are_counted() -> None:
    """After a pause of many pictures the next one is fresh, and the missing ones are counted."""
    source = opened("?fps=100&size=320x240")
    first = read(source)
    clock.wait_s(0.2)
    grab = read(source)
    passed = round((grab.captured_ns - first.captured_ns) / 10_000_000)
    assert grab.skips == passed - 1 >= 15


def test_a_short_timeout_gives_nothing_and_loses_nothing() -> None:
    """A read that may not wait long enough returns None; the picture comes with a later read."""
    source = opened("?fps=5&size=320x240")
    first = read(source)
    assert source.read(0.01) is None
    grab = read(source)
    assert grab.captured_ns - first.captured_ns == pytest.approx(200_000_000, abs=1000)
    assert grab.skips == 0


def test_freeze_stops_the_fan_and_nothing_else() -> None:
    """Frozen, the fan is the same to the last bit, while counter and clock go on and the button is lit."""
    source = opened()
    live = [read(source).pixels for _ in range(2)]
    assert not np.array_equal(fan(source, live[0]), fan(source, live[1]))
    source.control("freeze")
    read(source)
    frozen = [read(source).pixels for _ in range(30)]
    assert all(np.array_equal(fan(source, frozen[0]), fan(source, each)) for each in frozen)
    assert not np.array_equal(frozen[0], frozen[-1])
    assert np.count_nonzero(np.all(frozen[-1] == (225, 225, 225), axis=-1)) > 500
    source.control("unfreeze")
    read(source)
    assert not np.array_equal(fan(source, frozen[-1]), fan(source, read(source).pixels))


def test_a_slow_scan_repeats_itself_on_a_fast_cable() -> None:
    """scan_fps below fps shows each scan several times, with the counter going on."""
    source = opened("?fps=60&scan_fps=20&size=320x240")
    grabs = [read(source) for _ in range(13)]
    changes = sum(
        not np.array_equal(fan(source, one.pixels), fan(source, other.pixels)) for one, other in pairwise(grabs)
    )
    pictures = round((grabs[-1].captured_ns - grabs[0].captured_ns) * 60 / clock.NS_PER_S)
    assert 1 <= changes <= pictures / 3 + 1


def test_the_same_seed_gives_the_same_scanner() -> None:
    """Pictures depend on seed and number alone."""
    one, same, other = (opened(f"?seed={seed}&size=320x240&fps=100") for seed in (1, 1, 2))
    assert np.array_equal(one._screen.draw(7, 7, 0.1, False), same._screen.draw(7, 7, 0.1, False))
    assert not np.array_equal(one._screen.draw(7, 7, 0.1, False), other._screen.draw(7, 7, 0.1, False))


def test_the_receiver_owns_its_pixels() -> None:
    """Painting into one picture leaves the next one as it should be."""
    source = opened("?fps=100&size=640x480")
    read(source).pixels[:] = 255
    assert read(source).pixels.mean() < 128


def test_a_list_can_be_opened_over_the_screen() -> None:
    """`screen list` covers header and fan, and leaves the counter; after `screen scan` the scan is there again."""
    source = opened()
    source.control("screen list")
    read(source)
    grab = read(source)
    assert grab.pixels[:200].mean() > 120 and counter.read(grab.pixels) is not None
    source.control("screen scan")
    read(source)
    assert read(source).pixels[:200].mean() < 60


def test_cables_can_be_pulled() -> None:
    """`signal off` shows a flat colour until `signal on`; `unplug` ends the source."""
    source = opened()
    source.control("signal off")
    assert np.ptp(read(source).pixels, axis=(0, 1)).max() == 0
    source.control("signal on")
    assert np.ptp(read(source).pixels) > 100
    source.control("unplug")
    with pytest.raises(Unplugged, match="opened again"):
        source.read(1.0)


@pytest.mark.parametrize(
    ("address", "size", "fps", "shape", "pace"),
    [
        ("", "", 0.0, (720, 1280, 3), "30 fps"),
        ("?size=1920x1080&fps=60", "", 0.0, (1080, 1920, 3), "60 fps"),
        ("", "640x480", 10.0, (480, 640, 3), "10 fps"),
        ("?size=800x600", "640x480", 60.0, (600, 800, 3), "30 fps"),
    ],
)
def test_size_and_pace_come_from_the_address_first(
    address: str, size: str, fps: float, shape: tuple[int, int, int], pace: str
) -> None:
    """The address wins over the setting for the size; the setting bounds the rate."""
    source = opened(address, size, fps)
    assert read(source).pixels.shape == shape
    assert pace in source.device


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("?size=big", "size is 'big'; expected WIDTHxHEIGHT"),
        ("?size=10x10", "expected 320x240"),
        ("?fps=fast", "fps is 'fast'; expected a number"),
        ("?fps=0", "expected a number of 0.1 or more"),
        ("?sise=1x1", "did you mean 'size'"),
        ("/dev/video0", "nothing but options"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(address: str, sentence: str) -> None:
    """Each wrong option is named with its value and what was expected."""
    with pytest.raises(SourceError, match=sentence):
        opened(address)


def test_an_unknown_command_is_refused() -> None:
    """The sentence lists what the scanner can do."""
    with pytest.raises(SourceError, match="cannot 'dance'; it can freeze"):
        opened().control("dance")
