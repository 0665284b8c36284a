"""Label maps and pictures of a result, from whatever holds an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside_engine.kinds import BadResult, show

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SIDE = 8192
PLAIN_MODES = ("1", "L", "RGB", "F", "I", "I;16")
"""Kinds of a PIL image whose values are those of the picture."""


def array(value: Any, where: str) -> NDArray[Any]:
    """A numpy array from whatever holds one: numpy, torch, tensorflow, jax, a PIL image, nested lists."""
    if isinstance(value, np.ndarray):
        return value
    try:
        for step in ("detach", "cpu"):
            if hasattr(value, step):
                value = getattr(value, step)()
        if "bfloat16" in str(getattr(value, "dtype", "")) and hasattr(value, "float"):
            value = value.float()  # numpy knows no such type
        if hasattr(value, "numpy"):
            value = value.numpy()
        return np.asarray(value)
    except Exception as error:  # noqa: BLE001  other libraries raise what they like
        why = str(error)[:200]
        raise BadResult("%s is %s, which does not turn into an array: %s" % (where, show(value), why))


def label_map(value: Any, where: str) -> NDArray[np.uint8]:
    """uint8 [H, W] from any whole numbers 0 to 255, such as the int64 of an argmax, or truth values."""
    got = array(value, where)
    if not got.ndim:
        raise BadResult("%s is %s; expected a label map [height, width]" % (where, show(value)))
    if got.ndim == 3 and got.shape[2] == 1:
        got = got[:, :, 0]
    if got.ndim != 2 or 0 in got.shape or max(got.shape) > MAX_SIDE:
        hint = ""
        if got.ndim > 2:
            hint = "; drop the first dimension: mask[0]" if got.shape[0] == 1 else "; take the argmax over the classes"
        raise BadResult("%s has shape %s; expected a label map [height, width]%s" % (where, list(got.shape), hint))
    if got.dtype in (np.bool_, np.uint8):
        return np.ascontiguousarray(got, dtype=np.uint8)
    if not np.issubdtype(got.dtype, np.integer):
        expected = (
            "whole numbers, one label index a pixel; take the argmax over the classes, or compare with a threshold"
        )
        raise BadResult("%s is %s; expected %s" % (where, got.dtype, expected))
    low, high = int(got.min()), int(got.max())
    if low < 0 or high > 255:
        raise BadResult("%s has values from %d to %d; expected label indices 0 to 255" % (where, low, high))
    return np.ascontiguousarray(got, dtype=np.uint8)


def picture(value: Any, where: str) -> NDArray[np.uint8]:
    """uint8 [H, W] or [H, W, 3] from whole numbers 0 to 255, floats 0 to 1, or truth values; alpha is dropped."""
    if hasattr(value, "convert") and getattr(value, "mode", "L") not in PLAIN_MODES:
        value = value.convert("RGB")
    got = array(value, where)
    if got.ndim == 3 and got.shape[2] in (1, 4):
        got = got[:, :, 0] if got.shape[2] == 1 else got[:, :, :3]
    if 0 in got.shape or not (got.ndim == 2 or (got.ndim == 3 and got.shape[2] == 3)):
        first = got.ndim == 3 and got.shape[0] in (1, 3)
        hint = "; put the colours last: pixels.transpose(1, 2, 0)" if first else ""
        expected = "[height, width] or [height, width, 3]"
        raise BadResult("%s is %s; expected %s%s" % (where, show(got) if got.ndim else show(value), expected, hint))
    if max(got.shape) > MAX_SIDE:
        raise BadResult("%s has shape %s; expected at most %d a side" % (where, list(got.shape), MAX_SIDE))
    return np.ascontiguousarray(got if got.dtype == np.uint8 else _as_bytes(got, where))


def _as_bytes(got: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Values of another type as 0 to 255."""
    if got.dtype == np.bool_:
        return got.astype(np.uint8) * np.uint8(255)
    is_whole = np.issubdtype(got.dtype, np.integer)
    if not is_whole and not np.issubdtype(got.dtype, np.floating):
        raise BadResult("%s is %s; expected uint8 0 to 255, or floats 0 to 1" % (where, got.dtype))
    low, high, most = got.min(), got.max(), 255 if is_whole else 1
    if not -1e-4 <= low <= high <= most + 1e-4:  # false for nan, too
        hint = "" if is_whole else "; scale them, or return uint8 0 to 255"
        raise BadResult("%s is %s from %g to %g; expected 0 to %d%s" % (where, got.dtype, low, high, most, hint))
    if is_whole:
        return got.astype(np.uint8)
    with np.errstate(all="ignore"):  # the model may have made numpy raise for less
        return np.rint(np.clip(got, 0, 1) * 255).astype(np.uint8)  # type: ignore[no-any-return]
