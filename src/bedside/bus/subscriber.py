"""Receives a broadcaster's frames, for ever: it reconnects by itself and says when it cannot."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import aiohttp
from yarl import URL

from bedside import wire
from bedside.bus import jpeg
from bedside.bus.clock_shift import ClockShift
from bedside.bus.inbox import Inbox
from bedside.bus.ring import RingReader
from bedside.errors import BusError, Closed, Overwritten, WireError
from bedside.messages import Frame, Loss, Pixels, Signal, Status

logger = logging.getLogger(__name__)

HUNG_AFTER_S = 2.0
"""A broadcaster says something twice a second; one that says nothing for so long counts as gone."""
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


class Subscriber:
    """Frames, statuses and losses of the broadcaster at `url`, such as `ws://127.0.0.1:8710/frames`.

    `encoding` is `shm` on the broadcaster's machine, where the pixels lie in the ring, or `jpeg` anywhere else.
    `backlog` is how many frames may wait for a slow consumer; 1 is newest wins, and all that is lost comes as Loss.
    """

    def __init__(
        self,
        url: str,
        *,
        encoding: str = "shm",
        width: int = 0,
        quality: int = 85,
        max_fps: float = 0,
        token: str = "",
        backlog: int = 1,
    ) -> None:
        wish: dict[str, str | float] = {
            "encoding": encoding,
            "width": width,
            "quality": quality,
            "max_fps": max_fps,
            "backlog": backlog,
        }
        self._url = URL(url).update_query(wish)
        self._address = f"{self._url.host}:{self._url.port}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._encoding = encoding
        self._inbox = Inbox(backlog)
        self._ring: RingReader | None = None
        self._clock_shift = ClockShift()
        self._trouble: Status | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def drops(self) -> int:
        """Frames that arrived and that the consumer was too slow to take."""
        return self._inbox.drops

    async def __aiter__(self) -> AsyncIterator[Frame | Status | Loss]:
        """For ever, until `close`. While there is no broadcaster: one Status OFFLINE, or ERROR when it refuses us."""
        self._task = asyncio.create_task(self._receive_for_ever(), name="subscriber")
        self._task.add_done_callback(lambda _: self._inbox.close())
        try:
            while True:
                yield await self._inbox.take()
        except Closed:
            if not self._task.cancelled():
                self._task.result()
        finally:
            await self.close()

    def copy(self, frame: Frame) -> Pixels:
        """The frame's pixels, uint8 [height, width, 3], to keep; raises as `borrow` does."""
        with self.borrow(frame) as pixels:
            return pixels if frame.jpeg is not None else pixels.copy()

    def borrow(self, frame: Frame) -> AbstractContextManager[Pixels]:
        """The frame's pixels without a copy, inside a `with` block.

        Raises Overwritten as the ring does, and for a JPEG that came damaged: the newest frame is the one to take.
        """
        return _decoded(frame.seq, frame.jpeg) if frame.jpeg is not None else self._reader().borrow(frame)

    async def close(self) -> None:
        """End the connection and the iteration."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._inbox.close()

    def _reader(self) -> RingReader:
        if self._ring is None:
            raise Overwritten("the broadcaster was not reached yet; its ring is not known")
        return self._ring

    async def _receive_for_ever(self) -> None:
        wait_s = FIRST_WAIT_S
        async with aiohttp.ClientSession() as session:
            while True:
                trouble = await self._receive(session)
                wait_s = FIRST_WAIT_S if self._trouble is None else min(LONGEST_WAIT_S, wait_s * 2)
                self._say(trouble)
                await asyncio.sleep(wait_s)

    async def _receive(self, session: aiohttp.ClientSession) -> Status:
        """Connect and receive until something ends it; what that was."""
        try:
            async with asyncio.timeout(HUNG_AFTER_S):
                socket = await session.ws_connect(
                    self._url,
                    headers=self._headers,
                    compress=0,
                    max_msg_size=MAX_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
                )
            async with socket:
                return await self._listen(socket)
        except aiohttp.WSServerHandshakeError:
            return Status(Signal.ERROR, await self._why_refused(session))
        except TimeoutError:
            return Status(Signal.OFFLINE, f"the broadcaster at {self._address} does not answer; it may hang")
        except (aiohttp.ClientError, OSError):
            return Status(Signal.OFFLINE, f"the broadcaster at {self._address} cannot be reached; is it running?")
        except (WireError, BusError) as error:
            return Status(Signal.ERROR, str(error))

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> Status:
        self._inbox.reconnected()
        while True:
            message = await socket.receive(timeout=HUNG_AFTER_S)
            if message.type == aiohttp.WSMsgType.TEXT:
                self._hear(wire.parse(message.data), None)
            elif message.type == aiohttp.WSMsgType.BINARY:
                self._hear(*wire.unpack(message.data))
            else:
                return Status(Signal.OFFLINE, f"the broadcaster at {self._address} closed the connection")

    def _hear(self, header: dict[str, Any], jpeg_bytes: bytes | None) -> None:
        if header["type"] == "hello":
            self._greet(wire.read_hello(header))
        elif header["type"] == "frame":
            frame = wire.read_frame(header, jpeg_bytes)
            self._inbox.put_frame(self._clock_shift.apply(frame), wire.read_tally(header))
        elif header["type"] == "status":
            self._trouble = None
            self._hear_clock(wire.read_sent_ns(header))
            self._inbox.put_status(wire.read_status(header))

    def _greet(self, hello: wire.Hello) -> None:
        self._clock_shift = ClockShift()
        self._hear_clock(hello.monotonic_ns)
        if self._encoding != "shm":
            return
        ring = RingReader(hello.ring)
        if ring.ring_id != hello.ring_id:
            raise BusError(
                f"the ring {hello.ring} on this machine is not that of the broadcaster at {self._address}, which is on "
                "another machine or in a container with a /dev/shm of its own; ask it for encoding=jpeg"
            )
        self._ring = ring

    def _hear_clock(self, sent_ns: int) -> None:
        if sent_ns and self._encoding != "shm":  # with a shared ring the clock is shared too
            self._clock_shift.hear(sent_ns)

    def _say(self, trouble: Status) -> None:
        """Say it once: OFFLINE until the broadcaster is back, a refusal until its reason changes."""
        said = self._trouble
        is_news = said is None or said.signal != trouble.signal
        if is_news or (trouble.signal is Signal.ERROR and said != trouble):
            logger.warning("%s", trouble.message)
            self._trouble = trouble
            self._inbox.put_status(trouble)

    async def _why_refused(self, session: aiohttp.ClientSession) -> str:
        """The sentence with which the broadcaster refuses a websocket; a plain request gets the same."""
        try:
            url = self._url.with_scheme("https" if self._url.scheme == "wss" else "http")
            async with asyncio.timeout(HUNG_AFTER_S), session.get(url, headers=self._headers) as response:
                sentence = (await response.json())["error"]
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError):
            sentence = "what answers there is no broadcaster; look at the address"
        return f"the broadcaster at {self._address} refuses: {sentence}"


@contextmanager
def _decoded(seq: int, data: bytes) -> Iterator[Pixels]:
    try:
        pixels = jpeg.decode(data)
    except WireError as error:
        raise Overwritten(f"frame {seq} cannot be had: {error}; take the newest one") from error
    yield pixels
