"""How good the head model is, on pictures that its training never saw.

    scripts/research evaluate head --data hc18/training_set --brain path/to/fetal_brain --others path/to/lung

Three tables: HC18's held-out subjects (weights/held_out.json), real fetal brains of another data set, without a truth,
and scans without a fetal head. OUT gets results.json, every measurement as hc18.csv, and pictures. It runs the engine
that ships: onnxruntime, one core.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from answer import boundary
from dataset import HELD_OUT_CLIPS, files_in, hc18, mask_of, read_head, still_pictures, subject_of, table
from figures import bland_altman, scatter, sheet
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine import HEAD_FROM, Engine

HERE = Path(__file__).parent
LEADERS = "leaders of the challenge, on its own hidden pictures: Dice 0.97 to 0.98, about 1.7 to 2 mm"


def options():
    """What the command line says."""
    parser = argparse.ArgumentParser(
        "evaluate head", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=hc18, required=True, help="HC18's training_set, with its table in it or beside it"
    )
    parser.add_argument("--brain", help="folder of fetal brain pictures, such as those of FETAL_PLANES_DB")
    parser.add_argument("--others", nargs="*", default=[], help="folders of clips and pictures without a fetal head")
    parser.add_argument("--weights", default=str(HERE / "weights"), help="what export.py wrote (default: weights here)")
    parser.add_argument("--out", default="runs/head/evaluation", help="default: runs/head/evaluation")
    parser.add_argument("--most", type=int, default=0, help="only so many pictures of each, for a trial (default: all)")
    return parser.parse_args()


def one(engine, folder, name, mm_per_px, hc_mm):
    """Figures of one held-out picture; without an outline only that it was missed."""
    head = read_head(folder, name, mm_per_px, hc_mm)
    grey = cv2.imread(str(Path(folder) / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    score, found, _, _ = engine.look(grey)
    row = {"name": name, "subject": subject_of(name), "mm_per_px": mm_per_px, "true_hc_mm": hc_mm, "score": score}
    if found is None:
        return {**row, "hc_mm": None}, (grey, None, head)
    scale = head.grey.shape[1] / grey.shape[1]
    given = mask_of(folder, name)
    drawn = ellipse_mask(grey.shape, ((found.x_px, found.y_px), (found.width_px, found.height_px), found.angle_deg))
    (x, y), (width, height), angle = head.ellipse
    true = ((x + 0.5) / scale, (y + 0.5) / scale), (width / scale, height / scale), angle
    row["hc_mm"] = found.circumference_px * mm_per_px
    row["dice"] = dice(drawn, ellipse_mask(grey.shape, true))
    row["dice_of_given_mask"] = dice(drawn, given)
    row["hausdorff_mm"] = farthest(found, true) * mm_per_px
    axes = sorted((found.width_px, found.height_px))
    row["bpd_mm"], row["ofd_mm"] = axes[0] * mm_per_px, axes[1] * mm_per_px
    row["true_bpd_mm"], row["true_ofd_mm"] = (axis * mm_per_px for axis in sorted(true[1]))
    return row, (grey, found, head)


def ellipse_mask(shape, ellipse):
    """The pixels [height, width] whose middles lie in an ellipse (corner-based coordinates)."""
    (x, y), (width, height), angle = ellipse
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    u, v = c * (columns - x) + s * (rows - y), -s * (columns - x) + c * (rows - y)
    return (2 * u / width) ** 2 + (2 * v / height) ** 2 <= 1


def dice(one_mask, other):
    """Overlap, 0 to 1."""
    return 2 * np.count_nonzero(one_mask & other) / (np.count_nonzero(one_mask) + np.count_nonzero(other))


def farthest(found, true):
    """Hausdorff distance of two ellipses' outlines in pixels, from 360 points of each."""
    ellipse = ((found.x_px, found.y_px), (found.width_px, found.height_px), found.angle_deg)
    first, second = boundary(ellipse, 360), boundary(true, 360)
    apart = np.linalg.norm(first[:, None] - second[None], axis=2)
    return max(apart.min(0).max(), apart.min(1).max())


