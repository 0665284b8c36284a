"""Where calipers are set: ellipses through bands, and the ends of a bone. Points are [N, 2] of x, y in pixels."""

import cv2
import numpy as np

SMALLEST_PX, FLATTEST = 8.0, 0.3
"""An ellipse with a shorter axis, or with axes further apart, is no head and no abdomen."""
RAYS = 120
END = 0.04
"""Share of a bone's length that is its end."""


def points_of(mask):
    """The middles of the pixels of a mask [H, W], [N, 2]."""
    rows, columns = np.nonzero(mask)
    return np.stack([columns, rows], 1).astype(np.float32)


def fit_ellipse(points):
    """((x, y), (axis, axis), degrees) through points, as OpenCV has it: whole axes, the second one at a right angle to
    the first. None where there is no such ellipse."""
    if len(points) < 5:
        return None
    middle, axes, turn = cv2.fitEllipse(np.ascontiguousarray(points, np.float32))
    shorter, longer = sorted(axes)
    widest = 2 * float(np.ptp(points, axis=0).max())
    if not np.isfinite([*middle, *axes, turn]).all() or shorter < SMALLEST_PX or longer > widest:
        return None
    return (middle, axes, turn) if shorter >= FLATTEST * longer else None


def outermost(points, middle):
    """Of the points, [N, 2], the farthest from the middle on each of 120 rays, half a pixel farther: where the outer
    border of the band runs."""
    away = points - np.asarray(middle, np.float32)
    distance = np.hypot(away[:, 0], away[:, 1])
    ray = ((np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi) + 0.5) * RAYS).astype(int) % RAYS
    order = np.lexsort((distance, ray))  # by ray, the farthest last
    last = order[np.append(np.diff(ray[order]) > 0, True)]
    return points[last] + away[last] / np.maximum(distance[last], 1)[:, None] / 2


def ends(ellipse):
    """Of the longer axis from left to right, then of the shorter one from top to bottom: [4, 2]."""
    (x, y), (first, second), turn = ellipse
    along = np.deg2rad(turn if first >= second else turn + 90)
    longer, shorter = max(first, second) / 2, min(first, second) / 2
    across = np.array([np.cos(along), np.sin(along)])
    down = np.array([-across[1], across[0]])
    across *= np.sign(across[0]) or 1
    down *= np.sign(down[1]) or 1
    middle = np.array([x, y])
    return np.stack(
        [middle - longer * across, middle + longer * across, middle - shorter * down, middle + shorter * down]
    )


def bone_ends(points):
    """The middles of a bone's two ends, [2, 2] from left to right: where its own long axis begins and ends."""
    middle = points.mean(0)
    axis = np.linalg.svd(points[:: max(1, len(points) // 500)] - middle, full_matrices=False)[2][0]
    axis *= np.sign(axis[0]) or 1
    along = (points - middle) @ axis
    first, last = along.min(), along.max()
    margin = END * (last - first)
    across = points - middle - along[:, None] * axis
    left, right = across[along <= first + margin].mean(0), across[along >= last - margin].mean(0)
    return np.stack([middle + (first - 0.5) * axis + left, middle + (last + 0.5) * axis + right])
