"""Export a trained PCBM: scripts/research export pcbm RUN

Writes pcbm.pt, which ../pcbm_torch reads, and one ONNX file for each net, which engine.py reads, and says by how much
the two differ.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from concepts import MAPS
from frame import HEIGHT, WIDTH
from nets.pcbm import Arrays, load, save
from torch import nn

from engine import WEIGHTS, session

OPSET = 17
TOLERANCE = 1e-3


class Call(nn.Module):
    """A function of a module's tensors as a module, which is what can be exported."""

    def __init__(self, owner, call):
        super().__init__()
        self.owner, self.call = owner, call

    def forward(self, *tensors):
        return self.call(*tensors)


def parts(model):
    """Each net's file name, its module, and shapes of what goes in; the first dimension may be any number but for the
    observer and the global net, which see one picture."""
    picture, maps, one = (1, 1, HEIGHT, WIDTH), (1, MAPS, HEIGHT, WIDTH), (2, 1, HEIGHT, WIDTH)
    return {
        "observer": (Call(model.observer, lambda x: model.observer(x)["probs"]), [picture]),
        "global": (Call(model.conceiver, model.conceiver.global_), [picture, maps]),
        "organs": (Call(model.conceiver, model.conceiver.organs), [one, one]),
        "calipers": (Call(model.conceiver, model.conceiver.calipers), [one, one]),
        "predictor": (model.predictor, [(1, 27)]),
    }


def write(net, shapes, file):
    """One net as an ONNX file."""
    names = ["x", "map"][: len(shapes)]
    warnings.filterwarnings("ignore", "You are using the legacy", DeprecationWarning)
    torch.onnx.export(
        net.eval(),
        tuple(torch.zeros(shape) for shape in shapes),
        str(file),
        dynamo=False,  # the newer exporter writes paths of the machine into the file
        opset_version=OPSET,
        input_names=names,
        output_names=["y"],
        dynamic_axes=None if shapes[0][0] == 1 else {name: {0: "passes"} for name in [*names, "y"]},
    )


def difference(ours, theirs, shapes):
    """The largest difference between two functions on pictures of noise."""
    noise = np.random.default_rng(0)
    arrays = [noise.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    return float(abs(ours(*arrays) - theirs(*arrays)).max())


def export(trained, folder):
    """pcbm.pt and the five ONNX files of a trained PCBM; the largest difference of each, by name."""
    model = load(trained)
    folder.mkdir(parents=True, exist_ok=True)
    save(model, folder / "pcbm.pt")
    plain, found = Arrays(model), {}
    for name, (net, shapes) in parts(model).items():
        file = folder / f"{name}.onnx"
        write(net, shapes, file)
        found[name] = difference(getattr(plain, "global_" if name == "global" else name), session(file), shapes)
        print(f"{name:<10} {file.stat().st_size / 1e6:6.2f} MB   differs from PyTorch by at most {found[name]:.1e}")
    return found


def main(words=None):
    """The command; 0, 1 where the nets differ, or 2 where there is nothing to export."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("export pcbm", description=__doc__, formatter_class=plain)
    parser.add_argument("trained", type=Path, help="the folder of a training (train.py --run), or a pcbm.pt")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="folder for pcbm.pt and the ONNX files (weights)")
    args = parser.parse_args(words)
    try:
        worst = max(export(args.trained, args.to).values())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if worst > TOLERANCE:
        print(f"The exported nets differ from PyTorch by {worst:.1e}; expected at most {TOLERANCE:g}.", file=sys.stderr)
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
