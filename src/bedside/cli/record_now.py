"""`bedside record --now`: a session of its own, recorded until Ctrl-C, without a server."""

import argparse
import asyncio
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from bedside.cli.live import live
from bedside.cli.record import recorder_of
from bedside.cli.session import desk_of
from bedside.errors import NotNow, SettingsError
from bedside.messages import RecorderState, RecorderStatus
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.recorder.intake import Options

MARKS = {RecorderState.RECORDING: "[bold red]●[/]", RecorderState.FAILED: "[bold red]■[/]"}


def record_now(settings: Settings, options: "Options", arguments: argparse.Namespace) -> int:
    """Start a session, record it, and end it. Raises what a person has to know first, before anything is started."""
    arm = settings.session.arm or settings.server.view if arguments.arm is None else arguments.arm
    if arm not in settings.views:
        raise SettingsError(f"--arm is {arm!r}; expected one of {', '.join(settings.views)}")
    if settings.session.needs_consent and not arguments.consent:
        raise SettingsError(
            "nothing says that the participant has agreed to be recorded; add --consent where that is so, "
            "or set [session] needs_consent = false where nobody is recorded but a phantom"
        )
    return live(lambda stop: _record(settings, options, arguments, arm, stop), draws=False)


async def _record(
    settings: Settings, options: "Options", arguments: argparse.Namespace, arm: str, stop: asyncio.Event
) -> None:
    from bedside.cli.fingerprint import made_with
    from bedside.recorder.lock import recorders_lock
    from bedside.session.desk import Who

    desk = desk_of(settings)
    who = Who(arguments.now or settings.session.participant, arm, arguments.consent or None)
    with recorders_lock(desk.live), Line(quiet=arguments.quiet) as line:
        made = await asyncio.to_thread(made_with, settings)
        name = await asyncio.to_thread(lambda: desk.start(who, made, recording=True))
        line.say(f"Session {name} is recorded. Ctrl-C ends it.")

        def said(status: RecorderStatus) -> None:
            line.show(status)
            if status.session not in (name, ""):
                stop.set()  # somebody has ended this session and started another one

        try:
            await recorder_of(settings, options, said).run(stop)
        finally:
            with suppress(NotNow):  # somebody else has ended it
                await asyncio.to_thread(lambda: desk.end(only=name))
        line.say(f"It lies in {desk.live.root / name}")


class Line:
    """How the recording goes: one line that changes where a person looks, a line for each new state elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._stack = ExitStack()
        self._said = ""

    def __enter__(self) -> "Line":
        if sys.stdout.isatty() and not self._quiet:
            from rich.live import Live as RichLive

            self._live = self._stack.enter_context(RichLive(auto_refresh=False, transient=True))
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stack.close()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            print(text, flush=True)

    def show(self, status: RecorderStatus) -> None:
        """The newest status; from any thread."""
        if self._live is not None:
            from rich.text import Text

            mark = Text.from_markup(MARKS.get(status.state, "○"))
            self._live.update(mark + Text(f" {text_of(status)}"), refresh=True)
            return
        said = f"{status.state}: {status.message}" if status.message else str(status.state)
        if said != self._said:
            self._said = said
            self.say(said)


def text_of(status: RecorderStatus) -> str:
    """Time, frames, losses, megabytes, space; and what is wrong."""
    seconds = max(0, status.written_ns - status.since_ns) // 1_000_000_000 if status.since_ns else 0
    parts = [
        f"{seconds // 60:02d}:{seconds % 60:02d}",
        f"{status.frames} frames",
        f"{status.losses} lost",
        f"{status.video_bytes / 1e6:.1f} MB",
        f"{status.free_bytes / 1e9:.1f} GB free",
        *([f"{status.state}: {status.message}"] if status.message else []),
    ]
    return "   ".join(parts)
