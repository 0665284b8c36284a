"""Installing, updating and going back, with real venvs and pips, and a Bedside of a few lines."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bundle.small import bundle, content, run
from tests.interpreters import interpreter
from tests.small_disk import small_disk

from bedside import cli
from bedside.bundle.prefix import Prefix
from bedside.bundle.service import unit_text
from bedside.errors import BundleError

ROOT = Path(__file__).parents[2]


def install(file: Path, prefix: Path) -> "subprocess.CompletedProcess[str]":
    """Install it, not as a service."""
    return run(file, "install", "--prefix", prefix, "--no-service")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """An installation of 1.0, once for all tests, and what was said meanwhile."""
    folder = tmp_path_factory.mktemp("first")
    done = install(bundle(folder, "1.0"), folder / "opt")
    shutil.copytree(folder / "opt", folder / "kept", symlinks=True)
    return folder / "opt", done


@pytest.fixture
def prefix(first: tuple[Path, "subprocess.CompletedProcess[str]"]) -> Path:
    """That installation, as it was when it was new; a venv knows where it lies, so always in the same place."""
    shutil.rmtree(first[0])
    shutil.copytree(first[0].with_name("kept"), first[0], symlinks=True)
    return first[0]


def test_a_first_installation(prefix: Path, first: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    """It comes up, its settings are there, and its command runs it."""
    assert first[1].returncode == 0, first[1].stderr
    assert "is installed in" in first[1].stdout
    assert (prefix / "data" / "bedside.toml").read_text(encoding="utf-8") == "# 1\n"
    assert (prefix / "data" / "presets" / "a.toml").exists()
    assert subprocess.run([prefix / "bin" / "bedside", "build"]).returncode == 0


def test_an_update_touches_no_data(tmp_path: Path, prefix: Path) -> None:
    """Settings, sessions and presets are the clinic's, to the byte; the version before is one command away."""
    (prefix / "data" / "bedside.toml").write_text("# of the clinic\n", encoding="utf-8")
    (prefix / "data" / "presets" / "a.toml").write_text("# drawn\n", encoding="utf-8")
    (prefix / "data" / "sessions").mkdir()
    (prefix / "data" / "sessions" / "scan").write_bytes(b"kept")
    before = content(prefix / "data")
    done = install(bundle(tmp_path, "1.1", settings="# 2\n"), prefix)
    assert done.returncode == 0, done.stderr
    after = content(prefix / "data")
    assert {name: after[name] for name in before if "logs" not in name} == {
        name: digest for name, digest in before.items() if "logs" not in name
    }
    assert Prefix(prefix).current_name.startswith("1.1-")
    assert cli.main(["install", "--rollback", "--prefix", str(prefix)]) == 0
    assert Prefix(prefix).current_name.startswith("1.0-")


def test_a_new_version_that_does_not_come_up_is_taken_back(tmp_path: Path, prefix: Path) -> None:
    """By itself, and it says why."""
    done = install(bundle(tmp_path, "1.1", is_broken=True), prefix)
    assert done.returncode == 1
    assert "does not come up" in done.stderr
    assert "the new version cannot start" in done.stderr
    assert re.search(r"back to 1\.0-\w+, which comes up", done.stderr)
    assert Prefix(prefix).current_name.startswith("1.0-")


def test_a_version_that_never_came_up_is_none_to_go_back_to(tmp_path: Path, prefix: Path) -> None:
    """However many failed between, the one that ran is kept, and it is what a rollback brings."""
    for version, is_broken in (("1.1", True), ("1.2", True), ("1.3", False)):
        install(bundle(tmp_path, version, is_broken=is_broken), prefix)
    assert sorted(one.name[:3] for one in Prefix(prefix).installed()) == ["1.0", "1.3"]
    assert cli.main(["install", "--rollback", "--prefix", str(prefix)]) == 0
    assert Prefix(prefix).current_name.startswith("1.0-")


