"""Asks a running server how it is."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from bedside.settings import Settings, near

MOST_BYTES = 1_000_000
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens addresses without asking a proxy."""


def own_url(settings: Settings) -> str:
    """The server's address as this machine reaches it."""
    return f"http://{near(settings.server.host)}:{settings.server.port}/"


def ask_health(settings: Settings, timeout_s: float = 2.0) -> dict[str, Any] | None:
    """What /health of the server in the settings says; None when nobody answers, or somebody who is not Bedside."""
    request = urllib.request.Request(f"{own_url(settings)}health")
    if settings.server.token:
        request.add_header("Authorization", f"Bearer {settings.server.token}")
    try:
        with _answer(request, timeout_s) as answer:
            found = json.loads(answer.read(MOST_BYTES))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("status"), str) else None


def _answer(request: urllib.request.Request, timeout_s: float) -> http.client.HTTPResponse | urllib.error.HTTPError:
    try:
        answer: http.client.HTTPResponse = direct.open(request, timeout=timeout_s)
        return answer
    except urllib.error.HTTPError as error:  # 503 is an answer
        return error
