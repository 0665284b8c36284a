"""What a page gets: the newest picture when the page has room for it, answers and states (docs/topics/pages.md)."""

import asyncio
import secrets
import struct
from collections.abc import Coroutine, Iterator
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

import bedside
from bedside import clock
from bedside.access.role import Role
from bedside.hub import said
from bedside.hub.answer import text_of
from bedside.hub.feed import Feed
from bedside.hub.pace import Pace
from bedside.hub.picture import Picture
from bedside.hub.recall import Answered
from bedside.hub.said import Garbage
from bedside.hub.shown import Shown
from bedside.hub.state import state
from bedside.hub.stream import Stream
from bedside.hub.view import View
from bedside.hub.visit import Visit

Sending = Coroutine[Any, Any, None]

STATE_EVERY_S = 0.25
STUCK_AFTER_S = 10.0
FRESH_MS = 10_000.0
"""A page that has just come is sent nothing older."""


class Page:
    """One open page. One task sends states and begins the rest, one receives; the feed's event wakes the sender.

    A picture, and an engine's answer, is made and sent by a task of its own, one at a time of each, so that none of
    them waits for another.
    """

    def __init__(
        self, socket: web.WebSocketResponse, feed: Feed, view: View, wake: asyncio.Event, visit: Visit | None = None
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._view = view
        self._wake = wake
        self._visit = visit
        self._shown = Shown(secrets.token_hex(4), view, visit)
        self._streams = {"live": Stream(order=self._stale_order()), "answer": Stream()}
        self._pace = Pace()
        self._results: dict[str, int] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._state_order = -1
        self._state_due_ns = 0
        self.skips = 0

    async def run(self, *, controls: tuple[str, ...], role: Role = Role.ADMIN) -> None:
        """Serves the page until it goes, sends garbage, or is stuck."""
        await self._send_text(self._hello(controls if self._view.controls and role >= Role.OPERATOR else (), role))
        self._shown.opened()
        sender = asyncio.create_task(self._send_for_ever(), name="page sender")
        receiver = asyncio.create_task(self._receive_for_ever(), name="page receiver")
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.recall.leave(self)
            self._shown.closed()
            tasks = [sender, receiver, *self._sending.values()]
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _hello(self, controls: tuple[str, ...], role: Role) -> str:
        engines = self._feed.engine_names if self._view.has_answers else ()
        return text_of(
            {
                "type": "hello",
                "version": bedside.__version__,
                "view": self._view.as_json(),
                "can_control": "freeze" in controls,
                "controls": list(controls),
                "engines": list(engines),
                "participant": self._visit.participant if self._visit else "",
                "page": self._shown.page,
                "role": role.word,
            }
        )

    # Sending

    async def _send_for_ever(self) -> None:
        while True:
            self._wake.clear()
            await self._send_state()
            for name, sending in self._due():
                self._sending[name] = asyncio.create_task(sending, name=f"page {name}")
                self._sending[name].add_done_callback(lambda _: self._wake.set())
            left_s = (self._state_due_ns - clock.monotonic_ns()) / clock.NS_PER_S
            try:
                async with asyncio.timeout(max(0.0, left_s)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _send_state(self) -> None:
        now_ns = clock.monotonic_ns()
        if self._feed.state_order == self._state_order and now_ns < self._state_due_ns:
            return
        self._state_order = self._feed.state_order
        self._state_due_ns = now_ns + int(STATE_EVERY_S * clock.NS_PER_S)
        view = self._view
        has = {"has_answers": view.has_answers, "has_verdict": view.verdict, "has_controls": view.controls}
        message = state(self._feed, self._visit, **has, picture_skips=self.skips)
        await self._send_text(text_of(message))

    def _due(self) -> Iterator[tuple[str, Sending]]:
        """What can be sent now and is not being sent. Raises what an earlier sending raised."""
        for answered in self._due_results():
            if self._is_idle(name := f"result {answered.result.engine}"):
                self._results[answered.result.engine] = answered.order
                yield name, self._send_result(answered)
        live, answer, credit = self._streams["live"], self._streams["answer"], self._pace.now.credit
        if self._is_idle("live") and live.has_room(credit) and self._feed.frame_order > max(live.tried, live.order):
            live.tried = self._feed.frame_order
            yield "live", self._send_live(live)
        if self._is_idle("answer") and answer.has_room(credit) and (newest := self._due_answer(answer)) is not None:
            yield "answer", self._send_answer(answer, newest)

    def _is_idle(self, name: str) -> bool:
        task = self._sending.get(name)
        if task is None or not task.done():
            return task is None
        task.result()
        return True

    def _due_results(self) -> Iterator[Answered]:
        """The newest answers that travel as text: all, but for the one that travels with its picture."""
        if not self._view.has_answers:
            return
        for number, name in enumerate(self._feed.engine_names):
            answered = self._feed.newest(name)
            if answered is None or answered.order <= self._results.get(name, 0):
                continue
            if number == 0 and self._view.has_answered_picture and answered.pixels is not None:
                continue
            if name in self._results or _age_ms(answered) < FRESH_MS:
                yield answered

    def _due_answer(self, stream: Stream) -> Answered | None:
        """The first engine's newest answer, when it has a picture that this page was not sent."""
        names = self._feed.engine_names
        answered = self._feed.newest(names[0]) if names else None
        if not self._view.has_answered_picture or answered is None or answered.pixels is None:
            return None
        is_old = not stream.order and _age_ms(answered) > FRESH_MS
        return None if is_old or answered.order <= stream.order else answered

    async def _send_result(self, answered: Answered) -> None:
        text = await self._feed.answer_text(answered, self._view)
        await self._send_text(_with_age(text, answered))
        self._shown.sent(answered, _age_ms(answered))

    async def _send_live(self, stream: Stream) -> None:
        picture = await self._feed.live_picture(stream.width, self._pace.now)
        if picture is None:
            return  # it left the ring before it could be read; a newer one is due
        self._count(stream, "live", picture.order)
        await self._send_picture("live", stream, picture, "")

    async def _send_answer(self, stream: Stream, answered: Answered) -> None:
        picture, text = await asyncio.gather(
            self._feed.answer_picture(answered, stream.width, self._pace.now),
            self._feed.answer_text(answered, self._view),
        )
        self._count(stream, "answer", answered.order)
        self._feed.recall.sent(self, answered)
        await self._send_picture("answer", stream, picture, _with_age(text, answered))

    def _count(self, stream: Stream, name: str, order: int) -> None:
        """Notes what is sent and what was passed over, before the sending, which may take long."""
        skipped = order - stream.order - 1 if stream.order else 0
        self.skips += skipped
        self._feed.metrics.sent(name, skipped)
        stream.order = order

    async def _send_picture(self, name: str, stream: Stream, picture: Picture, result: str) -> None:
        now_ns = clock.monotonic_ns()
        stream.unpainted[picture.frame.seq] = now_ns
        header = {
            "type": "picture",
            "stream": name,
            "seq": picture.frame.seq,
            "age_ms": round(clock.age_ms(picture.frame.captured_ns, now_ns), 1),
            "sent_ms": round(now_ns / clock.NS_PER_MS, 1),
            "width": picture.width,
            "height": picture.height,
            "signal": str(picture.frame.signal),
        }
        text = text_of(header)
        head = (f'{text[:-1]},"result":{result}}}' if result else text).encode()
        async with asyncio.timeout(STUCK_AFTER_S):
            await self._socket.send_bytes(struct.pack(">I", len(head)) + head + picture.jpeg)

    async def _send_text(self, text: str) -> None:
        async with asyncio.timeout(STUCK_AFTER_S):
            await self._socket.send_str(text)

    def _stale_order(self) -> int:
        """Arrivals up to this one are too old for a page that has just come."""
        frame = self._feed.frame
        fresh = frame is not None and clock.age_ms(frame.captured_ns) < FRESH_MS
        return max(0, self._feed.frame_order - fresh)

    # Receiving

    async def _receive_for_ever(self) -> None:
        async for message in self._socket:
            await self._receive(message)

    def _see(self, stream: str, seq: int, age_ms: float) -> None:
        """The page painted an answer with its picture: the person sees its verdict now."""
        names = self._feed.engine_names
        if stream == "answer" and names:
            found = (item for item in self._feed.recall.answers(seq) if item.result.engine == names[0])
            if (answered := next(found, None)) is not None:
                self._shown.painted(answered, age_ms)

    async def _receive(self, message: WSMessage) -> None:
        if message.type is WSMsgType.ERROR:  # aiohttp has closed it already
            if isinstance(message.data, TimeoutError):
                raise message.data
            raise Garbage(f"bytes that are no websocket message ({message.data})", WSCloseCode.PROTOCOL_ERROR)
        if message.type is not WSMsgType.TEXT:
            raise Garbage("a binary message; a page sends text messages only", WSCloseCode.UNSUPPORTED_DATA)
        match said.read(message.data):
            case said.Want(live, answer):
                self._streams["live"].width, self._streams["answer"].width = live, answer
                self._wake.set()
            case said.Painted(stream, seq, age_ms):
                if (way_ms := self._streams[stream].painted(seq)) is not None:
                    self._pace.painted(way_ms)
                    if age_ms is not None:
                        self._feed.metrics.painted(stream, age_ms)
                        self._see(stream, seq, age_ms)
                    self._wake.set()
            case said.Hold(seq):
                await self._feed.hold(self, seq)
            case said.Ping(number):
                await self._send_text(text_of({"type": "pong", "id": number}))


def _with_age(open_object: str, answered: Answered) -> str:
    now_ms = clock.monotonic_ns() / clock.NS_PER_MS
    return f'{open_object},"age_ms":{_age_ms(answered):.1f},"sent_ms":{now_ms:.1f}}}'


def _age_ms(answered: Answered) -> float:
    return clock.age_ms(answered.result.timing.captured_ns)
