"""KServe's own Python server with the model of deploy/kserve, run as in its container; no cluster is around it here."""

from collections.abc import Iterator

import pytest
from tests.interpreters import environment
from tests.servers.conftest import (
    DEPLOY,
    Clients,
    answers_small_and_large,
    free_ports,
    running,
    says_that_it_has_no_such_model,
    until_ready,
)
from tests.servers.recording import compare, conversation

pytestmark = pytest.mark.timeout(600)  # the first time its environment is made


@pytest.fixture(scope="module")
def kserve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Its addresses over HTTP and gRPC."""
    python = environment("3.11", "kserve==0.21.0")
    folder = tmp_path_factory.mktemp("kserve")
    http, grpc = free_ports(2)
    command = [python, DEPLOY / "kserve" / "brightest.py", f"--http_port={http}", f"--grpc_port={grpc}"]
    with running(command, f"http://127.0.0.1:{http}/v2/models/brightest/ready", folder / "log", cwd=folder):
        yield f"http://127.0.0.1:{http}", f"grpc://127.0.0.1:{grpc}"


@pytest.mark.parametrize("over", [0, 1])
async def test_kserve_answers(over: int, kserve: tuple[str, str], client: Clients) -> None:
    """Binary tensors over HTTP, which it takes without announcing them, and gRPC; small pictures and full HD."""
    await answers_small_and_large(client(kserve[over]))


@pytest.mark.parametrize("over", [0, 1])
async def test_a_model_that_is_not_there_is_said(over: int, kserve: tuple[str, str], client: Clients) -> None:
    """Over both."""
    await says_that_it_has_no_such_model(client(kserve[over], model="other"))


async def test_it_speaks_as_recorded(kserve: tuple[str, str], client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests without a server rely on is what it says."""
    asking = client(kserve[0])
    await until_ready(asking)
    compare("kserve", "KServe's Python server 0.21.0", await conversation(client(kserve[0]), monkeypatch))
