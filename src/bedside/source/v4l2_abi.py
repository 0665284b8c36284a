"""The kernel's V4L2 interface as ctypes: the structures of <linux/videodev2.h> and the numbers of its ioctls.

Only what a single-planar capture device needs. Names are the kernel's own, so that its documentation is ours:
https://www.kernel.org/doc/html/latest/userspace-api/media/v4l/v4l2.html
"""

import ctypes
import fcntl

U8, U32, U64, LONG = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_long


def fourcc(code: str) -> int:
    """The number of a four-letter pixel format, such as `YUYV`."""
    return int.from_bytes(code.encode("ascii"), "little")


def fourcc_name(number: int) -> str:
    """The four letters of a pixel format's number; unprintable ones as `?`."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in number.to_bytes(4, "little"))


class Capability(ctypes.Structure):
    """struct v4l2_capability"""

    _fields_ = (
        ("driver", U8 * 16),
        ("card", U8 * 32),
        ("bus_info", U8 * 32),
        ("version", U32),
        ("capabilities", U32),
        ("device_caps", U32),
        ("reserved", U32 * 3),
    )


class FormatDescription(ctypes.Structure):
    """struct v4l2_fmtdesc"""

    _fields_ = (
        ("index", U32),
        ("type", U32),
        ("flags", U32),
        ("description", U8 * 32),
        ("pixelformat", U32),
        ("mbus_code", U32),
        ("reserved", U32 * 3),
    )


class Fraction(ctypes.Structure):
    """struct v4l2_fract"""

    _fields_ = (("numerator", U32), ("denominator", U32))


class FrameSize(ctypes.Structure):
    """struct v4l2_frmsizeenum; `size` is width, height, or min_width, max_width, step_width, min_height, ..."""

    _fields_ = (("index", U32), ("pixel_format", U32), ("type", U32), ("size", U32 * 6), ("reserved", U32 * 2))


class FrameInterval(ctypes.Structure):
    """struct v4l2_frmivalenum; `interval` is the discrete one, or min, max, step."""

    _fields_ = (
        ("index", U32),
        ("pixel_format", U32),
        ("width", U32),
        ("height", U32),
        ("type", U32),
        ("interval", Fraction * 3),
        ("reserved", U32 * 2),
    )


class PictureFormat(ctypes.Structure):
    """struct v4l2_pix_format"""

    _fields_ = (
        ("width", U32),
        ("height", U32),
        ("pixelformat", U32),
        ("field", U32),
        ("bytesperline", U32),
        ("sizeimage", U32),
        ("colorspace", U32),
        ("priv", U32),
        ("flags", U32),
        ("ycbcr_enc", U32),
        ("quantization", U32),
        ("xfer_func", U32),
    )


class _FormatUnion(ctypes.Union):
    _fields_ = (("pix", PictureFormat), ("raw", U8 * 200), ("align", ctypes.c_void_p))


class Format(ctypes.Structure):
    """struct v4l2_format"""

    _fields_ = (("type", U32), ("fmt", _FormatUnion))


class RequestBuffers(ctypes.Structure):
    """struct v4l2_requestbuffers"""

    _fields_ = (
        ("count", U32),
        ("type", U32),
        ("memory", U32),
        ("capabilities", U32),
        ("flags", U8),
        ("reserved", U8 * 3),
    )


class _BufferMemory(ctypes.Union):
    _fields_ = (("offset", U32), ("userptr", ctypes.c_ulong), ("fd", ctypes.c_int32))


class Buffer(ctypes.Structure):
    """struct v4l2_buffer; `timestamp` is seconds and microseconds, `timecode` is left as bytes."""

    _fields_ = (
        ("index", U32),
        ("type", U32),
        ("bytesused", U32),
        ("flags", U32),
        ("field", U32),
        ("timestamp", LONG * 2),
        ("timecode", U32 * 4),
        ("sequence", U32),
        ("memory", U32),
        ("m", _BufferMemory),
        ("length", U32),
        ("reserved2", U32),
        ("request_fd", U32),
    )


class StreamParameters(ctypes.Structure):
    """struct v4l2_streamparm, as struct v4l2_captureparm"""

    _fields_ = (
        ("type", U32),
        ("capability", U32),
        ("capturemode", U32),
        ("timeperframe", Fraction),
        ("rest", U8 * 184),
    )


class Input(ctypes.Structure):
    """struct v4l2_input"""

    _fields_ = (
        ("index", U32),
        ("name", U8 * 32),
        ("type", U32),
        ("audioset", U32),
        ("tuner", U32),
        ("std", U64),
        ("status", U32),
        ("capabilities", U32),
        ("reserved", U32 * 3),
    )


class Timings(ctypes.Structure):
    """struct v4l2_dv_timings with its struct v4l2_bt_timings"""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (
        ("type", U32),
        ("width", U32),
        ("height", U32),
        ("interlaced", U32),
        ("polarities", U32),
        ("pixelclock", U64),
        ("porches", U32 * 9),
        ("standards", U32),
        ("flags", U32),
        ("picture_aspect", Fraction),
        ("vics", U8 * 2),
        ("reserved", U8 * 50),
    )


class EventSubscription(ctypes.Structure):
    """struct v4l2_event_subscription"""

    _fields_ = (("type", U32), ("id", U32), ("flags", U32), ("reserved", U32 * 5))


class Event(ctypes.Structure):
    """struct v4l2_event"""

    _fields_ = (
        ("type", U32),
        ("u", U64 * 8),
        ("pending", U32),
        ("sequence", U32),
        ("timestamp", LONG * 2),
        ("id", U32),
        ("reserved", U32 * 8),
    )


Argument = ctypes.Structure | ctypes.c_uint32
"""What an ioctl of V4L2 reads and fills."""

_WRITE, _READ = 1, 2


def _number(direction: int, number: int, kind: type[ctypes.Structure | ctypes.c_uint32]) -> int:
    """_IOC() of <asm-generic/ioctl.h> for V4L2's letter."""
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


