"""Which of a device's modes to take: by size, then by measured rate; the driver's own word only saves measurements."""

from collections.abc import Callable, Sequence

from bedside.errors import SourceError
from bedside.source.pixel_format import SUPPORTED
from bedside.source.v4l2_node import Mode

FAVOURITE = (1920, 1080)
GOOD_ENOUGH = 0.9
"""A rate that comes so near to the best counts as the same; then the more exact format wins."""


def choose(modes: Sequence[Mode], size: tuple[int, int] | None, measure: Callable[[Mode], float]) -> Mode:
    """The mode of that size (or of 1920x1080, or of the largest) that delivers most; on a tie the most exact format.

    `measure` says how many pictures per second a mode really delivers. It is not asked where there is no choice.
    Raises SourceError when nothing fits; the sentence lists what the device has.
    """
    usable = [mode for mode in modes if mode.code in SUPPORTED]
    if not usable:
        had = ", ".join(sorted({mode.code for mode in modes})) or "none"
        raise SourceError(f"no pixel format that can be read: the device has {had}; expected {', '.join(SUPPORTED)}")
    candidates = sorted(_of_size(usable, size), key=lambda mode: SUPPORTED.index(mode.code))
    if len(candidates) == 1:
        return candidates[0]
    promised = max(mode.announced_fps for mode in candidates)
    best, best_fps = candidates[0], -1.0
    for mode in candidates:
        fps = measure(mode)
        if fps * GOOD_ENOUGH > best_fps:
            best, best_fps = mode, fps
        if promised and best_fps >= GOOD_ENOUGH * promised:
            break  # no other one can be noticeably better
    return best


def _of_size(modes: Sequence[Mode], size: tuple[int, int] | None) -> list[Mode]:
    sizes = sorted({(mode.width, mode.height) for mode in modes}, key=lambda s: s[0] * s[1], reverse=True)
    if size is None:
        size = FAVOURITE if FAVOURITE in sizes else sizes[0]
    if size not in sizes:
        had = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise SourceError(f"[source] size is {size[0]}x{size[1]}; the device has {had}; take one of these or none")
    return [mode for mode in modes if (mode.width, mode.height) == size]
