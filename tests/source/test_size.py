"""A size is read, or refused in one sentence."""

import pytest

from bedside.errors import SettingsError
from bedside.source.size import parse_size


@pytest.mark.parametrize(("text", "size"), [("", None), ("1920x1080", (1920, 1080)), ("640X480", (640, 480))])
def test_sizes_are_read(text: str, size: tuple[int, int] | None) -> None:
    """Width x height, or nothing."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["1080p", "1920", "x", "1920x", "0x0", "1920x1080x3", "-1x5"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """One sentence: key, value, what was expected."""
    with pytest.raises(SettingsError, match=r"\[source\] size is .* expected width x height"):
        parse_size(text)
