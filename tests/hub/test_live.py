"""The pages' websocket, with real clients on a real server."""

import asyncio
import base64
import json
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import simplejpeg
from tests.hub.conftest import DEADLINE_S, VIEWS, Client, Hub, eventually, live, ready, result_of

import bedside.hub.live
import bedside.hub.sockets
from bedside.messages import EngineState, Signal, Status

VERDICT = {"label": "head", "level": "good", "score": 0.9}
ANSWER: dict[str, Any] = {
    "verdict": VERDICT,
    "concepts": [{"name": "thalamus", "ok": True}],
    "boxes": [{"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.2, "label": "head", "score": 0.9}],
    "text": "a text",
}


async def test_a_page_is_told_its_view_first(hub: Hub) -> None:
    """The first message is a hello with the view's fields and the engines."""
    websocket = await hub.http.ws_connect(hub.url / "live" % {"view": "monitor"})
    hello = await websocket.receive_json()
    assert hello["type"] == "hello"
    assert hello["view"] == VIEWS["monitor"].as_json()
    assert hello["engines"] == ["pcbm", "bpd"]
    assert (hello["can_control"], hello["participant"]) == (False, "P1")


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
    hub.feed.put_result(result_of(frame, verdict=VERDICT), pixels)
    picture = await page.until("picture", stream="answer")
    shown = simplejpeg.decode_jpeg(picture["jpeg"], colorspace="RGB").astype(int)
    assert picture["seq"] == picture["result"]["seq"] == frame.seq
    assert np.abs(shown - pixels).mean() < 30
    assert picture["result"]["answer"] == {"verdict": VERDICT}
    assert picture["result"]["engine"] == "pcbm"


async def test_the_control_arm_receives_nothing_of_the_ai(hub: Hub) -> None:
    """However much it asks, no byte to a page of view `video` names an engine or carries an answer."""
    page = await hub.page("video", live=320, answer=320)
    hub.feed.put(live())
    for engine in ("pcbm", "bpd"):
        hub.feed.put(ready(engine, EngineState.FAILED, "the model pcbm does not load"))
        hub.answer(hub.shoot(), engine, **ANSWER)
    messages = await page.everything(1.0)
    assert {message["type"] for message in messages} == {"state", "picture"}
    assert all(message["engines"] == [] for message in messages if message["type"] == "state")
    assert all(message["stream"] == "live" for message in messages if message["type"] == "picture")
    for message in messages:
        text = json.dumps({name: value for name, value in message.items() if name != "jpeg"})
        assert not [word for word in ("pcbm", "bpd", "head", "thalamus", "result") if word in text]


async def test_the_verdict_view_receives_the_verdict_only(hub: Hub) -> None:
    """A page of view `verdict` gets live pictures, and answers as text with no other field."""
    page = await hub.page("verdict", live=320, answer=320)
    frame = hub.shoot()
    hub.answer(frame, **ANSWER, mask=np.ones((8, 8), np.uint8), labels=["background", "skull"])
    result = await page.until("result", engine="pcbm")
    assert (result["seq"], result["error"], result["answer"]) == (frame.seq, "", {"verdict": VERDICT})
    assert {"model_ms", "added_ms", "stages_ms"} == set(result["timing"])
    messages = await page.everything(0.5)
    assert all(message.get("stream") != "answer" for message in messages)


async def test_the_monitor_view_receives_overlay_and_verdict(hub: Hub) -> None:
    """A view without explanation gets neither concepts nor text, but what is painted on the picture."""
    page = await hub.page("monitor", live=320, answer=320)
    hub.answer(hub.shoot(), **ANSWER)
    picture = await page.until("picture", stream="answer")
    assert set(picture["result"]["answer"]) == {"verdict", "boxes"}


async def test_other_engines_answer_as_text(hub: Hub) -> None:
    """Only the first engine's answers bring their picture; the second's come as text, all fields in them."""
    page = await hub.page("explain", live=320, answer=320)
    frame = hub.shoot()
    hub.answer(frame, "bpd", measurements=[{"name": "BPD", "value": 47.1, "unit": "mm"}])
    result = await page.until("result", engine="bpd")
    assert result["seq"] == frame.seq
    assert result["answer"]["measurements"][0]["value"] == 47.1


async def test_parts_that_an_answer_lacks_are_sent_with_it(hub: Hub) -> None:
    """By engine and with the whole reason, to every view that gets answers."""
    missing = {"segmenter": "late", "depth": "dead: it is gone"}
    frame = hub.shoot()
    for view, kind in (("explain", "picture"), ("verdict", "result")):
        page = await hub.page(view, live=320, answer=320)
        hub.feed.put_result(replace(result_of(frame, verdict=VERDICT), missing=missing), hub.scanner.ring[frame.seq])
        found = await page.until(kind, **({"stream": "answer"} if kind == "picture" else {}))
        assert found.get("result", found)["missing"] == missing


async def test_an_engines_error_is_a_sentence_on_the_page(hub: Hub) -> None:
    """A frame on which the model failed brings the sentence, with its picture."""
    page = await hub.page("explain", answer=320)
    hub.answer(hub.shoot(), error="ZeroDivisionError: division by zero in engine.py, line 7")
    picture = await page.until("picture", stream="answer")
    assert picture["result"]["error"].startswith("ZeroDivisionError")
    assert picture["result"]["answer"] == {}


async def test_a_field_that_cannot_be_shown_is_said_and_the_rest_is_shown(hub: Hub) -> None:
    """A mask of a wrong shape becomes a sentence; the verdict beside it still arrives."""
    page = await hub.page("explain", answer=320)
    hub.answer(hub.shoot(), verdict=VERDICT, mask=np.zeros((2, 3, 4), np.uint8), labels=["background"])
    result = (await page.until("picture", stream="answer"))["result"]
    assert "'mask' cannot be shown" in result["error"]
    assert result["answer"] == {"verdict": VERDICT}


async def test_only_two_pictures_are_on_their_way(hub: Hub) -> None:
    """A page that paints nothing gets two pictures; with the first painting it gets the newest, not the next."""
    page = await hub.page("video", live=320)
    first, second = hub.shoot(), None
    assert (await page.until("picture"))["seq"] == first.seq
    second = hub.shoot()
    assert (await page.until("picture"))["seq"] == second.seq
    for _ in range(5):
        newest = hub.shoot()
    assert not [message for message in await page.everything(0.4) if message["type"] == "picture"]
    await page.say(type="painted", stream="live", seq=first.seq, age_ms=30.0)
    assert (await page.until("picture"))["seq"] == newest.seq
    assert (await page.until("state", picture_skips=4))["signal"]["state"] == "offline"


async def test_painting_one_picture_settles_those_before_it(hub: Hub) -> None:
    """A page that passes over a picture and paints the next has room for two again."""
    page = await hub.page("video", live=320)
    for _ in range(2):
        frame = hub.shoot()
        await page.until("picture")
    await page.say(type="painted", stream="live", seq=frame.seq, age_ms=30.0)
    for _ in range(2):
        frame = hub.shoot()
        assert (await page.until("picture"))["seq"] == frame.seq


async def test_a_picture_that_was_not_to_be_seen_is_settled_and_not_measured(hub: Hub) -> None:
    """A page that holds another picture makes room with an age of null, and no metric takes that for a painting."""
    page = await hub.page("video", live=320)
    for _ in range(4):
        frame = hub.shoot()
        assert (await page.until("picture"))["seq"] == frame.seq
        await page.say(type="painted", stream="live", seq=frame.seq, age_ms=None)
    text = await (await hub.http.get(hub.url / "metrics")).text()
    assert 'bedside_frame_age_seconds_count{place="paint"} 0.0' in text


async def test_paint_ages_are_in_the_metrics(hub: Hub) -> None:
    """What pages say of their painting is counted, and only for pictures that were sent."""
    page = await hub.page("video", live=320)
    frame = hub.shoot()
    await page.until("picture")
    await page.say(type="painted", stream="live", seq=frame.seq, age_ms=40.0)
    await page.say(type="painted", stream="live", seq=99999, age_ms=40.0)
    await page.say(type="ping", id=7)
    await page.until("pong", id=7)
    text = await (await hub.http.get(hub.url / "metrics")).text()
    assert 'bedside_frame_age_seconds_count{place="paint"} 1.0' in text
    assert 'bedside_frame_age_seconds_bucket{le="0.045",place="paint"} 1.0' in text


async def test_a_changed_signal_is_said_at_once(hub: Hub) -> None:
    """A page hears of an unplugged box with the next message, not with the next quarter of a second."""
    page = await hub.page("explain")
    hub.feed.put(live())
    await page.until("state")
    hub.feed.put(Status(Signal.UNPLUGGED, "The box is not there.", source="v4l2:"))
    signal = (await page.until("state"))["signal"]
    assert (signal["state"], signal["message"]) == ("unplugged", "The box is not there.")


async def test_states_come_four_times_a_second(hub: Hub) -> None:
    """Without any event a page still hears the state, so that it can tell silence from calm."""
    page = await hub.page("explain")
    messages = await page.everything(1.2)
    assert 3 <= len([message for message in messages if message["type"] == "state"]) <= 6


async def test_the_age_of_the_newest_frame_grows_when_none_come(hub: Hub) -> None:
    """While the source is silent the state's age grows and no picture is sent again."""
    page = await hub.page("video", live=320)
    hub.feed.put(live())
    hub.shoot()
    await page.until("picture")
    messages = await page.everything(0.9)
    ages = [message["signal"]["age_ms"] for message in messages if message["type"] == "state"]
    assert [message for message in messages if message["type"] == "picture"] == []
    assert len(ages) >= 2 and ages == sorted(ages) and ages[-1] > ages[0]


async def test_a_page_that_has_just_come_gets_no_old_picture(hub: Hub) -> None:
    """A picture of a minute ago is not shown to a page that opens now; the state says how old it is."""
    frame = hub.scanner.shoot(age_ms=60_000)
    hub.feed.put(frame)
    hub.answer(frame, verdict=VERDICT)
    page = await hub.page("explain", live=320, answer=320)
    messages = await page.everything(0.6)
    assert {message["type"] for message in messages} == {"state"}
    assert messages[0]["signal"]["age_ms"] >= 60_000


async def test_sequence_numbers_may_start_again(hub: Hub) -> None:
    """After a broadcaster whose numbers start from 1 again, pages go on."""
    page = await hub.page("video", live=320)
    hub.scanner.seq = 500
    frame = hub.shoot()
    assert (await page.until("picture"))["seq"] == frame.seq
    hub.scanner.seq = 0
    hub.shoot()
    assert (await page.until("picture"))["seq"] == 1


async def test_what_the_ring_has_lost_is_replaced_by_the_newest(hub: Hub) -> None:
    """A frame that was overwritten before it could be encoded costs that frame, nothing else."""
    page = await hub.page("video", live=320)
    lost = hub.scanner.shoot()
    del hub.scanner.ring[lost.seq]
    hub.feed.put(lost)
    frame = hub.shoot()
    assert (await page.until("picture"))["seq"] == frame.seq


async def test_a_page_that_comes_back_from_sleep_gets_the_newest(hub: Hub) -> None:
    """While a page wants nothing it is sent nothing, and then the newest picture at once."""
    page = await hub.page("video", live=320)
    await page.say(type="want", live=0, answer=0)
    await page.say(type="ping", id=1)
    await page.until("pong", id=1)
    for _ in range(3):
        frame = hub.shoot()
    assert not [message for message in await page.everything(0.3) if message["type"] == "picture"]
    await page.say(type="want", live=320, answer=0)
    assert (await page.until("picture"))["seq"] == frame.seq


GARBAGE = [
    "",
    "hello",
    "[]",
    "{}",
    '{"type": 7}',
    '{"type": "nonsense"}',
    '{"type": "want"}',
    '{"type": "want", "live": -1, "answer": 0}',
    '{"type": "want", "live": 1e999, "answer": 0}',
    '{"type": "want", "live": true, "answer": 0}',
    '{"type": "painted", "stream": "other", "seq": 1, "age_ms": 1}',
    '{"type": "painted", "stream": "live", "seq": 1, "age_ms": NaN}',
    '{"type": "painted", "stream": "live", "seq": 1}',
    '{"type": "ping", "id": "x"}',
    '{"type": "hold", "seq": []}',
    "[" * 3000,
    b"\x00\x01",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: repr(text)[:40])
async def test_garbage_closes_its_page_with_a_sentence_and_no_other(hub: Hub, garbage: str | bytes) -> None:
    """A page that sends what is no message is told so and closed; another page goes on."""
    good = await hub.page("video", live=320)
    bad = await hub.page("explain")
    if isinstance(garbage, bytes):
        await bad.socket.send_bytes(garbage)
    else:
        await bad.socket.send_str(garbage)
    error = await bad.until("error")
    closed = await bad.next()
    assert error["message"].startswith("The server closed this page: it sent ") and "\n" not in error["message"]
    assert closed == {"type": "closed", "code": 1003 if isinstance(garbage, bytes) else 1007}
    frame = hub.shoot()
    assert (await good.until("picture"))["seq"] == frame.seq


async def test_a_message_that_is_too_long_closes_its_page(hub: Hub) -> None:
    """A page cannot fill the server's memory: beyond a few kilobytes it is closed with code 1009."""
    page = await hub.page("explain")
    await page.socket.send_str("x" * 100_000)
    while (message := await page.next())["type"] != "closed":
        assert message["type"] in ("state", "error")
    assert message["code"] == 1009


async def test_an_unknown_view_is_refused(hub: Hub) -> None:
    """A websocket for a view that does not exist gets 404 and the names that exist."""
    response = await hub.http.get(hub.url / "live" % {"view": "nonsense"}, headers={"Upgrade": "websocket"})
    assert response.status == 404
    assert "explain, verdict, video, monitor" in await response.text()


@asynccontextmanager
async def never_reads(hub: Hub, view: str) -> AsyncIterator[socket.socket]:
    """A client that completes the handshake, wants everything, says that it painted, and never reads."""
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        raw.setblocking(False)
        await loop.sock_connect(raw, (hub.url.host, hub.url.port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /live?view={view} HTTP/1.1", f"Host: {hub.url.authority}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        await loop.sock_sendall(raw, "\r\n".join(lines).encode())
        await loop.sock_sendall(raw, _masked({"type": "want", "live": 320, "answer": 320}))
        yield raw


def _masked(message: dict[str, Any]) -> bytes:
    payload = json.dumps(message).encode()
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def test_eight_pages_of_which_one_never_reads(hub: Hub) -> None:
    """Seven pages get every frame of thirty, one after the other, while the eighth takes nothing."""
    async with never_reads(hub, "explain") as raw:
        pages = [await hub.page("explain", live=320, answer=320) for _ in range(7)]
        seen: list[list[int]] = [[] for _ in pages]
        for _ in range(30):
            frame = hub.shoot()
            hub.answer(frame, **ANSWER)
            await asyncio.get_running_loop().sock_sendall(
                raw, _masked({"type": "painted", "stream": "live", "seq": frame.seq, "age_ms": 1})
            )
            await asyncio.gather(*[_paint(page, frame.seq, seqs) for page, seqs in zip(pages, seen, strict=True)])
        assert all(len(seqs) == 60 for seqs in seen), "a live and an answered picture of each frame"
        assert sum(hub.feed.viewers.values()) == 8


async def _paint(page: Client, seq: int, seen: list[int]) -> None:
    waiting = {"live", "answer"}
    while waiting:
        picture = await page.until("picture", seq=seq)
        seen.append(picture["seq"])
        waiting.discard(picture["stream"])
        await page.say(type="painted", stream=picture["stream"], seq=seq, age_ms=20.0)


async def test_a_page_that_never_reads_is_dropped(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stuck page is closed by the server and counted, also while bytes for it cannot be sent."""
    monkeypatch.setattr(bedside.hub.sockets, "HEARTBEAT_S", 0.4)
    async with never_reads(hub, "explain"):
        await eventually(lambda: hub.feed.viewers["explain"] == 1)
        async with asyncio.timeout(DEADLINE_S):
            while hub.feed.viewers["explain"]:
                hub.answer(hub.shoot(), text="x" * 200_000)
                await asyncio.sleep(0.02)
    text = await (await hub.http.get(hub.url / "metrics")).text()
    assert 'bedside_pages_dropped_total{cause="stuck"} 1.0' in text


async def test_a_page_that_goes_is_forgotten(hub: Hub) -> None:
    """After a page has gone nothing of it is left: no viewer, no watcher, nothing held."""
    page = await hub.page("explain", live=320)
    frame = hub.shoot()
    await page.say(type="hold", seq=frame.seq)
    assert hub.feed.viewers["explain"] == 1
    await page.socket.close()
    await eventually(lambda: hub.feed.viewers["explain"] == 0)
    assert hub.feed.recall.pixels(frame.seq) is None


@pytest.mark.parametrize("engine", ["pcbm", "bpd"])
async def test_live_pictures_do_not_wait_for_answers(hub: Hub, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """While an answer takes long to be laid out, with a picture or as text, the live pictures go on."""
    is_laid_out = threading.Event()
    monkeypatch.setattr(bedside.hub.feed, "page_answer", lambda _: (is_laid_out.wait(DEADLINE_S), ({}, ""))[1])
    page = await hub.page("explain", live=320, answer=320)
    hub.answer(hub.shoot(), engine, **ANSWER, mask=np.zeros((8, 8), np.uint8))
    try:
        for _ in range(4):
            await page.until("picture", stream="live", seq=hub.scanner.seq)
            await page.say(type="painted", stream="live", seq=hub.scanner.seq, age_ms=20.0)
            hub.shoot()
    finally:
        is_laid_out.set()
    assert (await page.until("picture", stream="answer") if engine == "pcbm" else await page.until("result"))[
        "seq"
    ] == 1


async def test_a_stuck_page_does_not_hold_up_the_end(hub: Hub) -> None:
    """A server of which a page takes nothing any more stops all the same, before that page would be dropped."""
    async with never_reads(hub, "explain"):
        await eventually(lambda: hub.feed.viewers["explain"] == 1)
        hub.answer(hub.shoot(), text="x" * 16_000_000)
        labels = {"stream": "answer"}
        await eventually(lambda: hub.feed.metrics.registry.get_sample_value("bedside_pictures_sent_total", labels) == 1)
        async with asyncio.timeout(bedside.hub.live.STUCK_AFTER_S / 2):
            await hub.stop()
