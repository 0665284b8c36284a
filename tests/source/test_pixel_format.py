"""Everything that a device may deliver comes out as the same RGB, within one level."""

from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bedside.source import v4l2_abi as abi
from bedside.source.pixel_format import Layout, converter

WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593), "240M": (0.212, 0.087)}
YUV = ("YUYV", "UYVY", "NV12", "YU12")
WIDTH, HEIGHT = 64, 32
Bytes = NDArray[np.uint8]


def to_rgb(y: int, cb: int, cr: int, matrix: str, color_range: str) -> NDArray[np.float64]:
    """The textbook, in floating point."""
    kr, kb = WEIGHTS[matrix]
    luma, chroma, black = (255.0, 255.0, 0) if color_range == "full" else (219.0, 224.0, 16)
    bright, blue, red = (y - black) / luma, (cb - 128) / chroma, (cr - 128) / chroma
    r, b = bright + 2 * (1 - kr) * red, bright + 2 * (1 - kb) * blue
    g = (bright - kr * r - kb * b) / (1 - kr - kb)
    rgb: NDArray[np.float64] = np.clip(np.array([r, g, b]) * 255, 0, 255)
    return rgb


def pack(code: str, y: Bytes, cb: int, cr: int, padding: int = 0) -> tuple[bytes, int]:
    """A picture of these brightnesses [height, width] in one colour, and its stride."""
    height, width = y.shape

    def rows(plane: Bytes, pad: int) -> Bytes:
        return np.pad(plane, ((0, 0), (0, pad)), constant_values=99).ravel()

    if code in ("YUYV", "UYVY"):
        packed = np.empty((height, width, 2), np.uint8)
        at = 0 if code == "YUYV" else 1
        packed[..., at] = y
        packed[:, 0::2, 1 - at], packed[:, 1::2, 1 - at] = cb, cr
        return rows(packed.reshape(height, width * 2), padding).tobytes(), width * 2 + padding
    if code == "NV12":
        colour = np.tile(np.array([cb, cr], np.uint8), (height // 2, width // 2))
        return np.concatenate([rows(y, padding), rows(colour, padding)]).tobytes(), width + padding
    halves = [np.full((height // 2, width // 2), value, np.uint8) for value in (cb, cr)]
    planes = [rows(y, padding), *(rows(half, padding // 2) for half in halves)]
    return np.concatenate(planes).tobytes(), width + padding


def convert(code: str, data: bytes, stride: int, color_range: str = "limited", matrix: str = "601") -> Bytes:
    """RGB of a WIDTH x HEIGHT picture."""
    return converter(Layout(code, WIDTH, HEIGHT, stride, color_range, matrix))(memoryview(data))


@settings(max_examples=60, deadline=None)
@given(
    code=st.sampled_from(YUV),
    matrix=st.sampled_from(sorted(WEIGHTS)),
    color_range=st.sampled_from(["full", "limited"]),
    colour=st.tuples(*[st.integers(16, 235)] * 3),
    padding=st.sampled_from([0, 2, 32]),
)
def test_any_colour_is_right_within_a_level(
    code: str, matrix: str, color_range: str, colour: tuple[int, int, int], padding: int
) -> None:
    """Every format, matrix, range and padding gives what the textbook gives."""
    y = np.full((HEIGHT, WIDTH), colour[0], np.uint8)
    data, stride = pack(code, y, colour[1], colour[2], padding)
    pixels = convert(code, data, stride, color_range, matrix)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(pixels - to_rgb(*colour, matrix, color_range)).max() <= 1.5


@pytest.mark.parametrize("color_range", ["full", "limited"])
@pytest.mark.parametrize("matrix", sorted(WEIGHTS))
@pytest.mark.parametrize("code", YUV)
def test_grey_ramps_come_back(code: str, matrix: str, color_range: str) -> None:
    """All greys in one picture, each in its place, within one level; black is 0 and white is 255."""
    black, white = (0, 255) if color_range == "full" else (16, 235)
    y = np.tile(np.linspace(black, white, WIDTH).round().astype(np.uint8), (HEIGHT, 1))
    data, stride = pack(code, y, 128, 128)
    expected = (y - float(black)) * 255 / (white - black)
    pixels = convert(code, data, stride, color_range, matrix)
    assert np.abs(pixels - expected[..., None]).max() <= 1
    assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == ([0] * 3, [255] * 3)


@pytest.mark.parametrize("code", ["RGB3", "BGR3"])
@pytest.mark.parametrize("padding", [0, 8])
def test_rgb_comes_back_as_it_is(code: str, padding: int) -> None:
    """Full range RGB is handed on bit by bit, in the right order, in memory of its own."""
    rgb = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    sent = rgb if code == "RGB3" else rgb[..., ::-1]
    buffer = bytearray(np.pad(sent.reshape(HEIGHT, -1), ((0, 0), (0, padding))).tobytes())
    layout = Layout(code, WIDTH, HEIGHT, WIDTH * 3 + padding, "full", "601")
    pixels = converter(layout)(memoryview(buffer))
    buffer[:] = bytes(len(buffer))  # the driver takes its buffer back and fills it anew
    np.testing.assert_array_equal(pixels, rgb)


@pytest.mark.parametrize("code", ["RGB3", "BGR3"])
def test_rgb_of_limited_range_is_stretched(code: str) -> None:
    """16 becomes 0, 235 becomes 255, what lies outside is cut off."""
    values = np.array([0, 16, 126, 235, 255], np.uint8)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[0, :5] = values[:, None]
    pixels = convert(code, picture.tobytes(), WIDTH * 3)
    assert pixels[0, :5, 0].tolist() == [0, 0, 128, 255, 255]


def jpeg(pixels: Bytes) -> bytes:
    """A JPEG as a box makes them, with halved colour."""
    return bytes(simplejpeg.encode_jpeg(pixels, quality=95, colorspace="RGB", colorsubsampling="422"))


def scan() -> Bytes:
    """A smooth grey picture."""
    return np.repeat(np.tile(np.linspace(0, 255, WIDTH).round().astype(np.uint8), (HEIGHT, 1))[..., None], 3, axis=2)


def test_motion_jpeg_is_full_range() -> None:
    """A grey ramp survives a JPEG within what JPEG itself changes."""
    pixels = convert("MJPG", jpeg(scan()), 0, "full")
    assert np.abs(pixels.astype(int) - scan()).max() <= 4


def test_motion_jpeg_of_a_box_that_squeezes_is_stretched() -> None:
    """Where the setting says that the box puts limited range into its JPEG, black is black again."""
    squeezed = (scan() * (219 / 255) + 16).round().astype(np.uint8)
    pixels = convert("MJPG", jpeg(squeezed), 0, "limited")
    assert np.abs(pixels.astype(int) - scan()).max() <= 6


def test_motion_jpeg_without_huffman_tables_is_read() -> None:
    """Many boxes leave the standard tables out, as AVI did."""
    data = jpeg(scan())
    bare, at = bytearray(data[:2]), 2
    while data[at + 1] != 0xDA:  # segments up to the start of the scan
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0xC4:
            bare += data[at:end]
        at = end
    bare += data[at:]
    assert len(bare) < len(data) - 300
    np.testing.assert_array_equal(convert("MJPG", bytes(bare), 0, "full"), convert("MJPG", data, 0, "full"))


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 0.98))
def test_a_jpeg_that_was_cut_off_is_refused(cut: float) -> None:
    """Half a picture is no picture: ValueError, never a grey lower half."""
    data = jpeg(np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    with pytest.raises(ValueError, match=r".+"):
        convert("MJPG", data[: int(len(data) * cut)], 0, "full")


@settings(max_examples=60, deadline=None)
@given(garbage=st.binary(max_size=400))
def test_garbage_is_refused(garbage: bytes) -> None:
    """Whatever bytes come, ValueError is all that happens."""
    for code in ("MJPG", *YUV, "RGB3"):
        with pytest.raises(ValueError, match=r".+"):
            convert(code, garbage, WIDTH)


def pix(code: str, **fields: int) -> abi.PictureFormat:
    """What a driver answers."""
    return abi.PictureFormat(width=WIDTH, height=HEIGHT, pixelformat=abi.fourcc(code), bytesperline=WIDTH * 2, **fields)


LAYOUTS: list[tuple[str, dict[str, int], tuple[str, str]]] = [
    ("YUYV", {}, ("limited", "601")),
    ("YUYV", {"colorspace": abi.COLORSPACE_REC709}, ("limited", "709")),
    ("YUYV", {"colorspace": abi.COLORSPACE_BT2020}, ("limited", "2020")),
    ("YUYV", {"colorspace": abi.COLORSPACE_JPEG}, ("full", "601")),
    ("NV12", {"quantization": abi.QUANTIZATION_FULL_RANGE}, ("full", "601")),
    ("NV12", {"colorspace": abi.COLORSPACE_REC709, "ycbcr_enc": abi.YCBCR_ENC_601}, ("limited", "601")),
    ("NV12", {"ycbcr_enc": abi.YCBCR_ENC_709}, ("limited", "709")),
    ("RGB3", {}, ("full", "601")),
    ("RGB3", {"quantization": abi.QUANTIZATION_LIM_RANGE}, ("limited", "601")),
    ("MJPG", {"colorspace": abi.COLORSPACE_REC709}, ("full", "601")),
    ("MJPG", {"quantization": abi.QUANTIZATION_LIM_RANGE}, ("full", "601")),
]


@pytest.mark.parametrize(("code", "fields", "expected"), LAYOUTS)
def test_range_and_matrix_are_what_the_driver_says(
    code: str, fields: dict[str, int], expected: tuple[str, str]
) -> None:
    """Said or left to V4L2's defaults: YUV limited, RGB and JPEG full; the matrix by encoding, then by colour space."""
    layout = Layout.of(pix(code, **fields))
    assert (layout.color_range, layout.matrix) == expected


@pytest.mark.parametrize("code", ["YUYV", "RGB3", "MJPG"])
@pytest.mark.parametrize("color_range", ["full", "limited"])
def test_the_setting_overrules_the_driver(code: str, color_range: str) -> None:
    """Drivers are wrong often enough; a person who looked has the last word."""
    assert Layout.of(pix(code), color_range).color_range == color_range


def test_the_quick_and_the_exact_way_agree() -> None:
    """BT.601 of limited range goes through OpenCV; it means the same there."""
    y = np.random.default_rng(3).integers(16, 236, (HEIGHT, WIDTH)).astype(np.uint8)
    data, stride = pack("NV12", y, 90, 160)
    pixels: Any = convert("NV12", data, stride)
    expected = cv2.cvtColor(np.frombuffer(data, np.uint8).reshape(-1, WIDTH), cv2.COLOR_YUV2RGB_NV12)
    np.testing.assert_array_equal(pixels, expected)
