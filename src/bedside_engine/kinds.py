"""What a value of a result may be: small checks that return it in its plain form, or say what is wrong with it."""

from __future__ import annotations

import difflib
import numbers
import reprlib
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Sized, Tuple

Check = Callable[[Any, str], Any]
MAX_TEXT = 2000
MAX_ITEMS = 1000


class BadResult(Exception):
    """A result that cannot be used; the text names the field, the value and what was expected, on one line."""

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(sentence.split()))


def show(value: Any) -> str:
    """`value` for an error message: short, and an array by its kind and shape. Never raises, whatever it is."""
    try:
        shape = getattr(value, "shape", None)
        if shape is not None and len(shape):
            return "%s of shape %s" % (getattr(value, "dtype", type(value).__name__), list(shape))
        text = reprlib.repr(value)
    except Exception:  # noqa: BLE001  the model's own __repr__, or a number with too many digits
        return "a value of the type %s" % type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def number(value: Any, where: str) -> float:
    """A finite number: int, float, or an array or tensor that holds just one."""
    if type(value) is not float and type(value) is not int:
        value = _plain_number(value, where)
    if not -1e300 <= value <= 1e300:  # false for nan, too
        raise BadResult("%s is %s; expected a finite number" % (where, show(value)))
    return value  # type: ignore[no-any-return]


def _plain_number(value: Any, where: str) -> Any:
    plain = _item(value)
    if type(plain) in (float, int):
        return plain
    if isinstance(plain, bool) or not isinstance(plain, numbers.Real):
        raise BadResult("%s is %s; expected a number" % (where, show(value)))
    return int(plain) if isinstance(plain, int) else float(plain)


def _item(value: Any) -> Any:
    """What an array or tensor with one element holds; anything else as it is."""
    for step in ("item", "numpy"):
        if hasattr(value, step) and not isinstance(value, (str, bytes, dict)):
            try:
                value = getattr(value, step)()
                return value.item() if step == "numpy" else value
            except Exception:  # noqa: BLE001  other libraries raise what they like: then it is no number
                return value
    return value


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
    plain = str.__str__(value)  # of an enumeration's member, str() is its name
    return plain if plain.isascii() else plain.encode("utf-8", "replace").decode("utf-8")


def choice(*known: str) -> Check:
    """One of the given words."""

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise BadResult("%s is %s; expected one of %s" % (where, show(value), ", ".join(known)))
        return str.__str__(value)

    return check


def truth(value: Any, where: str) -> bool:
    """True or false, also of numpy or torch; 1 and 0 will do, which older libraries have for them."""
    plain = value if isinstance(value, bool) else _item(value)
    if not isinstance(plain, int) or plain not in (0, 1):
        raise BadResult("%s is %s; expected True, False or None" % (where, show(value)))
    return bool(plain)


def listing(item: Check, pair: Tuple[str, str] = ("", ""), alone: Sequence[str] = ()) -> Check:
    """A list of bounded length, each item checked.

    A dict stands for a list, too: one that has all the keys `alone` is the only item, in any other each key and value
    are an item's `pair`.
    """

    def check(value: Any, where: str) -> List[Any]:
        given = as_mapping(value) if alone else None
        if given is not None:
            if all(key in given for key in alone):
                return [item(given, "%s[0]" % where)]
            if pair[0] and len(given) <= MAX_ITEMS:
                value = [{pair[0]: key, pair[1]: one} for key, one in given.items()]
        items = _as_list(value)
        if items is None:
            raise BadResult("%s is %s; expected a list" % (where, show(value)))
        if len(items) > MAX_ITEMS:
            raise BadResult("%s has %d items; expected at most %d" % (where, len(items), MAX_ITEMS))
        return [item(one, "%s[%d]" % (where, index)) for index, one in enumerate(items)]

    return check


def _as_list(value: Any) -> Optional[Sequence[Any]]:
    """A list, a tuple, whatever else has a length and an order, or a tensor's or array's rows; None for the rest."""
    if isinstance(value, (list, tuple)):
        return value
    shape = getattr(value, "shape", None)
    if shape is not None:
        if not 1 <= len(shape) <= 2 or shape[0] > MAX_ITEMS or shape[-1] > MAX_ITEMS:
            return None
        for step in ("detach", "cpu", "numpy", "tolist"):
            if hasattr(value, step):
                value = getattr(value, step)()
        return value if isinstance(value, list) else None
    if isinstance(value, (str, bytes, bytearray, set, frozenset, Mapping)):
        return None
    if isinstance(value, Iterable) and isinstance(value, Sized) and len(value) <= MAX_ITEMS:
        return list(value)
    return None


def as_mapping(value: Any) -> Optional[Mapping[Any, Any]]:
    """A dict, or what is like one: another mapping, a named tuple, an instance of a dataclass; None for the rest."""
    if isinstance(value, (dict, Mapping)):
        return value
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()  # type: ignore[no-any-return]
    if hasattr(type(value), "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return None


def record(
    required: Mapping[str, Check], optional: Mapping[str, Check], keeps_none: str = "", short: Sequence[str] = ()
) -> Check:
    """A dict with known keys. None means absent, but for the key `keeps_none`, where it means unknown.

    With `short`, what is no dict stands for the value of that key; of several keys, for their values in that order.
    """
    known = dict(required, **optional)

    def check(value: Any, where: str) -> Dict[str, Any]:
        given = as_mapping(value)
        if given is None:
            given = _in_short(value, short)
        if given is None:
            raise BadResult("%s is %s; expected a dict with %s" % (where or "result", show(value), ", ".join(known)))
        found: Dict[str, Any] = {}
        for key, one in given.items():
            if not isinstance(key, str) or key not in known:
                raise BadResult(unknown(key, where, known))
            if one is not None:
                found[str.__str__(key)] = _readable(known[key], one, "%s.%s" % (where, key) if where else key)
            elif key == keeps_none:
                found[str.__str__(key)] = None
        for key in required:
            if key not in found:
                raise BadResult("%s has no '%s'; expected %s" % (where, key, ", ".join(required)))
        return found

    return check


def _readable(check: Check, value: Any, where: str) -> Any:
    try:
        return check(value, where)
    except BadResult:
        raise
    except Exception as error:  # noqa: BLE001  objects of other libraries may raise at any touch
        raise BadResult("%s cannot be read: %s" % (where, show(error)))


def _in_short(value: Any, short: Sequence[str]) -> Optional[Dict[str, Any]]:
    if len(short) == 1 and value is not None:
        return {short[0]: value}
    values = _as_list(value) if short else None
    if values is None or len(values) != len(short):
        return None
    return {key: values[index] for index, key in enumerate(short)}


def unknown(key: Any, where: str, known: Mapping[str, Check]) -> str:
    """The sentence for a key that does not exist."""
    name = key[:60] if isinstance(key, str) else show(key)
    close = difflib.get_close_matches(name, list(known), 1)
    meant = "did you mean '%s'?" % close[0] if close else "expected one of %s" % ", ".join(known)
    return "%s %r is unknown; %s" % ("field" if not where else "%s:" % where, str.__str__(name), meant)
