"""What a requirements file says, with the files that it names."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from bedside.errors import SettingsError

NESTED = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]*(?P<file>[^\s#]+)")
LOCAL = re.compile(r"\s*(?:-e|--editable|\.|/|~|file:)|.*@\s*file:")
"""A line that names a folder and no package of an index."""


def fingerprint(file: Path, name: str) -> str:
    """A digest that changes whenever what it asks for does; a file that names folders counts with its own place.

    Raises SettingsError that names the engine `name` when it, or a file named in it, cannot be read.
    """
    digest = hashlib.sha256()
    for path, text in _files(file, name, set()):
        digest.update(text.encode())
        if any(LOCAL.match(line) for line in text.splitlines()):
            digest.update(str(path.parent).encode())
    return digest.hexdigest()


def _files(file: Path, name: str, seen: set[Path]) -> Iterator[tuple[Path, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        named = f"requirements is '{file.name}'" if not seen else f"its requirements name {file}"
        raise SettingsError(
            f"[[engine]] {name}: {named}, and {file} cannot be read: {error.strerror}; name a file in its folder"
        ) from error
    seen.add(file)
    yield file, text
    for line in text.splitlines():
        nested = NESTED.match(line)
        if nested and "://" not in nested["file"]:
            other = (file.parent / nested["file"]).resolve()
            if other not in seen:
                yield from _files(other, name, seen)
