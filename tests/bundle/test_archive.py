"""The file of a bundle: whole or refused."""

import ast
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.bundle import archive as archives
from bedside.bundle.archive import Archive, Bytes, Source
from bedside.bundle.make import Contents, installer, make
from bedside.bundle.manifest import TARGET
from bedside.errors import BundleError


def quiet(step: str, done: int, total: int) -> None:
    """Says nothing."""


def written(file: Path) -> Path:
    """A bundle of a few files."""
    parts: dict[str, Source] = {"docs/a.md": Bytes(b"a" * 5000), "docs/b.md": Bytes(b"a" * 5000), "c.jpg": Bytes(b"c")}
    make(file, Contents(parts), quiet)
    return file


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a bundle."""
    return written(tmp_path_factory.mktemp("bundle") / "b.pyz").read_bytes()


def test_the_same_parts_make_the_same_file(tmp_path: Path) -> None:
    """To the byte, so that two can compare what they made."""
    assert written(tmp_path / "a.pyz").read_bytes() == written(tmp_path / "b.pyz").read_bytes()


def test_what_is_packed_comes_out(tmp_path: Path) -> None:
    """Every part has its bytes; what has the same bytes is in the file once, and on the disk once."""
    archive = Archive(written(tmp_path / "b.pyz"), quiet)
    archive.check(quiet)
    archive.unpack(tmp_path / "out", sorted(archive.manifest.parts), quiet)
    assert (tmp_path / "out/docs/b.md").read_bytes() == b"a" * 5000
    assert (tmp_path / "out/docs/a.md").samefile(tmp_path / "out/docs/b.md")
    assert (tmp_path / "out/c.jpg").read_bytes() == b"c"


def test_a_part_that_is_changed_while_it_is_packed_is_told(tmp_path: Path) -> None:
    """No bundle is left that would be refused in the clinic."""

    class Restless:
        reads = 0

        def open(self) -> io.BytesIO:
            self.reads += 1
            return io.BytesIO(b"%d" % self.reads)

    with pytest.raises(BundleError, match=r"docs/a\.md was changed while the bundle was made"):
        make(tmp_path / "b.pyz", Contents({"docs/a.md": Restless()}), quiet)
    assert list(tmp_path.iterdir()) == []


@given(data=st.data())
def test_one_flipped_bit_is_found(whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Wherever it is, nothing of the file is used."""
    place = data.draw(st.integers(0, len(whole) - 1))
    bent = bytearray(whole)
    bent[place] ^= 1 << data.draw(st.integers(0, 7))
    file = tmp_path_factory.getbasetemp() / "bent.pyz"
    file.write_bytes(bent)
    with pytest.raises(BundleError, match="damaged"):
        Archive(file, quiet)


@given(data=st.data())
def test_a_file_that_is_cut_off_is_found(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """At whatever length a stick was pulled out."""
    file = tmp_path_factory.getbasetemp() / "short.pyz"
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(BundleError, match="copy it again"):
        Archive(file, quiet)


def test_more_than_python_can_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is made, not in the clinic; no file is left."""
    monkeypatch.setattr(archives, "MOST_BYTES", 5000)
    with pytest.raises(BundleError, match=r"would have 0\.0 GB, and Python runs such a file up to"):
        written(tmp_path / "b.pyz")
    assert list(tmp_path.iterdir()) == []


def test_the_installer_needs_the_standard_library_only() -> None:
    """It runs where nothing is installed: its modules import each other, errors and clock, and no package."""
    ours = {
        "bedside",
        "bedside.errors",
        "bedside.clock",
        "bedside.bundle",
        *(f"bedside.bundle.{one}" for one in TARGET),
    }
    for path, text in installer().items():
        for node in ast.walk(ast.parse(text)):
            found: list[str] = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                inside = [f"{node.module}.{alias.name}" for alias in node.names]
                found = inside if node.module == "bedside.bundle" else [str(node.module)]
            for name in found:
                assert name.split(".")[0] in sys.stdlib_module_names or name in ours, f"{path} imports {name}"
