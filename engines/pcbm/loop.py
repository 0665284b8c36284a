"""The training loop: batches made beside the steps, mixed precision, checkpoints, a CSV row an epoch, progress bars.

It knows nothing of what is trained. Every random number comes from (seed, epoch, place), so a training that was
stopped and resumed at an epoch's end gives the very weights that an unbroken one gives.
"""

import csv
import math
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
AHEAD = 4  # batches that wait at most


@dataclass(frozen=True)
class Setting:
    """How to train, whatever it is."""

    folder: Path
    epochs: int
    batch: int
    optimiser: str  # "sgd" or "adamw"
    lr: float
    weight_decay: float
    steps: int | None = None  # a few steps of each epoch only
    warm_up: float = 0.0  # part of the training in which the learning rate rises to `lr`
    clip: float = 1.0  # largest length of the gradient
    seed: int = 42
    resume: bool = False
    workers: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    precision: torch.dtype = torch.float32

    def autocast(self):
        """The precision of the nets' sums; their weights stay float32."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)


@dataclass(frozen=True)
class Best:
    """A checkpoint that is kept each time its score is the best so far."""

    file: str
    score: str  # a key of what `validate` answers; a leading "-" means that less is better
    prefix: str = ""  # keep only the part of the model whose parameters' names begin so, without that beginning


def fastest_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor or the GPU computes in it, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def rng_of(*place: int) -> np.random.Generator:
    """The random numbers of one place, such as (seed, epoch, number in the epoch)."""
    return np.random.default_rng(place)


def cut_up(order: np.ndarray, batch: int, whole: bool = True) -> "list[np.ndarray]":
    """Batches of an order; the rest that fills none is left out where batches are to be whole, unless it is all."""
    cuts = [order[at : at + batch] for at in range(0, len(order), batch)]
    return cuts[:-1] if whole and len(cuts) > 1 and len(cuts[-1]) < batch else cuts


def fit(name, model, setting, batches, loss_of, validate, kept):
    """Train, and write into the setting's folder: NAME-last.pt (to resume), NAME.csv and each of `kept`.

    batches(epoch): list of functions, each makes one batch (called in other threads, some ahead).
    loss_of(model, batch, epoch): dict of named losses, scalar tensors; the one called "loss" is stepped on.
    validate(model, progress): dict of named scores. `progress(done, total)` moves the bar.
    kept: list of Best. Returns the rows of the CSV.
    """
    setting.folder.mkdir(parents=True, exist_ok=True)
    model.to(setting.device, memory_format=torch.channels_last)
    optimiser = optimiser_of(model, setting)
    first, rows, best = 0, [], {}
    last = setting.folder / f"{name}-last.pt"
    if setting.resume and last.exists():
        first, rows, best = restore(last, model, optimiser, setting)
    with bars() as shown, ThreadPoolExecutor(setting.workers) as pool:
        whole = shown.add_task(name, total=setting.epochs, completed=first, said="")
        for epoch in range(first, setting.epochs):
            torch.manual_seed(setting.seed * 100_003 + epoch)
            started = time.monotonic()
            losses = train_epoch(model, optimiser, setting, batches(epoch), loss_of, epoch, shown, pool)
            trained = time.monotonic() - started
            scores = validate_epoch(model, validate, shown)
            row = {"epoch": epoch + 1, "lr": optimiser.param_groups[0]["lr"], **losses, **scores}
            row |= {"images_per_s": losses.pop("images") / trained, "seconds": time.monotonic() - started}
            del row["images"]
            rows.append({key: f"{value:.5g}" for key, value in row.items()})
            keep(model, setting.folder, kept, scores, best)
            save(last, model, optimiser, setting, rows, best)
            write_csv(setting.folder / f"{name}.csv", rows)
            said = "  ".join(f"{key} {value}" for key, value in rows[-1].items() if key != "epoch")
            shown.update(whole, advance=1, said=f"loss {rows[-1]['loss']}")
            shown.console.print(f"[bold]{name} {epoch + 1}/{setting.epochs}[/bold]  {said}", soft_wrap=True)
    return rows


def train_epoch(model, optimiser, setting, makers, loss_of, epoch, shown, pool):
    """One pass; the mean of each loss, and how many images there were."""
    model.train()
    makers = makers[: setting.steps]
    bar = shown.add_task("  train", total=len(makers), said="")
    sums, images = {}, 0
    for step, made in enumerate(ahead(pool, makers)):
        rate = setting.lr * schedule((epoch + step / len(makers)) / setting.epochs, setting.warm_up)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = {key: value.to(setting.device, non_blocking=True) for key, value in made.items()}
        with setting.autocast():
            losses = loss_of(model, batch, epoch)
        if not torch.isfinite(losses["loss"]):
            raise ArithmeticError(
                f"epoch {epoch + 1}, step {step + 1}: the loss is {losses['loss'].item()}; lower --lr"
            )
        optimiser.zero_grad(set_to_none=True)
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), setting.clip)
        optimiser.step()
        images += len(next(iter(batch.values())))
        for key, value in losses.items():
            sums[key] = sums.get(key, 0.0) + value.item()
        shown.update(bar, advance=1, said=f"loss {sums['loss'] / (step + 1):.3f}")
    shown.remove_task(bar)
    return {key: value / len(makers) for key, value in sums.items()} | {"images": images}


def validate_epoch(model, validate, shown):
    """The scores on what is not trained on."""
    model.eval()
    bar = shown.add_task("  validate", total=None, said="")
    with torch.inference_mode():
        scores = validate(model, lambda done, total: shown.update(bar, completed=done, total=total))
    shown.remove_task(bar)
    return scores


def ahead(pool, makers):
    """What the makers make, in order, with a few of them at work beside the reader."""
    waiting = deque(pool.submit(make) for make in makers[:AHEAD])
    for make in [*makers[AHEAD:], *[None] * min(AHEAD, len(makers))]:
        batch = waiting.popleft().result()
        if make is not None:
            waiting.append(pool.submit(make))
        yield batch


def schedule(progress: float, warm_up: float) -> float:
    """Cosine from 1 to 0 over the training, after a linear rise."""
    if progress < warm_up:
        return max(progress / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def optimiser_of(model: torch.nn.Module, setting: Setting) -> torch.optim.Optimizer:
    """SGD with momentum 0.9, or AdamW; no weight decay on biases and normalisations."""
    decayed = [value for value in model.parameters() if value.requires_grad and value.ndim > 1]
    others = [value for value in model.parameters() if value.requires_grad and value.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": setting.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if setting.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=setting.lr, momentum=0.9)
    return torch.optim.AdamW(groups, lr=setting.lr)


def keep(model, folder, kept, scores, best):
    """Write the weights of each `Best` whose score is better than all before."""
    for one in kept:
        score = -scores[one.score[1:]] if one.score.startswith("-") else scores[one.score]
        score = -math.inf if math.isnan(score) else score
        if one.file in best and score <= best[one.file]:
            continue
        best[one.file] = score
        state = model.state_dict()
        torch.save(
            {k[len(one.prefix) :]: v.cpu() for k, v in state.items() if k.startswith(one.prefix)}, folder / one.file
        )


def save(file, model, optimiser, setting, rows, best):
    """All that a later run needs to go on; written beside and put in place, so that no half file is left."""
    beside = file.with_suffix(".part")
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "rows": rows, "best": best}
    torch.save(state | {"epochs": setting.epochs, "seed": setting.seed}, beside)
    beside.replace(file)


def restore(file, model, optimiser, setting):
    """Where to go on: the next epoch, the rows of those before, and the best scores so far."""
    state = torch.load(file, map_location=setting.device, weights_only=True)
    for key in ("epochs", "seed"):
        if state[key] != getattr(setting, key):
            raise ValueError(f"{file} was begun with --{key} {state[key]}, not {getattr(setting, key)}: give the same")
    fill(model, state["model"], file)
    optimiser.load_state_dict(state["optimiser"])
    return len(state["rows"]), state["rows"], state["best"]


def fill(model, weights, file):
    """The weights of a file, which must be those of this model."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{file} has the weights of other nets: give the --size that it was trained with") from error


def write_csv(file: Path, rows: list[dict[str, str]]) -> None:
    """One row an epoch."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def bars() -> Progress:
    """Bars for epochs and steps, with the time that is left."""
    columns = [
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    ]
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
