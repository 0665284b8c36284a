"""The capture devices, their modes, and what they really deliver."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bedside.cli.doctor.finding import Finding, Level
from bedside.errors import SourceError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.source.devices import Device
    from bedside.source.v4l2_node import Mode

MOST_MEASURED = 8
"""Modes of one device that are tried, the largest first; each takes about a second."""
SLOW = 0.8
"""A mode that delivers less than this share of what it announces is worth a line."""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding for each device, and one for each of its largest modes."""
    is_needed = settings.source.url.startswith("v4l2:") and not settings.server.source
    if sys.platform != "linux":
        yield Finding("device", Level.NOTE, "capture devices are listed on Linux only", "try [source] url = opencv:0")
        return
    from bedside.source.devices import list_devices

    found = list_devices()
    if not found:
        level = Level.WRONG if is_needed else Level.OK
        do = "plug the HDMI box in, and look whether /dev/video0 appears" if is_needed else ""
        yield Finding("device", level, f"no capture device; [source] url is {settings.source.url}", do)
    for device in found:
        yield from _device(device)


def _device(device: "Device") -> Iterator[Finding]:
    name = f"{device.path} {device.identity.card}".strip()
    if device.problem:
        yield Finding("device", Level.NOTE, f"{name}: {device.problem}")
        return
    what = f"{name}: url = v4l2:{device.stable_id}, colours {device.color_range or 'unknown'}"
    if device.has_signal:
        yield Finding("device", Level.OK, what)
    else:
        yield Finding("device", Level.NOTE, f"{what}, no signal on its cable", "plug the scanner's HDMI cable in")
    for mode in sorted(device.modes, key=lambda mode: mode.width * mode.height, reverse=True)[:MOST_MEASURED]:
        yield _mode(device, mode)


def _mode(device: "Device", mode: "Mode") -> Finding:
    from bedside.source.devices import measure

    announced = f" (announced {mode.announced_fps:g})" if mode.announced_fps else ""
    try:
        fps = measure(device.path, mode)
    except SourceError as error:
        return Finding("device", Level.NOTE, f"  {mode}{announced}: not measured: {error}")
    what = f"  {mode}: {fps:.1f} frames/s measured{announced}"
    if fps == 0 and device.has_signal:
        return Finding("device", Level.NOTE, what, "nothing came; take another mode with [source] size")
    if fps < SLOW * mode.announced_fps and device.has_signal:
        return Finding("device", Level.NOTE, what, "use a USB 3 socket, or a mode with compression")
    return Finding("device", Level.OK, what)
