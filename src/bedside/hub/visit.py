"""The running session as the server sees it: follows who starts and ends it, and keeps what happens in it.

Everybody may start and end a session (`session/desk.py`): a page, the command line, another server. So the server looks
what is wanted, four times a second, and goes by that alone; a server that died and came back goes on where it was.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from bedside import clock
from bedside.errors import NotNow, SessionError
from bedside.hub.best import BestFrames, Written
from bedside.hub.feed import Feed
from bedside.hub.progress import Progress
from bedside.hub.recall import Answered
from bedside.hub.running import NO_RECORDER, Customs, Running, running_of
from bedside.hub.scribe import Scribe
from bedside.messages import EngineStatus, RecorderState, RecorderStatus, Signal
from bedside.session import recorder_file
from bedside.session.desk import Desk, Who
from bedside.session.paths import Paths
from bedside.session.recorded import sessions
from bedside.session.wanted import Clip, Wanted
from bedside.threads import background_pool

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY_S = 0.25
SYNC_EVERY_S = 5.0
"""A power cut costs at most so much; a death of the server alone costs nothing that was written."""
LABELS_KEPT = 100


class Visit:
    """Belongs to one event loop. `follow` must run; whatever else is called waits for nobody, unless it is awaited."""

    def __init__(self, feed: Feed, desk: Desk, customs: Customs | None = None) -> None:
        self.customs = customs or Customs()
        self.running: Running | None = None
        self.is_recording_wanted = False
        self.recorder: RecorderStatus | None = None
        """What it said last; None where there has never been one."""
        self.last = ""
        """The session that ended last."""
        self.labels: dict[str, None] = {}
        """Labels of the verdicts that have been given, in the order of their first time."""
        self.scribe = Scribe(desk.live, self.customs.masks)
        self.best = BestFrames(self.scribe, keeps_masks=self.customs.masks != "none")
        self._progress = Progress(self.customs.planes)
        self.keeps = False
        """Whether this server writes the running session; else another one does, or its folder cannot be written."""
        self._feed = feed
        self._desk = desk
        self._pool = background_pool(1, "bedside-desk")
        self._looking = asyncio.Lock()
        self._engines: dict[str, tuple[str, str]] = {}
        self._pages: dict[str, str] = {}
        self._signal = ""
        self._problem = ""
        self._has_looked = False
        self._synced_ns = clock.monotonic_ns()
        feed.witness = self

    @property
    def root(self) -> Path:
        """The folder of all sessions."""
        return self._desk.live.root

    @property
    def participant(self) -> str:
        """The code that pages show."""
        return (self.running or self.customs.proposed).participant

    @property
    def problem(self) -> str:
        """One sentence while something of the session cannot be kept."""
        return self._problem or self.scribe.problem

    @property
    def shown(self) -> str:
        """The session whose pictures are shown: the running one, or the last."""
        return self.running.name if self.running else self.last

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far the scan has come over the planes that it needs, as pages read it; None where it needs none."""
        keeps = "no_session" if not self.keeps else "yes" if self._may_keep_pictures else "no_consent"
        return self._progress.as_json(self._best_pictures(), keeps)

    async def follow(self) -> None:
        """Looks what is wanted, for ever."""
        said = ""
        while True:
            try:
                await self.look()
                if clock.age_ms(self._synced_ns) > SYNC_EVERY_S * 1e3:
                    self._synced_ns = clock.monotonic_ns()
                    await self.scribe.sync()
                said = ""
            except Exception as error:  # pictures and answers go on, whatever becomes of the session
                self._problem = f"a fault in Bedside, {type(error).__name__}: {error}; the server's log says where"
                if self._problem != said:  # it comes again at each look
                    log.exception("the session cannot be followed")
                said = self._problem
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Goes by what is wanted now."""
        async with self._looking:
            try:
                wanted, recorder, about = await self.ask(self._read)
                self._problem = ""
            except SessionError as error:
                self._problem = str(error)
                return
            await self._take_session(wanted, about)
            self._take_recorder(wanted.recording, recorder)

    async def start(self, who: Who, *, recording: bool = False) -> str:
        """Starts a session; its name. Raises what `Desk.start` raises."""
        made_with = await asyncio.to_thread(self.customs.made_with)
        name = await self.ask(lambda: self._desk.start(who, made_with, recording=recording))
        await self.look()
        return name

    async def ensure(self) -> Running:
        """The running session; one without arm, consent and video is started where none runs. Raises SessionError."""
        if self.running is None:
            who = Who(self.customs.proposed.participant)
            made_with = await asyncio.to_thread(self.customs.made_with)
            with suppress(NotNow):  # somebody else has just started one
                await self.ask(lambda: self._desk.start(who, made_with, needs_space=False))
        if not self.keeps:  # not yet: the look that opens its files may be another caller's
            await self.look()
        if self.running is None or not self.keeps:
            raise SessionError(self.problem or "the session that was started has ended already; try again")
        return self.running

    async def end(self) -> str:
        """Ends the running session; its name. Raises what `Desk.end` raises."""
        name = await self.ask(self._desk.end)
        await self.look()
        return name

    async def record(self, on: bool) -> None:
        """Wants video, or no more. Raises what `Desk.record` raises."""
        await self.ask(lambda: self._desk.record(on))
        await self.look()

    async def ask_clip(self, clip: Clip) -> bool:
        """Wants the seconds before a snapshot; whether there is a recorder that will make them."""
        recorder = self.recorder
        if not self.customs.clip_s or recorder is None or recorder.state in (RecorderState.GONE, RecorderState.FAILED):
            return False
        try:
            await self.ask(lambda: self._desk.ask_clip(clip))
        except NotNow:
            return False
        except SessionError as error:
            log.warning("no clip beside snapshot %s: %s", clip.name, error)
            return False
        return True

    async def mark(self, kind: str, *, session: str = "", **fields: Any) -> None:
        """What a person did, on the disk when this returns. Raises SessionError when it cannot be kept.

        Into the running session, or another one of this folder. Raises NotNow when none runs.
        """
        if not session and not self.keeps:
            raise NotNow(
                self.problem or "no session runs; start one first, on the page or with `bedside session start`"
            )
        written = self.scribe.mark(kind, folder=self.root / session if session else None, **fields)
        if written is None:
            raise SessionError("the disk is too slow; this could not be kept")
        await asyncio.wrap_future(written)
        await self.scribe.sync()

    def note(self, kind: str, **fields: Any) -> "Future[None] | None":
        """What happened by itself, where a session runs. Never waits; what cannot be kept is counted."""
        return self.scribe.mark(kind, **fields) if self.keeps else None

    def saw_result(self, answered: Answered) -> None:
        """An engine answered."""
        result = answered.result
        verdict = result.answer.get("verdict")
        label = verdict.get("label") if isinstance(verdict, Mapping) else None
        if isinstance(label, str) and len(self.labels) < LABELS_KEPT:
            self.labels.setdefault(label)
        if result.engine == self._feed.engine_names[0]:  # the one whose verdict stands on the pages
            self._progress.saw(result)
        if not self.keeps:
            return
        known = self._feed.recall.known(result.seq)
        age_ns = clock.monotonic_ns() - result.timing.captured_ns
        wall_ns = known.wall_ns if known else clock.wall_ns() - age_ns
        self.scribe.result(result, wall_ns, str(answered.frame.signal))
        if self._may_keep_pictures:
            self.best.offer(answered, wall_ns)

    def saw_signal(self, signal: Signal, seq: int | None) -> None:
        """The signal is this one now."""
        if str(signal) != self._signal:
            self._signal = str(signal)
            self.note("signal", signal=self._signal, seq=seq)

    def saw_engine(self, status: EngineStatus) -> None:
        """An engine does this now; that it is asked and answers is no news."""
        now = ("READY" if status.state.is_well else str(status.state), status.message)
        if self._engines.get(status.engine) != now:
            self._engines[status.engine] = now
            self.note("engine", engine=status.engine, state=now[0], message=now[1])

    def saw_spacing(self, why: str) -> None:
        """A person has `set` the scale or `removed` it, or it was dropped with the picture's `size`."""
        self.note("spacing", why=why, **self._feed.calibration.as_mark())

    def page_opened(self, page: str, view: str) -> None:
        """A page of `view` is there."""
        self._pages[page] = view
        self.note("page", page=page, view=view, event="opened")

    def page_closed(self, page: str) -> None:
        """A page has gone."""
        if (view := self._pages.pop(page, None)) is not None:
            self.note("page", page=page, view=view, event="closed")

    async def close(self) -> None:
        """Ends the threads. The session goes on: whoever serves next goes on with it."""
        async with self._looking:
            if self.keeps:
                await self.best.flush()
                self.note("server", event="stopped")
                self.keeps = False
            await self.scribe.close()
        self.scribe.end()
        self.best.end()
        self._pool.shutdown(wait=True)

    async def ask(self, work: Callable[[], T]) -> T:
        """The outcome of something that reads or writes files, made in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    @property
    def _may_keep_pictures(self) -> bool:
        """Whether pictures are kept by themselves."""
        return self.running is not None and (self.running.consent is True or not self.customs.needs_consent)

    def _best_pictures(self) -> dict[str, Written]:
        names = self._feed.engine_names
        return self.best.written(names[0]) if names else {}

    def _read(self) -> tuple[Wanted, RecorderStatus | None, dict[str, Any]]:
        wanted = self._desk.wanted()
        about: dict[str, Any] = {}
        if wanted.session and not (self.running and self.running.name == wanted.session):
            about = self._desk.about(wanted.session)
        if not self._has_looked:
            self._has_looked = True
            self.last = _last_ended(self.root, wanted.session)
        return wanted, recorder_file.read(self._desk.live), about

    async def _take_session(self, wanted: Wanted, about: Mapping[str, Any]) -> None:
        if self.running and self.running.name != wanted.session:
            await self._leave()
        if wanted.session and not self.running:
            self.running = running_of(self.root / wanted.session, about)
            self._feed.state_changed()
        if self.running and not self.keeps:
            with suppress(SessionError):  # the scribe's problem says it; tried again at the next look
                await self._join(self.running)

    async def _join(self, running: Running) -> None:
        has_begun = await self.scribe.open(running.folder)
        await self.best.open(Paths(running.folder).best)
        self.keeps = True
        self._progress.begin(self._best_pictures())
        if has_begun:
            self.note("server", event="resumed")
        else:
            times = {"wall_ns": running.start_wall_ns, "monotonic_ns": running.start_monotonic_ns}
            start = {"mark": "start", **times, "participant": running.participant, "arm": running.arm}
            self.scribe.write_mark(start | {"consent": running.consent})
        # How things stand, so that nobody has to guess it from what came before.
        frame = self._feed.frame
        self._signal, self._engines = "", {}
        self.saw_signal(self._feed.status.signal, frame.seq if frame else None)
        for status in self._feed.engine_statuses:
            self.saw_engine(status)
        for page, view in self._pages.items():
            self.note("page", page=page, view=view, event="opened")
        if self.recorder is not None:
            self.note("recorder", state=str(self.recorder.state), message=self.recorder.message)
        if self._feed.calibration.measured is not None:
            self.saw_spacing("start")
        self.is_recording_wanted = False

    async def _leave(self) -> None:
        assert self.running is not None
        if self.keeps:
            await self.best.flush()
            self.note("end")
            self.keeps = False
        await self.scribe.close()
        self.last, self.running = self.running.name, None
        self._progress.begin({})
        self.is_recording_wanted = False
        self._feed.state_changed()

    def _take_recorder(self, is_wanted: bool, recorder: RecorderStatus | None) -> None:
        if is_wanted and recorder is None:
            recorder = NO_RECORDER
        if is_wanted != self.is_recording_wanted:
            self.is_recording_wanted = is_wanted
            self.note("recording", on=is_wanted)
            self._feed.state_changed()
        before, self.recorder = self.recorder, recorder
        if recorder is not None and (before is None or _news(before) != _news(recorder)):
            self.note("recorder", state=str(recorder.state), message=recorder.message)
            self._feed.state_changed()


def _news(status: RecorderStatus) -> tuple[object, ...]:
    return status.state, status.message


def _last_ended(root: Path, running: str) -> str:
    return next((path.name for path in sessions(root) if path.name != running), "")
