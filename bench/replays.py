"""How fast a recorded session goes through a model, beside the model's own rate."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.recording import Plan, make_session

from bench import rig

FPS = 30
SIZE = (1920, 1080)


def replayed(engine: str, frames: int) -> dict[str, Any]:
    """What `bedside replay --json` says of so many frames of 1920x1080 as H.264, through an engine of bench/engines."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        folder = Path(name)
        make_session(folder / "sessions", Plan(frames / FPS, FPS, *SIZE))
        config = rig.write_settings(folder, [engine], rig.SOURCE_1080P30, (rig.free_port(), rig.free_port()))
        argv = [
            sys.executable,
            "-m",
            "bedside",
            "replay",
            "last",
            "--engine",
            engine,
            "--json",
            "--config",
            str(config),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=folder)
        return dict(json.loads(done.stdout))
