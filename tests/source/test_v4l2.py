"""A capture device is read newest first, losses are counted, and every way in which it can go is told apart."""

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bedside import clock
from bedside.errors import NoSignal, SettingsError, SourceError, Unplugged
from bedside.source import v4l2, v4l2_stream
from bedside.source import v4l2_abi as abi
from bedside.source.source import Grab
from bedside.source.v4l2 import Opener, V4l2Source

if TYPE_CHECKING:
    from tests.source.conftest import PaperDevice, PaperKernel

SOON_S = 0.02


class Desk:
    """Opens devices of a paper kernel, and closes what it opened."""

    def __init__(self, kernel: "PaperKernel") -> None:
        self.kernel = kernel
        self.opener = Opener(kernel.dev)
        self._open: list[V4l2Source] = []

    def open(self, address: str = "", **settings: Any) -> V4l2Source:
        """An open source."""
        values = {"size": "", "fps": 0.0, "color_range": "auto", **settings}
        self._open.append(self.opener(address, **values))
        return self._open[-1]

    def close(self) -> None:
        """All of them, twice, which is harmless."""
        for source in self._open * 2:
            source.close()


@pytest.fixture
def desk(kernel: "PaperKernel") -> Iterator[Desk]:
    """A desk with nothing plugged in."""
    made = Desk(kernel)
    yield made
    made.close()


@pytest.fixture
def box(kernel: "PaperKernel") -> "PaperDevice":
    """A USB box as /dev/video0."""
    return kernel.plug(0)


def read(source: V4l2Source) -> Grab:
    """The next picture, which must be there."""
    grab = source.read(1)
    assert grab is not None
    return grab


def test_a_picture_has_its_pixels_and_the_kernels_time(desk: Desk, box: "PaperDevice") -> None:
    """And the source says what it is."""
    source = desk.open()
    stamp_ns = box.fill(77)
    grab = read(source)
    assert grab.pixels.shape == (8, 16, 3)
    assert (grab.pixels == 77).all()
    assert (grab.captured_ns, grab.drops, grab.skips, grab.no_signal) == (stamp_ns, 0, 0, False)
    assert (source.device, source.color_range) == ("Paper Grabber, 16x8 RGB3", "full")


def test_the_newest_picture_wins(desk: Desk, box: "PaperDevice") -> None:
    """Three wait: the last comes out, two are skipped, and all buffers are back with the driver."""
    source = desk.open()
    for value in (1, 2, 3):
        box.fill(value)
    grab = read(source)
    assert ((grab.pixels == 3).all(), grab.skips, grab.drops) == (True, 2, 0)
    assert len(box.queued) == v4l2_stream.BUFFERS
    box.fill(4)
    assert read(source).skips == 0


def test_gaps_in_the_kernels_sequence_are_drops(desk: Desk, box: "PaperDevice") -> None:
    """What the device lost before a picture is told with it; the start of a stream is no loss."""
    source = desk.open()
    box.fill(lost=5)
    assert read(source).drops == 0
    box.fill(lost=2)
    box.fill(lost=1)
    grab = read(source)
    assert (grab.drops, grab.skips) == (3, 1)


def test_the_sequence_may_run_over(desk: Desk, box: "PaperDevice") -> None:
    """After 32 bits it begins again, and that is no loss of four thousand millions."""
    source = desk.open()
    box.sequence = 0xFFFFFFFF
    box.fill()
    read(source)
    box.sequence = 0
    box.fill(lost=1)
    assert read(source).drops == 1


def test_a_picture_that_the_driver_calls_broken_is_left_out(desk: Desk, box: "PaperDevice") -> None:
    """It counts as lost, with the next whole one."""
    source = desk.open()
    box.fill(1, flags=abi.BUF_FLAG_ERROR)
    assert source.read(SOON_S) is None
    box.fill(2)
    grab = read(source)
    assert ((grab.pixels == 2).all(), grab.drops) == (True, 1)


def test_a_picture_that_is_cut_off_is_left_out(
    desk: Desk, box: "PaperDevice", caplog: pytest.LogCaptureFixture
) -> None:
    """It counts as lost, and one line of the log says why."""
    source = desk.open()
    box.fill(1, used=100)
    assert source.read(SOON_S) is None
    box.fill(2)
    assert read(source).drops == 1
    assert [record.message for record in caplog.records if "left out (1 so far): 100 bytes" in record.message]


def test_another_clock_is_not_believed(desk: Desk, box: "PaperDevice") -> None:
    """A time stamp that is not monotonic is replaced by now."""
    box.monotonic = False
    source = desk.open()
    box.fill()
    before_ns = clock.monotonic_ns()
    assert read(source).captured_ns >= before_ns


def test_silence_is_none(desk: Desk, box: "PaperDevice") -> None:
    """Nothing came in time; that is for the capture to judge."""
    assert desk.open().read(SOON_S) is None


