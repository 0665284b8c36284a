"""Runs one long-lived part in this process until somebody ends it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable

from bedside.supervisor.heartbeat import beat, die_with_parent, heartbeat_fd

SWITCH_S = 0.0005
"""How long a thread of ours may keep the event loop waiting for the interpreter lock; Python's own 5 ms are a third of
what a frame has until it is painted."""


def stop_signals() -> list[signal.Signals]:
    """What ends a process of ours. One that was started with `nohup` lives on when its terminal is closed."""
    hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hangup]


def end_as_by_ctrl_c() -> None:
    """Have whatever ends a process of ours raise KeyboardInterrupt, so that what is half done is left in order."""
    for number in stop_signals():
        signal.signal(number, signal.default_int_handler)


def live(work: Callable[[asyncio.Event], Awaitable[None]], *, draws: bool = True) -> int:
    """Run `work(stop)` with signs of life until it returns; `stop` is set by a signal or when the supervisor goes.

    `draws` says whether OpenCV works in this process; where it does not, its 16 MB are not loaded.

    Returns 130 after Ctrl-C and 0 otherwise; raises what the work raises.
    """
    die_with_parent()
    sys.setswitchinterval(SWITCH_S)
    if draws:
        import cv2

        cv2.setNumThreads(1)  # its own pool would wake a thread per core for every picture; we have threads of our own
    try:
        return asyncio.run(_live(work))
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:  # one task of several failed; its error is what a person should read
            raise group.exceptions[0] from None
        raise


async def _live(work: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    stop = asyncio.Event()
    heard: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        heard.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in stop_signals():
        loop.add_signal_handler(number, end, number)
    heart = asyncio.create_task(beat(stop, heartbeat_fd()))
    try:
        await work(stop)
    finally:
        heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heart
    return 130 if signal.SIGINT in heard else 0
