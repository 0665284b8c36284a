"""What a capture device delivers, made into RGB of full range, with the right matrix and the right range."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import av
import cv2
import numpy as np
import simplejpeg
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from bedside.messages import Pixels
from bedside.source import v4l2_abi as abi

Bytes = NDArray[np.uint8]

COMPRESSED = ("MJPG", "JPEG")
RGB = ("RGB3", "BGR3")
YUV_NAMES = {"YUYV": "yuyv422", "UYVY": "uyvy422", "NV12": "nv12", "YU12": "yuv420p"}
"""The formats that swscale and OpenCV know too, by their names in FFmpeg."""

SUPPORTED = ("RGB3", "BGR3", "YUYV", "UYVY", "NV12", "YU12", *COMPRESSED)
"""All formats that can be converted, the most exact first."""

_OPENCV = {
    "YUYV": cv2.COLOR_YUV2RGB_YUYV,
    "UYVY": cv2.COLOR_YUV2RGB_UYVY,
    "NV12": cv2.COLOR_YUV2RGB_NV12,
    "YU12": cv2.COLOR_YUV2RGB_I420,
}
_SWSCALE = {"601": Colorspace.ITU601, "709": Colorspace.ITU709, "2020": Colorspace.BT2020, "240M": Colorspace.SMPTE240M}
_EXACT = Interpolation.FAST_BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_STRETCH = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
"""Limited range (16 to 235) to full range, for RGB."""

_MATRICES = {
    abi.YCBCR_ENC_601: "601",
    abi.YCBCR_ENC_XV601: "601",
    abi.YCBCR_ENC_709: "709",
    abi.YCBCR_ENC_XV709: "709",
    abi.YCBCR_ENC_BT2020: "2020",
    abi.YCBCR_ENC_SMPTE240M: "240M",
}
_DEFAULT_MATRICES = {
    abi.COLORSPACE_REC709: "709",
    abi.COLORSPACE_DCI_P3: "709",
    abi.COLORSPACE_BT2020: "2020",
    abi.COLORSPACE_SMPTE240M: "240M",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a picture lies in a buffer, and what its numbers mean."""

    code: str
    """Four letters, one of SUPPORTED."""
    width: int
    height: int
    stride: int
    """Bytes from one row to the next; 0 for compressed formats."""
    color_range: str
    """`full` (0 to 255) or `limited` (16 to 235)."""
    matrix: str
    """`601`, `709`, `2020` or `240M`; what Y, Cb and Cr are made of."""

    @classmethod
    def of(cls, pix: abi.PictureFormat, color_range: str = "auto") -> "Layout":
        """What the driver says; `color_range` `full` or `limited` overrules it.

        Where the driver says nothing, V4L2's own defaults hold: YUV is limited, RGB and JPEG are full.
        """
        code = abi.fourcc_name(pix.pixelformat)
        if code in COMPRESSED:
            matrix = "601"  # JFIF knows no other
        else:
            matrix = _MATRICES.get(pix.ycbcr_enc) or _DEFAULT_MATRICES.get(pix.colorspace, "601")
        return cls(
            code, pix.width, pix.height, 0 if code in COMPRESSED else pix.bytesperline, _range(pix, color_range), matrix
        )


def _range(pix: abi.PictureFormat, color_range: str) -> str:
    if color_range != "auto":
        return color_range
    if pix.quantization == abi.QUANTIZATION_FULL_RANGE:
        return "full"
    code = abi.fourcc_name(pix.pixelformat)
    if pix.quantization == abi.QUANTIZATION_LIM_RANGE:
        # A decoder of JPEG takes all of 0 to 255, whatever the driver says of its kind of YUV.
        return "full" if code in COMPRESSED else "limited"
    return "full" if code not in YUV_NAMES or pix.colorspace == abi.COLORSPACE_JPEG else "limited"


