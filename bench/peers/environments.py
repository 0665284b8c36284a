"""An environment for each way that is not Bedside: made once, with versions that are named here, and kept."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from bench.figure import Lacks

BASE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bedside-bench" / "peers"
OPENCV, NUMPY = "opencv-python-headless==5.0.0.93", "numpy==2.4.6"
STEPS: dict[str, list[list[str]]] = {
    "lab": [["flask==3.1.3", OPENCV, NUMPY]],
    "paper": [["aiohttp==3.14.5", OPENCV, NUMPY]],
    "stream_infer_": [["stream-infer==0.6.7"]],
    # Its newest torch would bring gigabytes for a GPU; this one is the processor's.
    "roboflow_": [["torch==2.13.0"], ["inference==1.8.3"]],
}
"""What pip is asked for, by the program's name in `everyone/`, in steps."""


def python(name: str) -> Path:
    """The interpreter of a way's environment, made where it is missing. Raises Lacks when it cannot be made."""
    folder = BASE / name
    made, found = folder / "made", folder / "bin" / "python"
    wanted = repr(STEPS[name])
    if made.exists() and made.read_text() == wanted:
        return found
    base = getattr(sys, "_base_executable", sys.executable)
    _run([base, "-m", "venv", "--clear", str(folder)], name)
    for packages in STEPS[name]:
        _run([str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages], name)
    made.write_text(wanted)
    return found


def _run(argv: list[str], name: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Lacks(f"the environment of {name}: {done.stderr.strip().splitlines()[-1]}")


def version(name: str) -> str:
    """The pinned version of what a way is named after; Bedside's own; nothing for one that is written here."""
    if name == "bedside_":
        return metadata.version("bedside")
    package = STEPS[name][-1][0]
    return package.partition("==")[2] if name.endswith("_") else ""
