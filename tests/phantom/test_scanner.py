"""The scanner: commands, freeze, truth."""

import json

import numpy as np
import pytest

from bedside.errors import SourceError
from bedside.phantom.concepts import PLANES
from bedside.phantom.scanner import DEPTHS_MM, LOUDEST_DB, REACH, Scanner


@pytest.fixture
def scanner() -> Scanner:
    """On the head of the phantom with seed 1."""
    return Scanner(1, (480, 360))


@pytest.mark.parametrize(
    ("command", "name", "by"),
    [
        ("right 7", "x_mm", 7),
        ("left 7", "x_mm", -7),
        ("up 3.5", "z_mm", 3.5),
        ("down", "z_mm", -5),
        ("rotate -12", "rotate_deg", -12),
        ("tilt 4", "tilt_deg", 4),
        ("rock", "rock_deg", 5),
    ],
)
def test_steering_moves_the_probe(scanner: Scanner, command: str, name: str, by: float) -> None:
    """Each move changes its own number by what was asked, or by its default, and no other."""
    before = scanner.glance().state()["pose"]
    scanner.apply(command)
    after = scanner.glance().state()["pose"]
    assert after.pop(name) - before.pop(name) == pytest.approx(by)
    assert after == before


def test_knobs_turn_and_stop_at_their_ends(scanner: Scanner) -> None:
    """Depth goes in steps of 5 mm; depth, gain and probe are held to what they can do, and rotation goes round."""
    depth_mm = scanner.glance().state()["depth_mm"]
    scanner.apply("depth 12")
    assert scanner.glance().state()["depth_mm"] == depth_mm + 10
    for command in ("depth 1000", "gain 1000", "right 1000", "tilt -1000", "rotate 400"):
        scanner.apply(command)
    state = scanner.glance().state()
    assert (state["depth_mm"], state["gain_db"]) == (DEPTHS_MM[1], LOUDEST_DB)
    assert (state["pose"]["x_mm"], state["pose"]["tilt_deg"]) == (REACH["x_mm"], -REACH["tilt_deg"])
    assert -180 <= state["pose"]["rotate_deg"] < 180


@pytest.mark.parametrize(
    "command",
    [
        "",
        "jump",
        "right far",
        "right nan",
        "tilt 1 2",
        "go",
        "go liver",
        "show",
        "sweep",
        "anatomy x",
        "anatomy -1",
        "anatomy " + 5000 * "9",
        "freeze now",
    ],
)
def test_what_it_cannot_do_is_said_and_changes_nothing(scanner: Scanner, command: str) -> None:
    """An unknown or malformed command is refused with its words and what was expected; the probe stays where it is."""
    before = scanner.glance().state()
    with pytest.raises(SourceError, match=r"cannot .*(it can right|expected a number)"):
        scanner.apply(command)
    assert scanner.glance().state() == before


@pytest.mark.parametrize("plane", PLANES)
def test_show_goes_onto_a_plane_and_go_near_it(scanner: Scanner, plane: str) -> None:
    """`show` is exactly on the standard plane, `go` a little off it: elsewhere each time, but seeded."""
    scanner.apply(f"show {plane}")
    state = scanner.glance().state()
    assert (state["plane"], state["is_standard"], state["offset"]["move"]) == (plane, True, "")
    scanner.apply(f"go {plane}")
    first = scanner.view
    scanner.apply(f"go {plane}")
    assert first != scanner.view != scanner.anatomy.standard[plane]
    twin = Scanner(1, (480, 360))
    twin.apply(f"go {plane}")
    assert twin.view == first
    assert scanner.truth().plane == plane
    assert not scanner.truth().is_standard


