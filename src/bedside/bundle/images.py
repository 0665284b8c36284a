"""Docker images to take along."""

import os
import subprocess
from pathlib import Path

from bedside import clock
from bedside.engine import docker
from bedside.engine.build import TICK_S, Progress, Say
from bedside.errors import BundleError


def save(tag: str, file: Path, say: Say) -> None:
    """Write the image `tag` to a file, as `docker load` reads it. Raises BundleError, BuildFailed without Docker."""
    size = int(docker.ask("image", "inspect", "--format", "{{.Size}}", tag).stdout.strip() or 0)
    argv = [docker.program(), "save", "--output", str(file), tag]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ) as saving:
        while saving.poll() is None:
            say(Progress(f"saves the image {tag}", file.stat().st_size if file.exists() else 0, size, "bytes"))
            clock.wait_s(TICK_S)
        assert saving.stderr is not None
        said = saving.stderr.read().strip()
    if saving.returncode:
        raise BundleError(f"docker save {tag} failed: {said}")
