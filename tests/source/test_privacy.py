"""What may leave: masks hold from one picture to the next without a gap, and nothing leaves while it must not."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.end_to_end.box import wait

from bedside import clock
from bedside.errors import Misfit, SourceError, Withheld
from bedside.messages import Pixels, Signal
from bedside.source.framing import Framing
from bedside.source.privacy import CHANGED, OPEN_AT_MOST_S, OPEN_S, UNMASKED, Privacy
from bedside.source.synthetic_screen import Screen
from bedside.source.thumbnail import Grid

SIZE = (640, 480)
HALF_S = 500_000_000


class Cable:
    """Gives pictures to a Privacy and keeps what left."""

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy
        self.left: list[Pixels] = []
        self.at_ns = 10 * HALF_S

    def give(self, pixels: Pixels) -> bool:
        """One picture, half a second after the one before; whether it left."""
        self.at_ns += HALF_S
        grid = Grid.of(pixels)
        self.privacy.look(pixels, grid, grid.grey(pixels), self.at_ns, Signal.LIVE)
        before = len(self.left)
        try:
            self.privacy.hand_on(pixels.copy(), self.left.append)
        except (Withheld, Misfit):
            return False
        return len(self.left) > before


def bright() -> Pixels:
    """A picture without a black pixel."""
    return np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)


def screens() -> Iterator[Pixels]:
    """The synthetic scanner's screen, for ever."""
    screen, number = Screen(1280, 720), 0
    while True:
        yield screen.draw(number, number * 15, number * 0.5, False)
        number += 1


def watching(*, stops: bool = True) -> tuple[Cable, Iterator[Pixels]]:
    """A cable whose privacy has learned the synthetic scanner's screen."""
    privacy, pictures = Privacy(Framing(), stops=stops), screens()
    cable = Cable(privacy)
    for _ in range(8):
        cable.give(next(pictures))
    privacy.set(privacy.learned(Framing(fan=Screen(1280, 720).fan, size=(1280, 720))))
    assert privacy.framing.layout is not None
    return cable, pictures


def test_no_picture_lies_between_old_and_new_masks() -> None:
    """While masks are changed over and over, every picture that leaves has one or the other whole."""
    one = Framing(mask=((0, 0, 100, 100), (200, 200, 50, 50)), size=SIZE)
    other = Framing(mask=((300, 0, 100, 100), (400, 300, 50, 50)), size=SIZE)
    privacy = Privacy(one)
    cable, done = Cable(privacy), threading.Event()

    def change() -> None:
        for number in range(300):
            privacy.set(one if number % 2 else other)
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set() or len(cable.left) < 20:
        cable.give(bright())
    thread.join()
    for pixels in cable.left:
        is_one = not pixels[:100, :100].any() and not pixels[200:250, 200:250].any()
        is_other = not pixels[:100, 300:400].any() and not pixels[300:350, 400:450].any()
        assert is_one != is_other


def test_after_set_returns_no_picture_leaves_with_the_old_masks() -> None:
    """The picture that is under way when masks are set is waited for."""
    privacy = Privacy(Framing())
    inside, may_end, is_set = threading.Event(), threading.Event(), threading.Event()

    def slow(_: Pixels) -> None:
        inside.set()
        assert may_end.wait(10)
        assert not is_set.is_set()

    delivering = threading.Thread(target=lambda: privacy.hand_on(bright(), slow))
    delivering.start()
    assert inside.wait(10)

    def set_masks() -> None:
        privacy.set(Framing(mask=((0, 0, 9, 9),)))
        is_set.set()

    setting = threading.Thread(target=set_masks)
    setting.start()
    may_end.set()
    delivering.join(10)
    setting.join(10)
    assert is_set.is_set()


def test_nobody_gets_a_picture_while_somebody_sets_up() -> None:
    """Open, no picture leaves; closed, it does, under the masks of before."""
    cable = Cable(Privacy(Framing(mask=((0, 0, 100, 100),))))
    cable.privacy.open(True)
    assert not cable.give(bright())
    cable.privacy.open(False)
    assert cable.give(bright()) and not cable.left[-1][:100, :100].any()


def test_a_still_is_covered_unless_it_is_open() -> None:
    """The setup page gets the whole size; what may not leave is black in it until the masks are taken off."""
    privacy = Privacy(Framing(crop=(100, 100, 200, 200), mask=((150, 150, 20, 20),)))
    covered = still(privacy)
    assert covered.shape == (SIZE[1], SIZE[0], 3)
    assert not covered[:100].any() and not covered[150:170, 150:170].any() and covered[120, 120].all()
    privacy.open(True)
    assert still(privacy).all()


def still(privacy: Privacy, pictures: Iterator[Pixels] | None = None) -> Pixels:
    """A still, while pictures go on."""
    found: list[Pixels] = []
    asking = threading.Thread(target=lambda: found.append(privacy.still()))
    asking.start()
    cable = Cable(privacy)
    while asking.is_alive():
        cable.give(next(pictures) if pictures else bright())
        asking.join(0.001)
    return found[0]


