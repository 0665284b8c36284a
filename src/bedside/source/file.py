"""file: a recording played at its own pace, as if it were live."""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from bedside import clock
from bedside.errors import EndOfSource, SourceError
from bedside.messages import Pixels
from bedside.source.address import parse_address
from bedside.source.commands import OFFERED
from bedside.source.images import SUFFIXES, Images
from bedside.source.reel import Reel, Still
from bedside.source.source import Grab
from bedside.source.video import Video

_log = logging.getLogger(__name__)

CATCH_UP_S = 0.5
"""So long skipping to the picture that is due may take; a file that decodes slower than it plays is slowed down."""
UNREADABLE = 10
"""So many pictures in a row that cannot be read are an error."""
HOLD_S = 0.04
"""While paused, the same picture is delivered again and again at this pace, as a frozen scanner does."""


class FileSource:
    """Plays a reel; whoever is late gets the picture that is due, and the skipped are counted. See Source."""

    commands = OFFERED["file"]

    def __init__(self, reel: Reel, *, loop: bool = False, start_s: float = 0.0, speed: float = 1.0, fps: float = 0.0):
        self.device, self.color_range = reel.description, reel.color_range
        self._reel, self._loop, self._start_s, self._speed = reel, loop, start_s, speed
        self._gap_s = 1 / fps if fps > 0 else 0.0
        self._lock = threading.Lock()
        self._goto_s: float | None = None
        self._paused = False
        self._held: Grab | None = None
        self._failed = 0
        self._complaint = ""
        self._stills = self._play(start_s)
        self._ahead: deque[Still] = deque()
        self._zero_ns = 0
        """When the picture of time 0 is, or would have been, due; 0 makes the next picture due at once."""

    def read(self, timeout_s: float) -> Grab | None:
        """The picture that is due; EndOfSource after the last one, SourceError for one that cannot be read."""
        paused = self._obey()
        if paused and self._held is not None:
            return self._hold(self._held, timeout_s)
        still, skips = self._pick(clock.monotonic_ns())
        due_ns = self._due_ns(still)
        if due_ns - clock.monotonic_ns() > timeout_s * clock.NS_PER_S:
            clock.wait_s(timeout_s)
            return None
        self._ahead.popleft()
        pixels = self._make(still)
        if pixels is None:
            return None
        _wait_until(due_ns)
        grab = Grab(pixels, due_ns, skips=skips + self._failed)
        self._failed = 0
        self._held = replace(grab, pixels=pixels.copy()) if paused else None
        return grab

    def control(self, command: str) -> None:
        """`pause` (or `freeze`), `resume` (or `unfreeze`), and `seek SECONDS`."""
        verb, _, argument = command.partition(" ")
        if verb in ("pause", "freeze", "resume", "unfreeze") and not argument:
            with self._lock:
                self._paused = verb in ("pause", "freeze")
        elif verb == "seek":
            try:
                goto_s = float(argument)
            except ValueError:
                goto_s = -1.0
            if not 0 <= goto_s < float("inf"):
                raise SourceError(f"cannot seek to {argument!r}; expected seconds from the start, such as: seek 12.5")
            with self._lock:
                self._goto_s = goto_s
        else:
            raise SourceError(f"a recording cannot {command!r}; it can pause, resume and seek SECONDS")

    def state(self) -> None:
        """There is nothing to tell."""

    def close(self) -> None:
        """Give the file back."""
        self._reel.close()

    def _play(self, start_s: float) -> Iterator[Still]:
        """All stills to come, once or for ever; time goes on growing from one round to the next."""
        offset_s = 0.0
        last_s = float("-inf")
        while True:
            end_s = None
            for still in self._reel.stills(start_s):
                end_s = still.at_s + still.lasts_s
                if still.at_s + offset_s - last_s >= self._gap_s - 1e-6:
                    last_s = still.at_s + offset_s
                    yield Still(last_s, still.lasts_s, still.pixels)
            if end_s is None or not self._loop:
                return
            offset_s += end_s - self._start_s
            start_s = self._start_s

    def _make(self, still: Still) -> Pixels | None:
        """The picture; None for one of a few that cannot be read. Many in a row are raised."""
        try:
            return still.pixels()
        except SourceError as error:
            self._failed += 1
            self._complaint = str(error)
            if self._failed >= UNREADABLE:
                raise
            _log.warning("%s; it is passed over", error)
            return None

    def _obey(self) -> bool:
        """Do what was asked for since the last picture; whether the recording is paused."""
        with self._lock:
            goto_s, self._goto_s, paused = self._goto_s, None, self._paused
        if goto_s is not None:
            self._stills = self._play(goto_s)
            self._ahead.clear()
        if goto_s is not None or (self._held is not None and not paused):
            self._held, self._zero_ns = None, 0
        return paused

    def _pick(self, now_ns: int) -> tuple[Still, int]:
        """The newest picture that is due by `now_ns`, or the next one, and how many were passed over for it."""
        if not self._look(1):
            raise EndOfSource(
                self._reel.complaint or self._complaint or f"{self.device}: the recording has come to its end"
            )
        self._zero_ns = self._zero_ns or now_ns - self._play_ns(self._ahead[0])
        skips = 0
        while self._look(2) and self._due_ns(self._ahead[1]) <= now_ns:
            self._ahead.popleft()
            skips += 1
            if clock.monotonic_ns() - now_ns > CATCH_UP_S * clock.NS_PER_S:
                self._zero_ns = now_ns - self._play_ns(self._ahead[0])
        return self._ahead[0], skips

    def _look(self, count: int) -> bool:
        """Whether so many pictures are to come; reads them."""
        while len(self._ahead) < count:
            still = next(self._stills, None)
            if still is None:
                return False
            self._ahead.append(still)
        return True

    def _hold(self, held: Grab, timeout_s: float) -> Grab | None:
        """The same picture once more, as a frozen scanner delivers it."""
        now = clock.monotonic_ns()
        due_ns = max(held.captured_ns + round(HOLD_S * clock.NS_PER_S), now)
        if due_ns - now > timeout_s * clock.NS_PER_S:
            clock.wait_s(timeout_s)
            return None
        _wait_until(due_ns)
        self._held = replace(held, captured_ns=due_ns)
        return Grab(held.pixels.copy(), due_ns)

    def _play_ns(self, still: Still) -> int:
        return round(still.at_s / self._speed * clock.NS_PER_S)

    def _due_ns(self, still: Still) -> int:
        return self._zero_ns + self._play_ns(still)


