"""One question to an engine, before it is known how it travels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bedside.messages import Pixels


@dataclass(frozen=True)
class Ask:
    """One frame, or a window of the last ones, as the engine wants it."""

    seq: int
    """Of the newest frame in it."""
    pixels: Pixels
    """uint8 [height, width, 3], [height, width] for grey; a window has one dimension more in front, oldest first."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """What a Bedside engine is told beside the pixels: docs/reference/wire-engine.md."""
    is_window: bool = False
    region: str = ""
    """Name of the shared memory object at whose start the pixels lie; empty when they lie in plain memory."""
    region_bytes: int = 0
    corrections: Mapping[str, Any] | None = None
    """What a person has corrected of the answer to this frame: docs/reference/wire-engine.md."""