def by_subject(values, subjects, seed=0, draws=2000):
    """Mean and its 95 % interval: subjects, not pictures, are drawn again and again (bootstrap)."""
    values, subjects = np.asarray(values, float), np.asarray(subjects)
    names = np.unique(subjects)
    sums = np.array([values[subjects == name].sum() for name in names])
    counts = np.array([(subjects == name).sum() for name in names])
    drawn = np.random.default_rng(seed).integers(0, len(names), (draws, len(names)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    return [float(values.mean()), *np.percentile(means, (2.5, 97.5)).tolist()]


def of_hc18(rows):
    """The table of HC18: {figure: [mean, low, high]}."""
    found = [row for row in rows if row["hc_mm"] is not None]
    subjects = [row["subject"] for row in found]
    apart = np.array([row["hc_mm"] - row["true_hc_mm"] for row in found])
    share = 100 * apart / np.array([row["true_hc_mm"] for row in found])
    columns = {
        "Dice": [row["dice"] for row in found],
        "Dice, masks as they come": [row["dice_of_given_mask"] for row in found],
        "Hausdorff distance, mm": [row["hausdorff_mm"] for row in found],
        "HC, mean absolute difference, mm": abs(apart),
        "HC, mean difference, mm": apart,
        "HC, mean absolute difference, %": abs(share),
        "HC, mean difference, %": share,
    }
    result = {name: by_subject(values, subjects) for name, values in columns.items()}
    result["spread of the difference (one SD), %"] = {
        name.upper(): float(np.std([row[f"{name}_mm"] / row[f"true_{name}_mm"] - 1 for row in found]) * 100)
        for name in ("hc", "bpd", "ofd")
    }
    result["HC, median absolute difference, mm"] = float(np.median(abs(apart)))
    result["pictures"], result["subjects"] = len(rows), len({row["subject"] for row in rows})
    result["recognised as a head, %"] = 100 * float(np.mean([row["score"] >= HEAD_FROM for row in rows]))
    return result


def held_out(engine, args, console):
    """HC18's held-out subjects: every picture's row, and what is drawn of it."""
    subjects = set(json.loads((Path(args.weights) / "held_out.json").read_text(encoding="utf-8"))["test"])
    wanted = [row for row in table(args.data) if subject_of(row[0]) in subjects][: args.most or None]
    return [one(engine, args.data, *row) for row in track(wanted, "HC18, held out", console=console)]


def of_brains(engine, args, out, console):
    """Share of the brain pictures that are recognised; there is no truth to measure against."""
    paths = sorted(Path(args.brain).glob("*.png"))[: args.most or None]
    scores, tiles = [], []
    for path in track(paths, "Fetal brains", console=console):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        score, found, _, _ = engine.look(grey)
        scores.append(score)
        tiles.append((grey, found if score >= HEAD_FROM else None, None, f"{score:.2f}"))
    sheet(out / "fetal_brain.jpg", tiles)
    return {"pictures": len(scores), "recognised as a head, %": 100 * float(np.mean(np.array(scores) >= HEAD_FROM))}


def of_others(engine, clips):
    """Frames without a head, by clip: share that is called a head, and the highest score."""
    found = {}
    for path, frames in clips.items():
        scores = [engine.look(grey)[0] for grey in frames]
        seen = "never seen" if path.name in HELD_OUT_CLIPS else "seen in training"
        wrong = 100 * float(np.mean(np.array(scores) >= HEAD_FROM))
        found[path.name] = {"training": seen, "called a head, %": wrong, "highest score": round(float(max(scores)), 3)}
    return found


def printed(console, results):
    """The tables."""
    hc18 = results["HC18"]
    shown = Table("HC18, held-out subjects", "mean", "95 % interval", title="by subject")
    for name, value in hc18.items():
        if isinstance(value, list):
            shown.add_row(name, f"{value[0]:.3f}", f"{value[1]:.3f} to {value[2]:.3f}")
        else:
            each = value.items() if isinstance(value, dict) else [("", value)]
            shown.add_row(name, ", ".join(f"{key} {one:.4g}".strip() for key, one in each), "")
    console.print(shown)
    console.print(f"The split is of the public training pictures. {LEADERS[0].upper()}{LEADERS[1:]}.")
    if "fetal brain" in results:
        console.print("Fetal brains (there is no truth there):", results["fetal brain"])
    clips = Table("without a head", "in training", "called a head, %", "highest score")
    for name, value in results.get("without a head", {}).items():
        clips.add_row(name, *map(str, value.values()))
    if clips.row_count:
        console.print(clips)


def main():
    """Evaluate; 0, or else what is not as it should be."""
    try:
        return evaluated(options())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def evaluated(args):
    """All that was asked for."""
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    console, engine = Console(), Engine(args.weights)
    clips = {path: still_pictures([path], args.most or 20) for path in sorted(files_in(args.others))}
    seen = held_out(engine, args, console)
    rows = [row for row, _ in seen]
    measured = [row for row in rows if row["hc_mm"] is not None]
    if not measured:
        return f"no head is outlined on any of {len(rows)} held-out pictures: train longer, or name other --weights"
    results = {"HC18": of_hc18(rows)}
    with (out / "hc18.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, max(rows, key=len), restval="")
        writer.writeheader()
        writer.writerows(rows)
    bland_altman(out / "bland_altman.png", measured)
    scatter(out / "scatter.png", measured)
    worst = sorted(seen, key=lambda each: each[0].get("dice", 0.0))[:12]
    sheet(out / "worst.jpg", [(grey, found, head, said(row)) for row, (grey, found, head) in worst])
    if args.brain:
        results["fetal brain"] = of_brains(engine, args, out, console)
    if args.others:
        results["without a head"] = of_others(engine, clips)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    printed(console, results)
    return 0


def said(row):
    """What stands on a tile of the worst."""
    if row["hc_mm"] is None:
        return f"{row['name']}: no outline"
    return (
        f"{row['name']}: Dice {row['dice']:.3f}, {row['hc_mm'] - row['true_hc_mm']:+.1f} mm of {row['true_hc_mm']:.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
