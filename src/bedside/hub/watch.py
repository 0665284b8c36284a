"""Looks after everything, every two seconds: the machine, the processes, and what a person should hear of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bedside import clock
from bedside.hub.alerts import EngineFacts, Facts
from bedside.hub.feed import Feed
from bedside.hub.health import Limits, owed_s, picture_problem
from bedside.hub.machine import HOT_C, Machine, Reading, size_of
from bedside.hub.processes import Heard, ProcessNow, Shares
from bedside.hub.standing import Standing
from bedside.hub.visit import Visit
from bedside.messages import RecorderState
from bedside.session.recorded import sessions
from bedside.threads import background_pool

log = logging.getLogger(__name__)
LOOK_EVERY_S = 2.0
WEIGH_EVERY_NS = 60 * clock.NS_PER_S
"""Adding up a large sessions folder reads the disk."""
LATELY_NS = 60 * clock.NS_PER_S
TELLING_MS = 20_000
"""Before so much has been recorded its bytes say little of the next hour's."""


@dataclass(frozen=True)
class Known:
    """What the settings and the supervisor tell, as functions that may read files. They block."""

    processes: Callable[[], list[ProcessNow]] = list
    """Those that a supervisor keeps; none where there is no supervisor."""
    certificate_ends_ns: Callable[[], int | None] = lambda: None
    """Wall time; None without TLS."""
    reserve_bytes: int = 0


@dataclass(frozen=True)
class Kept:
    """What is kept in the sessions folder."""

    sessions: int = 0
    size_bytes: int = 0


class Watch:
    """Belongs to the feed's event loop; `run` must run. Whoever wants to know reads what it saw last."""

    def __init__(self, feed: Feed, visit: Visit, limits: Limits, known: Known, machine: Machine | None = None) -> None:
        self.reading = Reading()
        self.processes: list[ProcessNow] = []
        self.is_supervised = False
        self.kept: Kept | None = None
        """None until it has been added up."""
        self.bytes_per_s = 0.0
        """What recording takes, as it was measured last; 0 before anything was recorded."""
        self.began_wall_ns = clock.wall_ns()
        self.certificate_ends_ns: int | None = None
        self._feed = feed
        self._visit = visit
        self._limits = limits
        self._known = known
        self._machine = machine or Machine(visit.root)
        self._heard = Heard(feed, visit)
        self._shares = Shares()
        self._standing = Standing()
        self._losses: deque[tuple[int, str, int]] = deque()
        self._weighed_ns = 0
        self._pool = background_pool(1, "bedside-watch")

    async def run(self) -> None:
        """Looks, for ever."""
        said = ""
        while True:
            try:
                await self.look()
                said = ""
            except Exception as error:  # pictures and answers go on, whatever becomes of the watching
                if str(error) != said:
                    log.exception("the machine cannot be watched")
                said = str(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Reads everything once, and tells the pages where an alert came, went or changed."""
        loop = asyncio.get_running_loop()
        kept = await loop.run_in_executor(self._pool, self._read)
        self.is_supervised = bool(kept)
        heard = self._heard.look()
        self.processes = self._shares.of(kept or heard, clock.monotonic_ns())
        self._measure()
        before, self._feed.alerts = self._feed.alerts, self._standing.look(self.facts(), clock.monotonic_ns())
        if [alert.id for alert in before] != [alert.id for alert in self._feed.alerts]:
            self._feed.state_changed()

    def close(self) -> None:
        """Ends the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def facts(self) -> Facts:
        """What the rules go by, as of now."""
        now_ns, visit, reading = clock.monotonic_ns(), self._visit, self.reading
        hottest = reading.hottest
        return Facts(
            privacy_problem=self._feed.status.warning,
            picture_problem=picture_problem(self._feed, self._limits, now_ns),
            recorder=visit.recorder,
            is_recording_wanted=visit.is_recording_wanted,
            session_problem=visit.problem,
            losses_lately=self._losses_lately(now_ns),
            free_bytes=reading.disk.free_bytes if reading.disk else None,
            reserve_bytes=self._known.reserve_bytes,
            bytes_per_s=self.bytes_per_s,
            engines=self._engines(now_ns),
            hottest_c=hottest.celsius if hottest else None,
            hot_c=(hottest.limit_c if hottest else None) or HOT_C,
            slowed_s=reading.slowed_s,
            certificate_ends_ns=self.certificate_ends_ns,
            now_wall_ns=clock.wall_ns(),
            clock_jump_s=reading.clock_jump_s,
            dying=tuple((one.name, one.why) for one in self.processes if one.keeps_dying),
        )

    def _read(self) -> list[ProcessNow]:
        """In the thread: everything that may make one wait."""
        self.reading = self._machine.read()
        self.certificate_ends_ns = self._known.certificate_ends_ns()
        now_ns = clock.monotonic_ns()
        if self.kept is None or now_ns - self._weighed_ns > WEIGH_EVERY_NS:
            self.kept = Kept(sum(1 for _ in sessions(self._visit.root)), size_of(self._visit.root))
            self._weighed_ns = now_ns
        return self._known.processes()

    def _measure(self) -> None:
        recorder = self._visit.recorder
        if recorder is None or recorder.state is not RecorderState.RECORDING or not recorder.since_ns:
            return
        if (recording_ms := clock.age_ms(recorder.since_ns)) > TELLING_MS and recorder.video_bytes:
            self.bytes_per_s = recorder.video_bytes / recording_ms * 1e3

    def _losses_lately(self, now_ns: int) -> int:
        """Frames of this session's video that were lost in the last minute."""
        recorder = self._visit.recorder
        if recorder is None:
            return 0
        if self._losses and self._losses[-1][1] != recorder.session:
            self._losses.clear()
        self._losses.append((now_ns, recorder.session, recorder.losses))
        while len(self._losses) > 1 and self._losses[1][0] <= now_ns - LATELY_NS:
            self._losses.popleft()
        return max(0, recorder.losses - self._losses[0][2])

    def _engines(self, now_ns: int) -> tuple[EngineFacts, ...]:
        found = []
        for engine in self._feed.engine_statuses:
            owes_s, limit_s = owed_s(self._feed, self._limits, engine, now_ns)
            model_s = engine.model_ms / 1e3
            found.append(
                EngineFacts(
                    engine.engine,
                    engine.state.is_well,
                    str(engine.state),
                    engine.message,
                    owes_s,
                    limit_s,
                    model_s,
                    limit_s - engine.rest_s,
                )
            )
        return tuple(found)
