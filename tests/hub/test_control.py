"""Commands to the source, forwarded to a broadcaster that does not take them."""

import pytest
from aiohttp import web

from bedside.errors import BusError
from bedside.hub.control import BroadcasterControl
from bedside.hub.server import listening


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: web.json_response({"error": "the token is missing or wrong"}, status=401), "the token is missing"),
        (lambda: web.Response(status=500, text="oh"), "refuses: status 500"),
        (lambda: web.Response(text="oh"), "answers nothing that is understood"),
    ],
)
async def test_a_refusal_is_not_the_sources(answer: object, sentence: str) -> None:
    """A wrong token or a fault of the broadcaster is not said as something that the source cannot do."""

    async def control(_: web.Request) -> web.Response:
        return answer()  # type: ignore[operator,no-any-return]

    app = web.Application()
    app.router.add_route("*", "/control", control)
    async with listening(app, "127.0.0.1", 0) as port:
        send = BroadcasterControl(f"ws://127.0.0.1:{port}/frames", "secret")
        with pytest.raises(BusError, match=sentence):
            await send("freeze")
        with pytest.raises(BusError, match=sentence):
            await send.offer()
