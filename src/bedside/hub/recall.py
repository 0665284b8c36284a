"""Which pictures can still be had, exactly: the last answered, those that pages show or hold, and what the ring has."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from bedside.errors import BusError
from bedside.hub.picture import Borrow
from bedside.messages import Frame, Pixels, Result, Signal

FRAMES_KEPT = 32
"""So many frames can still be named by a page; their pixels are only lent while the ring has them."""

TIMES_KEPT = 2048
"""Of so many frames the times and the signal are still known; a slow model answers long after its frame."""

HELD_KEPT = 8
"""Of so many pages it is known what they hold and show; with one more, that of the first is let go."""

HELD_OF_A_PAGE = 2
"""The picture that a person holds, and the frame whose answer stands beside it."""

SENT_KEPT = 2
"""Of each page: what is on its screen, and what is on its way there."""

GONE = "that picture is gone; tap again while it is on the screen"


class Gone(BusError):
    """The frame's pixels are nowhere any more."""


@dataclass(frozen=True, slots=True)
class Known:
    """When a frame was captured, and what it was worth."""

    captured_ns: int
    wall_ns: int
    signal: Signal


@dataclass(frozen=True, slots=True)
class Answered:
    """One result with the very pixels that the engine saw (the whole frame), if they could be kept."""

    result: Result
    order: int
    """Which arrival of this engine it was."""
    pixels: Pixels | None
    frame: Frame


@dataclass(frozen=True, slots=True)
class Held:
    """A picture that a person holds on a page, and the answers to it."""

    seq: int
    pixels: Pixels
    answers: tuple[Answered, ...]
    captured_ns: int | None


class Recall:
    """A short memory with bounds. `history` is answers per engine, each with its pixels."""

    def __init__(self, borrow: Borrow, history: int) -> None:
        self._borrow = borrow
        self._history_size = history
        self._history: dict[str, deque[Answered]] = {}
        self._frames: deque[Frame] = deque(maxlen=FRAMES_KEPT)
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._held: OrderedDict[object, tuple[Held, ...]] = OrderedDict()
        self._sent: OrderedDict[object, deque[Answered]] = OrderedDict()
        self._withheld_ns: int | None = None
        """Pictures of this time and later are not kept, since they may show a name; None while pictures come."""

    def add_frame(self, frame: Frame) -> None:
        """A frame came."""
        self._withheld_ns = None
        self._frames.append(frame)
        self._known[frame.seq] = Known(frame.captured_ns, frame.wall_ns, frame.signal)
        if len(self._known) > TIMES_KEPT:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Numbers start again: what was known by them, but for what a person holds, is not to be found any more."""
        self._frames.clear()
        self._known.clear()
        self._history.clear()
        self._sent.clear()

    def withhold(self, since_ns: int) -> None:
        """Pictures may show a name: until the next one, only what a person holds of before `since_ns` is kept."""
        self.forget()
        self._withheld_ns = since_ns
        for page, held in list(self._held.items()):
            kept = tuple(item for item in held if self._may_keep(item.captured_ns))
            if kept:
                self._held[page] = kept
            else:
                self.release(page)

    def add_answer(self, answered: Answered) -> None:
        """An engine answered."""
        if not self._may_keep(answered.frame.captured_ns):
            return
        self._history.setdefault(answered.result.engine, deque(maxlen=self._history_size)).append(answered)

    def frame(self, seq: int) -> Frame | None:
        """A frame that came lately; its pixels may be gone."""
        return next((frame for frame in reversed(self._frames) if frame.seq == seq), None)

    def known(self, seq: int) -> Known | None:
        """The times and the signal of frame `seq`, if they are still known."""
        return self._known.get(seq)

    def signal(self, seq: int) -> Signal | None:
        """What frame `seq` was worth, if it is still known."""
        return self._known[seq].signal if seq in self._known else None

    def captured_ns(self, seq: int) -> int | None:
        """When frame `seq` was captured, monotonic: of one that is held or answered, too."""
        if seq in self._known:
            return self._known[seq].captured_ns
        held = next((item.captured_ns for item in self._holds(seq)), None)
        return next((item.result.timing.captured_ns for item in self.answers(seq)), held)

    def answers(self, seq: int) -> tuple[Answered, ...]:
        """What is still known of the answers to frame `seq`, newest first."""
        held = [answered for item in self._holds(seq) for answered in item.answers]
        lists = [*self._history.values(), *self._sent.values()]
        recent = [item for kept in lists for item in reversed(kept) if item.result.seq == seq]
        return tuple({id(item): item for item in [*recent, *held]}.values())

    def pixels(self, seq: int) -> Pixels | None:
        """The exact pixels of frame `seq`, where they are kept outside the ring."""
        held = next((item.pixels for item in self._holds(seq)), None)
        return next((item.pixels for item in self.answers(seq) if item.pixels is not None), held)

    def size(self, seq: int) -> tuple[int, int] | None:
        """[width, height] of frame `seq`, if it is still known, such as one that a person holds."""
        frame, pixels = self.frame(seq), self.pixels(seq)
        if frame is not None:
            return frame.width, frame.height
        return (pixels.shape[1], pixels.shape[0]) if pixels is not None else None

    def fetch(self, frame: Frame | None) -> Pixels:
        """A copy of the pixels of `frame` out of the ring. Blocking. Raises Gone."""
        if frame is None:
            raise Gone(GONE)
        try:
            with self._borrow(frame) as view:
                copy = view.copy()
        except BusError as error:
            raise Gone(GONE) from error
        return copy

    def sent(self, page: object, answered: Answered) -> None:
        """`page` gets this answer with its picture: a person may want to keep it long after newer ones came."""
        if not self._may_keep(answered.frame.captured_ns):
            return
        self._sent.setdefault(page, deque(maxlen=SENT_KEPT)).append(answered)
        self._sent.move_to_end(page)
        while len(self._sent) > HELD_KEPT:
            self._sent.popitem(last=False)

    def hold(self, page: object, seq: int, pixels: Pixels) -> None:
        """`page` holds frame `seq`, beside the one before, until it releases both."""
        newest = Held(seq, pixels, self.answers(seq), self.captured_ns(seq))
        if not self._may_keep(newest.captured_ns):
            return
        others = [item for item in self._held.pop(page, ()) if item.seq != seq]
        self._held[page] = (*others, newest)[-HELD_OF_A_PAGE:]
        while len(self._held) > HELD_KEPT:
            self._held.popitem(last=False)

    def release(self, page: object) -> None:
        """`page` holds nothing."""
        self._held.pop(page, None)

    def leave(self, page: object) -> None:
        """`page` is closed."""
        self.release(page)
        self._sent.pop(page, None)

    def _may_keep(self, captured_ns: int | None) -> bool:
        return self._withheld_ns is None or (captured_ns is not None and captured_ns < self._withheld_ns)

    def _holds(self, seq: int) -> Iterator[Held]:
        return (item for held in self._held.values() for item in held if item.seq == seq)
