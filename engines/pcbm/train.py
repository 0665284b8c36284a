"""Train PCBM on a data set: scripts/research train pcbm DATA --run RUN

Three stages, each on the truth of the one before: observer (pictures -> structures), conceiver (-> concepts) and
predictor (-> verdict). The folder RUN gets the best weights (observer.pt, conceiver.pt, predictor.pt), STAGE.csv with
one row an epoch, curves.png, run.json, and STAGE-last.pt from which --resume goes on. The data set's format, and how
long it takes, are in docs/howto/train-on-your-data.md.
"""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import augment
import cv2
import torch
import train_conceiver
import train_observer
import train_predictor
from dataset import DataError, load_all
from loop import Setting, bars, console, fastest_precision, fill
from nets.observer import Observer
from scores_picture import curves

STAGES = ("observer", "conceiver", "predictor")
PAPER = {
    # epochs, batch, optimiser, learning rate, weight decay, warm-up
    "observer": (200, 8, "sgd", 0.01, 0.0, 0.0),
    "conceiver": (50, 32, "sgd", 1e-3, 5e-5, 0.0),
    "predictor": (100, 32, "sgd", 0.1, 1e-3, 0.0),
}
SMALL = {
    "observer": (12, 16, "adamw", 3e-3, 1e-2, 0.05),
    "conceiver": (10, 32, "adamw", 2e-3, 1e-2, 0.05),
    "predictor": (30, 32, "sgd", 0.1, 1e-3, 0.0),
}
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
STRENGTHS = {"paper": augment.PAPER, "gentle": augment.GENTLE, "none": augment.NONE}


def arguments(words: "list[str] | None" = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        "train pcbm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", type=Path, help="folder of the data set: dataset.json, frames.csv, images/, labels/")
    add("--run", type=Path, default=Path("runs/pcbm"), help="folder for what is made (runs/pcbm)")
    add("--stage", choices=(*STAGES, "all"), default="all", help="which stage to train (all, one after the other)")
    add("--size", choices=("small", "full"), default="small", help="the nets that ship (small), or the paper's (full)")
    add(
        "--epochs",
        type=int,
        nargs="+",
        metavar="N",
        help="epochs of the stage; with all, one number for each of the three",
    )
    add("--steps", type=int, help="only so many steps of each epoch: to try out that everything runs")
    add("--batch", type=int, help="pictures a step (by size and stage: paper 8 or 32, small 16 or 32)")
    add("--optimiser", choices=("sgd", "adamw"), help="paper sgd; small adamw")
    add("--lr", type=float, help="highest learning rate; it falls to 0 by a cosine")
    add("--weight-decay", type=float)
    add("--augment", choices=STRENGTHS, help="how much the observer's pictures are changed (paper; small: gentle)")
    add(
        "--predicted-masks",
        type=float,
        metavar="SHARE",
        help="share of the conceiver's pictures that come with the observer's label map, not the true (0; small 0.5)",
    )
    add("--resume", action="store_true", help="go on from STAGE-last.pt; the weights are those of an unbroken training")
    add("--seed", type=int, default=42, help="of the split, the order and every random change (42)")
    add("--threads", type=int, help="processor cores to compute on (all)")
    add("--workers", type=int, default=2, help="threads that prepare pictures (2; with a GPU about one a core)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto takes a GPU where there is one")
    add(
        "--precision",
        choices=("auto", *PRECISIONS),
        default="auto",
        help="auto takes bfloat16 where the processor or the GPU computes in it",
    )
    return parser.parse_args(words)


