"""The capture loop keeps a source delivering: every state is said, every recovery happens, numbers only grow."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from bedside import clock
from bedside.errors import BusError, EndOfSource, Misfit, NoSignal, SettingsError, SourceError, Unplugged
from bedside.messages import Frame, Pixels, Signal, Status
from bedside.source.capture import Capture, Pace
from bedside.source.source import Grab

QUICK = Pace(poll_s=0.01, stalled_after_s=0.05, report_every_s=0.05, retry_first_s=0.01, retry_most_s=0.05)
DEADLINE_S = 10


class Box:
    """A capture device with a dial: set what it does next, from the test's thread."""

    def __init__(self) -> None:
        self.opens: list[Exception | None] = []
        """What opening does, in order; None is success, and so is the end of the list."""
        self.trouble: Exception | None = None
        self.is_silent = False
        self.no_signal = False
        self.shape = (48, 64)
        self.drops = 0
        self.skips = 0
        self.period_ns = 10_000_000
        self.opened = 0
        self.closed = 0
        self.asked: list[str] = []
        self._random = np.random.default_rng(0)

    def open(self) -> "OpenBox":
        """Opens, or raises what the dial says."""
        if self.opens and (error := self.opens.pop(0)) is not None:
            raise error
        self.opened += 1
        return OpenBox(self)

    def picture(self) -> Pixels:
        """Noise: it moves, and it is no filler."""
        return self._random.integers(0, 256, (*self.shape, 3)).astype(np.uint8)


class OpenBox:
    """The open source of a Box."""

    color_range = "limited"
    commands: tuple[str, ...] = ("freeze",)

    def __init__(self, box: Box) -> None:
        self._box = box
        self.device = f"box, {box.shape[1]}x{box.shape[0]}"
        self._captured_ns = clock.monotonic_ns()

    def read(self, timeout_s: float) -> Grab | None:
        """A picture at the box's pace, silence, or trouble."""
        box = self._box
        if box.trouble is not None:
            trouble, box.trouble = box.trouble, None
            raise trouble
        if box.is_silent:
            clock.wait_s(timeout_s)
            return None
        clock.wait_s(0.001)
        self._captured_ns += box.period_ns
        drops, skips, box.drops, box.skips = box.drops, box.skips, 0, 0
        return Grab(box.picture(), self._captured_ns, drops, skips, box.no_signal)

    def control(self, command: str) -> None:
        """Obeys."""
        self._box.asked.append(command)

    def state(self) -> dict[str, object]:
        """What was asked of it."""
        return {"asked": self._box.asked}

    def close(self) -> None:
        """Counts."""
        self._box.closed += 1


@dataclass
class Heard:
    """What a capture said, and a way to wait for it."""

    frames: list[Frame] = field(default_factory=list)
    pixels: list[Pixels] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    full: BusError | None = None
    _looked_at: int = 0
    _found: int = -1

    def publish(self, frame: Frame, pixels: Pixels) -> None:
        """Keeps a frame, unless there is no room for it, once."""
        with self.changed:
            if self.full is not None:
                full, self.full = self.full, None
                raise full
            self.frames.append(frame)
            self.pixels.append(pixels)
            self.changed.notify_all()

    def report(self, status: Status) -> None:
        """Keeps a status."""
        with self.changed:
            self.statuses.append(status)
            self.changed.notify_all()

    def wait(self, true: Callable[[], bool]) -> None:
        """Until it is so; fails after the deadline."""
        with self.changed:
            assert self.changed.wait_for(true, DEADLINE_S), [(s.signal, s.message) for s in self.statuses[-5:]]

    def wait_for(self, signal: Signal) -> Status:
        """The first status with that signal after the one that this gave last."""

        def has_come() -> bool:
            later = range(self._looked_at, len(self.statuses))
            self._found = next((n for n in later if self.statuses[n].signal is signal), -1)
            return self._found >= 0

        self.wait(has_come)
        self._looked_at = self._found + 1
        return self.statuses[self._found]

    def wait_frames(self, count: int) -> list[Frame]:
        """So many frames more."""
        start = len(self.frames)
        self.wait(lambda: len(self.frames) >= start + count)
        return self.frames[start:]


