"""Runs inside the guest: drives the real broadcaster through everything that can happen to a cable.

Writes one JSON line per event to the file given: steps taken, what a subscriber hears, and the first frame of each
kind, each with the milliseconds since the start. The test on the host judges; nothing is asserted here.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bedside.bus.broadcaster import Broadcaster
from bedside.bus.subscriber import Subscriber
from bedside.cli.broadcast import setup_of
from bedside.errors import Overwritten
from bedside.messages import Frame, Loss, Pixels, Signal, Status
from bedside.settings import Settings
from bedside.settings_tables import SourceSettings
from bedside.source.capture import Capture
from bedside.source.devices import list_devices, measure
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
    """Takes what a subscriber hears, logs the news in it, and lets the scenario wait for it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._changed = threading.Condition()
        self._heard: tuple[object, ...] = ()
        self._seen: tuple[object, ...] = ()
        self.status = Status(Signal.OFFLINE)
        self.frame: Frame | None = None

    def hear(self, status: Status) -> None:
        """A status; news are logged."""
        news = (status.signal, status.message, status.device, status.width, status.height, status.reopens)
        if news != self._heard:
            self._heard = news
            if not status.signal.has_picture:
                self._seen = ()  # the next picture is the first one again
            self.log_status("status", status)
        with self._changed:
            self.status = status
            self._changed.notify_all()

    def see(self, frame: Frame, pixels: Pixels) -> None:
        """A frame; the first one of each size and signal is logged."""
        kind = (frame.width, frame.height, frame.signal)
        if kind != self._seen:
            self._seen = kind
            age_ms = round(time.monotonic() * 1000 - frame.captured_ns / 1e6, 1)
            shape = list(pixels.shape)
            self._log.write("frame", seq=frame.seq, shape=shape, signal=frame.signal, age_ms=age_ms)
        with self._changed:
            self.frame = frame
            self._changed.notify_all()

    def log_status(self, kind: str, status: Status) -> None:
        """All numbers of a status."""
        self._log.write(
            kind, signal=status.signal, message=status.message, device=status.device, width=status.width,
            height=status.height, fps=status.fps, range=status.color_range, captured=status.captured,
            drops=status.drops, skips=status.skips, reopens=status.reopens,
        )  # fmt: skip

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
        since_ns = time.monotonic_ns()

        def is_live() -> bool:
            frame = self.frame
            if frame is None or frame.captured_ns < since_ns or (frame.width, frame.height) != (width, height):
                return False
            return frame.signal.has_picture and self.status.signal.has_picture

        self.wait(f"live {width}x{height}", is_live)


def hdmi(log: Log, *words: str) -> None:
    """Do something to the cable or the box; `done` is when it has happened at the latest."""
    log.write("step", name=" ".join(words))
    done = subprocess.run(["hdmi", *words], capture_output=True, text=True)
    log.write("done", name=" ".join(words), output=done.stdout + done.stderr, status=done.returncode)


def device_controls(node: str = NODE, **values: int) -> None:
    """Set controls of the emulated device."""
    pairs = ",".join(f"{name}={value}" for name, value in values.items())
    subprocess.run(["v4l2-ctl", "-d", node, "-c", pairs], check=True)


def plug(log: Log) -> None:
    """Plug the box in and let it scan; under which number it came is logged."""
    hdmi(log, "plug")
    (node,) = [str(path) for path in Path("/dev").glob("video*")]
    log.write("node", path=node)
    scan(node)


def look_at_colours(log: Log) -> None:
    """The eight bars as they come out, in every format, from the middle of each bar."""
    device_controls(test_pattern=BARS, osd_text_mode=2)
    for code in ("RGB3", "BGR3", "YUYV", "UYVY", "NV12", "YU12"):
        for quantization, colour in ((0, 0), (1, 1), (2, 1)):
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


def look_around(log: Log) -> None:
    """What `bedside doctor` would see."""
    for device in list_devices():
        formats = sorted({mode.code for mode in device.modes})
        log.write("device", path=device.path, stable_id=device.stable_id, formats=formats, problem=device.problem,
                  has_signal=device.has_signal, range=device.color_range)  # fmt: skip
    log.write("rate", mode="1280x720 YUYV", fps=measure(NODE, Mode("YUYV", 1280, 720)))


