"""The capture's thread on one side, the event loop on the other: pictures go into the ring, frames to the loop."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from bedside import clock
from bedside.bus.ring import RingWriter
from bedside.errors import BusError
from bedside.messages import Frame, Pixels, Signal, Status

logger = logging.getLogger(__name__)

RETRY_NS = clock.NS_PER_S
"""After the ring refused a picture (no shared memory left), the next try."""
JOIN_S = 5.0
SILENT_AFTER_S = 3.0
"""A capture says something every half second; one that claims a picture and says nothing for so long hangs."""


class Runs(Protocol):
    """A source side, such as source.capture.Capture."""

    def run(
        self, publish: Callable[[Frame, Pixels], None], report: Callable[[Status], None], stop: threading.Event
    ) -> None:
        """Deliver frames and statuses until `stop` is set; blocks."""

    @property
    def commands(self) -> tuple[str, ...]:
        """First words of what `control` can do now."""

    def control(self, command: str) -> None:
        """Do what a person asked for; raises SourceError when it cannot."""

    def state(self) -> Mapping[str, Any] | None:
        """What the source tells of itself, fit for JSON; None when it has nothing to tell."""


class Publisher:
    """Runs a capture in the thread `capture` and calls `announce` and `tell` on the event loop.

    `announce` gets each frame and how many numbers the source has lost so far; `tell` gets each status.
    """

    def __init__(
        self, capture: Runs, ring: RingWriter, announce: Callable[[Frame, int], None], tell: Callable[[Status], None]
    ) -> None:
        self.newest: Frame | None = None
        self.status = Status(Signal.STALLED, "waits for the first picture")
        """What subscribers are told: the capture's own, or why the ring takes no pictures."""
        self._reported = self.status
        self._heard_ns = clock.monotonic_ns()
        self._capture = capture
        self._ring = ring
        self._announce, self._tell = announce, tell
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Frame, int]] = deque(maxlen=ring.slots)  # an older one has left the ring anyway
        self._is_called = False
        self._seq_offset: int | None = None
        self._last_seq = 0
        self._lost = 0
        self._refusal = ""
        self._refused_ns = 0

    def pulse(self) -> None:
        """Tell the status again; call it at a steady pace."""
        self._retell()

    async def run(self, stop: asyncio.Event) -> None:
        """Run the capture until `stop`; raises what the capture raises."""
        ended = self._loop.create_future()
        stop_capture = threading.Event()
        thread = threading.Thread(target=self._run_capture, args=(stop_capture, ended), name="capture", daemon=True)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        thread.start()
        try:
            await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() or ended.exception() is None:
                await stopping  # a recording that has come to its end is still worth its last status
        finally:
            stopping.cancel()
            stop_capture.set()
            await asyncio.to_thread(thread.join, JOIN_S)
        if thread.is_alive():
            logger.error("the capture did not stop within %s s; it is left behind", JOIN_S)
        if ended.done():
            ended.result()

    def _run_capture(self, stop: threading.Event, ended: asyncio.Future[None]) -> None:
        error: BaseException | None = None
        try:
            self._capture.run(self._publish, self._report, stop)
        except BaseException as raised:
            error = raised
        self._call(_settle, ended, error)

    def _publish(self, frame: Frame, pixels: Pixels) -> None:
        if self._seq_offset is None:  # a ring that was taken over continues its numbers, so that a name stays unique
            self._seq_offset = max(0, self._ring.last_seq + 1 - frame.seq)
            self._last_seq = frame.seq + self._seq_offset - 1
        if self._seq_offset:
            frame = replace(frame, seq=frame.seq + self._seq_offset)
        self._heard_ns = clock.monotonic_ns()
        if self._refusal and clock.monotonic_ns() - self._refused_ns < RETRY_NS:
            return
        try:
            published = self._ring.write(frame, pixels)
        except BusError as error:
            self._refuse(str(error))
            return
        if self._refusal:
            self._refuse("")
        self._lost += frame.seq - self._last_seq - 1
        self._last_seq = frame.seq
        self._waiting.append((published, self._lost))
        if not self._is_called:
            self._is_called = True
            self._call(self._hand_over)

    def _refuse(self, sentence: str) -> None:
        """The ring takes no pictures, and why; empty when it does again."""
        self._refused_ns = clock.monotonic_ns()
        if sentence != self._refusal:
            logger.log(logging.ERROR if sentence else logging.INFO, "%s", sentence or "the ring takes pictures again")
            self._refusal = sentence
            self._call(self._retell)

    def _report(self, status: Status) -> None:
        if status.signal is Signal.WITHHELD and self._reported.signal is not Signal.WITHHELD:
            self._ring.blank()  # what was noticed late must not stay there meanwhile; this is the thread that writes
        self._reported, self._heard_ns = status, clock.monotonic_ns()
        self._call(self._retell)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(function, *args)

    # On the event loop

    def _hand_over(self) -> None:
        self._is_called = False
        while self._waiting:
            frame, lost = self._waiting.popleft()
            self.newest = frame
            self._announce(frame, lost)

    def _retell(self) -> None:
        status, refusal = self._reported, self._refusal
        if refusal:
            status = replace(status, signal=Signal.ERROR, message=refusal)
        elif status.signal.has_picture and clock.age_ms(self._heard_ns) > SILENT_AFTER_S * 1000:
            message = f"the capture has said nothing for {SILENT_AFTER_S:.0f} s; the device's driver may hang"
            status = replace(status, signal=Signal.STALLED, message=message)
        self.status = status
        self._tell(status)


def _settle(ended: asyncio.Future[None], error: BaseException | None) -> None:
    if not ended.done():
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)
