"""What a pipeline's function is given for one frame: the frame and the engines. All of it belongs to its thread."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import overload

from bedside import clock
from bedside.engine.staging import Borrow
from bedside.errors import PredictFailed
from bedside.messages import Frame, Pixels
from bedside.router.desk import Call, Desk, Reply
from bedside.router.part import LATE, Part

Span = tuple[int, int]
"""From when until when, monotonic nanoseconds."""


@dataclass(frozen=True, slots=True)
class GivenFrame:
    """The frame that the pipeline answers."""

    seq: int
    time_s: float
    """When it was captured, seconds since 1970."""
    state: str
    """live or frozen."""
    width: int
    height: int
    _pixels: Pixels = field(repr=False)

    def pixels(self) -> Pixels:
        """A copy of the picture: RGB, uint8 [height, width, 3]."""
        return self._pixels.copy()


class Engines:
    """The engines, for one frame. Each is asked about it once at most; a second `ask` gets the same answer.

    `names` are those that there are. `post` takes a call to the server's loop. Without `within_s` an answer is waited
    for until `until_ns`.
    """

    def __init__(
        self,
        frame: Frame,
        borrow: Borrow,
        *,
        names: Sequence[str],
        desk: Desk,
        post: Callable[[Call], None],
        until_ns: int,
    ) -> None:
        self.names = tuple(names)
        self.missing: dict[str, str] = {}
        """Engines that were asked and gave nothing, and why."""
        self._frame, self._borrow, self._desk, self._post, self._until_ns = frame, borrow, desk, post, until_ns
        self._asked: dict[str, tuple[Call, asyncio.Future[Reply]]] = {}
        self._there: set[str] = set()
        self._waits: list[Span] = []
        self._models: list[Span] = []

    @overload
    async def ask(self, name: str, /, *, within_s: float | None = None) -> Part: ...
    @overload
    async def ask(self, *names: str, within_s: float | None = None) -> tuple[Part, ...]: ...
    async def ask(self, *names: str, within_s: float | None = None) -> Part | tuple[Part, ...]:
        """The answers of these engines to this frame, asked at once: one Part, or a tuple of them in this order.

        Waits for all of them, at most `within_s` seconds. A part that is not there says in `missing` why.
        """
        if not names:
            raise PredictFailed(f"engines.ask() names no engine; there are {', '.join(self.names)}")
        from_ns = clock.monotonic_ns()
        calls = [self._call(name) for name in names]
        for call, _ in calls:
            call.is_owed, call.given_up = True, False
        left_ns = self._until_ns - from_ns if within_s is None else within_s * clock.NS_PER_S
        await asyncio.wait([reply for _, reply in calls], timeout=max(0.0, left_ns / clock.NS_PER_S))
        now_ns = clock.monotonic_ns()
        self._waits.append((from_ns, now_ns))
        parts = tuple(self._part(call, reply, (from_ns, now_ns)) for call, reply in calls)
        return parts if len(parts) > 1 else parts[0]

    def last(self, name: str, max_age_s: float) -> Part:
        """The last answer of an engine that rests or takes longer than the pipeline; never waits.

        It is asked about this frame, too, when it is free and its turn. `max_age_s` is how much older than this frame
        the one that it speaks of may be.
        """
        self._call(name)
        part = self._desk.last(name, self._frame)
        if part is None or part.age_s > max_age_s:
            part = Part(name, missing=self._desk.why_not(name))
        return self._note(part)

    def added_ns(self) -> int:
        """How long the pipeline waited for engines while the model of none of them computed: what Bedside added."""
        waits, models = _merged(self._waits), _merged(self._models)
        computed = sum(max(0, min(w[1], m[1]) - max(w[0], m[0])) for w in waits for m in models)
        return sum(until - since for since, until in waits) - computed

    def give_up(self) -> None:
        """The result goes out: what has not answered yet is late."""
        for name, (call, reply) in list(self._asked.items()):
            if call.is_owed and not reply.done():
                call.given_up = True
                if name not in self._there:
                    self.missing.setdefault(name, LATE)

    def _call(self, name: str) -> tuple[Call, "asyncio.Future[Reply]"]:
        if name not in self.names:
            raise PredictFailed(f"there is no engine {name!r}; there are {', '.join(self.names) or 'none'}")
        if name not in self._asked:
            loop = asyncio.get_running_loop()
            reply: asyncio.Future[Reply] = loop.create_future()
            call = Call(name, self._frame, self._borrow, lambda got: in_loop(loop, lambda: _settle(reply, got)))
            self._asked[name] = call, reply
            self._post(call)
        return self._asked[name]

    def _part(self, call: Call, reply: "asyncio.Future[Reply]", waited: Span) -> Part:
        if not reply.done():
            call.given_up = True
            self._models.append(waited)  # so long it was wanted to be waited for
            return self._note(Part(call.name, missing=LATE))
        got = reply.result()
        self._models.append((got.from_ns, got.until_ns))
        return self._note(got.part)

    def _note(self, part: Part) -> Part:
        if part:
            self._there.add(part.name)
            self.missing.pop(part.name, None)
        elif part.name not in self._there:
            self.missing[part.name] = part.missing
        return part


def in_loop(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Call something on another thread's event loop, if that still runs."""
    with suppress(RuntimeError):  # it is closed: nobody waits there any more
        loop.call_soon_threadsafe(callback)


def _settle(reply: "asyncio.Future[Reply]", got: Reply) -> None:
    if not reply.done():
        reply.set_result(got)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same moments in spans that do not overlap."""
    merged: list[Span] = []
    for since, until in sorted(spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(until, merged[-1][1])
        else:
            merged.append((since, until))
    return merged
