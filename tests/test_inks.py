"""The colours of labels, the same on the page, in a check and in a report."""

import re
from pathlib import Path

from bedside import inks
from bedside.inks import Places

PAGE = Path(__file__).parents[1] / "src" / "bedside" / "page" / "palette.js"


def test_the_colours_are_the_pages() -> None:
    """Colours, the places of structures and those of other labels are those of page/palette.js."""
    text = PAGE.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "const COLOURS" in line)
    assert list(inks.COLOURS) == re.findall(r"#[0-9a-f]{6}", line)
    table = text.partition("const STRUCTURES = {")[2].partition("}")[0]
    assert {name: int(place) for name, place in re.findall(r'"?\b([a-z][a-z ]*?)"?: (\d)', table)} == inks.STRUCTURES
    assert re.search(r"sum \* 31 \+ .*% 65521", text)


def test_a_length_has_the_colour_of_what_was_measured() -> None:
    """Whatever it measures now, in any case; numbers without a unit are part of a name."""
    places = Places()
    assert places.of("HC 281.3 mm") == places.of("hc 9 mm") == places.of("HC") == (5, 0)
    assert len({places.of(f"label {number}") for number in range(1, 9)}) == 8
