"""The structures and numbers of the kernel's interface, against what the kernel's own headers give on 64 bits."""

import ctypes
import os

import pytest

from bedside.source import v4l2_abi as abi

SIZES = {
    abi.Capability: 104,
    abi.FormatDescription: 64,
    abi.FrameSize: 44,
    abi.FrameInterval: 52,
    abi.PictureFormat: 48,
    abi.Format: 208,
    abi.RequestBuffers: 20,
    abi.Buffer: 88,
    abi.StreamParameters: 204,
    abi.Input: 80,
    abi.Timings: 132,
    abi.EventSubscription: 32,
    abi.Event: 136,
}
NUMBERS = {
    "VIDIOC_QUERYCAP": 0x80685600,
    "VIDIOC_ENUM_FMT": 0xC0405602,
    "VIDIOC_G_FMT": 0xC0D05604,
    "VIDIOC_S_FMT": 0xC0D05605,
    "VIDIOC_REQBUFS": 0xC0145608,
    "VIDIOC_QUERYBUF": 0xC0585609,
    "VIDIOC_QBUF": 0xC058560F,
    "VIDIOC_DQBUF": 0xC0585611,
    "VIDIOC_STREAMON": 0x40045612,
    "VIDIOC_STREAMOFF": 0x40045613,
    "VIDIOC_G_PARM": 0xC0CC5615,
    "VIDIOC_S_PARM": 0xC0CC5616,
    "VIDIOC_ENUMINPUT": 0xC050561A,
    "VIDIOC_G_INPUT": 0x80045626,
    "VIDIOC_ENUM_FRAMESIZES": 0xC02C564A,
    "VIDIOC_ENUM_FRAMEINTERVALS": 0xC034564B,
    "VIDIOC_S_DV_TIMINGS": 0xC0845657,
    "VIDIOC_G_DV_TIMINGS": 0xC0845658,
    "VIDIOC_DQEVENT": 0x80885659,
    "VIDIOC_SUBSCRIBE_EVENT": 0x4020565A,
    "VIDIOC_QUERY_DV_TIMINGS": 0x80845663,
}
is_64_bit = pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the known values are those of 64 bits")


@is_64_bit
@pytest.mark.parametrize("kind", SIZES, ids=lambda kind: kind.__name__)
def test_structures_have_the_kernels_size(kind: type[ctypes.Structure]) -> None:
    """A structure of another size would be another ioctl."""
    assert ctypes.sizeof(kind) == SIZES[kind]


@is_64_bit
@pytest.mark.parametrize("name", NUMBERS)
def test_ioctls_have_the_kernels_number(name: str) -> None:
    """Each number is the one that strace shows for v4l2-ctl."""
    assert getattr(abi, name) == NUMBERS[name]


@is_64_bit
def test_fields_that_matter_lie_where_the_kernel_puts_them() -> None:
    """Offsets of what is read back from a buffer, an input and the timings."""
    assert (abi.Buffer.timestamp.offset, abi.Buffer.sequence.offset, abi.Buffer.m.offset) == (24, 56, 64)
    assert abi.Format.fmt.offset == 8
    assert (abi.Input.std.offset, abi.Input.status.offset, abi.Input.capabilities.offset) == (48, 56, 60)
    assert (abi.Timings.pixelclock.offset, abi.Timings.porches.offset, abi.Timings.reserved.offset) == (20, 28, 82)
    assert (abi.Event.u.offset, abi.Event.pending.offset) == (8, 72)


def test_four_letters_are_a_number_and_back() -> None:
    """YUYV is the number that every driver means by it."""
    assert abi.fourcc("YUYV") == 0x56595559
    assert abi.fourcc_name(0x56595559) == "YUYV"
    assert abi.fourcc_name(1) == "????"


def test_a_refusal_carries_the_kernels_error() -> None:
    """What is no video device says so by errno, and nothing is swallowed."""
    fd = os.open(os.devnull, os.O_RDWR)
    try:
        with pytest.raises(OSError, match="Inappropriate ioctl"):
            abi.ioctl(fd, abi.VIDIOC_QUERYCAP, abi.Capability())
    finally:
        os.close(fd)
