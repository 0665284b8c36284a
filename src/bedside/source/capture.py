"""The whole source side as one loop: open, read, judge, crop, hand on; and open again, for ever."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bedside import clock
from bedside.errors import BedsideError, EndOfSource, Misfit, NoSignal, SourceError, Unplugged, Withheld
from bedside.messages import Frame, Pixels, Signal, Status
from bedside.source.framing import framing_by_hand
from bedside.source.privacy import Privacy
from bedside.source.schemes import opener
from bedside.source.signal import SignalJudge
from bedside.source.source import Grab, Source
from bedside.thinner import Thinner

_log = logging.getLogger(__name__)

Publish = Callable[[Frame, Pixels], None]
Report = Callable[[Status], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds."""

    poll_s: float = 0.1
    """One read waits no longer, so that stopping and stalling are noticed."""
    stalled_after_s: float = 1.0
    report_every_s: float = 0.5
    retry_first_s: float = 0.1
    retry_most_s: float = 1.0
    measured_over_s: float = 2.0
    """The frame rate is that of the last so many seconds."""


class Capture:
    """Keeps one source delivering. Build it, then call `run` in a thread of its own.

    `crop`, `mask` and `fan` are in pixels of the source's whole picture; with `size` set, a picture of another size is
    not handed on while there is a crop or a mask. `privacy`, where it is given, says in place of these what may leave.
    `placeholder` is what the box shows without a signal, RGB [height, width, 3]. Frames are numbered from `first_seq`;
    numbers left out are pictures that were lost or passed over. Raises SettingsError or Misfit for settings that can
    never work.
    """

    def __init__(
        self,
        url: str,
        *,
        size: str = "",
        fps: float = 0.0,
        color_range: str = "auto",
        crop: Sequence[int] = (),
        mask: Sequence[Sequence[int]] = (),
        fan: Sequence[int] = (),
        placeholder: Pixels | None = None,
        frozen_after_s: float = 0.7,
        first_seq: int = 1,
        open_source: Callable[[], Source] | None = None,
        pace: Pace = Pace(),
        privacy: Privacy | None = None,
    ) -> None:
        self._open = open_source or opener(url, size=size, fps=fps, color_range=color_range)
        self._privacy = privacy or Privacy(framing_by_hand(crop, mask, fan, size))
        self._framing = self._privacy.framing
        # The judge sees the whole picture, so that fan, crop and masks are all told in the same pixels.
        self._new_judge: Callable[[], SignalJudge] = lambda: SignalJudge(
            frozen_after_s, self._framing.fan or self._framing.crop, placeholder
        )
        self._judge = self._new_judge()
        self._thinner = Thinner(fps)
        self._pace = pace
        self._next_seq = first_seq
        self._source: Source | None = None
        self._opened = 0
        self._stamps: deque[int] = deque(maxlen=1000)
        self._status = Status(Signal.STALLED, "opening the source", source=url)
        self._reported_ns = 0
        self._report: Report = lambda _: None

    def run(self, publish: Publish, report: Report, stop: threading.Event) -> None:
        """Deliver until `stop` is set; blocks. Both callbacks are called from this thread and must not wait.

        `publish` gets each frame with its pixels, `report` every change and a status at least every half second.
        """
        self._report = report
        self._send()
        delay_s = self._pace.retry_first_s
        while not stop.is_set():
            delivered = self._status.captured
            try:
                self._use_source(publish, stop)
                return
            except EndOfSource as error:
                self._say(Signal.ENDED, str(error))
                self._wait(stop, float("inf"))
                return
            except BedsideError as error:
                self._say(_state_of(error, was_open=self._status.captured > delivered), str(error))
            except Exception as error:  # a source must not end the capture, whatever its libraries throw
                sentence = f"the source failed: {error!r}; the log says where"
                if sentence != self._status.message:  # once is enough: it is tried again each second
                    _log.exception("the source failed in a way that it should not")
                self._say(Signal.ERROR, sentence)
            if self._status.captured > delivered:
                delay_s = self._pace.retry_first_s
            self._wait(stop, delay_s)
            delay_s = min(delay_s * 2, self._pace.retry_most_s)

    def control(self, command: str) -> None:
        """Pass a person's command to the open source. Raises SourceError when it cannot do that, or none is open."""
        source = self._source
        if source is None:
            raise SourceError(f"{command}: the source is not open; try again when the picture is back")
        source.control(command)

    @property
    def commands(self) -> tuple[str, ...]:
        """First words of what the open source can do; empty when none is open."""
        source = self._source
        return () if source is None else source.commands

    def state(self) -> Mapping[str, Any] | None:
        """What the open source tells of itself, or None."""
        source = self._source
        return None if source is None else source.state()

    def _use_source(self, publish: Publish, stop: threading.Event) -> None:
        """Open and read until `stop` is set, or something is raised."""
        source = self._source = self._open()
        try:
            self._opened += 1
            self._judge = self._new_judge()
            self._status = replace(
                self._status, device=source.device, color_range=source.color_range, reopens=self._opened - 1
            )
            last_ns = clock.monotonic_ns()
            while not stop.is_set():
                grab = source.read(self._pace.poll_s)
                now_ns = clock.monotonic_ns()
                if grab is not None:
                    last_ns = now_ns
                    self._deliver(grab, publish)
                elif clock.age_ms(last_ns, now_ns) >= self._pace.stalled_after_s * 1000:
                    self._stamps.clear()
                    self._say(Signal.STALLED, "the device is there, but delivers nothing")
                self._say_again()
        finally:
            self._source = None
            self._stamps.clear()
            source.close()

    def _deliver(self, grab: Grab, publish: Publish) -> None:
        """Judge, crop and hand on one picture, or say why it must not leave."""
        self._next_seq += grab.drops + grab.skips
        self._status = replace(
            self._status, drops=self._status.drops + grab.drops, skips=self._status.skips + grab.skips
        )
        if not self._thinner.takes(grab.captured_ns):
            return
        if self._framing is not self._privacy.framing:
            self._framing = self._privacy.framing
            self._judge = self._new_judge()
        judge = self._judge
        signal = judge.judge(grab.pixels, grab.captured_ns, grab.no_signal)
        self._privacy.look(grab.pixels, judge.grid, judge.thumbnail, grab.captured_ns, signal)
        self._status = replace(self._status, warning=self._privacy.warning)
        try:
            self._privacy.hand_on(grab.pixels, lambda pixels: self._publish(grab, signal, pixels, publish))
        except (Misfit, Withheld) as error:
            if signal is Signal.NO_SIGNAL:  # a box's placeholder may have any size
                self._say(signal, "")
            else:
                self._say(Signal.WITHHELD if isinstance(error, Withheld) else Signal.ERROR, str(error))

    def _publish(self, grab: Grab, signal: Signal, pixels: Pixels, publish: Publish) -> None:
        """Name the frame and hand it on."""
        self._stamps.append(grab.captured_ns)
        height, width = pixels.shape[:2]
        wall_ns = clock.wall_ns() - (clock.monotonic_ns() - grab.captured_ns)
        frame = Frame(self._next_seq, grab.captured_ns, wall_ns, width, height, signal)
        self._next_seq += 1
        self._say(signal, "", width=width, height=height, captured=self._status.captured + 1)
        publish(frame, pixels)

    def _wait(self, stop: threading.Event, seconds: float) -> None:
        """Wait, and go on saying how things are."""
        end_ns = clock.monotonic_ns() + seconds * clock.NS_PER_S
        while not stop.is_set() and (left_s := (end_ns - clock.monotonic_ns()) / clock.NS_PER_S) > 0:
            stop.wait(min(left_s, self._pace.report_every_s / 2))
            self._say_again()

    def _say(self, signal: Signal, message: str, **numbers: Any) -> None:
        """Note how things are, and report at once when that is news."""
        before = self._status
        self._status = replace(before, signal=signal, message=message, **numbers)
        if _news(before) != _news(self._status):
            _log.log(logging.INFO if signal.has_picture else logging.WARNING, "%s %s", signal, message)
            self._send()

    def _say_again(self) -> None:
        """Report when the last report is too old."""
        if clock.age_ms(self._reported_ns) >= self._pace.report_every_s * 1000:
            self._send()

    def _send(self) -> None:
        self._reported_ns = clock.monotonic_ns()
        self._status = replace(self._status, fps=self._fps())
        self._report(self._status)

    def _fps(self) -> float:
        """Frames per second over the last seconds, by the times of capture."""
        stamps = self._stamps
        while len(stamps) > 2 and stamps[-1] - stamps[0] > self._pace.measured_over_s * clock.NS_PER_S:
            stamps.popleft()
        if len(stamps) < 2 or stamps[-1] <= stamps[0]:
            return 0.0
        return round((len(stamps) - 1) * clock.NS_PER_S / (stamps[-1] - stamps[0]), 2)


def _news(status: Status) -> tuple[object, ...]:
    """What of a status is worth a report of its own."""
    numbers = status.device, status.width, status.height, status.color_range
    return status.signal, status.message, status.warning, *numbers


def _state_of(error: BedsideError, was_open: bool) -> Signal:
    if isinstance(error, Unplugged):
        return Signal.UNPLUGGED
    if isinstance(error, NoSignal):
        return Signal.NO_SIGNAL
    if isinstance(error, SourceError) and was_open:
        return Signal.STALLED  # it has delivered, so it is set rightly: what broke is the stream
    return Signal.ERROR