def converter(layout: Layout) -> Callable[[memoryview], Pixels]:
    """A function from a buffer's bytes to RGB, uint8 [height, width, 3], full range, in memory of its own.

    It raises ValueError for bytes that are no whole picture. It is for one thread at a time.
    """
    if layout.code in COMPRESSED:
        return _Jpeg(layout)
    if layout.code in RGB:
        return _Rgb(layout)
    if layout.matrix == "601" and layout.color_range == "limited":
        return _OpenCv(layout)
    return _SwScale(layout)


def stretched(pixels: Pixels) -> Pixels:
    """RGB of limited range (16 to 235) as a new array of full range."""
    return cast(Pixels, cv2.LUT(pixels, _STRETCH))


class _Jpeg:
    def __init__(self, layout: Layout) -> None:
        self._limited = layout.color_range == "limited"

    def __call__(self, data: memoryview) -> Pixels:
        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True)
        return stretched(pixels) if self._limited else pixels


class _Rgb:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __call__(self, data: memoryview) -> Pixels:
        layout = self._layout
        (rows,) = _planes(layout, data)
        picture = rows.reshape(layout.height, layout.width, 3)
        pixels = stretched(picture) if layout.color_range == "limited" else picture.copy()
        if layout.code == "BGR3":
            cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)
        return pixels


class _OpenCv:
    """BT.601 of limited range, which is what OpenCV's conversion means; ten times as fast as swscale."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __call__(self, data: memoryview) -> Pixels:
        layout = self._layout
        planes = _planes(layout, data)
        if len(planes) == 1:
            packed: Bytes = planes[0].reshape(layout.height, layout.width, 2)
        else:
            packed = np.concatenate([plane.ravel() for plane in planes]).reshape(-1, layout.width)
        return cv2.cvtColor(packed, _OPENCV[layout.code]).astype(np.uint8, copy=False)


class _SwScale:
    """Any matrix and range, exact to one level."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._frame = av.VideoFrame(layout.width, layout.height, YUV_NAMES[layout.code])
        self._reformatter = VideoReformatter()
        full = layout.color_range == "full"
        self._how: dict[str, Any] = {
            "format": "gbrp",  # and then packed: half the time of swscale's own way to packed RGB
            "src_colorspace": _SWSCALE[layout.matrix],
            "dst_colorspace": _SWSCALE[layout.matrix],
            "src_color_range": ColorRange.JPEG if full else ColorRange.MPEG,
            "dst_color_range": ColorRange.JPEG,
            "interpolation": _EXACT,
            "threads": 2,
        }

    def __call__(self, data: memoryview) -> Pixels:
        for plane, rows in zip(self._frame.planes, _planes(self._layout, data), strict=True):
            _view(plane, *rows.shape)[:] = rows
        rgb = self._reformatter.reformat(self._frame, **self._how)
        green, blue, red = (_view(plane, self._layout.height, self._layout.width) for plane in rgb.planes)
        return cast(Pixels, cv2.merge([red, green, blue]))


def _view(plane: Any, rows: int, used: int) -> Bytes:
    """A plane of an av.VideoFrame as [rows, bytes], without the padding at the end of each row."""
    return np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * rows].reshape(rows, -1)[:, :used]


def _planes(layout: Layout, data: memoryview) -> list[Bytes]:
    """The planes of a picture as [rows, bytes], without the padding at the end of each row."""
    width, height, stride = layout.width, layout.height, layout.stride
    shapes = {  # rows, bytes in a row, bytes from row to row
        "NV12": [(height, width, stride), (height // 2, width, stride)],
        "YU12": [(height, width, stride), *[(height // 2, width // 2, stride // 2)] * 2],
        "YUYV": [(height, width * 2, stride)],
        "UYVY": [(height, width * 2, stride)],
    }.get(layout.code, [(height, width * 3, stride)])
    whole = np.frombuffer(data, np.uint8)
    needed = sum(rows * step for rows, _, step in shapes)
    if whole.size < needed:
        raise ValueError(f"{whole.size} bytes; a whole {width}x{height} {layout.code} picture has {needed}")
    planes, start = [], 0
    for rows, used, step in shapes:
        plane = whole[start : start + rows * step].reshape(rows, step)[:, :used]
        planes.append(plane if step == used else np.ascontiguousarray(plane))
        start += rows * step
    return planes
