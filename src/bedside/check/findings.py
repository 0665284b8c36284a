"""What is wrong with a model's results: each kind of sentence once, how often it came, and on which result first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


@dataclass
class Finding:
    """One kind of sentence; sentences that differ in their numbers only are of one kind."""

    sentence: str
    """The first one, as it was."""
    first: int
    """The number of that result, from 1; the drawn pictures bear it."""
    count: int = 0

    @property
    def text(self) -> str:
        """For a person."""
        times = f"{self.count} times, first in" if self.count > 1 else "in"
        return f"{self.sentence} ({times} result {self.first})"


class Findings:
    """Collects them."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}
        self.frames = 0
        """Results that were looked at."""
        self.spoiled = 0
        """Those of them with something wrong."""

    def add(self, sentences: Iterable[str]) -> None:
        """What is wrong with the next result; nothing is fine."""
        kinds = {NUMBER.sub("#", sentence): sentence for sentence in sentences}
        self.frames += 1
        self.spoiled += bool(kinds)
        for kind, sentence in kinds.items():
            self._found.setdefault(kind, Finding(sentence, self.frames)).count += 1

    @property
    def all(self) -> list[Finding]:
        """The most frequent first."""
        return sorted(self._found.values(), key=lambda finding: -finding.count)
