"""Write the trained network as ONNX, and compare the two.

    scripts/research export head --weights runs/head/head.pt --out engines/head/weights

OUT gets head.onnx, the same weights as head.pt (rounded to 16 bits, which halves it; head.onnx holds the rounded ones,
too), and held_out.json. The difference of the two networks' answers is printed; above 1e-3 it is an error.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from net import HeadNet
from outline import HEIGHT, WIDTH

OPSET = 17
MOST = 1e-3
"""Difference of two logits that is still the same answer."""


def main():
    """Export and compare."""
    parser = argparse.ArgumentParser(
        "export head", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights", default="runs/head/head.pt", help="what train.py wrote (default: runs/head/head.pt)"
    )
    parser.add_argument("--out", default=str(Path(__file__).parent / "weights"), help="folder (default: weights here)")
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    net = HeadNet()
    state = torch.load(args.weights, map_location="cpu", weights_only=True)
    torch.save(
        {name: part.half() if part.is_floating_point() else part for name, part in state.items()}, out / "head.pt"
    )
    net.load_state_dict(torch.load(out / "head.pt", weights_only=True))
    net.eval()
    (out / "held_out.json").write_bytes((Path(args.weights).parent / "held_out.json").read_bytes())
    example = torch.zeros(1, 1, HEIGHT, WIDTH)
    warnings.filterwarnings("ignore", "You are using the legacy", DeprecationWarning)
    torch.onnx.export(
        net,
        (example,),
        str(out / "head.onnx"),
        dynamo=False,  # the newer exporter writes paths of the machine into the file
        opset_version=OPSET,
        input_names=["picture"],
        output_names=["outline", "presence"],
    )
    apart = difference(net, out / "head.onnx")
    print(f"{out / 'head.onnx'}: {(out / 'head.onnx').stat().st_size / 1e6:.1f} MB")
    print(
        f"largest difference of a logit, PyTorch and onnxruntime, 8 pictures of noise: {apart:.1e} (at most {MOST:g})"
    )
    return 0 if apart <= MOST else 1


def difference(net, file):
    """The largest difference of any output on pictures of noise."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    rng, largest = np.random.default_rng(0), 0.0
    for _ in range(8):
        picture = rng.uniform(-1, 1, (1, 1, HEIGHT, WIDTH)).astype(np.float32)
        with torch.no_grad():
            expected = net(torch.from_numpy(picture))
        for one, other in zip(expected, session.run(None, {"picture": picture}), strict=True):
            largest = max(largest, float(np.abs(one.numpy() - other).max()))
    return largest


if __name__ == "__main__":
    sys.exit(main())
