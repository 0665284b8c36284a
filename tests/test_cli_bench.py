"""`bedside bench` as a person runs it: real processes, two files."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import parsed

EMPTY = Path(__file__).parents[1] / "bench" / "engines" / "empty"
SOURCE = "synthetic:?size=320x240&fps=30"
STAGES = ["capture", "wait", "announce", "stage", "request", "model"]


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """No process that was started outlives it, nor does the folder of its settings."""
    yield
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            left += [line] if str(tmp_path) in line else []
    assert not left
    assert not list(tmp_path.glob("bedside-bench-*"))


def bench(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`bedside bench` in a folder."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    environ["TMPDIR"] = str(folder)  # what it starts names its settings, which lie there
    argv = [sys.executable, "-m", "bedside", "bench", *words]
    return subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=100)


def test_each_engine_is_measured_and_drawn(tmp_path: Path) -> None:
    """Distributions of every stage of each that can be, and a page of them; one that fails is told and costs no other.

    The exit status says that one has failed; the program's answer is the file.
    """
    (tmp_path / "broken.py").write_text("raise RuntimeError('no weights')\n", encoding="utf-8")
    (tmp_path / "bedside.toml").write_text(
        f'[source]\nurl = "{SOURCE}"\n[[engine]]\nname = "none"\npath = "{EMPTY}"\n'
        '[[engine]]\nname = "broken"\npath = "broken.py"\n',
        encoding="utf-8",
    )
    done = bench(tmp_path, "--seconds", "1", "--json", "--out", "found")
    assert done.returncode == 1, done.stderr
    assert "bedside bench: broken: " in done.stderr
    assert "no weights" in done.stderr
    text = (tmp_path / "found" / "bench.json").read_text(encoding="utf-8")
    assert done.stdout == text
    document = json.loads(text)
    rows: dict[str, Any] = {row["name"]: row["detail"] for row in document["figures"]}
    stages = rows["none: where the time of an answer goes"]["stages_ms"]
    assert list(stages) == STAGES
    for one in [*stages.values(), rows["none: age of the frame that an answer speaks of"]["age_ms"]]:
        assert one["n"] >= 5
        assert len(one["quantiles"]) == 41
        assert one["quantiles"][-1] == pytest.approx(one["largest"], abs=1e-4)
    assert rows["none: memory at its peak"]["engine_mb"] > 10
    assert {one["stage"] for one in rows["none: stages as multiples of what this machine needs at least"]["multiples"]}
    assert "what this machine can do at best, 320x240" in rows
    page = parsed((tmp_path / "found" / "bench.html").read_text(encoding="utf-8"))
    assert not page.of("script")
    assert all(stage in page.words for stage in STAGES)
    assert (tmp_path / "found" / "none" / "bare.log").exists()


def test_what_is_asked_wrongly_is_said_before_anything_starts(tmp_path: Path) -> None:
    """Exit status 2 and one sentence: no engine, an unknown one, no time, a source that is none."""
    for words, said in (
        ((), "there is no [[engine]] in bedside.toml"),
        (("planes",), "no [[engine]] named 'planes'"),
        (("--seconds", "0"), "--seconds 0: expected a number above 0"),
        (("--source", "nowhere.mp4"), "--source nowhere.mp4"),
    ):
        done = bench(tmp_path, *words)
        assert done.returncode == 2, words
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("bench-*"))
