"""What sources that draw their picture share: the pace of a real device, and the cables that can be pulled."""

import threading
from collections.abc import Callable

from bedside import clock
from bedside.errors import Unplugged
from bedside.messages import Pixels
from bedside.source.source import Grab

FORGETS = 0.9
"""How much of the longest drawing time is still counted on at the next picture."""
MARGIN = 1.3
"""Drawing begins so many of its own lengths before the picture is due."""


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
