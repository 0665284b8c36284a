"""What one engine contributes to a pipeline's result, or why it contributes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LATE = "late"
"""No answer in time: it takes longer than it was given, or is still busy with an earlier frame."""
RESTS = "rests"
"""By its `when` it is not its turn."""


@dataclass(frozen=True, slots=True)
class Part:
    """One engine's answer. It counts as true when it is there."""

    name: str
    """The engine's."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """The fields of docs/reference/result.md, checked; arrays are numpy arrays. Empty when it is missing."""
    missing: str = ""
    """Why it is not there: late, rests, starting, dead: ..., failed: ...; empty when it is."""
    seq: int = 0
    """Number of the frame that it speaks of."""
    age_s: float = 0.0
    """So much older is that frame than the pipeline's; 0 for an answer to the same one."""

    def __bool__(self) -> bool:
        return not self.missing

    def get(self, name: str, default: Any = None) -> Any:
        """A field of the answer."""
        return self.answer.get(name, default)

    @property
    def label(self) -> str | None:
        """What its verdict says, or None."""
        return self.get("verdict", {}).get("label")  # type: ignore[no-any-return]

    @property
    def score(self) -> float | None:
        """How sure its verdict is, 0 to 1, or None."""
        return self.get("verdict", {}).get("score")  # type: ignore[no-any-return]
