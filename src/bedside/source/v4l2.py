"""v4l2: a capture device on Linux, spoken to directly, because only the kernel knows ages, losses and unplugging."""

import logging
import select
from dataclasses import dataclass
from pathlib import Path

from bedside import clock
from bedside.errors import NoSignal, SourceError
from bedside.source import v4l2_abi as abi
from bedside.source.devices import DEV, Identity, find, identify, measure_node
from bedside.source.size import parse_size
from bedside.source.source import Grab
from bedside.source.v4l2_mode import choose
from bedside.source.v4l2_node import Mode, Node
from bedside.source.v4l2_stream import Stream

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""So often the driver is asked what the cable carries."""
WEDGED_AFTER_S = 5.0
"""A device that delivers nothing for so long is closed and opened anew."""
SAME_CLOCK = 0.02
"""Receivers measure the pixel clock; a difference below this share is the same picture."""


class V4l2Source:
    """One open capture device. See `Source`; `open_v4l2` makes them."""

    commands: tuple[str, ...] = ()

    def __init__(self, node: Node, stream: Stream, timings: abi.Timings | None, identity: Identity) -> None:
        layout = stream.layout
        self.device = f"{node.card}, {layout.width}x{layout.height} {layout.code}"
        self.color_range = layout.color_range
        self.identity = identity
        self._node, self._stream, self._timings = node, stream, timings
        self._sees_nothing = node.sees_nothing()
        self._looked_ns = self._taken_ns = clock.monotonic_ns()

    def read(self, timeout_s: float) -> Grab | None:
        """The newest picture in the driver's queue; see `Source.read`."""
        end_ns = clock.monotonic_ns() + int(timeout_s * clock.NS_PER_S)
        while True:
            now_ns = clock.monotonic_ns()
            look_ns = self._looked_ns + int(LOOK_EVERY_S * clock.NS_PER_S)
            if now_ns >= look_ns:
                self._look(now_ns)
                look_ns = now_ns + int(LOOK_EVERY_S * clock.NS_PER_S)
            if (grab := self._wait((min(end_ns, look_ns) - now_ns) / clock.NS_PER_S)) is not None:
                return grab
            if clock.monotonic_ns() >= end_ns:
                self._refuse_silence()
                return None

    def control(self, command: str) -> None:
        """Nothing can be asked of a real scanner. Raises SourceError."""
        raise SourceError(f"{command}: a capture device cannot do that; press the button on the scanner itself")

    def state(self) -> None:
        """There is nothing to tell."""

    def close(self) -> None:
        """Stop and give the device back; harmless when done twice."""
        self._stream.close()
        self._node.close()

    def _wait(self, seconds: float) -> Grab | None:
        events = self._stream.wait(seconds)
        if events & select.POLLPRI:
            self._drain_events()
            self._look(clock.monotonic_ns())
        if not events & ~select.POLLPRI:
            return None
        taken = self._stream.newest()
        if taken is None:
            if events & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                self._node.input()  # raises Unplugged when that is why
                raise SourceError(f"{self.device}: the driver has stopped the stream")
            return None
        self._taken_ns = clock.monotonic_ns()
        return Grab(taken.pixels, taken.captured_ns, taken.drops, taken.skips, self._sees_nothing)

    def _refuse_silence(self) -> None:
        """Nothing came in time: say why, where that is known."""
        if self._sees_nothing:
            raise NoSignal(f"{self._node.card}: no picture on the cable; check the cable and the scanner")
        if clock.age_ms(self._taken_ns) > WEDGED_AFTER_S * 1000:
            raise SourceError(f"{self.device}: delivered nothing for {WEDGED_AFTER_S:g} s; it is opened anew")

    def _look(self, now_ns: int) -> None:
        """Ask what the cable carries; SourceError when that is another picture than the one that is set."""
        self._looked_ns = now_ns
        try:
            arrives = self._node.timings()
        except NoSignal:
            self._sees_nothing = True
            return
        self._sees_nothing = self._node.is_dark()
        if self._sees_nothing or arrives is None or self._timings is None:
            return
        if not _is_same(arrives, self._timings):
            raise SourceError(f"{self._node.card}: the picture on the cable is now {arrives.width}x{arrives.height}")

    def _drain_events(self) -> None:
        event = abi.Event(pending=1)
        while event.pending:
            self._node.ask(abi.VIDIOC_DQEVENT, event, "asking what has changed")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about a device at an address."""

    identity: Identity
    modes: dict[tuple[int, int] | None, Mode]
    """The mode that measured best, by the size of the picture."""


class Opener:
    """Opens capture devices, and remembers which device an address meant and which mode was best."""

    def __init__(self, dev: Path = DEV) -> None:
        self._dev = dev
        self._known: dict[str, _Known] = {}

    def __call__(self, address: str, *, size: str, fps: float, color_range: str) -> V4l2Source:
        """`address` is a path, a part of the device's name, or empty for the first one.

        Raises Unplugged, NoSignal, or SourceError with what to do.
        """
        wanted = parse_size(size)
        known = self._known.get(address)
        path, _ = find(address, known.identity if known else None, self._dev)
        node = Node(path)
        try:
            identity = identify(node, self._dev)
            known = self._known.setdefault(address, _Known(identity, {}))
            return self._open(node, known, wanted, fps, color_range)
        except BaseException:
            node.close()
            raise

    def _open(
        self, node: Node, known: _Known, wanted: tuple[int, int] | None, fps: float, color_range: str
    ) -> V4l2Source:
        node.listen()
        timings = node.timings()
        if timings is not None:
            node.ask(abi.VIDIOC_S_DV_TIMINGS, timings, "following the picture on the cable")
        key = wanted or (None if timings is None else (timings.width, timings.height))
        mode = known.modes.get(key)
        if mode is None:
            # The rate of a device that follows its cable is the cable's; there is nothing to measure.
            measure = _rate_of_cable if timings else (lambda each: measure_node(node, each))
            mode = choose(_modes(node, timings), key, measure)
            _log.info("%s: takes %s", node.path, mode)
        stream = Stream(node, mode, fps, color_range)
        try:
            got = (stream.layout.width, stream.layout.height)
            if wanted is not None and got != wanted:
                raise SourceError(
                    f"[source] size is {wanted[0]}x{wanted[1]}; {node.card} delivers {got[0]}x{got[1]}; "
                    "set that, or leave it empty"
                )
            source = V4l2Source(node, stream, timings, known.identity)
        except BaseException:
            stream.close()
            raise
        known.modes[key] = mode
        return source


open_v4l2 = Opener()
"""The opener of this process: see Opener.__call__."""


def _modes(node: Node, timings: abi.Timings | None) -> list[Mode]:
    """What can be chosen from; a device that follows its cable first has the size of what arrives there."""
    modes = node.modes()
    if timings is None:
        return modes
    fps = _fps(timings)
    size = (timings.width, timings.height)
    native = [Mode(code, *size, fps) for code in node.formats()]
    return native + [mode for mode in modes if (mode.width, mode.height) != size]


def _rate_of_cable(mode: Mode) -> float:
    return mode.announced_fps or 1.0


def _fps(timings: abi.Timings) -> float:
    across = timings.width + sum(timings.porches[0:3])
    down = timings.height + sum(timings.porches[3:6])
    return float(timings.pixelclock) / (across * down) if across and down else 0.0


def _is_same(one: abi.Timings, other: abi.Timings) -> bool:
    if (one.width, one.height, one.interlaced) != (other.width, other.height, other.interlaced):
        return False
    clocks = (int(one.pixelclock), int(other.pixelclock))
    return max(clocks) - min(clocks) <= SAME_CLOCK * max(clocks)
