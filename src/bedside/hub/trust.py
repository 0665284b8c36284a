"""`/trust`: the plain page that has a tablet trust this machine, on a port of its own where nothing else answers."""

import plistlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bedside import clock
from bedside.hub.guard import add_headers

FILES = ("trust.js", "dom.js", "trust.css", "style.css", "icon.svg")
"""What the page is made of."""


@dataclass(frozen=True)
class Trusted:
    """What a tablet is to trust."""

    der: bytes
    """The authority's certificate."""
    fingerprint: str
    """Its SHA-256, as a person compares it."""


def create_trust_app(trusted: Trusted, page_dir: Path, urls: Callable[[web.Request], list[str]]) -> web.Application:
    """The application. `urls` are the encrypted pages' addresses for whoever asks, the best first, without a path."""
    desk = _Desk(trusted, page_dir, urls)
    app = web.Application()
    app.add_routes(
        [
            web.get("/trust", desk.page),
            web.get("/trust.json", desk.facts),
            web.get("/bedside-ca.crt", desk.certificate),
            web.get("/bedside-ca.mobileconfig", desk.profile),
            web.get("/page/{name}", desk.file),
            web.get("/{rest:.*}", desk.elsewhere),
        ]
    )
    app.on_response_prepare.append(desk.allow_the_question)
    app.on_response_prepare.append(add_headers)
    return app


async def is_trusted(_: web.Request) -> web.Response:
    """`/trusted` of the encrypted pages: nothing, for the trust page to see whether it gets as far as that."""
    return web.Response(status=204, headers={"Cross-Origin-Resource-Policy": "cross-origin"})


def profile(trusted: Trusted) -> bytes:
    """The authority as a configuration profile, which iPads take: the same bytes each time."""
    own = uuid.uuid5(uuid.NAMESPACE_OID, trusted.fingerprint)
    inner = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"org.bedside.ca.{own}.root",
        "PayloadUUID": str(uuid.uuid5(own, "root")).upper(),
        "PayloadDisplayName": "Bedside",
        "PayloadContent": trusted.der,
    }
    outer = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"org.bedside.ca.{own}",
        "PayloadUUID": str(own).upper(),
        "PayloadDisplayName": "Bedside",
        "PayloadDescription": "Lets this device open the pages of one Bedside machine. Research use only.",
        "PayloadContent": [inner],
    }
    return plistlib.dumps(outer)


class _Desk:
    """The handlers."""

    def __init__(self, trusted: Trusted, page_dir: Path, urls: Callable[[web.Request], list[str]]) -> None:
        self._trusted = trusted
        self._folder = page_dir
        self._urls = urls

    async def page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._folder / "trust.html")

    async def facts(self, request: web.Request) -> web.Response:
        said = {"fingerprint": self._trusted.fingerprint, "urls": self._urls(request)}
        return web.json_response({**said, "wall_ms": clock.wall_ns() // clock.NS_PER_MS})

    async def certificate(self, _: web.Request) -> web.Response:
        return _download(self._trusted.der, "application/x-x509-ca-cert", "bedside-ca.crt")

    async def profile(self, _: web.Request) -> web.Response:
        return _download(profile(self._trusted), "application/x-apple-aspen-config", "bedside-ca.mobileconfig")

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPFound("/trust")
        return web.FileResponse(self._folder / name)

    async def elsewhere(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/trust")

    async def allow_the_question(self, request: web.Request, response: web.StreamResponse) -> None:
        """The page may ask the encrypted pages whether it reaches them, and nothing else."""
        asked = " ".join(f"{url}/trusted" for url in self._urls(request))
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {asked}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )


def _download(data: bytes, kind: str, name: str) -> web.Response:
    return web.Response(body=data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
