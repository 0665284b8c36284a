"""What a person has corrected of the answer to a frame: `corrections`, the third thing that `predict` may take."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

MOST = 200
"""So many concepts, and so many labels; and so many characters in a name."""
PARTS = ("concepts", "labels")
LARGEST = 1e300


class BadCorrections(Exception):
    """These are none; the text is one sentence that says what was expected."""


def corrections_of(sent: Any) -> Optional[Dict[str, Dict[str, Any]]]:
    """`{"concepts": {name: True, False or a number}, "labels": {name: False}}` of what was sent, both parts there.

    A text is read as JSON. None where nothing was sent, or nothing is corrected. Raises BadCorrections.
    """
    told = _parsed(sent)
    unknown = [name for name in told if name not in PARTS]
    if unknown:
        raise BadCorrections("corrections have %.40r; expected concepts and labels" % unknown[0])
    concepts, labels = (_table(told, part) for part in PARTS)
    for name, value in concepts.items():
        if not (isinstance(value, bool) or (isinstance(value, (int, float)) and -LARGEST < value < LARGEST)):
            raise BadCorrections("concept %.40r is %.40r; expected true, false or a number" % (name, value))
    for name, value in labels.items():
        if value is not False:
            raise BadCorrections("label %.40r is %.40r; expected false: it is not there" % (name, value))
    return {"concepts": concepts, "labels": labels} if concepts or labels else None


def _parsed(sent: Any) -> Dict[str, Any]:
    try:
        told = json.loads(sent) if isinstance(sent, str) else sent
    except (ValueError, RecursionError) as error:
        raise BadCorrections("corrections are not JSON: %s" % error)
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise BadCorrections("corrections are %s; expected one JSON object" % type(told).__name__)
    return told


def _table(told: Dict[str, Any], part: str) -> Dict[str, Any]:
    table = told.get(part)
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise BadCorrections("%s are %.40r; expected an object with a name for each" % (part, table))
    if len(table) > MOST or any(not name.strip() or len(name) > MOST for name in table):
        raise BadCorrections("%s have a name that is empty or too long, or too many; at most %d" % (part, MOST))
    return dict(table)
