"""The pages' websocket, with real clients on a real server."""

import asyncio
import json
from typing import Any

import numpy as np
import pytest
import simplejpeg

from bedside.messages import EngineState, Signal, Status
from tests.hub.conftest import VIEWS, Hub, StartHub, live, ready


async def test_a_page_is_told_its_view_first(hub: Hub) -> None:
    """The first message is a hello with the view's fields and the engines."""
    socket = await hub.http.ws_connect(hub.url / "live" % {"view": "monitor"})
    hello = await socket.receive_json()
    assert hello["type"] == "hello"
    assert hello["view"] == VIEWS["monitor"].as_json()
    assert hello["engines"] == ["pcbm", "bpd"]
    assert hello["can_control"] is False


async def test_a_picture_says_which_frame_it_is_and_how_old(hub: Hub) -> None:
    """A live picture carries the sequence number, age and size of its own frame."""
    page = await hub.page("video", live=960)
    frame = hub.shoot()
    picture = await page.until("picture")
    pixels = simplejpeg.decode_jpeg(picture["jpeg"], colorspace="RGB")
    assert (picture["stream"], picture["seq"], picture["signal"]) == ("live", frame.seq, "live")
    assert pixels.shape == (picture["height"], picture["width"], 3) == (240, 320, 3), "never larger than the frame"
    assert 0 <= picture["age_ms"] < 5000
    assert np.abs(pixels.astype(int) - hub.scanner.ring[frame.seq]).mean() < 30


async def test_a_picture_comes_in_the_width_that_the_page_wants(hub: Hub) -> None:
    """A page that wants 160 pixels gets 160, with the frame's proportions."""
    page = await hub.page("video", live=160)
    hub.shoot()
    picture = await page.until("picture")
    assert (picture["width"], picture["height"]) == (160, 120)


async def test_picture_and_answer_of_one_frame_travel_together(hub: Hub) -> None:
    """The answered picture has the answer to its very frame in the same message, whatever came since."""
    page = await hub.page("explain", live=320, answer=320)
    frame = hub.shoot()
    pixels = hub.scanner.ring[frame.seq].copy()
    for _ in range(10):
        hub.shoot()
    hub.answer(frame, verdict={"label": "head", "level": "good", "score": 0.9}) if frame.seq in hub.scanner.ring else (
        hub.feed.put_result(_answer(frame), pixels)
    )
    picture = await page.until("picture", stream="answer")
    shown = simplejpeg.decode_jpeg(picture["jpeg"], colorspace="RGB").astype(int)
    assert picture["seq"] == picture["result"]["seq"] == frame.seq
    assert np.abs(shown - pixels).mean() < 30
    assert picture["result"]["answer"]["verdict"]["label"] == "head"
    assert picture["result"]["engine"] == "pcbm"


def _answer(frame: Any) -> Any:
    from tests.hub.conftest import result_of

    return result_of(frame, verdict={"label": "head", "level": "good", "score": 0.9})
