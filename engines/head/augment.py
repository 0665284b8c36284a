"""Pictures for the training: a head placed anywhere, as any scanner might show it, and pictures without one."""

import math

import cv2
import numpy as np
from outline import HEIGHT, WIDTH

LETTERS = "ABCDEFGHIKLMNOPRSTUVZ0123456789./:-%"


def turned(points, matrix):
    """Points [n, 2] moved by an affine matrix [2, 3]."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def placement(rng, shape, ellipse):
    """An affine matrix from the picture to the network's: mild, strong, or with the head cut at an edge."""
    height, width = shape
    (x, y), axes, _ = ellipse
    kind = rng.choice(3, p=(0.5, 0.3, 0.2))
    fit = min(WIDTH / width, HEIGHT / height)
    if kind == 0:
        scale, angle = fit * rng.uniform(0.8, 1.25), rng.uniform(-25, 25)
        to = WIDTH / 2 + (x - width / 2) * fit, HEIGHT / 2 + (y - height / 2) * fit
        to = to[0] + rng.uniform(-0.1, 0.1) * WIDTH, to[1] + rng.uniform(-0.1, 0.1) * HEIGHT
    else:
        share = math.exp(rng.uniform(math.log(0.2), math.log(1.0 if kind == 1 else 1.3)))
        scale, angle = share * WIDTH / max(axes), rng.uniform(-180, 180)
        half = scale * np.mean(axes) / 2
        lost = -half if kind == 1 else rng.uniform(0, 1.6) * half
        room = np.maximum(0, (WIDTH / 2 + lost, HEIGHT / 2 + lost))
        to = (WIDTH / 2, HEIGHT / 2) + rng.uniform(-1, 1, 2) * room
    stretch = math.exp(rng.normal(0, 0.07))
    c, s = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
    matrix = np.array([[c, -s], [s, c]]) * [[stretch], [1 / stretch]]
    matrix = matrix * rng.choice((-1, 1), 2)[None]
    return np.column_stack([matrix, np.array(to) - matrix @ (x, y)])


def placed(grey, matrix):
    """The picture as the network sees it, float32 [HEIGHT, WIDTH], 0 to 255; black beyond its edges."""
    step = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if step < 0.7:  # without this, small pictures would flicker with what the wide steps leave out
        grey = cv2.GaussianBlur(grey, (0, 0), 0.4 / step)
    return cv2.warpAffine(grey, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.float32)


def filled(ellipse, matrix):
    """A moved ellipse, filled: float32 [HEIGHT, WIDTH], 0 to 1, the share of each pixel up to its edge.

    Computed, not drawn: OpenCV's filled shapes are half a pixel too large all around, which is 0.8 mm of an HC.
    """
    middle, axes, angle = ellipse
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    unit = np.diag(2 / np.array(axes)) @ [[c, s], [-s, c]] @ np.linalg.inv(matrix[:, :2])  # to the unit circle
    at = turned(np.array([middle]), matrix)[0]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    u = unit[0, 0] * (x - at[0]) + unit[0, 1] * (y - at[1])
    v = unit[1, 0] * (x - at[0]) + unit[1, 1] * (y - at[1])
    radius = np.hypot(u, v) + 1e-9
    slope = np.hypot(unit[0, 0] * u + unit[1, 0] * v, unit[0, 1] * u + unit[1, 1] * v) / radius
    return np.clip(0.5 + (1 - radius) / slope, 0, 1).astype(np.float32)


def head_sample(rng, head):
    """Picture float32 [HEIGHT, WIDTH] 0 to 255, mask float32 0 to 1, presence: 1, 0, or -1 where little of it shows."""
    matrix = placement(rng, head.grey.shape, head.ellipse)
    mask = filled(head.ellipse, matrix)
    seen = mask.sum() / (math.pi / 4 * np.prod(head.ellipse[1]) * abs(np.linalg.det(matrix[:, :2])))
    presence = 1.0 if seen >= 0.5 else 0.0 if seen < 0.02 else -1.0
    return disturbed(rng, placed(head.grey, matrix)), mask, presence


