"""The layout of a scanner's screen is known again, whoever lies there, and another screen is noticed."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from bedside.errors import SettingsError
from bedside.messages import Pixels
from bedside.phantom.scanner import Scanner
from bedside.source.layout import Layout, learn, read_layout
from bedside.source.synthetic_screen import Screen
from bedside.source.thumbnail import Grid

SIZE = (1280, 720)


def named(pixels: Pixels, name: str) -> Pixels:
    """With a patient's name at the top, as a scanner burns it in."""
    cv2.putText(pixels, name, (400, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, (230, 230, 230), 2)
    return pixels


def seconds_of(screen: Screen, name: str = "DOE JANE", frozen: bool = False) -> list[Pixels]:
    """Ten seconds, two pictures each."""
    return [named(screen.draw(n, 0 if frozen else n * 15, n * 0.5, frozen), name) for n in range(20)]


def learned(pictures: list[Pixels], fan: tuple[int, ...]) -> Layout:
    """The layout of these pictures."""
    grid = Grid.of(pictures[0])
    layout = learn([grid.grey(each) for each in pictures], grid.cells(fan))
    assert layout is not None
    return layout


@pytest.fixture(scope="module")
def screen() -> Screen:
    """The synthetic scanner's."""
    return Screen(*SIZE)


@pytest.fixture(scope="module")
def layout(screen: Screen) -> Layout:
    """Its layout, while one patient lies there."""
    return learned(seconds_of(screen), screen.fan)


def is_on(layout: Layout, pictures: list[Pixels]) -> list[bool]:
    """Whether each picture is of that layout."""
    grid = Grid.of(pictures[0])
    return [layout.is_on(grid.grey(each)) for each in pictures]


def window(pixels: Pixels) -> Pixels:
    """With a dialog over the left of the screen."""
    pixels = pixels.copy()
    pixels[100:500, 0:240] = 60
    return pixels


def test_another_patient_a_freeze_and_time_change_no_layout(screen: Screen, layout: Layout) -> None:
    """Another name, a frozen picture and a running clock are the same screen."""
    assert all(is_on(layout, seconds_of(screen, "SMITHERSON-JONES ALEXANDRA")))
    assert all(is_on(layout, seconds_of(screen, frozen=True)))


@pytest.mark.parametrize(
    "changed",
    [window, lambda pixels: np.roll(pixels, 30, 0), lambda pixels: 255 - pixels, lambda pixels: pixels * 0],
    ids=["a window opens", "all is lower", "inverted", "black"],
)
def test_another_screen_is_noticed(screen: Screen, layout: Layout, changed: Callable[[Pixels], Pixels]) -> None:
    """A window over the furniture, a shifted or another screen are not the same screen."""
    assert not any(is_on(layout, [np.ascontiguousarray(changed(each)) for each in seconds_of(screen)]))


def test_depth_and_plane_change_no_layout() -> None:
    """Turning the scanner's knobs and moving the probe leave the layout, once the fan is set to its whole place."""
    scanner = Scanner(3)
    scanner.apply("go head")
    layout = learned([scanner.frame(n * 0.5) for n in range(10)], (81, 60, 793, 613))
    for command in ("depth -60", "go abdomen", "depth 80", "freeze"):
        scanner.apply(command)
        assert all(is_on(layout, [scanner.frame(10 + n) for n in range(3)])), command


def test_a_layout_comes_back_from_its_table(layout: Layout, screen: Screen) -> None:
    """What a preset's file holds judges as what was learned."""
    read = read_layout(layout.as_table(), "preset")
    assert np.array_equal(read.judged, layout.judged)
    assert all(is_on(read, seconds_of(screen))) and not any(is_on(read, [window(seconds_of(screen)[0])]))
    with pytest.raises(SettingsError, match="save the preset anew"):
        read_layout({**layout.as_table(), "cells": "AAAA"}, "preset")


def test_no_text_is_legible_in_a_layout(screen: Screen) -> None:
    """Two names of one length leave nearly the same cells: a preset that is given away names nobody."""
    one, other = (learned(seconds_of(screen, name), screen.fan) for name in ("DOE JANE", "ROE MARY"))
    assert np.mean(one.cells != other.cells) < 0.01


def test_an_empty_screen_has_no_layout() -> None:
    """A screen without furniture, or with nothing but the fan, is not judged."""
    empty = [np.zeros((720, 1280, 3), np.uint8)] * 4
    grid = Grid.of(empty[0])
    thumbnails = [grid.grey(each) for each in empty]
    assert learn(thumbnails, grid.cells((0, 0, 0, 0))) is None
    assert learn(thumbnails, grid.cells((0, 0, 1280, 720))) is None