def test_a_wedged_device_is_given_up(desk: Desk, box: "PaperDevice", monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while of silence it must be opened anew."""
    monkeypatch.setattr(v4l2, "WEDGED_AFTER_S", 0.05)
    source = desk.open()
    with pytest.raises(SourceError, match="delivered nothing for"):
        for _ in range(100):
            source.read(SOON_S)


def test_a_device_that_vanishes_is_unplugged(desk: Desk, kernel: "PaperKernel", box: "PaperDevice") -> None:
    """While reading, and when opening it again."""
    source = desk.open()
    kernel.unplug(0)
    with pytest.raises(Unplugged):
        source.read(1)
    with pytest.raises(Unplugged, match="Paper Grabber is not there any more"):
        desk.open()


def test_it_is_the_same_device_under_another_number(desk: Desk, kernel: "PaperKernel", box: "PaperDevice") -> None:
    """Opened by path, pulled out, back as video3 while a webcam took video0: the box is opened, not the webcam."""
    address = str(kernel.dev / "video0")
    desk.open(address)
    kernel.unplug(0)
    kernel.plug(0, card="Webcam", bus="usb-7")
    with pytest.raises(Unplugged):
        desk.open(address)
    kernel.plug(3)
    assert desk.open(address).device.startswith("Paper Grabber")


def test_a_broken_stream_must_be_set_up_anew(desk: Desk, box: "PaperDevice") -> None:
    """EIO from the driver ends this source, but not as unplugged."""
    source = desk.open()
    box.refuses[abi.VIDIOC_DQBUF] = errno.EIO
    with pytest.raises(SourceError, match="the stream is broken") as caught:
        source.read(1)
    assert not isinstance(caught.value, Unplugged)


def test_a_driver_that_says_no_signal_is_believed(
    desk: Desk, box: "PaperDevice", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures that it goes on delivering are marked; when it delivers none, that is the reason."""
    monkeypatch.setattr(v4l2, "LOOK_EVERY_S", 0.01)
    source = desk.open()
    box.fill()
    assert not read(source).no_signal
    box.status = abi.IN_ST_NO_SIGNAL
    clock.wait_s(0.02)
    box.fill()
    assert read(source).no_signal
    with pytest.raises(NoSignal, match="check the cable"):
        source.read(SOON_S)


@pytest.mark.parametrize("code", [errno.ENOLINK, errno.ENOLCK, errno.ERANGE])
def test_a_cable_without_a_picture_is_no_signal_when_opening(desk: Desk, box: "PaperDevice", code: int) -> None:
    """No link, no lock, or out of range: nothing can be set up before a picture is there."""
    box.timings_error = code
    with pytest.raises(NoSignal, match="on the cable"):
        desk.open()
    box.timings_error, box.timings = 0, (32, 16)
    assert desk.open().device == "Paper Grabber, 32x16 RGB3"


def test_a_change_on_the_cable_ends_the_source(desk: Desk, box: "PaperDevice", monkeypatch: pytest.MonkeyPatch) -> None:
    """The next opening follows it."""
    monkeypatch.setattr(v4l2, "LOOK_EVERY_S", 0.01)
    box.timings = (16, 8)
    source = desk.open()
    box.timings = (32, 16)
    with pytest.raises(SourceError, match="the picture on the cable is now 32x16"):
        for _ in range(100):
            source.read(SOON_S)
    source.close()
    assert desk.open().device == "Paper Grabber, 32x16 RGB3"


def test_the_best_mode_is_measured_once(desk: Desk, box: "PaperDevice") -> None:
    """RGB3 promises 60 and delivers few; BGR3 keeps its promise; the second opening knows that."""
    box.modes = {"RGB3": [(16, 8)], "BGR3": [(16, 8)]}
    box.real_fps = {"RGB3": 10, "BGR3": 60}
    source = desk.open()
    assert source.device.endswith("BGR3")
    source.close()
    box.real_fps = {}
    assert desk.open().device.endswith("BGR3")


def test_a_size_that_is_not_on_the_cable_is_refused(desk: Desk, box: "PaperDevice") -> None:
    """The sentence says what is delivered."""
    box.timings = (16, 8)
    box.modes = {"RGB3": [(16, 8), (32, 16)]}
    with pytest.raises(SourceError, match="size is 32x16; Paper Grabber delivers 16x8"):
        desk.open(size="32x16")


def test_half_a_picture_is_refused(desk: Desk, box: "PaperDevice") -> None:
    """Fields one by one are no pictures; the person hears what to set on the scanner."""
    box.halves = abi.FIELD_ALTERNATE
    with pytest.raises(SourceError, match="interlaced picture comes in halves"):
        desk.open()


def test_what_is_no_size_is_refused(desk: Desk, box: "PaperDevice") -> None:
    """Before any device is touched."""
    with pytest.raises(SettingsError, match="size is 'large'"):
        desk.open(size="large")


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        (abi.VIDIOC_S_FMT, errno.EBUSY, "another program uses it"),
        (abi.VIDIOC_STREAMON, errno.ENOSPC, "too little bandwidth"),
        (abi.VIDIOC_REQBUFS, errno.EINVAL, "asking for buffers failed"),
    ],
)
def test_a_refusal_says_what_to_do(desk: Desk, box: "PaperDevice", request_: int, code: int, sentence: str) -> None:
    """And the device is given back, so that the next attempt can succeed."""
    box.refuses[request_] = code
    with pytest.raises(SourceError, match=sentence):
        desk.open()
    box.refuses.clear()
    assert desk.open().device


def test_a_real_scanner_cannot_be_told_to_freeze(desk: Desk, box: "PaperDevice") -> None:
    """The person hears where the button is."""
    with pytest.raises(SourceError, match="on the scanner itself"):
        desk.open().control("freeze")
