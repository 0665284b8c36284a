"""Whoever is taken for this machine itself gets in without a token."""

import pytest

from bedside.loopback import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]", "0:0:0:0:0:0:0:1"])
def test_this_machine_is_itself(host: str) -> None:
    """Every address of loopback, however it is written, and its one name."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.20", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", None],
)
def test_nobody_else_is(host: str | None) -> None:
    """All addresses at once, others, names that look like an address of loopback, and none."""
    assert not is_loopback(host)
