"""A real Docker engine for tests: whether there is one, an image with numpy, and places of a test's own."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from bedside.engine.image import image_of

BASE = "python:3.11-slim-bookworm"
DOCKERFILE = f"FROM {BASE}\nRUN pip install --no-cache-dir numpy\n"
DAEMON = Path("/var/run/docker.sock")
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


class Between:
    """Stands between a docker command and the daemon, which so can go away without anybody else noticing."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self._path = path
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def begin(self) -> None:
        """The daemon is there. Skips the test where it listens elsewhere."""
        if not DAEMON.exists():  # noqa: ASYNC240 - a test may block
            pytest.skip(f"no {DAEMON}; the Docker daemon listens elsewhere")
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def end(self) -> None:
        """The daemon is gone, in the middle of everything."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(DAEMON)
        self._writers += [writer, back]
        with suppress(ConnectionError):
            await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    @staticmethod
    async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
