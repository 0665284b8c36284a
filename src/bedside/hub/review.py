"""`/review` and `/api/sessions`: sessions looked at afterwards, or while they run; described in openapi.json."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import hdrs, web

from bedside.access.role import Role
from bedside.errors import AccessError, NotNow, SessionError
from bedside.hub.access_desk import DESK, WHO
from bedside.hub.answer import plain, text_of
from bedside.hub.asked import body_of, refused, text_in
from bedside.hub.review_answer import item_json, result_json
from bedside.hub.review_desk import Looked, ReviewDesk
from bedside.hub.review_stills import PassedOver
from bedside.hub.sockets import SOCKETS
from bedside.review.listed import Shelf
from bedside.review.notes import ITEM_KINDS, check
from bedside.review.opened import RESULTS_MOST, Opened
from bedside.session.names import ITEM
from bedside.session.recorded import Recorded

T = TypeVar("T")
WIDTH_MOST = 8192
MOST_NAME = 200
GZIP_FROM_BYTES = 4096
VIDEO_TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska"}


def add_review(app: web.Application, shelf: Shelf | None, page_dir: Path) -> None:
    """Puts the review's routes into `app`, and ends its threads with it; without a shelf there are no sessions."""
    desk = ReviewDesk(shelf) if shelf is not None else None
    app.add_routes(Review(desk, page_dir).routes())

    async def run(_: web.Application) -> AsyncIterator[None]:
        yield
        if desk is not None:
            desk.close()

    app.cleanup_ctx.append(run)


class Review:
    """The handlers. An error under `/api` is `{"error": "one sentence"}`."""

    def __init__(self, desk: ReviewDesk | None, page_dir: Path) -> None:
        self._reviewed = desk
        self._page = page_dir / "review.html"

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        one = "/api/sessions/{session}"
        return [
            web.get("/review", self.page),
            web.get("/review/{session}", self.page),
            web.get("/api/sessions", self.sessions),
            web.get(one, self.session),
            web.get(f"{one}/frames", self.frames),
            web.get(f"{one}/timeline", self.timeline),
            web.get(f"{one}/results", self.results),
            web.get(f"{one}/video/{{number}}", self.video),
            web.get(f"{one}/frame/{{row}}.jpg", self.jpeg),
            web.get(f"{one}/frame/{{row}}.png", self.png),
            web.get(f"{one}/items", self.items),
            web.get(f"{one}/items/{{kind}}/{{name}}.png", self.item_png),
            web.get(f"{one}/items/{{kind}}/{{name}}.mp4", self.item_clip),
            web.get(f"{one}/notes", self.notes),
            web.post(f"{one}/notes", self.add_note),
            web.post(f"{one}/delete", self.delete),
        ]

    async def page(self, _: web.Request) -> web.StreamResponse:
        """The page; which session it shows, it reads from its address."""
        return web.FileResponse(self._page)

    async def sessions(self, request: web.Request) -> web.Response:
        """All sessions, newest first; a broken one with its problem."""
        found = await _found(self._desk().listed())
        may = request[WHO].role >= Role.ADMIN
        return await _json(request, {"sessions": found, "may_delete": may, "has_live": SOCKETS in request.app})

    async def session(self, request: web.Request) -> web.Response:
        """What a page needs first."""
        return await _json(request, await self._asked(request, Opened.about))

    async def frames(self, request: web.Request) -> web.Response:
        """Every frame of the video, as columns."""
        return await _json(request, await self._asked(request, Opened.frames))

    async def timeline(self, request: web.Request) -> web.Response:
        """Signal, gaps, verdicts and marks over the session's time."""
        return await _json(request, await self._asked(request, Opened.timeline))

    async def results(self, request: web.Request) -> web.Response:
        """What the engines answered to some frames."""
        first, count = _number(request, "first", 0, 2**31), _number(request, "count", 1, RESULTS_MOST)
        replay = request.query.get("replay", "")

        def work(opened: Opened) -> dict[str, Any]:
            results, lines = opened.results(first, count, replay)
            said = opened.said()
            return {"results": [result_json(row, line, results, said) for row, line in lines]}

        return await _json(request, await self._asked(request, work))

    async def video(self, request: web.Request) -> web.StreamResponse:
        """A segment's file, or a part of it."""
        folder = await _found(self._desk().folder(request.match_info["session"]))
        number = request.match_info["number"]
        segments = (await _found(asyncio.to_thread(lambda: Recorded(folder).segments))) if _is_row(number) else {}
        segment = segments.get(int(number)) if segments else None
        if segment is None:
            raise web.HTTPNotFound(text=f"this session has no video segment {number[:20]!r}")
        return _file(segment.path, VIDEO_TYPES[segment.path.suffix])

    async def jpeg(self, request: web.Request) -> web.Response:
        """The exact picture of a frame, in the width that is asked for."""
        width = _number(request, "width", 1, WIDTH_MOST, WIDTH_MOST)
        looked, row = await self._look(request), _row(request)
        return _picture(await _found(looked.stills.jpeg(row, width)), "image/jpeg")

    async def png(self, request: web.Request) -> web.Response:
        """The exact picture of a frame, lossless."""
        looked, row = await self._look(request), _row(request)
        return _picture(await _found(looked.stills.png(row)), "image/png")

    async def items(self, request: web.Request) -> web.Response:
        """Snapshots and best frames."""

        def work(opened: Opened) -> dict[str, Any]:
            said = opened.said()
            return {
                "items": [
                    item_json(kind, item, opened.name, said) | opened.place(item.about) for kind, item in opened.items()
                ]
            }

        return await _json(request, await self._asked(request, work))

    async def item_png(self, request: web.Request) -> web.StreamResponse:
        """The picture of a snapshot or a best frame, lossless."""
        return await self._item(request, ".png", "image/png")

    async def item_clip(self, request: web.Request) -> web.StreamResponse:
        """The seconds before a snapshot."""
        return await self._item(request, ".mp4", "video/mp4")

    async def notes(self, request: web.Request) -> web.Response:
        """What was said of the session."""
        return await _json(request, {"notes": await self._asked(request, Opened.notes)})

    async def add_note(self, request: web.Request) -> web.Response:
        """One more note; beside the originals, never over them."""
        note = await body_of(request)
        try:
            check(note)
        except SessionError as error:
            raise refused(str(error)) from None
        looked = await self._look(request)
        try:
            kept = await looked.ask(lambda opened: opened.add_note(note))
        except SessionError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}; the note was not kept") from None
        return web.json_response(kept, status=201)

    async def delete(self, request: web.Request) -> web.Response:
        """One session, for ever; its name is said twice, and the access log has it before anything is gone."""
        name, who, access = request.match_info["session"], request[WHO], request.app[DESK].log
        if text_in(await body_of(request), "name", MOST_NAME) != name:
            raise refused("name is not the session's; nothing was deleted")

        def told() -> None:
            if access is not None:
                access.write(who, "session delete", session=name, address=request.remote)

        try:
            await _found(self._desk().delete(name, told))
        except AccessError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}; nothing was deleted") from None
        return web.json_response({"name": name})

    async def _item(self, request: web.Request, suffix: str, content_type: str) -> web.StreamResponse:
        folder = await _found(self._desk().folder(request.match_info["session"]))
        kind, name = request.match_info["kind"], request.match_info["name"]
        path = folder / kind / f"{name}{suffix}"
        is_known = kind in ITEM_KINDS and ITEM.fullmatch(name) is not None
        if not is_known or not await asyncio.to_thread(lambda: path.is_file() and not path.is_symlink()):
            raise web.HTTPNotFound(text=f"this session has no {suffix[1:]} {kind[:20]}/{name[:60]}")
        return _file(path, content_type)

    async def _asked(self, request: web.Request, work: Any) -> Any:
        looked = await self._look(request)
        return await _found(looked.ask(work))

    async def _look(self, request: web.Request) -> Looked:
        return await _found(self._desk().look(request.match_info["session"]))

    def _desk(self) -> ReviewDesk:
        if self._reviewed is None:
            raise web.HTTPNotFound(text="this server keeps no sessions; set [session] folder")
        return self._reviewed


