"""What a session is made with: settings without secrets, versions, and a fingerprint of each engine's files."""

import os
import platform
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bedside import __version__
from bedside.session.desk import With
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.plan import LOGS

LEFT_OUT = frozenset({"__pycache__", "node_modules", "venv", "env"})
"""Folders of an engine that are no part of it; so are those that begin with a dot, and every environment."""
MOST_FILES = 20_000
MOST_BYTES = 10_000_000_000
"""Reading more would hold up the start of a session for longer than ten seconds."""
LIBRARIES = {"av": "av", "numpy": "numpy", "opencv": "opencv-python-headless"}
PASSWORD = re.compile(r"(?<=//)[^/@\s]+(?=@)")
SECRET = re.compile(r"(?i)((?:token|secret|password|passwd|key(?!int))[A-Z0-9_]*=|[?&](?:pwd|pass|sig|auth)=)[^&\s]+")
VARIABLE = re.compile(r"^(-e|--env)([= ]?)([^=]+)=.*$", re.DOTALL)

_digests: dict[tuple[str, int, int], str] = {}
"""Of files that were read already, by path, size and time of change."""


def made_with(settings: Settings) -> With:
    """For the `session.json` of a session that starts now. Reads every engine's files: call it in a thread."""
    kept = {settings.folder / Path(settings.session.folder).expanduser(), settings.folder / LOGS}
    engines = {engine.name: _engine(engine, settings.folder, kept) for engine in settings.engines}
    if settings.pipeline.path:
        engines["pipeline"] = fingerprint(settings.folder / Path(settings.pipeline.path).expanduser())
    return With(without_secrets(asdict(settings)), versions(), engines)


def versions() -> dict[str, str]:
    """Of Bedside and of what its numbers and pictures depend on."""
    found = {"bedside": __version__, "python": platform.python_version()}
    found |= {name: version(package) for name, package in LIBRARIES.items()}
    return found | {"os": platform.platform(), "machine": platform.machine()}


def fingerprint(path: Path, without: Collection[Path] = ()) -> dict[str, Any]:
    """`path`, `sha256` over the names and contents of its files, and how many `files` and `bytes` they are.

    Environments, caches, hidden folders and those in `without` are left out. What cannot be read, or is too much, is
    said in `problem`.
    """
    path = path.expanduser().resolve()
    whole, count, size, problem = sha256(), 0, 0, ""
    for file in _files(path, {folder.resolve() for folder in without}):
        count += 1
        if count > MOST_FILES:
            problem = f"more than {MOST_FILES} files; the rest is not in the fingerprint"
            break
        name = file.relative_to(path).as_posix() if file != path else file.name
        try:
            about = file.stat()
            is_much = size + about.st_size > MOST_BYTES
            digest = f"{about.st_size} {about.st_mtime_ns}" if is_much else _digest(file, about)
            if is_much:
                problem = f"more than {MOST_BYTES / 1e9:g} GB; of {name} and more only size and time of change count"
        except OSError as error:
            problem, digest, about = f"{name} cannot be read: {error.strerror}", "", None
        size += about.st_size if about else 0
        whole.update(f"{name}\0{digest}\n".encode(errors="surrogateescape"))
    found = {"path": str(path), "sha256": whole.hexdigest(), "files": min(count, MOST_FILES), "bytes": size}
    return found | ({"problem": problem} if problem else {})


def without_secrets(value: Any, name: str = "") -> Any:
    """`value` as plain JSON, with tokens, passwords and the values of variables left out."""
    if isinstance(value, dict):
        return {str(key): without_secrets(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item, name) for item in value]
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str):
        return value
    if name == "token":
        return "***" if value else ""
    if name == "docker_options":
        value = VARIABLE.sub(r"\1\2\3=***", value) if value.startswith("-") else re.sub(r"=.*", "=***", value)
    return SECRET.sub(r"\1***", PASSWORD.sub("***", value))


def _engine(engine: EngineSettings, folder: Path, kept: Collection[Path]) -> dict[str, Any]:
    if engine.url:
        remote = {"url": without_secrets(engine.url), "model": engine.model or engine.name}
        return remote | (fingerprint(folder / engine.path) if engine.path else {})
    return fingerprint(folder / Path(engine.path).expanduser(), kept)


def _files(path: Path, without: Collection[Path]) -> Iterator[Path]:
    """The files of an engine in the order of their names; a single file is all of it."""
    if not path.is_dir():
        yield path
        return
    for root, folders, names in os.walk(path):
        inside = [Path(root) / name for name in folders]
        folders[:] = sorted(each.name for each in inside if each not in without and not _is_left_out(each))
        yield from (Path(root) / name for name in sorted(names) if not name.endswith((".pyc", ".log")))


def _is_left_out(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in LEFT_OUT or (folder / "pyvenv.cfg").exists()


def _digest(file: Path, about: os.stat_result) -> str:
    key = (str(file), about.st_size, about.st_mtime_ns)
    if key not in _digests:
        with file.open("rb") as opened:
            _digests[key] = file_digest(opened, "sha256").hexdigest()
    return _digests[key]
