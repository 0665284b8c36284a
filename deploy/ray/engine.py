"""A Bedside engine as a Ray Serve deployment: the same folder with engine.py, in as many replicas as there is room for.

    serve run engine:application path=/path/to/engine name=planes replicas=2

Each replica loads the model once, in a process of its own. Ray gives a request to a replica that is free.
"""

import asyncio

from ray import serve
from starlette.requests import Request
from starlette.responses import Response

from bedside_engine.application import Application


@serve.deployment(max_ongoing_requests=2, ray_actor_options={"num_cpus": 1})
class Engine:
    """`max_ongoing_requests` is 2, so that a replica says how it is while it computes."""

    def __init__(self, path: str, name: str) -> None:
        self.application = Application(path, name, moves_in=True)

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        status, headers, content = await asyncio.to_thread(
            self.application.answer, request.method, request.url.path, dict(request.headers), body
        )
        return Response(content, status, headers)


def application(arguments):
    """What `serve run` starts."""
    engine = Engine.options(num_replicas=int(arguments.get("replicas", 2)))
    return engine.bind(arguments["path"], arguments["name"])
