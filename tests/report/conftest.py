"""Sessions to report, and what a page consists of."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.recording import Plan, make_session

from bedside.hub.outline import outlines
from bedside.report.page import page
from bedside.session.questionnaire import load
from bedside.session.recorded import Recorded

SMALL = Plan(seconds=6.0, fps=10, width=160, height=120)


@dataclass
class Parsed(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        is_style = self.elements and self.elements[-1][0] == "style"
        self.text += "" if is_style and "color-scheme" in data else f" {data}"

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())

    def of(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of this kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def reported(folder: Path) -> str:
    """The page of a session, with the texts of the SUS."""
    return page(Recorded(folder), {"sus": load("sus", Path())}, outlines)


def parsed(text: str) -> Parsed:
    """What a page consists of."""
    reader = Parsed()
    reader.feed(text)
    return reader


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with everything in it; not to be changed."""
    return make_session(tmp_path_factory.mktemp("whole"), SMALL)


@pytest.fixture(scope="package")
def whole_page(whole: Path) -> str:
    """Its report."""
    return reported(whole)
