"""The scripts that set up, run and check everything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file())
BASH = shutil.which("bash") or "/bin/bash"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone without .venv, on a machine whose PATH has no Python."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", clone / "scripts")
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, clone)
    (tmp_path / "bin").mkdir()
    for name in ("bash", "cat", "cksum", "dirname", "rm"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return clone


def run(clone: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """One script, with nothing in its environment but that PATH."""
    environ = {"PATH": str(clone.parent / "bin")}
    return subprocess.run(
        [BASH, f"scripts/{script}"], cwd=clone, env=environ, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_parses_and_says_what_it_is_for(script: Path) -> None:
    """Bash accepts it, its second line tells a reader, and it can be run (setup is read by the others)."""
    assert subprocess.run([BASH, "-n", script]).returncode == 0
    first, second = script.read_text(encoding="utf-8").splitlines()[:2]
    assert second.startswith("# ")
    assert first == "#!/usr/bin/env bash" or script.name == "setup"
    assert os.access(script, os.X_OK) or script.name == "setup"


@pytest.mark.parametrize("script", ["demo", "test", "check", "bench"])
def test_a_machine_without_python_is_told(bare: Path, script: str) -> None:
    """One sentence, exit status 2, and nothing is left half made."""
    done = run(bare, script)
    assert done.returncode == 2
    assert done.stderr.startswith("Bedside needs Python 3.11 or later, and none is on the PATH")
    assert len(done.stderr.splitlines()) == 1
    assert not (bare / ".venv").exists()


def test_an_old_python_counts_as_none(bare: Path) -> None:
    """A python3 that is too old is passed over."""
    old = bare.parent / "bin" / "python3"
    old.write_text(f"#!{BASH}\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    assert run(bare, "demo").stderr.startswith("Bedside needs Python 3.11 or later")


def test_a_python_without_venv_is_told(bare: Path) -> None:
    """Debian's Python needs a package for it; the sentence names it, and nothing is left half made."""
    python = bare.parent / "bin" / "python3"
    python.write_text(f'#!{BASH}\n[ "$1" = -m ] && exit 1\necho Python 3.12.1\n', encoding="utf-8")
    python.chmod(0o755)
    done = run(bare, "demo")
    assert done.returncode == 2
    assert "apt-get install python3-venv" in done.stderr
    assert not (bare / ".venv").exists()


def test_the_demo_runs_where_the_person_is(bare: Path) -> None:
    """A clip or an engine beside the person is found by its relative path, wherever the clone lies."""
    made = bare / ".venv" / "bin"
    made.mkdir(parents=True)
    for name, line in {"python": "exit 1", "bedside": 'echo "$PWD" "$@"'}.items():
        (made / name).write_text(f"#!{BASH}\n{line}\n", encoding="utf-8")
        (made / name).chmod(0o755)
    both = b"".join((bare / name).read_bytes() for name in ("requirements.lock", "pyproject.toml"))
    sums = subprocess.run(["cksum"], input=both, capture_output=True, check=True)
    (bare / ".venv" / ".requirements.lock.stamp").write_bytes(sums.stdout)
    environ = {"PATH": str(bare.parent / "bin")}
    argv = [BASH, "clone/scripts/demo", "--source", "file:a.mp4"]
    done = subprocess.run(argv, cwd=bare.parent, env=environ, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == f"{bare.parent} demo --source file:a.mp4", done.stderr


def test_what_ci_runs_is_what_people_run() -> None:
    """.ci/run calls scripts and has no logic of its own."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    work = [line for line in lines if line and not line.startswith("#")]
    assert work == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "scripts/rigs", "scripts/check", "scripts/test"]
