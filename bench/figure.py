"""What a suite finds."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, what the design asks for, and the numbers behind it."""

    name: str
    value: str
    asked: str
    detail: dict[str, Any] = field(default_factory=dict)
    how: str = ""
    """How it was measured, for who looks at the page of plots."""


class Lacks(Exception):
    """What this machine lacks for a suite, which is then left out by name."""