def _wait_until(due_ns: int) -> None:
    clock.wait_s((due_ns - clock.monotonic_ns()) / clock.NS_PER_S)


def open_file(address: str, *, size: str, fps: float, color_range: str) -> FileSource:
    """`file:clip.mp4?loop=1&start_s=12&speed=1`, or a folder of images or one image, with `fps` (10) of its own.

    The place is relative to the working directory and may be percent-encoded. `fps` above 0 thins the pictures out;
    `color_range` other than `auto` overrules what a video says of itself; `size` has no meaning here, a recording is
    as large as it is. Raises SourceError when it is not there, cannot be read, or an option cannot be used.
    """
    parsed = parse_address("file", address, ("loop", "start_s", "speed", "fps"))
    path = _find(parsed.place, parsed.whole)
    speed, start_s = parsed.number("speed", 1.0, least=0.01), parsed.number("start_s", 0.0)
    reel: Reel
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        reel = Images(path, parsed.whole, parsed.number("fps", 10.0, least=0.01))
    elif "fps" in parsed.options:
        raise SourceError(f"{parsed.whole}: fps is for folders of images; a video has its own pace, try speed")
    else:
        reel = Video(path, parsed.whole, color_range)
    return FileSource(reel, loop=parsed.flag("loop"), start_s=start_s, speed=speed, fps=fps)


def _find(place: str, whole: str) -> Path:
    """The file or folder as it is written, else with percent-encoding undone."""
    if not place:
        raise SourceError(f"{whole}: expected a file or folder after 'file:', such as file:clip.mp4?loop=1")
    place = "/" + place.lstrip("/") if place.startswith("//") else place
    for path in (Path(place), Path(unquote(place))):
        if path.exists():
            return path
    raise SourceError(f"{whole}: there is no file or folder {unquote(place)!r}; its path starts at {Path.cwd()}")
