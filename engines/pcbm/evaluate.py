"""Evaluate PCBM on subjects that it was not trained on: scripts/research evaluate pcbm DATA --run RUN

Two views of the same frames. Each net alone, on the truth of the stage before, says which net is weak. End to end, by
the rules and in the order in which the engine runs, says what a person at the scanner gets. Intervals are the middle
95 % when subjects (not frames) are drawn again with replacement.

Writes evaluation.json, evaluation.md, and pictures: confusion matrices, scores by class and concept, a contact sheet.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import rules
import scores
import torch
from answer import LEAST_SCORE, judged
from bottleneck import conceive, forward, softmax
from concepts import BINARY, CLASSES, CONCEPTS, LABEL, PLANES, UNKNOWN
from dataset import SPLITS, DataError, load_all
from evaluate_report import contact_sheet, figures, markdown, show
from frame import normalised
from loop import bars, console
from nets.pcbm import Arrays, load
from plausible import is_plausible
from train_predictor import known

CURVILINEAR = ("abdomen", "skull")
NONE = 2 * len(PLANES)
"""The verdict of a frame without a plane, after the predictor's eight."""


def arguments(words: "list[str] | None" = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        "evaluate pcbm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", type=Path, help="folder of the data set")
    add(
        "--run", type=Path, default=Path("runs/pcbm"), help="folder of a training, a pcbm.pt, or a folder of ONNX files"
    )
    add("--split", choices=(*SPLITS, "all"), default="test", help="which subjects (test)")
    add("--seed", type=int, help="of the split (as in RUN/run.json, else 42)")
    add("--out", type=Path, help="folder for evaluation.json and evaluation.md (that of --run)")
    add("--figures", type=Path, metavar="DIR", help="folder for the pictures (that of --out)")
    add("--frames", type=int, help="only so many frames, spread evenly: to try out that everything runs")
    add("--threads", type=int, default=1, help="processor cores to compute on (1)")
    return parser.parse_args(words)


