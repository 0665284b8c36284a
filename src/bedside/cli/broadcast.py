"""`bedside broadcast`: the source, its crop and mask, the ring and the announcements."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.live import live
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.settings import Settings
from bedside.settings_check import DEVICES

if TYPE_CHECKING:
    from bedside.source.framing import Framing
    from bedside.source.presets import Presets
    from bedside.source.privacy import Privacy
    from bedside.source.setup import Setup

PRESETS = "presets"
"""The folder of presets, beside bedside.toml."""

DOC = """\
the picture: read the source and hand its frames on

Reads [source] of bedside.toml, applies crop and mask, or the preset that the setup page saved, and serves
ws://HOST:PORT/frames to `bedside serve` and to any other subscriber (docs/reference/wire.md). `bedside up` starts it
by itself.

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
    privacy, setup = setup_of(settings)
    size = privacy.framing.size
    capture = Capture(
        source.url,
        size="x".join(map(str, size)) if size else source.size,
        fps=source.fps,
        color_range=source.color_range,
        placeholder=load_image(Path(source.placeholder)) if source.placeholder else None,
        frozen_after_s=source.frozen_after_s,
        privacy=privacy,
    )
    broadcaster = Broadcaster(
        capture,
        host=source.host,
        port=source.port,
        ring_name=settings.ring_name,
        slots=source.slots,
        token=source.token,
        setup=setup,
    )
    await broadcaster.run(stop)


def framing_of(settings: Settings) -> "tuple[Framing, str]":
    """What may leave of the picture at the start, and the name of the preset that says so; by hand it has none.

    Raises SettingsError or Misfit.
    """
    from bedside.source.framing import framing_by_hand
    from bedside.source.setup import preset_framing
    from bedside.source.size import parse_size

    source = settings.source
    presets = presets_of(settings)
    name = source.preset or presets.in_use()
    by_hand = _by_hand(settings)
    if name and by_hand:
        raise SettingsError(
            f"[source] {by_hand[0]} is set, and so is preset {name!r}; take {by_hand[0]} out of bedside.toml, "
            f"or the preset: [source] preset there, or the file {PRESETS}/in-use"
        )
    if name:
        return preset_framing(presets, name, parse_size(source.size)), name
    return framing_by_hand(source.crop, source.mask, source.fan, source.size), name


def is_confirmed(settings: Settings, preset: str) -> bool:
    """Whether a person has said what may be shown, or nobody has to: only a capture device shows names."""
    source = settings.source
    is_device = source.url.partition(":")[0] in DEVICES
    return not is_device or bool(preset or source.mask or source.crop)


def presets_of(settings: Settings) -> "Presets":
    """The presets beside bedside.toml."""
    from bedside.source.presets import Presets

    return Presets(settings.folder / PRESETS, settings.source.url)


def _by_hand(settings: Settings) -> list[str]:
    return [key for key in ("crop", "mask", "fan") if getattr(settings.source, key)]


def setup_of(settings: Settings) -> "tuple[Privacy, Setup]":
    """What may leave at first, and what a page may ask of it. Raises SettingsError or Misfit."""
    from bedside.cli.text_finder import text_finder
    from bedside.source.privacy import Privacy
    from bedside.source.setup import Setup

    source = settings.source
    framing, name = framing_of(settings)
    by_hand = _by_hand(settings)
    privacy = Privacy(framing, stops=source.on_layout_change == "stop", is_confirmed=is_confirmed(settings, name))
    fixed = f"[source] {by_hand[0]} is set in bedside.toml; take it out there and start again" if by_hand else ""
    finds = text_finder(settings)
    return privacy, Setup(
        privacy, presets_of(settings), preset=name, named=source.preset, fixed=fixed, finds_text=finds
    )
