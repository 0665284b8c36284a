"""`/api/session`, feedback and questionnaires: what a person does with a session, from a page or a script."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bedside.errors import NotNow, SessionError
from bedside.hub.access_desk import ABOUT
from bedside.hub.asked import body_of, choice, error_json, one_of, refused, seq_in, text_in
from bedside.hub.feed import Feed
from bedside.hub.running import recorder_json
from bedside.hub.view import View
from bedside.hub.visit import Visit
from bedside.session.desk import Who
from bedside.session.names import SESSION, check_participant
from bedside.session.paths import Paths

LEVELS = ("good", "near", "poor", "none")
THUMBS = ("up", "down")
FEEDBACK = ("thumb", "verdict", "concept", "note")
MOST_NOTE = 2000
MOST_NAME = 200


class SessionApi:
    """The handlers. An error is `{"error": "one sentence"}`."""

    def __init__(self, feed: Feed, views: Mapping[str, View], visit: Visit | None) -> None:
        self._feed = feed
        self._views = views
        self._visit = visit

    def routes(self) -> list[web.RouteDef]:
        """Every route of a running session."""
        return [
            web.get("/api/session", self.session),
            web.post("/api/session/start", self.start),
            web.post("/api/session/end", self.end),
            web.post("/api/session/record", self.record),
            web.post("/api/feedback", self.feedback),
            web.get("/api/questionnaires/{name}", self.questionnaire),
            web.post("/api/sessions/{session}/questionnaires/{name}", self.answers),
        ]

    async def session(self, _: web.Request) -> web.Response:
        """Which session runs, what the recorder does, and what a form for a new one offers."""
        visit = self._kept()
        customs, running = visit.customs, visit.running
        return web.json_response(
            {
                "session": running
                and {
                    **running.as_json(),
                    "consent": running.consent,
                    "start_wall_ns": running.start_wall_ns,
                    "recording": visit.is_recording_wanted,
                },
                "recorder": recorder_json(visit.recorder),
                "last": visit.last or None,
                "proposed": {"participant": customs.proposed.participant, "arm": customs.proposed.arm},
                "arms": [{"name": view.name, "title": view.title or view.name} for view in self._views.values()],
                "needs_consent": customs.needs_consent,
                "questionnaires": [{"name": one.name, "title": one.title} for one in customs.questionnaires.values()],
                "labels": list(visit.labels),
                "problem": visit.problem,
            }
        )

    async def start(self, request: web.Request) -> web.Response:
        """Starts a session."""
        asked = await body_of(request)
        participant = text_in(asked, "participant", MOST_NAME, default="")
        try:
            check_participant(participant)
        except SessionError as error:
            raise refused(str(error)) from None
        arm, consent, recording = asked.get("arm", ""), asked.get("consent"), asked.get("recording", False)
        if not isinstance(arm, str) or (arm and arm not in self._views):
            raise refused(f"arm is {str(arm)[:40]!r}; expected {choice(self._views)}")
        if consent is not None and not isinstance(consent, bool):
            raise refused(f"consent is {str(consent)[:40]!r}; expected true, false, or null where nobody was asked")
        if not isinstance(recording, bool):
            raise refused(f"recording is {str(recording)[:40]!r}; expected true or false")
        return await _done(self._start(request, Who(participant, arm, consent), recording), 201)

    async def end(self, request: web.Request) -> web.Response:
        """Ends the running session."""
        return await _done(self._end(request))

    async def record(self, request: web.Request) -> web.Response:
        """Video of the running session, or no more."""
        on = (await body_of(request)).get("on")
        if not isinstance(on, bool):
            raise refused(f"on is {str(on)[:40]!r}; expected true or false")
        return await _done(self._record(on))

    async def feedback(self, request: web.Request) -> web.Response:
        """What a person says of the answer on the screen."""
        asked = await body_of(request)
        seq, said = seq_in(asked), checked_feedback(asked)
        engine = one_of(asked, "engine", self._feed.engine_names, default="")
        view = one_of(asked, "view", self._views, default="")
        page = text_in(asked, "page", 40, default="")
        if seq is None and self._feed.frame is not None:
            seq = self._feed.frame.seq
        captured_ns = None if seq is None else self._feed.recall.captured_ns(seq)
        where = {"engine": engine, "seq": seq, "captured_ns": captured_ns, "view": view, "page": page}
        return await _done(self._mark("feedback", {"seq": seq}, said | where), 201)

    async def questionnaire(self, request: web.Request) -> web.Response:
        """What a questionnaire asks."""
        name = request.match_info["name"]
        asked = self._kept().customs.questionnaires.get(name)
        if asked is None:
            raise web.HTTPNotFound(text=self._no_questionnaire(name))
        return web.json_response(asked.as_json())

    async def answers(self, request: web.Request) -> web.Response:
        """A filled questionnaire, for a session that runs or has ended."""
        visit, session, name = self._kept(), request.match_info["session"], request.match_info["name"]
        asked = visit.customs.questionnaires.get(name)
        if asked is None:
            raise web.HTTPNotFound(text=self._no_questionnaire(name))
        if not await visit.ask(lambda: is_session(visit, session)):
            raise web.HTTPNotFound(text=f"there is no session {session[:80]!r}")
        given = (await body_of(request)).get("answers")
        if not isinstance(given, dict):
            raise refused("answers are missing; expected an object with the number of each item")
        try:
            checked = asked.checked(given)
        except SessionError as error:
            raise refused(str(error)) from None
        scores = asked.scores(checked)
        fields = {"questionnaire": name, "answers": checked, "scores": scores}
        return await _done(self._mark("questionnaire", {"scores": scores}, fields, session), 201)

    async def _start(self, request: web.Request, who: Who, recording: bool) -> dict[str, Any]:
        request[ABOUT] = {"session": await self._kept().start(who, recording=recording)}
        return request[ABOUT]

    async def _end(self, request: web.Request) -> dict[str, Any]:
        request[ABOUT] = {"session": await self._kept().end()}
        return request[ABOUT]

    async def _record(self, on: bool) -> dict[str, Any]:
        await self._kept().record(on)
        return {"on": on}

    async def _mark(
        self, kind: str, answer: dict[str, Any], fields: dict[str, Any], session: str = ""
    ) -> dict[str, Any]:
        await self._kept().mark(kind, session=session, **fields)
        return answer

    def _kept(self) -> Visit:
        if self._visit is None:
            raise web.HTTPNotFound(text="this server keeps no sessions; set [session] folder")
        return self._visit

    def _no_questionnaire(self, name: str) -> str:
        there = ", ".join(self._kept().customs.questionnaires) or "none; [session] questionnaires names them"
        return f"there is no questionnaire {name[:40]!r}; there is {there}"


def is_session(visit: Visit, name: str) -> bool:
    """Whether a session of this name is in the folder. Blocking."""
    folder = visit.root / name
    return SESSION.fullmatch(name) is not None and not folder.is_symlink() and Paths(folder).session.is_file()


def checked_feedback(asked: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mark. Raises HTTPBadRequest for what is none."""
    kind = one_of(asked, "feedback", FEEDBACK)
    value = asked.get("value")
    said: dict[str, Any] = {"feedback": kind, "value": value}
    match kind:
        case "thumb":
            one_of(asked, "value", THUMBS)
        case "verdict":
            said["value"] = _verdict(value)
        case "concept":
            said["name"] = text_in(asked, "name", MOST_NAME)
            if "value" not in asked or isinstance(value, dict | list) or len(str(value)) > MOST_NAME:
                raise refused(f"value is {str(value)[:40]!r}; expected text, a number, true, false or null")
        case "note":
            text_in(asked, "value", MOST_NOTE)
    return said


def _verdict(value: object) -> dict[str, Any]:
    """The label that is right, or its level, or both."""
    asked = value if isinstance(value, dict) else {"label": value}
    said = {}
    if "level" in asked:
        said["level"] = one_of(asked, "level", LEVELS)
    if "label" in asked or not said:
        said["label"] = text_in(asked, "label", MOST_NAME)
    return said


async def _done(work: Any, status: int = 200) -> web.Response:
    """The answer to what is asked; 409 where it is not possible now, 507 where it cannot be written."""
    try:
        return web.json_response(await work, status=status)
    except NotNow as error:
        return error_json(409, str(error))
    except SessionError as error:
        return error_json(507, str(error))
