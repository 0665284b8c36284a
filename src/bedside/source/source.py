"""What every source is: opened once, read until it raises, closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bedside.messages import Pixels


@dataclass(frozen=True, slots=True)
class Grab:
    """One picture as it came from the device."""

    pixels: Pixels
    """RGB, uint8 [height, width, 3], full range, the whole picture; owned by whoever receives it."""
    captured_ns: int
    """When the device captured it, monotonic."""
    drops: int = 0
    """Pictures that the device or its driver lost just before this one."""
    skips: int = 0
    """Pictures that were passed over just before this one, because this one was already there."""
    no_signal: bool = False
    """The driver says that the cable carries no picture; what it delivers is its own filler."""


class Source(Protocol):
    """One opened source. `read` blocks, so it is called in a thread of its own."""

    device: str
    """The device's own name and mode, such as `USB Capture HDMI, 1920x1080 YUYV`."""
    color_range: str
    """What the device delivers: `full`, `limited`, or empty when unknown."""
    commands: tuple[str, ...]
    """First words of what `control` can do; empty for a device that has buttons of its own."""

    def read(self, timeout_s: float) -> Grab | None:
        """The newest picture; None when none came within `timeout_s`.

        Raises Unplugged when the device has gone, NoSignal when its cable carries no picture, EndOfSource when a
        recording is over, and SourceError when the source cannot go on. After a raise it is closed and opened anew.
        """

    def control(self, command: str) -> None:
        """Do what a person asked for, such as `freeze` or `unfreeze`; may be called from another thread.

        Raises SourceError when this source cannot do that.
        """

    def state(self) -> Mapping[str, Any] | None:
        """What the source tells of itself, such as where a phantom's probe is, fit for JSON; may be called from another
        thread. None when it has nothing to tell."""

    def close(self) -> None:
        """Give the device back; harmless when done twice."""
