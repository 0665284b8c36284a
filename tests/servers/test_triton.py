"""A real Triton, on the processor, with the model repository of deploy/triton.

The server's binary comes out of the package nvidia-pytriton; nothing else of that package is used. Triton runs the
model in a process of its own, linked to a Python's shared library, which not every Python has.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interpreters import environment
from tests.servers.conftest import (
    BRIGHT,
    DEPLOY,
    Clients,
    answers_small_and_large,
    free_ports,
    is_brightest,
    lists_its_tensors,
    running,
    says_that_it_has_no_such_model,
    until_ready,
)
from tests.servers.recording import compare, conversation

from bedside.engine.ask import Ask

pytestmark = pytest.mark.timeout(600)  # the first time its environment is made
VERSION = "3.12"


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Its addresses over HTTP and gRPC."""
    python = environment(VERSION, "nvidia-pytriton==0.7.0")
    told = "import sysconfig; print(sysconfig.get_path('purelib'), sysconfig.get_config_var('LIBDIR'))"
    packages, libraries = subprocess.run(
        [python, "-c", told], capture_output=True, text=True, check=True
    ).stdout.split()
    if not (Path(libraries) / f"libpython{VERSION}.so.1.0").exists():
        pytest.skip(f"libpython{VERSION}.so.1.0 is missing: this Python was built without its shared library")
    folder = tmp_path_factory.mktemp("triton")
    home = Path(packages) / "pytriton" / "tritonserver"
    shutil.copytree(home / "backends", folder / "backends")
    shutil.copy(home / "python_backend_stubs" / VERSION / "triton_python_backend_stub", folder / "backends" / "python")
    http, grpc = free_ports(2)
    command = [home / "bin" / "tritonserver", "--model-repository", DEPLOY / "triton" / "models"]
    command += ["--backend-directory", folder / "backends", "--allow-metrics", "false"]
    command += ["--http-address", "127.0.0.1", "--http-port", str(http)]
    command += ["--grpc-address", "127.0.0.1", "--grpc-port", str(grpc)]
    env = {
        "LD_LIBRARY_PATH": f"{Path(packages) / 'nvidia_pytriton.libs'}:{libraries}",
        "PATH": f"{python.parent}:{os.environ['PATH']}",  # the model's process looks there for its packages
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with running(command, f"http://127.0.0.1:{http}/v2/health/ready", folder / "log", env):
        yield f"http://127.0.0.1:{http}", f"grpc://127.0.0.1:{grpc}"


@pytest.mark.parametrize("over", [0, 1])
async def test_triton_answers(over: int, triton: tuple[str, str], client: Clients) -> None:
    """Binary tensors over HTTP, raw contents over gRPC; small pictures and full HD."""
    await answers_small_and_large(client(triton[over]))


@pytest.mark.parametrize("over", [0, 1])
async def test_a_model_that_is_not_there_is_said(over: int, triton: tuple[str, str], client: Clients) -> None:
    """Triton itself says 400 for its readiness, and 404 for its metadata."""
    await says_that_it_has_no_such_model(client(triton[over], model="other"))


@pytest.mark.parametrize("over", [0, 1])
async def test_without_an_adapter_its_tensors_are_listed(over: int, triton: tuple[str, str], client: Clients) -> None:
    """As its own metadata declare them."""
    await lists_its_tensors(client(triton[over], is_raw=False))


@pytest.mark.parametrize("over", [0, 1])
async def test_a_picture_of_the_wrong_kind_is_an_error_of_that_frame(
    over: int, triton: tuple[str, str], client: Clients
) -> None:
    """Grey where the model wants colour; and the next one is answered."""
    asking = client(triton[over])
    await until_ready(asking)
    with pytest.raises(Exception, match=r"the picture is \[48, 64\]; set size or color"):
        await asking.infer(Ask(1, BRIGHT[..., 0]))
    is_brightest((await asking.infer(Ask(2, BRIGHT))).fields)


async def test_it_speaks_as_recorded(triton: tuple[str, str], client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests without a server rely on is what it says."""
    asking = client(triton[0])
    await until_ready(asking)
    compare("triton", "Triton 2.51.0, out of nvidia-pytriton 0.7.0", await conversation(client(triton[0]), monkeypatch))
