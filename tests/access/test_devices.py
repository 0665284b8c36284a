"""Paired devices and one-time codes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside import clock
from bedside.access.devices import Devices, role_of
from bedside.access.pairing import CODE_LASTS_S, LETTERS
from bedside.access.role import Role
from bedside.access.tries import ALL, EACH, WITHIN_S, Tries
from bedside.errors import AccessError

S = clock.NS_PER_S


@pytest.fixture
def devices(tmp_path: Path) -> Devices:
    """Nobody is paired yet."""
    return Devices(tmp_path / "access", signed_in_h=12)


def test_a_code_is_used_up(devices: Devices) -> None:
    """One tablet is paired with it, with the invitation's role and label; a second one is not."""
    code = devices.invite(Role.OPERATOR, "bed 2")
    device, secret = devices.pair(f" {code.lower()} ")
    assert (device.role, device.label) == (Role.OPERATOR, "bed 2")
    assert secret not in (devices._path).read_text()
    with pytest.raises(AccessError, match="used before"):
        devices.pair(code)


def test_a_code_ends_after_ten_minutes(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the clock was set back meanwhile: then nobody knows how old it is."""
    code, now_ns = devices.invite(Role.VIEWER), clock.wall_ns()
    for later_s in (CODE_LASTS_S + 1, -2 * CODE_LASTS_S):
        monkeypatch.setattr(clock, "wall_ns", lambda later_s=later_s: now_ns + later_s * S)
        with pytest.raises(AccessError, match="not known"):
            devices.pair(code)


def test_a_device_that_was_not_used_has_ended(devices: Devices) -> None:
    """After the hours that are set; 0 is never."""
    device, _ = devices.pair(devices.invite(Role.VIEWER))
    assert not device.has_ended(12, device.seen_ns + 11 * 3600 * S)
    assert device.has_ended(12, device.seen_ns + 13 * 3600 * S)
    assert not device.has_ended(0, device.seen_ns + 10**9 * S)


def test_a_tablet_that_is_paired_again_is_one_device(devices: Devices) -> None:
    """The new pairing takes the place of the old one."""
    first, _ = devices.pair(devices.invite(Role.VIEWER))
    second, _ = devices.pair(devices.invite(Role.ADMIN), instead_of=first.id)
    assert [one.id for one in devices.listed()] == [second.id]


def test_a_damaged_file_lets_nobody_in(devices: Devices) -> None:
    """It says what to do."""
    devices.invite(Role.VIEWER)
    devices._path.write_text('{"devices": [')
    with pytest.raises(AccessError, match=r"is damaged .* pair the tablets again"):
        devices.listed()


@given(st.text(max_size=12))
def test_no_text_but_the_code_pairs(tmp_path_factory: pytest.TempPathFactory, guess: str) -> None:
    """Whatever is typed is refused in one sentence, unless it is the code."""
    devices = Devices(tmp_path_factory.mktemp("access"))
    code = devices.invite(Role.ADMIN)
    assert len(code) == 9 and set(code) <= {*LETTERS, "-"}
    with pytest.raises(AccessError, match="this code is not known"):
        devices.pair(guess)


@pytest.mark.parametrize("word", ["", "root", "ADMIN", "Viewer"])
def test_another_word_is_no_role(word: str) -> None:
    """The sentence names the three."""
    with pytest.raises(AccessError, match="expected viewer, operator or admin"):
        role_of(word)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=200))
def test_no_minute_has_more_guesses_than_are_allowed(steps: list[tuple[int, int]]) -> None:
    """Whoever guesses whenever: five a minute from one address, thirty from all, and who waits may try again."""
    tries, now_ns = Tries(), 0
    taken: list[tuple[int, int]] = []
    for seconds, who in steps:
        now_ns += seconds * S
        wait_s = tries.take(f"10.0.0.{who}", now_ns)
        recent = [one for one in taken if now_ns - one[0] < WITHIN_S * S]
        is_full = len(recent) >= ALL or sum(one[1] == who for one in recent) >= EACH
        assert (wait_s > 0) == is_full
        if not wait_s:
            taken.append((now_ns, who))


def test_a_right_code_on_a_slow_disk_is_right() -> None:
    """Its try was forgotten meanwhile, since it is older than a minute; giving it back is no error."""
    tries = Tries()
    tries.take("10.0.0.1", 0)
    tries.take("10.0.0.2", (WITHIN_S + 1) * S)
    tries.give_back("10.0.0.1")
    assert not tries.take("10.0.0.1", (WITHIN_S + 1) * S)


def test_an_ipv6_network_is_one_address() -> None:
    """A stranger with a /64 has no more guesses than one with an address."""
    tries = Tries()
    assert [tries.take(f"2001:db8::{n}", 0) > 0 for n in range(6)] == [False] * 5 + [True]
    assert tries.take("2001:db8:0:1::1", 0) == 0
