"""What counts in an image's hash."""

from pathlib import Path

import pytest

from bedside.engine import context
from bedside.engine.context import fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engine with weights, results and a Dockerfile."""
    files = (
        "Dockerfile",
        "engine.py",
        "weights/a.pt",
        "weights/old/b.pt",
        "results/1.png",
        "results/2.txt",
        "notes.md",
    )
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="ascii")
    return tmp_path


def counts(folder: Path, name: str) -> bool:
    """Whether a change of this file changes the hash."""
    before = fingerprint(folder, "Dockerfile")
    text = (folder / name).read_text(encoding="ascii")
    (folder / name).write_text(text + "!", encoding="ascii")
    after = fingerprint(folder, "Dockerfile")
    (folder / name).write_text(text, encoding="ascii")
    assert fingerprint(folder, "Dockerfile") == before
    return before != after


def test_every_file_counts_by_its_content(folder: Path) -> None:
    """A change anywhere in the folder asks for another image; put back, it is the old one."""
    assert all(counts(folder, name) for name in ("Dockerfile", "engine.py", "weights/old/b.pt", "results/1.png"))


def test_a_new_name_and_a_new_right_count(folder: Path) -> None:
    """So do a file that moves, and one that becomes a program."""
    seen = {fingerprint(folder, "Dockerfile")}
    (folder / "notes.md").rename(folder / "readme.md")
    seen.add(fingerprint(folder, "Dockerfile"))
    (folder / "engine.py").chmod(0o755)
    seen.add(fingerprint(folder, "Dockerfile"))
    (folder / "link").symlink_to("engine.py")
    seen.add(fingerprint(folder, "Dockerfile"))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("lines", "ignored"),
    [
        ("results", {"results/1.png", "results/2.txt"}),
        ("results/", {"results/1.png", "results/2.txt"}),
        ("/results/*.png", {"results/1.png"}),
        ("*.md\n# a remark\n\n", {"notes.md"}),
        ("*.pt", set()),
        ("**/*.pt", {"weights/a.pt", "weights/old/b.pt"}),
        ("**/old", {"weights/old/b.pt"}),
        ("weights/**/b.pt", {"weights/old/b.pt"}),
        ("results/?.[pt]*", {"results/1.png", "results/2.txt"}),
        ("results\n!results/2.txt", {"results/1.png"}),
        ("*\n!engine.py", {"weights/a.pt", "weights/old/b.pt", "results/1.png", "results/2.txt", "notes.md"}),
    ],
)
def test_what_dockerignore_leaves_out_does_not_count(lines: str, ignored: set[str], folder: Path) -> None:
    """The patterns mean what they mean to Docker; the Dockerfile itself always counts."""
    (folder / ".dockerignore").write_text(lines, encoding="ascii")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {".dockerignore"}
    assert {name for name in names if not counts(folder, name)} == ignored


def test_what_python_and_git_write_does_not_count(folder: Path) -> None:
    """A start leaves __pycache__ behind, and asks for no other image for that."""
    before = fingerprint(folder, "Dockerfile")
    for name in ("__pycache__/engine.pyc", ".git/HEAD", "weights/__pycache__/a.pyc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("", encoding="ascii")
    assert fingerprint(folder, "Dockerfile") == before


def test_large_files_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of weights the size and the time count."""
    monkeypatch.setattr(context, "LARGE", 3)
    (folder / "weights" / "a.pt").chmod(0o000)
    before = fingerprint(folder, "Dockerfile")
    (folder / "weights" / "a.pt").chmod(0o600)
    (folder / "weights" / "a.pt").write_text("longer than it was", encoding="ascii")
    assert fingerprint(folder, "Dockerfile") != before