@dataclass
class Running:
    """A capture that runs in its thread."""

    box: Box
    heard: Heard
    capture: Capture
    stop: threading.Event
    thread: threading.Thread


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a capture of a Box; all of them are stopped at the end, and must stop."""
    running: list[Running] = []

    def begin(box: Box | None = None, **settings: object) -> Running:
        box, heard, stop = box or Box(), Heard(), threading.Event()
        capture = Capture("box:", open_source=box.open, pace=QUICK, **settings)  # type: ignore[arg-type]
        thread = threading.Thread(target=capture.run, args=(heard.publish, heard.report, stop), name="capture")
        thread.start()
        running.append(Running(box, heard, capture, stop, thread))
        return running[-1]

    yield begin
    for each in running:
        each.stop.set()
        each.thread.join(DEADLINE_S)
        assert not each.thread.is_alive()
        assert each.box.closed == each.box.opened


def test_frames_come_numbered_and_timed(start: Start) -> None:
    """From 1, one by one, with the device's time, the wall time of the same moment and the size of their pixels."""
    run = start()
    frames = run.heard.wait_frames(5)
    assert [frame.seq for frame in run.heard.frames[:5]] == [1, 2, 3, 4, 5]
    assert {(frame.width, frame.height, frame.signal) for frame in frames} == {(64, 48, Signal.LIVE)}
    assert all(later.captured_ns - frame.captured_ns == 10_000_000 for frame, later in pairwise(frames))
    offset_ns = clock.wall_ns() - clock.monotonic_ns()
    assert abs(frames[0].wall_ns - frames[0].captured_ns - offset_ns) < clock.NS_PER_S
    assert run.heard.pixels[0].shape == (48, 64, 3)


def test_the_status_says_what_is_captured(start: Start) -> None:
    """Address, device, size, range, count, and the rate by the times of capture."""
    run = start()
    run.heard.wait(lambda: run.heard.statuses[-1:] != [] and run.heard.statuses[-1].captured >= 20)
    status = run.heard.statuses[-1]
    assert (status.source, status.device, status.color_range) == ("box:", "box, 64x48", "limited")
    assert (status.width, status.height) == (64, 48)
    assert status.fps == pytest.approx(100, abs=1)


def test_a_status_comes_even_when_nothing_changes(start: Start) -> None:
    """Whoever listens knows that the capture is alive."""
    run = start()
    run.heard.wait_for(Signal.LIVE)
    for _ in range(3):
        run.heard.wait_for(Signal.LIVE)


def test_numbers_start_where_they_are_told_to(start: Start) -> None:
    """A restarted broadcaster goes on counting."""
    run = start(first_seq=500)
    run.heard.wait_frames(1)
    assert run.heard.frames[0].seq == 500


def test_what_was_lost_or_passed_over_leaves_a_gap_and_is_counted(start: Start) -> None:
    """Three lost and two skipped: five numbers are missing, and both counters say why."""
    box = Box()
    box.drops, box.skips = 3, 2
    run = start(box)
    run.heard.wait_frames(2)
    assert [frame.seq for frame in run.heard.frames[:2]] == [6, 7]
    status = run.heard.wait_for(Signal.LIVE)
    assert (status.drops, status.skips) == (3, 2)


@pytest.mark.parametrize(
    ("error", "signal"),
    [
        (Unplugged("box: not there"), Signal.UNPLUGGED),
        (NoSignal("box: nothing on the cable"), Signal.NO_SIGNAL),
        (SourceError("box: the stream broke"), Signal.STALLED),
        (ZeroDivisionError("a bug"), Signal.ERROR),
    ],
)
def test_trouble_while_reading_is_said_and_overcome(start: Start, error: Exception, signal: Signal) -> None:
    """Each kind has its state and its sentence; then the source is opened anew, and the numbers go on."""
    run = start()
    run.heard.wait_for(Signal.LIVE)
    last = run.heard.wait_frames(3)[-1]
    run.box.trouble = error
    said = run.heard.wait_for(signal)
    assert str(error) in said.message
    assert said.fps == 0
    run.heard.wait(lambda: run.heard.statuses[-1].reopens == 1)
    assert run.heard.wait_for(Signal.LIVE).message == ""
    assert run.heard.wait_frames(2)[-1].seq > last.seq
    numbers = [frame.seq for frame in run.heard.frames]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("error", "signal"),
    [
        (Unplugged("box: not there"), Signal.UNPLUGGED),
        (NoSignal("box: nothing on the cable"), Signal.NO_SIGNAL),
        (SourceError("box: another program uses it"), Signal.ERROR),
        (SettingsError("size is 'large'; expected 1920x1080"), Signal.ERROR),
    ],
)
def test_what_cannot_be_opened_is_tried_for_ever(start: Start, error: Exception, signal: Signal) -> None:
    """The reason is on every page meanwhile, and the picture comes when the reason has gone."""
    box = Box()
    box.opens = [error] * 6
    run = start(box)
    assert run.heard.wait_for(signal).message == str(error)
    run.heard.wait_for(Signal.LIVE)
    assert run.heard.statuses[-1].reopens == 0