def main(words: "list[str] | None" = None) -> int:
    """Train what was asked for; 0, or 2 where the data set is not as it should be."""
    args = arguments(words)
    cv2.setNumThreads(1)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        stages = {stage: setting(stage, args) for stage in (STAGES if args.stage == "all" else (args.stage,))}
        said = begun(args)
        data = loaded(args.data, args.seed, said.get("subjects"))
        said = {"subjects": data.subjects, "stages": {}} | said
        said |= {"size": args.size, "seed": args.seed, "data": data.table.origin, "frames": len(data.pictures)}
        note(args.run, said)
        for stage, own in stages.items():
            train(stage, data, args, own)
            said["stages"][stage] = {k: v for k, v in asdict(own).items() if isinstance(v, (int, float, str))}
            note(args.run, said)
    except (DataError, ValueError, ArithmeticError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def begun(args: argparse.Namespace) -> dict:
    """run.json of a run that has weights already; it keeps its subjects in their parts, its seed and its size."""
    file = args.run / "run.json"
    if not file.is_file() or not any(args.run.glob("*.pt")):
        return {}
    said = json.loads(file.read_text(encoding="utf-8"))
    for key in ("size", "seed"):
        mine = getattr(args, key)
        if said.get(key, mine) != mine:
            raise ValueError(f"{file} was begun with --{key} {said[key]}, not {mine}: give the same, or another --run")
    return said


def loaded(folder: Path, seed: int, kept=None):
    """The data set, with a bar while its pictures are read for the first time."""
    with bars() as shown:
        bar = shown.add_task("read", total=None, said="")
        data = load_all(folder, seed, lambda done, total: shown.update(bar, completed=done, total=total), kept)
    parts = ", ".join(f"{len(rows)} {name}" for name, rows in data.rows.items())
    console.print(
        f"{folder}: {len(data.pictures)} frames of {len(set(data.table.subjects))} subjects ({parts})", soft_wrap=True
    )
    return data


def setting(stage: str, args: argparse.Namespace) -> Setting:
    """The paper's or the small size's, changed by the arguments."""
    epochs, batch, optimiser, lr, decay, warm_up = (PAPER if args.size == "full" else SMALL)[stage]
    if args.epochs:
        wanted = STAGES if args.stage == "all" else (args.stage,)
        if len(args.epochs) not in (1, len(wanted)):
            raise ValueError(
                f"--epochs has {len(args.epochs)} numbers, but it takes one, or one for each of {', '.join(wanted)}"
            )
        epochs = args.epochs[wanted.index(stage) % len(args.epochs)]
    cuda = torch.cuda.is_available() if args.device == "auto" else args.device == "cuda"
    device = torch.device("cuda" if cuda else "cpu")
    precision = fastest_precision(device) if args.precision == "auto" else PRECISIONS[args.precision]
    own = Setting(
        args.run,
        epochs,
        batch,
        optimiser,
        lr,
        decay,
        args.steps,
        warm_up,
        seed=args.seed,
        resume=args.resume,
        workers=args.workers,
        device=device,
        precision=precision,
    )
    given = {"batch": args.batch, "optimiser": args.optimiser, "lr": args.lr, "weight_decay": args.weight_decay}
    return replace(own, **{key: value for key, value in given.items() if value is not None})


def train(stage, data, args, own):
    """One stage, its curves, and how it was made."""
    console.print(
        f"{stage}: {args.size}, {own.epochs} epochs, batch {own.batch}, {own.optimiser}, lr {own.lr:g}, {own.device}, "
        f"{str(own.precision).removeprefix('torch.')}, {torch.get_num_threads()} threads",
        soft_wrap=True,
    )
    if stage == "observer":
        strength = STRENGTHS[args.augment or ("paper" if args.size == "full" else "gentle")]
        train_observer.train(data, own, args.size, strength)
    elif stage == "conceiver":
        share = args.predicted_masks if args.predicted_masks is not None else 0.5 * (args.size == "small")
        train_conceiver.train(data, own, args.size, observer(own, args.size) if share else None, share)
    else:
        train_predictor.train(data, own, args.size)
    curves(args.run, STAGES)


def observer(own, size):
    """The observer of this run, where it is trained."""
    file = own.folder / "observer.pt"
    if not file.is_file():
        raise ValueError(f"{file} is missing: train the observer first, or say --predicted-masks 0")
    model = Observer(size)
    fill(model, torch.load(file, weights_only=True), file)
    return model.to(own.device, memory_format=torch.channels_last).eval()


def note(run, said):
    """run.json: size, data set, the seed and the subjects of its split, and the settings of each stage."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "run.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
