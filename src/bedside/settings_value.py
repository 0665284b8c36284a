"""One line of the table of settings: what it holds, what a value of it may be, and what is said when it is not."""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import MISSING, Field, field
from types import GenericAlias
from typing import Any, get_args

from bedside.errors import SettingsError


def setting(
    default: Any,
    help: str,
    choices: tuple[str, ...] = (),
    *,
    least: float = -math.inf,
    most: float = math.inf,
    length: int = 0,
    pattern: str = "",
) -> Any:
    """One line of the table: its default (lists are written as tuples), its help text, and what it may be.

    `least` and `most` are for numbers, `length` is how many numbers each list has that is not empty, and a text
    that is not empty matches `pattern`.
    """
    bounds = {"choices": choices, "least": least, "most": most, "length": length, "pattern": pattern}
    return field(default=default, metadata={"help": help, **bounds})


def checked_value(f: Field[Any], value: Any, where: str) -> Any:
    """`value` as the type of the field, lists as tuples, whole numbers as float where a float stands."""
    cast = _cast(f.type, value)
    if cast is MISSING or not _may_be(f, cast):
        raise SettingsError(f"{where} {f.name} is {value!r}; expected {expected(f)}: {f.metadata['help']}")
    return cast


def expected(f: Field[Any]) -> str:
    """What a key's value may be, for a person."""
    bounds = f.metadata
    if get_args(f.type) and get_args(f.type)[0] is str:
        return type_name(f.type)
    if bounds["choices"]:
        return f"one of {', '.join(bounds['choices'])}"
    if bounds["length"]:
        each = f"[] or a list of {bounds['length']} whole numbers, 0 or more"
        return each if get_args(f.type)[0] is int else f"[] or lists of {bounds['length']} whole numbers, 0 or more"
    if bounds["least"] == -math.inf:
        return type_name(f.type)
    if bounds["most"] == math.inf:
        return f"{type_name(f.type)}, {bounds['least']} or more"
    return f"{type_name(f.type)} from {bounds['least']} to {bounds['most']}"


def _may_be(f: Field[Any], value: Any) -> bool:
    bounds = f.metadata
    if isinstance(value, str):
        if bounds["choices"]:
            return value in bounds["choices"]
        return not value or re.fullmatch(bounds["pattern"] or "(?s).*", value) is not None
    if isinstance(value, tuple):
        if value and isinstance(value[0], str):
            return True
        if value and isinstance(value[0], tuple):
            return all(part and _may_be(f, part) for part in value)
        return not value or not bounds["length"] or (len(value) == bounds["length"] and min(value) >= 0)
    return math.isfinite(value) and bool(bounds["least"] <= value <= bounds["most"])


def _cast(kind: Any, value: Any) -> Any:
    if isinstance(kind, GenericAlias):
        if not isinstance(value, list | tuple):
            return MISSING
        parts = tuple(_cast(get_args(kind)[0], part) for part in value)
        return MISSING if MISSING in parts else parts
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if type(value) is kind else MISSING


def type_name(kind: Any) -> str:
    """A type as a person writes its values."""
    if isinstance(kind, GenericAlias):
        item = get_args(kind)[0]
        return {str: "a list of texts", int: "a list of whole numbers"}.get(item, "a list of lists of whole numbers")
    return {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}[kind]


def refuse_unknown(values: Iterable[str], known: list[str], what: str, where: str) -> None:
    """Raise SettingsError, with the name that was probably meant, for a key or table that is not in the table."""
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"it may be one of {', '.join(known)}"
            raise SettingsError(f"{where} unknown {what} '{name}'; {meant}".strip())
