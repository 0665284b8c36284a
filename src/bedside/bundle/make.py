"""Puts a bundle together out of its parts."""

import hashlib
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bedside import __version__
from bedside.bundle.archive import CHUNK, OnDisk, Say, Source, write
from bedside.bundle.manifest import TARGET, Manifest

MAIN = """\
import sys
if sys.version_info < (3, 11):
    sys.exit("Bedside needs Python 3.11 or later, and this is %d.%d; run it with another one, such as python3.11"
             % sys.version_info[:2])
from bedside.bundle.start import main
sys.exit(main(sys.argv))
"""
GROWS = 1.4
"""Modules are compiled when they are installed."""


@dataclass
class Contents:
    """What goes into a bundle."""

    parts: dict[str, Source] = field(default_factory=dict)
    wheels: dict[str, list[str]] = field(default_factory=dict)
    interpreters: dict[str, str] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)

    def take_wheels(self, python: str, folder: Path) -> None:
        """Bedside's own wheels for one Python."""
        for path in sorted(folder.glob("*.whl")):
            self.parts[f"wheels/{path.name}"] = OnDisk(path)
            self.wheels.setdefault(python, []).append(f"wheels/{path.name}")

    def take_engine_wheels(self, folder: str, wheels: Path) -> None:
        """An engine's wheels: they lie in its folder, where its environment is looked for first."""
        for path in sorted(wheels.glob("*.whl")):
            self.parts[f"{folder}/wheels/{path.name}"] = OnDisk(path)


def make(file: Path, contents: Contents, say: Say, version: str = __version__) -> tuple[str, Manifest]:
    """Write the bundle; returns its SHA-256 and its manifest."""
    digests, size = {}, 0
    for number, (path, source) in enumerate(sorted(contents.parts.items())):
        say("reads the parts", number, len(contents.parts))
        digests[path] = _digest(source)
        if path not in contents.images:
            size += _installed(path, source)
    manifest = Manifest(
        version=version,
        machine=f"{platform.system()} {platform.machine()}",
        pythons=tuple(contents.wheels),
        parts=digests,
        wheels={python: tuple(paths) for python, paths in contents.wheels.items()},
        interpreters=contents.interpreters,
        images=tuple(contents.images),
        containers=tuple(contents.containers),
        installed_bytes=int(size * GROWS),
    )
    return write(file, manifest, contents.parts, installer(), say), manifest


def installer() -> Mapping[str, bytes]:
    """The zip application's own modules."""
    package = Path(__file__).parents[1]
    files = ["__init__.py", "errors.py", "clock.py", *(f"bundle/{name}.py" for name in TARGET)]
    return {"__main__.py": MAIN.encode(), **{f"bedside/{name}": (package / name).read_bytes() for name in files}}


def _digest(source: Source) -> str:
    digest = hashlib.sha256()
    with source.open() as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _installed(path: str, source: Source) -> int:
    """Bytes on the target: of a wheel those that are in it, and itself while it is being installed."""
    with source.open() as file:
        size = file.seek(0, 2)
        if path.endswith(".whl"):
            file.seek(0)
            with zipfile.ZipFile(file) as wheel:
                size += sum(entry.file_size for entry in wheel.infolist())
    return size