def test_a_power_cut_before_the_new_version_is_known_to_be_well(tmp_path: Path, prefix: Path) -> None:
    """The same command once more brings back what ran before, when the new version does not come up."""
    new = bundle(tmp_path, "1.1", is_broken=True)
    argv = [sys.executable, "-u", str(new), "install", "--prefix", str(prefix), "--no-service"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.strip().startswith("starts Bedside 1.1"):
                os.killpg(running.pid, signal.SIGKILL)
    assert install(new, prefix).returncode == 1
    assert Prefix(prefix).current_name.startswith("1.0-")


def test_settings_that_the_new_version_refuses_stop_the_update(tmp_path: Path, prefix: Path) -> None:
    """Before anything is switched; of the new version nothing is left."""
    done = install(bundle(tmp_path, "1.1", build=2), prefix)
    assert done.returncode == 1
    assert "cannot be used with bedside.toml" in done.stderr
    assert [path.name[:3] for path in (prefix / "versions").iterdir()] == ["1.0"]


@pytest.mark.parametrize("harm", ["cut off", "flipped"])
def test_a_damaged_bundle_changes_nothing(tmp_path: Path, prefix: Path, harm: str) -> None:
    """Not one file of the installation."""
    before = content(prefix)
    new = bundle(tmp_path, "1.1")
    data = bytearray(new.read_bytes())
    data[len(data) // 2] ^= 4
    new.write_bytes(data[:-1000] if harm == "cut off" else data)
    assert install(new, prefix).returncode != 0
    assert content(prefix) == before


def test_an_installation_that_is_killed_changes_nothing(tmp_path: Path, prefix: Path) -> None:
    """The version before is the current one and whole; the next attempt removes what was left and succeeds."""
    before = content(prefix / "data") | {"current": str((prefix / "current").readlink())}
    new = bundle(tmp_path, "1.1")
    argv = [sys.executable, "-u", str(new), "install", "--prefix", str(prefix), "--no-service"]
    for step in ("unpacks", "installs Bedside"):
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                if line.strip() == step:
                    os.killpg(running.pid, signal.SIGKILL)
        assert content(prefix / "data") | {"current": str((prefix / "current").readlink())} == before
        assert [one.name[:3] for one in Prefix(prefix).installed()] == ["1.0"]
    assert install(new, prefix).returncode == 0
    assert Prefix(prefix).current_name.startswith("1.1-")


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """It is said before anything is written, with how much is needed."""
    file = bundle(tmp_path, "1.0")
    with small_disk(tmp_path / "disk", "20m") as disk:
        done = install(file, disk / "opt")
        assert done.returncode == 1
        assert re.search(r"has 0\.0 GB free, and this version needs \d\.\d GB", done.stderr)
        assert content(disk / "opt") == {}


def test_a_disk_that_fills_up_meanwhile_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may write, too: what was put there is removed again."""
    from bedside.bundle import install as installing
    from bedside.bundle.start import Shown

    file = bundle(tmp_path, "1.0")
    monkeypatch.setattr(installing, "SPARE_BYTES", -(2**40))
    with small_disk(tmp_path / "disk", "1m") as disk:
        with pytest.raises(BundleError, match="No space left on device; nothing has changed"):
            installing.install(file, Prefix(disk / "opt"), installing.Wanted(has_service=False), Shown())
        assert content(disk / "opt") == {}


def test_the_last_three_versions_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the list marks the one that runs; one that was interrupted goes, too."""
    prefix = Prefix(tmp_path)
    for number in range(4):
        (prefix.versions / f"1.{number}-a").mkdir(parents=True)
        prefix.complete(f"1.{number}-a")
        prefix.came_up(f"1.{number}-a")
    prefix.switch("1.3-a")
    (prefix.versions / "1.4-a").mkdir()
    assert sorted(prefix.prune()) == ["1.0-a", "1.4-a"]
    assert cli.main(["install", "--list", "--prefix", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in said] == ["* 1.3", "  1.2", "  1.1"]
    assert len(list(prefix.versions.iterdir())) == 3


def test_no_update_while_a_participant_is_scanned(tmp_path: Path, prefix: Path) -> None:
    """It is refused, and nothing stops."""
    for name in ("runs", "scans"):
        (prefix / "data" / name).write_text("1.0", encoding="utf-8")
    before = content(prefix)
    done = install(bundle(tmp_path, "1.1"), prefix)
    assert "a session runs" in done.stderr
    assert content(prefix) == before


@pytest.mark.parametrize("release", ["3.7", "3.8", "3.10"])
def test_a_python_that_is_too_old_is_told(tmp_path: Path, release: str) -> None:
    """One sentence, whatever the rest of the file is written in."""
    old = interpreter(release)
    if old is None:
        pytest.skip(f"Python {release} is not on this machine")
    done = run(bundle(tmp_path, "1.0"), "install", python=str(old))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Bedside needs Python 3.11 or later, and this is {release};")
    assert len(done.stderr.splitlines()) == 1


def test_a_python_that_the_bundle_has_no_packages_for_is_told(tmp_path: Path, prefix: Path) -> None:
    """With what to do about it; nothing is left."""
    other = interpreter("3.13")
    if other is None:
        pytest.skip("Python 3.13 is not on this machine")
    environ = os.environ | {"PATH": str(tmp_path)}
    argv = [str(other), str(bundle(tmp_path, "1.1", python="3.12")), "install", "--prefix", str(tmp_path / "opt")]
    done = subprocess.run([*argv, "--no-service"], env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "has packages for Python 3.12, and this machine has none of them (this is 3.13." in done.stderr
    assert "bedside bundle FILE --python 3.13" in done.stderr
    assert not (tmp_path / "opt" / "current").exists()


def test_systemd_accepts_the_unit(tmp_path: Path, prefix: Path) -> None:
    """As systemd-analyze reads it, with nothing to complain of."""
    if subprocess.run(["which", "systemd-analyze"], capture_output=True).returncode:
        pytest.skip("systemd-analyze: not on this machine")
    template = (ROOT / "deploy" / "systemd" / "bedside.service").read_text(encoding="utf-8")
    unit = tmp_path / "bedside.service"
    unit.write_text(unit_text(template, Prefix(prefix), ["video"]), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "bedside" in line]
    assert (done.returncode, said) == (0, [])