async def run(log: Log) -> None:
    """The whole scenario."""
    look_around(log)
    look_at_colours(log)
    scan()
    hdmi(log, "source", "1280x720p24")
    watcher = Watcher(log)
    privacy, setup = setup_of(Settings(source=SourceSettings("v4l2:"), folder=Path.cwd()))
    capture = Capture("v4l2:", privacy=privacy)
    broadcaster = Broadcaster(capture, host="127.0.0.1", port=0, ring_name=f"bedside-rig-{os.getpid()}", setup=setup)
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broadcaster.run(stop, port.set_result))
        address = f"127.0.0.1:{await port}"
        subscriber = Subscriber(f"ws://{address}/frames")
        listening = tasks.create_task(listen(subscriber, watcher))
        try:
            await asyncio.to_thread(drive, log, watcher, f"http://{address}/setup")
        finally:
            listening.cancel()
            stop.set()
    left = [name for name in os.listdir("/dev/shm") if name.startswith("bedside-rig-")]  # noqa: PTH208
    log.write("end", ring_left=left)


async def listen(subscriber: Subscriber, watcher: Watcher) -> None:
    """Be a subscriber that takes every picture out of the ring."""
    async for event in subscriber:
        if isinstance(event, Status):
            watcher.hear(event)
        elif isinstance(event, Frame):
            try:
                pixels = await asyncio.to_thread(subscriber.copy, event)
            except Overwritten:
                continue
            watcher.see(event, pixels)
        else:
            assert isinstance(event, Loss)


def set_up(log: Log, watcher: Watcher, url: str) -> None:
    """Say that no name is shown, as the setup page does: what every page warns of before and after."""
    log.write("step", name="set up")
    watcher.wait("warned", lambda: bool(watcher.status.warning))
    log.write("warning", sentence=watcher.status.warning)
    body = json.dumps({"preset": "guest", "crop": [], "mask": [], "fan": []}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as answer:
        state = json.load(answer)
    watcher.wait("not warned", lambda: not watcher.status.warning)
    log.write("set up", preset=state["preset"], is_confirmed=state["is_confirmed"], warning=watcher.status.warning)


def drive(log: Log, watcher: Watcher, setup_url: str) -> None:
    """What happens to the cable, one thing after the other."""
    watcher.wait_live(1280, 720)
    time.sleep(3)  # a while to measure the rate, and to lose pictures
    watcher.log_status("count", watcher.status)
    device_controls(percentage_of_dropped_buffers=50)
    log.write("step", name="lose half")
    time.sleep(3)
    watcher.log_status("count", watcher.status)
    device_controls(percentage_of_dropped_buffers=0)
    hdmi(log, "signal", "off")
    watcher.wait_for(Signal.NO_SIGNAL)
    hdmi(log, "signal", "on")
    watcher.wait_live(1280, 720)
    hdmi(log, "source", "1920x1080p24")
    watcher.wait_live(1920, 1080)
    hdmi(log, "source", "1920x1080i30")
    watcher.wait_for(Signal.ERROR)
    hdmi(log, "source", "1920x1080p24")
    watcher.wait_live(1920, 1080)
    reopens = watcher.status.reopens
    hdmi(log, "fault")
    watcher.wait("reopened", lambda: watcher.status.reopens > reopens)
    watcher.wait_live(1920, 1080)
    hdmi(log, "unplug")
    watcher.wait_for(Signal.UNPLUGGED)
    plug(log)
    watcher.wait_live(1280, 720)
    with Path(NODE).open("rb"):  # as long as somebody holds the old node, the new one gets another number
        hdmi(log, "unplug")
        watcher.wait_for(Signal.UNPLUGGED)
        plug(log)
        watcher.wait_live(1280, 720)
    set_up(log, watcher, setup_url)  # last: from now on nothing leaves of a picture in another size
    hdmi(log, "signal", "off")
    watcher.wait_for(Signal.NO_SIGNAL)
    hdmi(log, "unplug")
    watcher.wait_for(Signal.UNPLUGGED)


if __name__ == "__main__":
    asyncio.run(run(Log(Path(sys.argv[1]))))
