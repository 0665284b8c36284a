"""The keeper of a container, without one."""

import subprocess
import sys
from pathlib import Path

PASSES_ON = """
import os, sys
from pathlib import Path
from bedside.cli.container import _Pulse
heart, end = os.pipe()
os.mkfifo(sys.argv[1])
_Pulse(Path(sys.argv[1]), end)
runner = os.open(sys.argv[1], os.O_WRONLY)
for sign in (b"s", b"s", b"."):
    os.write(runner, sign)
    print(os.read(heart, 100).decode())
"""


def test_signs_of_life_are_passed_on_as_they_are(tmp_path: Path) -> None:
    """The one of a start, which may take long, and the one of an engine that has answered, are told apart."""
    argv = [sys.executable, "-c", PASSES_ON, str(tmp_path / "pulse")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["s", "s", "."], done.stderr
