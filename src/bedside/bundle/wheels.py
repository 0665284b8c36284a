"""Wheels to take along: Bedside's by its lock, an engine's as its own environment has them."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

from bedside.engine.build import Say, run
from bedside.engine.pip import RAW_BAR
from bedside.engine.pip_talk import PipTalk
from bedside.engine.venv import Venv
from bedside.errors import BundleError

PIP = "pip==26.3 --hash=sha256:f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
"""What installs on the target; its wheel runs as it is."""
GLIBC = (17, 24, 27, 28, 31, 34)
"""manylinux_2_N that wheels are made for, up to the glibc of Debian 12 and Ubuntu 22.04."""
ENTRY = re.compile(r"^(?P<pin>[\w.-]+==[^\s;\\]+)(?: ; (?P<marker>[^\\]+))?(?P<hashes>(?:.*\\\n)*.*)$", re.MULTILINE)
HASH = re.compile(r"--hash=\S+")
ASK = """
import importlib.metadata as m, json
print(json.dumps([[d.metadata["Name"], d.version] for d in m.distributions()]))
"""


def here() -> str:
    """The Python that runs now, such as 3.11."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def pinned(lock: str, python: str) -> list[str]:
    """The lines of a lock with hashes that hold for Linux and this Python, such as 3.12, without their markers."""
    values = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    found = [PIP]
    for entry in ENTRY.finditer(lock):
        marker = (entry["marker"] or "").strip()
        if not marker or Marker(marker).evaluate(values):
            found.append(" ".join([entry["pin"], *HASH.findall(entry["hashes"])]))
    return found


def fetch(lock: str, python: str, folder: Path, say: Say, log: Path) -> None:
    """Download what the lock names for this Python, each checked against its hash. Raises BundleError."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder.parent / f"{folder.name}.txt"
    wanted.write_text("\n".join(pinned(lock, python)) + "\n", encoding="utf-8")
    words = [
        "download",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-d",
        str(folder),
        "-r",
        str(wanted),
    ]
    _pip(
        sys.executable,
        [*words, *([] if python == here() else _of(python))],
        say,
        log,
        "raw" if _tells_progress() else "off",
    )


def _tells_progress() -> bool:
    """Whether this Python's pip says how far it is in a way that a program reads."""
    try:
        release = re.findall(r"\d+", metadata.version("pip"))[:2]
    except metadata.PackageNotFoundError:
        return False
    return tuple(map(int, release)) >= RAW_BAR


def _of(release: str) -> list[str]:
    """Options of `pip download` for a Python that is not the one that runs it."""
    words = ["--python-version", release, "--implementation", "cp"]
    words += [word for abi in (f"cp{release.replace('.', '')}", "abi3", "none") for word in ("--abi", abi)]
    machine = os.uname().machine
    tags = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC]
    return words + [word for tag in (*tags, f"manylinux2014_{machine}", "any") for word in ("--platform", tag)]


def fetch_for_engine(venv: Venv, release: str, folder: Path, say: Say, log: Path) -> None:
    """The wheels of what an engine's environment holds, as it was tried here; what has no wheel is built.

    For another `release` than the environment's, the same versions are taken as far as they have wheels. Raises
    BundleError.
    """
    python, requirements = venv.python, venv.requirements
    folder.mkdir(parents=True, exist_ok=True)
    said = subprocess.run([python, "-I", "-c", ASK], capture_output=True, text=True, check=True).stdout
    held = {name.lower(): version for name, version in json.loads(said)}
    is_own = release == f"{venv.base.version[0]}.{venv.base.version[1]}"
    words = ["wheel", "-w"] if is_own else ["download", "--only-binary", ":all:", *_of(release), "-d"]
    words += [str(folder), "-r", str(requirements)]
    local = requirements.parent / "wheels"
    words += ["--find-links", str(local)] if local.is_dir() else []
    if "--hash=" not in requirements.read_text(encoding="utf-8"):  # with hashes it pins everything by itself
        pins = folder.parent / f"{folder.name}.txt"
        names = [f"{name}=={version}" for name, version in held.items() if name not in ("pip", "setuptools")]
        pins.write_text("\n".join(names) + "\n", encoding="utf-8")
        words += ["-c", str(pins), "numpy"]
    _pip(str(python), words, say, log)
    _pip(str(python), ["wheel", "-w", str(folder), "--no-deps", f"pip=={held.get('pip', '23.0')}"], say, log)


def _pip(python: str, words: list[str], say: Say, log: Path, bar: str = "off") -> None:
    talk, heard = PipTalk("asks the index"), list[str]()

    def hear(line: str) -> None:
        heard.append(line) if line and not line.startswith("Progress ") else None
        say(talk.after(line, 0))

    argv = [python, "-I", "-m", "pip", "--no-input", "--disable-pip-version-check", *words, "--progress-bar", bar]
    with log.open("a", encoding="utf-8") as out:
        failed = run(argv, hear, env=os.environ, cwd=log.parent, log=out)
    if failed:
        reasons = [line for line in heard if line.startswith("ERROR")] or heard
        raise BundleError(f"packages cannot be fetched: {reasons[-1] if reasons else 'pip says nothing'}")
