"""Pictures as large as a page's link carries."""

from hypothesis import given
from hypothesis import strategies as st
from tests.hub.conftest import Hub

from bedside.hub.pace import LADDER, Pace


def paint(pace: Pace, way_ms: float, count: int) -> None:
    """So many pictures took so long."""
    for _ in range(count):
        pace.painted(way_ms)


def test_a_slow_link_gets_smaller_pictures_until_they_are_there_in_time() -> None:
    """Pictures that keep coming late are made ever smaller, down to the last rung."""
    pace = Pace()
    seen = [pace.now]
    for _ in range(20):
        paint(pace, 400, 1)
        seen.append(pace.now)
    assert tuple(dict.fromkeys(seen)) == LADDER


def test_one_late_picture_changes_nothing() -> None:
    """A single hiccup of the network leaves the pictures as they are."""
    pace = Pace()
    for _ in range(10):
        paint(pace, 400, 2)
        paint(pace, 30, 1)
    assert pace.now == LADDER[0]


def test_a_link_that_is_choked_gets_the_smallest_at_once() -> None:
    """One picture that a page would grey before it is painted is enough: eight pages must not fill a link for long."""
    pace = Pace()
    paint(pace, 3000, 1)
    assert pace.now == LADDER[-1]


def test_a_link_that_is_quick_again_gets_whole_pictures_again() -> None:
    """After a bad spell the pictures are as large as before."""
    pace = Pace()
    paint(pace, 400, 30)
    paint(pace, 20, 3000)
    assert pace.now == LADDER[0]


@given(st.lists(st.floats(0, 1e7), max_size=300))
def test_any_times_lead_to_a_rung(ways_ms: list[float]) -> None:
    """Whatever a link does, the pictures stay on the ladder."""
    pace = Pace()
    for way_ms in ways_ms:
        pace.painted(way_ms)
        assert pace.now in LADDER


async def test_one_pages_slow_link_does_not_make_anothers_pictures_smaller(hub: Hub) -> None:
    """A rung belongs to one page: beside a page on the last rung another one gets whole pictures of the same frame."""
    hub.shoot()
    whole, small = await hub.feed.live_picture(480), await hub.feed.live_picture(480, LADDER[-1])
    assert whole is not None and small is not None
    assert whole.frame.seq == small.frame.seq
    assert small.width < whole.width and len(small.jpeg) < len(whole.jpeg)
