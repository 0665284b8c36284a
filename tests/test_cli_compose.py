"""`bedside compose`: at which address the pages are, and what it says."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from bedside.cli.compose import published_at, warn_of_closed
from bedside.errors import SettingsError
from bedside.network import interfaces
from bedside.settings import Settings
from bedside.settings_tables import ServerSettings

WLAN = {"wlan0": ("192.168.8.2",), "eth0": ("10.1.2.3",)}


@pytest.fixture
def two_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is in two networks."""
    monkeypatch.setattr(interfaces, "networks", lambda: WLAN)
    monkeypatch.setattr(interfaces, "addresses_of", lambda name: WLAN.get(name, ()))


@pytest.mark.usefixtures("two_networks")
@pytest.mark.parametrize(
    ("lan", "interface", "host"),
    [
        (None, "", "127.0.0.1"),
        ("wlan0", "", "192.168.8.2"),
        ("10.1.2.3", "", "10.1.2.3"),
        (None, "wlan0", "192.168.8.2"),
        ("", "wlan0", "192.168.8.2"),
        ("eth0", "wlan0", "10.1.2.3"),
        ("192.168.8.9", "", "192.168.8.9"),
    ],
)
def test_pages_are_at_the_address_of_the_network(lan: str | None, interface: str, host: str) -> None:
    """Named by --lan or for good by [server] interface; an address may come later; without both it is this machine."""
    assert published_at(lan, Settings(server=ServerSettings(interface=interface))) == host


@pytest.mark.usefixtures("two_networks")
@pytest.mark.parametrize(
    ("lan", "said"),
    [
        ("", r"several networks: wlan0 \(192.168.8.2\), eth0 \(10.1.2.3\); say which"),
        ("wlan1", r"--lan wlan1: no interface of that name has an address now.* wlan0 \(192.168.8.2\)"),
        ("0.0.0.0", "expected the address of one network, such as 10.1.2.3"),
        ("127.0.0.1", "expected the address of one network"),
    ],
)
def test_a_network_that_is_not_clear_is_asked_for(lan: str, said: str) -> None:
    """Nobody can guess which of several is the closed one, and all of them is never meant."""
    with pytest.raises(SettingsError, match=said):
        published_at(lan, Settings())


def test_what_it_prints_is_where_the_pages_are(tmp_path: Path) -> None:
    """The address is the one that the file publishes, and the command for a code is there."""
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "bedside.toml").write_text('[source]\nurl = "synthetic:"\n', encoding="ascii")
    argv = [sys.executable, "-m", "bedside", "--config", "box/bedside.toml", "compose", "--lan", "192.168.254.253"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ports = yaml.safe_load((tmp_path / "box" / "compose.yaml").read_text(encoding="utf-8"))["services"]["serve"][
        "ports"
    ]
    assert ports == ["192.168.254.253:8080:8080", "192.168.254.253:8081:8081"]
    assert "https://192.168.254.253:8080/" in done.stdout
    assert "http://192.168.254.253:8081/trust" in done.stdout
    assert "docker compose -f box/compose.yaml exec serve bedside access invite operator" in done.stdout
    assert "127.0.0.1" not in done.stdout
    assert "no address 192.168.254.253 now" in done.stderr


def test_a_folder_that_containers_cannot_enter_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mode 0700, as a home folder's: fine for whose it is, and said where the containers run as somebody else."""
    tmp_path.chmod(0o700)
    own, other = (tmp_path.stat().st_uid, tmp_path.stat().st_gid), (4242, 4242)
    warn_of_closed((tmp_path, 0o5), user=own)
    assert capsys.readouterr().err == ""
    warn_of_closed((tmp_path, 0o5), user=other)
    assert f"{tmp_path} is of mode 0700, and user 4242, who runs the containers" in capsys.readouterr().err
    tmp_path.chmod(0o755)
    warn_of_closed((tmp_path, 0o5), user=other)
    assert capsys.readouterr().err == ""
