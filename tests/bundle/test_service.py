"""An installation that a service runs, with a systemctl of a few lines in place of systemd."""

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.bundle.small import bundle, run

from bedside.bundle import machine, service, trial
from bedside.bundle.install import Wanted, install, roll_back
from bedside.bundle.prefix import Prefix
from bedside.bundle.start import Shown
from bedside.errors import BundleError

SYSTEMCTL = """#!/bin/sh
# Does what systemd would do for a unit of type exec.
echo "$@" >> {log}
[ "$1" = restart ] || exit 0
[ ! -e {log}.refuses ] || {{ echo "Job for $2 failed." >&2; exit 1; }}
[ ! -e {log}.pid ] || kill "$(cat {log}.pid)" && while [ -e {data}/runs ]; do :; done
{prefix}/bin/bedside up > /dev/null 2>&1 &
echo $! > {log}.pid
while [ ! -e {data}/runs ] && kill -0 $! 2> /dev/null; do :; done
"""
UNIT = b"[Service]\n# of version @VERSION@\nExecStart=@PREFIX@/current/venv/bin/bedside up\n"


@dataclass(frozen=True)
class Host:
    """The machine that it is installed on."""

    prefix: Prefix
    units: Path
    log: Path

    @property
    def asked(self) -> list[str]:
        """What systemctl was asked."""
        return self.log.read_text(encoding="utf-8").splitlines()

    @property
    def runs(self) -> str:
        """The version that the service runs."""
        file = self.prefix.data / "runs"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    @property
    def unit(self) -> str:
        """The unit as it is written."""
        return (self.units / service.UNIT).read_text(encoding="utf-8")

    def refuse(self) -> None:
        """From now on the service cannot be started."""
        self.log.with_name("asked.refuses").touch()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """One where we are root, with systemd; the service's user is root, too."""
    if os.geteuid():
        pytest.skip("root: only root installs a service")
    for name in ("units", "running", "bin"):
        (tmp_path / name).mkdir()
    prefix, log = Prefix(tmp_path / "opt"), tmp_path / "asked"
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(SYSTEMCTL.format(log=log, prefix=prefix.folder, data=prefix.data), encoding="utf-8")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(service, "UNITS", tmp_path / "units")
    monkeypatch.setattr(service, "RUNNING", tmp_path / "running")
    monkeypatch.setattr(machine, "USER", "root")
    monkeypatch.setattr(trial, "PATIENCE_S", 3.0)
    before = os.umask(0o077)
    yield Host(prefix, tmp_path / "units", log)
    os.umask(before)
    if log.with_name("asked.pid").exists():
        os.kill(int(log.with_name("asked.pid").read_text(encoding="utf-8")), signal.SIGKILL)


def put(host: Host, folder: Path, version: str, *, is_broken: bool = False, lan: str | None = None) -> None:
    """Install a version with a unit of its own."""
    unit = UNIT.replace(b"@VERSION@", version.encode())
    file = bundle(folder, version, is_broken=is_broken, unit=unit)
    install(file, host.prefix, Wanted(lan=lan), Shown())


def test_a_service_is_installed_updated_and_rolled_back(host: Host, tmp_path: Path) -> None:
    """Each version runs under its own unit, and another user may run what root has put there."""
    put(host, tmp_path, "1.0")
    assert host.runs == "1.0"
    assert host.asked == ["daemon-reload", "enable bedside.service", "restart bedside.service"]
    folders = [host.prefix.folder, host.prefix.versions, host.prefix.current.resolve() / "venv" / "bin"]
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o755 for folder in folders)
    put(host, tmp_path, "1.1")
    assert (host.runs, "of version 1.1" in host.unit) == ("1.1", True)
    roll_back(host.prefix, Shown())
    assert (host.runs, "of version 1.0" in host.unit) == ("1.0", True)


def test_a_new_version_that_does_not_come_up_leaves_the_old_one_running(host: Host, tmp_path: Path) -> None:
    """With its own unit, too."""
    put(host, tmp_path, "1.0")
    with pytest.raises(BundleError, match=r"1\.1-\w+ does not come up: .*; back to 1\.0-\w+, which runs as before"):
        put(host, tmp_path, "1.1", is_broken=True)
    assert (host.runs, "of version 1.0" in host.unit) == ("1.0", True)


def test_a_service_that_cannot_be_started_is_told(host: Host, tmp_path: Path) -> None:
    """The version before is the current one again, whatever systemd says."""
    put(host, tmp_path, "1.0")
    host.refuse()
    with pytest.raises(BundleError, match=r"Job for bedside\.service failed.*back to 1\.0"):
        put(host, tmp_path, "1.1")
    assert host.prefix.current_name.startswith("1.0-")


def test_ctrl_c_while_the_new_version_starts_goes_back(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before runs."""
    put(host, tmp_path, "1.0")

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(host, tmp_path, "1.1")
    assert (host.runs, host.prefix.current_name[:3]) == ("1.0", "1.0")


def test_a_session_that_began_while_it_was_unpacked_is_not_ended(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is not touched; the same command later uses what is unpacked."""
    put(host, tmp_path, "1.0")
    give = machine.give_to_user

    def meanwhile(prefix: Prefix) -> None:
        give(prefix)
        (prefix.data / "scans").touch()

    monkeypatch.setattr(machine, "give_to_user", meanwhile)
    with pytest.raises(BundleError, match="a session runs"):
        put(host, tmp_path, "1.1")
    assert (host.runs, host.asked.count("restart bedside.service")) == ("1.0", 1)


def test_what_the_service_may_write_is_never_run_as_root(host: Host, tmp_path: Path) -> None:
    """A file of commands among the data is not read by the command that root types; the one beside the data is."""
    put(host, tmp_path, "1.0")
    (host.prefix.data / "service.env").write_text(f"touch {tmp_path / 'was-run'}\n", encoding="utf-8")
    assert run(host.prefix.folder / "bin" / "bedside", "build", python="sh").returncode == 0
    assert not (tmp_path / "was-run").exists()


def test_data_that_go_while_they_are_handed_over(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that is deleted meanwhile does not end the installation."""
    host.prefix.data.mkdir(parents=True)
    (host.prefix.data / "kept").touch()
    listed = [*host.prefix.data.rglob("*"), host.prefix.data / "gone"]
    monkeypatch.setattr(Path, "rglob", lambda *_: iter(listed))
    machine.give_to_user(host.prefix)
    assert stat.S_IMODE(host.prefix.data.stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="root: only root becomes somebody else")
def test_root_becomes_the_user_who_owns_the_data() -> None:
    """Also one whose group has another name; but to install, wherever options stand."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        prefix = Prefix(folder)
        program = folder / "current" / "venv" / "bin" / "bedside"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nid -un\n", encoding="utf-8")
        program.chmod(0o755)
        prefix.data.mkdir()
        shutil.chown(prefix.data, "nobody")
        service.write_command(prefix)
        command = folder / "bin" / "bedside"
        assert run(command, "status", python="sh").stdout == "nobody\n"
        assert run(command, "-q", "install", "x", python="sh").stdout == "root\n"
    finally:
        shutil.rmtree(folder)
