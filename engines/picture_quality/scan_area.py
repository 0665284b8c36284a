"""Where on the screen the scan is: a fan, a sector or a rectangle, among text, rulers and black."""

import numpy as np

LIT = 10
"""Grey level above which a pixel is not black."""
CELL = 8
"""Pixels a side of the cells that are joined to areas."""
RAYS, DEPTHS = 48, 64
"""Size of the straightened picture: scan lines from left to right, depths from top to bottom."""
PATIENCE = 300
"""Frames after which a smaller area than before is believed."""


class ScanArea:
    """The left and right edge of the scan in each row. It remembers the widest that it has seen, so that an edge of the
    probe that loses contact does not make the area smaller."""

    def __init__(self):
        self.left = self.right = None
        self._smaller = 0

    def find(self, grey):
        """Look at a picture, float [H, W], of about 320 pixels. Whether there is a scan on it."""
        edges = find_edges(grey)
        if edges is None:
            return False
        left, right = edges
        if self.left is None or len(self.left) != len(left) or self._changed(left, right):
            self.left, self.right, self._smaller = left, right, 0
            return True
        self._smaller = self._smaller + 1 if width_of(left, right) < 0.97 * width_of(self.left, self.right) else 0
        if self._smaller > PATIENCE:
            self.left, self.right, self._smaller = left, right, 0
        self.left, self.right = np.minimum(self.left, left), np.maximum(self.right, right)
        return True

    @property
    def top(self):
        """First row of the scan."""
        return int(np.argmax(self.right > self.left))

    @property
    def bottom(self):
        """Last row of the scan."""
        return len(self.left) - 1 - int(np.argmax((self.right > self.left)[::-1]))

    def straightened(self, grey):
        """The scan as [DEPTHS, RAYS]: each column is one scan line, the first row lies at the probe."""
        rows = np.linspace(self.top, self.bottom, DEPTHS).round().astype(int)
        share = (np.arange(RAYS) + 0.5) / RAYS
        columns = self.left[rows, None] + share * (self.right - self.left)[rows, None]
        return grey[rows[:, None], columns.round().astype(int).clip(0, grey.shape[1] - 1)]

    def unstraightened(self, cells, shape):
        """`cells` [DEPTHS, RAYS] painted where they lie in the picture of `shape`; 0 outside of the scan."""
        painted = np.zeros(shape, cells.dtype)
        rows = np.arange(self.top, self.bottom + 1)
        left, right = self.left[rows, None], self.right[rows, None]
        columns = np.arange(shape[1])
        ray = ((columns - left) / np.maximum(right - left, 1) * RAYS).astype(int)
        depth = (rows - self.top) * DEPTHS // max(1, len(rows))
        inside = (columns >= left) & (columns <= right)
        painted[rows] = np.where(inside, cells[depth[:, None], ray.clip(0, RAYS - 1)], 0)
        return painted

    def place(self, ray, depth, shape):
        """Where a scan line and a depth (0 to 1 each) lie, as fractions of the picture."""
        row = round(self.top + depth * (self.bottom - self.top))
        column = self.left[row] + ray * (self.right[row] - self.left[row])
        return float(column / shape[1]), float(row / shape[0])

    def _changed(self, left, right):
        """Whether this is another view: the areas share less than six tenths."""
        both = width_of(np.maximum(left, self.left), np.minimum(right, self.right))
        return both < 0.6 * width_of(np.minimum(left, self.left), np.maximum(right, self.right))


def width_of(left, right):
    """Pixels between two edges."""
    return float(np.maximum(right - left, 0)[np.isfinite(right - left)].sum())


def find_edges(grey):
    """Left and right edge by row, float [H]: +inf and -inf where there is no scan. None when nothing is lit."""
    height, width = grey.shape
    lit = grey > LIT
    rows, columns = height // CELL, width // CELL
    cells = lit[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).mean((1, 3)) > 0.3
    area = scan_cells(cells)
    if area.sum() <= 0.03 * cells.size:
        return None
    inside = np.zeros_like(lit)
    inside[: rows * CELL, : columns * CELL] = area.repeat(CELL, 0).repeat(CELL, 1)
    inside &= lit
    found = np.flatnonzero(inside.sum(1) > 3)
    first = inside[found].argmax(1)
    last = width - 1 - inside[found][:, ::-1].argmax(1)
    left, right = np.full(height, np.inf), np.full(height, -np.inf)
    every = np.arange(found[0], found[-1] + 1)
    left[every] = outline(found, first, every)
    right[every] = -outline(found, -last, every)
    return left, right


def outline(rows, columns, every):
    """The convex outline to the left of points that are sorted by row, at `every` row."""
    chain = []
    for row, column in zip(rows.tolist(), columns.tolist()):
        while len(chain) > 1:
            (y1, x1), (y2, x2) = chain[-2], chain[-1]
            if (x2 - x1) * (row - y1) < (column - x1) * (y2 - y1):
                break
            chain.pop()
        chain.append((row, column))
    return np.interp(every, [row for row, _ in chain], [column for _, column in chain])


def scan_cells(cells):
    """The largest area of connected cells, and every large one above or below it: fluid may lie between."""
    if not cells.any():
        return cells
    label = connected(cells)
    counts = np.bincount(label.ravel())
    counts[0] = 0
    main = label == counts.argmax()
    below = main.any(0)
    for number in np.flatnonzero(counts > 0.1 * counts.max()):
        other = label == number
        columns = other.any(0)
        if (columns & below).sum() > 0.7 * max(columns.sum(), 0.5 * below.sum()):
            main |= other
    return main


def connected(cells):
    """A number for each area of connected cells, 0 elsewhere."""
    label = np.arange(1, cells.size + 1).reshape(cells.shape) * cells
    while True:  # each cell takes the highest number beside it, until nothing changes
        grown = label.copy()
        grown[1:] = np.maximum(grown[1:], label[:-1])
        grown[:-1] = np.maximum(grown[:-1], label[1:])
        grown[:, 1:] = np.maximum(grown[:, 1:], label[:, :-1])
        grown[:, :-1] = np.maximum(grown[:, :-1], label[:, 1:])
        grown *= cells
        if (grown == label).all():
            return label
        label = grown
