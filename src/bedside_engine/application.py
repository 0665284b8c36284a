"""The whole protocol around one model, without a server: for whoever has a server already, such as Ray Serve.

    application = Application("engines/planes", "planes")
    status, headers, body = application.answer("POST", "/v2/models/planes/infer", headers, body)

There is no watchdog here and no heartbeat: whoever hosts it decides how long an answer may take.
"""

from __future__ import annotations

import threading
from typing import Any, Dict, Mapping, Tuple, Union

from bedside_engine import loader
from bedside_engine.predictor import Predictor
from bedside_engine.regions import Regions
from bedside_engine.routes import Routes
from bedside_engine.server import Request, Response
from bedside_engine.status import Status


class Application:
    """The model at `path`, loaded, under `name` (default: the folder's). Raises loader.CannotLoad.

    One in a process: two models there would import each other's modules. Several may stand behind one address,
    so no shared memory is announced, and no process by which a client would tell them apart. Where the process is there
    for nothing else, `moves_in` makes the model's folder its working folder, as the runner does.
    """

    def __init__(self, path: str, name: str = "", moves_in: bool = False) -> None:
        file = loader.find(path)
        (loader.settle if moves_in else loader.let_import)(file)
        self.name = name or loader.name_of(path)
        status = Status(self.name, process="")
        self._routes = Routes(status, None, Predictor(status, Regions(), loader.load(file)).infer)
        self._turn = threading.Lock()
        status.state = "READY"

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: Union[bytes, bytearray] = b""
    ) -> Tuple[int, Dict[str, str], bytes]:
        """Status, headers and body of the response to one request. Raises nothing for what is wrong with it.

        `headers` by names in any case; `path` with or without a query. Any thread may call; predictions wait for each
        other. A `body` that is a bytearray is given to the model without another copy.
        """
        request = Request(method, path.partition("?")[0], {name.lower(): value for name, value in headers.items()})
        request.body = body
        if Routes.is_inference(request):
            with self._turn:
                return _plain(self._routes.answer(request))
        return _plain(self._routes.answer(request))


def _plain(response: Response) -> Tuple[int, Dict[str, str], bytes]:
    body = b"".join(response.parts)
    headers: Dict[str, Any] = dict(response.headers)
    headers["Content-Length"] = str(len(body))
    return response.status, headers, body
