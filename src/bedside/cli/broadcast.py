"""`bedside broadcast`: the source, its crop and mask, the ring and the announcements."""

import argparse
import asyncio
from pathlib import Path

from bedside.cli.live import live
from bedside.cli.verb import add_verb, settings_of
from bedside.settings import Settings

DOC = """\
the picture: read the source and hand its frames on

Reads [source] of bedside.toml, applies crop and mask, and serves ws://HOST:PORT/frames to `bedside serve` and to any
other subscriber (docs/reference/wire.md). `bedside up` starts it by itself.

example:
  BEDSIDE_SOURCE_URL='file:clip.mp4?loop=1' bedside broadcast
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "broadcast", run, DOC)


def run(arguments: argparse.Namespace) -> int:
    """Broadcast until told to stop."""
    settings, _ = settings_of(arguments)
    return live(lambda stop: _broadcast(settings, stop))


async def _broadcast(settings: Settings, stop: asyncio.Event) -> None:
    from bedside.bus.broadcaster import Broadcaster
    from bedside.source.capture import Capture
    from bedside.source.images import load_image

    source = settings.source
    capture = Capture(
        source.url,
        size=source.size,
        fps=source.fps,
        color_range=source.color_range,
        crop=source.crop,
        mask=source.mask,
        fan=source.fan,
        placeholder=load_image(Path(source.placeholder)) if source.placeholder else None,
        frozen_after_s=source.frozen_after_s,
    )
    broadcaster = Broadcaster(
        capture,
        host=source.host,
        port=source.port,
        ring_name=settings.ring_name,
        slots=source.slots,
        token=source.token,
    )
    await broadcaster.run(stop)
