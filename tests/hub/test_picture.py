"""Pictures: encoded once, shared by all, never a torn one."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
import simplejpeg
from tests.hub.conftest import Hub, Scanner

from bedside.errors import BusError, Overwritten
from bedside.hub.feed import Feed
from bedside.hub.picture import Darkroom, rounded
from bedside.messages import Frame, Pixels, Signal


async def test_one_encode_serves_every_page(hub: Hub) -> None:
    """Eight pages of about one size cost one JPEG a frame."""
    pages = [await hub.page("video", live=width) for width in (300, 310, 320, 320, 301, 302, 320, 319)]
    frame = hub.shoot()
    pictures = [await page.until("picture") for page in pages]
    assert hub.feed.darkroom.encodes == 1
    assert {picture["seq"] for picture in pictures} == {frame.seq}
    assert len({picture["jpeg"] for picture in pictures}) == 1


async def test_encoding_is_off_the_event_loop(scanner: Scanner) -> None:
    """Pixels are read and encoded in the darkroom's own threads."""
    seen: list[str] = []

    @contextmanager
    def borrow(frame: Frame) -> Iterator[Pixels]:
        seen.append(threading.current_thread().name)
        with scanner.borrow(frame) as pixels:
            yield pixels

    feed = Feed(borrow)
    feed.put(scanner.shoot())
    assert await feed.live_picture(160) is not None
    assert seen[0].startswith("bedside-live")
    feed.close()


async def test_pixels_that_were_overwritten_meanwhile_are_not_shown(scanner: Scanner) -> None:
    """Where the ring says only afterwards that the pixels were another frame's, the newest is taken instead."""
    first, second = scanner.shoot(), scanner.shoot()
    torn = {first.seq}

    @contextmanager
    def borrow(frame: Frame) -> Iterator[Pixels]:
        with scanner.borrow(frame) as pixels:
            yield pixels
        if frame.seq in torn:
            feed.put(second)
            raise Overwritten("the ring has moved on")

    feed = Feed(borrow)
    feed.put(first)
    picture = await feed.live_picture(160)
    assert picture is not None and picture.frame == second
    feed.close()


async def test_without_a_ring_there_is_no_picture_and_no_failure() -> None:
    """While the broadcaster is away pages get no picture, and nothing breaks."""

    def borrow(frame: Frame) -> AbstractContextManager[Pixels]:
        raise BusError("there is no ring")

    feed = Feed(borrow)
    assert await feed.live_picture(160) is None
    feed.put(Frame(1, 1, 1, 320, 240, Signal.LIVE))
    assert await feed.live_picture(160) is None
    feed.close()


async def test_a_jpeg_that_came_from_far_is_passed_on(scanner: Scanner) -> None:
    """A frame that arrived as JPEG is not decoded and encoded again where the page wants its full width."""
    pixels = np.zeros((240, 320, 3), np.uint8)
    jpeg = simplejpeg.encode_jpeg(pixels, 85, "RGB")
    feed = Feed(scanner.borrow)
    feed.put(Frame(1, 1, 1, 320, 240, Signal.LIVE, jpeg=jpeg))
    picture = await feed.live_picture(960)
    assert picture is not None and picture.jpeg is jpeg
    assert feed.darkroom.encodes == 0
    feed.close()


async def test_a_page_that_goes_does_not_take_the_picture_from_the_others(scanner: Scanner) -> None:
    """Cancelling one who waits for a picture leaves it to the others."""
    gate = threading.Event()
    darkroom = Darkroom(scanner.borrow)
    first = asyncio.ensure_future(darkroom.once(("key",), lambda: gate.wait(5)))
    second = asyncio.ensure_future(darkroom.once(("key",), lambda: False))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second is True
    darkroom.close()


async def test_a_failure_that_nobody_waits_for_any_more_is_not_reported(scanner: Scanner) -> None:
    """The only page went while its picture was made, and the making failed: the loop has nothing to complain of."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    gate = threading.Event()

    def fail() -> None:
        gate.wait(5)
        raise BusError("there is no ring")

    darkroom = Darkroom(scanner.borrow, threads=1)
    page = asyncio.ensure_future(darkroom.once(("key",), fail))
    await asyncio.sleep(0)
    page.cancel()
    gate.set()
    await darkroom.run(lambda: None)  # after it, in the same thread
    darkroom.close()
    del page, darkroom
    gc.collect()
    assert complaints == []


async def test_pages_get_half_the_chroma(scanner: Scanner) -> None:
    """As the bus does it: what a page draws over the picture is not in it, and a scan is grey."""
    feed = Feed(scanner.borrow)
    feed.put(scanner.shoot())
    picture = await feed.live_picture(160)
    assert picture is not None
    assert simplejpeg.decode_jpeg_header(picture.jpeg)[3] == "420"
    feed.close()


@pytest.mark.parametrize(("width", "step"), [(1, 80), (80, 80), (81, 160), (960, 960), (1920, 1920), (390, 400)])
def test_widths_are_shared(width: int, step: int) -> None:
    """Widths are rounded up, so that tablets of about one size share a picture; the usual ones stay."""
    assert rounded(width) == step
