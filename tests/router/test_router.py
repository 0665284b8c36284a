"""Which engine gets which frame."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest

from bedside import clock
from bedside.engine.replicas import Replicas
from bedside.errors import Overwritten, Unreachable
from bedside.messages import Pixels, Result, Signal, Status
from bedside.router.router import Router
from bedside.router.when import When


def engine_of(*links: Any) -> Replicas:
    """One engine of these replicas."""
    engine = Replicas(links[0].name, lambda status: None)
    for link in links:
        engine.join(link)
    return engine


@asynccontextmanager
async def routing(
    links: list[Any], pictures: Any, when: dict[str, When] | None = None
) -> AsyncIterator[tuple[Router, list[tuple[Result, Pixels | None]]]]:
    """A router that runs, with an engine for each link or each Replicas, and what it has published."""
    published: list[tuple[Result, Pixels | None]] = []
    engines = [link if isinstance(link, Replicas) else engine_of(link) for link in links]
    router = Router(engines, pictures.borrow, lambda result, pixels: published.append((result, pixels)), when)
    task = asyncio.create_task(router.run())
    try:
        yield router, published
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Poll until something holds."""
    end = clock.monotonic_ns() + 10 * clock.NS_PER_S
    while not holds():
        assert clock.monotonic_ns() < end, "did not happen within 10 s"
        await asyncio.sleep(0.005)


async def test_a_free_engine_gets_the_newest_frame_and_never_one_twice(pictures: Any, fake: Any) -> None:
    """While it computes, newer frames replace each other; each answer comes with the very pixels of its frame."""
    link = fake("e")
    engine = engine_of(link)
    async with routing([engine], pictures) as (router, published):
        for _ in range(4):
            router.offer(pictures.next())
            await until(lambda: bool(link.asked))
        assert link.asked == [1]
        link.go.release()
        await until(lambda: link.asked == [1, 4])
        link.go.release()
        await until(lambda: len(published) == 2)
        assert [result.seq for result, _ in published] == [1, 4]
        assert [int(pixels.max()) for _, pixels in published if pixels is not None] == [1, 4]
        assert engine.status.passed_over == 2
        await asyncio.sleep(0.05)
        assert link.asked == [1, 4], "no new frame, no new question"


async def test_a_slow_engine_is_no_others_trouble(pictures: Any, fake: Any) -> None:
    """One engine hangs in its first answer; the other gets every frame."""
    slow, quick = fake("slow"), fake("quick")
    async with routing([slow, quick], pictures) as (router, published):
        for number in range(1, 6):
            router.offer(pictures.next())
            quick.go.release()
            await until(lambda wanted=number: len(published) == wanted)  # type: ignore[misc]
        assert quick.asked == [1, 2, 3, 4, 5]
        assert slow.asked == [1]


@pytest.mark.parametrize("signal", [signal for signal in Signal if not signal.has_picture])
async def test_no_engine_is_asked_without_a_picture(signal: Signal, pictures: Any, fake: Any) -> None:
    """A frame without a signal is not asked, nor is one that waited when the signal went; then it goes on."""
    link = fake("e")
    async with routing([link], pictures) as (router, _):
        router.offer(pictures.next())
        await until(lambda: link.asked == [1])
        router.offer(pictures.next())
        router.offer(Status(signal))
        router.offer(pictures.next(signal))
        link.go.release()
        await asyncio.sleep(0.05)
        assert link.asked == [1]
        router.offer(pictures.next(Signal.FROZEN))
        await until(lambda: link.asked == [1, 4])


async def test_an_overwritten_frame_is_passed_over(pictures: Any, fake: Any) -> None:
    """When the ring was faster, the next frame is asked, and nothing is published for the lost one."""
    link = fake("e")
    async with routing([link], pictures) as (router, published):
        link.fault = Overwritten("gone")
        router.offer(pictures.next())
        await until(lambda: link.fault is None)
        router.offer(pictures.next())
        link.go.release()
        await until(lambda: len(published) == 1)
        assert published[0][0].seq == 2


