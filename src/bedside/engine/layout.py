"""A picture as a model's metadata want it, where that leaves nothing to guess."""

from collections.abc import Mapping, Sequence

import numpy as np

from bedside.engine.server import Refused
from bedside.engine.tensors import DATATYPES, Array, Declared
from bedside.messages import Pixels

WRITE = "write request(frame, info) in the adapter"


def unfit(inputs: Sequence[Declared]) -> str:
    """Why no picture can be put into these inputs without being told how; empty when it can."""
    listed = ", ".join(map(str, inputs)) or "nothing declared"
    if len(inputs) != 1:
        return f"the model takes {listed}; expected a single input, or {WRITE}"
    kind = inputs[0].datatype
    if kind not in DATATYPES or DATATYPES[kind].kind not in "iu" or kind == "INT8":
        return f"the model takes {listed}, and nothing says how 0 to 255 become {kind}; {WRITE}"
    return ""


def fitted(pixels: Pixels, inputs: Sequence[Declared]) -> Mapping[str, Array]:
    """The pixels in the one input that there is: its shape and datatype, the values as they are.

    As they are, with a first dimension of one more, or with colours before rows ([3, height, width]). Raises Refused
    where none of these fits, or several do.
    """
    problem = unfit(inputs)
    if problem:
        raise Refused(problem)
    declared = inputs[0]
    found = [array for array in _layouts(pixels) if _matches(array.shape, declared.shape)]
    if len({array.shape for array in found}) == 1 or (found and found[0].ndim == pixels.ndim):
        return {declared.name: np.ascontiguousarray(found[0], DATATYPES[declared.datatype])}
    shape = list(pixels.shape)
    if found:
        raise Refused(f"the model takes {declared}, which a picture {shape} fits in several ways; {WRITE}")
    raise Refused(f"the model takes {declared}, and the picture is {shape}; set size or color, or {WRITE}")


def _layouts(pixels: Pixels) -> list[Array]:
    """The picture itself first."""
    layouts: list[Array] = [pixels, pixels[None]]
    if pixels.ndim >= 3 and pixels.shape[-1] == 3:
        first = np.moveaxis(pixels, -1, -3)
        layouts += [first, first[None]]
    elif pixels.ndim == 2:
        layouts += [pixels[..., None], pixels[None, ..., None], pixels[None, None]]
    return layouts


def _matches(shape: tuple[int, ...], declared: tuple[int, ...]) -> bool:
    return len(shape) == len(declared) and all(want in (-1, have) for have, want in zip(shape, declared, strict=True))
