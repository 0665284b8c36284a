"""What is in a bundle: MANIFEST.json, with the SHA-256 of each part."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from bedside.errors import BundleError

FORMAT = 1
FILE = "MANIFEST.json"
TEXT = "text"
"""Folder of the bundle with the `wheels/` of the text finder, whose code is in Bedside's own wheel."""
TARGET = (
    "__init__",
    "archive",
    "base",
    "containers",
    "install",
    "machine",
    "manifest",
    "prefix",
    "service",
    "start",
    "trial",
    "venv",
)
"""Modules of this part that travel in the bundle and run on the target."""


@dataclass(frozen=True)
class Manifest:
    """A bundle's contents. Paths are relative, with `/`."""

    version: str
    machine: str
    """Such as Linux x86_64: wheels and images run there only."""
    pythons: tuple[str, ...]
    """Such as 3.11: it holds wheels for these."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Path to SHA-256. Of parts with the same digest the file holds the first one only."""
    wheels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each Python, the paths of the wheels that Bedside needs, pip among them."""
    interpreters: Mapping[str, str] = field(default_factory=dict)
    """Engines that do not run in Bedside's own Python: name to the release that they need, such as 3.8."""
    images: tuple[str, ...] = ()
    """Paths of Docker images."""
    containers: tuple[str, ...] = ()
    """Tags of the images that all of Bedside runs in; empty where it runs as processes."""
    installed_bytes: int = 0
    """About so much an installation takes on the disk."""

    @property
    def name(self) -> str:
        """Of the folder that it is installed in: version and the start of the digest of all that is in it."""
        return f"{self.version}-{hashlib.sha256(self.text().encode()).hexdigest()[:12]}"

    def text(self) -> str:
        """As JSON, always in the same order."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True)

    def shipped(self) -> dict[str, str]:
        """Digest to the one path under which the file holds that part."""
        found: dict[str, str] = {}
        for path in sorted(self.parts):
            found.setdefault(self.parts[path], path)
        return found


def read(text: str) -> Manifest:
    """The manifest that this JSON is. Raises BundleError for another format, or what is none."""
    try:
        body = json.loads(text)
        found = body.pop("format")
        if found != FORMAT:
            raise BundleError(
                f"the bundle's format is {found!r}, and this installer reads {FORMAT}; run the bundle itself"
            )
        body["wheels"] = {python: tuple(paths) for python, paths in body["wheels"].items()}
        body |= {name: tuple(body[name]) for name in ("pythons", "images", "containers")}
        manifest = Manifest(**body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{FILE} cannot be read: {error}; copy the bundle again") from error
    for path in manifest.parts:
        if path.startswith("/") or ".." in path.split("/"):
            raise BundleError(
                f"{FILE} names {path!r}, which lies outside of an installation; this is no bundle of Bedside's"
            )
    return manifest
