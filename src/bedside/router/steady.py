"""A verdict that does not flicker: the majority of the last frames, and a new one only when it stays ahead."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bedside.router.part import Part

MOST_VOTES = 4096
"""Also with a clock that stands still the memory has a bound."""
_Key = tuple[str, str]
"""Label and level: what a person sees change."""


@dataclass(frozen=True, slots=True)
class _Vote:
    time_s: float
    key: _Key
    score: float | None
    text: str


class Steady:
    """Smooths verdicts over time. Each frame has one vote; its clock is that of the frames.

    What is shown is a label with its level. Another takes over when it has had at least `margin` (0 to 1) more of the
    votes of the last `window_s` seconds than the one that is shown, for `hold_s` seconds on end. So two changes are at
    least `hold_s` apart. A frame without a verdict, or with a score below `least_score`, is a vote for `nothing`, which
    has the level `none`; `nothing` is also shown when the shown one has had no vote for `window_s` + `hold_s` and the
    others cannot agree. After a pause of more than `gap_s`, and when time goes backwards, it begins anew. Raises
    ValueError for numbers that make no sense together.
    """

    def __init__(
        self,
        *,
        window_s: float = 1.0,
        hold_s: float = 0.5,
        margin: float = 0.2,
        least_score: float = 0.0,
        gap_s: float = 3.0,
        nothing: str = "Not certain",
    ) -> None:
        if not (window_s > 0 and 0 <= hold_s <= gap_s and 0 <= margin <= 1 and 0 <= least_score <= 1):
            raise ValueError(
                f"Steady(window_s={window_s}, hold_s={hold_s}, margin={margin}, least_score={least_score}, "
                f"gap_s={gap_s}); expected window_s above 0, 0 <= hold_s <= gap_s, margin and least_score 0 to 1"
            )
        self._window_s, self._hold_s, self._gap_s = window_s, hold_s, gap_s
        self._margin, self._least_score = margin, least_score
        self._nothing: _Key = (nothing, "none")
        self._votes: deque[_Vote] = deque(maxlen=MOST_VOTES)
        self._ahead: _Key | None = None
        self._begin(0.0)

    def __call__(self, time_s: float, said: Part | Mapping[str, Any] | None) -> dict[str, Any]:
        """The verdict to show at `time_s` (frame.time_s), when a part, or a verdict, says this about the frame."""
        if not (self._votes and 0 <= time_s - self._votes[-1].time_s <= self._gap_s):
            self._begin(time_s)
        self._votes.append(self._vote(time_s, said))
        while len(self._votes) > 1 and self._votes[0].time_s <= time_s - self._window_s:
            self._votes.popleft()
        counts = self._counts()
        if self._votes[-1].key == self._shown:
            self._voted_s = time_s
        ahead = max(counts, key=lambda key: (counts[key], key == self._shown))
        if ahead == self._shown or counts[ahead] - counts.get(self._shown, 0) < self._margin * len(self._votes):
            self._ahead = None
        elif ahead != self._ahead:
            self._ahead, self._ahead_s = ahead, time_s
        if time_s - self._shown_s >= self._hold_s:
            if self._ahead is not None and time_s - self._ahead_s >= self._hold_s:
                self._show(self._ahead, time_s)
            elif time_s - self._voted_s >= self._window_s + self._hold_s:  # the others cannot agree
                self._show(self._nothing, time_s)
        return self._verdict()

    def _begin(self, time_s: float) -> None:
        self._votes.clear()
        self._ahead, self._ahead_s = None, time_s
        self._show(self._nothing, time_s)

    def _show(self, key: _Key, time_s: float) -> None:
        self._shown, self._shown_s, self._voted_s = key, time_s, time_s

    def _vote(self, time_s: float, said: Part | Mapping[str, Any] | None) -> _Vote:
        verdict = said.get("verdict") if isinstance(said, Part) else said
        score = verdict.get("score") if verdict else None
        if not verdict or (score is not None and score < self._least_score):
            return _Vote(time_s, self._nothing, None, "")
        return _Vote(time_s, (verdict["label"], verdict.get("level") or "none"), score, verdict.get("text") or "")

    def _counts(self) -> dict[_Key, int]:
        counts: dict[_Key, int] = {}
        for vote in reversed(self._votes):  # of equals, the one that was said last is first
            counts[vote.key] = counts.get(vote.key, 0) + 1
        return counts

    def _verdict(self) -> dict[str, Any]:
        """What is shown, with the mean score of its votes and its newest text."""
        label, level = self._shown
        votes = [vote for vote in self._votes if vote.key == self._shown]
        scores = [vote.score for vote in votes if vote.score is not None]
        verdict: dict[str, Any] = {"label": label, "level": level}
        if scores:
            verdict["score"] = min(max(scores), max(min(scores), sum(scores) / len(scores)))
        if votes and votes[-1].text:
            verdict["text"] = votes[-1].text
        return verdict
