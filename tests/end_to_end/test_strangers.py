"""Code as it lies in research repositories runs unchanged: its own Python, its own packages, its own manners."""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.end_to_end.asked import wrong
from tests.strangers import HERE, NEW_NUMPY, OLD_NUMPY, ONNX, STRANGERS, TORCH, Stranger

pytestmark = pytest.mark.timeout(900)  # the first time, their packages are fetched
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: f"{one.name}-{one.python}")
async def test_research_code_runs_unchanged(stranger: Stranger, tmp_path: Path) -> None:
    """Built, started and asked as it is; its answers are right, and none of its files has changed."""
    place = stranger.deploy(tmp_path)
    assert await wrong(tmp_path, (stranger,)) == []
    theirs = [path.relative_to(HERE / stranger.name) for path in (HERE / stranger.name).rglob("*.*")]
    kept = [str(path) for path in theirs if "__pycache__" not in path.parts]
    assert filecmp.cmpfiles(HERE / stranger.name, place, kept, shallow=False) == (kept, [], [])


@pytest.mark.parametrize("both", [(OLD_NUMPY, NEW_NUMPY), (TORCH, ONNX)], ids=["numpy 1 and 2", "torch and onnx"])
async def test_two_that_exclude_each_other_run_at_once(both: tuple[Stranger, ...], tmp_path: Path) -> None:
    """Versions that no single environment could hold answer side by side."""
    for stranger in both:
        stranger.deploy(tmp_path)
    assert await wrong(tmp_path, both) == []


def test_an_environment_that_is_built_needs_no_network(tmp_path: Path) -> None:
    """Without any network interface but loopback, the engine starts and its answers are right."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("unshare, ip and root: a process cannot be cut off the network here")
    stranger = NEW_NUMPY
    stranger.deploy(tmp_path)
    lines = (
        "ip link set lo up && "
        "! python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 5)' 2>/dev/null && "
        '[ "$(ip -o link | wc -l)" = 1 ] && exec "$@"'
    )
    argv = [sys.executable, "-m", "tests.end_to_end.asked", str(tmp_path), stranger.name]
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", lines, "sh", *argv], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr + (tmp_path / f"{stranger.name}.log").read_text(encoding="utf-8")
