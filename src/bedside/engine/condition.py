"""How one engine is, as far as its link can tell: its state, why, and what each sign of life or death makes of it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bedside import clock
from bedside.engine.client import Readiness
from bedside.errors import Unreachable
from bedside.messages import EngineState

LOG = logging.getLogger(__name__)
FIRST_PROBE_S = 0.1
STARTING_PROBE_S = 0.2
SLOWEST_PROBE_S = 1.0
NEVER_SEEN_S = 10.0
"""So long an engine that was never reached counts as starting."""
AGAIN = "; it is starting again"


class Condition:
    """The engine `name`'s; `changed` is called after each change. Belongs to one event loop."""

    def __init__(self, name: str, changed: Callable[[], None]) -> None:
        self.state = EngineState.NEW
        self.message = ""
        self.misfit = ""
        """Why the picture cannot be shown to the engine, however well it is; empty where it can."""
        self.is_warm = False
        """It has answered since its start."""
        self.was_well = False
        """It could be asked before, maybe in another process."""
        self.changes = 0
        """So often it was another state or message."""
        self._name = name
        self._changed = changed
        self._reason = ""
        self._process = ""
        self._started_ns = clock.monotonic_ns()
        self._pause_s = FIRST_PROBE_S
        self._well = asyncio.Event()
        self._lost = asyncio.Event()

    @property
    def is_well(self) -> bool:
        """Whether answers can be expected."""
        return self.state.is_well and not self.misfit

    async def until_well(self) -> None:
        """Wait until answers can be expected."""
        await self._well.wait()

    def begin(self) -> None:
        """Somebody looks for it from now on."""
        self._started_ns = clock.monotonic_ns()
        self._pause_s = FIRST_PROBE_S

    async def until_next_look(self) -> None:
        """Wait until it is to be looked at again: soon while it starts, and at once when it dies."""
        if self.state.is_well:
            self._pause_s = SLOWEST_PROBE_S
        elif self.state is EngineState.STARTING and self._process:
            self._pause_s = STARTING_PROBE_S
        else:
            self._pause_s = min(self._pause_s * 1.3, SLOWEST_PROBE_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause_s):
                await self._lost.wait()
            self._lost.clear()
            self._pause_s = FIRST_PROBE_S

    def meet(self, found: Readiness) -> bool:
        """The engine's process speaks. Whether it is another one, or back: then `start` is to follow."""
        is_new = found.process != self._process
        self._process = found.process
        if found.state.is_well:
            if found.state is EngineState.BUSY and self.state is EngineState.DEAD and not is_new:
                return False  # it still hangs on what it did not answer in time
            return is_new or not self.state.is_well
        if self.state is not EngineState.FAILED or found.state is EngineState.FAILED:
            self.become(found.state, found.error or self._reason)
        elif not self.message.endswith(AGAIN):
            self.become(EngineState.FAILED, self.message + AGAIN)
        return False

    def start(self) -> None:
        """Its process can be asked, for the first time."""
        self.was_well, self.is_warm = True, False
        self.become(EngineState.READY, self._started_again, anew=True)

    def warm(self) -> None:
        """It has answered."""
        self.is_warm, self._reason = True, ""

    def miss(self, error: Unreachable) -> None:
        """Nobody is there."""
        if self.state.is_well:
            self.lose(f"it is gone: {error}")
        elif self.state is EngineState.NEW:
            self.become(EngineState.STARTING, "nothing answers there yet")
        elif (
            self.state is EngineState.STARTING
            and not self._process
            and clock.age_ms(self._started_ns) > NEVER_SEEN_S * 1000
        ):
            self.become(EngineState.FAILED, self._reason or str(error))

    def lose(self, message: str) -> None:
        """It died, or hangs."""
        self.become(EngineState.DEAD, self._reason or message)
        self._lost.set()

    def explain(self, reason: str) -> None:
        """Why its process ended; said until it answers again. What it says itself of why it cannot be loaded stays."""
        self._reason = reason
        if self.state.is_well:
            if not self.is_warm:
                self.become(self.state, self._started_again)
        elif not (self.state is EngineState.FAILED and self._process):
            self.become(self.state, reason)

    def fit(self, misfit: str) -> None:
        """Whether the picture can be shown to it: why not, or nothing."""
        if misfit == self.misfit:
            return
        self.misfit = misfit
        if misfit:
            LOG.warning("engine %s is not asked: %s", self._name, misfit)
        self._tell()

    def become(self, state: EngineState, message: str = "", *, anew: bool = False) -> None:
        """It is so now; `anew` says so though it was before."""
        if (state, message) == (self.state, self.message) and not anew:
            return
        if not (state.is_well and self.state.is_well):
            level = logging.INFO if state.is_well else logging.WARNING
            LOG.log(level, "engine %s is %s%s", self._name, state, f": {message}" if message else "")
        self.state, self.message = state, message
        self.changes += 1
        self._tell()

    @property
    def _started_again(self) -> str:
        return f"started again: {self._reason}" if self._reason else ""

    def _tell(self) -> None:
        if self.is_well:
            self._well.set()
        else:
            self._well.clear()
        self._changed()
