"""`/api/intervention`: a person corrects what an engine saw in a frame, and the engine answers that frame again."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bedside import clock
from bedside.errors import Unreachable
from bedside.hub.answer import score_of, text_of
from bedside.hub.asked import body_of, error_json, one_of, refused, seq_in, text_in
from bedside.hub.feed import Feed
from bedside.hub.recall import Gone
from bedside.hub.view import View
from bedside.hub.visit import Visit
from bedside.messages import Frame, Pixels, Result
from bedside_engine.corrections import BadCorrections, corrections_of

ALL = View("all")
"""What a program gets that names no view."""


class InterventionApi:
    """The handler. The original result stays what it is, everywhere; a session that runs gets a mark."""

    def __init__(self, feed: Feed, views: Mapping[str, View], visit: Visit | None) -> None:
        self._feed = feed
        self._views = views
        self._visit = visit

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.post("/api/intervention", self.intervene)]

    async def intervene(self, request: web.Request) -> web.Response:
        """The engine's answer to the very frame, with all that is corrected of it."""
        asked = await body_of(request)
        seq, corrections = seq_in(asked), _corrections(asked)
        if seq is None:
            raise refused("seq is missing; expected the number of the frame that is corrected")
        engine = one_of(asked, "engine", self._feed.engine_names)
        name = one_of(asked, "view", self._views, default="")
        page = text_in(asked, "page", 40, default="")
        before = next((item.result for item in self._feed.recall.answers(seq) if item.result.engine == engine), None)
        try:
            frame, pixels = await self._kept(seq)
            after = await self._ask(engine, frame, pixels, corrections)
        except (Gone, Unreachable) as error:
            return error_json(409, str(error))
        if after.error:
            return error_json(502, f"engine {engine} has no corrected answer: {after.error}")
        where = {"engine": engine, "seq": seq, "captured_ns": frame.captured_ns, "view": name, "page": page}
        if self._visit is not None:
            verdicts = {"before": verdict_of(before), "after": verdict_of(after)}
            self._visit.note("intervention", **where, **corrections, **verdicts)
        view = self._views.get(name, ALL)
        was = text_of(verdict_of(before) if view.shows("verdict") else None)
        return web.Response(
            text=f'{{"before":{was},"result":{await self._feed.text_again(after, view)}}}',
            content_type="application/json",
        )

    async def _ask(self, engine: str, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """Raises Unreachable where the engine cannot be asked now, or never takes corrections."""
        if self._feed.answer_again is None:
            raise Unreachable(f"engine {engine} takes no corrections: a pipeline makes the answers here")
        return await self._feed.answer_again(engine, frame, pixels, corrections)

    async def _kept(self, seq: int) -> tuple[Frame, Pixels]:
        """The frame as it was, and its exact pixels. Raises Gone."""
        recall = self._feed.recall
        frame, pixels, captured_ns = recall.frame(seq), recall.pixels(seq), recall.captured_ns(seq)
        if pixels is None:
            pixels = await self._feed.darkroom.run(lambda: recall.fetch(frame))
        if frame is None:  # a person has held it for long
            now_ns = clock.monotonic_ns()
            captured_ns = now_ns if captured_ns is None else captured_ns
            known, (height, width) = recall.known(seq), pixels.shape[:2]
            wall_ns = known.wall_ns if known else clock.wall_ns() - (now_ns - captured_ns)
            signal = known.signal if known else self._feed.status.signal
            frame = Frame(seq, captured_ns, wall_ns, width, height, signal, captured_ns)
        return frame, pixels


def verdict_of(result: Result | None) -> dict[str, Any] | None:
    """`label`, `level` and `score` of a verdict; None where there is none."""
    verdict = result.answer.get("verdict") if result is not None else None
    if not isinstance(verdict, Mapping):
        return None
    return {
        "label": str(verdict.get("label", "")),
        "level": str(verdict.get("level", "none")),
        "score": score_of(verdict),
    }


def _corrections(asked: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Concepts and labels. Raises HTTPBadRequest, with the sentence, for what is none."""
    try:
        corrections = corrections_of({part: asked.get(part) for part in ("concepts", "labels")})
    except BadCorrections as error:
        raise refused(str(error)) from None
    if corrections is None:
        raise refused("nothing is corrected; expected a concept that is true or false, or a label that is false")
    return corrections
