"""Asks a running server how it is."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bedside.loopback import is_loopback
from bedside.settings import Settings, near

MOST_BYTES = 1_000_000
CA = "ca.pem"
"""The authority of this machine's certificates, as network/certificates.py names it."""
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens addresses without asking a proxy."""


def encrypts(settings: Settings, host: str) -> bool:
    """Whether pages on this address of ours are encrypted."""
    tls = settings.server.tls
    return tls == "on" or (tls == "auto" and not is_loopback(host))


def access_folder(settings: Settings) -> Path:
    """Where devices, access log and certificates are."""
    return settings.folder / Path(settings.server.access).expanduser()


def own_url(settings: Settings) -> str:
    """The server's address as this machine reaches it."""
    server = settings.server
    return f"{'https' if encrypts(settings, server.host) else 'http'}://{near(server.host)}:{server.port}/"


def ask_health(settings: Settings, timeout_s: float = 2.0) -> dict[str, Any] | None:
    """What /health of the server in the settings says; None when nobody answers, or somebody who is not Bedside."""
    try:
        found = json.loads(ask_server(settings, "health", timeout_s) or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("status"), str) else None


def ask_server(settings: Settings, path: str, timeout_s: float = 2.0) -> str | None:
    """What the server in the settings answers at `path`, to whoever has its token; None when nobody answers.

    A refusal is an answer, too, except where `path` is not there or not ours to ask.
    """
    request = urllib.request.Request(f"{own_url(settings)}{path}")
    if settings.server.token:
        request.add_header("Authorization", f"Bearer {settings.server.token}")
    try:
        with _answer(request, timeout_s, access_folder(settings) / CA) as answer:
            text = answer.read(MOST_BYTES).decode()
            return None if answer.status in (401, 403, 404) else text
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _answer(
    request: urllib.request.Request, timeout_s: float, authority: Path
) -> http.client.HTTPResponse | urllib.error.HTTPError:
    """Asks no proxy, and trusts this machine's own authority only. Raises OSError."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if request.type == "https":
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)))
    try:
        answer: http.client.HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=timeout_s)
        return answer
    except urllib.error.HTTPError as error:  # 503 is an answer
        return error
