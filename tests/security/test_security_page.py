"""What docs/topics/security.md claims."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "topics" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_the_page_names_exists(name: str) -> None:
    """A claim on the page whose test was renamed or deleted fails here."""
    path, _, function = name.partition("::")
    assert (ROOT / path).is_file()
    assert (
        re.search(rf"^(async )?def {function}\b", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        or not function
    )
