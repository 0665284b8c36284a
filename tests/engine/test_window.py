"""The last frames of the stream, kept for an engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from bedside.engine.picture import Wanted
from bedside.engine.window import BACKLOG, Window
from bedside.errors import Overwritten, Unreachable
from bedside.messages import Frame, Pixels, Signal


def frame_of(seq: int, width: int = 8, height: int = 6) -> Frame:
    """A frame that was captured `seq` seconds after 1970."""
    return Frame(seq, 1000 * seq, seq * 10**9, width, height, Signal.LIVE)


@contextmanager
def borrow(frame: Frame) -> Iterator[Pixels]:
    """Its pixels are all its number."""
    yield np.full((frame.height, frame.width, 3), frame.seq, np.uint8)


LOOK = Wanted(size=(4, 3), color="grey").look(8, 6)


@pytest.fixture
async def window() -> AsyncIterator[Window]:
    """A window of three."""
    window = Window("e", 3)
    yield window
    window.close()


async def drawn(window: Window) -> None:
    """Nothing is being drawn any more."""
    for _ in range(10_000):
        if not window._under_way:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("frames are still being drawn after 10 s")


async def see(window: Window, *seqs: int) -> None:
    """These frames, each drawn before the next one comes."""
    for seq in seqs:
        window.add(frame_of(seq), borrow, LOOK)
        await drawn(window)


async def test_it_has_the_last_frames_in_order(window: Window) -> None:
    """Each once, oldest first, drawn in the engine's size and colour, with their numbers and times."""
    await see(window, 1, 2, 3, 3, 4)
    kept = await window.ending_at(frame_of(4))
    assert [one.seq for one in kept] == [2, 3, 4]
    assert [one.time_s for one in kept] == [2.0, 3.0, 4.0]
    assert [int(one.pixels.max()) for one in kept] == [2, 3, 4]
    assert all(one.pixels.shape == (3, 4) for one in kept)


async def test_it_ends_at_the_frame_that_is_asked_about(window: Window) -> None:
    """Though newer ones came meanwhile; one that is too old is not there any more."""
    await see(window, *range(1, 9))
    assert [one.seq for one in await window.ending_at(frame_of(6))] == [4, 5, 6]
    with pytest.raises(Overwritten, match="frame 1 is not in the window of 3 frames"):
        await window.ending_at(frame_of(1))


async def test_asking_about_an_older_frame_leaves_the_window_as_it_is(window: Window) -> None:
    """As a pipeline does that has waited for another engine first: what has come meanwhile is kept."""
    await see(window, 1, 2, 3, 4, 5)
    await see(window, 4)
    assert [one.seq for one in await window.ending_at(frame_of(4))] == [2, 3, 4]
    assert [one.seq for one in await window.ending_at(frame_of(5))] == [3, 4, 5]


async def test_frames_before_one_that_are_gone_are_said_to_be(window: Window) -> None:
    """The window is full, and not of this frame."""
    await see(window, *range(1, 9))
    with pytest.raises(Overwritten, match="1 of the 3 frames that end at frame 3 are gone; take the newest one"):
        await window.ending_at(frame_of(3))


async def test_a_frame_that_is_being_drawn_is_waited_for(window: Window) -> None:
    """The newest frame can be asked about at once."""
    await see(window, 1, 2)
    window.add(frame_of(3), borrow, LOOK)
    assert [one.seq for one in await window.ending_at(frame_of(3))] == [1, 2, 3]


async def test_until_it_is_full_it_says_what_it_has(window: Window) -> None:
    """One sentence with both numbers."""
    assert window.lacks == "waits for 3 frames, has 0"
    await see(window, 1, 2)
    assert window.lacks == "waits for 3 frames, has 2"
    with pytest.raises(Unreachable, match="waits for 3 frames, has 2"):
        await window.ending_at(frame_of(2))
    await see(window, 3)
    assert window.lacks == ""


async def test_it_starts_again(window: Window) -> None:
    """After a lost signal, where later frames have lower numbers, and where the picture has another size."""
    await see(window, 1, 2, 3)
    window.clear()
    assert window.has == 0
    await see(window, 4, 5, 6)
    window.add(replace(frame_of(2), captured_ns=7000), borrow, LOOK)
    await drawn(window)
    assert window.has == 1
    await see(window, 8, 9)
    window.add(frame_of(10, 16, 12), borrow, Wanted(size=(4, 3), color="grey").look(16, 12))
    assert window.has == 0


async def test_gaps_stay_visible(window: Window) -> None:
    """Frames that never came, and those that were overwritten before they were drawn, are missing in the numbers."""

    @contextmanager
    def gone(frame: Frame) -> Iterator[Pixels]:
        raise Overwritten("gone")
        yield

    await see(window, 1, 2)
    window.add(frame_of(3), gone, LOOK)
    await see(window, 7)
    assert window.missed == 1
    assert [one.seq for one in await window.ending_at(frame_of(7))] == [1, 2, 7]
    window.add(frame_of(8), gone, LOOK)
    with pytest.raises(Overwritten):
        await window.ending_at(frame_of(8))


async def test_what_is_drawn_too_slowly_is_passed_over(window: Window) -> None:
    """So many frames wait to be drawn at most; nothing that was begun before it started again gets in."""
    go = threading.Event()

    @contextmanager
    def slow(frame: Frame) -> Iterator[Pixels]:
        go.wait(10)
        yield np.zeros((6, 8, 3), np.uint8)

    for seq in range(1, BACKLOG + 3):
        window.add(frame_of(seq), slow, LOOK)
    assert window.missed == 2
    window.clear()
    go.set()
    await drawn(window)
    await see(window, 20)
    assert (window.has, window.missed) == (1, 2)


async def test_every_change_is_told() -> None:
    """One more frame, and none any more."""
    told: list[str] = []
    two = Window("e", 2, lambda: told.append(two.lacks))
    await see(two, 1, 2)
    two.clear()
    two.clear()
    assert told == ["waits for 2 frames, has 1", "", "waits for 2 frames, has 0"]
    two.close()


async def test_pictures_in_it_do_not_change(window: Window) -> None:
    """What was taken from it stays as it is, whatever comes after."""
    await see(window, 1, 2, 3)
    kept = await window.ending_at(frame_of(3))
    before = [replace(one, pixels=one.pixels.copy()) for one in kept]
    await see(window, *range(4, 20))
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(kept, before, strict=True))