async def test_a_result_whose_pixels_are_gone_is_published_without(pictures: Any, fake: Any) -> None:
    """The answer counts, even where the ring was faster than the copy."""
    link = fake("e")
    async with routing([link], pictures) as (router, published):
        frame = pictures.next()
        original = link.answer

        async def answer(frame: Any, borrow: Any, left: Any, free_ns: int) -> Result:
            pictures.gone.add(frame.seq)
            link.asked.append(frame.seq)
            link.go.release()
            return await original(frame, lambda _: nullcontext(), left)  # type: ignore[no-any-return]

        link.answer = answer
        router.offer(frame)
        await until(lambda: len(published) == 1)
        assert published[0][1] is None


async def test_an_engine_that_is_not_well_is_waited_for(pictures: Any, fake: Any) -> None:
    """No frame is spent on it; when it is back it gets the newest one."""
    link = fake("e")
    link.well.clear()
    async with routing([link], pictures) as (router, _):
        for _ in range(3):
            router.offer(pictures.next())
        await asyncio.sleep(0.05)
        assert link.asked == []
        link.fault = Unreachable("died between two frames")
        link.well.set()
        await until(lambda: link.fault is None)
        router.offer(pictures.next())
        await until(lambda: link.asked == [4])


async def test_at_most_so_many_a_second(pictures: Any, fake: Any) -> None:
    """With an interval the engine is asked at that pace, each time with the newest frame."""
    link = fake("e")
    async with routing([link], pictures, {"e": When(every_s=0.05)}) as (router, published):
        end = clock.monotonic_ns() + clock.NS_PER_S
        while clock.monotonic_ns() < end:
            router.offer(pictures.next())
            link.go.release()
            await asyncio.sleep(0.005)
        assert 2 <= len(published) <= 21
        assert len(set(link.asked)) == len(link.asked)