def test_a_changed_screen_is_black_on_the_setup_page_too() -> None:
    """While nothing leaves, the still is black under the old masks, and whole only when it is open."""
    cable, pictures = watching()
    turned = (np.rot90(each, 2).copy() for each in pictures)
    for _ in range(3):
        cable.give(next(turned))
    assert cable.privacy.withholds
    assert not still(cable.privacy, turned).any()
    cable.privacy.open(True)
    assert still(cable.privacy, turned).any()


def test_whoever_leaves_the_page_open_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking over and over keeps it open, but not beyond OPEN_AT_MOST_S."""
    now_ns = 1
    monkeypatch.setattr(clock, "monotonic_ns", lambda: now_ns)
    privacy = Privacy(Framing())
    privacy.open(True)
    asked = 0
    while privacy.is_open:
        still(privacy)
        asked += 1
        now_ns += round(0.7 * OPEN_S * clock.NS_PER_S)
    assert OPEN_AT_MOST_S <= now_ns / clock.NS_PER_S < OPEN_AT_MOST_S + OPEN_S and asked > 10
    still(privacy)
    assert not privacy.is_open


def test_one_copy_serves_all_who_wait_and_none_who_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many have asked in vain, the next picture is copied once, and not at all when nobody waits."""
    monkeypatch.setattr("bedside.source.privacy.STILL_S", 0.001)
    privacy = Privacy(Framing())
    for _ in range(20):
        with pytest.raises(SourceError):
            privacy.whole()

    class Counted(np.ndarray[Any, np.dtype[np.uint8]]):
        copies = 0

        def copy(self, order: Any = "C") -> Any:
            """Count it."""
            Counted.copies += 1
            return super().copy(order)

    picture = bright().view(Counted)
    cable = Cable(privacy)
    privacy.look(picture, Grid.of(picture), Grid.of(picture).grey(picture), cable.at_ns, Signal.LIVE)
    assert Counted.copies == 0
    monkeypatch.setattr("bedside.source.privacy.STILL_S", 10.0)
    found: list[Pixels] = []
    asking = [threading.Thread(target=lambda: found.append(np.asarray(privacy.whole()))) for _ in range(5)]
    for each in asking:
        each.start()
    wait(lambda: privacy._waiting == 5, "all wait")
    privacy.look(picture, Grid.of(picture), Grid.of(picture).grey(picture), cable.at_ns, Signal.LIVE)
    for each in asking:
        each.join(10)
    assert len(found) == 5 and all(each.all() for each in found)
    assert Counted.copies == 1 + 5  # one of the picture, and of that copy one for each


def test_a_framing_of_another_size_covers_all() -> None:
    """Masks of another picture hide the wrong place, so the still is black."""
    pixels = bright()
    Framing(mask=((0, 0, 9, 9),), size=(1920, 1080)).cover(pixels)
    assert not pixels.any()


def test_a_changed_screen_is_withheld_within_a_second_and_comes_back_by_itself() -> None:
    """Two looks at another screen hold the picture back; two at the old one let it go on."""
    cable, pictures = watching()
    assert all(cable.give(next(pictures)) for _ in range(4))
    gone = [cable.give(np.rot90(next(pictures), 2).copy()) for _ in range(4)]
    assert gone == [True, False, False, False] and cable.privacy.warning == CHANGED
    back = [cable.give(next(pictures)) for _ in range(4)]
    assert back == [False, True, True, True] and cable.privacy.warning == ""


def test_another_screen_after_a_pause_is_withheld_at_once() -> None:
    """The first picture after a start or a pause counts by itself."""
    cable, pictures = watching()
    cable.at_ns += 10 * HALF_S
    assert not cable.give(np.rot90(next(pictures), 2).copy())


def test_a_changed_screen_only_warns_where_that_is_set() -> None:
    """With on_layout_change = "warn" the picture goes on, and the band is there."""
    cable, pictures = watching(stops=False)
    left = [cable.give(np.rot90(next(pictures), 2).copy()) for _ in range(4)]
    assert left == [True] * 4
    assert cable.privacy.warning == CHANGED


def test_names_count_as_unmasked_until_somebody_has_said_so() -> None:
    """A device is warned of until a framing is set, be it one without masks."""
    privacy = Privacy(Framing(), is_confirmed=False)
    assert privacy.warning == UNMASKED
    privacy.set(Framing())
    assert privacy.warning == ""


def test_a_wrong_framing_changes_nothing() -> None:
    """What is no rectangle is refused, and the masks of before hold."""
    cable = Cable(Privacy(Framing(mask=((0, 0, 100, 100),))))
    with pytest.raises(Misfit):
        cable.privacy.set(Framing(mask=((0, 0, 0, 0),)))
    assert cable.give(bright()) and not cable.left[-1][:100, :100].any()


def test_without_a_picture_there_is_no_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for one says what to look at."""
    monkeypatch.setattr("bedside.source.privacy.STILL_S", 0.01)
    with pytest.raises(SourceError, match="look at the cable"):
        Privacy(Framing()).still()
