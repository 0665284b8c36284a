"""synthetic: a scanner's screen without a scanner, at the pace of a real one."""

import threading

from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.source.address import parse_address
from bedside.source.commands import OFFERED
from bedside.source.drawn import Beat, Cables, wished
from bedside.source.source import Grab
from bedside.source.synthetic_screen import Screen, blue

COMMANDS = ("freeze", "unfreeze", "signal off", "signal on", "unplug", "screen list", "screen scan")


class SyntheticSource:
    """Draws one picture each 1/`fps` seconds.

    `scan_fps` is how often the scan inside the picture changes: a scanner of 12 Hz on a 30 Hz cable repeats itself.
    """

    color_range = "full"
    commands = OFFERED["synthetic"]

    def __init__(self, width: int, height: int, fps: float, scan_fps: float = 0.0, seed: int = 0) -> None:
        self.device = f"synthetic scanner, {width}x{height} at {fps:g} fps"
        self._screen = Screen(width, height, seed)
        self._fps = fps
        self._scan_share = min(scan_fps / fps, 1.0) if scan_fps else 1.0
        self._beat = Beat(fps)
        self._scan = 0.0
        self._frozen = threading.Event()
        self._lists = threading.Event()
        self._cables = Cables("the synthetic scanner")

    @property
    def fan(self) -> tuple[int, int, int, int]:
        """Where the scan moves: x, y, width, height in pixels."""
        return self._screen.fan

    def read(self, timeout_s: float) -> Grab | None:
        """The picture that is due next; see Source."""
        self._cables.check()
        return self._beat.read(self._draw, timeout_s)

    def control(self, command: str) -> None:
        """`freeze` and `unfreeze` press its button; `signal off`, `signal on` and `unplug` pull its cables;
        `screen list` opens a list of patients over the whole screen, `screen scan` closes it."""
        if self._cables.pull(command):
            return
        if command == "freeze":
            self._frozen.set()
        elif command == "unfreeze":
            self._frozen.clear()
        elif command == "screen list":
            self._lists.set()
        elif command == "screen scan":
            self._lists.clear()
        else:
            raise SourceError(f"the synthetic scanner cannot {command!r}; it can {', '.join(COMMANDS)}")

    def state(self) -> None:
        """It has nothing to tell of itself."""

    def close(self) -> None:
        """There is nothing to give back."""

    def _draw(self, number: int, step: int) -> Pixels:
        frozen = self._frozen.is_set()
        if not frozen:
            self._scan += step * self._scan_share
        if self._cables.is_dark:
            return blue(self._screen.width, self._screen.height)
        pixels = self._screen.draw(number, int(self._scan), number / self._fps, frozen)
        return self._screen.list_over(pixels) if self._lists.is_set() else pixels


def open_synthetic(address: str, *, size: str, fps: float, color_range: str) -> SyntheticSource:
    """`synthetic:?size=1920x1080&fps=30&scan_fps=12&seed=1`; all options may be absent.

    `size` is used where the address names none; `fps` above 0 is an upper bound; the range is always full, whatever
    `color_range` says. Raises SourceError for an option that it cannot use.
    """
    parsed = parse_address("synthetic", address, ("size", "fps", "scan_fps", "seed"))
    wish = wished(parsed, size=(1280, 720), fps=30.0, set_size=size, most_fps=fps)
    return SyntheticSource(wish.width, wish.height, wish.fps, parsed.number("scan_fps", 0.0), wish.seed)
