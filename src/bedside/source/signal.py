"""Judges each picture: live, frozen or no signal, without flicker. docs/topics/signal.md explains the rules."""

import logging
from collections.abc import Sequence

import cv2
import numpy as np

from bedside import clock
from bedside.messages import Pixels, Signal
from bedside.source.filler import Filler
from bedside.source.stillness import Stillness
from bedside.source.thumbnail import Grid, Thumbnail

_log = logging.getLogger(__name__)

NO_SIGNAL_AFTER_S = 0.3
"""So long a filler picture must stand before it counts; a scanner's screen goes through black when its mode changes."""
BACK_AFTER = 2
"""So many pictures in a row end a lost signal; also the fewest pictures that any state lasts."""
FLICKER_S = 2.0
"""A signal that is lost again within this time must hold for NO_SIGNAL_AFTER_S before it counts as back."""


class SignalJudge:
    """Feed it every picture in order; it says what the picture is worth.

    `frozen_after_s` is how long the fan must stand still. `fan` is the [x, y, width, height] in which it lies; empty is
    the whole picture, and it is found by itself. `placeholder` is what this box shows without a signal, of any size.
    """

    def __init__(
        self,
        frozen_after_s: float = 0.7,
        fan: Sequence[int] = (),
        placeholder: Pixels | None = None,
    ) -> None:
        self._frozen_after_ns = round(frozen_after_s * clock.NS_PER_S)
        self._fan, self._placeholder = tuple(fan), placeholder
        self.grid: Grid
        """Of the newest picture, once there was one; so is `thumbnail`."""
        self.thumbnail: Thumbnail
        self._shape: tuple[int, ...] = ()
        self._state = Signal.LIVE
        self._lasted = BACK_AFTER
        self._filler_since_ns: int | None = None
        self._good_since_ns: int | None = None
        self._good = 0
        self._flickers = False
        self._regained_ns: int | None = None

    def judge(self, pixels: Pixels, captured_ns: int, no_signal: bool = False) -> Signal:
        """What this picture is worth: LIVE, FROZEN or NO_SIGNAL; `no_signal` is the driver's word, and wins at once."""
        if pixels.shape != self._shape:
            self._start(pixels, captured_ns)
        thumbnail = self.thumbnail = self.grid.grey(pixels)
        is_filler = no_signal or self._filler.is_in(pixels, thumbnail)
        if not is_filler:
            self._stillness.feed(thumbnail, captured_ns)
        wanted = self._wanted(is_filler, no_signal, captured_ns)
        if wanted == self._state or self._lasted < BACK_AFTER:
            self._lasted += 1
        else:
            self._change(wanted, captured_ns)
        return self._state

    def _wanted(self, is_filler: bool, no_signal: bool, now_ns: int) -> Signal:
        """The state that the rules ask for, before the fewest pictures that a state lasts."""
        if is_filler:
            self._good = 0
            if self._filler_since_ns is None:
                self._filler_since_ns = now_ns
            held = now_ns - self._filler_since_ns >= NO_SIGNAL_AFTER_S * clock.NS_PER_S
            return Signal.NO_SIGNAL if no_signal or held else self._state
        self._filler_since_ns = None
        if self._good == 0:
            self._good_since_ns = now_ns
        self._good += 1
        if self._state is Signal.NO_SIGNAL:
            return Signal.LIVE if self._is_back(now_ns) else Signal.NO_SIGNAL
        is_still = now_ns - self._stillness.moved_ns >= self._frozen_after_ns
        return Signal.FROZEN if is_still else Signal.LIVE

    def _is_back(self, now_ns: int) -> bool:
        assert self._good_since_ns is not None  # a good picture has just been counted
        held_s = (now_ns - self._good_since_ns) / clock.NS_PER_S
        return self._good >= BACK_AFTER and (not self._flickers or held_s >= NO_SIGNAL_AFTER_S)

    def _change(self, state: Signal, now_ns: int) -> None:
        if state is Signal.NO_SIGNAL:
            self._flickers = self._regained_ns is not None and now_ns - self._regained_ns < FLICKER_S * clock.NS_PER_S
        elif self._state is Signal.NO_SIGNAL:
            self._regained_ns = now_ns
            self._stillness.moved_ns = now_ns
        self._state, self._lasted = state, 1

    def _start(self, pixels: Pixels, now_ns: int) -> None:
        """Forget what was learned from pictures of another size."""
        self._shape = pixels.shape
        grid = self.grid = Grid.of(pixels)
        everywhere = np.ones((grid.rows, grid.columns), np.bool_)
        within = grid.cells(self._fan) if self._fan else everywhere
        if not within.any():
            height, width = pixels.shape[:2]
            _log.warning("[source] fan %s lies outside of a picture of %d x %d; not used", self._fan, width, height)
            within = everywhere
        self._filler = Filler(grid, self._fitted_placeholder(pixels))
        self._stillness = Stillness(within, self._frozen_after_ns / clock.NS_PER_S, now_ns)
        # A filler that is there from the first picture on need not prove itself.
        self._filler_since_ns = now_ns - round(NO_SIGNAL_AFTER_S * clock.NS_PER_S)

    def _fitted_placeholder(self, pixels: Pixels) -> Thumbnail | None:
        if self._placeholder is None:
            return None
        size = (pixels.shape[1], pixels.shape[0])
        fitted = cv2.resize(self._placeholder, size, interpolation=cv2.INTER_AREA)
        return self.grid.grey(np.asarray(fitted, np.uint8))
