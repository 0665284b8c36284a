"""What a value of a result may be: small checks that return it in its plain form, or say what is wrong with it."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any, Callable, Dict, List

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Check = Callable[[Any, str], Any]
MAX_TEXT = 2000
MAX_ITEMS = 1000
MAX_SIDE = 8192


class BadResult(Exception):
    """A result that cannot be used; the text names the field, the value and what was expected."""


def show(value: Any) -> str:
    """`value` for an error message: short, and an array by its kind and shape."""
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape):
        return "%s of shape %s" % (getattr(value, "dtype", type(value).__name__), list(shape))
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def number(value: Any, where: str) -> float:
    """A finite number: int, float, or a numpy or torch scalar."""
    if type(value) is not float and type(value) is not int:
        if isinstance(value, (bool, str, bytes, dict, list, tuple)) or value is None:
            raise BadResult("%s is %s; expected a number" % (where, show(value)))
        try:
            value = value.item()
        except (AttributeError, TypeError, ValueError, RuntimeError):
            raise BadResult("%s is %s; expected a number" % (where, show(value)))
        if type(value) not in (int, float):
            raise BadResult("%s is %s; expected a number" % (where, show(value)))
    if not math.isfinite(value):
        raise BadResult("%s is %s; expected a finite number" % (where, value))
    return value  # type: ignore[no-any-return]


def between(low: float, high: float, hint: str = "") -> Check:
    """A number within bounds. What leaves them by rounding only is put on the bound."""

    def check(value: Any, where: str) -> float:
        got = number(value, where)
        if not low - 1e-4 <= got <= high + 1e-4:
            raise BadResult("%s is %s; expected %g to %g%s" % (where, show(got), low, high, hint))
        return min(max(got, low), high)

    return check


def text(value: Any, where: str) -> str:
    """A text of bounded length."""
    if not isinstance(value, str):
        raise BadResult("%s is %s; expected a text" % (where, show(value)))
    if len(value) > MAX_TEXT:
        raise BadResult("%s has %d characters; expected at most %d" % (where, len(value), MAX_TEXT))
    return str(value)


def choice(*known: str) -> Check:
    """One of the given words."""

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise BadResult("%s is %s; expected one of %s" % (where, show(value), ", ".join(known)))
        return str(value)

    return check


def truth(value: Any, where: str) -> bool:
    """True or false, or a numpy or torch truth value."""
    if isinstance(value, bool):
        return value
    plain = value.item() if hasattr(value, "item") and not getattr(value, "shape", ()) else value
    if not isinstance(plain, bool):
        raise BadResult("%s is %s; expected True, False or None" % (where, show(value)))
    return plain


def array(value: Any, where: str) -> NDArray[Any]:
    """A numpy array from whatever holds one: numpy, torch, tensorflow, jax, a picture, nested lists."""
    if isinstance(value, np.ndarray):
        return value
    try:
        for step in ("detach", "cpu", "numpy"):
            if hasattr(value, step):
                value = getattr(value, step)()
        return np.asarray(value)
    except Exception as error:  # noqa: BLE001  other libraries raise what they like
        raise BadResult("%s is %s, which does not turn into an array: %s" % (where, show(value), error))


def label_map(value: Any, where: str) -> NDArray[np.uint8]:
    """uint8 [H, W] from any whole numbers 0 to 255, such as the int64 of an argmax, or truth values."""
    got = array(value, where)
    if got.ndim != 2 or 0 in got.shape or max(got.shape) > MAX_SIDE:
        raise BadResult("%s has shape %s; expected a label map [height, width]" % (where, list(got.shape)))
    if got.dtype in (np.bool_, np.uint8):
        return np.ascontiguousarray(got, dtype=np.uint8)
    if not np.issubdtype(got.dtype, np.integer):
        raise BadResult("%s is %s; expected whole numbers, one label index a pixel" % (where, got.dtype))
    low, high = int(got.min()), int(got.max())
    if low < 0 or high > 255:
        raise BadResult("%s has values from %d to %d; expected label indices 0 to 255" % (where, low, high))
    return np.ascontiguousarray(got, dtype=np.uint8)


def picture(value: Any, where: str) -> NDArray[np.uint8]:
    """uint8 [H, W] or [H, W, 3]."""
    got = array(value, where)
    if got.dtype != np.uint8 or 0 in got.shape or not (got.ndim == 2 or (got.ndim == 3 and got.shape[2] == 3)):
        raise BadResult("%s is %s; expected uint8 [height, width] or [height, width, 3]" % (where, show(got)))
    if max(got.shape) > MAX_SIDE:
        raise BadResult("%s has shape %s; expected at most %d a side" % (where, list(got.shape), MAX_SIDE))
    return np.ascontiguousarray(got)


def listing(item: Check) -> Check:
    """A list of bounded length, each item checked."""

    def check(value: Any, where: str) -> List[Any]:
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if not isinstance(value, (list, tuple)):
            raise BadResult("%s is %s; expected a list" % (where, show(value)))
        if len(value) > MAX_ITEMS:
            raise BadResult("%s has %d items; expected at most %d" % (where, len(value), MAX_ITEMS))
        return [item(one, "%s[%d]" % (where, index)) for index, one in enumerate(value)]

    return check


def record(required: Dict[str, Check], optional: Dict[str, Check], keeps_none: str = "") -> Check:
    """A dict with known keys. None means absent, but for the key `keeps_none`, where it means unknown."""
    known = dict(required, **optional)

    def check(value: Any, where: str) -> Dict[str, Any]:
        if not isinstance(value, dict):
            raise BadResult("%s is %s; expected a dict with %s" % (where or "result", show(value), ", ".join(known)))
        found: Dict[str, Any] = {}
        for key, one in value.items():
            if key not in known:
                raise BadResult(unknown(key, where, known))
            if one is not None:
                found[key] = known[key](one, "%s.%s" % (where, key) if where else key)
            elif key == keeps_none:
                found[key] = None
        for key in required:
            if key not in found:
                raise BadResult("%s has no '%s'; expected %s" % (where, key, ", ".join(required)))
        return found

    return check


def unknown(key: Any, where: str, known: Dict[str, Check]) -> str:
    """The sentence for a key that does not exist."""
    close = difflib.get_close_matches(str(key), list(known), 1)
    meant = "did you mean '%s'?" % close[0] if close else "expected one of %s" % ", ".join(known)
    return "%s '%s' is unknown; %s" % ("field" if not where else "%s:" % where, str(key)[:60], meant)