def background_sample(rng, head):
    """What lies around a head, its own ellipse filled with tissue from elsewhere in the picture: no head."""
    height, width = head.grey.shape
    grey = head.grey.copy()
    hidden = np.zeros_like(grey)
    (x, y), axes, angle = head.ellipse
    cv2.ellipse(hidden, ((x, y), (axes[0] * 1.2, axes[1] * 1.2), angle), 255, -1)
    shift, way = int(rng.integers(width // 4, width * 3 // 4)), int(rng.integers(-1, 2))
    other = np.roll(cv2.flip(grey, way), shift, 1)
    kept = cv2.bitwise_not(hidden)
    still = cv2.bitwise_and(hidden, np.roll(cv2.flip(hidden, way), shift, 1))
    other[still > 0] = grey[kept > 0].mean() if kept.any() else 0
    soft = cv2.GaussianBlur(hidden, (0, 0), 9)[..., None].astype(np.float32) / 255
    grey = (grey[..., None] * (1 - soft) + other[..., None] * soft)[..., 0].astype(np.uint8)
    far = rng.uniform(0.9, 2.2) * WIDTH / width
    flip = rng.choice((-1, 1), 2)
    matrix = np.diag(far * flip)
    at = rng.uniform(0.25, 0.75, 2) * (width, height)
    return disturbed(rng, placed(grey, np.column_stack([matrix, (WIDTH / 2, HEIGHT / 2) - matrix @ at])))


def other_sample(rng, pictures):
    """No head: another scan, black, noise, a plain grey, a screen of text, or shapes."""
    kind = rng.integers(0, 8)
    if kind < 4 and pictures:
        grey = pictures[rng.integers(len(pictures))]
        scale = min(WIDTH / grey.shape[1], HEIGHT / grey.shape[0]) * rng.uniform(0.9, 1.6)
        matrix = np.diag(scale * rng.choice((-1, 1), 2))
        at = rng.uniform(0.35, 0.65, 2) * grey.shape[::-1]
        picture = placed(grey, np.column_stack([matrix, (WIDTH / 2, HEIGHT / 2) - matrix @ at]))
        return disturbed(rng, picture)
    picture = np.full((HEIGHT, WIDTH), rng.choice((0, 0, 30, 128, 255)), np.uint8)
    if kind == 4:
        rough = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), rng.uniform(0.3, 9))
        picture = np.clip(picture + rough * rng.uniform(20, 300), 0, 255)
    elif kind == 5:
        for _ in range(rng.integers(8, 40)):
            written(rng, picture)
    elif kind == 6:
        shapes(rng, picture)
    return disturbed(rng, picture)


def shapes(rng, picture):
    """Boxes, lines and discs, as menus and photographs have them: sharp, plain, and no head."""
    for _ in range(rng.integers(1, 12)):
        x, y = rng.uniform(0, (WIDTH, HEIGHT), 2).astype(int).tolist()
        w, h = rng.integers(4, 160, 2).tolist()
        grey, thick = float(rng.uniform(0, 255)), int(rng.choice((-1, 1, 2)))
        kind = rng.integers(0, 3)
        if kind == 0:
            cv2.rectangle(picture, (x, y), (x + w, y + h), grey, thick)
        elif kind == 1:
            cv2.line(picture, (x, y), (x + w - 80, y + h - 80), grey, abs(thick))
        else:
            cv2.ellipse(picture, (x, y), (w // 2 + 2, h // 2 + 2), float(rng.uniform(0, 180)), 0, 360, grey, thick)


def written(rng, picture):
    """A word of a scanner's screen somewhere on the picture."""
    word = "".join(rng.choice(list(LETTERS), rng.integers(2, 12)))
    at = rng.uniform((-20, 0), (WIDTH, HEIGHT)).astype(int).tolist()
    cv2.putText(picture, word, at, cv2.FONT_HERSHEY_PLAIN, rng.uniform(0.4, 1.0), float(rng.uniform(60, 255)), 1)


def disturbed(rng, picture):
    """Another gain, gamma, blur, speckle, shadow and writing: [HEIGHT, WIDTH], 0 to 255, uint8."""
    picture = picture.astype(np.float32) / 255
    if rng.random() < 0.7:
        picture = picture ** math.exp(rng.normal(0, 0.35))
    if rng.random() < 0.7:
        picture = picture * math.exp(rng.normal(0, 0.3)) + rng.normal(0, 0.03)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.8))
    if rng.random() < 0.4:
        rough = rng.normal(0, rng.uniform(0.05, 0.5), (HEIGHT, WIDTH)).astype(np.float32)
        picture = picture * (1 + cv2.GaussianBlur(rough, (0, 0), rng.uniform(0.4, 1.2)))
    if rng.random() < 0.3:  # a shadow, or a side with other gain
        across = np.linspace(-1, 1, WIDTH)[None] * math.cos(turn := rng.uniform(0, 6.3))
        place = across + np.linspace(-1, 1, HEIGHT)[:, None] * math.sin(turn)
        picture = picture * (1 - rng.uniform(0.3, 0.95) / (1 + np.exp((place - rng.uniform(-0.3, 0.8)) * -12)))
    if rng.random() < 0.15:  # a box that hides something, as where a name was
        x, y = rng.uniform(0, (WIDTH, HEIGHT)).astype(int)
        picture[y : y + rng.integers(10, 70), x : x + rng.integers(10, 90)] = 0
    picture = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 9)):
            written(rng, picture)
    return picture
