"""What an image is built from: the files of a folder that .dockerignore leaves, and one hash of all of them."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

LARGE = 16 * 2**20
"""Bytes; of larger files size and time count, since reading gigabytes of weights would take seconds at each start."""
NEVER_COUNTED = {".git", "__pycache__"}
WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def fingerprint(folder: Path, dockerfile: str) -> str:
    """16 characters; others whenever a file in the folder has changed. What .dockerignore leaves out does not count."""
    content = hashlib.sha256(f"{dockerfile}\0".encode())
    for name in counted(folder, dockerfile):
        content.update(f"{name}\0{_digest(folder / name)}\0".encode("utf-8", "surrogateescape"))
    return content.hexdigest()[:16]


def counted(folder: Path, dockerfile: str) -> Iterator[str]:
    """The files that docker would send to its builder, in a fixed order."""
    rules = list(_rules(folder))
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NEVER_COUNTED)
        for name in sorted(files):
            path = os.path.relpath(Path(place, name), folder)
            if path == dockerfile or not _is_ignored(path, rules):
                yield path


def _rules(folder: Path) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Each line of .dockerignore as a pattern, and whether it ignores; one with ! takes files in again."""
    file = folder / ".dockerignore"
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        text = line.strip()
        if text and not text.startswith("#"):
            pattern = os.path.normpath(text.lstrip("!").strip()).strip("/")
            yield re.compile(_regex(pattern) + "(?:/.*)?"), not text.startswith("!")


def _regex(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(
        piece if re.fullmatch(r"\[[^\]]+\]", piece) else WILD.get(piece) or re.escape(piece) for piece in pieces
    )


def _is_ignored(path: str, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    ignored = False
    for pattern, ignores in rules:
        if ignores != ignored and pattern.fullmatch(path):
            ignored = ignores
    return ignored


def _digest(file: Path) -> str:
    """What tells one content of a file from another."""
    if file.is_symlink():
        return f"link {file.readlink()}"
    status = file.stat()
    if status.st_size > LARGE:
        return f"{status.st_mode} {status.st_size} {status.st_mtime_ns}"
    with file.open("rb") as opened:
        return f"{status.st_mode} {hashlib.file_digest(opened, 'sha256').hexdigest()}"
