"""Fills memory that is shared with nobody. Never more than 1 GB."""

import mmap

KEPT: list[mmap.mmap] = []


def predict(frame: object) -> dict[str, object]:
    """Grow where the limit on data does not count."""
    while len(KEPT) < 50:
        KEPT.append(mmap.mmap(-1, 20_000_000))
        KEPT[-1].write(b"x" * 20_000_000)
    return {"text": "works"}
