"""Train the head model on HC18.

    scripts/research train head --data hc18/training_set --others path/to/lung path/to/scanner --out runs/head

Every epoch shows each training picture once, placed and disturbed anew, and pictures without a head. It can be stopped
at any time (Ctrl-C) and goes on where it was when it is started with the same --out. OUT/log.csv has the losses and the
validation's figures, OUT/head.pt the weights with the best Dice on the validation's subjects, OUT/held_out.json the
subjects that were kept out of the training.
"""

import argparse
import csv
import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from augment import background_sample, filled, head_sample, other_sample
from dataset import HELD_OUT_CLIPS, files_in, hc18, read_head, split, still_pictures, subject_of, table
from net import HeadNet
from outline import FINE, letterboxed, network_input, outlined
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, track
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate


def options():
    """What the command line says."""
    parser = argparse.ArgumentParser(
        "train head", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=hc18, required=True, help="HC18's training_set, with its table in it or beside it"
    )
    parser.add_argument("--others", nargs="*", default=[], help="folders of clips and pictures that show no fetal head")
    parser.add_argument("--out", default="runs/head", help="where weights and logs go (default: runs/head)")
    parser.add_argument("--epochs", type=int, default=120, help="times that each picture is shown (default: 120)")
    parser.add_argument("--batch", type=int, default=16, help="pictures a step (default: 16)")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate (default: 0.003)")
    parser.add_argument("--seed", type=int, default=1, help="of the split and of all that is random (default: 1)")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU, where there is no GPU (default: 2)")
    parser.add_argument("--steps", type=int, default=0, help="end after so many steps, for a trial (default: all)")
    return parser.parse_args()


class Samples(torch.utils.data.Dataset):
    """One epoch: each head once, and a quarter as many pictures without one."""

    def __init__(self, heads, others, seed):
        self.heads, self.others, self.seed, self.epoch = heads, others, seed, 0

    def __len__(self):
        return len(self.heads) + len(self.heads) // 4

    def __getitem__(self, index):
        rng = np.random.default_rng((self.seed, self.epoch, index))
        if index < len(self.heads):
            picture, mask, presence = head_sample(rng, self.heads[index])
        else:
            head = self.heads[rng.integers(len(self.heads))]
            picture = background_sample(rng, head) if index % 3 == 0 else other_sample(rng, self.others)
            mask, presence = np.zeros(picture.shape, np.float32), 0.0
        return network_input(picture)[0], mask[None], np.float32(presence)


def losses(logits, presence, mask, present):
    """Outline: cross-entropy and Dice where there is a head. Presence: cross-entropy where it is clear."""
    logits = interpolate(logits.float(), size=mask.shape[2:], mode="bilinear")
    pixel = binary_cross_entropy_with_logits(logits, mask)
    probability = logits.sigmoid()
    shared = (probability * mask).sum((1, 2, 3))
    dice = (2 * shared + 1) / (probability.sum((1, 2, 3)) + mask.sum((1, 2, 3)) + 1)
    shown = (mask.sum((1, 2, 3)) > 50).float()
    overlap = ((1 - dice) * shown).sum() / shown.sum().clamp(min=1)
    clear = present >= 0
    there = binary_cross_entropy_with_logits(presence.float()[clear], present[clear]) if clear.any() else pixel * 0
    return pixel + overlap + 0.1 * there


@torch.no_grad()
def validated(net, heads, device):
    """Dice, mean absolute difference of HC in mm, and share recognised, of whole pictures as the engine sees them."""
    net.eval()
    dice, apart, seen = [], [], 0
    for head in heads:
        placed = letterboxed(head.grey)
        logits, presence = net(torch.from_numpy(network_input(placed.grey)).to(device))
        found, mask = outlined(logits[0, 0].float().cpu().numpy(), placed)
        seen += found is not None and presence.item() > 0
        if found is None:
            dice.append(0.0)
            continue
        truth = filled(head.ellipse, placed.matrix) > 0.5
        mask = mask[::FINE, ::FINE]
        dice.append(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))
        apart.append(abs(found.circumference_px * head.mm_per_px - head.hc_mm))
    return float(np.mean(dice)), float(np.mean(apart)) if apart else math.nan, seen / len(heads)


