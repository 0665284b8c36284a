"""The feed and its metrics."""

import asyncio
import gc
import tracemalloc

import numpy as np
from prometheus_client.parser import text_string_to_metric_families
from tests.hub.conftest import Hub, Scanner, eventually, live, ready, result_of

from bedside.hub.feed import Feed
from bedside.messages import EngineState, EngineStatus, Loss, Signal, Status


def values(feed: Feed) -> dict[str, float]:
    """Every sample of the metrics by `name{labels}`."""
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(feed.metrics.text().decode())
        for sample in family.samples
    }


async def test_what_is_lost_is_counted_by_cause(scanner: Scanner) -> None:
    """Every cause has its own counter, from 0 on, and the source's own counts are there."""
    feed = Feed(scanner.borrow)
    feed.put(Loss(5, 3, "bus"))
    feed.put(Loss(9, 2, "mailbox"))
    feed.put(Status(Signal.LIVE, drops=7, skips=4, reopens=1, fps=29.5))
    found = values(feed)
    causes = [found[f"bedside_frames_lost_total{{cause={cause}}}"] for cause in ("source", "bus", "mailbox")]
    assert causes == [0, 3, 2]
    assert found["bedside_source_drops_total"] == 7
    assert found["bedside_source_skips_total"] == 4
    assert found["bedside_source_reopens_total"] == 1
    assert found["bedside_signal{state=live}"] == 1
    assert found["bedside_signal{state=frozen}"] == 0


async def test_ages_are_histograms_by_place(scanner: Scanner) -> None:
    """A frame's age is observed when it reaches the server and when it is answered."""
    feed = Feed(scanner.borrow, engines=("pcbm",))
    frame = scanner.shoot(age_ms=100)
    feed.put(frame)
    feed.put_result(result_of(frame))
    found = values(feed)
    assert found["bedside_frame_age_seconds_count{place=server}"] == 1
    assert 0.1 <= found["bedside_frame_age_seconds_sum{place=server}"] < 5
    assert found["bedside_frame_age_seconds_count{place=answer}"] == 1
    assert found["bedside_model_seconds_count{engine=pcbm}"] == 1
    assert found["bedside_added_seconds_count{engine=pcbm}"] == 1


async def test_engines_are_in_the_metrics(scanner: Scanner) -> None:
    """State, answers, errors and restarts of each engine."""
    feed = Feed(scanner.borrow, engines=("pcbm",))
    feed.put(EngineStatus("pcbm", EngineState.DEAD, answers=12, errors=2, restarts=3))
    found = values(feed)
    assert found["bedside_engine_state{engine=pcbm}{state=DEAD}"] == 1
    assert found["bedside_engine_state{engine=pcbm}{state=READY}"] == 0
    assert found["bedside_engine_answers_total{engine=pcbm}"] == 12
    assert found["bedside_engine_errors_total{engine=pcbm}"] == 2
    assert found["bedside_engine_restarts_total{engine=pcbm}"] == 3


async def test_viewers_and_pictures_are_counted(hub: Hub) -> None:
    """Pages that are open, pictures sent and passed over."""
    page = await hub.page("video", live=320)
    for _ in range(2):
        hub.shoot()
        await page.until("picture")
    for _ in range(3):
        hub.shoot()
    await page.say(type="painted", stream="live", seq=2, age_ms=1)
    await page.until("picture", seq=5)
    found = values(hub.feed)
    assert found["bedside_viewers{view=video}"] == 1
    assert found["bedside_pictures_sent_total{stream=live}"] == 3
    assert found["bedside_pictures_skipped_total{stream=live}"] == 2


async def test_an_offline_broadcaster_leaves_its_name(scanner: Scanner) -> None:
    """When the broadcaster goes, what the source was stays to be read; its rate is none."""
    feed = Feed(scanner.borrow)
    feed.put(live())
    feed.put(Status(Signal.OFFLINE, "It is gone."))
    assert (feed.status.signal, feed.status.message, feed.status.fps) == (Signal.OFFLINE, "It is gone.", 0)
    assert feed.status.device == "Synthetic, 320x240"


