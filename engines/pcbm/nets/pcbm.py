"""PCBM whole, in PyTorch: x (picture) -> s (segmentation) -> c (property concepts) -> y (plane and standard or not)."""

import torch
from bottleneck import forward
from torch import nn

from nets.conceiver import Conceiver
from nets.observer import Observer
from nets.predictor import Predictor

SIZES = ("small", "full")


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

    @torch.no_grad()
    def forward(self, x, labels=None, concepts=None):
        """x [1, 1, 224, 288] -> Concluded, in numpy; `bottleneck.forward` has the steps and says what the two
        interventions, on s and on c, are."""
        return forward(Arrays(self), x.cpu().numpy(), labels, concepts)


class Arrays:
    """PCBM's nets as functions from numpy arrays to numpy arrays."""

    def __init__(self, model):
        device = next(model.parameters()).device

        def plain(net):
            def call(*arrays):
                return net(*(torch.from_numpy(array).to(device) for array in arrays)).cpu().numpy()

            return call

        self.observer = plain(lambda x: model.observer(x)["probs"])
        self.global_ = plain(model.conceiver.global_)
        self.organs = plain(model.conceiver.organs)
        self.calipers = plain(model.conceiver.calipers)
        self.predictor = plain(model.predictor)


def load(path):
    """The PCBM of a weights file, ready to answer. Raises ValueError for a file of another kind."""
    kept = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(kept, dict) or kept.get("format") != "pcbm":
        raise ValueError(f"{path} is no file of PCBM weights; expected one that train.py or export.py has written")
    model = PCBM(kept["size"])
    model.load_state_dict({name: one.float() if one.is_floating_point() else one for name, one in kept["nets"].items()})
    return model.eval()
