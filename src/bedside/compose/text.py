"""A Compose file as text: the part of YAML that it needs, laid out to be read."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
"""Text that YAML reads as text without quotation marks."""
WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
WIDTH = 110


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document, a mapping of mappings, lists, texts and numbers, in the order in which it is given."""
    return "\n".join(_mapping(document, "")) + "\n"


def _mapping(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        name = f"{indent}{_scalar(key)}:"
        if isinstance(value, Mapping) and value:
            yield name
            yield from _mapping(value, indent + "  ")
        elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            yield name
            for item in value:
                first, *rest = _mapping(item, indent + "    ")
                yield f"{indent}  - {first.strip()}"
                yield from rest
        elif isinstance(value, list | tuple) and value:
            items = [_scalar(item) for item in value]
            flat = f"{name} [{', '.join(items)}]"
            yield from [flat] if len(flat) <= WIDTH else [name, *(f"{indent}  - {item}" for item in items)]
        else:
            yield f"{name} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
