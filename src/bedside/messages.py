"""What the parts tell each other: frozen dataclasses, grouped by who sends them.

Times called `_ns` are nanoseconds on the machine's monotonic clock (see `clock.py`), `wall_ns` since 1970 in UTC.
Pixels are RGB, uint8, [height, width, 3], full range, after crop and mask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB picture, uint8 [height, width, 3]."""


# From the broadcaster


class Signal(StrEnum):
    """What the picture on the cable is worth."""

    LIVE = "live"
    """The picture moves."""
    FROZEN = "frozen"
    """The device delivers, but the fan stands still: somebody pressed freeze on the scanner."""
    NO_SIGNAL = "no_signal"
    """The box is there and the cable carries no picture, or the box shows its placeholder picture."""
    STALLED = "stalled"
    """The box is there and has stopped to deliver."""
    UNPLUGGED = "unplugged"
    """The box is not there."""
    ENDED = "ended"
    """A recorded source has come to its end."""
    ERROR = "error"
    """The source cannot be used as it is set; the status message says why."""
    OFFLINE = "offline"
    """The broadcaster itself cannot be reached; a subscriber says this, never a broadcaster."""

    WITHHELD = "withheld"
    """The picture is there, and nobody gets it: its masks may not fit, or are being set up; the message says which."""

    @property
    def has_picture(self) -> bool:
        """Whether the newest picture shows what the scanner shows now."""
        return self in (Signal.LIVE, Signal.FROZEN)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, named once at the source. Its pixels lie in the ring, or in `jpeg` for remote subscribers."""

    seq: int
    """Sequence number given at the source, from 1; grows by one per captured frame, gaps are losses."""
    captured_ns: int
    """When the device captured it, monotonic."""
    wall_ns: int
    """The same moment in wall time."""
    width: int
    height: int
    signal: Signal
    published_ns: int = 0
    """When it lay in the ring, monotonic."""
    jpeg: bytes | None = field(default=None, repr=False)
    """The picture as JPEG, for a subscriber that asked for it."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the source is doing; sent on every change and twice a second."""

    signal: Signal
    message: str = ""
    """One sentence for a person; empty when there is nothing to say."""
    source: str = ""
    """The source's address as set, such as `v4l2:/dev/video0`."""
    device: str = ""
    """The device's own name and mode, such as `USB Capture HDMI, 1920x1080 YUYV`."""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    """Measured frames per second over the last seconds."""
    color_range: str = ""
    """What the device delivered: `full`, `limited`, or empty when unknown. Pixels on the bus are always full."""
    captured: int = 0
    """Frames since the broadcaster started."""
    drops: int = 0
    """Frames that the device or its driver lost (gaps in the kernel's sequence)."""
    skips: int = 0
    """Frames that were passed over because a newer one was there."""
    reopens: int = 0
    """How often the source was opened again."""
    warning: str = ""
    """One sentence for a band on every page: why names may show. Empty when there is nothing to warn of."""


# From a subscriber


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames that never reached this subscriber."""

    first_seq: int
    count: int
    where: str
    """`source` (never captured), `bus` (not handed on in time) or `mailbox` (the subscriber was too slow)."""


# From the router


class EngineState(StrEnum):
    """One engine's life."""

    NEW = "NEW"
    """Not asked yet."""
    STARTING = "STARTING"
    """Its process is loading the model, or is not up yet."""
    READY = "READY"
    """Waits for a frame."""
    BUSY = "BUSY"
    """Computes an answer."""
    FAILED = "FAILED"
    """Does not come up, or cannot answer; the message says why. It is tried again."""
    DEAD = "DEAD"
    """Was up, and is gone or hangs. It is tried again."""

    @property
    def is_well(self) -> bool:
        """Whether answers can be expected."""
        return self in (EngineState.READY, EngineState.BUSY)


