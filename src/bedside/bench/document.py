"""The file of figures: what was measured, on what, a figure a line."""

import json
from collections.abc import Mapping
from typing import Any

FIGURES = "figures"


def text(document: Mapping[str, Any]) -> str:
    """JSON, laid out so that a figure that is measured again is one line that changes."""
    head = "".join(f'"{name}": {json.dumps(value)},\n' for name, value in document.items() if name != FIGURES)
    rows = ",\n".join(json.dumps(row) for row in document[FIGURES])
    return f'{{{head}"{FIGURES}": [\n{rows}\n]}}\n'
