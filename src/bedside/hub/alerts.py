"""What a person should hear of: a table of rules from the state of everything to sentences.

In: `Facts`, all that is known now. Out: alerts, the gravest first, each with what was seen and what to do. A rule is a
function of the facts and of whether its alert stands already: it takes more to raise one than to keep it, so that a
value at its limit does not flicker.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bedside import clock
from bedside.messages import RecorderState, RecorderStatus

MINUTE_S = 60.0
DAY_NS = 86_400 * clock.NS_PER_S
GB = 1e9


class Level(IntEnum):
    """How grave it is."""

    WARNING = 1
    """It will go wrong if nobody does anything, or something is not as it should be."""
    ALARM = 2
    """Something is being lost now, or somebody's name may be seen."""

    @property
    def word(self) -> str:
        """As JSON and metrics say it."""
        return self.name.lower()


class About(StrEnum):
    """What it concerns, which decides on which views it stands."""

    PICTURE = "picture"
    RECORDING = "recording"
    PRIVACY = "privacy"
    ANSWERS = "answers"
    """Never on a view without answers: a person in the control arm hears nothing of the AI."""
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Alert:
    """One sentence that a person should hear."""

    id: str
    level: Level
    about: About
    sentence: str
    do: str
    """What to do, as a sentence."""
    is_on_page: bool = False
    """The live page says it anyway, where it happens: over the picture, in the panel, beside the red dot."""

    def as_json(self) -> dict[str, object]:
        """As pages and programs read it."""
        return {
            "id": self.id,
            "level": self.level.word,
            "about": str(self.about),
            "sentence": self.sentence,
            "do": self.do,
        }


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """One engine, as the rules see it."""

    name: str
    is_well: bool = True
    state: str = "READY"
    message: str = ""
    owes_s: float = 0.0
    """So long an answer is owed."""
    limit_s: float = 10.0
    """So long it may owe one."""
    model_s: float = 0.0
    """What an answer takes in the model, as a median."""
    deadline_s: float = 10.0
    """After so long it is ended."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known now. What is not known is None, and raises nothing."""

    picture_problem: str = ""
    recorder: RecorderStatus | None = None
    is_recording_wanted: bool = False
    session_problem: str = ""
    losses_lately: int = 0
    """Frames of the video that were lost in the last minute."""
    free_bytes: int | None = None
    reserve_bytes: int = 0
    """So much the recorder leaves free."""
    bytes_per_s: float = 0.0
    """What recording takes; 0 where nothing was recorded yet."""
    engines: tuple[EngineFacts, ...] = ()
    hottest_c: float | None = None
    hot_c: float = 90.0
    """From here on the machine protects itself by being slow."""
    slowed_s: float = 0.0
    """Of the last minute, the time in which the machine or its limits held our processors back."""
    certificate_ends_ns: int | None = None
    """Wall time."""
    now_wall_ns: int = 0
    clock_jump_s: float = 0.0
    """By so much the clock was set within the last ten minutes; positive is forward."""
    privacy_problem: str = ""
    """One sentence of the broadcaster's where names may be seen: masks that nobody set, a screen that has changed."""
    dying: tuple[tuple[str, str], ...] = ()
    """Processes that die again and again, each with why it ended last."""


Rule = Callable[[Facts, frozenset[str]], Iterator[Alert]]


def left_s(facts: Facts) -> float | None:
    """For how many seconds of recording there is room; None where that is not known."""
    if facts.free_bytes is None or facts.bytes_per_s <= 0:
        return None
    return max(0.0, facts.free_bytes - facts.reserve_bytes) / facts.bytes_per_s


def alerts(facts: Facts, standing: frozenset[str] = frozenset()) -> tuple[Alert, ...]:
    """Everything that a person should hear now, the gravest first; `standing` are the ids that stand already."""
    found = [alert for rule in RULES for alert in rule(facts, standing)]
    return tuple(sorted(found, key=lambda alert: -alert.level))


def _picture(facts: Facts, _: frozenset[str]) -> Iterator[Alert]:
    if facts.picture_problem:
        do = "Look at the scanner, the cable and the HDMI box; it comes back by itself."
        yield Alert("picture", Level.ALARM, About.PICTURE, facts.picture_problem, do, is_on_page=True)


def _privacy(facts: Facts, _: frozenset[str]) -> Iterator[Alert]:
    if facts.privacy_problem:
        do = "Look at the picture for names, and set the masks on the setup page."
        text = _sentence(facts.privacy_problem)
        yield Alert("privacy", Level.ALARM, About.PRIVACY, text, do, is_on_page=True)


def _recorder(facts: Facts, _: frozenset[str]) -> Iterator[Alert]:
    recorder = facts.recorder
    if facts.is_recording_wanted and recorder and recorder.state in (RecorderState.FAILED, RecorderState.GONE):
        text = _sentence(recorder.message) or f"A recording is wanted, and the recorder is {recorder.state}."
        do = "What is not recorded now is lost. It is tried again by itself; the admin page says more."
        yield Alert("recorder", Level.ALARM, About.RECORDING, text, do, is_on_page=True)
    if facts.session_problem:
        do = "Pictures go on, and what is lost is counted; put right what the sentence says."
        yield Alert("session", Level.ALARM, About.RECORDING, _sentence(facts.session_problem), do, is_on_page=True)


def _losses(facts: Facts, standing: frozenset[str]) -> Iterator[Alert]:
    """A frame or two go in a busy minute; a second's worth of them is missed in a video."""
    lost = facts.losses_lately
    if lost >= (10 if "losses" in standing else 25):
        text = f"The recorder is behind: {lost} frames of the video were lost in the last minute."
        do = "Close what else runs on this machine; the review shows what is missing."
        yield Alert("losses", Level.ALARM, About.RECORDING, text, do)


