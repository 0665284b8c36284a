"""`bedside bundle`: one file that installs Bedside, its engines and its settings on a machine without a network."""

import argparse
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import bedside
from bedside.bundle.manifest import TEXT
from bedside.cli import text_engine
from bedside.cli.beforehand import needed_by
from bedside.cli.build import build
from bedside.cli.shown import Shown
from bedside.cli.verb import add_verb, settings_of
from bedside.engine.build import Progress, Say
from bedside.errors import SettingsError

if TYPE_CHECKING:
    from bedside.bundle.carried import Carried
    from bedside.bundle.make import Contents
    from bedside.engine.venv import Venv
    from bedside.settings import Settings

PYTHONS = ("3.11", "3.12", "3.13")
DOC = """\
make one file that installs all of this on a machine without a network

The file holds Bedside, the engines of bedside.toml with the packages of their environments (or their images), the
finder of text, these settings and the docs. It runs by itself: sudo python3 FILE install. Make it on a machine with
the same processor as the one in the clinic, and a Python of the same release, or name that release.

examples:
  bedside bundle bedside.pyz
  bedside bundle bedside.pyz --python 3.11 --python 3.12     for a machine that has either
  bedside bundle bedside.pyz --containers                    runs by Docker Compose there; needs Docker on both
  python3 bedside.pyz verify                                 is every byte as it was packed?
  sudo python3 bedside.pyz install                           on the other machine; the same command updates it
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "bundle", run, DOC)
    parser.add_argument("file", type=Path, metavar="FILE", help="the file to write, such as bedside.pyz")
    parser.add_argument(
        "--python", action="append", choices=PYTHONS, help="a Python that the other machine has; as often as wanted"
    )
    parser.add_argument("--containers", action="store_true", help="take images along, and run by Docker Compose there")


def run(arguments: argparse.Namespace) -> int:
    """Make it and say what to do with it."""
    from bedside.bundle.carried import carried
    from bedside.bundle.make import Contents, make
    from bedside.bundle.wheels import here

    file: Path = arguments.file.absolute()
    root = source_tree()
    settings, config = settings_of(arguments, needs_file=True)
    found = carried(settings, config)
    contents = Contents(dict(found.parts))
    place = tempfile.TemporaryDirectory(prefix="bedside-bundle-", dir=file.parent)
    with place as name, Shown(quiet=arguments.quiet) as shown:
        take_bedside(contents, root, arguments.python or [here()], Path(name), shown.of("bedside"))
        shown.line("bedside: its packages are there")
        if arguments.containers:
            take_containers(contents, found, Path(name), shown)
        take_engines(contents, settings, found, Path(name), shown)
        packs = shown.of(file.name)
        digest, manifest = make(file, contents, lambda step, done, total: packs(Progress(step, done, total)))
    size, pythons = f"{file.stat().st_size / 1e6:.0f} MB", " and ".join(manifest.pythons)
    print(f"{file.name}: {size}, Bedside {manifest.name}, for Python {pythons}")
    print(f"SHA-256 {digest}\nOn the other machine: sudo python3 {file.name} install")
    return 0


def source_tree() -> Path:
    """The checkout that runs now: the lock and the docs are only there."""
    root = Path(bedside.__file__).parents[2]
    if not (root / "requirements.lock").is_file():
        raise SettingsError(
            "a bundle is made from a clone of the repository; run its own .venv/bin/bedside bundle there"
        )
    return root


def take_bedside(contents: "Contents", root: Path, pythons: list[str], folder: Path, say: Say) -> None:
    """Bedside's wheel, those of its lock, docs and unit."""
    from bedside.bundle import own
    from bedside.bundle.archive import Bytes
    from bedside.bundle.wheels import fetch

    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    for python in pythons:
        wheels = folder / f"bedside-{python}"
        fetch(lock, python, wheels, say, folder / "pip.log")
        (wheels / own.NAME).write_bytes(own.wheel(root / "src", root / "engines"))
        contents.take_wheels(python, wheels)
    for part in ("docs", "deploy"):
        for name, path in own.files_of(root / part):
            contents.parts[f"{part}/{name}"] = Bytes(path.read_bytes())
    for part in ("README.md", "LICENSE", "CHANGELOG.md", "requirements.lock"):
        contents.parts[part] = Bytes((root / part).read_bytes())


def take_engines(contents: "Contents", settings: "Settings", found: "Carried", folder: Path, shown: Shown) -> None:
    """What each engine, and the finder of text, runs in: the wheels of its environment, or its image."""
    from bedside.bundle.archive import OnDisk
    from bedside.bundle.images import save
    from bedside.engine.image import Image
    from bedside.engine.venv import Venv

    finder = text_engine.engine_of(settings)
    engines = () if contents.containers else settings.engines
    for engine in engines if finder in engines else (*engines, finder):
        needed = None if engine.url else needed_by(engine)
        if needed is None:
            continue
        build(engine.name, needed, shown)
        if isinstance(needed, Venv):
            releases = list(contents.wheels)
            if engine.python:
                releases = [f"{needed.base.version[0]}.{needed.base.version[1]}"]
                contents.interpreters[engine.name] = releases[0]
            place = found.folders.get(engine.name, TEXT)
            take_wheels_of(contents, needed, releases, place, folder, shown)
        elif isinstance(needed, Image):
            part = f"images/{engine.name}.tar"
            save([needed.tag], folder / f"{engine.name}.tar", shown.of(engine.name))
            contents.parts[part] = OnDisk(folder / f"{engine.name}.tar")
            contents.images.append(part)


def take_containers(contents: "Contents", found: "Carried", folder: Path, shown: Shown) -> None:
    """The images of Bedside's own processes and of the engines, as the target's settings will call them."""
    from bedside.bundle.archive import OnDisk
    from bedside.bundle.images import save
    from bedside.cli.compose import build as build_images
    from bedside.cli.compose import tags_of
    from bedside.settings import load

    there = folder / "there"  # laid out as on the target, since an image is called after what is in the folder
    for part, source in found.parts.items():
        path = there / part
        path.parent.mkdir(parents=True, exist_ok=True)
        with source.open() as opened, path.open("wb") as out:
            shutil.copyfileobj(opened, out)
    (there / "current").symlink_to(".")
    (there / "settings").rename(there / "data")
    settings = load(there / "data" / "bedside.toml")
    with contextlib.chdir(settings.folder):
        build_images(settings, shown)
    contents.containers += tags_of(settings)
    save(contents.containers, folder / "containers.tar", shown.of("containers"))
    contents.parts["images/containers.tar"] = OnDisk(folder / "containers.tar")
    contents.images.append("images/containers.tar")


def take_wheels_of(
    contents: "Contents", venv: "Venv", releases: list[str], place: str, folder: Path, shown: Shown
) -> None:
    """The wheels of an engine's environment, for these Pythons, into the folder `place` of the bundle."""
    from bedside.bundle.wheels import fetch_for_engine

    for release in releases:
        wheels = folder / f"engine-{venv.name}-{release}"
        fetch_for_engine(venv, release, wheels, shown.of(venv.name), folder / "pip.log")
        contents.take_engine_wheels(place, wheels)
    shown.line(f"{venv.name}: its packages are there")
