# -*- coding: utf-8 -*-
from numpy import *
import numpy as np

N = 12
random.seed(42)


def cells(img):
    img = img.astype(np.float) / 255
    h, w = img.shape
    img = img[:h // N * N, :w // N * N]
    c = img.reshape(N, h // N, N, w // N).mean((1, 3))
    gy, gx = np.gradient(c)
    mag = hypot(gx, gy).ravel()
    valid = np.ones(mag.shape, np.bool)
    return np.concatenate([sort(mag[valid])[::-1], [c.max(), c.std(), 1]])
