"""What the setup page asks for is done, kept, and refused in a sentence where it cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.errors import EngineError, SettingsError, ShowsMore, SourceError
from bedside.messages import Pixels, Signal
from bedside.phantom.scanner import Scanner
from bedside.source.framing import Framing
from bedside.source.presets import Presets
from bedside.source.privacy import Privacy
from bedside.source.propose import propose_fan
from bedside.source.setup import Setup, preset_framing
from bedside.source.synthetic_screen import Screen
from bedside.source.text import TextBox
from bedside.source.thumbnail import Grid

URL = "v4l2:/dev/video0"


def shown(privacy: Privacy, still: bool = False) -> Screen:
    """The synthetic screen for ten seconds on a privacy's cable."""
    screen = Screen(1280, 720)
    for number in range(20):
        pixels = screen.draw(number, 0 if still else number * 15, number * 0.5, still)
        grid = Grid.of(pixels)
        privacy.look(pixels, grid, grid.grey(pixels), (number + 10) * 500_000_000, Signal.LIVE)
    return screen


def turned(privacy: Privacy) -> None:
    """Another screen for two seconds, after `shown`."""
    for number in range(40, 44):
        pixels = np.rot90(Screen(1280, 720).draw(number, number * 15, number * 0.5, False), 2).copy()
        grid = Grid.of(pixels)
        privacy.look(pixels, grid, grid.grey(pixels), number * 500_000_000, Signal.LIVE)


def setup(folder: Path, privacy: Privacy | None = None, **options: Any) -> Setup:
    """A setup whose privacy has seen ten seconds of the synthetic scanner."""
    privacy = privacy or Privacy(Framing(), is_confirmed=False)
    shown(privacy)
    return Setup(privacy, Presets(folder, URL), **options)


ASKED = {"preset": "room-2", "crop": [200, 60, 880, 600], "mask": [[400, 80, 100, 40]], "fan": [231, 80, 818, 544]}


