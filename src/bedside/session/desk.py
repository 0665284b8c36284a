"""Sessions are started, recorded and ended here, by whoever is asked: the server for a page, or the command line."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.errors import NotNow, SessionError
from bedside.session import wanted
from bedside.session.names import check_participant, session_name
from bedside.session.paths import Live, Paths
from bedside.session.wanted import Clip, Wanted
from bedside.session.whole import sync_folder, write_whole

VERSION = 2
"""Of the session folder: 1 had snapshots and marks only."""
GB = 1_000_000_000


@dataclass(frozen=True)
class Who:
    """What a person says when a session starts."""

    participant: str = ""
    arm: str = ""
    consent: bool | None = None
    """Whether the participant has agreed to be recorded; None is that nobody was asked."""


@dataclass(frozen=True)
class With:
    """What a session is made with: written into its `session.json`."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """All settings, without their secrets."""
    versions: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: where it comes from and its files' fingerprint, see `cli/fingerprint.py`."""


class Desk:
    """The sessions of one folder. Blocking: call it in a thread. Several may be open at once, in several processes."""

    def __init__(self, root: Path, *, needs_consent: bool = True, needed_bytes: int = 0) -> None:
        """`needed_bytes` must be free on the disk when a session starts."""
        self.live = Live(root)
        self._needs_consent = needs_consent
        self._needed_bytes = needed_bytes

    def wanted(self) -> Wanted:
        """Which session runs, and whether it is recorded. Raises SessionError."""
        return wanted.read(self.live)

    def start(self, who: Who, made_with: With, *, recording: bool = False, needs_space: bool = True) -> str:
        """Starts a session; its name. Raises NotNow when one runs, SessionError when this one cannot be kept.

        Without `needs_space` the disk may be nearly full: for one that shall hold a few pictures only.
        """
        check_participant(who.participant)
        with wanted.changing(self.live):
            now = wanted.read(self.live)
            if now.session:
                raise NotNow(f"session {now.session} runs; end it first, on the page or with `bedside session stop`")
            if needs_space:
                self._refuse_full_disk()
            if recording:
                self._refuse_without_consent(who.consent)
            name = self._make(who, made_with)
            wanted.write(self.live, Wanted(name, recording, (), now.boot))
        return name

    def record(self, on: bool) -> None:
        """Wants video of the running session, or no more. Raises NotNow when none runs, or it may not be."""
        with wanted.changing(self.live):
            now = self._running()
            if on:
                self._refuse_without_consent(self.about(now.session).get("consent"))
            wanted.write(self.live, replace(now, recording=on))

    def ask_clip(self, clip: Clip) -> None:
        """Wants the seconds before a snapshot from the recorder. Raises NotNow when no session runs, or may not."""
        with wanted.changing(self.live):
            now = self._running()
            self._refuse_without_consent(self.about(now.session).get("consent"))
            wanted.write(self.live, replace(now, clips=(*now.clips, clip)))

    def end(self, why: str = "ended", *, only: str = "") -> str:
        """Ends the running session; its name. Raises NotNow when none runs, or another one than `only`.

        On a full disk it ends too; SessionError says then that its `session.json` lacks the end.
        """
        with wanted.changing(self.live):
            now = self._running()
            if only not in ("", now.session):
                raise NotNow(f"session {only} has ended already; session {now.session} runs")
            wanted.write_nothing(self.live, now.boot)
            wall_ns = clock.wall_ns()
            about = self.about(now.session) | {"end": _iso(wall_ns), "end_wall_ns": wall_ns, "end_why": why}
            about["end_monotonic_ns"] = clock.monotonic_ns()
            try:
                self._write_about(now.session, about)
            except OSError as error:
                raise SessionError(
                    f"session {now.session} has ended, but its session.json does not say so: {error.strerror}; "
                    "it is listed as broken off, and all in it can be used"
                ) from error
        return now.session

    def about(self, name: str) -> dict[str, Any]:
        """What the `session.json` of a session says. Raises SessionError."""
        path = Paths(self.live.root / name).session
        try:
            about = json.loads(path.read_bytes())
        except OSError as error:
            raise SessionError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SessionError(f"{path} is damaged: {error}") from error
        if not isinstance(about, dict):
            raise SessionError(f"{path} is damaged: it is no table")
        return about

    def _running(self) -> Wanted:
        now = wanted.read(self.live)
        if not now.session:
            raise NotNow("no session runs; start one first, on the page or with `bedside session start`")
        return now

    def _refuse_without_consent(self, consent: object) -> None:
        if self._needs_consent and consent is not True:
            raise NotNow(
                "the participant's consent to be recorded is not noted; start the session with it, "
                "or set [session] needs_consent = false where nobody is recorded but a phantom"
            )

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.live.root).free
        if free < self._needed_bytes:
            raise SessionError(
                f"{free / GB:.1f} GB are free for {self.live.root} and a session needs "
                f"{self._needed_bytes / GB:.1f} GB; free some space, or set [recorder] session_gb and reserve_gb lower"
            )

    def _make(self, who: Who, made_with: With) -> str:
        wall_ns = clock.wall_ns()
        path = _fresh(self.live.root, session_name(wall_ns, who.participant))
        about = {
            "version": VERSION,
            "name": path.name,
            "start": _iso(wall_ns),
            "start_wall_ns": wall_ns,
            "start_monotonic_ns": clock.monotonic_ns(),
            "participant": who.participant,
            "arm": who.arm,
            "consent": who.consent,
            "versions": dict(made_with.versions),
            "engines": {name: dict(engine) for name, engine in made_with.engines.items()},
            "settings": dict(made_with.settings),
        }
        try:
            self._write_about(path.name, about)
        except OSError:
            path.rmdir()
            raise
        sync_folder(self.live.root)
        return path.name

    def _write_about(self, name: str, about: Mapping[str, Any]) -> None:
        write_whole(Paths(self.live.root / name).session, json.dumps(about, indent=2).encode() + b"\n")


def _fresh(root: Path, name: str) -> Path:
    """A new folder, with a number where two sessions start within one second."""
    number = 1
    while True:
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(mode=0o700)
            return path
        except FileExistsError:
            number += 1


def _iso(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / clock.NS_PER_S, UTC).isoformat(timespec="milliseconds")
