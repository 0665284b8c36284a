"""Small bundles, whose Bedside is a few lines: so that installing takes a second. tests/end_to_end has the real one."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bedside.bundle.archive import Bytes, OnDisk
from bedside.bundle.make import Contents, make
from bedside.bundle.wheels import PIP, here
from bedside.engine.venv import environments

MAIN = """
import json, os, signal, sys
VERSION = {version!r}
words = [word for word in sys.argv[1:] if word not in ("--config",)]
def main():
    data = os.path.dirname(sys.argv[sys.argv.index("--config") + 1])
    runs = os.path.join(data, "runs")
    if "up" in sys.argv:
        if {is_broken}:
            sys.exit("the new version cannot start")
        signal.signal(signal.SIGTERM, lambda *_: (os.remove(runs), os._exit(0)))
        open(runs, "w").write(VERSION)
        while True:
            signal.pause()
    if "status" in sys.argv:
        up = os.path.exists(runs)
        one = {{"name": "serve", "state": "running", "keeps_dying": False, "message": ""}}
        session = {{"name": "P1"}} if os.path.exists(os.path.join(data, "scans")) else None
        health = {{"status": "ok", "session": session}} if up else None
        print(json.dumps({{"health": health, "processes": [one] * up}}))
        return int(not up)
    if "--output" in sys.argv:
        with open(sys.argv[sys.argv.index("--output") + 1], "w") as file:
            file.write({compose!r})
    return {build} if "build" in sys.argv else 0
"""
COMPOSE = """
services:
  serve:
    image: bedside-small:0
    init: true
    restart: unless-stopped
"""


def bundle(
    folder: Path,
    version: str,
    *,
    is_broken: bool = False,
    build: int = 0,
    settings: str = "# 1\n",
    python: str = "",
    unit: bytes = b"",
    image: Path | None = None,
) -> Path:
    """A bundle whose Bedside says of itself that it runs, or, broken, ends at once.

    With `image`, a saved one called bedside-small:0, it runs in a container of that.
    """
    main = MAIN.format(version=version, is_broken=is_broken, build=build, compose=COMPOSE)
    wheels = folder / f"wheels-{version}"
    wheels.mkdir(parents=True)
    (wheels / pip().name).write_bytes(pip().read_bytes())
    about = f"bedside-{version}.dist-info"
    with zipfile.ZipFile(wheels / f"bedside-{version}-py3-none-any.whl", "w") as archive:
        for name, text in {
            "small_bedside.py": main,
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: bedside\nVersion: {version}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/entry_points.txt": "[console_scripts]\nbedside = small_bedside:main\n",
            f"{about}/RECORD": "",
        }.items():
            archive.writestr(name, text)
    contents = Contents()
    contents.take_wheels(python or here(), wheels)
    contents.parts["settings/bedside.toml"] = Bytes(settings.encode())
    contents.parts["settings/presets/a.toml"] = Bytes(b"# a\n")
    contents.parts["docs/a.md"] = contents.parts["docs/b.md"] = Bytes(b"the same\n" * 1000)
    if image is not None:
        contents.parts["images/small.tar"] = OnDisk(image)
        contents.images.append("images/small.tar")
        contents.containers.append("bedside-small:0")
    contents.parts["deploy/systemd/bedside.service"] = Bytes(unit)
    file = folder / f"bedside-{version}.pyz"
    make(file, contents, lambda step, done, total: None, version)
    return file


def pip() -> Path:
    """The wheel of the pip that bundles carry, fetched once for all tests; skips where it cannot be."""
    cache = environments().parent.with_name("bedside-tests") / "pip"
    found = cache / f"pip-{PIP.split()[0].partition('==')[2]}-py3-none-any.whl"
    if not found.exists():
        words = ["download", "-q", "--no-deps", "-d", str(cache), PIP.split()[0]]
        if subprocess.run([sys.executable, "-m", "pip", *words]).returncode:
            pytest.skip("pip: its wheel is not here, and the index does not answer")
    assert hashlib.sha256(found.read_bytes()).hexdigest() in PIP
    return found


def run(file: Path, *words: str | Path, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
    """`python3 FILE WORDS`."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("BEDSIDE_", "PIP_"))}
    argv: Sequence[str] = [python, str(file), *map(str, words)]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=100)


def content(folder: Path) -> dict[str, str]:
    """All that lies in a folder: bytes as their digest, links as where they lead."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file() and path.name != ".lock":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
