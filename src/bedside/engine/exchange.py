"""One frame to the engine and its answer back: staging, shared memory, request."""

import asyncio
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from bedside.engine.client import Client, Refused
from bedside.engine.protocol import Answer, Failure, binary_request, shared_request
from bedside.engine.staging import Borrow, Stage, Staged
from bedside.errors import EngineDied, EngineError
from bedside.messages import Frame

LOG = logging.getLogger(__name__)


class Exchange:
    """Carries pixels to one engine: by shared memory where it is on this machine and can read it, else in the body."""

    def __init__(self, name: str, url: str, *, size: tuple[int, ...] = (), color: str = "rgb") -> None:
        self.client = Client(name, url)
        self._name = name
        self._is_near = urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
        self._stage = Stage(name, size=size, color=color)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"stage-{name}")
        self._registered = ""

    @property
    def is_shared(self) -> bool:
        """Whether pixels go by shared memory now."""
        return self._stage.is_shared

    def begin(self, shares_memory: bool) -> None:
        """A (new) process is there: it knows no region yet."""
        self._registered = ""
        self._stage.is_shared = self._is_near and shares_memory

    async def stage(self, frame: Frame, borrow: Borrow) -> Staged:
        """The frame's pixels, laid ready. Raises Overwritten."""
        fill = functools.partial(self._stage.fill, frame, borrow)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, fill)
        except EngineError as error:  # no shared memory left
            self._go_without(error)
            return await asyncio.get_running_loop().run_in_executor(self._thread, fill)

    async def send(self, frame: Frame, staged: Staged, left: Callable[[], None] | None) -> Answer:
        """Ask; `left` is called once the request is on its way. Raises as Client.infer."""
        try:
            answer = await self._send(frame, staged, left)
        except Refused:
            if not staged.region:
                raise
            self._registered = ""  # it may have been started again between two frames, and know no region
            answer = await self._send(frame, staged, None)
        except Failure as failure:
            self._leave(failure.keeps_frame)
            raise
        self._leave(answer.keeps_frame)
        return answer

    def _leave(self, is_kept: bool) -> None:
        """Never write again into memory that the model still looks into; the next frame gets a new one."""
        if is_kept:
            self._stage.close()

    async def _send(self, frame: Frame, staged: Staged, left: Callable[[], None] | None) -> Answer:
        if staged.region and await self._knows(staged):
            body = shared_request(frame.seq, staged.pixels.shape, staged.region)
            length = len(body)
        else:
            body, length = binary_request(frame.seq, staged.pixels)
        if left is not None:
            asyncio.get_running_loop().call_soon(left)
        return await self.client.infer(body, length)

    async def _knows(self, staged: Staged) -> bool:
        """Make the region known to the engine; False when it cannot use it, then pixels go in the body from now on."""
        if self._registered == staged.region:
            return True
        try:
            await self._forget()
            await self.client.register(staged.region, staged.region_bytes)
        except Refused as error:
            self._go_without(error)
            return False
        self._registered = staged.region
        return True

    def _go_without(self, error: EngineError) -> None:
        LOG.warning("engine %s: %s; pixels go in the request instead, which is slower", self._name, error)
        self._stage.is_shared = False

    async def _forget(self) -> None:
        if self._registered:
            region, self._registered = self._registered, ""
            await self.client.unregister(region)

    async def close(self) -> None:
        """Give the memory back, here and in the engine; the engine goes on without us."""
        try:
            await self._forget()
        except EngineDied as error:
            LOG.debug("engine %s: %s", self._name, error)
        await self.client.close()
        self._thread.shutdown(wait=True)
        self._stage.close()
