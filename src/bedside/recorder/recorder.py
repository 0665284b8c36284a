"""The recorder: follows what is wanted, and does it, until it is told to stop."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from bedside import clock
from bedside.bus.subscriber import Subscriber
from bedside.errors import SessionError
from bedside.messages import RecorderState, RecorderStatus, Signal
from bedside.recorder.clips import Clips
from bedside.recorder.film import Film
from bedside.recorder.intake import Intake, Options
from bedside.session import recorder_file, wanted
from bedside.session.paths import Live
from bedside.session.recorder_file import RecorderFile
from bedside.session.wanted import Wanted

log = logging.getLogger(__name__)
LOOK_S = 0.2
ROOM_BYTES = 32_000_000
"""Beyond the reserve so much must be free before a recording that stopped for it goes on."""
GB = 1e9


class Recorder:
    """Records the sessions of one folder from one subscriber's frames. Its caller holds the recorder's lock."""

    def __init__(
        self,
        root: Path,
        subscriber: Subscriber,
        options: Options,
        said: Callable[[RecorderStatus], None] = lambda status: None,
    ) -> None:
        """`said` hears every status, twice a second."""
        self._live = Live(root)
        self._subscriber = subscriber
        self._options = options
        self._said = said
        self._film = Film()
        self._intake = Intake(root, subscriber.borrow, options, self._film)
        self._clips = Clips(root)
        self._thread = ThreadPoolExecutor(1, "encoder")
        self._wanted = Wanted()
        self._unread = ""
        self._free_bytes = 0
        self._is_full = False
        self._since_ns = 0
        self._status = RecorderStatus(RecorderState.IDLE)
        self._file: RecorderFile | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Records until `stop`; then the segment is closed and on the disk."""
        before = await asyncio.to_thread(recorder_file.read, self._live)
        if before is not None and before.session:
            self._since_ns, self._wanted = before.since_ns, Wanted(before.session, bool(before.since_ns))
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(self._listen(), name="listen"),
                group.create_task(self._follow(), name="follow"),
            ]
            await stop.wait()
            for task in working:
                task.cancel()
        await self._subscriber.close()
        await self._in_thread(self._intake.close)
        await asyncio.to_thread(self._clips.close)
        self._thread.shutdown()
        self._wanted = replace(self._wanted, recording=False)
        self._judge()
        await asyncio.to_thread(self._say)

    async def _listen(self) -> None:
        async for event in self._subscriber:
            await self._in_thread(self._intake.take, event)

    async def _follow(self) -> None:
        while True:
            await asyncio.to_thread(self._look)
            await self._in_thread(self._tick)
            self._judge()
            await asyncio.to_thread(self._say)
            await asyncio.sleep(LOOK_S)

    async def _in_thread(self, function: Callable[..., None], *args: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args))

    def _look(self) -> None:
        """At the disk: what is wanted there, and how much is free."""
        try:
            now = wanted.read(self._live)
            self._unread = ""
        except SessionError as error:
            if str(error) != self._unread:
                log.error("%s", error)
            now, self._unread = self._wanted, str(error)
        is_new = (now.session, now.recording) != (self._wanted.session, self._wanted.recording)
        if is_new or (now.recording and not self._since_ns):
            self._since_ns = clock.monotonic_ns() if now.session and now.recording else 0
        self._wanted = now
        with suppress(OSError):  # a folder that is gone is said by who writes into it
            self._free_bytes = shutil.disk_usage(self._live.root).free
            self._is_full = self._free_bytes < self._options.reserve_bytes + ROOM_BYTES * self._is_full

    def _tick(self) -> None:
        self._intake.tick(self._wanted, self._is_full)
        self._clips.make(self._wanted, self._intake.memory)

    # What it says

    def _judge(self) -> None:
        state, message = self._state()
        film = self._film
        self._status = RecorderStatus(
            state,
            message,
            self._wanted.session,
            self._since_ns,
            film.frames,
            film.losses,
            film.video_bytes,
            self._free_bytes,
            written_ns=clock.monotonic_ns(),
        )

    def _state(self) -> tuple[RecorderState, str]:
        is_wanted = self._wanted.session and self._wanted.recording
        if sentence := self._unread or (self._why_not() if is_wanted else ""):
            return RecorderState.FAILED, sentence
        if not is_wanted:
            return RecorderState.IDLE, ""
        if self._intake.is_recording:
            return RecorderState.RECORDING, ""
        return RecorderState.WAITING, self._what_for()

    def _why_not(self) -> str:
        if self._is_full:
            return (
                f"{self._free_bytes / GB:.2f} GB are free and {self._options.reserve_bytes / GB:.2f} GB are kept free, "
                "so nothing is recorded; free some space, recording goes on by itself"
            )
        return self._intake.trouble if self._film.trouble is None else self._film.trouble.sentence

    def _what_for(self) -> str:
        dark = self._intake.dark
        if dark is None:
            return "waits for the next picture"
        what = {Signal.OFFLINE: "the broadcaster is away", Signal.NO_SIGNAL: "no signal"}.get(dark.signal, dark.signal)
        return dark.message or f"{what}; recording goes on by itself"

    def _say(self) -> None:
        status = self._status
        try:
            self._file = self._file or RecorderFile(self._live)
            self._file.write(status)
        except SessionError as error:
            log.debug("%s", error)
        self._said(status)
