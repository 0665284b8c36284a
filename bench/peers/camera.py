"""A capture device of 1920x1080 at 30 pictures a second that any program opens with `cv2.VideoCapture("bench-camera")`.

It keeps a V4L2 device's promises: four buffers, filled at the device's pace whether anybody reads or not; `read`
gives the oldest that is full, or waits; while all four are full, what comes is lost. Who reads late reads old ones.
Each picture carries its number, so that whoever has one in hand, or sees it on a page, knows when it was captured.
No thread and no process stands behind it: only time and `read` change the buffers, so both are reckoned there.
Runs in environments that lack Bedside, with its source on the path.
"""

import collections
import json
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bedside.source import counter

NAME = "bench-camera"
FOLDER = "BENCH_CAMERA"
"""The environment variable that names the folder with the pictures and the time of the first."""
BUFFERS = 4
WIDTH, HEIGHT, FPS = 1920, 1080, 30.0
SIZE = WIDTH * HEIGHT * 3
PICTURES = 24


def make(folder: Path, draw: Any) -> None:
    """Write the pictures, BGR uint8 [HEIGHT, WIDTH, 3] each, of `draw(number)`, and start the camera's clock."""
    with (folder / "pictures").open("wb") as pictures:
        for number in range(PICTURES):
            pictures.write(draw(number).tobytes())
    (folder / "camera.json").write_text(json.dumps({"start_ns": time.monotonic_ns()}))


def captured_ns(folder: Path, number: int) -> int:
    """When the device had picture `number` ready, on the machine's monotonic clock."""
    start_ns = json.loads((folder / "camera.json").read_text())["start_ns"]
    return int(start_ns + number * 1e9 / FPS)


class Camera:
    """What `cv2.VideoCapture` gives for the name above; the numbers of lost pictures are never seen."""

    def __init__(self, *_: Any) -> None:
        folder = Path(os.environ[FOLDER])
        self._pictures = folder / "pictures"
        self.start(captured_ns(folder, 0))

    def start(self, start_ns: int) -> None:
        """Buffers fill from now on; picture 0 was captured at `start_ns`."""
        self._start_ns = start_ns
        self._full: collections.deque[int] = collections.deque()
        self.taken = 0
        """Number of the picture that was grabbed last."""
        self._next = self._due()
        self._opened = True

    def read(self, *_: Any) -> tuple[bool, Any]:
        """The oldest picture that waits, or the next one; a copy with its number."""
        if not self.grab():
            return False, None
        return self.retrieve()

    def grab(self) -> bool:
        """Takes the oldest picture out of its buffer; waits for one."""
        if not self._opened:
            return False
        self._fill()
        while not self._full:
            time.sleep(max(0.0, (self._start_ns + self._next * 1e9 / FPS - time.monotonic_ns()) / 1e9))
            self._fill()
        self.taken = self._full.popleft()
        return True

    def retrieve(self, *_: Any) -> tuple[bool, Any]:
        """The picture that was grabbed."""
        place = abs(self.taken % (2 * PICTURES - 2) - (PICTURES - 1))  # there and back, so that nothing jumps
        pixels = np.fromfile(self._pictures, np.uint8, SIZE, offset=place * SIZE).reshape(HEIGHT, WIDTH, 3)
        counter.draw(pixels, self.taken)
        return True, pixels

    def isOpened(self) -> bool:
        """As OpenCV names it."""
        return self._opened

    def release(self) -> None:
        """Nothing is read any more."""
        self._opened = False

    def get(self, prop: int) -> float:
        """Its size and pace; 0 for whatever else is asked."""
        known = {cv2.CAP_PROP_FRAME_WIDTH: WIDTH, cv2.CAP_PROP_FRAME_HEIGHT: HEIGHT, cv2.CAP_PROP_FPS: FPS}
        return float(known.get(prop, 0))

    def set(self, *_: Any) -> bool:
        """Takes no wish, as many devices: not CAP_PROP_BUFFERSIZE either, which OpenCV passes on to few."""
        return False

    def getBackendName(self) -> str:
        """As OpenCV names it."""
        return "BENCH"

    def setExceptionMode(self, _: bool) -> None:
        """It raises nothing in either mode."""

    def _due(self) -> int:
        """Number of the next picture that the device will have ready."""
        return int((time.monotonic_ns() - self._start_ns) * FPS / 1e9) + 1

    def _fill(self) -> None:
        due = self._due()
        for number in range(self._next, due):
            if len(self._full) < BUFFERS:
                self._full.append(number)
        self._next = max(self._next, due)