async def test_a_fault_of_ours_stops_one_lane_for_a_moment_only(
    pictures: Any, fake: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception that nobody expected is logged with its traceback; this engine goes on soon, the other at once."""
    monkeypatch.setattr("bedside.router.router.AFTER_FAULT_S", 0.05)
    bad, good = fake("bad"), fake("good")
    async with routing([bad, good], pictures) as (router, published):
        bad.fault = ZeroDivisionError("a bug")
        router.offer(pictures.next())
        await until(lambda: good.asked == [1])
        assert "engine bad: a fault in Bedside itself" in caplog.text
        good.go.release()
        bad.go.release()
        await until(lambda: len(published) == 1)
        router.offer(pictures.next())
        good.go.release()
        await until(lambda: {result.engine for result, _ in published} == {"good", "bad"})


async def test_the_next_frame_is_laid_ready_while_the_engine_computes(pictures: Any, fake: Any) -> None:
    """Each newer frame is laid ready in turn, and the newest of them is asked about as soon as the engine is free."""
    link = fake("e")
    engine = engine_of(link)
    async with routing([engine], pictures) as (router, _):
        router.offer(pictures.next())
        await until(lambda: link.asked == [1])
        router.offer(pictures.next())
        await until(lambda: link.prepared == [2])
        router.offer(pictures.next())
        await until(lambda: link.prepared == [2, 3])
        link.go.release()
        await until(lambda: link.asked == [1, 3])
        assert engine.status.passed_over == 1


async def test_the_next_question_leaves_before_an_answer_is_published(pictures: Any, fake: Any) -> None:
    """With a frame laid ready the model never waits for what is done with its last answer."""
    link = fake("e")
    asked_before: list[list[int]] = []
    router = Router([engine_of(link)], pictures.borrow, lambda result, pixels: asked_before.append([*link.asked]))
    running = asyncio.create_task(router.run())
    router.offer(pictures.next())
    await until(lambda: link.asked == [1])
    router.offer(pictures.next())
    await until(lambda: link.prepared == [2])
    link.go.release()
    await until(lambda: bool(asked_before))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert asked_before == [[1, 2]]


async def test_a_frame_that_was_laid_ready_for_a_lost_engine_is_not_asked_about(pictures: Any, fake: Any) -> None:
    """When the engine is back, it gets the newest frame and none from before."""
    link = fake("e")
    async with routing([link], pictures) as (router, published):
        router.offer(pictures.next())
        await until(lambda: link.asked == [1])
        router.offer(pictures.next())
        await until(lambda: link.prepared == [2])
        link.well.clear()
        link.go.release()
        await until(lambda: len(published) == 1)
        router.offer(pictures.next())
        router.offer(pictures.next())
        link.well.set()
        await until(lambda: len(link.asked) == 2)
        assert link.asked == [1, 4]


async def test_every_event_reaches_every_link(pictures: Any, fake: Any) -> None:
    """A link is told of each frame and status, also of those that it is not asked about: windows are made of them."""
    link = fake("e")
    async with routing([link], pictures) as (router, _):
        events = [pictures.next(), Status(Signal.NO_SIGNAL), pictures.next(Signal.NO_SIGNAL), pictures.next()]
        for event in events:
            router.offer(event)
        assert link.seen == events


async def test_a_frozen_picture_is_asked_about_once(pictures: Any, fake: Any) -> None:
    """Never while the scanner is live; once each time that it is frozen, with the newest frame, also at the start."""
    link = fake("e")
    engine = engine_of(link)
    async with routing([engine], pictures, {"e": When(is_on_freeze=True)}) as (router, published):
        assert engine.status.waits
        link.go.release()
        for _ in range(3):
            router.offer(pictures.next(Signal.FROZEN))
            await asyncio.sleep(0.01)
        assert link.asked == [1]
        assert (engine.status.waits, engine.status.holds) == (False, True)
        for _ in range(3):
            router.offer(pictures.next())
            await asyncio.sleep(0.01)
        assert link.asked == [1]
        assert (engine.status.waits, engine.status.holds) == (True, False)
        assert engine.status.message == "waits for a frozen picture"
        router.offer(pictures.next(Signal.FROZEN))
        await until(lambda: link.asked == [1, 7])
        assert (engine.status.waits, engine.status.holds) == (False, False)
        assert [result.seq for result, _ in published] == [1]


async def test_a_freeze_that_could_not_be_asked_about_is_not_spent(pictures: Any, fake: Any) -> None:
    """The frame was overwritten, or the engine away: the next frozen frame is asked about, and then none."""
    link = fake("e")
    async with routing([link], pictures, {"e": When(is_on_freeze=True)}) as (router, published):
        link.fault = Overwritten("gone")
        router.offer(pictures.next(Signal.FROZEN))
        await until(lambda: link.fault is None)
        router.offer(pictures.next(Signal.FROZEN))
        link.go.release()
        await until(lambda: len(published) == 1)
        router.offer(pictures.next(Signal.FROZEN))
        await asyncio.sleep(0.03)
        assert link.asked == [2]


async def test_a_frozen_frame_is_not_asked_about_when_the_scanner_is_live_again(pictures: Any, fake: Any) -> None:
    """The engine came back too late for the freeze: it waits for the next one."""
    link = fake("e")
    link.well.clear()
    async with routing([link], pictures, {"e": When(is_on_freeze=True)}) as (router, _):
        router.offer(pictures.next(Signal.FROZEN))
        router.offer(pictures.next())
        link.well.set()
        await asyncio.sleep(0.03)
        assert link.asked == []
        router.offer(pictures.next(Signal.FROZEN))
        await until(lambda: link.asked == [3])


async def test_replicas_get_a_frame_each(pictures: Any, fake: Any) -> None:
    """Frames go to whoever is free, each to one only; the newest wins when all are busy, and nothing is laid ready."""
    first, second = fake("e"), fake("e")
    engine = engine_of(first, second)
    async with routing([engine], pictures) as (router, published):
        for number in range(1, 6):
            router.offer(pictures.next())
            await until(lambda n=number: len(first.asked + second.asked) >= min(n, 2))  # type: ignore[misc]
        assert sorted(first.asked + second.asked) == [1, 2]
        assert engine.status.passed_over == 2
        second.go.release()
        await until(lambda: len(first.asked + second.asked) == 3)
        assert max(second.asked) == 5
        assert first.prepared == second.prepared == []
        assert len(published) == 1


async def test_answers_come_in_the_order_of_their_frames(pictures: Any, fake: Any) -> None:
    """An answer that is older than one which is out already is dropped, and counted as late."""
    first, second = fake("e"), fake("e")
    engine = engine_of(first, second)
    async with routing([engine], pictures) as (router, published):
        for number in (1, 2):
            router.offer(pictures.next())
            await until(lambda n=number: len(first.asked + second.asked) == n)  # type: ignore[misc]
        slow, quick = (first, second) if first.asked == [1] else (second, first)
        quick.go.release()
        await until(lambda: [result.seq for result, _ in published] == [2])
        slow.go.release()
        await until(lambda: engine.status.late == 1)
        router.offer(pictures.next())
        router.offer(pictures.next())
        slow.go.release()
        quick.go.release()
        await until(lambda: published[-1][0].seq == 4)
        seqs = [result.seq for result, _ in published]
        assert seqs == sorted(seqs)


async def test_a_replica_that_is_away_is_not_waited_for(pictures: Any, fake: Any) -> None:
    """The other one gets every frame; the status says how many are well, and what is wrong."""
    first, second = fake("e"), fake("e")
    first.well.clear()
    engine = engine_of(first, second)
    async with routing([engine], pictures) as (router, published):
        for number in range(1, 4):
            router.offer(pictures.next())
            second.go.release()
            await until(lambda n=number: len(published) == n)  # type: ignore[misc]
        assert (first.asked, second.asked) == ([], [1, 2, 3])
        status = engine.status
        assert (status.state, status.replicas, status.replicas_well) == ("READY", 2, 1)
        assert status.message == "replica 1 of 2 is DEAD"


async def test_an_interval_holds_for_all_replicas_together(pictures: Any, fake: Any) -> None:
    """Two free replicas are not asked twice in one interval."""
    first, second = fake("e"), fake("e")
    async with routing([engine_of(first, second)], pictures, {"e": When(every_s=3600)}) as (router, _):
        for _ in range(5):
            router.offer(pictures.next())
            first.go.release()
            second.go.release()
            await asyncio.sleep(0.01)
        assert len(first.asked + second.asked) == 1


async def test_replicas_are_asked_spaced_out(pictures: Any, fake: Any) -> None:
    """While the first one has only just begun, the other waits, or answers would come in bunches."""
    first, second = fake("e"), fake("e")
    first.expected = second.expected = 0.5
    async with routing([engine_of(first, second)], pictures) as (router, _):
        begun = clock.monotonic_ns()
        while len(first.asked + second.asked) < 2:
            router.offer(pictures.next())
            await asyncio.sleep(0.005)
        assert clock.age_ms(begun) >= 0.8 / 2 * 500 - 1


async def test_a_correction_goes_to_its_engine_and_nowhere_else(pictures: Any, fake: Any) -> None:
    """The router asks the engine of that name about the kept pixels, and publishes nothing of it."""
    frame = pictures.next()
    with pictures.borrow(frame) as pixels:
        kept = pixels
    async with routing([fake("a"), fake("b")], pictures) as (router, published):
        result = await router.answer_again("b", frame, kept, {"concepts": {"skull": True}})
        assert (result.engine, result.seq, result.answer) == ("b", 1, {"concepts": {"skull": True}, "value": 1})
        with pytest.raises(Unreachable, match="there is no engine 'c'; there are a, b"):
            await router.answer_again("c", frame, kept, {})
        assert published == []


async def test_of_several_replicas_one_that_is_well_and_free_is_corrected(pictures: Any, fake: Any) -> None:
    """None is asked that is gone; with none left it says how the engine is."""
    links = [fake("e"), fake("e")]
    links[0].well.clear()
    engine = engine_of(*links)
    frame = pictures.next()
    with pictures.borrow(frame) as pixels:
        assert (await engine.answer_again(frame, pixels, {})).answer == {"value": 1}
        assert [link.corrected for link in links] == [[], [1]]
        links[1].well.clear()
        with pytest.raises(Unreachable, match="engine e takes no frame now; it is DEAD"):
            await engine.answer_again(frame, pixels, {})
