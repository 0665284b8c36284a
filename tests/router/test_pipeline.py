"""A researcher's few lines that ask several engines and give one result."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.engine.staging import Borrow
from bedside.engine.tally import Handed
from bedside.errors import Unreachable
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Signal, Status, Timing
from bedside.router import pipeline as pipeline_module
from bedside.router.pipeline import Pipeline
from bedside.router.when import When

HEAD = {"verdict": {"label": "head", "level": "good", "score": 0.9}}


@dataclass
class FakeEngine:
    """An engine that answers at once, or when the test lets it."""

    name: str
    answers: dict[str, Any] = field(default_factory=lambda: dict(HEAD))
    error: str = ""
    state: EngineState = EngineState.READY
    message: str = ""
    model_ms: float = 0.0
    gate: asyncio.Event | None = None
    asked: list[int] = field(default_factory=list)
    seen: list[Pixels] = field(default_factory=list)
    handed: Handed = field(default_factory=Handed)
    is_busy: bool = False

    @property
    def status(self) -> EngineStatus:
        """As the test says."""
        return EngineStatus(self.name, self.state, self.message)

    @property
    def is_well(self) -> bool:
        """As the test says."""
        return self.state.is_well

    async def run(self) -> None:
        """Look after nothing."""
        await asyncio.Event().wait()

    def see(self, event: Frame | Status, borrow: Borrow) -> None:
        """Keep nothing."""

    async def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Result:
        """One frame at a time."""
        if self.is_busy:
            raise Unreachable("busy")
        asked_ns = clock.monotonic_ns()
        self.is_busy = True
        try:
            self.asked.append(frame.seq)
            if self.gate is not None:
                await self.gate.wait()
            if self.model_ms:
                await asyncio.sleep(self.model_ms / 1000)
            with borrow(frame) as pixels:
                self.seen.append(pixels.copy())
        finally:
            self.is_busy = False
        timing = Timing(0, 0, asked_ns, asked_ns, clock.monotonic_ns(), self.model_ms, free_ns)
        return Result(self.name, frame.seq, timing, {} if self.error else self.answers, self.error)


@dataclass
class Run:
    """A pipeline that runs, and what it has said."""

    pipeline: Pipeline
    file: Path
    pictures: Any
    results: list[tuple[Result, Pixels | None]]
    statuses: list[EngineStatus]

    async def answered(self, signal: Signal = Signal.LIVE) -> Result:
        """The result for one more frame."""
        count = len(self.results)
        await until(lambda: self.state is EngineState.READY or len(self.results) > count)
        self.pipeline.offer(self.pictures.next(signal))
        await until(lambda: len(self.results) > count)
        return self.results[count][0]

    async def says(self, state: EngineState) -> str:
        """The message of a state that is reached."""
        await until(lambda: self.state is state)
        return self.pipeline.status.message

    @asynccontextmanager
    async def film(self) -> AsyncIterator[None]:
        """Frames come all the time."""

        async def play() -> None:
            while True:
                self.pipeline.offer(self.pictures.next())
                await asyncio.sleep(0.02)

        playing = asyncio.create_task(play())
        try:
            yield
        finally:
            playing.cancel()

    @property
    def state(self) -> EngineState:
        """What the page says."""
        return self.pipeline.status.state

    def save(self, code: str) -> None:
        """Write the file anew, as an editor does."""
        self.file.write_text(dedent(code), encoding="utf-8")


@pytest.fixture
def running(pictures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a pipeline with this code and these engines."""
    monkeypatch.setattr(pipeline_module, "LOOK_S", 0.02)
    monkeypatch.setattr(pipeline_module, "GRACE_S", 0.1)

    @asynccontextmanager
    async def start(code: str | None, *engines: FakeEngine, **more: Any) -> AsyncIterator[Run]:
        file = tmp_path / "mine" / "pipeline.py"
        file.parent.mkdir(exist_ok=True)
        results: list[tuple[Result, Pixels | None]] = []
        statuses: list[EngineStatus] = []
        pipeline = Pipeline(
            file,
            engines,
            pictures.borrow,
            lambda result, pixels: results.append((result, pixels)),
            report=statuses.append,
            **{"deadline_s": 5.0, **more},
        )
        run = Run(pipeline, file, pictures, results, statuses)
        if code is not None:
            run.save(code)
        task = asyncio.create_task(pipeline.run())
        try:
            yield run
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return start


