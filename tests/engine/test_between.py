"""Whose turn it is: the next frame's, or before it that of a person's question."""

import asyncio

import pytest

from bedside.engine.between import Between
from bedside.errors import Unreachable


class Turns:
    """Questions that begin in the order of `begun` and end when the test says so."""

    def __init__(self) -> None:
        self.between = Between()
        self.begun: list[str] = []
        self.news: asyncio.Queue[str] = asyncio.Queue()
        self.go = asyncio.Semaphore(0)

    def begin(self, name: str) -> None:
        """It is asked now."""
        self.begun.append(name)
        self.news.put_nowait(name)

    async def frame(self, name: str) -> None:
        """One about a frame."""
        async with self.between.frame():
            self.begin(name)
            await self.go.acquire()

    async def person(self, name: str, within_s: float = 10.0) -> None:
        """One of a person."""
        async with self.between.person(within_s):
            self.begin(name)
            await self.go.acquire()


async def test_a_person_comes_between_two_frames_and_a_frame_between_two_people() -> None:
    """Neither waits for more than one answer of the other."""
    turns = Turns()
    tasks = []
    for name in ("frame 1", "person 1", "frame 2", "person 2"):
        ask = turns.frame if name.startswith("frame") else turns.person
        tasks.append(asyncio.create_task(ask(name)))
        await asyncio.sleep(0)
        if name == "person 1":  # its turn begins, and the next ones come meanwhile
            turns.go.release()
            async with asyncio.timeout(10):
                assert [await turns.news.get(), await turns.news.get()] == ["frame 1", "person 1"]
    for _ in range(3):
        turns.go.release()
    await asyncio.gather(*tasks)
    assert turns.begun == ["frame 1", "person 1", "frame 2", "person 2"]
    assert not turns.between.is_taken
    assert turns.between.until_ns > 0


async def test_of_several_that_wait_the_newest_wins() -> None:
    """The older ones are told so, and are never asked."""
    turns = Turns()
    frame = asyncio.create_task(turns.frame("frame"))
    await asyncio.sleep(0)
    people = [asyncio.create_task(turns.person(name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0)
    assert turns.between.is_taken
    turns.go.release()
    turns.go.release()
    outcomes = await asyncio.gather(frame, *people, return_exceptions=True)
    assert turns.begun == ["frame", "c"]
    assert [str(outcome) for outcome in outcomes[1:3]] == ["a newer correction was made; that one counts"] * 2


async def test_a_turn_that_does_not_come_is_given_up() -> None:
    """After so long the person is told, and the frames go on."""
    turns = Turns()
    frame = asyncio.create_task(turns.frame("frame"))
    await asyncio.sleep(0)
    with pytest.raises(Unreachable, match=r"it has not come to its turn within 0\.01 s; try again"):
        await turns.person("late", within_s=0.01)
    turns.go.release()
    turns.go.release()
    await asyncio.gather(frame, asyncio.create_task(turns.frame("next")))
    assert turns.begun == ["frame", "next"]
    assert not turns.between.is_taken
