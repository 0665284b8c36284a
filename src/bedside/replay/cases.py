"""Frames on which two sides differ, put together where they follow each other and differ in the same way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bedside import clock
from bedside.replay.agreement import Pair

APART_NS = clock.NS_PER_S
"""Frames that lie further apart than this are no longer one case."""


@dataclass(frozen=True)
class Case:
    """Some seconds in which they differ."""

    worst: Pair
    """The frame that stands for them: where they differ most."""
    first_ns: int
    last_ns: int
    frames: int


def cases(pairs: Sequence[Pair]) -> list[Case]:
    """All of them, the one with the largest difference first, of equals the longer one."""
    found = [_case(group) for group in _groups(pairs)]
    return sorted(found, key=lambda case: (-case.worst.weight, -case.frames, case.first_ns))


def _groups(pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
    group: list[Pair] = []
    for pair in pairs:
        if group and not (pair.differs and _follows(group[-1], pair)):
            yield group
            group = []
        if pair.differs:
            group.append(pair)
    if group:
        yield group


def _follows(before: Pair, pair: Pair) -> bool:
    is_near = pair.key[0] - before.key[0] <= APART_NS
    return is_near and (before.a.label, before.b.label) == (pair.a.label, pair.b.label)


def _case(group: Sequence[Pair]) -> Case:
    worst = max(group, key=lambda pair: pair.weight)
    return Case(worst, group[0].key[0], group[-1].key[0], len(group))
