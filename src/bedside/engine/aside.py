"""A thread aside for a few lines that are not ours: with a deadline, and whatever they raise is a value."""

import asyncio
import contextlib
import ctypes
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Hangs(Exception):
    """The lines did not come to an end in time, or those before them still have not."""


class Raised(Exception):
    """The lines raised; `__cause__` is what: an exception, or what ends programs and threads."""


@dataclass(frozen=True)
class _Job:
    function: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"


class Aside:
    """Runs one call at a time in a thread of its own, which does not keep the program from ending.

    A call that hangs is told to stop and left behind; until it does, no other is made, so that at most one thread is
    ever lost. What ends the whole process at once (`os._exit`, a crash in C code) cannot be contained in a thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._worker: _Worker | None = None

    async def call(self, function: Callable[[], Any], deadline_s: float) -> Any:
        """What `function()` returns. Raises Hangs, or Raised from what it raised."""
        worker = self._worker
        if worker is not None and worker.is_left:
            if worker.is_alive():
                worker.interrupt()
                raise Hangs("it still hangs in an earlier call")
            worker = None
        if worker is None:
            worker = self._worker = _Worker(name=self._name, daemon=True)
            worker.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        worker.jobs.put(_Job(function, loop, done))
        try:
            async with asyncio.timeout(deadline_s):
                value = await done
        except TimeoutError:
            worker.leave()
            raise Hangs(f"it takes longer than {deadline_s:g} s") from None
        except asyncio.CancelledError:
            worker.leave()
            raise
        if isinstance(value, _Failed):
            raise Raised from value.error
        return value

    def close(self) -> None:
        """Let the thread end when it is done."""
        if self._worker is not None:
            self._worker.jobs.put(None)


@dataclass(frozen=True)
class _Failed:
    error: BaseException


class _Worker(threading.Thread):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()  # of one job, by how it is called
        self.is_left = False

    def leave(self) -> None:
        """Let it end after this job, which is asked to end now; C code notices when it is back in Python."""
        self.is_left = True
        self.jobs.put(None)
        self.interrupt()

    def interrupt(self) -> None:
        """End what runs there, as `sys.exit` would."""
        if self.ident is not None and self.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(SystemExit))

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                value = job.function()
            except BaseException as error:  # sys.exit() too: it ends nothing but this call
                value = _Failed(error)
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                job.loop.call_soon_threadsafe(_tell, job.done, value)


def _tell(done: "asyncio.Future[Any]", value: Any) -> None:
    if not done.done():
        done.set_result(value)
