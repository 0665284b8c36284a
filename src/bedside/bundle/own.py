"""Bedside's own wheel, made from the folders that run now: no build tool, no network, the same bytes each time."""

import base64
import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bedside import __version__
from bedside.errors import BundleError

TAG = "Wheel-Version: 1.0\nGenerator: bedside bundle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
NAME = f"bedside-{__version__}-py3-none-any.whl"


def wheel(sources: Path, engines: Path) -> bytes:
    """The wheel of the packages in `sources`, with the engines that ship. Raises BundleError without metadata."""
    try:
        found = importlib.metadata.distribution("bedside")
    except importlib.metadata.PackageNotFoundError as error:
        raise BundleError(
            "Bedside is not installed here, so its metadata is not known; scripts/setup does it"
        ) from error
    files = {path: file.read_bytes() for path, file in _files(sources, engines)}
    about = f"bedside-{__version__}.dist-info"
    for name in ("METADATA", "entry_points.txt"):
        files[f"{about}/{name}"] = (found.read_text(name) or "").encode()
    files[f"{about}/WHEEL"] = TAG.encode()
    record = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in sorted(files.items())]
    files[f"{about}/RECORD"] = "\n".join([*record, f"{about}/RECORD,,\n"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder, with their paths in it, in order; nothing hidden, compiled or fetched."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part in ("__pycache__", "wheels") for part in parts):
            yield "/".join(parts), path


def _files(sources: Path, engines: Path) -> Iterator[tuple[str, Path]]:
    for package in ("bedside", "bedside_engine"):
        for name, path in files_of(sources / package):
            yield f"{package}/{name}", path
    for name, path in files_of(engines):
        yield f"bedside/engines/{name}", path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
