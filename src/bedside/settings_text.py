"""The table of settings as text: a commented bedside.toml, and its page in the reference."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from bedside.settings import TABLES
from bedside.settings_tables import EngineSettings, ViewSettings
from bedside.settings_value import expected

HEAD = """\
# Settings of Bedside. Every key stands here with its default; take away the # before it to change it.
# Relative paths start at this file's folder. BEDSIDE_SERVER_PORT=9000 in the environment overrides [server] port.
"""


def commented(given: Mapping[str, Mapping[str, Any]]) -> str:
    """A bedside.toml with every key, its help text and its default; only what is `given`, by table, is set."""
    parts = [HEAD]
    for name, kind in TABLES.items():
        parts.append(f"\n# {_summary(kind)}\n[{name}]\n" + _keys(kind, given.get(name, {})))
    engine = given.get("engine", {})
    sign = "" if engine else "# "
    parts.append(f"\n# {_summary(EngineSettings)}\n{sign}[[engine]]\n" + _keys(EngineSettings, engine))
    parts.append(f"\n# {_summary(ViewSettings)}\n# [view.NAME]\n" + _keys(ViewSettings, {}))
    return "".join(parts)


def engine_at(path: Path) -> dict[str, Any]:
    """Name and path of an engine that is named after its folder or file."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - without `.` and `..`, and links as they are
    name = re.sub(r"[^A-Za-z0-9_-]", "_", full.stem)[:64]
    return {"name": name or "engine", "path": str(full)}


def reference() -> str:
    """docs/reference/settings.md."""
    parts = [
        "# Settings\n\n`bedside init` writes all of them into a commented `bedside.toml`. "
        "A key of the tables in single brackets can\nbe given in the environment too: `BEDSIDE_SERVER_PORT=9000` "
        "overrides "
        "`[server] port`. Relative paths start at the folder of\n`bedside.toml`. What cannot be used is refused in "
        "one sentence before anything starts.\n\nThis page is generated: `python -m bedside.settings_text > "
        "docs/reference/settings.md`.\n"
    ]
    tables = {f"[{name}]": kind for name, kind in TABLES.items()}
    for name, kind in {**tables, "[[engine]]": EngineSettings, "[view.NAME]": ViewSettings}.items():
        parts.append(f"\n## {name}\n\n{_sentence(_summary(kind))}\n\n")
        parts.append("| key | default | what it is |\n| --- | --- | --- |\n")
        for f in _fields(kind):
            text = f.metadata["help"].replace("|", "\\|")
            parts.append(f"| `{f.name}` | `{_toml(f.default)}` | {text} ({expected(f)}) |\n")
    return "".join(parts)


def _summary(kind: type) -> str:
    return str(kind.__doc__).splitlines()[0]


def _sentence(summary: str) -> str:
    text = summary.partition(": ")[2]
    return text[:1].upper() + text[1:]


def _fields(kind: Any) -> Iterator[Field[Any]]:
    return (f for f in fields(kind) if f.default is not MISSING)


def _keys(kind: type, given: Mapping[str, Any]) -> str:
    lines = []
    for f in _fields(kind):
        lines.append(f"# {f.metadata['help']} ({expected(f)})\n")
        sign = "" if f.name in given else "# "
        lines.append(f"{sign}{f.name} = {_toml(given.get(f.name, f.default))}\n")
    return "".join(lines)


def _toml(value: Any) -> str:
    """A value as TOML writes it; texts, numbers, lists and truths look the same in JSON."""
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201
