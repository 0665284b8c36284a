"""phantom: a fetus and an ultrasound probe, drawn; a person steers the probe. `phantom/` draws it."""

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from bedside import clock
from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.phantom.concepts import PLANES
from bedside.phantom.scanner import Scanner
from bedside.source.address import parse_address
from bedside.source.commands import OFFERED
from bedside.source.drawn import Beat, Cables, wished
from bedside.source.source import Grab
from bedside.source.synthetic_screen import blue

NAME = "the phantom's scanner"
FRESH_STATE_MS = 200.0
"""The state is worked out anew at most so often, however many ask: a picture's truth costs more than the picture."""


class Tells(Protocol):
    """What holds of a scanner at one moment, such as phantom.glance.Glance; nothing in it changes."""

    def state(self) -> dict[str, Any]:
        """Where the probe is, and what is true of the picture; takes a while."""


class Scans(Protocol):
    """A scanner over a phantom, such as phantom.scanner.Scanner."""

    def apply(self, command: str) -> None:
        """Do what a person asked for; raises SourceError for what it cannot do."""

    def frame(self, elapsed_s: float) -> Pixels:
        """Its screen."""

    def glance(self) -> Tells:
        """What holds now, at once."""


class PhantomSource:
    """Shows the scanner's screen `fps` times a second."""

    color_range = "full"
    commands = OFFERED["phantom"]

    def __init__(self, scanner: Scans, device: str, size: tuple[int, int], fps: float) -> None:
        self.device = device
        self._size = size
        self._fps = fps
        self._scanner = scanner
        self._lock = threading.Lock()  # the scanner is drawn, steered and asked by three threads
        self._asking = threading.Lock()  # one of those who ask works the state out, while pictures go on
        self._beat = Beat(fps)
        self._cables = Cables(NAME)
        self._commands = 0
        self._told: tuple[int, int, dict[str, Any]] | None = None

    def read(self, timeout_s: float) -> Grab | None:
        """The picture that is due next; see Source."""
        self._cables.check()
        return self._beat.read(self._draw, timeout_s)

    def control(self, command: str) -> None:
        """Steer the probe, turn a knob or pull a cable: the words are in docs/howto/phantom.md."""
        if self._cables.pull(command):
            return
        with self._lock:
            self._scanner.apply(command)
            self._commands += 1

    def state(self) -> Mapping[str, Any]:
        """Where the probe is, and the phantom's truth about the newest picture."""
        with self._asking:
            if self._told is not None:
                after, told_ns, state = self._told
                if after == self._commands and clock.age_ms(told_ns) < FRESH_STATE_MS:
                    return state
            with self._lock:
                after, told_ns, glance = self._commands, clock.monotonic_ns(), self._scanner.glance()
            state = glance.state()
            self._told = after, told_ns, state
            return state

    def close(self) -> None:
        """There is nothing to give back."""

    def _draw(self, number: int, _: int) -> Pixels:
        if self._cables.is_dark:
            return blue(*self._size)
        with self._lock:
            return self._scanner.frame(number / self._fps)


def open_phantom(address: str, *, size: str, fps: float, color_range: str) -> PhantomSource:
    """`phantom:?seed=3&fps=25&size=960x720&sweep=1&start=head`; all options may be absent.

    `seed` chooses mother and fetus. The probe begins near the plane `start`; with `sweep` it goes over all four by
    itself until somebody steers. `size` is used where the address names none; `fps` above 0 is an upper bound; the
    range is always full, whatever `color_range` says. Raises SourceError for an option that it cannot use.
    """
    parsed = parse_address("phantom", address, ("seed", "fps", "size", "sweep", "start"))
    wish = wished(parsed, size=(960, 720), fps=25.0, set_size=size, most_fps=fps)
    start = parsed.options.get("start", "head")
    if start not in PLANES:
        raise SourceError(f"{parsed.whole}: start is {start!r}; expected one of {', '.join(PLANES)}")
    shown = (wish.width, wish.height)
    scanner = Scanner(wish.seed, shown)
    scanner.apply(f"go {start}")
    if parsed.flag("sweep"):
        scanner.apply("sweep on")
    device = f"phantom {wish.seed}, {wish.width}x{wish.height} at {wish.fps:g} fps"
    return PhantomSource(scanner, device, shown, wish.fps)
