"""Which alerts stand, and the line for all of them."""

from dataclasses import replace

from tests.hub.test_alerts import WELL

from bedside import clock
from bedside.hub.alerts import Level
from bedside.hub.standing import Standing, in_words

S = clock.NS_PER_S


def test_nothing_to_hear_of_is_said() -> None:
    """Without an alert the line says so."""
    assert in_words(()) == "All is well."


def test_a_sentence_can_be_read_before_it_goes() -> None:
    """An alert stands for five seconds after its cause has gone, and then no more."""
    standing = Standing()
    assert standing.look(WELL, 0) == ()
    assert [alert.id for alert in standing.look(replace(WELL, clock_jump_s=5.0), S)] == ["clock"]
    assert [alert.id for alert in standing.look(WELL, 5 * S)] == ["clock"]
    assert standing.look(WELL, 7 * S) == ()
    assert [alert.id for alert in standing.look(replace(WELL, picture_problem="Unplugged."), 8 * S)] == ["picture"]
    assert standing.look(WELL, 9 * S) == ()


def test_the_gravest_comes_first() -> None:
    """An alarm stands before a warning, and the line for everything is its sentence with how many more there are."""
    found = Standing().look(replace(WELL, hottest_c=86.0, privacy_problem="Names may show.", clock_jump_s=5.0), 0)
    assert [alert.level for alert in found] == [Level.ALARM, Level.WARNING, Level.WARNING]
    assert in_words(found) == "Names may show. And 2 more."
