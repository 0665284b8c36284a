"""The order of one engine process's life: listen, load, answer."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
from time import monotonic, sleep  # by name: model code may replace what the modules hold
from typing import Any, List, Optional, Tuple

from bedside_engine import heartbeat, loader, log
from bedside_engine.regions import Regions
from bedside_engine.routes import Routes
from bedside_engine.server import UNIX, Adopt, Conversation, Request, Server
from bedside_engine.status import Status

REASON_SHOWN_S = 2.0


def main(argv: Optional[List[str]] = None) -> None:
    """Serve one engine until the process is stopped. Exit status 1: it cannot be loaded; 2: wrong arguments."""
    options = _arguments(argv)
    if options.bare:
        from bedside_engine import bare  # noqa: PLC0415  needs numpy

        bare.run(options.path, options.deadline, options.start_deadline, options.unusable)
    status, regions = Status(options.name), Regions()
    heartbeat.start(status)
    worker: List[Any] = []

    def adopt(conversation: Conversation, request: Request) -> bool:
        if not worker or not Routes.is_inference(request):
            return False
        worker[0].adopt(conversation, request)
        return True

    server = _listen(options, Routes(status, regions), adopt)
    log.say("engine %s on %s, %s, Python %s" % (options.name, server.place, options.path, sys.version.split()[0]))
    started = monotonic()
    try:
        model, kind = _load(options)
        worker.append(kind(status, regions, model, options.deadline, options.start_deadline))
        log.say("loaded in %.1f s" % (monotonic() - started))
        worker[0].run()
    except loader.CannotLoad as error:
        status.state, status.error = "FAILED", str(error)
        log.say(str(error))
        sleep(REASON_SHOWN_S)  # so that whoever asks reads the reason, too
        sys.stdout = sys.stderr = log.stream()
        os._exit(1)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:  # such as what a signal handler of the model raises here
        log.say_traceback()
        os._exit(1)  # not by the ordinary way out, on which the model's threads and handlers might hang


def _listen(options: argparse.Namespace, routes: Routes, adopt: Adopt) -> Server:
    """A server that answers from now on. Exits when it cannot have its place."""
    try:
        server = Server(options.host, options.port, routes.answer, adopt)
    except OSError as error:
        at = options.host if options.host.startswith(UNIX) else "%s:%d" % (options.host, options.port)
        other = "path" if at == options.host else "port"
        log.say("cannot listen on %s: %s; choose another %s" % (at, error.strerror or error, other))
        sys.exit(1)
    server.start()
    return server


def _load(options: argparse.Namespace) -> Tuple[loader.Model, Any]:
    """The model, imported under the watchdog, and the class that runs it."""
    if options.unusable:
        raise loader.CannotLoad(options.unusable)
    faulthandler.dump_traceback_later(options.start_deadline, exit=True, file=log.stream())
    try:
        try:
            import numpy  # noqa: PLC0415, F401
        except ImportError as error:
            raise loader.CannotLoad("numpy cannot be imported: %s; %s" % (error, loader.how_to_install("numpy")))
        from bedside_engine.worker import Worker  # noqa: PLC0415  needs numpy, and comes before the model's folder does

        file = loader.find(options.path)
        loader.settle(file)
        return loader.load(file), Worker
    finally:
        faulthandler.cancel_dump_traceback_later()


def _arguments(argv: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bedside_engine", description="Serve one model to Bedside.")
    parser.add_argument("--path", required=True, help="folder with engine.py, or a Python file")
    parser.add_argument("--name", default="", help="the engine's name; default: the folder's")
    parser.add_argument("--host", default="127.0.0.1", help="unix:/path/to/socket listens there, without a port")
    parser.add_argument("--port", type=int, default=8720, help="0 takes a free one and says which in the log")
    parser.add_argument("--bare", action="store_true", help="no server: pictures on stdin, times on stdout")
    parser.add_argument("--deadline", type=float, default=10.0, help="seconds that a prediction may take")
    parser.add_argument("--start-deadline", type=float, default=300.0, help="seconds that loading may take")
    parser.add_argument("--unusable", metavar="SENTENCE", help="load nothing, and say this to whoever asks")
    options = parser.parse_args(argv)
    for option in ("deadline", "start_deadline"):
        if not 0 < getattr(options, option) < 1e6:
            parser.error("--%s: expected seconds above 0" % option.replace("_", "-"))
    options.name = options.name or loader.name_of(options.path)
    return options
