"""The application without the runner: the same answers from whoever hosts it."""

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside_engine import asgi
from bedside_engine.application import Application
from bedside_engine.loader import CannotLoad

JSON_LENGTH = "Inference-Header-Content-Length"
VILLAINS = Path(__file__).parents[1] / "villains"
FRAME = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
App = Callable[..., Awaitable[None]]


def request(frame: Any = FRAME) -> tuple[bytes, dict[str, str]]:
    """A request with the pixels in it, and its headers."""
    tensor = {
        "name": "frame",
        "datatype": "UINT8",
        "shape": list(frame.shape),
        "parameters": {"binary_data_size": frame.nbytes},
    }
    head = json.dumps({"id": "7", "parameters": {"binary_data_output": True}, "inputs": [tensor]}).encode()
    return head + frame.tobytes(), {JSON_LENGTH: str(len(head))}


async def ask(
    app: App, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, **scope: Any
) -> tuple[int, dict[str, str], bytes]:
    """One request in the terms of ASGI, its body in two parts: status, headers and body of the response."""
    parts = [
        {"type": "http.request", "body": body[:10], "more_body": True},
        {"type": "http.request", "body": body[10:], "more_body": False},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
    whole = {"type": "http", "method": method, "path": path, "headers": raw, **scope}
    await app(whole, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    answered = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], answered, sent[1]["body"]


def without_times(body: bytes, length: int) -> tuple[Any, bytes]:
    """The JSON of an answer without the model's time, and what follows it."""
    document = json.loads(body[:length])
    del document["parameters"]["model_ms"]
    return document, body[length:]


async def test_it_answers_as_the_runner_does(gallery: Any) -> None:
    """Every question of the protocol gets the runner's status and document; a prediction is the same to the byte."""
    app = asgi.app(str(VILLAINS / "gallery.py"), "e")
    for path in ("/v2/health/live", "/v2/models/e", "/v2/models/e/versions/1", "/v2/models/other", "/nothing"):
        status, _, body = await ask(app, "GET", path)
        assert (status, json.loads(body)) == gallery.get(path)
    body, headers = request()
    status, told, answer = await ask(app, "POST", "/v2/models/e/infer", body, headers)
    its_status, its_headers, its_answer = gallery.call("POST", "/v2/models/e/infer", body, **headers)
    assert status == its_status == 200
    mine = without_times(answer, int(told[JSON_LENGTH.lower()]))
    assert mine == without_times(its_answer, int(its_headers[JSON_LENGTH]))
    assert int(told["content-length"]) == len(answer)


async def test_it_says_that_it_shares_no_memory() -> None:
    """Several may stand behind one address: no shared memory is offered, and none tells itself from the others."""
    app = asgi.app(str(VILLAINS / "gallery.py"), "e")
    server = json.loads((await ask(app, "GET", "/v2"))[2])
    assert "bedside" in server["extensions"]
    assert "system_shared_memory" not in server["extensions"]
    assert "process" not in server
    assert json.loads((await ask(app, "GET", "/v2/health/ready"))[2]) == {"ready": True, "state": "READY"}
    assert (await ask(app, "POST", "/v2/systemsharedmemory/region/r/register", b"{}"))[0] == 404


async def test_a_path_below_another_one_is_found() -> None:
    """A server that hosts it under a prefix may leave the prefix in the path, or not."""
    app = asgi.app(str(VILLAINS / "gallery.py"), "e")
    assert (await ask(app, "GET", "/models/v2/health/live", root_path="/models"))[0] == 200
    assert (await ask(app, "GET", "/v2/health/live", root_path="/models"))[0] == 200


@pytest.mark.parametrize(
    ("villain", "error"),
    [
        ("raises_in_predict", "predict raised ZeroDivisionError: division by zero (raises_in_predict.py:6)"),
        ("returns_none", "predict returned None; expected a dict with the result's fields"),
    ],
)
def test_what_the_model_does_wrong_is_that_frames_error(villain: str, error: str) -> None:
    """An exception is a sentence, and the next request is answered."""
    application = Application(str(VILLAINS / f"{villain}.py"), "e")
    body, headers = request()
    for _ in range(2):
        status, _, answer = application.answer("POST", "/v2/models/e/infer", headers, body)
        assert (status, json.loads(answer)["error"]) == (500, error)


def test_what_cannot_be_loaded_says_why() -> None:
    """The host gets the sentence that the runner would have written."""
    with pytest.raises(CannotLoad, match=r"raises_on_import\.py does not import: ModuleNotFoundError"):
        Application(str(VILLAINS / "raises_on_import.py"))


def test_garbage_is_refused_in_a_sentence() -> None:
    """Whatever is in a request, there is an answer with an error in it."""
    application = Application(str(VILLAINS / "gallery.py"), "e")
    for method, path, body, status in [
        ("POST", "/v2/models/e/infer", b"[]", 400),
        ("POST", "/v2/models/e/infer", b"", 400),
        ("GET", "/v2/models/e/infer", b"", 405),
        ("PUT", "/v2", b"", 405),
    ]:
        got, _, answer = application.answer(method, path, {}, body)
        assert got == status
        assert json.loads(answer)["error"]


async def test_predictions_wait_for_each_other_and_not_without_end(tmp_path: Path) -> None:
    """Of forty requests at once each is computed alone, in the thread that has loaded the model, or is refused."""
    file = tmp_path / "waits_at_the_gate.py"
    file.write_text(
        "import threading\nloaded, inside = threading.get_ident(), []\n"
        "def predict(frame):\n"
        "    inside.append(1)\n    alone = len(inside) == 1\n    gate.wait(20)\n    inside.pop()\n"
        "    return {'text': str((alone, threading.get_ident() == loaded))}\n"
    )
    app = asgi.app(str(file), "e")
    gate = sys.modules["waits_at_the_gate"].gate = threading.Event()  # type: ignore[attr-defined]
    body, headers = request()
    asked = [asyncio.create_task(ask(app, "POST", "/v2/models/e/infer", body, headers)) for _ in range(40)]
    refused = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result()[0] for task in refused[0]} == {503}
    gate.set()
    answers = await asyncio.gather(*asked)
    assert [status for status, _, _ in answers].count(200) == asgi.MOST_WAITING
    assert all(b"(True, True)" in answer for status, _, answer in answers if status == 200)


async def test_it_says_when_it_has_started_and_stopped() -> None:
    """The server's lifespan is answered, so that a server which insists on it starts."""
    app = asgi.app(str(VILLAINS / "gallery.py"))
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_hosts_folder_stays_where_it_is(tmp_path: Path) -> None:
    """The model imports from its own folder; the process moves there only if it is asked to."""
    before = Path.cwd()
    (tmp_path / "beside_it.py").write_text("VALUE = 'mine'")
    (tmp_path / "engine.py").write_text("import beside_it\ndef predict(frame):\n    return {'text': beside_it.VALUE}\n")
    application = Application(str(tmp_path))
    body, headers = request()
    assert b"mine" in application.answer("POST", f"/v2/models/{tmp_path.name}/infer", headers, body)[2]
    assert Path.cwd() == before
