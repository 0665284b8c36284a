"""What one engine has done so far, in numbers."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

from bedside import clock
from bedside.messages import EngineState, EngineStatus

WINDOW_S = 3.0


@dataclass
class Tally:
    """Counts and medians of one engine; the medians are those of the last hundred answers."""

    answers: int = 0
    errors: int = 0
    restarts: int = 0
    answered_ns: int = 0
    model_ms: float = 0.0
    added_ms: float = 0.0
    _model: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    _added: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    _times: deque[int] = field(default_factory=lambda: deque(maxlen=1000))

    def count(self, answered_ns: int, model_ms: float, added_ms: float) -> None:
        """One more answer."""
        self.answers += 1
        self.answered_ns = answered_ns
        self._times.append(answered_ns)
        self._model.append(model_ms)
        self._added.append(added_ms)
        self.model_ms, self.added_ms = median(self._model), median(self._added)

    def status(self, engine: str, state: EngineState, message: str, asked_ns: int) -> EngineStatus:
        """These numbers as of now, with what the engine does; `asked_ns` is when its running request left, or 0."""
        return EngineStatus(
            engine=engine,
            state=state,
            message=message,
            answers=self.answers,
            errors=self.errors,
            restarts=self.restarts,
            answered_ns=self.answered_ns,
            asked_ns=asked_ns,
            model_ms=self.model_ms,
            added_ms=self.added_ms,
            fps=self.fps(clock.monotonic_ns()),
        )

    def fps(self, now_ns: int) -> float:
        """Answers per second over the last seconds."""
        while self._times and now_ns - self._times[0] > WINDOW_S * clock.NS_PER_S:
            self._times.popleft()
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) * clock.NS_PER_S / max(1, now_ns - self._times[0])


@dataclass
class Handed:
    """What became of the frames that were meant for one engine, and whether it is asked at all now."""

    passed_over: int = 0
    late: int = 0
    waits: str = ""
    """For what, in words, while it is not its turn."""
    holds: bool = False
    rest_s: float = 0.0
