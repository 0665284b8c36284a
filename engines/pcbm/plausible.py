"""Whether a frame can be an ultrasound picture at all: the nets have only learned to tell such pictures apart.

The limits were set by eye on heads, scans of eyes and lungs, and the phantom, and on what must be turned away: black,
white and coloured frames, menus, photographs.
"""

import numpy as np

LIT, LEAST_LIT = 12, 0.02
"""Grey level above which a pixel is lit, and the share of lit pixels that a picture has."""
BRIGHT, MOST_FLAT = 40, 0.5
"""Of the pixels brighter than this, the share that may look just like their neighbours: speckle never does."""
COLOURED, MOST_COLOURED = 40, 0.3
"""How far apart a pixel's red, green and blue are when it is coloured, and the share of these that Doppler may have."""


def is_plausible(frame, picture):
    """`frame` is uint8 [H, W, 3] or [H, W], `picture` what the nets get of it, uint8 [224, 288]."""
    if (picture > LIT).mean() < LEAST_LIT:
        return False
    inner = picture[1:, 1:].astype(np.int16)
    step = np.maximum(abs(inner - picture[1:, :-1]), abs(inner - picture[:-1, 1:]))
    bright = inner > BRIGHT
    if bright.any() and (step[bright] <= 1).mean() > MOST_FLAT:
        return False
    if frame.ndim == 2:
        return True
    few = frame[:: max(1, len(frame) // 90), :: max(1, frame.shape[1] // 120)].astype(np.int16)
    return bool((np.ptp(few, axis=2) > COLOURED).mean() <= MOST_COLOURED)