class Training:
    """Network, its running mean, optimiser and where it is; all of it is kept in OUT/last.pt.

    `begun` is what must be the same when it goes on.
    """

    def __init__(self, args, steps, device, begun):
        self.device, self.begun = device, begun
        self.net = HeadNet().to(device, memory_format=torch.channels_last)
        self.mean = torch.optim.swa_utils.AveragedModel(
            self.net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
        )
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=args.rate, weight_decay=1e-3)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, args.rate, steps, pct_start=0.1)
        self.epoch, self.step, self.best = 0, 0, 0.0
        self.file = Path(args.out) / "last.pt"

    def parts(self):
        """What has a state."""
        return {"net": self.net, "mean": self.mean, "optimiser": self.optimiser, "schedule": self.schedule}

    def save(self):
        """Keep it; a crash while writing leaves the one before."""
        state = {name: part.state_dict() for name, part in self.parts().items()}
        state |= {"at": [self.epoch, self.step, self.best], "begun": self.begun}
        torch.save(state, self.file.with_suffix(".new"))
        self.file.with_suffix(".new").replace(self.file)

    def resume(self):
        """Go on where the last run was, if there was one."""
        if self.file.exists():
            state = torch.load(self.file, map_location=self.device, weights_only=True)
            other = [name for name, value in self.begun.items() if state.get("begun", {}).get(name) != value]
            if other:
                raise ValueError(
                    f"{self.file} was begun with other {', '.join(other)}: give the same, or another --out"
                )
            for name, part in self.parts().items():
                part.load_state_dict(state[name])
            self.epoch, self.step, self.best = state["at"]

    def learn(self, picture, mask, present):
        """One step; its loss."""
        picture = picture.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits, presence = self.net(picture)
        loss = losses(logits, presence, mask.to(self.device), present.to(self.device))
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.mean.update_parameters(self.net)
        self.step += 1
        return loss.item()


def data(args, console):
    """Heads for training and validation, pictures without one, and the subjects that are kept out of the training."""
    others = still_pictures([path for path in files_in(args.others) if path.name not in HELD_OUT_CLIPS])
    rows = table(args.data)
    learn, check, held = split([subject_of(name) for name, _, _ in rows], args.seed)
    kept = {"seed": args.seed, "validation": sorted(check), "test": sorted(held)}
    rows = [row for row in rows if subject_of(row[0]) not in held]
    heads = [read_head(args.data, *row) for row in track(rows, "Reading heads", console=console)]
    console.print(f"{len(heads)} pictures of {len(learn)} + {len(check)} subjects; {len(others)} without a head")
    return [h for h in heads if h.subject in learn], [h for h in heads if h.subject in check], others, kept


def logged(args, row):
    """One more line of OUT/log.csv."""
    file = Path(args.out) / "log.csv"
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        if new:
            writer.writerow(["epoch", "step", "rate", "loss", "validation_dice", "validation_hc_mm", "recognised"])
        writer.writerow(row)


def main():
    """Train; 0, or 2 where something is not as it should be."""
    try:
        train(options())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def train(args):
    """All epochs that are left."""
    Path(args.out).mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    console = Console()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    learn, check, others, kept = data(args, console)
    samples = Samples(learn, others, args.seed)
    workers = 8 if device.type == "cuda" else 0
    batches = torch.utils.data.DataLoader(samples, args.batch, shuffle=True, drop_last=True, num_workers=workers)
    begun = {"--seed": args.seed, "--epochs": args.epochs, "--batch": args.batch}
    begun |= {"pictures": len(learn), "held-out subjects": kept["validation"] + kept["test"]}
    training = Training(args, args.epochs * len(batches), device, begun)
    training.resume()
    (Path(args.out) / "held_out.json").write_text(json.dumps(kept) + "\n", encoding="utf-8")
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Training", total=args.epochs * len(batches), completed=training.step, said="")
        while training.epoch < args.epochs and not (args.steps and training.step >= args.steps):
            samples.epoch = training.epoch
            torch.manual_seed(args.seed * 10007 + training.epoch)
            total = []
            training.net.train()
            for batch in batches:
                total.append(training.learn(*batch))
                progress.update(bar, advance=1, said=f"epoch {training.epoch + 1}, loss {np.mean(total):.4f}")
                if args.steps and training.step >= args.steps:
                    break
            training.epoch += 1
            finished(args, training, float(np.mean(total)), check, console)


def finished(args, training, loss, check, console):
    """After an epoch: every fourth one, and the last ones, are validated; the best weights are kept."""
    figures = ["", "", ""]
    if training.epoch % 4 == 0 or training.epoch >= args.epochs - 3 or args.steps:
        dice, apart, seen = validated(training.mean.module, check, training.device)
        figures = [round(dice, 5), round(apart, 4), round(seen, 4)]
        console.print(f"epoch {training.epoch}: loss {loss:.4f}, Dice {dice:.4f}, HC {apart:.2f} mm, seen {seen:.1%}")
        if dice > training.best:
            training.best = dice
            torch.save(training.mean.module.state_dict(), Path(args.out) / "head.pt")
    training.save()
    logged(args, [training.epoch, training.step, training.schedule.get_last_lr()[0], round(loss, 5), *figures])


if __name__ == "__main__":
    sys.exit(main())
