"""Who may talk to the server, and who that is: token, paired device or this machine; and what a page may do."""

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from urllib.parse import quote, urlsplit

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Middleware

from bedside import clock
from bedside.access.role import Role, Who
from bedside.hub.access_desk import ABOUT, WHO, AccessDesk
from bedside.hub.routes import DEEDS, MEANT_FOR, Route, least, route_of
from bedside.loopback import is_loopback

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "bedside"
COOKIE_DAYS = 400
"""As long as browsers keep one; the server decides when a device has ended."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]]{1,255}")
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""A request with one of these came through somebody on this machine, from who knows where."""
BY_TOKEN, HERE = Who(Role.ADMIN, "token"), Who(Role.ADMIN, "here")

UNAUTHORISED = "This device is not paired: open /pair and type the code that an admin shows you, or show the token."
WRONG_HOST = "This server is only for this machine and is not called that; open http://127.0.0.1 with its port instead."
WRONG_ORIGIN = "This request came from a page of another server and was refused."
TOO_MANY = "Too many wrong guesses from here; wait a minute."


class Guard:
    """Looks at every request before anything else does; whoever passes stands in `request[WHO]`."""

    def __init__(self, host: str, token: str, names: Iterable[str] = (), desk: AccessDesk | None = None) -> None:
        """`host` is what the server listens on; `names` are further names under which pages may call it.

        `desk` knows the paired devices; without one there are none.
        """
        self._is_alone = is_loopback(host)
        self._names = LOOPBACK_NAMES | {*names} | ({host} if self._is_alone else set())
        self._token = token
        self._desk = desk or AccessDesk(None)

    def who(self, request: web.Request) -> Who | None:
        """Who asks; None for a stranger."""
        if self._token and (_same(_bearer(request), self._token) or self._shows_token_in_address(request)):
            return BY_TOKEN
        shown = request.cookies.get(cookie_name(request), "")
        if self._token and self._is_token_cookie(shown):
            return BY_TOKEN
        if (device := self._desk.device(shown)) is not None:
            self._desk.saw(device.id)
            return device.who
        return HERE if self._is_here(request) else None

    def middleware(self) -> Middleware:
        """The guard as aiohttp wants it."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            route = route_of(request)
            try:
                self._check(request, route)
            except web.HTTPException as refusal:
                if refusal.status >= 400:
                    facts = {"status": refusal.status, "asked": f"{request.method} {request.path}"}
                    self._desk.ledger.refused(request.get(WHO), request.remote or "", **facts)
                raise
            response = await handler(request)
            self._note(request, route, response.status)
            return response

        return guard

    def _check(self, request: web.Request, route: Route) -> None:
        """Raises the refusal, or the way to where a browser should go instead."""
        if self._is_alone and _came_in_here(request) and not self._is_our_name(request):
            raise web.HTTPMisdirectedRequest(text=WRONG_HOST)
        if not _is_our_page(request):
            raise web.HTTPForbidden(text=WRONG_ORIGIN)
        self._count_guesses(request)
        if self._shows_token_in_address(request) and request.method == "GET" and not _is_websocket(request):
            raise self._exchange(request)
        who, needed = self.who(request), least(route)
        if who is not None:
            request[WHO] = who
        if needed is None:
            return
        if who is None and request.method == "GET" and "text/html" in request.headers.get(hdrs.ACCEPT, ""):
            raise web.HTTPSeeOther(f"/pair?to={quote(request.path)}")
        if who is None:
            raise web.HTTPUnauthorized(text=UNAUTHORISED, headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        if who.role < needed:
            raise web.HTTPForbidden(
                text=f"This is for {MEANT_FOR[needed]}; this device is paired as {who.role.word}. "
                "An admin can pair it anew with another role."
            )

    def _note(self, request: web.Request, route: Route, status: int) -> None:
        deed, who = DEEDS.get(route), request.get(WHO)
        if deed is None or who is None or status >= 400:
            return
        facts = {**request.match_info, **request.get(ABOUT, {}), "address": request.remote}
        if route[0] == "GET":
            facts = {name: value for name, value in facts.items() if name not in ("row", "number")}
            self._desk.ledger.note_seldom(who, deed, **facts)
        else:
            self._desk.ledger.note(who, deed, **facts)

    def _count_guesses(self, request: web.Request) -> None:
        """Raises HTTPTooManyRequests after some wrong tokens from one address; then for the right one, too."""
        shown = [secret for secret in (_bearer(request), request.query.get("token", "")) if secret]
        if not shown or not self._token:
            return
        address = request.remote or ""
        wait_s = self._desk.token_tries.take(address)
        if wait_s:
            raise too_many(wait_s)
        if any(_same(secret, self._token) for secret in shown):
            self._desk.token_tries.give_back(address)

    def _is_our_name(self, request: web.Request) -> bool:
        """Against DNS rebinding: a foreign page's name for 127.0.0.1 is not one of ours."""
        return re.sub(r":\d+$", "", request.host).lower() in self._names

    def _is_here(self, request: web.Request) -> bool:
        """Whether this machine's own programs and browser ask, where no token is set."""
        # nginx as it comes names nobody, but speaks HTTP/1.0, as no browser and none of our programs does
        is_direct = request.version >= HttpVersion11 and not any(name in request.headers for name in PASSED_ON)
        return not self._token and is_loopback(request.remote) and self._is_our_name(request) and is_direct

    def _shows_token_in_address(self, request: web.Request) -> bool:
        return bool(self._token) and _same(request.query.get("token", ""), self._token)

    def _exchange(self, request: web.Request) -> web.HTTPSeeOther:
        """A token in the address becomes a cookie, so that it does not stay in histories and on screens."""
        query = {name: value for name, value in request.query.items() if name != "token"}
        response = web.HTTPSeeOther(request.rel_url.with_query(query or None))
        now_s = clock.wall_ns() // clock.NS_PER_S
        set_cookie(request, response, f"{now_s}.{self._sign(now_s)}")
        self._desk.ledger.note(BY_TOKEN, "sign in", address=request.remote)
        return response

    def _is_token_cookie(self, shown: str) -> bool:
        """Whether this was given for the token, not longer ago than a device may go unused."""
        since, _, signature = shown.partition(".")
        if not since.isascii() or not since.isdecimal() or len(since) > 12 or not _same(signature, self._sign(since)):
            return False
        age_s = clock.wall_ns() / clock.NS_PER_S - int(since)
        return not self._desk.signed_in_h or age_s <= self._desk.signed_in_h * 3600

    def _sign(self, since_s: int | str) -> str:
        return hmac.new(self._token.encode(), f"bedside cookie {since_s}".encode(), sha256).hexdigest()


def _is_our_page(request: web.Request) -> bool:
    """A browser names the page that asks; what changes something, or is a websocket, is for our own pages."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or (request.method in ("GET", "HEAD") and not _is_websocket(request)):
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:
        return False


def cookie_name(request: web.Request) -> str:
    """Where the connection is encrypted, a name that browsers take from this very host and over TLS only."""
    return f"__Host-{COOKIE}" if request.secure else COOKIE


def set_cookie(request: web.Request, response: web.StreamResponse, value: str) -> None:
    """The secret, out of scripts' reach."""
    response.set_cookie(
        cookie_name(request),
        value,
        max_age=COOKIE_DAYS * 86400,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )


def too_many(wait_s: float) -> web.HTTPTooManyRequests:
    """Status 429, with the seconds until the next try."""
    return web.HTTPTooManyRequests(text=TOO_MANY, headers={hdrs.RETRY_AFTER: str(max(1, round(wait_s + 0.5)))})


def _bearer(request: web.Request) -> str:
    scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else ""


def _came_in_here(request: web.Request) -> bool:
    """Whether it came to this machine's own address, and not to the one beside it that tablets know."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return not isinstance(name, tuple) or is_loopback(str(name[0]))


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