@dataclass(frozen=True, slots=True)
class Timing:
    """Where one answer's time went, monotonic nanoseconds of this machine."""

    captured_ns: int
    published_ns: int
    """The frame lay in the ring."""
    taken_ns: int
    """The router took it for this engine."""
    asked_ns: int
    """The request left."""
    answered_ns: int
    """The answer was read."""
    model_ms: float
    """Time inside the model's own code, as the engine's process measured it."""
    free_ns: int = 0
    """Since when the engine could have been asked: it had answered its last frame, or just become well."""

    @property
    def due_ns(self) -> int:
        """When asking became possible: the frame lay in the ring and the engine was free."""
        return min(max(self.published_ns, self.free_ns), self.taken_ns)

    @property
    def added_ms(self) -> float:
        """What Bedside added: from when asking became possible to holding the answer, less the model's own time."""
        return (self.answered_ns - self.due_ns) / 1e6 - self.model_ms

    @property
    def stages_ms(self) -> dict[str, float]:
        """Where the time went, in order; all but `capture` and `model` is what Bedside added."""
        return {
            "capture": (self.published_ns - self.captured_ns) / 1e6,
            "announce": (self.taken_ns - self.due_ns) / 1e6,
            "stage": (self.asked_ns - self.taken_ns) / 1e6,
            "request": (self.answered_ns - self.asked_ns) / 1e6 - self.model_ms,
            "model": self.model_ms,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One engine's answer to one frame, or why there is none."""

    engine: str
    seq: int
    timing: Timing
    answer: Mapping[str, Any] = field(default_factory=dict)
    """The fields of docs/reference/result.md; arrays are numpy arrays."""
    error: str = ""
    """One sentence when the model failed on this frame; then `answer` is empty."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Of an answer that several engines make together: those that are not in it, and why, such as `late`."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What one engine is doing; sent on every change of state."""

    engine: str
    state: EngineState
    message: str = ""
    answers: int = 0
    errors: int = 0
    restarts: int = 0
    """How often it came back after it had been gone."""
    answered_ns: int = 0
    """When the last answer was read, monotonic; 0 when there was none. Health is the age of this."""
    asked_ns: int = 0
    """When the running request left, monotonic; 0 when none runs."""
    model_ms: float = 0.0
    """Median of the last answers."""
    added_ms: float = 0.0
    """Median of the last answers."""
    fps: float = 0.0
    """Answers per second over the last seconds."""
    late: int = 0
    """Answers that were dropped, since one to a newer frame was out already."""
    passed_over: int = 0
    """Frames that a newer one replaced before the engine was free, or its window had them. That is no fault."""
    replicas: int = 1
    """So many frames can be in flight."""
    replicas_well: int = 0
    """So many of them can be asked now."""
    waits: bool = False
    """It is not asked now, and no answer is due; the message says what it waits for."""
    holds: bool = False
    """Its newest answer counts until the scanner moves again; none is due before."""
    rest_s: float = 0.0
    """By its setting so long lies between two questions at least."""
    takes_corrections: bool = False
    """A person may correct an answer of it, and it answers that frame again."""


# From the recorder


class RecorderState(StrEnum):
    """What the recorder is doing."""

    IDLE = "idle"
    """Nobody wants a recording."""
    RECORDING = "recording"
    """Pictures go to the disk."""
    WAITING = "waiting"
    """A recording is wanted and there is no picture; it goes on by itself."""
    FAILED = "failed"
    """A recording is wanted and cannot be made; the message says why and what to do."""
    GONE = "gone"
    """The recorder's process does not answer; whoever reads its status says this, never the recorder."""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """What the recorder is doing; written on every change and twice a second."""

    state: RecorderState
    message: str = ""
    """One sentence for a person; empty when there is nothing to say."""
    session: str = ""
    """Name of the session's folder."""
    since_ns: int = 0
    """Since when it records without a stop by a person, monotonic; 0 when nothing is recorded."""
    frames: int = 0
    """In the video of this session."""
    losses: int = 0
    """Frames of this session that are not in the video and were wanted there."""
    video_bytes: int = 0
    """Of this session's video."""
    free_bytes: int = 0
    """On the disk."""
    pid: int = 0
    written_ns: int = 0
    """When this was said, monotonic."""


# From a person at a page


@dataclass(frozen=True, slots=True)
class Scale:
    """What was measured on the scanner's ruler. It holds for pictures of this size alone."""

    pixel_spacing_mm: float
    """Millimetres a pixel of the whole picture; pixels are square."""
    picture_px: tuple[int, int]
    """[width, height] of that picture."""


Event = Frame | Status | Loss | Result | EngineStatus
"""What travels inside the server, from the subscriber and the router to the hub."""
