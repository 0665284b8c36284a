"""The whole application with something in it, on a loop of its own, for clients that wait while they ask."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hub.conftest import VIEWS, Scanner, live, ready, result_of
from tests.recording import Plan, make_session

from bedside.hub.access_desk import AccessDesk
from bedside.hub.app import create_app
from bedside.hub.feed import Feed
from bedside.hub.running import Customs
from bedside.hub.server import listening
from bedside.hub.visit import Visit
from bedside.session.desk import Desk, Who
from bedside.session.questionnaire import load_all

TOKEN = "the-token-of-an-admin"
VERDICT: dict[str, Any] = {
    "verdict": {"label": "head", "level": "good", "score": 0.9},
    "concepts": [{"name": "thalami", "ok": True}],
}


@dataclass(frozen=True)
class Server:
    """One that runs. `session` is a finished session of it; `sessions` the folder that it lies in."""

    url: str
    port: int
    sessions: Path
    session: str
    feed: Feed


@contextmanager
def served(folder: Path, *, token: str = TOKEN, **options: Any) -> Iterator[Server]:
    """Pictures, an answer, a finished session, and one that runs; whoever shows `token` is an admin."""
    sessions = folder / "sessions"
    sessions.mkdir()
    session = make_session(sessions, Plan(seconds=2.0, segment_s=1.0)).name
    stop: list[Callable[[], object]] = []
    ready_: Future[tuple[int, Feed]] = Future()

    async def run() -> None:
        scanner, ended = Scanner(), asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        feed = Feed(scanner.borrow, engines=("pcbm", "bpd"))
        customs = Customs(Who("P1", "explain"), questionnaires=load_all(("sus",), folder), planes=("head",))
        visit = Visit(feed, Desk(sessions), customs)
        app = create_app(
            feed,
            views=VIEWS,
            default_view="explain",
            visit=visit,
            about={},
            token=token,
            access=AccessDesk(folder / "access"),
            **options,
        )
        async with listening(app, "127.0.0.1", 0) as port:
            for event in (live(), ready(), frame := scanner.shoot()):
                feed.put(event)
            feed.put_result(result_of(frame, **VERDICT), scanner.ring[frame.seq].copy())
            ready_.set_result((port, feed))
            await ended.wait()

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if ready_.done():
                raise
            ready_.set_exception(error)

    serving = threading.Thread(target=thread, name="server of a test")
    serving.start()
    try:
        port, feed = ready_.result(20)
        yield Server(f"http://127.0.0.1:{port}", port, sessions, session, feed)
    finally:
        for end in stop:
            end()
        serving.join(20)
