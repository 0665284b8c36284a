"""`python -m bench.blocked [--seconds N]`: what a pipeline's code costs the server's event loop, by where it runs.

A timer of the loop is due every 5 ms. How late it comes is what pages, frames and requests wait for. The code runs in
the server's loop itself, in a pipeline's thread, or in a process of its own; each for some seconds, in turn.
docs/decisions/0012-pipelines.md quotes it.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bedside.cli.live import SWITCH_S
from bedside.router.script import Script
from bedside.router.workroom import Workroom

TICK_S = 0.005
WORK = {
    "nothing": "await asyncio.sleep(0.05)",
    "time.sleep(0.5)": "time.sleep(0.5)",
    "a loop in Python": "x = 0\n        while time.monotonic() < until: x += 1",
    "numpy, 1500 x 1500 product": "big @ big",
    "numpy, elementwise on 9 MB": "np.exp(big)",
    "sorted() of 2 million numbers": "sorted(numbers)",
}
FILE = """
import asyncio, time
import numpy as np
big = np.random.default_rng(1).random((1500, 1500), np.float32)
numbers = np.random.default_rng(1).random(2_000_000).tolist()

async def pipeline(frame, engines):
    until = time.monotonic() + {seconds}
    while time.monotonic() < until:
        {work}
    return {{}}
"""


class NoEngines:
    """Nobody is asked."""

    def give_up(self) -> None:
        """Nothing to give up."""


async def lateness_ms(until: Callable[[], bool]) -> list[float]:
    """How late each tick came, until something is done."""
    late: list[float] = []
    due_s = time.perf_counter() + TICK_S
    while not until():
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        late.append((time.perf_counter() - due_s) * 1000)
        due_s = max(due_s, time.perf_counter()) + TICK_S
    return late


async def in_loop(file: Path) -> list[float]:
    """The code in the server's own loop."""
    task = asyncio.ensure_future(Script(file).load()(None, None))
    return await lateness_ms(task.done)


async def in_thread(file: Path) -> list[float]:
    """The code in a pipeline's thread."""
    room = Workroom(Script(file))
    await asyncio.to_thread(room.loaded.result)
    engines: Any = NoEngines()
    frame: Any = None
    late = await lateness_ms(room.run(frame, engines).done)
    room.end()
    return late


async def in_process(file: Path) -> list[float]:
    """The code in a process of its own."""
    run = f"import asyncio, runpy; asyncio.run(runpy.run_path({str(file)!r})['pipeline'](None, None))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", run)
    await asyncio.sleep(1.0)  # until it has imported numpy
    return await lateness_ms(lambda: process.returncode is not None)


def main() -> None:
    """One line for each kind of work and each place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    sys.setswitchinterval(SWITCH_S)
    print("| the pipeline does | where | median ms late | 99 of 100 | worst |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, work in WORK.items():
            file = Path(folder) / "pipeline.py"
            file.write_text(FILE.format(seconds=seconds, work=work), encoding="utf-8")
            for place in (in_loop, in_thread, in_process):
                late = asyncio.run(place(file))
                p99 = statistics.quantiles(late, n=100)[98] if len(late) > 1 else late[0]
                where = place.__name__.replace("in_", "")
                print(f"| {name} | {where} | {statistics.median(late):.1f} | {p99:.1f} | {max(late):.1f} |")


if __name__ == "__main__":
    main()
