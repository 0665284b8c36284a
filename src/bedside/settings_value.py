"""One line of the table of settings: what it holds, what a value of it may be, and what is said when it is not."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import MISSING, Field, field
from types import GenericAlias
from typing import Any, get_args

from bedside.errors import SettingsError


def setting(
    default: Any, help: str, choices: tuple[str, ...] = (), least: float = -math.inf, most: float = math.inf
) -> Any:
    """One line of the table: its default (lists are written as tuples), its help text, and what it may be."""
    return field(default=default, metadata={"help": help, "choices": choices, "least": least, "most": most})


def checked_value(f: Field[Any], value: Any, where: str) -> Any:
    """`value` as the type of the field, lists as tuples, whole numbers as float where a float stands."""
    cast = _cast(f.type, value)
    choices = f.metadata["choices"]
    if cast is MISSING or not _in_range(f, cast) or (choices and cast not in choices):
        raise SettingsError(f"{where} {f.name} is {value!r}; expected {expected(f)}: {f.metadata['help']}")
    return cast


def expected(f: Field[Any]) -> str:
    """What a key's value may be, for a person."""
    if f.metadata["choices"]:
        return f"one of {', '.join(f.metadata['choices'])}"
    least, most = f.metadata["least"], f.metadata["most"]
    if least == -math.inf:
        return type_name(f.type)
    return (
        f"{type_name(f.type)}, {least} or more" if most == math.inf else f"{type_name(f.type)} from {least} to {most}"
    )


def _in_range(f: Field[Any], value: Any) -> bool:
    if not isinstance(value, int | float):
        return True
    return math.isfinite(value) and f.metadata["least"] <= value <= f.metadata["most"]


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
        return (
            "a list of lists of whole numbers"
            if isinstance(get_args(kind)[0], GenericAlias)
            else "a list of whole numbers"
        )
    return {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}[kind]


def refuse_unknown(values: Iterable[str], known: list[str], what: str, where: str) -> None:
    """Raise SettingsError, with the name that was probably meant, for a key or table that is not in the table."""
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"it may be one of {', '.join(known)}"
            raise SettingsError(f"{where} unknown {what} '{name}'; {meant}".strip())