def iou(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Intersection over union of two rectangles [x, y, width, height]."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    across, down = min(ax + aw, bx + bw) - max(ax, bx), min(ay + ah, by + bh) - max(ay, by)
    both = max(0, across) * max(0, down)
    return both / (aw * ah + bw * bh - both)


def test_what_is_applied_holds_at_once_and_at_the_next_start(tmp_path: Path) -> None:
    """A preset is used, saved with the screen's layout, and found again for this source alone."""
    privacy = Privacy(Framing(), is_confirmed=False)
    state = setup(tmp_path, privacy).apply(ASKED)
    assert state["preset"] == "room-2" and state["is_confirmed"] and state["layout"] == "fits"
    assert privacy.framing.mask == ((400, 80, 100, 40),)
    presets = Presets(tmp_path, URL)
    assert presets.in_use() == "room-2" and Presets(tmp_path, "file:clip.mp4").in_use() == ""
    read = presets.load("room-2")
    assert (read.crop, read.mask, read.fan, read.size) == (
        (200, 60, 880, 600),
        ((400, 80, 100, 40),),
        (231, 80, 818, 544),
        (1280, 720),
    )
    assert read.layout is not None


def test_a_preset_of_another_machine_is_loaded(tmp_path: Path) -> None:
    """A file that was copied into the folder is offered and can be used."""
    setup(tmp_path / "one").apply(ASKED)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "copied.toml").write_bytes((tmp_path / "one" / "room-2.toml").read_bytes())
    other = setup(tmp_path / "two")
    assert other.state()["presets"] == ["copied"]
    assert other.apply({"load": "copied"})["mask"] == ASKED["mask"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"preset": "../up", "mask": [[0, 0, 100, 100]]}, "letters"),
        ({"preset": 7}, "expected its name"),
        ({"load": "missing"}, "not there"),
        ({"preset": "a", "mask": [[0, 0, 2000, 10]]}, "within the picture"),
        ({"preset": "a", "mask": [[0, 0, 0, 10]]}, "within the picture"),
        ({"preset": "a", "crop": [1.5, 0, 10, 10]}, "whole pixels"),
        ({"preset": "a", "mask": [[]]}, "within the picture"),
        ({"preset": "a", "mask": [[0, 0, 9, 9]] * 65}, "at most 64"),
        ({"preset": "a", "fan": "left"}, "within the picture"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(tmp_path: Path, asked: dict[str, Any], said: str) -> None:
    """One sentence, and the masks of before hold."""
    before = Framing(mask=((0, 0, 100, 100),))
    privacy = Privacy(before)
    with pytest.raises(SourceError, match=said):
        setup(tmp_path, privacy).apply(asked)
    assert privacy.framing is before and not list(tmp_path.iterdir())


def test_masks_of_the_settings_file_are_not_overruled(tmp_path: Path) -> None:
    """Where bedside.toml has masks or another preset, the page is told what to take out."""
    with pytest.raises(SourceError, match="take it out"):
        setup(tmp_path, fixed="[source] mask is set; take it out").apply(ASKED)
    with pytest.raises(SourceError, match="room-1"):
        setup(tmp_path, named="room-1").apply(ASKED)


def test_what_shows_more_must_be_confirmed(tmp_path: Path) -> None:
    """Masking more is done at once; a smaller mask, a larger crop or a preset with fewer masks waits for a word."""
    made = setup(tmp_path)
    made.apply(ASKED)
    made.apply({**ASKED, "preset": "more", "mask": [[400, 80, 100, 40], [500, 300, 20, 20]]})
    for more in (
        {**ASKED, "mask": [[400, 80, 99, 40]]},
        {**ASKED, "mask": [[401, 80, 100, 40], [500, 300, 20, 20]]},
        {**ASKED, "crop": []},
        {"load": "room-2"},
    ):
        for asked in (more, {**more, "confirm": "yes"}):
            with pytest.raises(ShowsMore, match="hidden so far"):
                made.apply(asked)
            assert made.state()["preset"] == "more" and len(made.state()["mask"]) == 2
    assert made.apply({"load": "room-2", "confirm": True})["preset"] == "room-2"


def test_on_a_withheld_screen_whatever_is_shown_must_be_confirmed(tmp_path: Path) -> None:
    """Nothing leaves a screen that has changed, so the very masks of before would show more than that."""
    made = setup(tmp_path, privacy := Privacy(Framing(), is_confirmed=False))
    made.apply(ASKED)
    turned(privacy)
    assert privacy.withholds and made.state()["is_withheld"]
    with pytest.raises(ShowsMore, match="hidden so far"):
        made.apply(ASKED)
    assert privacy.withholds
    assert not made.apply({**ASKED, "confirm": True})["is_withheld"]


@pytest.mark.parametrize("said", ["[]", '{"v4l2:": "room 2"}', '{"v4l2:": ["room-2"]}', "{", "\udc80"])
def test_what_is_in_use_is_never_guessed(tmp_path: Path, said: str) -> None:
    """A damaged list of what is in use starts nothing, and is not written over: another source's masks stand in it."""
    (tmp_path / "in-use").write_bytes(said.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match="set up anew"):
        Presets(tmp_path, URL).in_use()
    with pytest.raises(SourceError, match="set up anew"):
        setup(tmp_path).apply(ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["in-use"]


def test_a_preset_of_another_size_is_refused(tmp_path: Path) -> None:
    """Masks for 1920x1080 are never used on 1280x720, nor beside another [source] size."""
    presets = Presets(tmp_path, URL)
    presets.save("large", Framing(mask=((0, 0, 9, 9),), size=(1920, 1080)))
    with pytest.raises(SourceError, match="1920x1080"):
        setup(tmp_path).apply({"load": "large"})
    with pytest.raises(SettingsError, match="another"):
        preset_framing(presets, "large", (1280, 720))


@pytest.mark.parametrize("text", ["size = 3", 'size = "9x9"\nmask = [[1]]', "colour = 1", "size ="])
def test_a_broken_preset_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing is guessed of a file that is damaged: its masks are somebody's names."""
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"a\.toml"):
        Presets(tmp_path, URL).load("a")


def test_a_preset_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """Masks that would be gone at the next start are not taken."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    privacy = Privacy(Framing())
    before = privacy.framing
    with pytest.raises(SourceError, match="cannot be written"):
        setup(blocked, privacy).apply(ASKED)
    assert privacy.framing is before


def test_the_fan_is_proposed_where_it_is(tmp_path: Path) -> None:
    """On the synthetic scanner's screen it overlaps its true place by 0.9 and more; the crop contains it."""
    proposed = setup(tmp_path).propose()
    fan, crop = proposed["fan"], proposed["crop"]
    assert iou(fan, Screen(1280, 720).fan) > 0.9
    assert crop[0] <= fan[0] and crop[1] <= fan[1] and crop[0] + crop[2] >= fan[0] + fan[2]


@pytest.mark.parametrize("plane", ["head", "femur", "cervix"])
def test_the_phantoms_fan_is_proposed_where_it_is(plane: str) -> None:
    """On the phantom's screen, dark corners and all, it overlaps its true place by 0.85 and more."""
    scanner = Scanner(5)
    scanner.apply(f"go {plane}")
    pictures = [scanner.frame(number * 0.5) for number in range(12)]
    grid = Grid.of(pictures[0])
    fan = propose_fan([grid.grey(each) for each in pictures], grid, (960, 720))
    true = (81, 60, 793, scanner._desk(scanner.view.depth_mm)[0].fan_px[3])
    assert iou(fan, true) > 0.85


def test_in_a_frozen_picture_nothing_is_proposed_and_it_is_said_why(tmp_path: Path) -> None:
    """Only a clock and a cursor move there."""
    privacy = Privacy(Framing())
    shown(privacy, still=True)
    proposed = Setup(privacy, Presets(tmp_path, URL)).propose()
    assert proposed["fan"] == proposed["crop"] == [] and "unfreeze" in proposed["why_no_fan"]
    assert "by hand" in proposed["why_no_mask"]


class Whole(Privacy):
    """A privacy whose picture is at hand at once."""

    def whole(self) -> Pixels:
        """A black one."""
        return np.zeros((720, 1280, 3), np.uint8)


def test_masks_are_proposed_a_little_larger_than_the_text(tmp_path: Path) -> None:
    """A finder's fractions become pixels with a margin, held within the picture."""
    boxes = [TextBox(0.5, 0.5, 0.1, 0.05), TextBox(0.0, 0.0, 0.1, 0.05)]
    made = setup(tmp_path, Whole(Framing()), finds_text=lambda _: boxes)
    assert made.propose()["mask"] == [[629, 349, 150, 58], [0, 0, 139, 47]]


def test_a_finder_that_is_not_built_is_said(tmp_path: Path) -> None:
    """Its own sentence stands in the answer, and the fan is proposed all the same."""

    def finds(_: Pixels) -> list[TextBox]:
        raise EngineError("the text finder is not built: run `bedside build text` once")

    proposed = setup(tmp_path, Whole(Framing()), finds_text=finds).propose()
    assert "bedside build text" in proposed["why_no_mask"] and proposed["fan"]
