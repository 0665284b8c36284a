"""The size of a picture as a person writes it."""

import re

from bedside.errors import SettingsError


def parse_size(text: str) -> tuple[int, int] | None:
    """(width, height) of a text such as `1920x1080`; None when it is empty. Raises SettingsError."""
    if not text:
        return None
    found = re.fullmatch(r"([1-9]\d{1,4})[x×]([1-9]\d{1,4})", text.strip().lower())
    if not found:
        raise SettingsError(f"[source] size is {text!r}; expected width x height such as 1920x1080, or nothing")
    return int(found[1]), int(found[2])
