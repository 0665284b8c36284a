"""What may leave, picture by picture: crop and masks, whether the screen is still theirs, and whether all is held back.

One thread delivers pictures; others set the framing, ask for one picture, or have all held back while somebody sets up.
"""

import threading
from collections import deque
from collections.abc import Callable

from bedside import clock
from bedside.errors import SourceError, Withheld
from bedside.messages import Pixels, Signal
from bedside.source.framing import Framing
from bedside.source.layout import learn
from bedside.source.thumbnail import Cells, Grid, Thumbnail

LOOK_S = 0.5
"""The screen is compared with its layout so often, at a cost of some hundredths of a millisecond."""
IN_A_ROW = 2
"""So many looks must agree, so that a flicker is no change: a changed screen is withheld within a second."""
REMEMBERED = 20
"""Thumbnails, one a look: ten seconds, of which the setup page's proposals are made."""
OPEN_S = 15.0
"""Setting up ends by itself so long after the page last asked for a picture,"""
OPEN_AT_MOST_S = 180.0
"""and so long after the masks were taken off, whoever asks: a page may have been left open."""
STILL_S = 2.0
UNMASKED = "Names are not masked: set up which part of the picture may be shown"
CHANGED = "The scanner's screen has changed: names may show"
AFRESH_S = 2.0
"""After so long without a picture the first look counts by itself: another machine may be on the cable."""
SETTING_UP = "the masks are being set up; pictures come again when that is done"


class Privacy:
    """`stops` on a changed screen, or only warns; `is_confirmed`: a person has said what may be shown.

    Raises Misfit for a crop or mask that is none.
    """

    def __init__(self, framing: Framing, *, stops: bool = True, is_confirmed: bool = True) -> None:
        self.framing = framing
        self.is_confirmed = is_confirmed
        self.is_layout_changed = False
        self._stops = stops
        self._crop = framing.cropping()
        self._lock = threading.Lock()
        self._open_until_ns = self._open_at_most_ns = 0
        self._looked_ns = 0
        self._disagreed = 0
        self._seen: deque[Thumbnail] = deque(maxlen=REMEMBERED)
        self._grid: Grid | None = None
        self._size = (0, 0)
        self._looks = threading.Condition()
        self._waiting = 0  # for a copy of the next picture; one serves all
        self._copy: tuple[int, Pixels | None] = (0, None)

    # The thread that delivers

    def look(self, pixels: Pixels, grid: Grid, thumbnail: Thumbnail, captured_ns: int, signal: Signal) -> None:
        """See one whole picture before anything is painted on it."""
        if self._waiting:
            with self._looks:
                self._copy = (self._copy[0] + 1, pixels.copy())
                self._looks.notify_all()
        size = (pixels.shape[1], pixels.shape[0])
        if size != self._size:
            self._size, self._grid = size, grid
            self._seen.clear()
        if not signal.has_picture or abs(captured_ns - self._looked_ns) < LOOK_S * clock.NS_PER_S:
            return
        is_fresh = abs(captured_ns - self._looked_ns) > AFRESH_S * clock.NS_PER_S
        self._looked_ns = captured_ns
        self._seen.append(thumbnail)
        layout = self.framing.layout
        is_changed = layout is not None and not layout.is_on(thumbnail)
        self._disagreed = self._disagreed + 1 if is_changed != self.is_layout_changed else 0
        if self._disagreed >= IN_A_ROW or is_fresh:
            self.is_layout_changed, self._disagreed = is_changed, 0

    def hand_on(self, pixels: Pixels, publish: Callable[[Pixels], None]) -> None:
        """Call `publish` with the part that may leave. Once `set` or `open` has returned, no picture leaves as before.

        Raises Misfit or Withheld when none may.
        """
        with self._lock:
            if self.is_open:
                raise Withheld(SETTING_UP)
            if self.withholds:
                raise Withheld(f"{CHANGED}, so no picture is handed on until it looks as it did, or is set up anew")
            publish(self._crop.apply(pixels))

    @property
    def withholds(self) -> bool:
        """Whether nothing leaves until the screen looks as it did, or is set up anew."""
        return self.is_layout_changed and self._stops

    @property
    def warning(self) -> str:
        """What every page says in a band; empty when all is well."""
        if self.is_layout_changed:
            return CHANGED
        return "" if self.is_confirmed else UNMASKED

    # Any thread

    @property
    def is_open(self) -> bool:
        """Whether somebody sets up on the whole picture, and everybody else gets none."""
        return clock.monotonic_ns() < self._open_until_ns

    def open(self, is_open: bool) -> None:
        """Hold all pictures back, for somebody who sets up on the whole one; or no more."""
        now_ns = clock.monotonic_ns()
        with self._lock:
            self._open_until_ns = now_ns + round(OPEN_S * clock.NS_PER_S) if is_open else 0
            self._open_at_most_ns = now_ns + round(OPEN_AT_MOST_S * clock.NS_PER_S)

    def set(self, framing: Framing) -> None:
        """What may leave from the next picture on; a person has confirmed it. Raises Misfit, and changes nothing."""
        crop = framing.cropping()
        with self._lock:
            self.framing, self._crop = framing, crop
            self.is_confirmed = True
            self.is_layout_changed, self._disagreed = False, 0
            self._open_until_ns = 0

    def still(self) -> Pixels:
        """A copy of the next picture, whole size: what does not leave is black, unless it is open. Waits for it.

        Raises SourceError when none comes.
        """
        now_ns = clock.monotonic_ns()
        with self._lock:
            if now_ns < self._open_until_ns:
                self._open_until_ns = min(now_ns + round(OPEN_S * clock.NS_PER_S), self._open_at_most_ns)
        pixels = self.whole()
        with self._lock:
            is_open, withholds, framing = self.is_open, self.withholds, self.framing
        if withholds and not is_open:
            pixels[:] = 0
        elif not is_open:
            framing.cover(pixels)
        return pixels

    def whole(self) -> Pixels:
        """A copy of the next picture with nothing hidden: for finding things in it, never to be handed on."""
        with self._looks:
            before = self._copy[0]
            self._waiting += 1
            self._looks.wait_for(lambda: self._copy[0] > before, STILL_S)
            self._waiting -= 1
            number, pixels = self._copy
            if not self._waiting:
                self._copy = (number, None)
        if number == before or pixels is None:
            raise SourceError("the scanner's picture is not there; look at the cable and try again")
        return pixels.copy()

    def learned(self, framing: Framing) -> Framing:
        """The same with the screen's layout as it was in the last seconds, where there is enough of it."""
        seen, grid = list(self._seen), self._grid
        if grid is None or len(seen) < IN_A_ROW or framing.size != self._size:
            return framing
        out: Cells = grid.cells(framing.fan) if framing.fan else grid.cells((0, 0, 0, 0))
        for each in framing.mask:
            out |= grid.cells(each)
        return Framing(framing.crop, framing.mask, framing.fan, framing.size, learn(seen, out))

    def seen(self) -> tuple[list[Thumbnail], Grid | None, tuple[int, int]]:
        """The last seconds' thumbnails, their grid, and the whole picture's (width, height), zero before the first."""
        return list(self._seen), self._grid, self._size