VIDIOC_QUERYCAP = _number(_READ, 0, Capability)
VIDIOC_ENUM_FMT = _number(_READ | _WRITE, 2, FormatDescription)
VIDIOC_G_FMT = _number(_READ | _WRITE, 4, Format)
VIDIOC_S_FMT = _number(_READ | _WRITE, 5, Format)
VIDIOC_REQBUFS = _number(_READ | _WRITE, 8, RequestBuffers)
VIDIOC_QUERYBUF = _number(_READ | _WRITE, 9, Buffer)
VIDIOC_QBUF = _number(_READ | _WRITE, 15, Buffer)
VIDIOC_DQBUF = _number(_READ | _WRITE, 17, Buffer)
VIDIOC_STREAMON = _number(_WRITE, 18, U32)
VIDIOC_STREAMOFF = _number(_WRITE, 19, U32)
VIDIOC_G_PARM = _number(_READ | _WRITE, 21, StreamParameters)
VIDIOC_S_PARM = _number(_READ | _WRITE, 22, StreamParameters)
VIDIOC_ENUMINPUT = _number(_READ | _WRITE, 26, Input)
VIDIOC_G_INPUT = _number(_READ, 38, U32)
VIDIOC_ENUM_FRAMESIZES = _number(_READ | _WRITE, 74, FrameSize)
VIDIOC_ENUM_FRAMEINTERVALS = _number(_READ | _WRITE, 75, FrameInterval)
VIDIOC_S_DV_TIMINGS = _number(_READ | _WRITE, 87, Timings)
VIDIOC_G_DV_TIMINGS = _number(_READ | _WRITE, 88, Timings)
VIDIOC_DQEVENT = _number(_READ, 89, Event)
VIDIOC_SUBSCRIBE_EVENT = _number(_WRITE, 90, EventSubscription)
VIDIOC_QUERY_DV_TIMINGS = _number(_READ, 99, Timings)

BUF_TYPE_VIDEO_CAPTURE = 1
MEMORY_MMAP = 1
CAP_VIDEO_CAPTURE, CAP_STREAMING, CAP_DEVICE_CAPS = 0x00000001, 0x04000000, 0x80000000
CAP_TIMEPERFRAME = 0x1000
BUF_FLAG_ERROR = 0x0040
BUF_FLAG_TIMESTAMP_MASK, BUF_FLAG_TIMESTAMP_MONOTONIC = 0xE000, 0x2000
TYPE_DISCRETE = 1
IN_CAP_DV_TIMINGS = 0x2
IN_ST_NO_POWER, IN_ST_NO_SIGNAL, IN_ST_NO_COLOR = 0x1, 0x2, 0x4
IN_ST_NO_H_LOCK, IN_ST_NO_SYNC = 0x100, 0x10000
EVENT_SOURCE_CHANGE = 5
FIELD_TOP, FIELD_BOTTOM, FIELD_SEQ_TB, FIELD_SEQ_BT, FIELD_ALTERNATE = 2, 3, 5, 6, 7
COLORSPACE_SMPTE170M, COLORSPACE_SMPTE240M, COLORSPACE_REC709, COLORSPACE_JPEG = 1, 2, 3, 7
COLORSPACE_BT2020, COLORSPACE_DCI_P3 = 10, 12
YCBCR_ENC_DEFAULT, YCBCR_ENC_601, YCBCR_ENC_709, YCBCR_ENC_XV601, YCBCR_ENC_XV709 = 0, 1, 2, 3, 4
YCBCR_ENC_BT2020, YCBCR_ENC_SMPTE240M = 6, 8
QUANTIZATION_DEFAULT, QUANTIZATION_FULL_RANGE, QUANTIZATION_LIM_RANGE = 0, 1, 2
PIX_FMT_PRIV_MAGIC = 0xFEEDCAFE


def ioctl(fd: int, request: int, argument: Argument) -> None:
    """Ask the driver; it reads and fills `argument`. OSError with the driver's errno when it refuses."""
    fcntl.ioctl(fd, request, argument)


def text(field: ctypes.Array[ctypes.c_uint8]) -> str:
    """A fixed field of bytes as text, up to its first zero."""
    return bytes(field).split(b"\0", 1)[0].decode("utf-8", "replace")
