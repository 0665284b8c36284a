"""What an `/api` request asks, checked, and the refusal of what it must not ask: one sentence each."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web

BODY_S = 10.0
"""So long a body, of 64 KiB at the most, may be on its way."""
SAID_TOO = (hdrs.RETRY_AFTER, hdrs.WWW_AUTHENTICATE)
"""Headers of a refusal that its JSON keeps."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body. Raises HTTPBadRequest for others, HTTPRequestTimeout where none comes."""
    try:
        async with asyncio.timeout(BODY_S):
            text = await request.text()
        body = json.loads(text)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"the body was not there within {BODY_S:g} s") from None
    except (ValueError, RecursionError, LookupError):
        raise refused("the body is not JSON; expected one JSON object") from None
    if not isinstance(body, dict):
        raise refused("the body is not a JSON object; expected {...}")
    try:
        json.dumps(body, allow_nan=False)
    except ValueError:  # Python reads NaN and 1e999; no other program would read the line with it
        raise refused("the body has a number that is too large or none; expected JSON's numbers") from None
    return body


def text_in(asked: dict[str, Any], name: str, most: int, *, default: str | None = None) -> str:
    """A field that is text of at most `most` characters, with something in it unless there is a `default`."""
    value = asked.get(name, default)
    if not isinstance(value, str) or len(value) > most or (default is None and not value.strip()):
        raise refused(f"{name} is {str(value)[:40]!r}; expected text of at most {most} characters")
    return value


def seq_in(asked: dict[str, Any]) -> int | None:
    """The number of a frame, or None for the newest."""
    seq = asked.get("seq")
    if seq is not None and (isinstance(seq, bool) or not isinstance(seq, int) or not 0 < seq < 2**53):
        raise refused(f"seq is {str(seq)[:40]!r}; expected the frame's number, or null for the newest")
    return seq


def one_of(asked: dict[str, Any], name: str, names: Any, *, default: str | None = None) -> str:
    """A field that is one of `names`, or the `default` where it is missing."""
    value = asked.get(name, default)
    if not isinstance(value, str) or (value not in names and value != default):
        raise refused(f"{name} is {str(value)[:40]!r}; expected {choice(names)}")
    return value


def refused(sentence: str) -> web.HTTPBadRequest:
    """Status 400."""
    return web.HTTPBadRequest(text=sentence)


def error_json(status: int, sentence: str) -> web.Response:
    """An error as everything under `/api` says it."""
    return web.json_response({"error": sentence}, status=status)


def choice(names: Any) -> str:
    """`a, b or c`."""
    return " or ".join([", ".join(list(names)[:-1]), list(names)[-1]]) if len(names) > 1 else ", ".join(names) or "none"


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Under `/api` every error is `{"error": "one sentence"}`."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        sentence = error.text if error.status != 405 else f"{request.method} is not possible here"
        if error.status == 404 and error.text == "404: Not Found":
            sentence = "there is nothing at this address; /api/openapi.json lists what there is"
        response = error_json(error.status, sentence or error.reason)
        for name in SAID_TOO:
            if name in error.headers:
                response.headers[name] = error.headers[name]
        return response
