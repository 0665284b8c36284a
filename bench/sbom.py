"""What Bedside is made of, from requirements.lock: a CycloneDX document, or docs/reference/licences.md."""

import argparse
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "licences.md"
ELSEWHERE = "not installed here"
HEAD = """# Licences

What `requirements.lock` installs, with the licence that each package states of itself, and the libraries that its
wheel for Linux carries beside it. `scripts/sbom --licences > docs/reference/licences.md` writes this page;
`scripts/sbom` prints the same as CycloneDX, with the hashes of the lock. [Dependencies](dependencies.md) says what each
is for, and what x264, x265 and FFmpeg ask of whoever passes the wheels on. What engines bring is in their own folders.

| package | version | licence | carries |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Part:
    """One package of the lock."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """SHA-256 of each wheel and source archive that may be installed."""
    licence: str
    carries: tuple[str, ...]
    """Shared libraries inside the wheel that is installed here."""


def parts(lock: Path) -> list[Part]:
    """Every package of a lock."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8")):
        if (named := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block)) is not None:
            hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", block))
            found.append(Part(named[1], named[2], hashes, *_installed(named[1])))
    return found


def _installed(name: str) -> tuple[str, tuple[str, ...]]:
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE, ()
    about = package.metadata
    classified = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    first = (about.get("License") or "").strip().split("\n")[0]
    licence = (
        about.get("License-Expression") or (first if 0 < len(first) < 60 else "; ".join(classified)) or "see its files"
    )
    files = [Path(str(file)).name for file in package.files or () if ".libs/" in str(file)]
    return licence, tuple(sorted({library(file) for file in files if ".so" in file}))


def library(file: str) -> str:
    """A library's name without the sum that the wheel's maker put in: `libx264.so.165`."""
    return re.sub(r"-[0-9a-f]{8}(?=[.-])", "", file)


def page(found: list[Part]) -> str:
    """docs/reference/licences.md."""
    rows = [f"| `{p.name}` | {p.version} | {p.licence} | {', '.join(p.carries) or '-'} |" for p in found]
    return HEAD + "\n".join(rows) + "\n"


def document(found: list[Part]) -> dict[str, Any]:
    """The CycloneDX document. Raises ValueError where it is none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    whole = {"type": "application", "name": "bedside", "version": project["version"], "bom-ref": "bedside"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole | {"licenses": [{"license": {"id": project["license"]}}]}},
        "components": [_component(part) for part in found],
    }
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    if fault is not None:
        raise ValueError(f"the document is no CycloneDX 1.6: {fault}")
    return document


def _component(part: Part) -> dict[str, Any]:
    address = f"pkg:pypi/{part.name}@{part.version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": address,
        "name": part.name,
        "version": part.version,
        "purl": address,
        # A component has one sum of each kind, and a lock one for each wheel that may be installed.
        "properties": [{"name": "bedside:lock:sha256", "value": " ".join(part.hashes)}],
    }
    if part.licence != ELSEWHERE:
        component["licenses"] = [{"license": {"name": part.licence}}]
    if part.carries:
        component["components"] = [
            {"type": "library", "name": name, "bom-ref": f"{address}#{name}"} for name in part.carries
        ]
    return component


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/sbom", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="where to write it; printed by default")
    parser.add_argument("--licences", action="store_true", help="the page of the licences instead")
    asked = parser.parse_args()
    found = parts(ROOT / "requirements.lock")
    text = page(found) if asked.licences else json.dumps(document(found), indent=1) + "\n"
    if asked.file is None:
        sys.stdout.write(text)
    else:
        asked.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
