"""Who may have the pictures: the token, or, without one, this machine's own programs and pages.

A web page from anywhere can open a websocket to the loopback of the machine that shows it. So without a token a
browser's `Origin` must name the same host, and `Host` must be an address or localhost: a foreign name that was made to
point here is neither.
"""

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from bedside.errors import SettingsError
from bedside.loopback import is_loopback


def refuse_open_host(host: str, token: str) -> None:
    """Raise SettingsError when pictures would be open to a network."""
    if not token and not is_loopback(host):
        raise SettingsError(
            f"[source] host is {host!r}, which other machines can reach; expected a token with it: "
            "set [source] token to a long secret, or host to 127.0.0.1"
        )


def refusal(headers: Mapping[str, str], query: Mapping[str, str], token: str) -> tuple[int, str] | None:
    """The HTTP status and the sentence with which a request is refused, or None when it may pass."""
    if token:
        shown = query.get("token") or headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(shown.encode(errors="backslashreplace"), token.encode()):
            return None
        return 401, "the token is missing or wrong; give ?token=... as [source] token has it"
    host = _hostname(f"//{headers.get('Host', '')}")
    if not _is_local_name(host):
        return 403, f"Host is {host!r}; without a token expected an address or localhost"
    origin = headers.get("Origin")
    if origin is not None and _hostname(origin) != host:
        return 403, f"a page from {origin!r} may not have the pictures of {host!r}; set [source] token and give it"
    return None


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_local_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
