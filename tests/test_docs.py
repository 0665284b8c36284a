"""What the docs say is what the code does."""

import argparse
import re
import tomllib
from pathlib import Path

import pytest

import bedside
from bedside.cli import parser
from bedside.settings_text import reference

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Every verb with its parser."""
    (found,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


def pages() -> list[Path]:
    """Every page that a person reads."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "engines").rglob("*.md")])


def test_the_reference_of_the_settings_is_the_table() -> None:
    """docs/reference/settings.md is generated; `python -m bedside.settings_text` writes it anew."""
    assert (DOCS / "reference" / "settings.md").read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("verb", list(verbs()))
def test_every_verb_and_option_is_documented(verb: str) -> None:
    """docs/reference/cli.md names each verb and each of its options."""
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    assert f"`bedside {verb}" in page
    for action in verbs()[verb]._actions:
        for option in action.option_strings:
            assert option in ("-h", "--help") or f"`{option}" in page, option


@pytest.mark.parametrize("verb", list(verbs()))
def test_every_verb_teaches(verb: str) -> None:
    """Its help says what it does and shows an example that begins with it."""
    text = verbs()[verb].format_help()
    assert re.search(rf"examples?:\n.*bedside {verb}", text, re.DOTALL)


def test_every_dependency_is_explained() -> None:
    """docs/reference/dependencies.md has a line for each, and for nothing else."""
    page = (DOCS / "reference" / "dependencies.md").read_text(encoding="utf-8")
    needed = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in needed}
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == names


def test_every_dependency_is_locked() -> None:
    """Both locks hold what pyproject.toml asks for, with hashes."""
    for lock, needed in {
        "requirements.lock": PROJECT["project"]["dependencies"],
        "requirements-dev.lock": [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]],
    }.items():
        text = (ROOT / lock).read_text(encoding="utf-8")
        locked = set(re.findall(r"^([\w-]+)==", text, re.MULTILINE))
        assert {re.split(r"[<>=\[ ]", line)[0] for line in needed} <= locked, lock
        assert "--hash=sha256:" in text


def test_the_version_is_said_once() -> None:
    """The package and its metadata are of the same version."""
    assert PROJECT["project"]["version"] == bedside.__version__


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link in a page is a file of this repository."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
