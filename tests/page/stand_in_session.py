"""The stand-in's session: what a page may ask of it, kept in memory, and refused in the server's words."""

import re
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from aiohttp import web

Json = dict[str, Any]
CODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{1,16}")
NOT_A_CODE = "participant is 'Maria Smith'; expected a code such as P1, and never a name"
NO_SESSION = "no session runs; start one first"
RECORDER: Json = {
    "state": "idle",
    "message": "",
    "recording_ms": 0.0,
    "frames": 0,
    "losses": 0,
    "video_bytes": 0,
    "free_bytes": 180_000_000_000,
}
RECORDING: Json = {
    **RECORDER,
    "state": "recording",
    "recording_ms": 187_400.0,
    "frames": 5622,
    "video_bytes": 90_000_000,
}
RUNNING: Json = {
    "name": "2026-11-23T10-12-33_P1",
    "participant": "P1",
    "arm": "explain",
    "consent": True,
    "start_wall_ns": 1_795_430_000_000_000_000,
    "running_ms": 214_000.0,
    "recording": True,
    "problem": "",
}
LIKERT: Json = {
    "name": "trust",
    "title": "Trust in the AI",
    "intro": "Think of the scan that you have just done.",
    "source": "",
    "scoring": "mean",
    "items": [
        {"name": "q1", "text": "I trusted what the AI said.", "least": 1, "most": 5, "step": 1}
        | {"least_text": "Strongly disagree", "most_text": "Strongly agree", "is_reversed": False},
        {"name": "q2", "text": "I would have done without it.", "least": 1, "most": 7, "step": 1}
        | {"least_text": "Never", "most_text": "Always", "is_reversed": True},
    ],
}
SCALE: Json = {
    "least": 0,
    "most": 100,
    "step": 5,
    "least_text": "Very low",
    "most_text": "Very high",
    "is_reversed": False,
}
LOAD: Json = {
    "name": "load",
    "title": "Task load",
    "intro": "",
    "source": "",
    "scoring": "none",
    "items": [
        {**SCALE, "name": "mental", "text": "Mental demand: how mentally demanding was the task?"},
        {**SCALE, "name": "effort", "text": "Effort: how hard did you have to work?"},
    ],
}


@dataclass
class Session:
    """What the stand-in keeps. Change a field while a page looks on."""

    running: Json | None = None
    last: str | None = None
    proposed: Json = field(default_factory=lambda: {"participant": "P7", "arm": "explain"})
    needs_consent: bool = True
    best: list[Json] = field(default_factory=list)
    questionnaires: list[Json] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: ["Head", "Abdomen", "Femur"])
    refusal: str = ""
    """Why there is no session to speak of at all."""

    def routes(self, script: Any, posts: list[tuple[str, Json]]) -> list[web.RouteDef]:
        """The addresses of a session; what is posted is put down in `posts`."""

        async def session(_: web.Request) -> web.Response:
            return _error(404, self.refusal) if self.refusal else web.json_response(self._about(script))

        async def best(_: web.Request) -> web.Response:
            return web.json_response({"best": self.best})

        async def png(_: web.Request) -> web.Response:
            done, data = cv2.imencode(".png", np.full((120, 160), 90, np.uint8))
            assert done
            return web.Response(body=data.tobytes(), content_type="image/png")

        async def jpg(_: web.Request) -> web.Response:
            done, data = cv2.imencode(".jpg", script.paint(1)[..., ::-1])
            assert done
            return web.Response(body=data.tobytes(), content_type="image/jpeg")

        async def questionnaire(request: web.Request) -> web.Response:
            found = [one for one in self.questionnaires if one["name"] == request.match_info["name"]]
            return web.json_response(found[0]) if found else _error(404, "there is no such questionnaire")

        async def post(request: web.Request) -> web.Response:
            body = await request.json()
            posts.append((request.path, body))
            if script.refuse:
                return _error(507, script.refuse)
            return self._done(script, request.path, body)

        return [
            web.get("/api/session", session),
            web.get("/api/best", best),
            web.get("/api/best/{name}.png", png),
            web.get("/api/best/{name}.jpg", jpg),
            web.get("/api/questionnaires/{name}", questionnaire),
            web.post("/api/session/{deed}", post),
            web.post("/api/feedback", post),
            web.post("/api/sessions/{session}/questionnaires/{name}", post),
        ]

    def _about(self, script: Any) -> Json:
        views = [{"name": name, "title": name.title()} for name in ("explain", "verdict", "video")]
        asked = [{"name": one["name"], "title": one["title"]} for one in self.questionnaires]
        own: Json = {"session": self.running, "recorder": script.recorder, "last": self.last, "labels": self.labels}
        form = {"proposed": self.proposed, "arms": views, "needs_consent": self.needs_consent, "questionnaires": asked}
        return own | form

    def _done(self, script: Any, path: str, body: Json) -> web.Response:
        if path == "/api/session/start":
            return self._start(script, body)
        if path.startswith("/api/sessions/"):
            return web.json_response({"scores": {"mean": 3.5}}, status=201)
        if self.running is None:
            return _error(409, NO_SESSION)
        if path == "/api/session/end":
            self.last, self.running = self.running["name"], None
            script.recorder = dict(RECORDER)
            return web.json_response({"session": self.last})
        if path == "/api/session/record":
            self.running["recording"] = body["on"]
            script.recorder = dict(RECORDING if body["on"] else RECORDER)
            return web.json_response({"on": body["on"]})
        return web.json_response({"seq": body["seq"]}, status=201)

    def _start(self, script: Any, body: Json) -> web.Response:
        if body["participant"] and not CODE.fullmatch(body["participant"]):
            return _error(400, NOT_A_CODE)
        if self.needs_consent and body["consent"] is not True:
            return _error(409, "consent was not given; tick it once it was")
        rest = {"participant": body["participant"], "arm": body["arm"], "recording": body["recording"]}
        self.running = {**RUNNING, **rest}
        script.recorder = dict(RECORDING if body["recording"] else RECORDER)
        return web.json_response({"session": self.running["name"]}, status=201)


def _error(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