def test_the_same_seed_and_commands_give_the_same_picture() -> None:
    """Two scanners that are told the same show the same; another seed shows another."""

    def picture(seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        scanner = Scanner(seed, (480, 360))
        for command in ("go abdomen", "tilt 3", "gain -2", "depth 10"):
            scanner.apply(command)
        scanner.frame(1.0)
        return scanner.frame(1.5)

    assert np.array_equal(picture(4), picture(4))
    assert not np.array_equal(picture(4), picture(5))


def test_freezing_keeps_picture_and_truth(scanner: Scanner) -> None:
    """While frozen the fan stands and the truth is of what it shows, wherever the probe goes; the clock goes on."""
    scanner.apply("go head")
    scanner.frame(1.0)
    scanner.apply("freeze")
    before, truth = scanner.frame(1.1), scanner.truth()
    scanner.apply("show femur")
    after = scanner.frame(65.0)
    assert np.array_equal(before[40:], after[40:])
    assert not np.array_equal(before[:20], after[:20])
    assert scanner.truth().view == truth.view
    assert np.array_equal(scanner.truth().label, truth.label)
    assert scanner.glance().state()["is_frozen"]
    scanner.apply("unfreeze")
    assert not np.array_equal(scanner.frame(66.0)[40:], after[40:])
    shown = scanner.truth().view
    assert shown != truth.view and abs(shown.pose.z_mm - scanner.view.pose.z_mm) < 0.5


def test_the_picture_lives_without_being_frozen(scanner: Scanner) -> None:
    """The noise of the electronics changes from picture to picture while the probe rests, and only a little."""
    first, second = (scanner.frame(elapsed_s).astype(int) for elapsed_s in (1.0, 1.1))
    assert 0 < np.abs(first - second).mean() < 5


def test_the_sweep_goes_by_itself_until_somebody_steers(scanner: Scanner) -> None:
    """`sweep on` moves the probe with the clock, stands while frozen, and ends when a person steers."""
    scanner.apply("sweep on")
    scanner.frame(1.0)
    first = scanner.view
    scanner.frame(4.0)
    assert scanner.view != first
    scanner.apply("freeze")
    stands = scanner.view
    scanner.frame(9.0)
    assert scanner.view == stands
    scanner.apply("unfreeze")
    scanner.apply("tilt 1")
    steered = scanner.view
    scanner.frame(12.0)
    assert scanner.view == steered and not scanner.glance().state()["is_sweeping"]


def test_another_anatomy_lies_down(scanner: Scanner) -> None:
    """`anatomy 7` is what a new scanner with that seed shows, on its head."""
    scanner.apply("anatomy 7")
    assert scanner.glance().state() == Scanner(7, (480, 360)).glance().state()


def test_the_state_is_json(scanner: Scanner) -> None:
    """It goes to a browser as it is."""
    assert json.loads(json.dumps(scanner.glance().state())) == scanner.glance().state()


@pytest.mark.parametrize("size", [(960, 720), (640, 480), (1280, 720), (1920, 1080)])
def test_pictures_have_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    """RGB, 8 bit, height by width, with a fan in it; the truth's labels have that size too."""
    scanner = Scanner(2, size)
    pixels = scanner.frame(0.0)
    assert pixels.shape == (*size[::-1], 3) and pixels.dtype == np.uint8
    assert pixels[size[1] // 3 : -size[1] // 3, size[0] // 3 : -size[0] // 3].mean() > 20
    assert scanner.truth().label.shape == size[::-1]


def test_a_hand_that_holds_still_trembles(scanner: Scanner) -> None:
    """The picture of a probe that nobody moves is never quite the same, and stays a standard one."""
    scanner.apply("show head")
    pictures = [scanner.frame(second) for second in (1.0, 1.7)]
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 1
    assert all(scanner.frame(second) is not None and scanner.truth().is_standard for second in (2.0, 3.1, 4.7))


def test_a_glance_stays_what_it_was(scanner: Scanner) -> None:
    """Whoever asks for its truth later, in another thread, gets that of the moment at which it was taken."""
    scanner.apply("show head")
    scanner.frame(0.0)
    glance, twin = scanner.glance(), scanner.glance()
    for command in ("show femur", "gain 6", "sweep on", "anatomy 9"):
        scanner.apply(command)
        scanner.frame(1.0)
    state = glance.state()
    assert state == twin.state() and (state["seed"], state["gain_db"], state["plane"]) == (1, 0.0, "head")
    assert state["is_standard"] and not state["is_sweeping"]


def test_what_is_told_after_a_command_is_of_the_next_picture(scanner: Scanner) -> None:
    """Pose and plane never speak of two pictures, also before the next one is drawn."""
    scanner.apply("show head")
    scanner.frame(1.0)
    scanner.apply("show femur")
    state = scanner.glance().state()
    assert (state["plane"], state["is_standard"]) == ("femur", True)
    assert state["pose"]["z_mm"] == scanner.view.pose.z_mm


def test_another_anatomy_is_not_frozen(scanner: Scanner) -> None:
    """Nothing stands still that has not been seen: a new mother's picture lives."""
    scanner.frame(1.0)
    scanner.apply("freeze")
    scanner.apply("anatomy 5")
    assert not np.array_equal(scanner.frame(2.0), scanner.frame(2.5))
    assert not scanner.glance().state()["is_frozen"]
