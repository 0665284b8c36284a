"""The Python of this machine that a bundle can be installed with."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from bedside.bundle.manifest import Manifest
from bedside.errors import BundleError

PATIENCE_S = 30
ASK = "import sys; print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', sys.executable))"


def base_for(manifest: Manifest) -> tuple[str, str]:
    """Release and path of the interpreter, never one of a venv. Raises BundleError where this machine has none."""
    here = f"{platform.system()} {platform.machine()}"
    if here != manifest.machine:
        raise BundleError(
            f"this machine is {here}, and the bundle is for {manifest.machine}; make one on such a machine"
        )
    asked = [sys.executable, *(f"python{release}" for release in manifest.pythons)]
    for program in asked:
        release, path = _asked(program)
        if release in manifest.pythons:
            return release, path
    raise BundleError(
        f"the bundle has packages for Python {' and '.join(manifest.pythons)}, and this machine has none of them "
        f"(this is {platform.python_version()}); make it anew with: "
        f"bedside bundle FILE --python {sys.version_info[0]}.{sys.version_info[1]}"
    )


def refuse_missing_interpreters(manifest: Manifest) -> None:
    """Raise BundleError when an engine needs a Python that is not there."""
    for engine, release in manifest.interpreters.items():
        if _asked(f"python{release}")[0] != release:
            raise BundleError(
                f"the engine {engine} runs in Python {release}, and there is no python{release} on the PATH"
            )


def _asked(program: str) -> tuple[str, str]:
    found = shutil.which(program)
    if found is None:
        return "", ""
    try:
        said = subprocess.run([found, "-I", "-c", ASK], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return "", ""
    release, _, path = said.stdout.strip().partition(" ")
    return release, path if Path(path).exists() else found
