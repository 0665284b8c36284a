"""Devices are listed, found by what stays the same of them, and measured."""

from typing import TYPE_CHECKING

import pytest

from bedside.errors import SourceError, Unplugged
from bedside.source import v4l2_abi as abi
from bedside.source.devices import Identity, find, list_devices, measure
from bedside.source.v4l2_node import Mode

if TYPE_CHECKING:
    from tests.source.conftest import PaperKernel


def test_devices_are_listed_in_the_order_of_their_numbers(kernel: "PaperKernel") -> None:
    """With path, name, what to write in the settings, modes, signal and range; nodes of metadata are left out."""
    kernel.plug(10, card="Second")
    kernel.plug(2, card="First", by_id="usb-First-video-index0", modes={"YUYV": [(1280, 720), (1920, 1080)]})
    kernel.plug(3, card="First", captures=False)
    first, second = list_devices(kernel.dev)
    assert (first.path, first.identity.card) == (str(kernel.dev / "video2"), "First")
    assert first.stable_id == str(kernel.dev / "v4l/by-id/usb-First-video-index0")
    assert first.modes == (Mode("YUYV", 1280, 720, 60), Mode("YUYV", 1920, 1080, 60))
    assert (first.has_signal, first.color_range, first.problem) == (True, "full", "")
    assert (second.path, second.stable_id) == (str(kernel.dev / "video10"), "Second")


def test_a_device_without_a_signal_says_so(kernel: "PaperKernel") -> None:
    """Where the driver knows."""
    kernel.plug(0, status=abi.IN_ST_NO_SIGNAL)
    assert [device.has_signal for device in list_devices(kernel.dev)] == [False]


def test_no_device_is_an_empty_list(kernel: "PaperKernel") -> None:
    """And no error: doctor says what to do."""
    assert list_devices(kernel.dev) == []


@pytest.mark.parametrize("place", ["", "grabber", "Paper Gr", "14.0-1"])
def test_a_device_is_found_by_a_part_of_its_name(kernel: "PaperKernel", place: str) -> None:
    """Empty is the first one; else a part of its name or of where it is plugged in, in any case of letters."""
    kernel.plug(4)
    path, identity = find(place, dev=kernel.dev)
    assert (path, identity) == (
        str(kernel.dev / "video4"),
        Identity("", "Paper Grabber", "usb-0000:00:14.0-1"),
    )


def test_a_device_is_found_by_its_link(kernel: "PaperKernel") -> None:
    """The path in /dev/v4l/by-id leads to whatever number it has."""
    kernel.plug(0)
    kernel.plug(7, by_id="usb-Box_123-video-index0", card="Box")
    path, identity = find(str(kernel.dev / "v4l/by-id/usb-Box_123-video-index0"), dev=kernel.dev)
    assert (path, identity.by_id) == (str(kernel.dev / "video7"), "usb-Box_123-video-index0")


def test_what_is_not_there_names_what_is(kernel: "PaperKernel") -> None:
    """The sentence has what was looked for and what is plugged in."""
    kernel.plug(0)
    with pytest.raises(
        Unplugged, match=r"device elgato is not there; plug it in, or take one of .*video0 \(Paper Grabber\)"
    ):
        find("elgato", dev=kernel.dev)


def test_nothing_at_all_is_said_in_words(kernel: "PaperKernel") -> None:
    """No device of any name."""
    with pytest.raises(Unplugged, match="no capture device is there"):
        find("", dev=kernel.dev)


def test_what_is_no_capture_device_is_refused(kernel: "PaperKernel") -> None:
    """A node of metadata is there, but it never delivers pictures."""
    kernel.plug(1, captures=False)
    with pytest.raises(SourceError, match="not a capture device"):
        find(str(kernel.dev / "video1"), dev=kernel.dev)


def test_what_is_no_video_device_is_refused() -> None:
    """Any other file."""
    with pytest.raises(SourceError, match="/dev/null: not a video device"):
        find("/dev/null")


def test_a_known_device_is_found_under_another_number(kernel: "PaperKernel") -> None:
    """Even when another one now has its old number."""
    kernel.plug(0, by_id="usb-Box_123-video-index0", card="Box")
    _, known = find("", dev=kernel.dev)
    kernel.unplug(0)
    kernel.plug(0, card="Webcam")
    kernel.plug(1, by_id="usb-Box_123-video-index0", card="Box", bus="usb-0000:00:14.0-9")
    assert find("", known, dev=kernel.dev)[0] == str(kernel.dev / "video1")


def test_another_device_is_never_taken_for_a_known_one(kernel: "PaperKernel") -> None:
    """While the box is out, the laptop's own camera is not the scanner."""
    kernel.plug(0, card="Box")
    _, known = find("", dev=kernel.dev)
    kernel.unplug(0)
    kernel.plug(0, card="Webcam")
    with pytest.raises(Unplugged, match="Box is not there any more"):
        find("", known, dev=kernel.dev)


def test_a_twin_with_another_serial_number_is_another_device(kernel: "PaperKernel") -> None:
    """Two boxes of one kind are two boxes."""
    kernel.plug(0, by_id="usb-Box_123-video-index0", card="Box")
    _, known = find("", dev=kernel.dev)
    kernel.unplug(0)
    kernel.plug(0, by_id="usb-Box_456-video-index0", card="Box")
    with pytest.raises(Unplugged):
        find("", known, dev=kernel.dev)


def test_a_box_without_serial_number_is_found_in_another_socket(kernel: "PaperKernel") -> None:
    """As long as it is the only one of its name."""
    kernel.plug(0, card="Box", bus="usb-1")
    _, known = find("", dev=kernel.dev)
    kernel.unplug(0)
    kernel.plug(3, card="Box", bus="usb-2")
    assert find("", known, dev=kernel.dev)[0] == str(kernel.dev / "video3")
    kernel.plug(4, card="Box", bus="usb-3")
    with pytest.raises(Unplugged):
        find("", known, dev=kernel.dev)


@pytest.mark.parametrize("fps", [20, 50])
def test_the_rate_is_measured_not_believed(kernel: "PaperKernel", fps: float) -> None:
    """Whatever is announced."""
    kernel.plug(0, announced_fps={"RGB3": 60}, real_fps={"RGB3": fps})
    assert measure(str(kernel.dev / "video0"), Mode("RGB3", 16, 8), 0.3) == pytest.approx(fps, rel=0.3)


def test_a_device_that_delivers_nothing_has_rate_zero(kernel: "PaperKernel") -> None:
    """And measuring ends."""
    kernel.plug(0)
    assert measure(str(kernel.dev / "video0"), Mode("RGB3", 16, 8), 0.01) == 0
