"""The pages' websockets: how each is opened, served until it ends, and closed."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import WSCloseCode, web

from bedside.access.role import Who
from bedside.hub.access_desk import DESK, WHO, noted
from bedside.hub.answer import text_of
from bedside.hub.feed import Feed
from bedside.hub.guard import BY_TOKEN, HERE
from bedside.hub.live import STUCK_AFTER_S, Page
from bedside.hub.said import Garbage
from bedside.hub.view import View
from bedside.hub.visit import Visit

log = logging.getLogger(__name__)

SOCKETS = web.AppKey[dict[web.WebSocketResponse, "Open"]]("sockets")
"""The open pages of an application; closed when it shuts down."""

HEARTBEAT_S = 7.0
"""A page that leaves a ping unanswered for half of this is dropped, so a sleeping one after about ten seconds."""

MAX_MESSAGE_BYTES = 4096
MOST_PAGES, MOST_OF_ONE = 64, 12
"""Pages at once: in all, and of one paired device; whoever has the token, or is at the machine, may open all."""
STOPPING = b"The server is stopping."
GOODBYE_S = 1.0
SIGNED_OUT = 4401
"""The code with which the page of a device that was revoked is closed; it does not come back by itself."""


@dataclass(slots=True)
class Open:
    """Whose page it is, and what it shows."""

    who: Who
    view: str
    session: str


async def serve_page(
    request: web.Request, feed: Feed, view: View, *, controls: tuple[str, ...], visit: Visit | None = None
) -> web.WebSocketResponse:
    """Serves one page's websocket until it ends; tells a page that sends garbage so, and closes it."""
    socket = web.WebSocketResponse(
        compress=False, heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES, writer_limit=1, timeout=2.0
    )
    await socket.prepare(request)
    who = request[WHO]
    if sentence := _one_too_many(request.app, who):
        feed.metrics.dropped("too many")
        log.info("a page of %s was closed: %s", who.label or who.id, sentence)
        await _close(request, socket, WSCloseCode.TRY_AGAIN_LATER, sentence)
        return socket
    page = request.app[SOCKETS][socket] = Open(who, view.name, _running(visit))
    noted(request, "open page", view=page.view, session=page.session)
    with feed.watched(view.name) as wake:
        try:
            await Page(socket, feed, view, wake, visit).run(controls=controls, role=who.role)
        except Garbage as error:
            feed.metrics.dropped("garbage")
            log.warning("page of view %s closed: it sent %s", view.name, error)
            await _close(request, socket, error.code, f"The server closed this page: it sent {error}.")
        except TimeoutError:
            feed.metrics.dropped("stuck")
            log.warning("page of view %s dropped: it took nothing for about %g s", view.name, STUCK_AFTER_S)
            _abort(request)
        except ConnectionError as error:
            log.info("page of view %s went: %s", view.name, error)
        finally:
            del request.app[SOCKETS][socket]
            noted(request, "close page", view=page.view, session=page.session)
    return socket


def _one_too_many(app: web.Application, who: Who) -> str:
    """What a page that is one too many is told; empty while there is room."""
    there = [page.who.id for page in app[SOCKETS].values()]
    if len(there) >= MOST_PAGES:
        return f"This server shows {MOST_PAGES} pages, and no more at once; close one elsewhere."
    if who in (BY_TOKEN, HERE):
        return ""
    if there.count(who.id) >= MOST_OF_ONE:
        return f"This device has {MOST_OF_ONE} pages open, and may have no more; close one."
    if app[DESK].openings.take(who.id):
        return "This device opens pages too often; wait a minute."
    return ""


async def close_sockets(app: web.Application) -> None:
    """Ends every page's websocket, so that each page hears that the server stops."""
    sockets = [*app[SOCKETS]]
    # At once, and not for long: a page that is stuck must not keep the others from hearing of it, nor the server.
    byes = [socket.close(code=WSCloseCode.GOING_AWAY, message=STOPPING) for socket in sockets]
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await asyncio.gather(*byes, return_exceptions=True)


async def see_devices(app: web.Application, visit: Visit | None = None) -> None:
    """An open page is use of its device; that of one which was revoked is closed.

    Who has a page open as a session begins sees it, so the access log says so.
    """
    desk, gone = app[DESK], []
    for socket, page in app[SOCKETS].items():
        if page.session != (session := _running(visit)):
            page.session = session
            if session:
                desk.ledger.note(page.who, "open page", view=page.view, session=session)
        if page.who in (BY_TOKEN, HERE):
            continue
        if desk.is_known(page.who.id):
            desk.saw(page.who.id)
        elif not socket.closed:
            gone.append(_sign_out(socket))
    await asyncio.gather(*gone)


async def _sign_out(socket: web.WebSocketResponse) -> None:
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await socket.close(code=SIGNED_OUT, message=b"This device is signed out.")


def _running(visit: Visit | None) -> str:
    return visit.running.name if visit is not None and visit.running is not None else ""


async def _close(request: web.Request, socket: web.WebSocketResponse, code: WSCloseCode, sentence: str) -> None:
    try:
        async with asyncio.timeout(STUCK_AFTER_S):
            await socket.send_str(text_of({"type": "error", "message": sentence}))
            await socket.close(code=code)
    except ConnectionError:
        log.debug("the page was gone before it could be told: %s", sentence)
    except TimeoutError:
        _abort(request)


def _abort(request: web.Request) -> None:
    """Ends the connection at once; what is still in its buffers is not worth sending."""
    if request.transport is not None:
        request.transport.abort()
