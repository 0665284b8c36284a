"""What sources that draw their picture share: an address of options alone, the pace of a real device, and the cables
that can be pulled."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.messages import Pixels
from bedside.source.address import Address
from bedside.source.source import Grab

FORGETS = 0.9
"""How much of the longest drawing time is still counted on at the next picture."""
SEED_DIGITS = 20
MARGIN = 1.3
"""Drawing begins so many of its own lengths before the picture is due."""


@dataclass(frozen=True)
class Wished:
    """What the address of a drawn picture asks for."""

    width: int
    height: int
    fps: float
    seed: int


def wished(parsed: Address, *, size: tuple[int, int], fps: float, set_size: str, most_fps: float) -> Wished:
    """The options `size`, `fps` and `seed`; `size` (width, height) and `fps` are used where the address names none.

    `set_size` comes between the two, such as 1280x720; `most_fps` above 0 is an upper bound. Raises SourceError for a
    place, or an option that cannot be used.
    """
    if parsed.place:
        raise SourceError(f"{parsed.whole}: expected nothing but options after the colon, such as ?seed=3")
    width, height = parsed.size(size, set_size)
    if not (320 <= width <= 4096 and 240 <= height <= 4096):
        raise SourceError(f"{parsed.whole}: size is {width}x{height}; expected 320x240 to 4096x4096")
    pace = parsed.number("fps", fps, least=0.1)
    seed = parsed.options.get("seed", "0")
    if not (seed.isdecimal() and len(seed) <= SEED_DIGITS):
        raise SourceError(f"{parsed.whole}: seed is {seed!r}; expected a number of at most {SEED_DIGITS} digits")
    return Wished(width, height, min(pace, most_fps) if most_fps > 0 else pace, int(seed))


class Beat:
    """One picture each 1/`fps` seconds; whoever is late gets the newest, and the skipped are counted.

    A picture is drawn as late as its drawing takes, so that what a person does is in the very next one.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._start_ns = clock.monotonic_ns()
        self._number = 0
        self._drawing_ns = 0.0

    def read(self, draw: Callable[[int, int], Pixels], timeout_s: float) -> Grab | None:
        """The picture that is due next; None when it is not due within `timeout_s`.

        `draw` gets its number, and how many numbers lie between it and the one before, 1 when none was skipped.
        """
        now = clock.monotonic_ns()
        number = max(self._number + 1, int((now - self._start_ns) * self._fps / clock.NS_PER_S))
        due_ns = self._start_ns + round(number * clock.NS_PER_S / self._fps)
        if due_ns - now > timeout_s * clock.NS_PER_S:
            clock.wait_s(timeout_s)
            return None
        steps, self._number = number - self._number, number
        _wait_until(due_ns - MARGIN * self._drawing_ns)
        began_ns = clock.monotonic_ns()
        pixels = draw(number, steps)
        self._drawing_ns = max(clock.monotonic_ns() - began_ns, self._drawing_ns * FORGETS)
        _wait_until(due_ns)
        return Grab(pixels, due_ns, skips=steps - 1)


class Cables:
    """The picture's cable and the device's plug; `device` is what is unplugged, for the message.

    May be pulled from another thread.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._dark = threading.Event()
        self._unplugged = threading.Event()

    @property
    def is_dark(self) -> bool:
        """Whether the cable carries no picture."""
        return self._dark.is_set()

    def pull(self, command: str) -> bool:
        """`signal off`, `signal on` or `unplug`; False for any other command."""
        if command == "signal off":
            self._dark.set()
        elif command == "signal on":
            self._dark.clear()
        elif command == "unplug":
            self._unplugged.set()
        else:
            return False
        return True

    def check(self) -> None:
        """Raises Unplugged when the plug was pulled."""
        if self._unplugged.is_set():
            raise Unplugged(f"{self._device} was unplugged by command; it comes back when it is opened again")


def _wait_until(due_ns: float) -> None:
    clock.wait_s((due_ns - clock.monotonic_ns()) / clock.NS_PER_S)
