"""What a check of one engine comes to, as figures: distributions of every time on a frame's way."""

from collections.abc import Mapping
from dataclasses import asdict
from statistics import mean, median
from typing import Any

from bedside.bench.limits import AFTER, COPY, TRIP
from bedside.bench.multiples import multiples
from bedside.bench.spread import Spread, spread
from bedside.check.report import MEANING, notes, stages_ms
from bedside.check.run import Outcome
from bedside.clock import NS_PER_MS

Row = dict[str, Any]
"""One figure as it lies in a file: suite, name, value, asked, how, detail."""
MACHINE = "machine"
"""The suite of what the machine itself can do; those of engines bear their names."""
WAIT = "wait"
LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_A_SECOND = 20, 200, 3.0
"""Of each limit; half of them are as long apart as pictures are."""
HOW_STAGES = (
    "From the device's time stamp until the answer was held. capture: until the pixels lie in the ring; wait: until "
    "the engine is free; announce: until the router takes the frame; stage: copied or scaled into the engine's "
    "buffer; request: to the engine and back, less the model; model: inside the model's own code."
)
HOW_RATE = (
    "One sample a round, through the whole of Bedside. The model's own rate is what its mean time in a bare loop "
    "allows; no more can be answered than the source shows."
)
HOW_MEMORY = "The most that the processes of each have held: the engine's inside Bedside, and the bare loop's."
HOW_LIMITS = (
    "Bare operations on this machine, nothing of Bedside around them: again and again, and after a pause as long as "
    "between two pictures, when caches and cores are cold. A round trip is a question of 200 bytes to another process."
)
HOW_BESIDE = (
    "The stage's p50, and the least that this machine could take for what the stage cannot do without. A stage that "
    "takes less was done beforehand, while the engine was busy with the frame before."
)


def figures(name: str, outcome: Outcome) -> list[Row]:
    """Figures of the engine `name`; none when no frame of its was measured."""
    if outcome.row is None or not outcome.timings:
        return []
    return [_times(name, outcome), _way(name, outcome), _age(name, outcome), _rate(name, outcome), _held(name, outcome)]


def limit_figures(limits: Mapping[str, Spread], size: tuple[int, int]) -> list[Row]:
    """The machine's own figure, for pictures of `size`."""
    value = ", ".join(f"{name} {limits[name + AFTER].p50:.2g} ms" for name in (COPY, TRIP)) + AFTER
    what = f"what this machine can do at best, {size[0]}x{size[1]}"
    return [_figure(MACHINE, what, value, HOW_LIMITS, {"limits_ms": dict(limits)})]


def beside(name: str, outcome: Outcome, limits: Mapping[str, Spread]) -> list[Row]:
    """Each stage of the engine `name` as a multiple of the machine's limit; none when none was measured."""
    ours_ms = {stage: median(times) for stage, times in stages_ms(outcome).items()}
    rows = multiples(ours_ms, {limit: one.p50 for limit, one in limits.items()})
    value = ", ".join(f"{row['stage']} {row['ours_ms'] / row['least_ms']:.1f}" for row in rows)
    what = f"{name}: stages as multiples of what this machine needs at least"
    return [_figure(name, what, value, HOW_BESIDE, {"multiples": rows})] if rows else []


def waits_ms(outcome: Outcome) -> list[float]:
    """Of each counted answer: how long its frame lay in the ring until the engine was free."""
    return [(timing.due_ns - timing.published_ns) / NS_PER_MS for timing in outcome.timings]


def _times(name: str, outcome: Outcome) -> Row:
    assert outcome.row is not None
    pairs = [pair for each in outcome.row.pairs for pair in each]
    lists = {
        "native": [pair.native for pair in pairs if pair.native is not None],
        "framework": [pair.framework for pair in pairs],
        "added": [pair.added for pair in pairs],
    }
    times = {key: spread(samples) for key, samples in lists.items() if samples}
    value = ", ".join(f"{key} p50 {one.p50:.1f} ms" for key, one in times.items())
    how = "; ".join(f"{key}: {MEANING[key]}" for key in times) + "."
    said = notes(outcome)
    if outcome.findings.spoiled:
        spoiled = f"{outcome.findings.spoiled} of {outcome.findings.frames} results cannot be used"
        said.append(f"{spoiled}, and are not in these times; `bedside check {name}` says why.")
    detail = {f"{key}_ms": one for key, one in times.items()} | {"notes": said}
    return _figure(name, f"{name}: time of a frame, alone and inside Bedside", value, how, detail)


def _way(name: str, outcome: Outcome) -> Row:
    found = stages_ms(outcome)
    lists = {"capture": found.pop("capture"), WAIT: waits_ms(outcome), **found}
    stages = {stage: spread(times) for stage, times in lists.items()}
    longest = max(stages, key=lambda stage: stages[stage].p50)
    value = f"longest is {longest} with p50 {stages[longest].p50:.1f} ms"
    return _figure(name, f"{name}: where the time of an answer goes", value, HOW_STAGES, {"stages_ms": stages})


def _age(name: str, outcome: Outcome) -> Row:
    ages = spread([(timing.answered_ns - timing.captured_ns) / NS_PER_MS for timing in outcome.timings])
    value = f"p50 {ages.p50:.1f} ms, p99 {ages.p99:.1f} ms"
    how = "From the device's time stamp until the answer was held; the way to a page comes on top."
    return _figure(name, f"{name}: age of the frame that an answer speaks of", value, how, {"age_ms": ages})


def _rate(name: str, outcome: Outcome) -> Row:
    assert outcome.row is not None
    natives = [pair.native for each in outcome.row.pairs for pair in each if pair.native is not None]
    own = 1000 / max(1e-6, mean(natives)) if natives else 0.0
    shown = outcome.source.fps if outcome.source else 0.0
    rate = median(outcome.answers_per_s)
    detail: dict[str, Any] = {"answers_per_s": outcome.answers_per_s, "own_per_s": own, "source_per_s": shown}
    if own:
        detail["share_of_own"] = rate / own
    value = f"{rate:.1f} a second"
    if own and not 0 < shown < own:
        value += f", {rate / own:.3f} of the model's own {own:.1f}"
    value += f"; the source shows {shown:.1f}" if shown else ""
    value += f", the model alone could answer {own:.0f}" if 0 < shown < own else ""
    return _figure(name, f"{name}: answers a second", value, HOW_RATE, detail)


def _held(name: str, outcome: Outcome) -> Row:
    held = {"engine_mb": outcome.engine_mb, "alone_mb": outcome.alone_mb}
    texts = [f"{key.removesuffix('_mb')} {mb:.0f} MB" for key, mb in held.items() if mb]
    texts += [f"loaded in {outcome.loaded_s:.2g} s"] if outcome.loaded_s else []
    detail = held | {"loaded_s": outcome.loaded_s, "restarts": outcome.restarts, "versions": dict(outcome.versions)}
    return _figure(name, f"{name}: memory at its peak", ", ".join(texts) or "not known", HOW_MEMORY, detail)


def rounds_of(seconds: float) -> int:
    """How often each limit is measured where an engine is measured for so long."""
    return max(LEAST_ROUNDS, min(MOST_ROUNDS, round(ROUNDS_A_SECOND * seconds)))


def _figure(suite: str, name: str, value: str, how: str, detail: Mapping[str, Any]) -> Row:
    """The row; distributions in `detail` become what JSON can hold."""
    return {"suite": suite, "name": name, "value": value, "asked": "-", "how": how, "detail": _plain(detail)}


def _plain(value: Any) -> Any:
    if isinstance(value, Spread):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value
