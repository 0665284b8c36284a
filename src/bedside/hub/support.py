"""The support file: all that helps somebody who is not here to find a fault, and nothing of anybody who was scanned.

In: texts by name. Out: a zip. Every text goes through a `Scrubber` once more, whoever made it; nothing that is not text
comes in, so no picture can.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from bedside.errors import BedsideError
from bedside.hub.scrub import Scrubber

MOST_BYTES = 20_000_000
"""Of all texts together; a mail takes it once it is packed."""
TAIL_LINES = 400
README = "README.txt"
ABOUT = """\
Bedside support file. Research use only.

In it:
{listed}
Not in it: pictures, video, answers and everything else of sessions; tokens, passwords, keys and pairing codes;
participants' codes; what tablets are called. Whatever looked like one of these is written as {hidden}.

What an engine prints is its author's, and Bedside cannot know all that it may say: look through logs/engine-*.txt
before you send this file.
"""
WORDS = {
    "versions.json": "versions of Bedside, Python, its libraries and the system; fingerprints of the engines' files",
    "settings.json": "bedside.toml and its defaults",
    "health.json": "what /health says",
    "metrics.txt": "what /metrics says",
    "machine.json": "processes with their restarts and why, disk, memory, temperatures, alerts",
    "access.json": "how often each deed stands in the access log, without who and when",
    "doctor.txt": "what `bedside doctor` says",
}


def pack(texts: Mapping[str, str], scrub: Scrubber) -> bytes:
    """The zip of these texts, by file name. Raises BedsideError for more than 20 MB of them."""
    clean = {name: scrub(text) for name, text in sorted(texts.items())}
    size = sum(len(text) for text in clean.values())
    if size > MOST_BYTES:
        raise BedsideError(f"the support file would have {size / 1e6:.0f} MB; expected at most {MOST_BYTES / 1e6:.0f}")
    listed = "".join(f"  {name:<24} {WORDS.get(name, 'the last lines of a log')}\n" for name in clean)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(README, ABOUT.format(listed=listed, hidden="***"))
        for name, text in clean.items():
            file.writestr(name, text)
    return out.getvalue()


def as_text(value: Any) -> str:
    """JSON to be read by a person."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
