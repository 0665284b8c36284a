"""Listening: the application on one or several addresses, for as long as a block runs."""

import errno
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bedside.errors import SettingsError
from bedside.hub.door import ON_REFUSED, Door
from bedside.hub.no_http import RequestLog

SHUTDOWN_S = 1.0
IDLE_S = 30.0
"""A connection may be without a whole request for so long: neither who sends nothing nor who trickles stays."""


class Doors:
    """The addresses on which one application listens now."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._open: dict[tuple[str, int], Door] = {}

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listens there too, encrypted where `tls` is given; returns the port (one that is free where `port` is 0).

        Raises SettingsError when the port is taken or the host is not this machine's.
        """
        site = Door(self._runner, host, port, tls, self._runner.app.get(ON_REFUSED, lambda: None))
        try:
            await site.start()
        except OSError as error:
            if site in self._runner.sites:
                await site.stop()
            raise SettingsError(_sentence(error, host, port)) from error
        self._open[host, port] = site
        return int(self._runner.addresses[-1][1])

    async def close(self, host: str, port: int) -> None:
        """Listens there no more."""
        site = self._open.pop((host, port), None)
        if site is not None:
            await site.stop()


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[Doors]:
    """Runs `app` while the block runs; it listens where its doors are opened."""
    runner = web.AppRunner(
        app, access_log=None, logger=RequestLog(), shutdown_timeout=SHUTDOWN_S, keepalive_timeout=IDLE_S
    )
    await runner.setup()
    try:
        yield Doors(runner)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serves `app` on one address while the block runs and yields the port (one that is free where `port` is 0).

    Raises SettingsError when the port is taken or the host is not this machine's.
    """
    async with serving(app) as doors:
        yield await doors.open(host, port, tls)


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"[server] port is {port}, and another program listens there; stop it or set another port"
    if error.errno == errno.EACCES:
        return f"[server] port is {port}, which this user may not open; set one above 1023"
    return (
        f"[server] host is {host!r}, and this machine cannot listen there ({error.strerror}); 127.0.0.1 is this machine"
    )
