"""Listening: the application on a host and port, for as long as a block runs."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bedside.errors import SettingsError
from bedside.hub.guard import check_listening

SHUTDOWN_S = 1.0


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int, token: str = "") -> AsyncIterator[int]:
    """Serves `app` while the block runs and yields the port (one that is free where `port` is 0).

    Raises SettingsError when the port is taken, the host is not this machine's, or others could reach it without a
    token.
    """
    check_listening(host, token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(_sentence(error, host, port)) from error
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"[server] port is {port}, and another program listens there; stop it or set another port"
    if error.errno == errno.EACCES:
        return f"[server] port is {port}, which this user may not open; set one above 1023"
    return (
        f"[server] host is {host!r}, and this machine cannot listen there ({error.strerror}); 127.0.0.1 is this machine"
    )
