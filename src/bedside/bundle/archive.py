"""The file: a zip application whose second line is the SHA-256 of all that follows."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from bedside.bundle import manifest as manifests
from bedside.bundle.manifest import Manifest
from bedside.errors import BundleError

SHEBANG = b"#!/usr/bin/env python3\n# sha256:"
DIGEST = 64
HEAD = len(SHEBANG) + DIGEST + 1
"""Bytes before the zip. The digest is not in the zip's comment, since Python 3.7 opens no zip that has one."""
MOST_BYTES = 2**31 - 2**20
"""A larger zip is a zip64, which Python runs from 3.13 on only."""
CHUNK = 1 << 20
STORED = (".whl", ".gz", ".onnx", ".pt", ".jpg", ".png", ".mp4")
"""What does not get smaller is not compressed."""
Say = Callable[[str, int, int], None]
"""Step, bytes done, bytes in all."""


class Source(Protocol):
    """Where the bytes of a part come from: a file, or something that is read as one."""

    def open(self) -> IO[bytes]:
        """From its beginning."""


@dataclass(frozen=True)
class Bytes:
    """A part that was made in memory."""

    data: bytes

    def open(self) -> IO[bytes]:
        """From its beginning."""
        return io.BytesIO(self.data)


@dataclass(frozen=True)
class OnDisk:
    """A part that is a file."""

    path: Path

    def open(self) -> IO[bytes]:
        """From its beginning."""
        return self.path.open("rb")


def write(file: Path, manifest: Manifest, parts: Mapping[str, Source], app: Mapping[str, bytes], say: Say) -> str:
    """Write the bundle: the same parts make the same bytes. Returns its SHA-256 as `sha256sum` says it.

    `app` are the zip application's own files. The file is there whole or not at all.
    """
    fresh = file.with_name(f"{file.name}.new")
    try:
        with fresh.open("wb") as out:
            out.write(SHEBANG + b"0" * DIGEST + b"\n")
            with zipfile.ZipFile(out, "w") as archive:
                for path, data in {**app, manifests.FILE: manifest.text().encode()}.items():
                    archive.writestr(_entry(path), data)
                paths = sorted(manifest.shipped().values())
                for number, path in enumerate(paths):
                    say(f"packs {path.rpartition('/')[2]}", number, len(paths))
                    with parts[path].open() as source, archive.open(_entry(path), "w", force_zip64=True) as target:
                        packed = hashlib.sha256()
                        while data := source.read(CHUNK):
                            packed.update(data)
                            target.write(data)
                    if packed.hexdigest() != manifest.parts[path]:
                        raise BundleError(f"{path} was changed while the bundle was made; make it again")
        _refuse_too_large(file, fresh.stat().st_size)
        digest = digest_of(fresh, HEAD, say)
        with fresh.open("r+b") as out:
            out.seek(len(SHEBANG))
            out.write(digest.encode())
            out.flush()
            os.fsync(out.fileno())
        fresh.chmod(0o755)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return digest_of(file, 0, say)


def _refuse_too_large(file: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise BundleError(
            f"{file.name} would have {size / 1e9:.1f} GB, and Python runs such a file up to {MOST_BYTES / 1e9:.1f} GB; "
            "take an engine out, or have it need less (PyTorch without CUDA, for example)"
        )


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if path.endswith(STORED) else zipfile.ZIP_DEFLATED
    return entry


def digest_of(file: Path, start: int, say: Say) -> str:
    """SHA-256 of a file from byte `start` on."""
    digest, size = hashlib.sha256(), file.stat().st_size
    with file.open("rb") as source:
        source.seek(start)
        while data := source.read(CHUNK):
            digest.update(data)
            say("checks the file", source.tell(), size)
    return digest.hexdigest()


class Archive:
    """A bundle that was checked. Raises BundleError for one that is damaged, or no bundle."""

    def __init__(self, file: Path, say: Say) -> None:
        again = "; copy it again, and compare its SHA-256 with the one that was printed when it was made"
        try:
            with file.open("rb") as source:
                head = source.read(HEAD)
            if head != SHEBANG + digest_of(file, HEAD, say).encode() + b"\n":
                raise BundleError(f"{file} is damaged, or no bundle{again}")
            self._zip = zipfile.ZipFile(file)
            self.manifest = manifests.read(self._zip.read(manifests.FILE).decode())
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise BundleError(f"{file} cannot be read: {error}{again}") from error
        self._shipped = self.manifest.shipped()

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a part, checked: raises BundleError after the last one when they are not what was packed."""
        wanted = self.manifest.parts[path]
        digest = hashlib.sha256()
        try:
            with self._zip.open(self._shipped[wanted]) as source:
                while data := source.read(CHUNK):
                    digest.update(data)
                    yield data
        except (KeyError, zipfile.BadZipFile) as error:
            raise BundleError(f"{path} in the bundle is damaged: {error}; copy the bundle again") from error
        if digest.hexdigest() != wanted:
            raise BundleError(
                f"{path} in the bundle is damaged: its SHA-256 is not the manifest's; copy the bundle again"
            )

    def check(self, say: Say) -> None:
        """Read every part. Raises BundleError for the first one that is damaged."""
        paths = sorted(self._shipped.values())
        for number, path in enumerate(paths):
            say("checks each part", number, len(paths))
            for _ in self.chunks(path):
                pass

    def unpack(self, folder: Path, paths: list[str], say: Say) -> None:
        """Write these parts into `folder`; what has the same bytes is one file with several names."""
        written: dict[str, Path] = {}
        for number, path in enumerate(paths):
            say("unpacks", number, len(paths))
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = self.manifest.parts[path]
            if digest in written:
                os.link(written[digest], target)
                continue
            with target.open("wb") as out:
                for data in self.chunks(path):
                    out.write(data)
            written[digest] = target
