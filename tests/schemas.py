"""The schemas of docs/reference/session.md, and whether a session is as they say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "session.md"
SCHEMAS: dict[str, dict[str, Any]] = {
    found[1]: json.loads(found[2])
    for found in re.finditer(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?```json\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
}


def check_session(folder: Path) -> int:
    """Fails with the first line of a session that is not as its schema says; returns how many were looked at."""
    count = 0
    for where, schema, value in _values(folder):
        validator = Draft202012Validator(schema)
        fault = next(validator.iter_errors(value), None)
        assert fault is None, f"{where}: {_reason(fault, value)}"
        count += 1
    return count


def _values(folder: Path) -> Iterator[tuple[str, dict[str, Any], Any]]:
    yield "session.json", SCHEMAS["session.json"], json.loads((folder / "session.json").read_text())
    for name in ("segments.jsonl", "results.jsonl", "marks.jsonl", "review.jsonl"):
        path = folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        yield from ((f"{name}, line {number}", SCHEMAS[name], json.loads(line)) for number, line in enumerate(lines, 1))
    for path in sorted(folder.glob("replay-*.json")):
        yield path.name, SCHEMAS["replay-NEW.json"], json.loads(path.read_text())
    for path in sorted(folder.glob("results-*.jsonl")):
        lines = path.read_text().splitlines()
        yield from ((path.name, SCHEMAS["results.jsonl"], json.loads(line)) for line in lines)
    for kind in ("snapshots", "best"):
        for path in sorted((folder / kind).glob("*.json")):
            schema = SCHEMAS["snapshots/NAME.json and best/NAME.json"]
            yield f"{kind}/{path.name}", schema, json.loads(path.read_text())


def _reason(fault: Any, value: Any) -> str:
    """Of a line that is one of several kinds, why it is not the kind that it says it is."""
    kind = [name for name in ("mark", "event", "note") if isinstance(value, dict) and name in value]
    others = {inner.schema_path[0] for inner in fault.context or () if list(inner.path) == kind}
    own = [inner.message for inner in fault.context or () if inner.schema_path[0] not in others]
    return f"{str(value)[:300]}: {'; '.join(own) or fault.message[:500]}"
