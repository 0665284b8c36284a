"""PCBM whole, in PyTorch: x (picture) -> s (segmentation) -> c (property concepts) -> y (plane and standard or not)."""

import json
from pathlib import Path
from zipfile import is_zipfile

import torch
from bottleneck import forward
from concepts import CLASSES, CONCEPTS, PLANES
from torch import nn

from nets.conceiver import Conceiver
from nets.observer import Observer
from nets.predictor import Predictor

SIZES = ("small", "full")
FORMAT, VERSION = "pcbm", 1


class PCBM(nn.Module):
    """`size` "full" is the paper's: RegNetY-1.6GF and a topology net, three ResNet-18. "small" is the one that ships.

    The nets are trained one after the other, and each can be used alone. `forward` answers one picture, with the rules
    between the nets, and takes a person's corrections.
    """

    def __init__(self, size="small"):
        super().__init__()
        if size not in SIZES:
            raise ValueError(f"size is {size!r}; expected one of {', '.join(SIZES)}")
        self.size = size
        self.observer = Observer(size)
        self.conceiver = Conceiver(size)
        self.predictor = Predictor()

    def forward(self, x, labels=None, concepts=None):
        """x [1, 1, 224, 288] -> Concluded, in numpy; `bottleneck.forward` has the steps and says what the two
        interventions, on s and on c, are."""
        return forward(Arrays(self), x.cpu().numpy(), labels, concepts)


class Arrays:
    """PCBM's nets as functions from numpy arrays to numpy arrays."""

    def __init__(self, model):
        device = next(model.parameters()).device

        def plain(net):
            @torch.no_grad()
            def call(*arrays):
                return net(*(torch.from_numpy(array).to(device) for array in arrays)).cpu().numpy()

            return call

        self.observer = plain(lambda x: model.observer(x)["probs"])
        self.global_ = plain(model.conceiver.global_)
        self.organs = plain(model.conceiver.organs)
        self.calipers = plain(model.conceiver.calipers)
        self.predictor = plain(model.predictor)


def save(model, path):
    """A file of weights that `load` reads: the nets, their size, and the tables that their numbers mean."""
    tables = {"planes": list(PLANES), "classes": list(CLASSES), "concepts": [name for name, _, _ in CONCEPTS]}
    torch.save({"format": FORMAT, "version": VERSION, "size": model.size, **tables, "nets": model.state_dict()}, path)


def load(path):
    """A trained PCBM, ready to answer, from such a file or from the folder of a training (train.py --run). Raises
    ValueError for a file of another kind or version, OSError where there is none."""
    path = Path(path)
    if path.is_dir():
        model = PCBM(json.loads((path / "run.json").read_text(encoding="utf-8"))["size"])
        for name in ("observer", "conceiver", "predictor"):
            getattr(model, name).load_state_dict(torch.load(path / f"{name}.pt", map_location="cpu", weights_only=True))
        return model.eval()
    with path.open("rb") as file:
        if not is_zipfile(file):
            raise ValueError(f"{path} is no file of PyTorch's; expected a pcbm.pt of export.py, or a training's folder")
    kept = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise ValueError(f"{path} holds no PCBM; expected a pcbm.pt of export.py, or a training's folder")
    if kept["version"] != VERSION:
        raise ValueError(f"{path} is of version {kept['version']}; expected {VERSION}: train and export it anew")
    model = PCBM(kept["size"])
    model.load_state_dict(kept["nets"])
    return model.eval()
