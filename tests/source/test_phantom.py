"""The phantom as a source: steered, paced, frozen and unplugged."""

import threading
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.messages import Pixels, Signal
from bedside.source import drawn
from bedside.source.commands import OFFERED, offered
from bedside.source.phantom import PhantomSource, open_phantom
from bedside.source.signal import SignalJudge
from bedside.source.source import Grab


class Still:
    """A stand-in for a glance at the scanner."""

    def __init__(self, slide: "Slide") -> None:
        self.slide, self.place = slide, slide.place

    def state(self) -> dict[str, Any]:
        """Where the column was, and how often that was asked."""
        self.slide.states += 1
        self.slide.is_asked.set()
        assert self.slide.may_tell.wait(10)
        return {"place": self.place, "asked": self.slide.states}


class Slide:
    """A stand-in for the scanner: one bright column, where the probe stands."""

    def __init__(self) -> None:
        self.place = 10
        self.states = 0
        self.is_asked, self.may_tell = threading.Event(), threading.Event()
        self.may_tell.set()

    def apply(self, command: str) -> None:
        """It moves right, and nothing else."""
        verb, _, steps = command.partition(" ")
        if verb != "right":
            raise SourceError(f"the phantom cannot {command!r}; it can right N")
        self.place += int(steps)

    def frame(self, elapsed_s: float) -> Pixels:
        """A picture of 64x48."""
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:, self.place] = 255
        return pixels

    def glance(self) -> Still:
        """Where the column is now."""
        return Still(self)


def read(source: PhantomSource) -> Grab:
    """The next picture, which must come."""
    grab = source.read(5.0)
    assert grab is not None
    return grab


def sliding(fps: float = 100.0) -> tuple[PhantomSource, Slide]:
    """A source of a stand-in."""
    slide = Slide()
    return PhantomSource(slide, "a slide", (64, 48), fps), slide


def column(grab: Grab) -> int:
    """Where the bright column is."""
    return int(grab.pixels[0, :, 0].argmax())