async def until(holds: Callable[[], bool]) -> None:
    """Poll until something holds."""
    end = clock.monotonic_ns() + 20 * clock.NS_PER_S
    while not holds():
        assert clock.monotonic_ns() < end, "did not happen within 20 s"
        await asyncio.sleep(0.005)


BRANCH = """
from bedside.router.fuse import fused

async def pipeline(frame, engines):
    plane, quality = await engines.ask("plane", "quality")
    heads = None
    if plane.label == "head":
        heads = await engines.ask("heads", within_s=0.2)
    return fused(plane, quality, heads)
"""


async def test_engines_are_asked_in_parallel_and_in_sequence(running: Any) -> None:
    """Two together, a third only where the first says so; one result, with the pixels of the frame that all saw."""
    gate = asyncio.Event()
    plane, quality = FakeEngine("plane", gate=gate), FakeEngine("quality", {"text": "sharp"}, gate=gate)
    heads = FakeEngine("heads", {"points": [{"x": 0.5, "y": 0.5}]})
    async with running(BRANCH, plane, quality, heads) as run:
        answered = asyncio.create_task(run.answered())
        await until(lambda: plane.is_busy and quality.is_busy)
        assert heads.asked == [], "it comes after the others"
        gate.set()
        result = await answered
        assert (result.engine, result.seq, result.error, dict(result.missing)) == ("pipeline", 1, "", {})
        assert result.answer == {**HEAD, "text": "sharp", "points": [{"x": 0.5, "y": 0.5}]}
        plane.answers = {"verdict": {"label": "femur", "level": "good"}}
        assert "points" not in (await run.answered()).answer
        assert heads.asked == [1]
        assert [int(pixels.max()) for _, pixels in run.results if pixels is not None] == [1, 2]
        assert [int(pixels.max()) for pixels in plane.seen] == [1, 2]
        assert heads.seen[0].shape == (2, 4, 3)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"state": EngineState.DEAD, "message": "it is gone"}, "dead: it is gone"),
        ({"state": EngineState.STARTING}, "starting"),
        ({"state": EngineState.FAILED, "message": "no weights"}, "failed: no weights"),
        ({"error": "ValueError: bad shape (engine.py:3)"}, "failed: ValueError: bad shape (engine.py:3)"),
    ],
)
async def test_a_part_that_is_not_there_is_named(running: Any, trouble: dict[str, Any], said: str) -> None:
    """The rest of the result comes without it, also where the pipeline does not look at it."""
    code = """
    async def pipeline(frame, engines):
        plane, quality = await engines.ask("plane", "quality")
        return {"text": f"{bool(plane)} {bool(quality)} {quality.get('text', 'none')} {quality.label} {quality.score}"}
    """
    async with running(code, FakeEngine("plane"), FakeEngine("quality", **trouble)) as run:
        result = await run.answered()
        assert result.missing == {"quality": said}
        assert result.answer == {"text": "True False none None None"}


async def test_a_late_part_is_left_to_finish_and_counted(running: Any) -> None:
    """The result goes out without it and says so; while it still computes it is late again, then it is asked anew."""
    gate = asyncio.Event()
    slow = FakeEngine("slow", gate=gate)
    code = """
    async def pipeline(frame, engines):
        slow = await engines.ask("slow", within_s=0.05)
        return {"text": slow.label or "without"}
    """
    async with running(code, slow) as run:
        for _ in range(2):
            result = await run.answered()
            assert (result.answer, result.missing) == ({"text": "without"}, {"slow": "late"})
        assert slow.asked == [1], "the first question was not broken off, and no second one was put on top"
        gate.set()
        await until(lambda: slow.handed.late == 1)
        assert (await run.answered()).answer == {"text": "head"}
        assert run.pipeline.status.late == 1


