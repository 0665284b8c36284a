"""Makes a venv and lets its own pip install into it, and tells how far that is."""

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bedside.engine.build import Say, run
from bedside.engine.environment import environment
from bedside.engine.interpreter import Interpreter
from bedside.engine.pip_reason import reason
from bedside.engine.pip_talk import PipTalk
from bedside.errors import BuildFailed

RAW_BAR = (24, 1)
"""The first pip that can tell bytes to a program."""
MANYLINUX = (20, 3)
"""The first pip that knows the names of today's Linux wheels."""


@dataclass
class Pip:
    """Installs `requirements` into a new venv of `base` in `folder`, by way of `wheels`.

    Whatever is started inherits the file descriptor `lock`, and is logged to `log`.
    """

    base: Interpreter
    folder: Path
    requirements: Path
    wheels: Path
    say: Say
    log: IO[str]
    lock: int
    _heard: list[str] = field(default_factory=list)
    _talk: PipTalk = field(default_factory=lambda: PipTalk("makes an empty environment"))

    def install(self) -> None:
        """Do it all. Raises BuildFailed with what could not be installed and why."""
        self._make_empty()
        self._renew_pip()
        self._install_requirements()
        if self._run(self._python, "-I", "-c", "import numpy"):
            self._talk = PipTalk("adds numpy, which the requirements lack")
            self._fail_unless(self._pip("install", *self._links, "numpy") == 0)

    @property
    def _python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def _links(self) -> list[str]:
        return ["--find-links", str(self.wheels)] if self.wheels.is_dir() else []

    def _make_empty(self) -> None:
        brought = sorted(self.wheels.glob("pip-*.whl"))
        if brought:  # a Python without ensurepip, such as Debian's, needs none then
            bare = self._run(self.base.path, "-I", "-m", "venv", "--without-pip", str(self.folder)) == 0
            options = ("--no-index", "--no-input", "--disable-pip-version-check")
            if bare and self._run(self._python, "-I", f"{brought[-1]}/pip", "install", *options, str(brought[-1])) == 0:
                return
        if self._run(self.base.path, "-I", "-m", "venv", str(self.folder)) == 0:
            return
        said = " ".join(self._heard)
        hint = "; install its module venv (Debian: apt install python3-venv)" if "ensurepip" in said else ""
        raise BuildFailed(
            f"{self.base.path} (Python {self.base.release}) cannot make an environment: "
            f"{self._heard[-1] if self._heard else 'it says nothing'}{hint}, or name another interpreter as python"
        )

    def _renew_pip(self) -> None:
        """A pip of old times knows no wheels of today; without network it has to do."""
        if self._pip_version < MANYLINUX:
            self._talk = PipTalk("renews a pip that is too old for today's packages")
            self._pip("install", *self._links, "--upgrade", "pip<24.1")  # the last for Python 3.7

    def _install_requirements(self) -> None:
        wanted = ["install", "-r", str(self.requirements)]
        if self._links:
            self._talk = PipTalk(f"looks in {self.wheels.name}/")
            if self._pip(*wanted, "--no-index", *self._links) == 0:
                return
            said = reason(self._heard, self.base.release)
            self._talk = PipTalk(f"asks the index, since {self.wheels.name}/ is not enough: {said.what}")
        self._fail_unless(self._pip(*wanted, *self._links) == 0)

    def _fail_unless(self, is_well: bool) -> None:
        if is_well:
            return
        found = reason(self._heard, self.base.release)
        what_to_do = found.do
        if found.is_network:
            what_to_do = (
                f"connect this machine until it is built, or fill {self.wheels} on one that is connected: "
                f"python{self.base.version[0]}.{self.base.version[1]} -m pip download -d wheels "
                f"-r {self.requirements.name} numpy"
            )
        raise BuildFailed(f"{self.requirements.name} cannot be installed: {found.what}; {what_to_do}")

    @property
    def _pip_version(self) -> tuple[int, ...]:
        found = next((self.folder / "lib").glob("python*/site-packages/pip-*.dist-info"), None)
        return tuple(int(number) for number in re.findall(r"\d+", found.stem)[:2]) if found else (0,)

    @property
    def _packages(self) -> int:
        return sum(1 for _ in (self.folder / "lib").glob("python*/site-packages/*.dist-info"))

    def _pip(self, *words: str) -> int:
        bar = "raw" if self._pip_version >= RAW_BAR else "off"
        return self._run(
            self._python, "-I", "-m", "pip", "--no-input", "--disable-pip-version-check", *words, "--progress-bar", bar
        )

    def _run(self, *argv: str) -> int:
        self._heard.clear()
        env = environment(Path(argv[0]), os.environ)
        env.setdefault("PIP_RETRIES", "2")  # without a network, five tries take a minute
        env["PIP_USER"] = "0"  # a pip that is told to install for the user would refuse to do so here
        try:
            return run(argv, self._hear, env=env, cwd=self.requirements.parent, log=self.log, keep=(self.lock,))
        except BaseException:
            if not self._packages:  # nothing of worth is in it yet
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _hear(self, line: str) -> None:
        if line and not line.startswith("Progress "):
            self._heard.append(line)
        self.say(self._talk.after(line, self._packages))
