"""PCBM in the paper's order, whatever runs the nets: x -> s -> c -> y.

`nets` has five functions from float32 arrays to float32 arrays:

    observer(x [B, 1, H, W])                       -> probabilities [B, 14, H, W]
    global_(x [B, 1, H, W], maps [B, 21, H, W])    -> logits [B, 8], in the order of BINARY
    organs(x [B, 1, H, W], map [B, 1, H, W])       -> qualities [B, 9], in the order of ORGANS
    calipers(x [B, 1, H, W], map [B, 1, H, W])     -> qualities [B, 10], in the order of CALIPERS
    predictor(c [B, 27])                           -> logits [B, 8], four standard planes, four non-standard ones
"""

from collections import namedtuple

import numpy as np
import rules
from concepts import BEST, BINARY, CALIPERS, CONCEPTS, ORGANS

Concluded = namedtuple("Concluded", "label certainty plane concepts mask outputs")
"""label      s: [H, W], place in CLASSES
certainty  how sure the observer is of what it has segmented, 0 to 1: its mean probability there
plane      by the rules, from s; "" is none
concepts   c: [27], binary ones as probabilities, qualities 0 to 10
mask       which of them count, bool [27]
outputs    y: [8] probabilities; zeros where there is no plane"""


def forward(nets, x, labels=None, concepts=None):
    """One picture x [1, 1, 224, 288] -> Concluded.

    A person may intervene on s, with a function `labels` from a label map to the corrected one, and on c, with a
    function `concepts` from the plane to {index of the concept: its value}. What comes after follows.
    """
    probabilities = nets.observer(x)[0]  # [14, 224, 288]
    label = probabilities.argmax(0).astype(np.uint8)  # [224, 288]
    if labels is not None:
        label = labels(label)
    structure = label > 0
    certainty = float(probabilities.max(0)[structure].mean()) if structure.any() else 0.0
    plane = rules.plane_of(label)
    if not plane:
        nothing = np.zeros(len(CONCEPTS), np.float32)
        return Concluded(label, certainty, "", nothing, nothing > 0, np.zeros(8, np.float32))
    maps = rules.all_maps(label, plane)[None]  # [1, 21, 224, 288]
    mask = rules.concept_mask(label, plane)  # [27]
    c = conceive(nets, x, maps, mask)  # [27]
    for index, value in (concepts(plane) if concepts is not None else {}).items():
        c[index], mask[index] = value, True
    y = softmax(nets.predictor(c[None])[0])  # [8]
    return Concluded(label, certainty, plane, c, mask, y)


def conceive(nets, x, maps, mask):
    """The concepts that count, [27]; the others are 0. The passes of each local net go as one batch."""
    c = np.zeros(len(CONCEPTS), np.float32)
    c[list(BINARY)] = 1 / (1 + np.exp(-nets.global_(x, maps)[0]))
    organs, calipers = rules.local_passes(mask)
    for net, asked, group in ((nets.organs, organs, ORGANS), (nets.calipers, calipers, CALIPERS)):
        if not asked:
            continue
        own = np.stack([maps[0, list(places)].sum(0, keepdims=True) for places in asked])  # [passes, 1, 224, 288]
        qualities = net(np.repeat(x, len(own), 0), own)  # [passes, 9 or 10]
        for row, indices in zip(qualities, asked.values()):
            for index in indices:
                c[index] = min(max(row[group.index(index)], 0.0), BEST)
    return np.where(mask, c, np.float32(0))


def softmax(logits):
    """Probabilities of logits [N]."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