async def test_without_a_limit_a_part_never_costs_the_result(running: Any) -> None:
    """An engine that hangs is late soon enough for the others' parts to come."""
    hangs = FakeEngine("hangs", gate=asyncio.Event())
    code = """
    async def pipeline(frame, engines):
        plane, hangs = await engines.ask("plane", "hangs")
        return {"text": plane.label}
    """
    async with running(code, FakeEngine("plane"), hangs, deadline_s=0.5) as run:
        result = await run.answered()
        assert (result.error, result.answer, result.missing) == ("", {"text": "head"}, {"hangs": "late"})


async def test_the_last_answer_of_a_slow_engine(running: Any) -> None:
    """It is there with its age until it is too old, while the engine goes on at its own pace in the background."""
    gate = asyncio.Event()
    slow = FakeEngine("slow", gate=gate)
    code = """
    async def pipeline(frame, engines):
        slow = engines.last("slow", max_age_s=1000)
        old = engines.last("slow", max_age_s=-1)
        return {"text": f"{slow.label} of {slow.seq}", "points": [] if slow.age_s >= 0 and not old else None}
    """
    async with running(code, slow) as run:
        result = await run.answered()
        assert (result.answer["text"], result.missing) == ("None of 0", {"slow": "late"})
        assert (await run.answered()).answer["text"] == "None of 0"
        gate.set()
        await until(lambda: not slow.is_busy)
        gate.clear()  # or the answer to the third frame might be the last one already
        result = await run.answered()
        assert (result.answer, result.missing) == ({"text": "head of 1", "points": []}, {})
        await until(lambda: slow.asked == [1, 3])
        assert slow.handed.late == 0, "nobody waited for it"


async def test_engines_that_rest(running: Any) -> None:
    """One in an interval, one on freeze: when it is not their turn they are missing as `rests`; last() has them."""
    code = """
    async def pipeline(frame, engines):
        await engines.ask("rare", "still")
        rare, still = engines.last("rare", max_age_s=1000), engines.last("still", max_age_s=1000)
        return {"text": f"{frame.state} {rare.seq} {still.seq}"}
    """
    when = {"rare": When(every_s=1000), "still": When(is_on_freeze=True)}
    rare, still = FakeEngine("rare"), FakeEngine("still")
    async with running(code, rare, still, when=when) as run:
        result = await run.answered()
        assert (result.answer["text"], result.missing) == ("live 1 0", {"still": "rests"})
        assert (await run.answered(Signal.FROZEN)).answer["text"] == "frozen 1 2"
        result = await run.answered(Signal.FROZEN)
        assert (result.answer["text"], result.missing) == ("frozen 1 2", {})
        await run.answered(Signal.LIVE)
        assert (await run.answered(Signal.FROZEN)).answer["text"] == "frozen 1 5"
        assert (rare.asked, still.asked) == ([1], [2, 5])


async def test_the_frame_is_there(running: Any) -> None:
    """Number, time, state, size and a copy of the pixels."""
    code = """
    async def pipeline(frame, engines):
        pixels = frame.pixels()
        pixels[:] = 200
        return {"text": f"{frame.seq} {frame.width}x{frame.height} {frame.state} {frame.time_s > 1.5e9}"
                        f" {pixels.shape} {frame.pixels().max()} {engines.names}"}
    """
    async with running(code, FakeEngine("plane")) as run:
        result = await run.answered()
        assert result.answer["text"] == "1 4x2 live True (2, 4, 3) 1 ('plane',)"


