"""Runs inside the guest: drives the real source side through everything that can happen to a cable.

Writes one JSON line per event to the file given: steps taken, every status, and the first frame of each kind, each
with the milliseconds since the start. The test on the host judges; nothing is asserted here.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bedside.messages import Frame, Pixels, Signal, Status
from bedside.source.capture import Capture
from bedside.source.devices import list_devices
from bedside.source.v4l2_node import Mode, Node
from bedside.source.v4l2_stream import Stream

NODE = "/dev/video0"
BARS, NOISE = 1, 21
"""Test patterns of the device: colour bars of 100 %, and noise, which looks most like a scan."""


class Log:
    """What happened, line by line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def write(self, kind: str, **what: Any) -> None:
        """One line."""
        line = json.dumps({"ms": round((time.monotonic() - self._start) * 1000), "kind": kind, **what})
        with self._lock:
            print(line, file=self._file, flush=True)
            print(line, flush=True)


class Watcher:
    """Takes what the capture says, logs it, and lets the scenario wait for it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._changed = threading.Condition()
        self._seen: tuple[object, ...] = ()
        self.status = Status(Signal.OFFLINE)
        self.frame: Frame | None = None
        self.pixels: Pixels | None = None

    def report(self, status: Status) -> None:
        """Every status is logged."""
        self._log.write(
            "status", signal=status.signal, message=status.message, device=status.device, width=status.width,
            height=status.height, fps=status.fps, range=status.color_range, captured=status.captured,
            drops=status.drops, skips=status.skips, reopens=status.reopens,
        )  # fmt: skip
        with self._changed:
            self.status = status
            self._changed.notify_all()

    def publish(self, frame: Frame, pixels: Pixels) -> None:
        """The first frame of each size and signal is logged."""
        kind = (frame.width, frame.height, frame.signal)
        if kind != self._seen:
            self._seen = kind
            age_ms = round(time.monotonic() * 1000 - frame.captured_ns / 1e6, 1)
            self._log.write(
                "frame", seq=frame.seq, width=frame.width, height=frame.height, signal=frame.signal, age_ms=age_ms
            )
        with self._changed:
            self.frame, self.pixels = frame, pixels
            self._changed.notify_all()

    def wait(self, what: str, true: Callable[[], bool], seconds: float = 30) -> None:
        """Until that is so, or so long; the log says which."""
        start = time.monotonic()
        with self._changed:
            reached = self._changed.wait_for(true, seconds)
        self._log.write("reached" if reached else "missed", what=what, took_ms=round((time.monotonic() - start) * 1000))

    def wait_for(self, signal: Signal) -> None:
        """Until the status says so."""
        self.wait(signal, lambda: self.status.signal is signal)

    def wait_live(self, width: int, height: int) -> None:
        """Until a frame of that size, later than now, is live."""
        since = time.monotonic_ns()

        def is_live() -> bool:
            frame = self.frame
            return (
                frame is not None and frame.captured_ns > since and (frame.width, frame.height) == (width, height)
                and frame.signal.has_picture and self.status.signal.has_picture
            )  # fmt: skip

        self.wait(f"live {width}x{height}", is_live)


def hdmi(log: Log, *words: str) -> None:
    """Do something to the cable or the box."""
    log.write("step", name=" ".join(words))
    done = subprocess.run(["hdmi", *words], capture_output=True, text=True)
    if done.returncode:
        log.write("trouble", what=" ".join(words), output=done.stdout + done.stderr)


def device_controls(node: str = NODE, **values: int) -> None:
    """Set controls of the emulated device."""
    for name, value in values.items():
        subprocess.run(["v4l2-ctl", "-d", node, "-c", f"{name}={value}"], check=True)


def look_at_colours(log: Log) -> None:
    """The eight bars as they come out, in every format, from the middle of each bar."""
    device_controls(test_pattern=BARS, osd_text_mode=2)
    for code in ("RGB3", "BGR3", "YUYV", "UYVY", "NV12", "YU12"):
        for quantization, colour in ((0, 0), (1, 1), (2, 2)):
            device_controls(quantization=quantization, y_cbcr_encoding=colour)
            with closing(Node(NODE)) as node, closing(Stream(node, Mode(code, 1280, 720))) as stream:
                taken = None
                while taken is None:
                    stream.wait(1)
                    taken = stream.newest()
            bars = [taken.pixels[360, 80 + 160 * bar].tolist() for bar in range(8)]
            layout = stream.layout
            log.write("bars", code=code, range=layout.color_range, matrix=layout.matrix, bars=bars)
    device_controls(quantization=0, y_cbcr_encoding=0)


def scan(node: str = NODE) -> None:
    """Let the picture move, as a scan does."""
    device_controls(node, test_pattern=NOISE, horizontal_movement=0, osd_text_mode=2)


def run(log: Log) -> None:
    """The whole scenario."""
    for device in list_devices():
        log.write("device", path=device.path, stable_id=device.stable_id, modes=len(device.modes),
                  has_signal=device.has_signal, range=device.color_range)  # fmt: skip
    look_at_colours(log)
    scan()
    watcher, stop = Watcher(log), threading.Event()
    capture = Capture("v4l2:", fan=(100, 100, 400, 400))
    thread = threading.Thread(target=capture.run, args=(watcher.publish, watcher.report, stop), name="capture")
    thread.start()
    try:
        drive(log, watcher)
    finally:
        stop.set()
        thread.join(10)
        log.write("end", stopped=not thread.is_alive())


def drive(log: Log, watcher: Watcher) -> None:
    """What happens to the cable, one thing after the other."""
    watcher.wait_live(1280, 720)
    hdmi(log, "signal", "off")
    watcher.wait_for(Signal.NO_SIGNAL)
    hdmi(log, "signal", "on")
    watcher.wait_live(1280, 720)
    hdmi(log, "source", "1920x1080p60")
    watcher.wait_live(1920, 1080)
    time.sleep(3)  # a while to measure the rate
    hdmi(log, "fault")
    watcher.wait("broken", lambda: not watcher.status.signal.has_picture)
    watcher.wait_live(1920, 1080)
    hdmi(log, "unplug")
    watcher.wait_for(Signal.UNPLUGGED)
    hdmi(log, "plug")
    scan()
    watcher.wait_live(1280, 720)
    with Path(NODE).open("rb"):  # as long as somebody holds the old node, the new one gets another number
        hdmi(log, "unplug")
        watcher.wait_for(Signal.UNPLUGGED)
        hdmi(log, "plug")
        (node,) = {str(path) for path in Path("/dev").glob("video*")}
        log.write("node", path=node)
        scan(node)
        watcher.wait_live(1280, 720)
    hdmi(log, "signal", "off")
    watcher.wait_for(Signal.NO_SIGNAL)
    hdmi(log, "unplug")
    watcher.wait_for(Signal.UNPLUGGED)


if __name__ == "__main__":
    run(Log(Path(sys.argv[1])))
