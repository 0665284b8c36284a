"""The list of all parts, and where they come from."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", sorted(ROOT.glob("*.lock")), ids=lambda path: path.name)
def test_every_locked_package_has_hashes(lock: Path) -> None:
    """pip refuses whatever is not, byte for byte, what the lock was made with."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
    pinned = [block for block in blocks if PIN.match(block)]
    assert pinned
    assert [block.split("\n")[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_the_list_of_parts_is_the_lock(tmp_path: Path) -> None:
    """`scripts/sbom` writes valid CycloneDX with every locked package, its version, and what its wheel carries."""
    subprocess.run([sys.executable, "-m", "bench.sbom", tmp_path / "sbom.json"], cwd=ROOT, check=True)
    text = (tmp_path / "sbom.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    assert {(one["name"], one["version"]) for one in components} == set(PIN.findall(LOCK))
    (av,) = (one for one in components if one["name"] == "av")
    assert any(inner["name"].startswith("libx264") for inner in av["components"])


def test_the_page_of_the_licences_is_the_lock() -> None:
    """docs/reference/licences.md has each locked package and version; `scripts/sbom --licences` writes it."""
    page = (ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([^`]+)` \| (\S+) \|", page, re.MULTILINE)) == set(PIN.findall(LOCK))
