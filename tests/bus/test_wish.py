"""What a subscriber may ask for, and how it is told that it may not."""

import pytest

from bedside.bus.wish import Wish, read_wish
from bedside.errors import WireError


def test_nothing_asked_is_everything_by_ring() -> None:
    """Without a query a subscriber gets every frame's announcement, newest wins."""
    assert read_wish({}) == Wish("shm", 0, 85, 0.0, 1)


def test_everything_can_be_asked_for() -> None:
    """Each value of the query arrives; what is unknown is left for others, such as the token."""
    query = {"encoding": "jpeg", "width": "960", "quality": "70", "max_fps": "12.5", "backlog": "8", "token": "x"}
    assert read_wish(query) == Wish("jpeg", 960, 70, 12.5, 8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encoding", "png"),
        ("width", "-1"),
        ("width", "wide"),
        ("width", "1e3"),
        ("quality", "0"),
        ("quality", "500"),
        ("max_fps", "-0.1"),
        ("max_fps", "nan"),
        ("max_fps", "inf"),
        ("backlog", "0"),
        ("backlog", "1000"),
        ("width", "9" * 5000),
    ],
)
def test_a_bad_value_is_one_sentence(name: str, value: str) -> None:
    """The sentence says which name, which value and what was expected."""
    with pytest.raises(WireError, match=rf"{name} is '.*'; expected") as caught:
        read_wish({name: value})
    assert "\n" not in str(caught.value)
