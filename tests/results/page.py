"""The examples of docs/reference/result.md, which are run, drawn and tested from that page itself."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "result.md"


def sections() -> dict[str, str]:
    """The text of each section of the page, by its title."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples() -> dict[str, str]:
    """The first example of each field, as a Python expression; the section `mask and labels` has that of `mask`."""
    found = {
        title.split(" and ")[0]: re.search(r"```python\n(.*?)```", text, re.DOTALL)
        for title, text in sections().items()
    }
    return {field: match.group(1) for field, match in found.items() if match}


def pictures() -> dict[str, Path]:
    """The file of the picture in each field's section."""
    found = {
        title.split(" and ")[0]: re.search(r"^!\[.+?\]\((.+?)\)$", text, re.M) for title, text in sections().items()
    }
    return {field: (PAGE.parent / match.group(1)).resolve() for field, match in found.items() if match}


def short_forms() -> list[str]:
    """The left column of the table of short forms, as Python expressions."""
    return re.findall(r"^\| `(\{.+?\})` \|", sections()["Short forms"], re.MULTILINE)