async def _found(work: Awaitable[T]) -> T:
    """The outcome; 404 with its sentence where it cannot be had, 409 not now, 503 where newer wishes came."""
    try:
        return await work
    except PassedOver as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from None
    except NotNow as error:
        raise web.HTTPConflict(text=str(error)) from None
    except SessionError as error:
        raise web.HTTPNotFound(text=str(error)) from None


async def _json(request: web.Request, answer: object) -> web.Response:
    """`answer` as JSON, or as it is where it is JSON already; packed where it is long and the browser unpacks it."""
    is_packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")

    def pack() -> tuple[bytes, bool]:
        data = answer if isinstance(answer, bytes) else _text(answer).encode()
        return (gzip.compress(data, 1), True) if is_packed and len(data) > GZIP_FROM_BYTES else (data, False)

    data, is_gzip = await asyncio.to_thread(pack)
    response = web.Response(body=data, content_type="application/json", charset="utf-8")
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    if is_gzip:
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


def _text(answer: object) -> str:
    try:
        return text_of(answer)
    except ValueError:  # a number in a damaged file that JSON does not know
        return text_of(plain(answer))


def _picture(data: bytes, content_type: str) -> web.Response:
    return web.Response(body=data, content_type=content_type)


def _file(path: Path, content_type: str) -> web.FileResponse:
    return web.FileResponse(path, headers={hdrs.CONTENT_TYPE: content_type})


def _row(request: web.Request) -> int:
    text = request.match_info["row"]
    if not _is_row(text):
        raise web.HTTPNotFound(text=f"there is no frame {text[:20]!r}; expected its place in the video, from 0")
    return int(text)


def _is_row(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _number(request: web.Request, name: str, least: int, most: int, default: int | None = None) -> int:
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    if text is None or not _is_row(text) or not least <= int(text) <= most:
        raise refused(f"{name} is {str(text)[:20]!r}; expected a whole number from {least} to {most}")
    return int(text)
