"""`/api`: described, and refusing in sentences."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.conftest import Hub, Scanner, StartHub, live, ready, result_of
from yarl import URL

from bedside.cli import serve
from bedside.errors import BusError, SourceError
from bedside.hub.api import OPENAPI
from bedside.hub.control import BroadcasterControl
from bedside.hub.feed import Feed
from bedside.hub.server import listening
from bedside.messages import Frame, Pixels, Result
from bedside.session.names import ITEM
from bedside.settings import load

DESCRIBED: dict[str, Any] = json.loads(OPENAPI.read_text())


def test_every_route_is_described_and_every_description_has_its_route(scanner: Scanner, tmp_path: Path) -> None:
    """openapi.json and the routes of `bedside serve` name the same paths and methods."""
    app = serve._app(replace(load(None), folder=tmp_path), tmp_path / "bedside.toml", Feed(scanner.borrow), str)
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    described = {(path, method) for path, item in DESCRIBED["paths"].items() for method in item}
    assert routes == described


def test_every_reference_in_the_description_leads_somewhere() -> None:
    """No `$ref` of openapi.json is dangling."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([value["$ref"]] if "$ref" in value else [])
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(DESCRIBED)
    assert found
    for reference in found:
        target: Any = DESCRIBED
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


async def test_the_description_is_served(hub: Hub) -> None:
    """A study's software reads it at its address."""
    assert await (await hub.http.get(hub.url / "api/openapi.json")).json() == DESCRIBED


async def test_the_state_is_as_described(hub: Hub) -> None:
    """GET /api/state has exactly the fields of the description, engines in it."""
    hub.feed.put(live())
    hub.feed.put(ready())
    hub.answer(hub.shoot())
    state = await (await hub.http.get(hub.url / "api/state")).json()
    schema = DESCRIBED["components"]["schemas"]["State"]
    assert set(state) == set(schema["required"])
    assert set(state["signal"]) == set(schema["properties"]["signal"]["required"])
    assert [set(engine) for engine in state["engines"]] == [
        set(schema["properties"]["engines"]["items"]["required"])
    ] * 2
    assert state["signal"]["state"] == "live"
    assert state["engines"][0]["answer_age_ms"] >= 0
    assert state["engines"][1]["answer_age_ms"] is None


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "sentence"),
    [
        ("GET", "/api/nothing", None, 404, "there is nothing at this address; /api/openapi.json lists what there is"),
        ("GET", "/api/snapshots/..%2f..%2fsecret.png", None, 404, "this session has no snapshot '../../secret'"),
        ("GET", "/api/snapshots/7.png", None, 404, "this session has no snapshot '7'"),
        ("DELETE", "/api/state", None, 405, "DELETE is not possible here"),
        ("POST", "/api/snapshot", b"", 400, "the body is not JSON; expected one JSON object"),
        ("POST", "/api/snapshot", b"[]", 400, "the body is not a JSON object; expected {...}"),
        ("POST", "/api/snapshot", b"\xff\xfe", 400, "the body is not JSON; expected one JSON object"),
        ("POST", "/api/control", b"{}", 400, "command is 'None'; expected a few words, such as freeze or tilt -3"),
        (
            "POST",
            "/api/control",
            b'{"command": ["freeze"]}',
            400,
            "command is \"['freeze']\"; expected a few words, such as freeze or tilt -3",
        ),
    ],
)
async def test_a_refusal_is_one_sentence(
    hub: Hub, method: str, path: str, data: bytes | None, status: int, sentence: str
) -> None:
    """Whatever is asked wrongly is answered with JSON, its status, and one sentence."""
    response = await hub.http.request(method, URL(f"{hub.url.origin()}{path}", encoded=True), data=data)
    assert (response.status, await response.json()) == (status, {"error": sentence})


async def test_a_body_that_is_too_large_is_refused(hub: Hub) -> None:
    """A megabyte is not read."""
    response = await hub.http.post(hub.url / "api/snapshot", data=b"x" * 1_000_000)
    assert response.status == 413
    assert "error" in await response.json()


NESTED = b"[" * 900 + b"]" * 900
HOSTILE = [
    b"null",
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 4000,
    b'""',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"<script>"',
    b"{}",
    NESTED,
]


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("control", {"command": "freeze"}),
        ("spacing", {"x1": 0.1, "y1": 0.1, "x2": 0.1, "y2": 0.9, "distance_mm": 90}),
        ("intervention", {"seq": 1, "engine": "pcbm", "concepts": {"cavum": True}}),
    ],
)
async def test_whatever_a_body_holds_is_refused_and_done_by_nobody(
    start_hub: StartHub, path: str, whole: dict[str, object]
) -> None:
    """In each field in turn: 400 and a sentence; no command goes out, no scale is set, no engine is asked."""
    control = Probe()
    hub = await start_hub(control=control)
    asked: list[str] = []

    async def answer_again(engine: str, frame: Frame, pixels: Pixels, corrections: object) -> Result:
        asked.append(engine)
        return result_of(frame, engine)

    hub.feed.answer_again = answer_again
    hub.shoot()
    for field in whole:
        for value in HOSTILE:
            rest = json.dumps({name: other for name, other in whole.items() if name != field} | {"": 0})
            data = b'{"%s": %s, %s' % (field.encode(), value, rest[1:].encode())
            response = await hub.http.post(hub.url / "api" / path, data=data)
            assert response.status == 400, (field, value[:20], await response.text())
            assert (await response.json())["error"]
    assert control.done == asked == [] and hub.feed.calibration.measured is None


