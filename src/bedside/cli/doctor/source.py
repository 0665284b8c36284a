"""The picture that [source] delivers: whether it comes, and whether its colours use the whole range."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.health import ask_health
from bedside.clock import age_ms, monotonic_ns
from bedside.errors import BedsideError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.messages import Pixels
    from bedside.source.framing import Framing

WAIT_S = 5.0
LIMITED_BLACK, LIMITED_WHITE = range(12, 25), range(215, 244)
"""Black of a limited range that was taken for a full one lies at 16, white at 235; a little noise is allowed."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Open the source, take one picture, look at it."""
    from bedside.cli.broadcast import framing_of, is_confirmed

    url = settings.source.url
    if settings.server.source:
        yield Finding("source", Level.OK, f"frames come from {settings.server.source}, which is looked after elsewhere")
        return
    try:
        pixels, device, color_range = _one_picture(settings)
    except BedsideError as error:
        runs = ask_health(settings, timeout_s=1.0) is not None
        do = "a Bedside runs here and holds the device; stop it to have the picture looked at" if runs else ""
        yield Finding("source", Level.NOTE if runs else Level.WRONG, f"{url}: {error}", do)
        return
    height, width = pixels.shape[:2]
    yield Finding("source", Level.OK, f"{url}: {device or 'a picture'}, {width} x {height} pixels")
    try:
        framing, preset = framing_of(settings)
        pixels = framing.cropping().apply(pixels)
    except BedsideError as error:
        do = "set [source] size, crop and mask for this picture, or save a preset for it on /setup"
        yield Finding("source", Level.WRONG, str(error), do)
        return
    if not is_confirmed(settings, preset):
        what = "names are not masked: neither a preset nor crop and mask are set for this device"
        yield Finding("source", Level.NOTE, what, "`bedside up`, and say on /setup which part may be shown")
    elif preset:
        yield Finding("source", Level.OK, f"preset {preset}: {_said(framing)}")
    yield _colours(pixels, color_range, settings.source.color_range)


def _said(framing: "Framing") -> str:
    masks = "1 mask" if len(framing.mask) == 1 else f"{len(framing.mask) or 'no'} masks"
    part = "{2} x {3} pixels at {0}, {1} are shown".format(*framing.crop) if framing.crop else "all of it is shown"
    watched = "another screen is noticed" if framing.layout else "another screen is not noticed"
    return f"{part}, {masks}; {watched}"


def _one_picture(settings: Settings) -> "tuple[Pixels, str, str]":
    from bedside.source.schemes import open_source

    wanted = settings.source
    source = open_source(wanted.url, size=wanted.size, fps=wanted.fps, color_range=wanted.color_range)
    try:
        started_ns = monotonic_ns()
        while age_ms(started_ns) < WAIT_S * 1000:
            grab = source.read(0.5)
            if grab is not None:
                return grab.pixels, source.device, source.color_range
    finally:
        source.close()
    raise BedsideError(f"opened, but no picture came within {WAIT_S:g} s")


def _colours(pixels: "Pixels", delivered: str, setting: str) -> Finding:
    low, high = int(pixels.min()), int(pixels.max())
    what = f"colours from {low} to {high}; the device delivers {delivered or 'an unknown range'}, taken as [source] "
    what += f"color_range = {setting}"
    if low in LIMITED_BLACK and high in LIMITED_WHITE and delivered != "limited":
        do = 'black is grey: set [source] color_range = "limited", and look whether black becomes 0'
        return Finding("source", Level.WRONG, what, do)
    if low > 40 or high < 180:
        return Finding("source", Level.NOTE, what, "show a picture with black and white on the scanner to be sure")
    return Finding("source", Level.OK, what)
