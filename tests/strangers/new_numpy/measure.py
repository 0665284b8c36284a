import sys, warnings
warnings.filterwarnings("ignore")
import numpy as np

print(f"{sys.version_info=}  {np.__version__=}")
np.set_printoptions(precision=3, legacy=False)
np.seterr(all="raise")

type Pair[T = float] = tuple[T, T]      # 3.13 only
BEST: Pair | None = None
SEEN = []


def threshold(img):
    "otsu, more or less"
    hist = np.bincount(img.ravel(), minlength=256)
    level = np.arange(256)
    best, at = -1.0, 128
    for t in range(1, 255):
        a, b = hist[:t].sum(), hist[t:].sum()
        if a == 0 or b == 0:
            continue
        between = a * b * (np.vecdot(hist[:t], level[:t]) / a - np.vecdot(hist[t:], level[t:]) / b) ** 2
        if between > best: best, at = between, t
    return at


def diameter(img):
    global BEST
    mask = img >= threshold(img)
    profile = mask.sum(axis=0).astype(np.float64)
    area = np.trapezoid(profile)        # numpy 2 only
    xs, ys = np.unique_values(np.nonzero(mask)[1]), np.unique_values(np.nonzero(mask)[0])
    BEST = (float(xs.mean()), float(ys.mean()))
    SEEN.append(area)
    print(f"\rarea {area:.1f}  centre {BEST}", end="", flush=True)
    return 2 * (area / np.pi) ** 0.5