def main(words: "list[str] | None" = None) -> int:
    """Evaluate; 0, or 2 where there is nothing to evaluate."""
    args = arguments(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(args.threads)
    folder = args.run if args.run.is_dir() else args.run.parent
    out = args.out or folder
    try:
        seed, kept = split_of(folder, args)
        data = load_all(args.data, seed, kept=kept)
        rows = np.arange(len(data.pictures)) if args.split == "all" else data.rows[args.split]
        if not len(rows):
            raise DataError(f"{args.data} has no frame of the split {args.split!r}: name another --split, or all")
        rows = rows[:: max(1, len(rows) // args.frames)][: args.frames] if args.frames else rows
        answers = answered(nets_of(args.run), data, rows)
    except (DataError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    found = summary(data, rows, answers) | {
        "data": data.table.origin,
        "model": str(args.run),
        "split": args.split,
        "seed": seed,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (out / "evaluation.md").write_text(markdown(found), encoding="utf-8")
    drawn = args.figures or out
    drawn.mkdir(parents=True, exist_ok=True)
    figures(found, drawn)
    contact_sheet(data, rows, answers, drawn / "contact-sheet.jpg")
    show(found, console)
    console.print(f"{out / 'evaluation.json'}, {out / 'evaluation.md'}, pictures in {drawn}", soft_wrap=True)
    return 0


def split_of(folder, args):
    """The seed and, where the training has written them down, the subjects of each part."""
    file = folder / "run.json"
    said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    begun = said.get("seed", 42)
    kept = None if args.split == "all" else said.get("subjects")
    if kept and args.seed not in (None, begun):
        raise DataError(
            f"{file} names the subjects of each part, drawn from --seed {begun}, not {args.seed}: leave it out"
        )
    return (begun if args.seed is None else args.seed), kept


def nets_of(run: Path):
    """PyTorch's nets of a training or a pcbm.pt, or ONNX's of a folder that has them and is no training."""
    if (run / "observer.onnx").is_file() and not (run / "run.json").is_file():
        from engine import Sessions  # noqa: PLC0415 - a GPU's environment may be without onnxruntime

        return Sessions(run)
    return Arrays(load(run))


def answered(nets, data, rows):
    """What the whole and each net alone answer to M frames: dict of arrays [M, ...]."""
    concepts, counts = known(data.table)
    made = []
    with bars() as shown:
        bar = shown.add_task("answer", total=len(rows), said="")
        for row in rows:
            picture, truth = data.pictures[row]
            x = normalised(picture)[None, None]
            concluded = forward(nets, x)
            score, is_standard = judged(concluded)
            is_shown = concluded.plane and score >= LEAST_SCORE and is_plausible(picture, picture)
            plane = PLANES.index(concluded.plane) if is_shown else len(PLANES)
            one = {"label": concluded.label, "plane": plane, "concepts": concluded.concepts}
            one["verdict"] = plane + len(PLANES) * (not is_standard) if is_shown else NONE
            one["conceived"] = conceived(nets, x, truth, data.table.planes[row], data.seen[row].any())
            is_known = not np.isnan(concepts[row]).any() and counts[row].any()
            one["predicted"] = int(softmax(nets.predictor(concepts[row][None])[0]).argmax()) if is_known else -1
            made.append(one)
            shown.advance(bar)
    return {key: np.stack([one[key] for one in made]) for key in made[0]}


def conceived(nets, x, truth, plane, is_labelled):
    """What the conceiver answers on the true label map, [27]; NaN where it is not asked."""
    if plane < 0 or not is_labelled:
        return np.full(len(CONCEPTS), np.nan, np.float32)
    label = np.where(truth == UNKNOWN, 0, truth).astype(np.uint8)
    mask = rules.concept_mask(label, PLANES[plane])
    return np.where(mask, conceive(nets, x, rules.all_maps(label, PLANES[plane])[None], mask), np.nan)


def summary(data, rows, answers):
    """All scores with their intervals, as evaluation.json has them."""
    subjects = data.table.subjects[rows]
    verdicts = np.where(data.table.planes[rows] < 0, NONE, data.table.verdicts[rows])
    planes = np.where(data.table.planes[rows] < 0, len(PLANES), data.table.planes[rows])
    alone = scores.confusion_sums(np.where(answers["predicted"] < 0, -1, verdicts), answers["predicted"], NONE)
    return {
        "frames": len(rows),
        "subjects": len(set(subjects)),
        "classes": by_class(data, rows, answers["label"], subjects),
        "concepts": by_concept(data, rows, answers, subjects),
        "predictor alone": decisions(alone, subjects, [*PLANES, *(f"{plane}, near" for plane in PLANES)]),
        "plane": decisions(
            scores.confusion_sums(planes, answers["plane"], len(PLANES) + 1), subjects, [*PLANES, "none"]
        ),
        "verdict": decisions(
            scores.confusion_sums(verdicts, answers["verdict"], NONE + 1),
            subjects,
            [*PLANES, *(f"{plane}, near" for plane in PLANES), "none"],
        ),
    }


def by_class(data, rows, labels, subjects):
    """Dice and IoU of each structure, and clDice of those that are lines."""
    truths = data.pictures[rows, 1]
    sums = np.stack([scores.overlap_sums(*pair, len(CLASSES)) for pair in zip(truths, labels)])
    dice, iou = scores.with_interval(scores.dice, sums, subjects), scores.with_interval(scores.iou, sums, subjects)
    found = {}
    for index, name in enumerate(CLASSES):
        found[name] = {"frames": int((sums[:, index, 1] > 0).sum()), "dice": at(dice, index), "iou": at(iou, index)}
        if name in CURVILINEAR:
            lines = np.stack([scores.line_sums(t == LABEL[name], p == LABEL[name]) for t, p in zip(truths, labels)])
            found[name]["cl_dice"] = at(scores.with_interval(scores.cl_dice, lines, subjects))
    return found


def by_concept(data, rows, answers, subjects):
    """RMSE of each quality and balanced accuracy of each binary concept: of the conceiver on true masks, and of all."""
    concepts, counts = known(data.table)
    truths = np.where(counts[rows], concepts[rows], np.nan)
    found = {}
    for index, (name, plane, kind) in enumerate(CONCEPTS):
        found[name] = {"plane": plane, "kind": kind, "frames": int((~np.isnan(truths[:, index])).sum())}
        for view in ("conceived", "concepts"):
            answer = answers[view][:, index]
            truth = np.where(np.isnan(answer), np.nan, truths[:, index])
            if index in BINARY:
                yes = np.nan_to_num(answer) >= 0.5
                sums, score = (
                    scores.confusion_sums(np.where(np.isnan(truth), -1, truth), yes, 2),
                    scores.balanced_accuracy,
                )
            else:
                sums, score = scores.error_sums(truth, np.nan_to_num(answer)), scores.rmse
            key = "conceiver alone" if view == "conceived" else "end to end"
            found[name][key] = at(scores.with_interval(score, sums, subjects))
    return found


def decisions(sums, subjects, names):
    """Accuracy, balanced accuracy and the confusion matrix (rows are the truth) of sums [M, C, C]."""
    return {
        "names": names,
        "frames": int(sums.sum()),
        "accuracy": at(scores.with_interval(scores.accuracy, sums, subjects)),
        "balanced accuracy": at(scores.with_interval(scores.balanced_accuracy, sums, subjects)),
        "confusion": sums.sum(0).astype(int).tolist(),
    }


def at(interval, index=()):
    """[score, low, high], None for what cannot be said."""
    values = [float(part[index]) for part in interval]
    return [None if np.isnan(value) else round(value, 4) for value in values]


if __name__ == "__main__":
    sys.exit(main())