class Probe:
    """A source's end: it freezes and tilts, and cannot dance."""

    commands = ("freeze", "tilt")

    def __init__(self) -> None:
        self.done: list[str] = []

    async def __call__(self, command: str) -> None:
        """Done, or refused."""
        if command == "dance":
            raise SourceError("this source cannot 'dance'")
        self.done.append(command)

    async def offer(self) -> dict[str, object]:
        """Its commands and its state."""
        return {"commands": list(self.commands), "state": {"tilt_deg": -3}}


async def test_a_command_reaches_the_source(start_hub: StartHub) -> None:
    """The freeze button of the page is pressed at the source."""
    control = Probe()
    hub = await start_hub(control=control)
    for command in ("freeze", "tilt -3.5", "go head"):
        response = await hub.http.post(hub.url / "api/control", json={"command": command})
        assert (response.status, await response.json()) == (200, {"command": command})
    assert control.done == ["freeze", "tilt -3.5", "go head"]


async def test_a_page_learns_what_the_source_can_do(start_hub: StartHub, hub: Hub) -> None:
    """The hello lists the commands of a view with controls, and none in one without, or for a real scanner."""
    steered = await start_hub(control=Probe())
    for asked, view, can_control, controls in (
        (steered, "explain", True, ["freeze", "tilt"]),
        (steered, "monitor", False, []),
        (hub, "explain", False, []),
    ):
        socket = await asked.http.ws_connect((asked.url / "live").with_query(view=view))
        hello = await socket.receive_json()
        assert (hello["can_control"], hello["controls"]) == (can_control, controls)


async def test_the_sources_state_can_be_asked_for(start_hub: StartHub, hub: Hub) -> None:
    """It is handed on as the source tells it; a source without commands has none, a broadcaster that is away is 502."""
    steered = await start_hub(control=Probe())
    told = await steered.http.get(steered.url / "api/control")
    assert (told.status, await told.json()) == (200, {"commands": ["freeze", "tilt"], "state": {"tilt_deg": -3}})
    told = await hub.http.get(hub.url / "api/control")
    assert (told.status, await told.json()) == (200, {"commands": [], "state": None})
    gone = await start_hub(control=BroadcasterControl("ws://127.0.0.1:9/frames"))
    told = await gone.http.get(gone.url / "api/control")
    assert (told.status, "does not answer" in (await told.json())["error"]) == (502, True)


@pytest.mark.parametrize("command", ["", "Freeze", "tilt  3", "tilt 3;", "tilt 3\n", "a" * 41, "a b c d e", 3, None])
async def test_a_command_has_a_shape(start_hub: StartHub, command: object) -> None:
    """What is not a few short words never leaves the server."""
    control = Probe()
    hub = await start_hub(control=control)
    response = await hub.http.post(hub.url / "api/control", json={"command": command})
    assert (response.status, control.done) == (400, [])
    assert "expected a few words" in (await response.json())["error"]


async def test_a_source_that_cannot_says_so(start_hub: StartHub, hub: Hub) -> None:
    """The source's own sentence reaches the page, and so does the absence of such a source."""
    refusing = await start_hub(control=Probe())
    response = await refusing.http.post(refusing.url / "api/control", json={"command": "dance"})
    assert (response.status, await response.json()) == (409, {"error": "this source cannot 'dance'"})
    response = await hub.http.post(hub.url / "api/control", json={"command": "freeze"})
    assert response.status == 409


async def test_commands_are_forwarded_to_the_broadcaster() -> None:
    """The broadcaster gets the command with its token; its refusal comes back in its own words."""
    got: list[tuple[str, str]] = []

    async def control(request: web.Request) -> web.Response:
        command = (await request.json())["command"]
        got.append((command, request.headers["Authorization"]))
        return web.json_response({"error": "cannot unfreeze"}, status=409 if command == "unfreeze" else 200)

    async def offer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        return web.json_response({"commands": ["freeze"], "state": {"is_frozen": True}, "more": 1})

    app = web.Application()
    app.router.add_post("/control", control)
    app.router.add_get("/control", offer)
    async with listening(app, "127.0.0.1", 0) as port:
        send = BroadcasterControl(f"ws://127.0.0.1:{port}/frames", "secret")
        await send("freeze")
        with pytest.raises(SourceError, match="cannot unfreeze"):
            await send("unfreeze")
        assert await send.offer() == {"commands": ["freeze"], "state": {"is_frozen": True}}
    assert got == [("freeze", "Bearer secret"), ("unfreeze", "Bearer secret")]
    with pytest.raises(BusError, match=rf"the broadcaster at 127\.0\.0\.1:{port} does not answer; is it running\?"):
        await send("freeze")


@given(st.text())
def test_names_of_snapshots_never_leave_the_folder(name: str) -> None:
    """No name makes a path outside the session's snapshots."""
    if ITEM.fullmatch(name):
        assert not set(name) & set("/\\.\0")
