"""What one kind of page shows, and therefore what is sent to it."""

from dataclasses import asdict, dataclass
from typing import Any

OVERLAY = frozenset({"outlines", "boxes", "points", "lines", "ellipses"})
VERDICT = frozenset({"verdict"})


@dataclass(frozen=True, slots=True)
class View:
    """One kind of page. The fields are those of `[view.NAME]` in the settings."""

    name: str
    title: str = ""
    picture: str = "answer"
    """The large picture: `answer` (the newest answered one) or `live`."""
    inset: bool = True
    """The other picture, small, in a corner."""
    overlay: bool = True
    verdict: bool = True
    explanation: bool = True
    controls: bool = True
    wide: bool = False

    @property
    def has_answers(self) -> bool:
        """Whether anything of an engine may reach this view; the control arm of a study has none."""
        return self.overlay or self.verdict or self.explanation or self.picture == "answer"

    @property
    def has_answered_picture(self) -> bool:
        """Whether answers travel with their own picture; otherwise they travel as text."""
        return self.has_answers and (self.overlay or self.inset or self.picture == "answer")

    def shows(self, field: str) -> bool:
        """Whether this field of an answer is sent to this view."""
        if field in VERDICT:
            return self.verdict
        return self.overlay if field in OVERLAY else self.explanation

    def as_json(self) -> dict[str, Any]:
        """The view as the page's `hello` carries it."""
        return {**asdict(self), "title": self.title or self.name}
