"""The exact requests to Triton, KServe and MLServer, and the answers that these servers gave to them.

The answers are recordings of the real servers, which tests/servers runs wherever they can be had.
"""

import json
from typing import Any

import pytest
from tests.engine.foreign import Asked, foreign
from tests.servers.conftest import Clients
from tests.servers.recording import RECORDED, SCORES, SMALL, joined

from bedside.engine.ask import Ask
from bedside.engine.protocol import JSON_LENGTH
from bedside.messages import EngineState

NAMES = ("kserve", "mlserver", "triton")


@pytest.fixture(params=NAMES)
def exchanges(request: pytest.FixtureRequest) -> Any:
    """What was asked and answered, one after the other."""
    return json.loads((RECORDED / f"{request.param}.json").read_text())["exchanges"]


async def test_a_recorded_server_is_asked_exactly_so_and_answers(exchanges: Any, client: Clients) -> None:
    """Each request, byte for byte, in its turn; and the answer becomes the result."""
    answers = {
        one["request"].split(" ")[1]: (one["status"], one["answer_headers"], joined(one["answer"])) for one in exchanges
    }
    async with foreign(answers) as server:
        asking = client(server.url)
        assert (await asking.readiness()).state is EngineState.READY
        fields = (await asking.infer(Ask(7, SMALL))).fields
    assert [(asked.path, asked.body, told(asked)) for asked in server.asked] == [
        (one["request"].split(" ")[1], joined(one["body"]), {k.lower(): v for k, v in one["headers"].items()})
        for one in exchanges
    ]
    assert fields["verdict"]["label"] == "brightest: right"
    assert [one["score"] for one in fields["classes"]] == SCORES
    assert (fields["mask"] == (SMALL[..., 0] > 127)).all()


def told(asked: Asked) -> dict[str, Any]:
    """The headers that belong to this request, not to every one."""
    return {name: asked.headers[name] for name in (JSON_LENGTH.lower(), "content-type") if name in asked.headers}
