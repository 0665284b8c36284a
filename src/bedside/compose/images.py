"""The images of a Compose file, built from what this machine has; nothing is fetched inside a build.

Packages come as wheels, gathered once for each list of requirements and kept in the user's cache.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import bedside
import bedside_engine
from bedside.compose.baked import Baked, own_version, verb_tag
from bedside.engine import docker
from bedside.engine.build import Progress, Say, cache, run
from bedside.engine.image import Heard
from bedside.engine.interpreter import find_interpreter
from bedside.errors import BuildFailed

VERBS = ("broadcast", "record", "serve")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".git")


def build_verbs(said_of: Callable[[str], Say]) -> None:
    """Build the images of Bedside's own processes anew; what has not changed takes no time.

    `said_of` tells who hears of a verb. Raises BuildFailed.
    """
    lock = shipped("requirements.lock")
    with _context() as folder:
        wanted = ["--require-hashes", "-r", str(lock)]
        _put_wheels(folder / "wheels", sys.executable, wanted, lock.read_text(encoding="utf-8"), said_of(VERBS[0]))
        shutil.copy(lock, folder)
        shutil.copy(shipped("Dockerfile"), folder)
        for package in (bedside, bedside_engine):
            source = Path(str(package.__file__)).parent
            shutil.copytree(source, folder / "packages" / source.name, ignore=LEFT_OUT)
        for verb in VERBS:
            options = ["--target", verb, "--build-arg", f"PYTHON={own_version()}"]
            _docker_build(verb_tag(verb), folder, options, said_of(verb))


@dataclass(frozen=True)
class EngineImage:
    """The image of an engine with its packages, its code and the runner."""

    baked: Baked

    @property
    def tag(self) -> str:
        """`bedside-engine-NAME:HASH`."""
        return self.baked.tag

    def build(self, say: Say) -> None:
        """Build it, unless it is there. Raises BuildFailed; the image that it stands on must be there."""
        if docker.platform_of(self.tag):
            return
        engine, code = self.baked.engine, self.baked.file.parent
        with _context() as folder:
            if self.baked.has_wheels:
                python = find_interpreter(engine.python, engine.name)
                wanted = ["-r", str(code / engine.requirements)] if engine.requirements else []
                text = (code / engine.requirements).read_text(encoding="utf-8") if wanted else ""
                near = code / "wheels"
                links = ["--find-links", str(near)] if near.is_dir() else []
                _put_wheels(folder / "wheels", python, [*wanted, "numpy", *links], text, say)
            shutil.copytree(code, folder / "engine", ignore=LEFT_OUT)
            runner = Path(bedside_engine.__file__).parent
            shutil.copytree(runner, folder / "bedside_engine", ignore=LEFT_OUT)
            (folder / "Dockerfile").write_text(self.baked.dockerfile, encoding="utf-8")
            _docker_build(self.tag, folder, [], say)


def shipped(name: str) -> Path:
    """A file that the images are built by: in the installed package, or in the checkout."""
    package = Path(__file__).parent
    checkout = Path(__file__).parents[3]
    for path in (package / name, checkout / "deploy" / "compose" / name, checkout / name):
        if path.is_file():
            return path
    raise BuildFailed(f"{name} is not beside Bedside's code in {package}; install Bedside anew")


@contextmanager
def _context() -> Iterator[Path]:
    """A folder that everybody may read, since it is copied into an image as it is."""
    place = cache("compose")
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as name:
        before = os.umask(0o022)
        try:
            yield Path(name)
        finally:
            os.umask(before)


def _put_wheels(target: Path, python: str, wanted: Sequence[str], text: str, say: Say) -> None:
    """The wheels of what is wanted, from the cache or gathered now, linked into `target`."""
    key = hashlib.sha256(repr((python, list(wanted), text)).encode()).hexdigest()[:16]
    kept = cache("wheels") / key
    if not kept.is_dir():
        draft = kept.with_name(f".{key}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            _gather(draft, python, wanted, say)
            with suppress(OSError):  # another one was faster
                draft.rename(kept)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(kept, target, copy_function=_link)


def _gather(folder: Path, python: str, wanted: Sequence[str], say: Say) -> None:
    said = ["it says nothing"]

    def hear(line: str) -> None:
        if line.strip() and not line.startswith("WARNING"):
            said.append(line.strip())
        say(Progress("gathers the wheels"))

    argv = (python, "-m", "pip", "--no-input", "--disable-pip-version-check", "wheel", "-q", "-w", str(folder), *wanted)
    log = cache("wheels") / "pip.log"
    with log.open("w", encoding="utf-8") as opened:
        status = run(argv, hear, env=os.environ, cwd=folder, log=opened)
    if status:
        raise BuildFailed(f"the wheels for an image cannot be had: {said[-1][:300]}; all that pip printed is in {log}")


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
    return target


def _docker_build(tag: str, folder: Path, options: Sequence[str], say: Say) -> None:
    log = cache("images") / f"{tag.replace(':', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    heard = Heard(say)
    with log.open("w", encoding="utf-8") as opened:
        argv = (docker.program(), "build", "--force-rm", "--tag", tag, *options, ".")
        status = run(argv, heard, env={**os.environ, "BUILDKIT_PROGRESS": "plain"}, cwd=folder, log=opened)
    if status:
        raise BuildFailed(f"the image {tag} cannot be built: {heard.why}; all that was printed is in {log}")
