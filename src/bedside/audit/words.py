"""Free text in a session's files that a person should read: it may name somebody."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedside.session.names import PARTICIPANT

FREE = ("text", "note", "comment", "label", "title", "detail", "said")
"""Keys whose values people or models write as they like."""
PATTERNS = {
    "two words that may be a name": re.compile(r"\b[^\W\d_a-z][^\W\d_]+(?:, ?|\^| )[^\W\d_a-z][^\W\d_]+\b"),
    "a date": re.compile(r"\b(\d{1,2}[./-]\d{1,2}[./-](19|20)?\d\d|(19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})\b"),
    "a number such as a patient has": re.compile(r"\b(\d{6}-?\d{4}|\d{7,})\b"),
}


@dataclass(frozen=True)
class Word:
    """One piece of free text, by its place; what it says is not told."""

    file: str
    line: int
    key: str
    why: str


def words(folder: Path, path: Path) -> Iterator[Word]:
    """What looks like a name, a date of birth or a number in one file. Raises OSError, csv.Error."""
    name = str(path.relative_to(folder))
    for line, document in _documents(path):
        for key, text in _texts(document):
            if key == "participant" and text and not PARTICIPANT.fullmatch(text):
                yield Word(name, line, key, "no code")
            elif key in FREE:
                for why, pattern in PATTERNS.items():
                    if pattern.search(text):
                        yield Word(name, line, key, why)


def _documents(path: Path) -> Iterator[tuple[int, Any]]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".csv":
        yield from enumerate(csv.DictReader(text.splitlines()), 2)
        return
    for number, line in enumerate([text] if path.suffix == ".json" else text.splitlines(), 1):
        try:
            yield number, json.loads(line)
        except ValueError:
            yield number, {"text": line}  # a torn line is read as it stands


def _texts(document: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield key, document
    elif isinstance(document, list):
        for one in document:
            yield from _texts(one, key)
    elif isinstance(document, dict):
        for name, one in document.items():
            yield from _texts(one, str(name) if isinstance(one, str | list) else key)
