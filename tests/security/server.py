"""The whole application with something in it, on a loop of its own, for clients that wait while they ask."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.box import wait
from tests.hub.conftest import Scanner, live, ready, result_of
from tests.orthanc import free_port
from tests.recording import Plan, make_session

from bedside.cli import broadcast, serve
from bedside.hub.feed import Feed
from bedside.hub.server import listening
from bedside.settings import load

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


SETTINGS = f"""
[source]
url = "synthetic:?size=320x240"
port = {{port}}
[server]
token = "{TOKEN}"
[session]
participant = "P1"
arm = "explain"
questionnaires = ["sus"]
planes = ["head"]
[recorder]
session_gb = 0.0
reserve_gb = 0.0
"""


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """The application of `bedside serve` and its broadcaster: an answer, a finished session, and a log of a process."""
    sessions = folder / "sessions"
    sessions.mkdir()
    session = make_session(sessions, Plan(seconds=2.0, segment_s=1.0)).name
    (folder / "logs").mkdir()
    (folder / "logs" / "serve.log").write_text("a line\n")
    file = folder / "bedside.toml"
    file.write_text(SETTINGS.format(port=free_port()))
    settings = load(file)
    stop: list[Callable[[], object]] = []
    ready_: Future[tuple[int, Feed]] = Future()

    async def run() -> None:
        scanner, ended = Scanner(), asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        feed = Feed(scanner.borrow, engines=("pcbm", "bpd"))
        async with (
            asyncio.TaskGroup() as group,
            listening(serve._app(settings, file, feed, str), "127.0.0.1", 0) as port,
        ):
            group.create_task(broadcast._broadcast(settings, ended))
            for event in (live(), ready(), frame := scanner.shoot()):
                feed.put(event)
            feed.put_result(result_of(frame, **VERDICT), scanner.ring[frame.seq].copy())
            await asyncio.to_thread(wait, lambda: _is_open(settings.source.port), "the broadcaster is there", 10)
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


def _is_open(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
