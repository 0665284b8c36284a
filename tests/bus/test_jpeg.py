"""JPEG for those who cannot map the ring."""

import numpy as np
import pytest

from bedside.bus import jpeg
from bedside.errors import WireError
from bedside.messages import Pixels


@pytest.fixture
def gradient() -> Pixels:
    """A smooth picture of 320 x 200 with three different channels."""
    y, x = np.mgrid[0:200, 0:320]
    return np.stack([x * 255 // 319, y * 255 // 199, np.full_like(x, 40)], axis=2).astype(np.uint8)


def test_a_picture_survives_nearly(gradient: Pixels) -> None:
    """Red stays red and the error is a few grey levels: the channels are not swapped."""
    decoded = jpeg.decode(jpeg.encode(gradient, quality=95))
    assert decoded.shape == gradient.shape
    assert np.abs(decoded.astype(int) - gradient.astype(int)).mean() < 2


@pytest.mark.parametrize(("width", "shape"), [(0, (200, 320)), (160, (100, 160)), (640, (200, 320)), (1, (1, 1))])
def test_width_scales_down_and_never_up(gradient: Pixels, width: int, shape: tuple[int, int]) -> None:
    """The height follows the width; a wider wish leaves the picture as it is."""
    assert jpeg.decode(jpeg.encode(gradient, width)).shape[:2] == shape


def test_what_is_no_jpeg_is_refused(gradient: Pixels) -> None:
    """Rubbish and a picture that was cut short are a WireError in one sentence."""
    whole = jpeg.encode(gradient)
    for data in (b"", b"no jpeg", whole[:100], whole[: len(whole) // 2]):
        with pytest.raises(WireError, match="cannot be decoded"):
            jpeg.decode(data)
