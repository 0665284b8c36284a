"""Pictures of the evaluation."""

import cv2
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

TILE = (320, 216)
"""Width and height in pixels."""
FOUND, TRUE = (80, 220, 80), (230, 160, 60)
"""Colours (blue, green, red) of the model's ellipse and of the annotated one."""


def bland_altman(file, rows):
    """Difference of HC against the mean of both, with its mean and limits of agreement (1.96 SD)."""
    model, true = (np.array([row[name] for row in rows]) for name in ("hc_mm", "true_hc_mm"))
    apart = model - true
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.scatter((model + true) / 2, apart, s=14, alpha=0.7)
    middle, spread = apart.mean(), 1.96 * apart.std(ddof=1)
    for at, name in ((middle, "mean"), (middle - spread, "mean - 1.96 SD"), (middle + spread, "mean + 1.96 SD")):
        axes.axhline(at, color="black", linewidth=0.8, linestyle="-" if name == "mean" else "--")
        axes.annotate(f"{name} {at:+.2f}", (1, at), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    axes.set(xlabel="mean of model and annotation, HC in mm", ylabel="model less annotation, mm")
    axes.set_title(f"HC18, held-out subjects: {len(rows)} pictures")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def scatter(file, rows):
    """HC of the model against the annotated one."""
    model, true = (np.array([row[name] for row in rows]) for name in ("hc_mm", "true_hc_mm"))
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.scatter(true, model, s=14, alpha=0.7)
    ends = [min(true.min(), model.min()), max(true.max(), model.max())]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set(xlabel="annotated HC, mm", ylabel="model's HC, mm", aspect="equal")
    axes.set_title(f"r = {np.corrcoef(true, model)[0, 1]:.4f}")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def sheet(file, tiles, across=6):
    """Pictures with the model's ellipse (green) and the annotated one (blue), side by side.

    A tile is (grey, the model's outline or None, an annotated Head or None, words).
    """
    drawn = [tile(*each) for each in tiles]
    if not drawn:
        return
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % across)
    rows = [np.hstack(drawn[first : first + across]) for first in range(0, len(drawn), across)]
    cv2.imwrite(str(file), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 80])


def tile(grey, outline, head, words):
    """One picture of a sheet: uint8 [height, width, 3]."""
    scale = min(TILE[0] / grey.shape[1], TILE[1] / grey.shape[0])
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[: TILE[1], : TILE[0]]
    picture = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    picture[: small.shape[0], : small.shape[1]] = small[..., None]
    if head is not None:
        (x, y), axes, angle = head.ellipse
        other = scale * grey.shape[1] / head.grey.shape[1]
        cv2.ellipse(picture, ((x * other, y * other), (axes[0] * other, axes[1] * other), angle), TRUE, 1, cv2.LINE_AA)
    if outline is not None:
        middle = (outline.x_px * scale, outline.y_px * scale)
        axes = (outline.width_px * scale, outline.height_px * scale)
        cv2.ellipse(picture, (middle, axes, outline.angle_deg), FOUND, 1, cv2.LINE_AA)
    cv2.putText(picture, words, (4, TILE[1] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return picture