def test_a_bug_that_stays_is_logged_once(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """The traceback stands in the log, and not once more for each of the tries that follow."""
    box = Box()
    box.opens = [ZeroDivisionError("a bug")] * 5
    run = start(box)
    run.heard.wait_for(Signal.ERROR)
    run.heard.wait_for(Signal.LIVE)
    assert sum(record.exc_info is not None for record in caplog.records) == 1


def test_a_source_that_breaks_before_its_first_picture_is_an_error(start: Start) -> None:
    """It is not stalled, it never worked: a person must look at the sentence."""
    box = Box()
    box.trouble = SourceError("box: this is no video")
    run = start(box)
    assert run.heard.wait_for(Signal.ERROR).message == "box: this is no video"


def test_a_picture_that_cannot_be_handed_on_is_an_error(start: Start) -> None:
    """Shared memory is full: the sentence is said, and it goes on when there is room again."""
    run = start()
    run.heard.wait_for(Signal.LIVE)
    run.heard.full = BusError("/dev/shm is full")
    assert run.heard.wait_for(Signal.ERROR).message == "/dev/shm is full"
    run.heard.wait_for(Signal.LIVE)


def test_silence_is_stalled_and_ends(start: Start) -> None:
    """The device is there and delivers nothing; when it delivers again the same source goes on."""
    run = start()
    run.heard.wait_for(Signal.LIVE)
    run.box.is_silent = True
    assert run.heard.wait_for(Signal.STALLED).message
    run.box.is_silent = False
    run.heard.wait_for(Signal.LIVE)
    assert run.box.opened == 1


def test_the_drivers_word_counts_for_no_signal(start: Start) -> None:
    """Whatever filler the driver delivers meanwhile, it is no signal, and its frames say so."""
    run = start()
    run.heard.wait_frames(3)
    run.box.no_signal = True
    run.heard.wait_for(Signal.NO_SIGNAL)
    run.heard.wait(lambda: run.heard.frames[-1].signal is Signal.NO_SIGNAL)
    run.box.no_signal = False
    run.heard.wait_for(Signal.LIVE)


def test_a_crop_that_does_not_fit_stops_every_picture(start: Start) -> None:
    """While the picture is too small for the crop nothing leaves but the sentence; when it fits again it goes on."""
    run = start(crop=(10, 10, 50, 30), mask=[(12, 12, 4, 4)])
    run.heard.wait_frames(2)
    assert run.heard.pixels[-1].shape == (30, 50, 3)
    assert not run.heard.pixels[-1][2:6, 2:6].any()
    run.box.shape = (24, 32)
    said = run.heard.wait_for(Signal.ERROR)
    assert "crop" in said.message
    count = len(run.heard.frames)
    run.heard.wait_for(Signal.ERROR)
    assert len(run.heard.frames) == count
    run.box.shape = (48, 64)
    run.heard.wait_for(Signal.LIVE)
    run.heard.wait_frames(1)
    assert {pixels.shape for pixels in run.heard.pixels} == {(30, 50, 3)}


@pytest.mark.parametrize("privacy", [{"crop": (10, 10, 30, 30)}, {"mask": [(0, 0, 4, 4)]}])
def test_a_larger_picture_than_the_mask_was_made_for_is_not_shown(start: Start, privacy: dict[str, object]) -> None:
    """It would fit and hide the wrong place: nothing leaves but the sentence, until the old size is back."""
    box = Box()
    box.shape = (72, 96)
    run = start(box, size="64x48", **privacy)
    said = run.heard.wait_for(Signal.ERROR)
    assert "made for [source] size 64x48, but the picture is 96 x 72" in said.message
    run.heard.wait_for(Signal.ERROR)
    assert run.heard.frames == []
    run.box.shape = (48, 64)
    run.heard.wait_for(Signal.LIVE)
    run.heard.wait_frames(1)


def test_without_crop_and_mask_a_size_refuses_nothing(start: Start) -> None:
    """A recording of another size than is set hides nothing, and is shown."""
    assert start(size="640x480").heard.wait_frames(1)


@pytest.mark.parametrize("source", ["file", "synthetic"])
def test_every_kind_of_source_is_held_to_the_size_of_its_mask(tmp_path: Path, source: str) -> None:
    """A recording, or a synthetic scanner, of another size is an error too, and nothing of it is published."""
    image = tmp_path / "image.png"
    image.write_bytes(
        cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8))[1].tobytes()
    )
    url = f"file:{image}" if source == "file" else "synthetic:?size=640x480"
    heard, stop = Heard(), threading.Event()
    capture = Capture(url, size="320x240", mask=[(0, 0, 4, 4)])
    thread = threading.Thread(target=capture.run, args=(heard.publish, heard.report, stop))
    thread.start()
    try:
        assert "made for [source] size 320x240" in heard.wait_for(Signal.ERROR).message
        assert heard.frames == []
    finally:
        stop.set()
        thread.join(DEADLINE_S)


