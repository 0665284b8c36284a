"""The burnt-in counter."""

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.messages import Pixels
from bedside.source import counter
from bedside.source.synthetic_screen import Screen

NUMBERS = st.integers(0, 2**32 - 1)
SCREENS = {size: Screen(*size).draw(0, 0, 0.0, False) for size in ((1280, 720), (1920, 1080), (960, 720))}


def screen(number: int, size: tuple[int, int]) -> Pixels:
    """A scanner's screen with that number burnt in."""
    pixels = SCREENS[size].copy()
    counter.draw(pixels, number)
    return pixels


def worn(pixels: Pixels, size: tuple[int, int], quality: int) -> Pixels:
    """The picture scaled to `size`, through JPEG with the colour thinned out."""
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    data = simplejpeg.encode_jpeg(small, quality=quality, colorspace="RGB", colorsubsampling="420")
    back: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB")
    return back


@settings(max_examples=40, deadline=None)
@given(NUMBERS, st.sampled_from(sorted(SCREENS)))
def test_every_number_is_read_back(number: int, size: tuple[int, int]) -> None:
    """What was drawn is read, at every size."""
    assert counter.read(screen(number, size)) == number


@settings(max_examples=40, deadline=None)
@given(NUMBERS, st.sampled_from(sorted(SCREENS)), st.integers(70, 95), st.floats(0.5, 1.0))
def test_it_outlives_jpeg_and_scaling(number: int, size: tuple[int, int], quality: int, scale: float) -> None:
    """JPEG from quality 70 up and scaling down to half the size, together, leave it legible."""
    small = (round(size[0] * scale), round(size[1] * scale))
    assert counter.read(worn(screen(number, size), small, quality)) == number


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_it_outlives_noise_and_limited_range(number: int, seed: int) -> None:
    """Capture noise and a grey range squeezed to 16..235 leave it legible."""
    pixels = screen(number, (1280, 720)) * (219 / 255) + 16
    noisy = np.clip(pixels + np.random.default_rng(seed).normal(0, 4, pixels.shape), 0, 255).astype(np.uint8)
    assert counter.read(noisy) == number


@settings(max_examples=60, deadline=None)
@given(NUMBERS, st.integers(0, 51))
def test_a_flipped_square_gives_nothing(number: int, square: int) -> None:
    """One square of the wrong colour never gives another number."""
    pixels = screen(number, (1280, 720))
    row, column = divmod(square, counter.COLUMNS)
    y, x = round((counter.TOP + row) * 10), round((counter.LEFT + column) * 10)
    pixels[y : y + 10, x : x + 10] = 251 - pixels[y + 5, x + 5]
    assert counter.read(pixels) is None


@pytest.mark.parametrize("shape", [(720, 1280, 3), (1, 1, 3), (60, 5000, 3)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_a_counter_gives_nothing(shape: tuple[int, int, int], level: int) -> None:
    """A flat picture of any size is no number."""
    assert counter.read(np.full(shape, level, np.uint8)) is None


def test_random_pictures_give_nothing() -> None:
    """A thousand pictures of random squares pass the checksum in none."""
    random = np.random.default_rng(4)
    squares = random.integers(0, 2, (1000, 72, 128, 1), np.uint8) * np.uint8(255)
    read = [counter.read(np.kron(each, np.ones((4, 4, 3), np.uint8))) for each in squares]
    assert read.count(None) == len(read)


def test_a_person_can_read_it() -> None:
    """Above the squares there are digits, bright on black, that differ from number to number."""
    one, other = (screen(number, (1280, 720))[645:685, :300] for number in (11111111, 22222222))
    assert one.max() > 200
    assert np.count_nonzero(one != other) > 500