async def test_an_engine_is_asked_about_a_frame_once(running: Any) -> None:
    """Asked twice, also at the same time, it gives the same answer."""
    code = """
    import asyncio
    async def pipeline(frame, engines):
        both = await asyncio.gather(engines.ask("plane"), engines.ask("plane"))
        both.append(await engines.ask("plane"))
        return {"text": " ".join(part.label for part in both)}
    """
    plane = FakeEngine("plane")
    async with running(code, plane) as run:
        assert (await run.answered()).answer == {"text": "head head head"}
        assert plane.asked == [1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("raise ValueError('bad\\nshape')", "ValueError: bad shape (pipeline.py:4)"),
        ("await engines.ask('plan')", "there is no engine 'plan'; there are plane (pipeline.py:4)"),
        ("await engines.ask()", "engines.ask() names no engine; there are plane (pipeline.py:4)"),
        ("import sys; sys.exit(3)", "SystemExit: 3 (pipeline.py:4)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (pipeline.py:4)"),
        (
            "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()",
            "Odd: its text cannot be shown (pipeline.py:4)",
        ),
        ("return None", "its answer cannot be used: pipeline returned None; expected a dict with the result's fields"),
        ("return {'verdikt': 1}", "its answer cannot be used: field 'verdikt' is unknown; did you mean 'verdict'?"),
        ("return {'mask': frame.pixels()}", "its answer cannot be used: mask has shape [2, 4, 3]"),
    ],
)
async def test_what_is_wrong_is_the_error_of_that_frame(running: Any, line: str, said: str) -> None:
    """In a sentence with file and line; the next frame goes on in the same thread, and the parts are still named."""
    code = f"""
    async def pipeline(frame, engines):
        if frame.seq == 1:
            {line}
        return await engines.ask("plane")
    """
    async with running(code, FakeEngine("plane")) as run:
        result = await run.answered()
        assert said in result.error
        assert result.answer == {}
        assert (await run.answered()).answer == HEAD
        status = run.pipeline.status
        assert (status.errors, status.answers, status.restarts) == (1, 1, 0)


async def test_an_exit_in_a_task_of_ones_own_costs_a_restart(running: Any) -> None:
    """It ends the thread's event loop; a new thread goes on."""
    code = """
    import asyncio, sys
    async def leave():
        sys.exit(1)
    async def pipeline(frame, engines):
        if frame.seq == 1:
            task = asyncio.create_task(leave())
            await asyncio.sleep(60)
        return {"text": "here"}
    """
    async with running(code) as run:
        await run.says(EngineState.READY)
        run.pipeline.offer(run.pictures.next())
        await until(lambda: bool(run.results) or run.pipeline.status.restarts == 1)
        async with run.film():
            await until(lambda: any(result.answer for result, _ in run.results))
            await until(lambda: run.pipeline.status.restarts == 1)  # the old loop may answer a frame while it ends


@pytest.mark.parametrize("line", ["while True: pass", "time.sleep(3)", "await asyncio.sleep(60)"])
async def test_what_blocks_stops_nobody_else(running: Any, line: str) -> None:
    """At the deadline the frame has its error with the line; this event loop went on; the next frames are answered."""
    code = f"""
    import asyncio, time
    async def pipeline(frame, engines):
        if frame.seq == 1:
            {line}
        return {{"text": "here"}}
    """
    async with running(code, deadline_s=0.3) as run:
        beats = 0

        async def beat() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0.01)
                beats += 1

        heart = asyncio.create_task(beat())
        result = await run.answered()
        assert result.error == "pipeline gave no answer within 0.3 s; it is at pipeline.py:5"
        assert beats >= 3, "the server's loop stood still"
        async with run.film():
            await until(lambda: bool(run.results[-1][0].answer))
        heart.cancel()
        assert run.pipeline.status.restarts == (0 if "await" in line else 1)


