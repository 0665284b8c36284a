"""Bedside's own environment on the target: without a network, and without ensurepip, which Debian's Python lacks."""

import subprocess
from pathlib import Path

from bedside.errors import BundleError


def make(python: str, folder: Path, wheels: list[Path], log: Path) -> None:
    """Make a venv with these wheels, by the pip that is among them. Raises BundleError with what failed."""
    pip = next((wheel for wheel in wheels if wheel.name.startswith("pip-")), None)
    if pip is None:
        raise BundleError("the bundle has no pip among its wheels; make it anew")
    options = ["--no-index", "--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    with log.open("a", encoding="utf-8") as out:
        _run([python, "-I", "-m", "venv", "--without-pip", str(folder)], out.fileno(), log)
        inside = str(folder / "bin" / "python")
        _run(
            [inside, "-I", f"{pip}/pip", "install", *options, *(str(one) for one in wheels if one != pip)],
            out.fileno(),
            log,
        )


def _run(argv: list[str], out: int, log: Path) -> None:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
    except OSError as error:
        raise BundleError(f"{argv[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        raise BundleError(f"{' '.join(argv[1:4])} failed: {lines[-1] if lines else 'it says nothing'}")
