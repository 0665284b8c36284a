"""The pauses before a process is started again."""

import pytest

from bedside.clock import NS_PER_S
from bedside.supervisor import backoff
from bedside.supervisor.backoff import Backoff


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time as the back-off sees it."""
    clock = Clock()
    monkeypatch.setattr(backoff, "monotonic_ns", clock)
    return clock


def test_the_first_restart_is_at_once_and_later_ones_wait_longer(clock: Clock) -> None:
    """The pauses are 0, then double from a quarter of a second, then slow for as long as it keeps dying."""
    pauses = Backoff()
    assert [pauses.died() for _ in range(8)] == [0, 0.25, 0.5, 1, 2, 10, 10, 10]
    assert pauses.is_flapping


def test_pauses_have_an_upper_bound(clock: Clock) -> None:
    """However many deaths are allowed, no pause before that exceeds five seconds."""
    pauses = Backoff(deaths=100)
    assert max(pauses.died() for _ in range(100)) == 5


def test_a_good_minute_forgives_everything(clock: Clock) -> None:
    """After a window without deaths the next restart is at once again."""
    pauses = Backoff()
    for _ in range(9):
        pauses.died()
    clock.now_ns += 61 * NS_PER_S
    assert not pauses.is_flapping
    assert pauses.died() == 0
