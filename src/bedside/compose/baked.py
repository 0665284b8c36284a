"""An engine's image for Compose: its packages, its code and the runner in it, so that nothing is mounted."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from bedside import __version__
from bedside.engine import context
from bedside.engine.container import CODE, RUNNER, Container
from bedside.engine.image import image_of
from bedside.settings_tables import EngineSettings

BASE = "python:{}-slim-bookworm"
VERSION_IN_NAME = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class Baked:
    """What one engine's image is made of."""

    engine: EngineSettings
    file: Path
    """The engine's own file; its folder is copied."""

    @property
    def tag(self) -> str:
        """`bedside-engine-NAME:HASH`, by the engine's folder, what it is built on, and Bedside's version."""
        engine = self.engine
        parts = (
            _content(self.file.parent, engine.dockerfile),
            engine.image,
            engine.dockerfile,
            engine.requirements,
            engine.python,
            __version__,
        )
        plain = re.sub("[^a-z0-9]+", "-", engine.name.lower()).strip("-")
        return f"bedside-engine-{plain}:{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"

    @property
    def base(self) -> str:
        """The image that it is built on: the engine's own, or Python's of the version that the engine wants."""
        if self.engine.is_contained:
            return image_of(self.engine.name, self.file.parent, self.engine.image, self.engine.dockerfile).tag
        return BASE.format(self.python_version)

    @property
    def python_version(self) -> str:
        """Such as 3.11: what `python` names, or that of the Python that runs this."""
        named = VERSION_IN_NAME.search(Path(self.engine.python).name) if self.engine.python else None
        return f"{named[1]}.{named[2]}" if named else own_version()

    @property
    def interpreter(self) -> str:
        """The interpreter inside."""
        return self.engine.python if self.engine.is_contained and self.engine.python else "python3"

    @property
    def has_wheels(self) -> bool:
        """Whether packages are put into it: those of its requirements, or numpy, which the runner needs."""
        return not self.engine.is_contained

    @property
    def dockerfile(self) -> str:
        """How it is built, from a folder with `engine`, `bedside_engine` and, where there are any, `wheels`."""
        install = (
            f"COPY wheels /wheels\nRUN {self.interpreter} -m pip install --no-cache-dir --no-index --no-deps"
            " --target /packages /wheels/*.whl"
        )
        if not self.has_wheels:
            lines = [f"FROM {self.base}"]
        else:
            lines = [
                f"FROM {self.base} AS wheels",
                install,
                f"FROM {self.base}",
                "COPY --from=wheels /packages /packages",
            ]
            lines += ["ENV PYTHONPATH=/packages"]
        return "\n".join([*lines, f"COPY bedside_engine {RUNNER}", f"COPY engine {CODE}", f"WORKDIR {CODE}", ""])


def container_of(baked: Baked, port: int, cores: int) -> Container:
    """The container of that process of the engine which has this port, with the limits of `bedside up`."""
    engine = baked.engine
    return Container(
        engine.name,
        port,
        baked.tag,
        baked.file,
        python=baked.interpreter,
        options=engine.docker_options,
        memory_bytes=engine.memory_bytes,
        cpus=engine.cpus,
        processes=engine.most_processes,
        deadline_s=engine.deadline_s,
        start_deadline_s=engine.start_deadline_s,
        cores=cores,
    )


def verb_tag(verb: str) -> str:
    """The image of one of Bedside's own processes, `bedside-VERB:VERSION`."""
    return f"bedside-{verb}:{__version__}"


def own_version() -> str:
    """The version of the Python that runs this, such as 3.11."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _content(folder: Path, dockerfile: str) -> str:
    """One hash of all that is copied, but not of who may read it, which git does not keep."""
    whole = hashlib.sha256()
    for name in context.counted(folder, dockerfile):
        whole.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        with (folder / name).open("rb") as opened:
            whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()
