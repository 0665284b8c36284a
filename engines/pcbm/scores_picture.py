"""Scores as pictures: learning curves, a confusion matrix, bars with intervals."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ASIDE = ("epoch", "lr", "seconds", "images_per_s")


def curves(folder: Path, stages: "tuple[str, ...]") -> None:
    """curves.png from the CSV of each stage that has one: losses to the left, scores to the right."""
    tables = {stage: read(folder / f"{stage}.csv") for stage in stages if (folder / f"{stage}.csv").is_file()}
    figure, axes = plt.subplots(len(tables), 2, figsize=(10, 3 * len(tables)), squeeze=False, layout="constrained")
    for (stage, columns), (left, right) in zip(tables.items(), axes):
        scored = False  # the columns of `validate` come after those of the losses, which begin with "loss"
        names = [name for name in columns if name not in ASIDE]
        for name in names:
            scored = scored or is_score(name)
            (right if scored else left).plot(columns["epoch"], columns[name], marker=".", label=name)
        for axis, what in ((left, "losses"), (right, "scores on validation subjects")):
            axis.set(title=f"{stage}: {what}", xlabel="epoch")
            axis.grid(alpha=0.3)
            axis.legend(fontsize="small")
    figure.savefig(folder / "curves.png", dpi=110)
    plt.close(figure)


def is_score(name: str) -> bool:
    """Of the validation, and no loss."""
    return name.endswith("accuracy") or name.startswith(("rmse_", "dice_"))


def read(file: Path) -> "dict[str, list[float]]":
    """Columns of a CSV."""
    with file.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    return {key: [float(row[key] or "nan") for row in rows] for key in rows[0]}


def confusion_matrix(counts: np.ndarray, names: "list[str]", title: str, file: Path) -> None:
    """Rows are the truth; colours are shares of a row, numbers are frames. counts [C, C]."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = 1.5 + 0.75 * len(names)
    figure, axis = plt.subplots(figsize=(size + 1, size), layout="constrained")
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axis.text(column, row, f"{int(counts[row, column])}", ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="answer", ylabel="truth", title=title)
    figure.savefig(file, dpi=120)
    plt.close(figure)


def bars(rows: "list[tuple[str, float, float, float]]", title: str, label: str, file: Path) -> None:
    """One bar a row: name, score, low and high of its interval."""
    rows = [row for row in rows if not np.isnan(row[1])]
    figure, axis = plt.subplots(figsize=(7, 0.9 + 0.3 * len(rows)), layout="constrained")
    names, values, low, high = (np.array(column) for column in zip(*rows)) if rows else ([], *np.zeros((3, 0)))
    spread = np.abs(np.stack([values - low, high - values]))
    axis.barh(range(len(rows)), values, xerr=np.nan_to_num(spread), color="#5b8db8", capsize=2)
    axis.set_yticks(range(len(rows)), names)
    axis.invert_yaxis()
    axis.set(title=title, xlabel=label)
    axis.grid(axis="x", alpha=0.3)
    figure.savefig(file, dpi=120)
    plt.close(figure)
