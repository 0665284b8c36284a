"""Which source belongs to which scheme. A part is imported when its scheme is asked for, and not before."""

import difflib
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from bedside.errors import SettingsError
from bedside.source.size import parse_size

if TYPE_CHECKING:
    from bedside.source.source import Source

SCHEMES = {
    "v4l2": "bedside.source.v4l2:open_v4l2",
    "opencv": "bedside.source.opencv:open_opencv",
    "file": "bedside.source.file:open_file",
    "synthetic": "bedside.source.synthetic:open_synthetic",
    "phantom": "bedside.source.phantom:open_phantom",
}
"""Each scheme's opener: called with what follows the colon, and `size`, `fps` and `color_range` by name."""


def open_source(url: str, *, size: str = "", fps: float = 0.0, color_range: str = "auto") -> "Source":
    """Open the source at `url`, such as `v4l2:/dev/video0`.

    Raises SettingsError for an address that cannot be used, SourceError when the picture cannot be had.
    """
    return opener(url, size=size, fps=fps, color_range=color_range)()


def opener(url: str, *, size: str = "", fps: float = 0.0, color_range: str = "auto") -> "Callable[[], Source]":
    """A function that opens the source at `url`, each time anew.

    Raises SettingsError for an unknown scheme, and for a size that is none.
    """
    parse_size(size)
    scheme, colon, address = url.partition(":")
    if not colon or scheme not in SCHEMES:
        close = difflib.get_close_matches(scheme, SCHEMES, 1)
        known = ", ".join(f"{name}:" for name in SCHEMES)
        meant = f"did you mean '{close[0]}:'?" if close and scheme not in SCHEMES else f"expected one of {known}"
        raise SettingsError(f"[source] url is {url!r}, which names no source; {meant}")
    module, _, name = SCHEMES[scheme].partition(":")
    try:
        open_it: Callable[..., Source] = getattr(import_module(module), name)
    except ImportError as error:
        raise SettingsError(f"[source] url is {url!r}; {scheme}: cannot be used here: {error}") from error
    return lambda: open_it(address, size=size, fps=fps, color_range=color_range)