def test_a_filler_that_the_crop_does_not_fit_is_no_signal(start: Start) -> None:
    """A box's placeholder may be smaller than the crop; that is not the setting's fault."""
    run = start(crop=(10, 10, 50, 30))
    run.heard.wait_frames(3)
    run.box.no_signal, run.box.shape = True, (24, 32)
    run.heard.wait_for(Signal.NO_SIGNAL)
    assert Signal.ERROR not in {status.signal for status in run.heard.statuses}


def test_a_crop_that_can_never_fit_is_refused_at_once() -> None:
    """Nothing is started with it."""
    with pytest.raises(Misfit, match="crop"):
        Capture("box:", open_source=Box().open, crop=(0, 0, -1, 5))


def test_an_unknown_scheme_is_refused_at_once() -> None:
    """Nothing is started with it."""
    with pytest.raises(SettingsError, match="vl42"):
        Capture("vl42:")


def test_a_new_size_is_just_a_new_size(start: Start) -> None:
    """Frames and status follow at once."""
    run = start()
    run.heard.wait_frames(2)
    run.box.shape = (72, 96)
    run.heard.wait(lambda: (run.heard.frames[-1].width, run.heard.frames[-1].height) == (96, 72))
    run.heard.wait(lambda: (run.heard.statuses[-1].width, run.heard.statuses[-1].height) == (96, 72))


def test_the_end_of_a_recording_is_ended_and_stays(start: Start) -> None:
    """It is not opened again, and the state is still said."""
    run = start()
    run.heard.wait_frames(1)
    run.box.trouble = EndOfSource("clip.mp4 is over")
    assert run.heard.wait_for(Signal.ENDED).message == "clip.mp4 is over"
    run.heard.wait_for(Signal.ENDED)
    assert run.box.opened == 1


@pytest.mark.parametrize(("fps", "share"), [(50, 2), (25, 4), (99, 1), (200, 1)])
def test_the_rate_is_limited_evenly(start: Start, fps: float, share: int) -> None:
    """Of 100 per second each second, each fourth or all are taken, and none of the others counts as lost."""
    run = start(fps=fps)
    frames = run.heard.wait_frames(20)
    steps = [(later.captured_ns - frame.captured_ns) / run.box.period_ns for frame, later in pairwise(frames)]
    assert sorted(steps)[len(steps) // 2] == share
    assert max(steps) <= share + 1
    assert [later.seq - frame.seq for frame, later in pairwise(frames)] == [1] * 19


def test_commands_reach_the_open_source(start: Start) -> None:
    """And only that: while nothing is open the person hears so."""
    run = start()
    run.heard.wait_frames(1)
    run.capture.control("freeze")
    assert run.box.asked == ["freeze"]
    assert (run.capture.commands, run.capture.state()) == (("freeze",), {"asked": ["freeze"]})
    idle = Capture("box:", open_source=Box().open)
    assert (idle.commands, idle.state()) == ((), None)
    with pytest.raises(SourceError, match="not open"):
        idle.control("freeze")
