"""opencv: a camera or stream through OpenCV, for systems without V4L2.

OpenCV's read blocks for as long as it likes, so a thread of its own calls it and keeps the newest picture only.
OpenCV knows no capture time and no losses: a picture counts as captured when it was read, and drops stay 0.
"""

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.messages import Pixels
from bedside.source.address import parse_address
from bedside.source.source import Grab

FAILED_READS = 3
"""So many failed reads in a row mean that the device has gone."""
SAME_FOR_S = 1.0
"""Some drivers repeat the last picture for ever once the device is pulled out, without waiting for a new one. Pictures
that are equal to the last bit for so long, and come at twice the pace of those that differed, mean that. At their usual
pace they are a frozen scanner's: a digital cable adds no noise."""
CLOSE_S = 2.0


class OpenCVSource:
    """Reads a `cv2.VideoCapture` in a thread and hands out the newest picture; see Source. `node` is the device's
    file, where it has one: when that vanishes, the device has gone, whatever OpenCV says."""

    color_range = ""
    commands: tuple[str, ...] = ()

    def __init__(self, capture: cv2.VideoCapture, name: str, *, fps: float = 0.0, node: Path | None = None):
        self._capture, self._name, self._node = capture, name, node
        self._gap_ns = round(clock.NS_PER_S / fps) if fps > 0 else 0
        width, height = (int(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        self.device = f"{name}, {width}x{height} through OpenCV ({capture.getBackendName()})"
        self._kept_ns = 0
        self._repeats = Repeats()
        self._fresh = threading.Condition()
        self._newest: Grab | None = None
        self._gone = ""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"opencv {name}", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Grab | None:
        """The newest picture that was not handed out yet; Unplugged when reading fails or the picture is stuck."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._newest is not None or self._gone != "", timeout_s)
            grab, self._newest = self._newest, None
            if grab is None and self._gone:
                raise Unplugged(self._gone)
            return grab

    def control(self, command: str) -> None:
        """Nothing can be asked of a camera."""
        raise SourceError(f"{self._name} cannot {command!r}; use the scanner's own buttons")

    def state(self) -> None:
        """There is nothing to tell."""

    def close(self) -> None:
        """Stop reading and give the device back; a read that hangs in the driver is left behind."""
        with self._fresh:
            self._closing = True
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        """Reads until closed or gone; only this thread touches the capture, so it also gives it back."""
        try:
            while not self._closing and not self._gone:
                self._step()
        except Exception as error:  # a thread that ends unseen would leave the picture stalled for ever
            self._leave(f"{self._name}: OpenCV cannot read it any more ({error}); it is opened again")
        finally:
            self._capture.release()

    def _step(self) -> None:
        for _ in range(FAILED_READS):
            came, picture = self._capture.read()
            if came and picture is not None:
                self._keep(picture, clock.monotonic_ns())
                return
        self._leave(f"{self._name}: delivers no picture any more; it is opened again until it does")

    def _keep(self, picture: NDArray[Any], now_ns: int) -> None:
        if self._repeats.is_stuck(picture, now_ns) or (self._node is not None and not self._node.exists()):
            self._leave(f"{self._name}: was pulled out; it is opened again until it is back")
            return
        if now_ns - self._kept_ns < self._gap_ns * 0.9:
            return
        self._kept_ns = now_ns
        pixels: Pixels = np.require(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8, ["C"])
        with self._fresh:
            skips = 0 if self._newest is None else self._newest.skips + 1
            self._newest = Grab(pixels, now_ns, skips=skips)
            self._fresh.notify_all()

    def _leave(self, why: str) -> None:
        with self._fresh:
            self._gone = why
            self._fresh.notify_all()


class Repeats:
    """Tells a driver that repeats its last picture for want of a device from a scanner that is frozen."""

    def __init__(self) -> None:
        self._sample: NDArray[Any] = np.empty(0, np.uint8)
        self._changed_ns = self._came_ns = 0
        self._usual_ns = 0.0
        self._count = 0

    def is_stuck(self, picture: NDArray[Any], now_ns: int) -> bool:
        """Whether pictures repeat for SAME_FOR_S at more than twice the pace of those that differed."""
        sample = picture[::16]
        if not np.array_equal(sample, self._sample):
            if self._count == 1:
                self._usual_ns += 0.2 * (now_ns - self._came_ns - self._usual_ns)
            self._sample, self._changed_ns, self._count = sample.copy(), now_ns, 0
        self._came_ns = now_ns
        self._count += 1
        same_ns = now_ns - self._changed_ns
        return same_ns > SAME_FOR_S * clock.NS_PER_S and same_ns / self._count < self._usual_ns / 2


def open_opencv(address: str, *, size: str, fps: float, color_range: str) -> OpenCVSource:
    """`opencv:0`, `opencv:/path/or/file` or `opencv:rtsp://host/stream`.

    `size` is asked of a camera, which may deliver another; `fps` above 0 thins the pictures out; OpenCV alone decides
    on the colour range, whatever `color_range` says. Raises Unplugged when there is no such device or file.
    """
    is_url = "://" in address  # its query is the camera's own
    parsed = parse_address("opencv", address.partition("?")[0] if is_url else address, ())
    place = address if is_url else parsed.place
    if not place:
        raise SourceError("opencv: expected a number, a path or a URL after 'opencv:', such as opencv:0")
    capture = cv2.VideoCapture()
    capture.setExceptionMode(False)
    is_camera = place.isdecimal()
    if size and is_camera:
        width, height = parsed.size((0, 0), size)
        opened = capture.open(
            int(place), cv2.CAP_ANY, [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
        )
    else:
        opened = capture.open(int(place) if is_camera else place)
    if not opened:
        capture.release()
        raise Unplugged(f"{parsed.whole}: OpenCV cannot open it; check the number, the path or the cable")
    name = place if is_camera or is_url else Path(place).name
    node = Path(f"/dev/video{place}" if is_camera else place)
    return OpenCVSource(capture, name, fps=fps, node=node if node.exists() else None)
