"""The page that says what a model can do to the rest, held against the engines that try it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROMISED = (ROOT / "docs" / "topics" / "isolation.md").read_text(encoding="utf-8").partition("## What is not")[0]
NO_VILLAINS = {"bottleneck", "gallery", "looks_around"}
"""They answer as they should; other tests are made with them."""


def rows() -> list[tuple[str, set[str]]]:
    """What is seen, and the villains of each line of the table that is no heading."""
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in PROMISED.splitlines() if line.startswith("| ")
    ]
    return [
        (seen, set(re.findall(r"`(\w+)`", villain)))
        for what, seen, villain in cells[1:]
        if what[:2] not in ("**", "--")
    ]


def test_each_promise_has_a_villain_and_each_villain_a_promise() -> None:
    """Every line names engines that exist, and every engine that misbehaves stands in one line."""
    named = [name for _, names in rows() for name in names]
    assert all(names for _, names in rows())
    assert len(named) == len(set(named))
    assert set(named) == {path.stem for path in (ROOT / "tests" / "villains").glob("*.py")} - NO_VILLAINS


def test_what_is_said_to_be_restarted_is_restarted_in_a_test() -> None:
    """Lines that say restart are the villains that come back under the supervisor, but for a hang while loading."""
    from tests.supervisor.test_villains import COMES_BACK

    restarted = {name for seen, names in rows() if seen.startswith("restart") for name in names}
    assert restarted - {"hangs_on_load"} == set(COMES_BACK)
