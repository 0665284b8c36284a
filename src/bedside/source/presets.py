"""Presets: what was set up for one scanner, as a TOML file each, which may be copied to another machine.

They lie in one folder beside bedside.toml. Which one is in use, and for which source, stands there in the file
`in-use`: bedside.toml is a person's own and is never written.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bedside.errors import Misfit, SettingsError, SourceError
from bedside.source.framing import Framing
from bedside.source.layout import read_layout

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
IN_USE = "in-use"
KEYS = ("size", "crop", "mask", "fan", "layout")


class Presets:
    """The presets in `folder`, which need not be there. `url` is the source's address."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url

    def names(self) -> list[str]:
        """Of all that there are."""
        return sorted(path.stem for path in self._folder.glob("*.toml") if NAME.fullmatch(path.stem))

    def in_use(self) -> str:
        """The name of the one that was last used for this source; empty when there is none. Raises SettingsError."""
        return self._uses().get(self._url, "")

    def load(self, name: str) -> Framing:
        """The preset. Raises SettingsError when it is not there or cannot be used."""
        path = self._path(name)
        try:
            return _framing(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
        except FileNotFoundError:
            there = ", ".join(self.names()) or "none so far"
            raise SettingsError(
                f"{path} is not there; presets are {there}; copy it there, or save it on /setup"
            ) from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read: {error}") from error

    def save(self, name: str, framing: Framing) -> None:
        """Write the preset, whole or not at all, and have it used from the next start on. Raises SourceError."""
        path = self._path(name)
        self._uses()  # before anything is written
        self._write(path, _text(name, framing))
        self.use(name)

    def use(self, name: str) -> None:
        """Have it used for this source from the next start on. Raises SourceError or SettingsError."""
        self._write(self._folder / IN_USE, json.dumps({**self._uses(), self._url: name}, indent=1) + "\n")

    def _uses(self) -> dict[str, str]:
        """Preset by source. Never guessed: the masks of a damaged file are somebody's names."""
        path = self._folder / IN_USE
        why = 'expected {"v4l2:": "room-2"}, names of presets by source'
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            said, why = None, str(error)
        if isinstance(said, dict) and all(isinstance(name, str) and NAME.fullmatch(name) for name in said.values()):
            return said
        raise SettingsError(
            f"{path}: cannot be read ({why}), so which masks hold is not known; "
            "set [source] preset, or remove that file and set up anew"
        )

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise SettingsError(f"a preset's name is {name[:40]!r}; expected 1 to 64 letters, digits, - and _")
        return self._folder / f"{name}.toml"

    def _write(self, path: Path, text: str) -> None:
        part = path.with_name(f".{path.name}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise SourceError(f"{path} cannot be written ({error.strerror}); nothing was changed") from error


def _text(name: str, framing: Framing) -> str:
    size = "x".join(map(str, framing.size)) if framing.size else ""
    lines = [
        f"# Preset {name}: what of this scanner's screen leaves the broadcaster. Pixels of the whole picture,",
        "# [x, y, width, height]. Saved by the setup page; may be copied to another machine's presets folder.",
        f'size = "{size}"',
        f"crop = {json.dumps(framing.crop)}",
        f"mask = {json.dumps(framing.mask)}",
        f"fan = {json.dumps(framing.fan)}",
    ]
    if framing.layout is not None:
        lines += ["", "# How the screen looks outside fan and masks, too coarse for any text.", "[layout]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in framing.layout.as_table().items()]
    return "\n".join(lines) + "\n"


def _framing(table: Mapping[str, Any], where: str) -> Framing:
    unknown = [key for key in table if key not in KEYS]
    if unknown:
        raise SettingsError(f"{where}: unknown key '{unknown[0]}'; it may be one of {', '.join(KEYS)}")
    found = re.fullmatch(r"([1-9]\d{1,4})x([1-9]\d{1,4})", str(table.get("size", "")))
    if not found:
        raise SettingsError(f'{where}: size is {table.get("size")!r}; expected one such as "1920x1080"')
    layout = read_layout(table["layout"], where) if "layout" in table else None
    size = int(found[1]), int(found[2])
    crop, mask, fan = table.get("crop", []), table.get("mask", []), table.get("fan", [])
    for value in ([crop] if crop else []) + ([fan] if fan else []) + (mask if isinstance(mask, list) else [mask]):
        if not isinstance(value, list) or len(value) != 4 or not all(type(number) is int for number in value):
            raise SettingsError(f"{where}: {value!r} is no area; expected [x, y, width, height] in whole pixels")
    framing = Framing(tuple(crop), tuple(tuple(each) for each in mask), tuple(fan), size, layout)
    try:
        framing.cropping()
    except Misfit as error:
        raise SettingsError(f"{where}: {error}") from error
    return framing
