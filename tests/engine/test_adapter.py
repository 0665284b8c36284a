"""adapter.py in the hands of people: what works, and what every mistake becomes."""

import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.test_aside import ended

from bedside.engine.adapter import Adapter, AdapterFailed
from bedside.engine.ask import Ask

PICTURE = np.full((2, 4, 3), 100, np.uint8)
Write = Callable[[str], Adapter]


@pytest.fixture
async def write(tmp_path: Path) -> AsyncIterator[Write]:
    """Adapters of this text."""
    made: list[Adapter] = []

    def write(text: str) -> Adapter:
        (tmp_path / "adapter.py").write_text(text)
        made.append(Adapter(tmp_path / "adapter.py"))
        return made[-1]

    yield write
    for adapter in made:
        adapter.close()


async def failure(adapter: Adapter, request: bool = False, **outputs: Any) -> str:
    """The sentence with which it fails."""
    with pytest.raises(AdapterFailed) as raised:
        await adapter.load()
        await (adapter.request(Ask(1, PICTURE)) if request else adapter.result(outputs))
    return str(raised.value)


async def test_outputs_become_a_checked_result(write: Write) -> None:
    """Arrays may be worked on in place; what is returned is checked and filled in as any result."""
    adapter = write(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "import pathlib\n"
        "@dataclass\n"
        "class Score:\n"
        "    value: float\n"
        "NAMES = pathlib.Path(__file__).parent.name and ['a', 'b']\n"
        "def result(outputs):\n"
        "    logits = outputs['logits'][0]\n"
        "    logits -= logits.max()\n"
        "    return {'verdict': {'label': NAMES[logits.argmax()], 'score': Score(0.5).value}}\n"
    )
    await adapter.load()
    assert not adapter.has_request
    logits = np.frombuffer(np.array([[1, 3]], np.float32).tobytes(), np.float32).reshape(1, 2)
    assert await adapter.result({"logits": logits}) == {"verdict": {"label": "b", "score": 0.5, "level": "none"}}


async def test_the_picture_is_its_own(write: Write) -> None:
    """`request` may write into its frame; nobody else's changes."""
    adapter = write(
        "def request(frame, info):\n"
        "    frame //= 2\n"
        "    return {'x': frame, 'seq': info.seq}\n"
        "def result(outputs): return {}\n"
    )
    await adapter.load()
    inputs = await adapter.request(Ask(4711, PICTURE))
    assert inputs["x"].tolist() == (PICTURE // 2).tolist()
    assert inputs["seq"] == 4711
    assert (PICTURE == 100).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def result(outputs", "adapter.py cannot be loaded: SyntaxError: '(' was never closed (adapter.py:1)"),
        ("import nothing_of_that_name", "adapter.py cannot be loaded: ModuleNotFoundError: No module named"),
        ("import sys\nsys.exit(3)", "adapter.py cannot be loaded: SystemExit: 3 (adapter.py:2)"),
        ("x = 1", "adapter.py has no function result(outputs); expected one that returns a dict"),
        ("\0", "adapter.py cannot be loaded: "),
    ],
)
async def test_what_cannot_be_loaded_is_a_sentence(text: str, sentence: str, write: Write) -> None:
    """With the line, until the file has changed."""
    adapter = write(text)
    assert sentence in await failure(adapter)
    assert sentence in await failure(adapter)


async def test_a_file_that_was_corrected_is_loaded(write: Write, tmp_path: Path) -> None:
    """Without starting anything again."""
    adapter = write("import sys\nsys.exit(3)")
    assert "SystemExit" in await failure(adapter)
    (tmp_path / "adapter.py").unlink()
    assert "cannot be read: No such file or directory" in await failure(adapter)
    (tmp_path / "adapter.py").write_text("def result(outputs): return {'text': 'well'}\n")
    await adapter.load()
    assert await adapter.result({}) == {"text": "well"}


async def test_a_failure_that_lasts_takes_no_memory(write: Write) -> None:
    """It is asked for again each second, for days: the same sentence each time, and no longer a story behind it."""
    adapter, depths = write("1 / 0"), set()
    for _ in range(5):
        with pytest.raises(AdapterFailed, match="ZeroDivisionError") as raised:
            await adapter.load()
        depths.add((len(list(traceback.walk_tb(raised.value.__traceback__))), raised.value.__cause__ is None))
    assert len(depths) <= 2, "the first one, and all others"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return outputs['logits']", "adapter.py: result(outputs) raised KeyError: 'logits' (adapter.py:4)"),
        ("sys.exit('enough')", "raised SystemExit: enough (adapter.py:4)"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt (adapter.py:4)"),
        ("raise Unprintable", "raised Unprintable"),
        ("return result(outputs)", "raised RecursionError"),
        ("return None", "what result(outputs) returned cannot be used: it returned None; expected a dict"),
        ("return {'verdikt': 1}", "cannot be used: field 'verdikt' is unknown; did you mean 'verdict'?"),
        ("return {'text': 'x' * 10**6}", "cannot be used: text has 1000000 characters"),
        ("return {'verdict': {'label': 'a', 'score': float('nan')}}", "cannot be used: verdict.score is nan"),
    ],
)
async def test_what_result_does_wrong_is_a_sentence(body: str, sentence: str, write: Write) -> None:
    """And the next frame goes on in the same thread."""
    broken = "    def __str__(self): raise ValueError"
    adapter = write(f"import sys\nclass Unprintable(Exception):\n{broken}\ndef result(outputs): {body}\n")
    assert sentence in await failure(adapter)
    assert sentence in await failure(adapter)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("None", "request returned None; expected a dict of arrays by input name"),
        ("{}", "request returned {}; expected a dict"),
        ("{1: frame}", "expected a dict of arrays by input name"),
        ("{'x': None}", "request returned what is no tensor: x is None; expected an array of numbers, or of texts"),
        ("{'x': [[1], [2, 3]]}", "adapter.py: "),
        ("{'x': frame.astype(complex)}", "x is an array of complex128; expected one of"),
        ("1 / 0", "request(frame, info) raised ZeroDivisionError: division by zero (adapter.py:1)"),
    ],
)
async def test_what_request_does_wrong_is_a_sentence(value: str, sentence: str, write: Write) -> None:
    """Nothing of it reaches the server."""
    adapter = write(f"def request(frame, info): return {value}\ndef result(outputs): return {{}}\n")
    assert sentence in await failure(adapter, request=True)


async def test_what_hangs_is_given_up(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop costs its frame, and the next one is answered."""
    monkeypatch.setattr("bedside.engine.adapter.CALL_S", 0.1)
    adapter = write("def result(outputs):\n    while outputs['hangs']: pass\n    return {}\n")
    assert await failure(adapter, hangs=np.ones(1)) == (
        "adapter.py: result(outputs) was given up: it takes longer than 0.1 s"
    )
    await ended("adapter")
    assert await adapter.result({"hangs": np.zeros(1)}) == {}
