"""A real Triton, on the processor, with the model repository of deploy/triton.

The server's binary comes out of the package nvidia-pytriton; nothing else of that package is used. Triton runs the
model in a process of its own, linked to a Python's shared library, which not every Python has.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.interpreters import environment
from tests.servers.conftest import BRIGHT, DEPLOY, Clients, free_ports, is_brightest, running, until_ready
from tests.servers.recording import compare, conversation

from bedside.engine.ask import Ask
from bedside.messages import EngineState

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
    asking = client(triton[over])
    await until_ready(asking)
    is_brightest((await asking.infer(Ask(1, BRIGHT))).fields)
    large = np.zeros((1080, 1920, 3), np.uint8)
    large[:, :640] = 255
    fields = (await asking.infer(Ask(2, large))).fields
    assert fields["verdict"]["label"] == "brightest: left"
    assert fields["mask"].shape == (1080, 1920)


@pytest.mark.parametrize("over", [0, 1])
async def test_a_model_that_is_not_there_is_said(over: int, triton: tuple[str, str], client: Clients) -> None:
    """Triton itself says 400 for its readiness, and 404 for its metadata."""
    readiness = await client(triton[over], model="other").readiness()
    assert readiness.state is EngineState.FAILED
    assert "has no model 'other'" in readiness.error


@pytest.mark.parametrize("over", [0, 1])
async def test_without_an_adapter_its_tensors_are_listed(over: int, triton: tuple[str, str], client: Clients) -> None:
    """As its own metadata declare them."""
    readiness = await client(triton[over], is_raw=False).readiness()
    assert readiness.state is EngineState.FAILED
    assert "(inputs: image UINT8 [-1, -1, 3]; outputs: scores FP32 [3], mask UINT8 [-1, -1])" in readiness.error


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
