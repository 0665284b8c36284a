"""An engine's image: one that is there, or one that is built from a Dockerfile, once for each content of its folder."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bedside import clock
from bedside.engine import context, docker
from bedside.engine.build import TICK_S, Progress, Say, cache, run
from bedside.errors import BuildFailed, SettingsError

RETRY_S = 300.0
"""So long a failed build is not tried again by an engine that keeps starting; by hand it is tried at once."""
STEP = re.compile(r"(?:Step |#\d+ \[(?:\S+ +)?|> \[(?:\S+ +)?)(?P<done>\d+)/(?P<total>\d+)(?: : |\] )(?P<step>.+?):?$")
"""A step of the build, as docker's older and its newer builder announce it, and the newer one names what failed."""
NUMBER = re.compile(r"#\d+ (?:[\d.]+ )?")
HOLLOW = re.compile(
    r"-+$|-+> |Removing intermediate|The command '|executor failed|process \"|(ERROR: )?failed to (build|solve)|"
    r"ERROR: (process|executor)|Dockerfile:\d|\d+ \||DONE |CANCELED"
)
"""Lines around the one that says why a step failed."""


def images() -> Path:
    """The folder of what is kept about the building of images of this user."""
    return cache("images")


@dataclass(frozen=True)
class Image:
    """The image of the engine `name`: `image` as it is, or what `dockerfile` in `folder` makes."""

    name: str
    folder: Path
    image: str = ""
    dockerfile: str = ""

    @property
    def what(self) -> str:
        """What it is, for a person."""
        return f"the image {self.tag}"

    @cached_property
    def tag(self) -> str:
        """Its name for Docker; that of a built one has the hash of what it is built from."""
        if self.image:
            return self.image
        plain = re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return f"bedside-engine-{plain}:{context.fingerprint(self.folder, self.dockerfile)}"

    @property
    def log(self) -> Path:
        """All that was printed while it was built."""
        return images() / f"{self.tag.replace(':', '-')}.log"

    @property
    def is_built(self) -> bool:
        """Whether this machine has it; without Docker it has none, and `build` says why."""
        try:
            return self._is_there()
        except BuildFailed:
            return False

    @property
    def failure(self) -> str:
        """Why its last build failed, as long as that is fresh; else empty."""
        try:
            age_s = (clock.wall_ns() - self._failed.stat().st_mtime_ns) / clock.NS_PER_S
            return self._failed.read_text(encoding="utf-8") if abs(age_s) < RETRY_S else ""
        except OSError:
            return ""

    def build(self, say: Say) -> None:
        """Make it, unless it is there. Raises BuildFailed that names the step that failed, and why.

        An image that somebody else makes is never fetched here: that is for a person to do, and not during a scan.
        """
        if self.image:
            if not self._is_there():
                raise BuildFailed(
                    f"[[engine]] {self.name}: there is no image {self.image} on this machine; "
                    f"docker pull {self.image}, or docker load it from a file"
                )
            return
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self._alone(say):
                if not self._is_there():
                    self._make(say)
        except OSError as error:
            raise BuildFailed(
                f"[[engine]] {self.name}: the log of its build cannot be written: {error}; "
                "XDG_CACHE_HOME sets another place"
            ) from error

    def use(self) -> None:
        """Nothing removes it while a container runs from it."""

    def _is_there(self) -> bool:
        try:
            return bool(docker.platform_of(self.tag))
        except BuildFailed as error:
            raise BuildFailed(f"[[engine]] {self.name}: {error}") from error

    @property
    def _failed(self) -> Path:
        return self.log.with_suffix(".failed")

    @contextmanager
    def _alone(self, say: Say) -> Iterator[None]:
        lock = os.open(self.log.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    say(Progress("waits for another process that builds it"))
                    clock.wait_s(TICK_S)
            yield
        finally:
            os.close(lock)

    def _make(self, say: Say) -> None:
        self._failed.unlink(missing_ok=True)
        heard = Heard(say)
        argv = (docker.program(), "build", "--force-rm", "--tag", self.tag, "--file", self.dockerfile, ".")
        with self.log.open("w", encoding="utf-8") as log:
            env = {**os.environ, "BUILDKIT_PROGRESS": "plain"}
            status = run(argv, heard, env=env, cwd=self.folder, log=log)
        if status:
            sentence = f"[[engine]] {self.name}: {heard.why}; all that was printed is in {self.log}"
            self._failed.write_text(sentence, encoding="utf-8")
            raise BuildFailed(sentence)


class Heard:
    """What a build prints: which step it is at, and what it said last."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._progress = Progress("begins")
        self._reason = "it gives no reason"

    @property
    def why(self) -> str:
        """Why it failed."""
        where = f"at `{self._progress.step}`" if self._progress.total else f"of {self._progress.step}"
        return docker.trouble(self._reason) or f"docker build fails {where}: {self._reason}"

    def __call__(self, line: str) -> None:
        text = docker.ESCAPES.sub("", line).strip()
        if found := STEP.match(text):
            self._progress = Progress(found["step"], int(found["done"]) - 1, int(found["total"]), "steps")
        elif (said := NUMBER.sub("", text, count=1).strip()) and not HOLLOW.match(said):
            self._reason = said[:300]
        self._say(self._progress)


def image_of(name: str, folder: Path, image: str, dockerfile: str) -> Image:
    """The image of an engine whose code lies in `folder`. Raises SettingsError when there is no such Dockerfile."""
    if dockerfile and not (folder / dockerfile).is_file():
        raise SettingsError(
            f"[[engine]] {name}: dockerfile is '{dockerfile}', and there is no {folder / dockerfile}; "
            "name a file in the engine's folder"
        )
    return Image(name, folder, image, dockerfile)