def test_a_command_is_in_the_very_next_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing begins late: what came while the source waited for its beat is to be seen at once."""
    source, _ = sliding()
    assert column(read(source)) == 10
    due_ns: list[float] = []

    def wait_until(moment_ns: float) -> None:
        if not due_ns:
            source.control("right 7")
        due_ns.append(moment_ns)

    monkeypatch.setattr(drawn, "_wait_until", wait_until)
    grab = read(source)
    assert column(grab) == 17
    assert due_ns[0] < due_ns[1] == grab.captured_ns


def test_times_lie_on_the_beat() -> None:
    """Pictures are 1/fps apart, however long they were drawn."""
    source, _ = sliding(fps=50)
    first = read(source)
    for _ in range(5):
        grab = read(source)
        steps = (grab.captured_ns - first.captured_ns) / 20_000_000
        assert steps == pytest.approx(round(steps), abs=1e-4)


def test_what_the_scanner_cannot_is_refused_in_its_words() -> None:
    """And the picture goes on."""
    source, _ = sliding()
    with pytest.raises(SourceError, match="cannot 'dance'; it can right N"):
        source.control("dance")
    assert column(read(source)) == 10


def test_the_state_is_worked_out_at_most_five_times_a_second() -> None:
    """Many pages that ask cost one truth; a command makes it old."""
    source, slide = sliding()
    assert [source.state()["asked"] for _ in range(5)] == [1] * 5
    source.control("right 1")
    assert source.state() == {"place": 11, "asked": 2}
    clock.wait_s(0.21)
    assert source.state()["asked"] == slide.states == 3


def test_pictures_and_commands_go_on_while_the_state_is_worked_out() -> None:
    """An open pad does not hold up the picture, and what it is told next is not from before the command."""
    source, slide = sliding()
    slide.may_tell.clear()
    told: list[Any] = []
    asking = threading.Thread(target=lambda: told.append(source.state()))
    asking.start()
    assert slide.is_asked.wait(10)
    assert column(read(source)) == 10
    source.control("right 5")
    assert column(read(source)) == 15
    slide.may_tell.set()
    asking.join()
    assert (told[0]["place"], source.state()["place"]) == (10, 15)


def test_its_cables_can_be_pulled() -> None:
    """`signal off` shows a flat colour until `signal on`; `unplug` ends the source until it is opened again."""
    source, _ = sliding()
    source.control("signal off")
    assert np.ptp(read(source).pixels, axis=(0, 1)).max() == 0
    source.control("signal on")
    assert column(read(source)) == 10
    source.control("unplug")
    with pytest.raises(Unplugged, match="opened again"):
        source.read(1.0)


def test_only_what_is_drawn_or_recorded_takes_commands() -> None:
    """A real scanner has its own buttons; a phantom can be steered."""
    assert offered("v4l2:/dev/video0") == offered("opencv:0") == ()
    assert "tilt" in offered("phantom:?seed=3") and "tilt" not in offered("synthetic:")
    assert all("freeze" in words for words in OFFERED.values())


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("?size=big", "size is 'big'; expected WIDTHxHEIGHT"),
        ("?size=10x10", "expected 320x240"),
        ("?fps=0", "expected a number of 0.1 or more"),
        ("?sed=1", "did you mean 'seed'"),
        ("?start=foot", "start is 'foot'; expected one of femur, abdomen, head, cervix"),
        ("?sweep=maybe", "sweep is 'maybe'; expected 1 or 0"),
        ("/dev/video0", "nothing but options"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(address: str, sentence: str) -> None:
    """Each wrong option is named with its value and what was expected."""
    with pytest.raises(SourceError, match=sentence):
        open_phantom(address, size="", fps=0.0, color_range="auto")


def opened(address: str) -> PhantomSource:
    """A phantom at the usual size."""
    return open_phantom(address, size="", fps=0.0, color_range="auto")


def test_the_same_address_shows_the_same_anatomy() -> None:
    """Seed and start choose the first picture; its size and pace are those of the address."""
    one, same, other = (opened(f"?seed={seed}&start=abdomen") for seed in (3, 3, 4))
    pictures = [source._draw(1, 1) for source in (one, same, other)]
    assert pictures[0].shape == (720, 960, 3) and "960x720 at 25 fps" in one.device
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_it_does_each_command_that_it_offers() -> None:
    """What hello lists as a control is one."""
    source = opened("?seed=3")
    arguments = {"go": "femur", "show": "head", "sweep": "on", "anatomy": "4", "signal": "off"}
    for word in source.commands:
        alone = {"freeze", "unfreeze", "unplug"}
        source.control(word if word in alone else f"{word} {arguments.get(word, '3')}")


def test_frozen_it_goes_on_delivering_and_is_judged_frozen() -> None:
    """The judge that watches every source says live while the probe moves, and frozen after the button."""
    source, judge = opened("?seed=3&sweep=1"), SignalJudge()
    for number in range(1, 40):
        signal = judge.judge(source._draw(number, 1), number * 40_000_000)
    assert signal is Signal.LIVE
    source.control("freeze")
    for number in range(40, 70):
        signal = judge.judge(source._draw(number, 1), number * 40_000_000)
    assert signal is Signal.FROZEN
    source.control("unfreeze")
    for number in range(70, 80):
        signal = judge.judge(source._draw(number, 1), number * 40_000_000)
    assert signal is Signal.LIVE


def test_a_probe_that_is_held_still_is_not_frozen() -> None:
    """A hand and a heart move: a live picture that nobody steers stays live."""
    source, judge = opened("?seed=3&start=abdomen"), SignalJudge()
    signals = {judge.judge(source._draw(number, 1), number * 40_000_000) for number in range(1, 75)}
    assert signals == {Signal.LIVE}