async def test_a_thread_that_hangs_is_left_behind_a_few_times_only(running: Any, monkeypatch: Any) -> None:
    """Then the state says where it hangs and what to do; a corrected file goes on at once."""
    monkeypatch.setattr(pipeline_module, "LONGEST_PAUSE_S", 0.01)
    release = threading.Event()
    monkeypatch.setattr(threading, "released_by_the_test", release, raising=False)
    code = """
    import threading
    async def pipeline(frame, engines):
        threading.released_by_the_test.wait()
    """
    before = threading.active_count()
    async with running(code, deadline_s=0.1) as run, run.film():
        said = await run.says(EngineState.FAILED)
        assert said == ("3 threads of it hang at pipeline.py:4; correct and save the file, or start the server again")
        assert run.pipeline.status.restarts == 3
        assert threading.active_count() <= before + 4, "those three, and one that copies pixels"
        run.save("async def pipeline(frame, engines):\n    return {'text': 'corrected'}\n")
        await until(lambda: run.results[-1][0].answer == {"text": "corrected"})
        release.set()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "async def pipeline(frame, engines)\n    return {}",
            "does not load: SyntaxError: expected ':' (pipeline.py:1)",
        ),
        (
            "import no_such_module",
            "does not load: ModuleNotFoundError: No module named 'no_such_module' (pipeline.py:1)",
        ),
        ("\nraise SystemExit(4)", "does not load: SystemExit: 4 (pipeline.py:2)"),
        ("def pipeline(frame, engines): return {}", "no `async def pipeline(frame, engines)`; write one"),
        ("x = 1", "pipeline.py has no `async def pipeline(frame, engines)`; write one"),
        (None, "mine/pipeline.py cannot be read: No such file or directory; name it in [pipeline] path"),
    ],
)
async def test_a_file_that_does_not_load_is_a_sentence_until_it_is_saved(
    running: Any, code: str | None, said: str
) -> None:
    """State FAILED, with file and line; when the file is written anew it is loaded, without a restart of anything."""
    async with running(code) as run:
        assert said in await run.says(EngineState.FAILED)
        run.save("async def pipeline(frame, engines):\n    return {'text': 'better'}\n")
        assert (await run.answered()).answer == {"text": "better"}
        assert run.pipeline.status.restarts == 0


