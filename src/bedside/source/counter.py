"""The counter that the synthetic scanner burns into its picture, for people (digits) and programs (squares).

Two rows of 26 squares stand in the lower left corner, at fixed fractions of the picture: first a white over a black
square, last a black over a white one, between them 32 bits of the number and 16 of its checksum. They outlive JPEG of
quality 70 and scaling to half the size, also when both come together.
"""

import binascii
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.messages import Pixels

COLUMNS, ROWS = 26, 2
LEFT, TOP = 1.0, 69.0
ACROSS, DOWN = 128.0, 72.0
"""The picture in squares: a square is 1/128 of its width and 1/72 of its height, 10 x 10 pixels at 1280 x 720."""
WHITE, BLACK = 235, 16
SEED = 0x1D0F
"""Starts the checksum, so that an all-black and an all-white field are both refused."""


def draw(pixels: Pixels, number: int) -> None:
    """Paint `number` (taken modulo 2**32) into the lower left corner of `pixels`, as digits and as squares."""
    height, width = pixels.shape[:2]
    across, down = width / ACROSS, height / DOWN
    top, bottom = round((TOP - 4.5) * down), height
    right = round((LEFT * 2 + COLUMNS) * across)
    pixels[top:bottom, :right] = 0
    bits = _bits(number)
    rows = np.rint((TOP + np.arange(ROWS + 1)) * down).astype(int)
    columns = np.rint((LEFT + np.arange(COLUMNS + 1)) * across).astype(int)
    field = np.where(bits, np.uint8(WHITE), np.uint8(BLACK))
    field = np.repeat(np.repeat(field, np.diff(rows), axis=0), np.diff(columns), axis=1)
    pixels[rows[0] : rows[-1], columns[0] : columns[-1]] = field[..., None]
    place = (round(LEFT * across), round((TOP - 1) * down))
    scale = max(down / 10 * 0.9, 0.3)
    cv2.putText(
        pixels,
        f"FRAME {number % 2**32:08d}",
        place,
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        (235, 235, 235),
        max(1, round(down / 7)),
    )


def read(pixels: Pixels) -> int | None:
    """The number in the squares of the whole picture, at any size from about 480 x 270; None when there is none.

    A picture without squares, or with one square that cannot be told, gives None: the 16-bit checksum lets one wrong
    reading in 65536 pass.
    """
    if pixels.ndim != 3 or min(pixels.shape[:2]) < DOWN:
        return None
    levels = pixels[_sample_points(*pixels.shape[:2])].mean(axis=(-1, -2, -3), dtype=np.float32)
    white = (levels[0, 0] + levels[1, -1]) / 2
    black = (levels[1, 0] + levels[0, -1]) / 2
    if white - black < 60:
        return None
    shares = (levels - black) / (white - black)
    if np.any(np.abs(shares - 0.5) < 0.12):
        return None
    bits = shares > 0.5
    number = int(np.packbits(np.concatenate([bits[0, 1:-1], bits[1, 1:-1]])[:32]).view(">u4")[0])
    return number if np.array_equal(bits, _bits(number)) else None


def squares(number: int) -> str:
    """The squares of a number, row by row: "1" is white, "0" black."""
    return "".join("1" if bit else "0" for bit in _bits(number).ravel())


def _bits(number: int) -> NDArray[np.bool_]:
    """The squares [2, 26] of a number; True is white."""
    data = (number % 2**32).to_bytes(4, "big")
    data += binascii.crc_hqx(data, SEED).to_bytes(2, "big")
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(ROWS, -1).astype(bool)
    edge = np.array([[True], [False]])
    return np.hstack([edge, bits, ~edge])


@cache
def _sample_points(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Nine points inside each square: row and column indices that broadcast to [2, 26, 3, 3]."""
    inside = np.array([0.35, 0.5, 0.65])
    rows = (TOP + np.arange(ROWS)[:, None] + inside) * height / DOWN
    columns = (LEFT + np.arange(COLUMNS)[:, None] + inside) * width / ACROSS
    return rows.astype(np.intp)[:, None, :, None], columns.astype(np.intp)[None, :, None, :]
