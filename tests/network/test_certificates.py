"""The private authority and the server's certificate: made once, narrow, and anew when they must be."""

import ssl
import stat
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from bedside import clock
from bedside.errors import AccessError
from bedside.network import certificates as made
from bedside.network.certificates import Certificates

DAY_NS = 86_400 * clock.NS_PER_S


def server(folder: Path) -> x509.Certificate:
    """The server's certificate as it lies there."""
    return x509.load_pem_x509_certificate((folder / made.SERVER).read_bytes())


def trusted(folder: Path, name: x509.GeneralName) -> None:
    """Checks the server's certificate as a tablet that trusts the authority does; raises VerificationError."""
    store = Store([x509.load_pem_x509_certificate((folder / made.CA).read_bytes())])
    assert isinstance(name, x509.DNSName | x509.IPAddress)
    PolicyBuilder().store(store).build_server_verifier(name).verify(server(folder), [])


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Days that the clock is off."""
    days, real = [0], clock.wall_ns
    monkeypatch.setattr(clock, "wall_ns", lambda: real() + days[0] * DAY_NS)
    return iter([days])


def test_a_tablet_that_trusts_the_authority_trusts_the_server(tmp_path: Path) -> None:
    """By name and by address; nothing else is in the certificate, and it lasts 397 days at most."""
    Certificates(tmp_path).context("bedside", ["192.168.7.1"])
    trusted(tmp_path, x509.DNSName("bedside.local"))
    trusted(tmp_path, x509.IPAddress(ip_address("192.168.7.1")))
    with pytest.raises(VerificationError):
        trusted(tmp_path, x509.DNSName("other.local"))
    found = server(tmp_path)
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=397)


def test_the_authority_may_speak_for_this_network_only(tmp_path: Path) -> None:
    """A certificate that the stolen key signs for a bank is refused by who trusts the authority."""
    authority = Certificates(tmp_path).authority
    forged = made._server_certificate(authority, [x509.DNSName("bank.example")])
    (tmp_path / made.SERVER).write_bytes(forged)
    with pytest.raises(VerificationError):
        trusted(tmp_path, x509.DNSName("bank.example"))


def test_keys_are_for_this_user_alone(tmp_path: Path) -> None:
    """Neither the authority's key nor the server's can be read by another user."""
    Certificates(tmp_path / "access").context("bedside", [])
    for name in (made.CA_KEY, made.SERVER):
        assert stat.S_IMODE((tmp_path / "access" / name).stat().st_mode) == 0o600


def test_the_authority_outlives_every_server_certificate(tmp_path: Path, later: Iterator[list[int]]) -> None:
    """A new address, another name, and a year later: the server's certificate is anew, what tablets trust is not."""
    days = next(later)
    first = Certificates(tmp_path)
    serials = set()
    for name, addresses, at in (
        ("bedside", ["10.0.0.2"], 0),
        ("bedside", ["10.0.0.3"], 0),
        ("bedside-2", ["10.0.0.3"], 0),
        ("bedside-2", ["10.0.0.3"], 200),
    ):
        days[0] = at
        assert not first.is_good(name, addresses)
        context = first.context(name, addresses)
        assert first.is_good(name, addresses)
        serials.add(server(tmp_path).serial_number)
    assert len(serials) == 4
    assert Certificates(tmp_path).authority.fingerprint == first.authority.fingerprint
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_certificate_that_holds_is_kept(tmp_path: Path) -> None:
    """A restart makes nothing anew."""
    Certificates(tmp_path).context("bedside", ["10.0.0.2"])
    serial = server(tmp_path).serial_number
    Certificates(tmp_path).context("bedside", ["10.0.0.2"])
    assert server(tmp_path).serial_number == serial


def test_a_clock_without_a_battery_makes_no_certificate_of_1970(tmp_path: Path, later: Iterator[list[int]]) -> None:
    """A machine that believes in 1970 says so, and its certificate is of the year in which this was written."""
    next(later)[0] = -clock.wall_ns() // DAY_NS + 1
    assert made.is_clock_wrong()
    Certificates(tmp_path).context("bedside", [])
    assert server(tmp_path).not_valid_after_utc > made.EARLIEST


def test_a_public_address_is_left_out(tmp_path: Path) -> None:
    """The authority may not speak for it, and its being there would spoil the whole certificate."""
    Certificates(tmp_path).context("bedside", ["8.8.8.8", "10.0.0.2"])
    trusted(tmp_path, x509.DNSName("bedside.local"))


def test_on_a_full_disk_the_certificate_that_is_there_goes_on(
    tmp_path: Path, later: Iterator[list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    """A new address, and no room for its certificate: the server goes on with the one for its name, and says so; only
    when that has ended is it refused."""
    days = next(later)
    first = Certificates(tmp_path)
    first.context("bedside", ["10.0.0.2"])
    (tmp_path / f".{made.SERVER}.part").mkdir()  # nothing can be written there, as on a full disk
    first.context("bedside", ["10.0.0.3"])
    trusted(tmp_path, x509.DNSName("bedside.local"))
    assert "cannot be written" in caplog.text
    assert "Tablets still get the certificate for bedside.local, localhost, 10.0.0.2" in caplog.text
    days[0] = 400
    with pytest.raises(AccessError, match="cannot be written"):
        first.context("bedside", ["10.0.0.3"])


def test_half_an_authority_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """A key that is gone is not replaced silently: tablets would all refuse from one day to the next."""
    Certificates(tmp_path)
    (tmp_path / made.CA_KEY).unlink()
    with pytest.raises(AccessError, match="put both back from a copy, or delete both"):
        Certificates(tmp_path)
