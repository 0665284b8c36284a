"""A real Docker engine for tests: whether there is one, an image with numpy, and places of a test's own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from bedside.engine.image import image_of

BASE = "python:3.11-slim-bookworm"
DOCKERFILE = f"FROM {BASE}\nRUN pip install --no-cache-dir numpy\n"
RIG = Path(__file__).parents[1] / "rigs" / "docker-engine"


def run(*arguments: str) -> str:
    """What docker prints."""
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def need_docker() -> None:
    """Skip the test where no Docker engine runs, or the image to build on is missing."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode:
        pytest.skip("no Docker engine runs here; tests/rigs/docker-engine build starts one")
    if subprocess.run([RIG, "ready"]).returncode:
        pytest.skip(f"the image {BASE} is not here; tests/rigs/docker-engine build makes it")


@cache
def image_with_numpy() -> str:
    """An image with numpy, built by our own means; the daemon keeps it from one run to the next."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(DOCKERFILE, encoding="ascii")
        (Path(folder) / "Dockerfile").chmod(0o644)
        image = image_of("test", Path(folder), "", "Dockerfile")
        image.build(lambda progress: None)
        return image.tag


@contextmanager
def own_places(cache_folder: Path) -> Iterator[None]:
    """Sockets, logs and locks of one test alone; the path of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="bd", dir="/tmp") as folder:
        environ = {"XDG_RUNTIME_DIR": folder, "XDG_CACHE_HOME": str(cache_folder)}
        with mock.patch.dict(os.environ, environ):
            yield


@contextmanager
def no_images_left() -> Iterator[None]:
    """What is built for the engine "e" meanwhile is not kept."""
    yield
    found = run("images", "--format", "{{.Repository}}:{{.Tag}}", "bedside-engine-e").split()
    if found:
        run("rmi", "--force", *found)
