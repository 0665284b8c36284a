"""Snapshots and best frames on the disk: a picture, what was said of it, and its mask, under one name."""

import os
from collections.abc import Mapping
from pathlib import Path

from bedside.errors import SessionError
from bedside.session.names import ITEM
from bedside.session.whole import sync_folder, write_whole

ABOUT = ".json"
SUFFIXES = (".mask.png", ".png", ABOUT)
"""In the order of their writing: where there is what is said of a picture, all of it is there."""


def keep(folder: Path, name: str, files: Mapping[str, bytes]) -> str:
    """Writes each of `files`, by suffix, as new ones under `name`; returns the name.

    A name that another picture has gets a number. Raises SessionError; then nothing of it is left.
    """
    _check(name)
    try:
        folder.mkdir(exist_ok=True)
        own = _own_name(folder, name, files[".png"])
        try:
            for suffix in SUFFIXES:
                if suffix in files:
                    write_whole(folder / f"{own}{suffix}", files[suffix])
        except OSError:
            for suffix in SUFFIXES:
                (folder / f"{own}{suffix}").unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refused(folder, error) from error
    return own


def replace(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Puts `files`, by suffix, in the place of what was kept under `name`; whoever reads never finds two mixed.

    What is said of a picture is gone for the moment in which the picture changes. Raises SessionError; then the one
    before is still there.
    """
    _check(name)
    parts = {suffix: folder / f".{name}{suffix}.part" for suffix in files}
    try:
        folder.mkdir(exist_ok=True)
        for suffix, part in parts.items():
            _write(part, files[suffix])
        for suffix in (ABOUT, ".mask.png"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
        for suffix in SUFFIXES:
            if suffix in parts:
                parts[suffix].replace(folder / f"{name}{suffix}")
        sync_folder(folder)
    except OSError as error:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise refused(folder, error) from error


def picture(folder: Path, name: str) -> bytes:
    """The PNG of `name`. Raises SessionError when there is none."""
    try:
        if ITEM.fullmatch(name):
            return (folder / f"{name}.png").read_bytes()
    except OSError:
        pass
    raise SessionError(f"this session has no {folder.name.removesuffix('s')} {name[:100]!r}")


def refused(folder: Path, error: OSError) -> SessionError:
    """Why `folder` cannot be written, as a sentence."""
    return SessionError(
        f"{folder} cannot be written: {error.strerror}; nothing was kept. "
        "Free some space, or set another [session] folder"
    )


def _check(name: str) -> None:
    if not ITEM.fullmatch(name):
        raise SessionError(f"a kept picture's name is {name!r}; expected letters, digits, - and _")


def _own_name(folder: Path, name: str, png: bytes) -> str:
    """`name`, with a number where a frame of an earlier broadcaster, which counted from 1 too, has it already."""
    number, own = 1, name
    while (path := folder / f"{own}.png").exists() and path.read_bytes() != png:
        number += 1
        own = f"{name}-{number}"
    return own


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
