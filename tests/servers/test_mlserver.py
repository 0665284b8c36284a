"""A real MLServer with the model of deploy/mlserver: JSON over HTTP for what is small, gRPC for the rest."""

import json
from collections.abc import Iterator

import numpy as np
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
from bedside.engine.client import Refused

pytestmark = pytest.mark.timeout(600)  # the first time its environment is made


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Its addresses over HTTP and gRPC."""
    python = environment("3.11", "mlserver==1.7.1")
    folder = tmp_path_factory.mktemp("mlserver")
    http, grpc, metrics = free_ports(3)
    settings = json.loads((DEPLOY / "mlserver" / "settings.json").read_text())
    settings |= {
        "host": "127.0.0.1",
        "http_port": http,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "parallel_workers": 0,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "brightest").symlink_to(DEPLOY / "mlserver" / "brightest")
    command = [python.with_name("mlserver"), "start", folder]
    env = {"PYTHONPATH": str(folder / "brightest"), "PYTHONDONTWRITEBYTECODE": "1"}
    with running(command, f"http://127.0.0.1:{http}/v2/models/brightest/ready", folder / "log", env, folder):
        yield f"http://127.0.0.1:{http}", f"grpc://127.0.0.1:{grpc}"


async def test_small_pictures_go_as_json(mlserver: tuple[str, str], client: Clients) -> None:
    """MLServer announces no binary tensors: a small picture is answered, a large one is told to go by gRPC."""
    asking = client(mlserver[0])
    await until_ready(asking)
    is_brightest((await asking.infer(Ask(1, BRIGHT))).fields)
    with pytest.raises(Refused, match="at most 200000 go that way; use its gRPC port"):
        await asking.infer(Ask(2, np.zeros((480, 640, 3), np.uint8)))


async def test_large_pictures_go_by_grpc(mlserver: tuple[str, str], client: Clients) -> None:
    """Raw contents there, typed contents back; with the message length of deploy/ a full HD picture fits."""
    await answers_small_and_large(client(mlserver[1]))


@pytest.mark.parametrize("over", [0, 1])
async def test_a_model_that_is_not_there_is_said(over: int, mlserver: tuple[str, str], client: Clients) -> None:
    """Over both."""
    await says_that_it_has_no_such_model(client(mlserver[over], model="other"))


@pytest.mark.parametrize("over", [0, 1])
async def test_without_an_adapter_its_tensors_are_listed(over: int, mlserver: tuple[str, str], client: Clients) -> None:
    """As its own metadata declare them."""
    await lists_its_tensors(client(mlserver[over], is_raw=False))


async def test_it_speaks_as_recorded(
    mlserver: tuple[str, str], client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tests without a server rely on is what it says."""
    asking = client(mlserver[0])
    await until_ready(asking)
    compare("mlserver", "MLServer 1.7.1", await conversation(client(mlserver[0]), monkeypatch))
