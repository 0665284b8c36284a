"""Docker images to take along."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bedside import clock
from bedside.engine import docker
from bedside.engine.build import TICK_S, Progress, Say
from bedside.errors import BundleError


def save(tags: Sequence[str], file: Path, say: Say) -> None:
    """Write images to a file, as `docker load` reads it. Raises BundleError, BuildFailed without Docker.

    What several of them have in common is in it once.
    """
    sizes = docker.ask("image", "inspect", "--format", "{{.Size}}", *tags).stdout.split()
    size = max(map(int, sizes), default=0)
    argv = [docker.program(), "save", "--output", str(file), *tags]
    what = "the image" if len(tags) == 1 else f"{len(tags)} images"
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ) as saving:
        while saving.poll() is None:
            say(Progress(f"saves {what}", file.stat().st_size if file.exists() else 0, size, "bytes"))
            clock.wait_s(TICK_S)
        assert saving.stderr is not None
        said = saving.stderr.read().strip()
    if saving.returncode:
        raise BundleError(f"docker save {' '.join(tags)} failed: {said}")
