"""What this machine can do at best: any figure of ours is some multiple of these.

Each is measured twice over: again and again without a rest, and after a pause as long as between two pictures. On a
processor that sleeps in between, and most of all on a virtual one, what is done after a pause costs several times more.
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from bedside import clock
from bedside.bench.spread import Spread, spread
from bedside.bus import jpeg
from bedside.source.synthetic_screen import Screen

PAUSE_S = 1 / 30
PAGE_PX = 960
"""Width of the picture that a tablet asks for."""
REQUEST_BYTES = 200
"""As many as the head of a question to an engine, and as its answer."""
SCREEN_MS = 1000 / 60
"""Between two redraws of a screen."""
COPY, TRIP, SCALE = "copy of the picture", "loopback round trip", f"scaled to {PAGE_PX} px"
ENCODE, DECODE, SCREEN = f"JPEG made, {PAGE_PX} px", f"JPEG read, {PAGE_PX} px", "one redraw of a screen, 60 a second"
AFTER = ", after a pause"
NAMES = (COPY, TRIP, SCALE, ENCODE, DECODE)
ECHO = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as link:
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while said := link.recv(65536):
        link.sendall(said)
"""


def limits(width: int, height: int, rounds: int, show: Callable[[], None] = lambda: None) -> dict[str, Spread]:
    """Milliseconds of each of NAMES, and with AFTER behind its name after a pause, for pictures of this size.

    `rounds` of each; `show` is called ten times, once each is measured. SCREEN stands among them, and is reckoned.
    """
    found: dict[str, Spread] = {}
    with _works(width, height) as works:
        for name, work in works.items():
            for behind, pause_s in (("", 0.0), (AFTER, PAUSE_S)):
                found[name + behind] = spread(_times_ms(work, rounds, pause_s))
                show()
    return found | {SCREEN: spread([SCREEN_MS])}


@contextmanager
def _works(width: int, height: int) -> Iterator[dict[str, Callable[[], object]]]:
    pixels = Screen(width, height).draw(1, 1, 0.0, frozen=False)
    into = np.empty_like(pixels)
    size = (PAGE_PX, max(1, round(height * PAGE_PX / width)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    data = jpeg.encode(small)
    with _echo() as trip:
        yield {
            COPY: lambda: np.copyto(into, pixels),
            TRIP: trip,
            SCALE: lambda: cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
            ENCODE: lambda: jpeg.encode(small),
            DECODE: lambda: jpeg.decode(data),
        }


@contextmanager
def _echo() -> Iterator[Callable[[], object]]:
    """One question to another process and its answer, over sockets that wait for nothing but each other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", ECHO, str(port)]) as other:
            link, _ = listener.accept()
            with link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                yield lambda: _ask(link)
            other.wait()


def _ask(link: socket.socket) -> None:
    link.sendall(bytes(REQUEST_BYTES))
    left = REQUEST_BYTES
    while left:
        left -= len(link.recv(left))


def _times_ms(work: Callable[[], object], rounds: int, pause_s: float) -> list[float]:
    """The first time does not count: it fills caches that are never empty again."""
    work()
    times = []
    for _ in range(rounds):
        if pause_s:
            clock.wait_s(pause_s)
        started_ns = clock.monotonic_ns()
        work()
        times.append((clock.monotonic_ns() - started_ns) / clock.NS_PER_MS)
    return times