async def test_a_saved_file_is_loaded_again_with_what_it_imports(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own modules in the same folder, too; and the log says so."""
    code = """
    from bedside_test_rules import WORD
    async def pipeline(frame, engines):
        return {"text": WORD}
    """
    async with running(None) as run:
        rules = run.file.with_name("bedside_test_rules.py")
        rules.write_text("WORD = 'one'\n")
        run.save(code)
        assert (await run.answered()).answer == {"text": "one"}
        rules.write_text("WORD = 'other'\n")
        os.utime(rules, (1, 1))
        with caplog.at_level("INFO"):
            async with run.film():
                await until(lambda: run.results[-1][0].answer == {"text": "other"})
        assert "pipeline.py was saved and is loaded again" in caplog.text


async def test_no_frame_is_answered_without_a_picture(running: Any) -> None:
    """A frame whose signal is lost is not given to the pipeline, nor one that waited when the signal went."""
    gate = asyncio.Event()
    plane = FakeEngine("plane", gate=gate)
    code = 'async def pipeline(frame, engines):\n    return await engines.ask("plane")\n'
    async with running(code, plane) as run:
        answered = asyncio.create_task(run.answered())
        await until(lambda: plane.asked == [1])
        run.pipeline.offer(run.pictures.next())
        run.pipeline.offer(Status(Signal.NO_SIGNAL))
        run.pipeline.offer(run.pictures.next(Signal.NO_SIGNAL))
        gate.set()
        await answered
        assert (await run.answered()).seq == 4
        assert plane.asked == [1, 4]


async def test_the_newest_frame_wins(running: Any) -> None:
    """While the pipeline is busy, newer frames replace each other, and that is counted."""
    gate = asyncio.Event()
    code = 'async def pipeline(frame, engines):\n    return await engines.ask("plane")\n'
    async with running(code, FakeEngine("plane", gate=gate)) as run:
        answered = asyncio.create_task(run.answered())
        await until(lambda: run.state is EngineState.BUSY)
        for _ in range(4):
            run.pipeline.offer(run.pictures.next())
        gate.set()
        await answered
        await until(lambda: len(run.results) == 2)
        assert [result.seq for result, _ in run.results] == [1, 5]
        assert run.pipeline.status.passed_over == 3


async def test_times_mean_what_they_mean_of_an_engine(running: Any) -> None:
    """`model_ms` is the longest chain of models and the pipeline's own code; what lies around them is added."""
    code = """
    import time
    async def pipeline(frame, engines):
        await engines.ask("a", "b")
        await engines.ask("c")
        time.sleep(0.03)
        return {}
    """
    engines = FakeEngine("a", model_ms=20), FakeEngine("b", model_ms=60), FakeEngine("c", model_ms=40)
    async with running(code, *engines) as run:
        timing = (await run.answered()).timing
        took_ms = (timing.answered_ns - timing.taken_ns) / 1e6
        assert 130 <= timing.model_ms <= took_ms + 1e-6, "60, 40 and 30"
        assert timing.added_ms >= 0
        assert timing.captured_ns <= timing.published_ns <= timing.taken_ns <= timing.asked_ns <= timing.answered_ns
        assert run.pipeline.status.model_ms == timing.model_ms


async def test_results_pass_arrays_on(running: Any) -> None:
    """A mask stays the numpy array that the engine gave."""
    mask = np.eye(3, dtype=np.uint8)
    engine = FakeEngine("seg", {"mask": mask, "labels": ["ground", "line"]})
    code = """
    async def pipeline(frame, engines):
        seg = await engines.ask("seg")
        return {"mask": seg.get("mask") * 2, "labels": ["ground", "", "line"]}
    """
    async with running(code, engine) as run:
        assert (await run.answered()).answer["mask"].tolist() == (mask * 2).tolist()


async def test_an_array_that_is_written_to_again_is_not_shown_half(running: Any) -> None:
    """A heat map that the pipeline keeps and goes on to write: each result has the one of its own frame."""
    code = """
    import numpy as np
    heat = np.zeros((2, 2), np.uint8)
    async def pipeline(frame, engines):
        heat[:] = frame.seq
        return {"mask": heat, "labels": list("abc"), "images": [{"pixels": heat}]}
    """
    async with running(code) as run:
        await run.answered()
        await run.answered()
        for number, (result, _) in enumerate(run.results, 1):
            assert int(result.answer["mask"].max()) == number
            assert int(result.answer["images"][0]["pixels"].max()) == number


async def test_one_failing_in_ever_new_words_does_not_flood_the_log(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Each frame's result has its error; the stack of one a second at most is in the log."""
    code = """
    async def pipeline(frame, engines):
        raise ValueError(frame.seq)
    """
    async with running(code) as run:
        for seq in range(1, 6):
            assert (await run.answered()).error == f"ValueError: {seq} (pipeline.py:3)"
    stacks = [record for record in caplog.records if record.exc_info]
    assert 1 <= len(stacks) <= 3
    assert "raise ValueError(frame.seq)" in caplog.text


@pytest.mark.parametrize("number", [0, 1])
async def test_the_examples_of_the_docs_run_as_written(running: Any, number: int) -> None:
    """Both pipelines of docs/howto/pipelines.md load and answer; the second is certain after a while."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "pipelines.md"
    examples = [block.partition("```")[0] for block in page.read_text(encoding="utf-8").split("```python\n")[1:]]
    assert len(examples) == 2
    engines = FakeEngine("plane"), FakeEngine("quality", {"text": "sharp"}), FakeEngine("segmenter", {"text": "cut"})
    async with running(examples[number], *engines) as run:
        result = await run.answered()
        assert (result.error, result.missing) == ("", {})
        async with run.film():
            await until(lambda: run.results[-1][0].answer["verdict"]["label"] == "head")
        assert run.results[-1][0].answer.get("text") == ("sharp\ncut" if number == 0 else None)