async def test_only_what_a_person_should_see_at_once_is_a_change(scanner: Scanner) -> None:
    """READY and BUSY alternate at every frame and are no news; DEAD is."""
    feed = Feed(scanner.borrow)
    feed.put(live())
    feed.put(ready())
    before = feed.state_order
    feed.put(ready(state=EngineState.BUSY))
    feed.put(live())
    assert feed.state_order == before
    feed.put(ready(state=EngineState.DEAD))
    assert feed.state_order == before + 1


async def test_memory_is_bounded(scanner: Scanner) -> None:
    """After a thousand answers, the pictures of the last few are kept, and no others."""
    feed = Feed(scanner.borrow, engines=("pcbm",), history=4)
    for _ in range(1000):
        frame = scanner.shoot()
        feed.put(frame)
        feed.put_result(result_of(frame), scanner.ring[frame.seq])
    kept = [seq for seq in range(1001) if feed.recall.pixels(seq) is not None]
    assert kept == [997, 998, 999, 1000]
    assert feed.recall.frame(1) is None


async def test_at_most_eight_pictures_are_held(scanner: Scanner) -> None:
    """A ninth page that holds a picture lets go the one that was held first."""
    feed = Feed(scanner.borrow)
    for page in range(9):
        frame = scanner.shoot()
        feed.put(frame)
        await feed.hold(page, frame.seq)
    assert [seq for seq in range(1, 10) if feed.recall.pixels(seq) is not None] == list(range(2, 10))
    feed.close()


async def test_the_held_picture_and_the_frame_whose_answer_stands_beside_it_are_both_kept(hub: Hub) -> None:
    """Ten answers later both can be had, exactly, and the answer is known; let go, neither can."""
    page = await hub.page()
    answered, shown = hub.shoot(), hub.shoot()
    hub.answer(answered)
    exact = [hub.scanner.ring[frame.seq].copy() for frame in (answered, shown)]
    for seq in (shown.seq, answered.seq):
        await page.say(type="hold", seq=seq)
    recall = hub.feed.recall
    await eventually(lambda: recall.pixels(shown.seq) is not None)
    for _ in range(10):
        hub.answer(hub.shoot())
    for frame, pixels in zip((answered, shown), exact, strict=True):
        kept = recall.pixels(frame.seq)
        assert kept is not None and np.array_equal(kept, pixels)
    assert [item.result.engine for item in recall.answers(answered.seq)] == ["pcbm"]
    await page.say(type="hold", seq=4711)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    assert recall.pixels(shown.seq) is not None, "what is gone pushes nothing out"
    await page.say(type="hold", seq=None)
    await eventually(lambda: recall.pixels(shown.seq) is recall.pixels(answered.seq) is None)


async def test_a_page_holds_two_pictures_at_most(scanner: Scanner) -> None:
    """A third lets go the first; the same one anew counts once."""
    feed = Feed(scanner.borrow)
    for kept in ([1], [1, 2], [2, 3]):
        frame = scanner.shoot()
        feed.put(frame)
        for _ in range(2):
            await feed.hold("page", frame.seq)
        assert [seq for seq in range(1, 4) if feed.recall.pixels(seq) is not None] == kept
    feed.close()


async def test_a_watcher_hears_of_news_and_of_nothing_after_it_left(scanner: Scanner) -> None:
    """The event of a page is set by every event, and forgotten with the page."""
    feed = Feed(scanner.borrow)
    with feed.watched("explain") as news:
        news.clear()
        feed.put(scanner.shoot())
        await asyncio.wait_for(news.wait(), 1)
        news.clear()
    feed.put(scanner.shoot())
    assert not news.is_set()
    assert feed.viewers["explain"] == 0


async def test_memory_is_flat(hub: Hub) -> None:
    """Thousands of frames and answers, and pages that come and go, leave as much behind as the thousands before."""
    hub.scanner.width, hub.scanner.height = 64, 48
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for _ in range(2500):
                frame = hub.shoot()
                hub.feed.put_result(result_of(frame, text="a text"), hub.scanner.ring[frame.seq])
            for view in ("explain", "video") * 5:
                page = await hub.page(view, live=320, answer=320)
                hub.answer(hub.shoot())
                await page.until("picture")
                await page.socket.close()
            await eventually(lambda: not sum(hub.feed.viewers.values()))
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 50_000, f"{sizes} bytes after each round"
