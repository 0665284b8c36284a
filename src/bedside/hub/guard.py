"""Who may talk to the server: the token, the names under which it may be called, and what a page may do."""

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bedside.errors import SettingsError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "bedside"
COOKIE_DAYS = 30
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,255}")
OPEN_PATHS = frozenset({"/health"})
"""Answered without the token, with less in them."""

UNAUTHORISED = "This server needs its token: open the address with ?token=... that `bedside up` printed."
WRONG_HOST = "This server is only for this machine and is not called that; open http://127.0.0.1 with its port instead."
WRONG_ORIGIN = "This request came from a page of another server and was refused."


def is_loopback(host: str) -> bool:
    """Whether what listens on `host` can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_listening(host: str, token: str) -> None:
    """Raises SettingsError where pages would be open to a network without a token."""
    if not token and not is_loopback(host):
        raise SettingsError(
            f"[server] host is {host!r} and [server] token is empty; a host that others can reach needs a token, "
            "such as the output of `openssl rand -hex 16`"
        )


class Guard:
    """Looks at every request before anything else does."""

    def __init__(self, host: str, token: str, names: Iterable[str] = ()) -> None:
        """`host` is what the server listens on; `names` are further names under which pages may call it."""
        check_listening(host, token)
        self._names = (LOOPBACK_NAMES | {*names} | {host}) if is_loopback(host) else None
        self._token = token
        self._cookie = hmac.new(token.encode(), b"bedside cookie", sha256).hexdigest()

    def has_token(self, request: web.Request) -> bool:
        """Whether the request shows the token, or none is needed."""
        if not self._token:
            return True
        scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() == "bearer" and _same(shown.strip(), self._token):
            return True
        return _same(request.cookies.get(COOKIE, ""), self._cookie) or self._shows_token_in_address(request)

    def middleware(self) -> Middleware:
        """The guard as aiohttp wants it."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._is_our_name(request):
                raise web.HTTPMisdirectedRequest(text=WRONG_HOST)
            if not self._is_our_page(request):
                raise web.HTTPForbidden(text=WRONG_ORIGIN)
            if self._shows_token_in_address(request) and request.method == "GET" and not _is_websocket(request):
                raise self._exchange(request)
            if request.path not in OPEN_PATHS and not self.has_token(request):
                raise web.HTTPUnauthorized(text=UNAUTHORISED, headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
            return await handler(request)

        return guard

    def _is_our_name(self, request: web.Request) -> bool:
        """Against DNS rebinding: a foreign page's name for 127.0.0.1 is not one of ours."""
        if self._names is None:
            return True
        return re.sub(r":\d+$", "", request.host).lower() in self._names

    def _is_our_page(self, request: web.Request) -> bool:
        """A browser names the page that asks; what changes something, or is a websocket, is for our own pages."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or (request.method in ("GET", "HEAD") and not _is_websocket(request)):
            return True
        try:
            return urlsplit(origin).netloc.lower() == request.host.lower()
        except ValueError:
            return False

    def _shows_token_in_address(self, request: web.Request) -> bool:
        return bool(self._token) and _same(request.query.get("token", ""), self._token)

    def _exchange(self, request: web.Request) -> web.HTTPSeeOther:
        """A token in the address becomes a cookie, so that it does not stay in histories and on screens."""
        query = {name: value for name, value in request.query.items() if name != "token"}
        response = web.HTTPSeeOther(request.rel_url.with_query(query or None))
        response.set_cookie(
            COOKIE, self._cookie, max_age=COOKIE_DAYS * 86400, httponly=True, samesite="Strict", secure=request.secure
        )
        return response


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _same(shown: str, expected: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="backslashreplace"), expected.encode())


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer tells the browser: nothing from outside, nothing guessed, nothing kept unasked."""
    host = request.host
    # Safari before 15.4 does not count a websocket of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if PLAIN_HOST.fullmatch(host) else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; img-src 'self' blob: data:; style-src 'self'; connect-src 'self'{sockets}; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault(
        "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), screen-wake-lock=(self)"
    )
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache")