def _disk(facts: Facts, standing: frozenset[str]) -> Iterator[Alert]:
    free = facts.free_bytes
    if free is None:
        return
    ease = 1.25 if "disk" in standing else 1.0
    do = "Move finished sessions to another disk, and delete them here."
    if free < facts.reserve_bytes * ease:
        text = f"The disk is full: {free / GB:.1f} GB are free, and {facts.reserve_bytes / GB:g} GB are kept free."
        yield Alert("disk", Level.ALARM, About.RECORDING, f"{text} Nothing is recorded.", do)
        return
    seconds = left_s(facts)
    if seconds is None:
        if free - facts.reserve_bytes < 5 * GB * ease:
            text = f"The disk is nearly full: {(free - facts.reserve_bytes) / GB:.1f} GB are left for recordings."
            yield Alert("disk", Level.WARNING, About.RECORDING, text, do)
    elif seconds < 60 * MINUTE_S * ease:
        level = Level.ALARM if facts.is_recording_wanted and seconds < 10 * MINUTE_S * ease else Level.WARNING
        text = f"The disk is nearly full: room for {_minutes(seconds)} of recording."
        yield Alert("disk", level, About.RECORDING, text, do)


def _engines(facts: Facts, standing: frozenset[str]) -> Iterator[Alert]:
    for engine in facts.engines:
        name = engine.name
        if not engine.is_well and engine.state not in ("NEW", "STARTING"):
            said = f": {engine.message}" if engine.message else ""
            do = "It is started again by itself; the admin page shows its log."
            yield _of_engine("engine", name, _sentence(f"the engine {name} is {engine.state}{said}"), do)
        elif engine.owes_s > engine.limit_s:
            text = f"The engine {name} has answered nothing for {engine.owes_s:.0f} s."
            yield _of_engine("engine", name, text, "It is ended at its deadline and started again by itself.")
        elif engine.model_s > engine.deadline_s * (0.4 if f"slow {name}" in standing else 0.5):
            text = (
                f"The engine {name} is slow: {engine.model_s:.1f} s an answer; at {engine.deadline_s:g} s it is ended."
            )
            yield _of_engine(
                "slow", name, text, "Close what else runs on this machine, or raise deadline_s.", here=False
            )


def _of_engine(kind: str, name: str, text: str, do: str, *, here: bool = True) -> Alert:
    return Alert(f"{kind} {name}", Level.WARNING, About.ANSWERS, text, do, is_on_page=here)


def _machine(facts: Facts, standing: frozenset[str]) -> Iterator[Alert]:
    hottest, ease_c = facts.hottest_c, 5.0 if "hot" in standing else 0.0
    if hottest is not None and hottest >= facts.hot_c - 5.0 - ease_c:
        text = f"The machine is hot: {hottest:.0f} °C, and at {facts.hot_c:.0f} °C it slows itself down."
        level = Level.ALARM if hottest >= facts.hot_c else Level.WARNING
        yield Alert("hot", level, About.MACHINE, text, "Free its air vents, and move it out of a closed cupboard.")
    if facts.slowed_s > (3.0 if "slowed" in standing else 6.0):
        text = f"The processor was held back for {facts.slowed_s:.0f} s of the last minute, so answers are late."
        do = "It is too hot, or Bedside's limit of processor time is too low."
        yield Alert("slowed", Level.WARNING, About.MACHINE, text, do)
    for name, why in facts.dying:
        text = _sentence(f"{name} keeps dying: {why}" if why else f"{name} keeps dying")
        about = About.ANSWERS if name.startswith("engine ") else About.MACHINE
        yield Alert(f"dying {name}", Level.WARNING, about, text, "The admin page shows its log.")


def _times(facts: Facts, standing: frozenset[str]) -> Iterator[Alert]:
    if abs(facts.clock_jump_s) >= 1.0:
        way = "forward" if facts.clock_jump_s > 0 else "back"
        text = f"The clock of this machine was set {way} by {_length(abs(facts.clock_jump_s))}."
        do = "Times in sessions before and after differ by so much; ages of pictures are right."
        yield Alert("clock", Level.WARNING, About.MACHINE, text, do)
    if facts.certificate_ends_ns is None:
        return
    left_ns = facts.certificate_ends_ns - facts.now_wall_ns
    if left_ns <= 0:
        text = "The certificate has ended: tablets refuse to connect."
        yield Alert("certificate", Level.ALARM, About.MACHINE, text, "Restart the server, which makes a new one.")
    elif left_ns < (15 if "certificate" in standing else 14) * DAY_NS:
        days = max(1, round(left_ns / DAY_NS))
        text = f"The certificate ends in {days} {'day' if days == 1 else 'days'}; tablets refuse to connect then."
        yield Alert("certificate", Level.WARNING, About.MACHINE, text, "Restart the server, which makes a new one.")


RULES: tuple[Rule, ...] = (_privacy, _recorder, _disk, _losses, _picture, _engines, _machine, _times)
"""In this order among alerts of one level."""
KINDS: tuple[str, ...] = (
    "privacy",
    "recorder",
    "session",
    "disk",
    "losses",
    "picture",
    "engine",
    "slow",
    "hot",
    "slowed",
    "dying",
    "clock",
    "certificate",
)
"""The first word of every id."""


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return "less than a minute" if minutes < 1 else f"{minutes} minute{'' if minutes == 1 else 's'}"


def _length(seconds: float) -> str:
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
