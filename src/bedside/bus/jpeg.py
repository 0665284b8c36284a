"""JPEG both ways, for whoever cannot map the ring."""

import numpy as np
import simplejpeg

from bedside.errors import WireError
from bedside.messages import Pixels


def encode(pixels: Pixels, width: int = 0, quality: int = 85) -> bytes:
    """`pixels`, RGB uint8 [height, width, 3], as JPEG of quality 1 to 100, scaled down to `width` (0: as they are)."""
    if 0 < width < pixels.shape[1]:
        import cv2  # noqa: PLC0415 - 16 MB, which a recorder beside the broadcaster never needs

        height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(simplejpeg.encode_jpeg(pixels, quality, "RGB", "420"))


def decode(data: bytes) -> Pixels:
    """The picture in a JPEG, RGB uint8 [height, width, 3]. Raises WireError when it is none, or cut short."""
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    except ValueError as error:
        raise WireError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}") from error
    return pixels
