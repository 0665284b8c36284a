"""Asks the bare loop (bedside_engine/bare.py), a process in the model's own environment."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from bedside.engine.ask import Ask
from bedside.errors import EngineDied, EngineError, Overdue
from bedside.supervisor.child import how_it_ended
from bedside.supervisor.log_file import LogFile

LONGEST_LINE = 4_000_000
END_S = 10.0


class BareLoop:
    """One process that calls the model on pictures, one after the other. `close()` ends it and what it started."""

    def __init__(self, argv: Sequence[str], folder: Path, log: Path) -> None:
        """`argv`, run in `folder`, becomes the bare loop. What the model prints goes to the file `log`."""
        self._argv = argv
        self._folder = folder
        self._log = LogFile(log)
        self._running: asyncio.subprocess.Process | None = None
        self.versions: Mapping[str, str] = {}
        """Of Python and the libraries that the model uses, once it has ended."""
        self.peak_mb = 0.0
        """The most memory that it has held, once it has ended."""

    async def start(self, deadline_s: float) -> float:
        """Load the model; returns the seconds that took. Raises EngineError with the reason when it cannot be."""
        with self._log.open() as log:
            self._running = await self._spawn(log)
        said = await self._hear(deadline_s)
        if "failed" in said:
            raise EngineError(str(said["failed"]))
        return float(said["loaded_s"])

    async def ask(self, ask: Ask, deadline_s: float) -> tuple[float, list[str]]:
        """Milliseconds inside the model, and what is wrong with its answer. Raises EngineDied, Overdue."""
        assert self._running is not None and self._running.stdin is not None
        head = {
            "id": str(ask.seq),
            "shape": list(ask.pixels.shape),
            "window": ask.is_window,
            "parameters": {"frame_info": json.dumps(dict(ask.info))} if ask.info else {},
        }
        self._running.stdin.write(json.dumps(head).encode() + b"\n" + ask.pixels.tobytes())
        with contextlib.suppress(ConnectionError):  # what it said before it went is read below
            await self._running.stdin.drain()
        said = await self._hear(deadline_s)
        return float(said["ms"]), [str(sentence) for sentence in said["wrong"]]

    async def finish(self) -> None:
        """Let it end by itself, and hear what it has used."""
        assert self._running is not None and self._running.stdin is not None
        self._running.stdin.close()
        said = await self._hear(END_S)
        self.peak_mb, self.versions = float(said["peak_mb"]), dict(said["versions"])

    async def close(self) -> None:
        """End it now, with everything that it has started."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
            await self._running.wait()

    async def _spawn(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._argv,
            cwd=self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            limit=LONGEST_LINE,
        )

    async def _hear(self, deadline_s: float) -> dict[str, Any]:
        assert self._running is not None and self._running.stdout is not None
        try:
            async with asyncio.timeout(deadline_s):
                line = await self._running.stdout.readline()
            self._log.trim()  # a flood of prints would fill the disk
        except TimeoutError:
            raise Overdue(f"the bare loop gave no answer within {deadline_s:g} s; the model hangs") from None
        if not line:
            code = await self._running.wait()
            raise EngineDied(f"the bare loop {how_it_ended(code)}; what it printed is in {self._log.path}")
        return dict(json.loads(line))
