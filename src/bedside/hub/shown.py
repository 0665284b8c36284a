"""Which verdict a person sees on one page, for the record of the session."""

from collections.abc import Mapping

from bedside.hub.recall import Answered
from bedside.hub.view import View
from bedside.hub.visit import Visit


class Shown:
    """One page's side of the session's marks: when it was there, and when the verdict on it changed. Never waits."""

    def __init__(self, page: str, view: View, visit: Visit | None) -> None:
        """`page` is the page's name among all pages of this server."""
        self.page = page
        self._view = view
        self._visit = visit
        self._last: dict[str, tuple[str, object, object]] = {}

    def opened(self) -> None:
        """The page is there."""
        if self._visit is not None:
            self._visit.page_opened(self.page, self._view.name)

    def closed(self) -> None:
        """The page has gone."""
        if self._visit is not None:
            self._visit.page_closed(self.page)

    def sent(self, answered: Answered, age_ms: float) -> None:
        """An answer without a picture of its own left for the page, which shows it at once and says nothing back."""
        self.painted(answered, age_ms)

    def painted(self, answered: Answered, age_ms: float) -> None:
        """The page painted this answer when its frame was so old."""
        if self._visit is None or not self._visit.keeps or not self._view.verdict:
            return
        result = answered.result
        verdict = result.answer.get("verdict")
        verdict = verdict if isinstance(verdict, Mapping) and not result.error else {}
        seen = (self._visit.shown, verdict.get("label"), verdict.get("level"))
        if self._last.get(result.engine) == seen:
            return
        self._last[result.engine] = seen
        self._visit.note(
            "shown",
            page=self.page,
            view=self._view.name,
            engine=result.engine,
            seq=result.seq,
            captured_ns=result.timing.captured_ns,
            label=_text(seen[1]),
            level=_text(seen[2]),
            age_ms=round(age_ms, 1),
        )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
