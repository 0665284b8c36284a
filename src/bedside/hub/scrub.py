"""Text that may leave this machine: without tokens, participants' codes and what tablets are called."""

import json
import re
from collections.abc import Iterable

from bedside.access.pairing import LETTERS

SESSION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)_[A-Za-z0-9_-]{1,20}")
"""A session's folder; its time may stay, its participant may not."""
PARTICIPANT = re.compile(r"""(?i)(participant["']?\s*[:=]?\s*["']?)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{1,16}""")
PASSWORD = re.compile(r"(?<=//)[^/\s]+(?=@)")
SECRET = re.compile(
    r"""(?i)((?:token|secret|password|passwd|cookie|authorization|bearer|code)["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest)\s+)?)[^\s"'&,;}]+"""
)
CODE_IN_ADDRESS = re.compile(r"(?i)((?:/pair|[?&#]code)[#=?][^\s\"']{0,10}?)[A-Za-z0-9_-]{6,}")
CODE = re.compile(rf"\b[{LETTERS}]{{4}}-[{LETTERS}]{{4}}\b")
"""A pairing code as it is printed."""
LONG = re.compile(r"\b(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{32,}\b")
"""What looks like a key."""
HIDDEN = "***"
SHORTEST = 2
"""A code of one character would take every such character with it."""


class Scrubber:
    """Takes out what it knows, and what looks like it."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """`words` are secrets, codes and labels of this machine; each goes wherever it stands as a whole word."""
        spelt = {form for word in words for form in (word, json.dumps(word)[1:-1])}  # and as logs write them
        known = sorted({word for word in spelt if len(word) >= SHORTEST}, key=len, reverse=True)
        whole = "|".join(re.escape(word) for word in known)
        self._known = re.compile(rf"(?<![A-Za-z0-9])(?:{whole})(?![A-Za-z0-9])") if known else None

    def __call__(self, text: str) -> str:
        """`text` without them."""
        text = SESSION.sub(rf"\1_{HIDDEN}", text)
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = PARTICIPANT.sub(rf"\1{HIDDEN}", PASSWORD.sub(HIDDEN, text))
        return LONG.sub(HIDDEN, CODE_IN_ADDRESS.sub(rf"\1{HIDDEN}", CODE.sub(HIDDEN, SECRET.sub(rf"\1{HIDDEN}", text))))
