"""`bedside record`: the recorder of the sessions."""

import argparse
import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from bedside.cli.live import live
from bedside.cli.session import root_of
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SessionError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.messages import RecorderStatus
    from bedside.recorder.intake import Options
    from bedside.recorder.recorder import Recorder

log = logging.getLogger(__name__)
DOC = """\
the recorder: the scan as video, with a row for each frame

Reads [recorder] and [session] of bedside.toml, and records each session that is started on the page or with
`bedside session start`, for as long as that is wanted. It needs no server. `bedside up` starts it by itself.

With --now it starts a session of its own and records until Ctrl-C.

examples:
  bedside record
  bedside record --now P1 --consent        a session of participant P1, who has agreed to be recorded
"""
GB = 1_000_000_000
BACKLOG = 16
"""Frames that may wait for the encoder; the ring holds fewer, so that this bound is never what loses one."""
JPEG_QUALITY = 95
"""Of pictures from another machine's broadcaster."""
TRY_AGAIN_S = 2.0


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "record", run, DOC)
    parser.add_argument(
        "--now", metavar="PARTICIPANT", nargs="?", const="", help="start a session now, and end it with Ctrl-C"
    )
    parser.add_argument("--consent", action="store_true", help="with --now: the participant has agreed to be recorded")
    parser.add_argument("--arm", metavar="VIEW", help="with --now: arm of the study; default [session] arm")


def run(arguments: argparse.Namespace) -> int:
    """Record until told to stop."""
    settings, _ = settings_of(arguments)
    options = options_of(settings)
    if arguments.now is None:
        return live(lambda stop: _serve(settings, options, stop), draws=False)
    from bedside.cli.record_now import record_now

    return record_now(settings, options, arguments)


def options_of(settings: Settings) -> "Options":
    """How is recorded, by the settings. Raises SettingsError for an encoder or options that FFmpeg does not have."""
    from bedside.recorder.coding import coding_of
    from bedside.recorder.intake import Options

    recorder = settings.recorder
    return Options(
        coding_of(recorder.encoder, recorder.options),
        recorder.lossless,
        recorder.segment_s,
        recorder.clip_s,
        round(recorder.reserve_gb * GB),
    )


async def _serve(settings: Settings, options: "Options", stop: asyncio.Event) -> None:
    """Records, and waits where the folder cannot be written now; a service is not gone for that."""
    from bedside.recorder.lock import Taken, recorders_lock
    from bedside.session.paths import Live

    said = ""
    while not stop.is_set():
        try:
            with recorders_lock(Live(root_of(settings))):
                await recorder_of(settings, options).run(stop)
        except Taken:
            raise
        except SessionError as error:
            if str(error) != said:
                said = str(error)
                log.error("%s", said)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TRY_AGAIN_S)


def recorder_of(
    settings: Settings, options: "Options", said: "Callable[[RecorderStatus], None]" = lambda status: None
) -> "Recorder":
    """The recorder of the settings' folder; who runs it holds the recorder's lock."""
    from bedside.bus.subscriber import Subscriber
    from bedside.recorder.recorder import Recorder

    source = settings.frames_url
    subscriber = Subscriber(
        source, encoding=settings.encoding, token=settings.source.token, quality=JPEG_QUALITY, backlog=BACKLOG
    )
    return Recorder(root_of(settings), subscriber, options, said)
