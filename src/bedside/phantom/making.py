"""Makes the pictures of a data set, here or in processes of their own.

A process is told on its standard input which pictures to make, and says each row on its standard output as JSON: so one
alone writes `frames.csv`.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Protocol

import cv2

from bedside.errors import BedsideError, SettingsError
from bedside.messages import Pixels
from bedside.phantom.dataset import Row, write_pair
from bedside.phantom.plan import Shot, shots
from bedside.phantom.pose import View
from bedside.phantom.studio import Studio
from bedside.phantom.truth import Truth

TRIES = 4
"""So many views are tried for one that meets its aim; the last one is taken as it is."""


class Camera(Protocol):
    """What takes the pictures, such as studio.Studio."""

    def choose(self, seed: int) -> Mapping[str, View]:
        """Go to the anatomy of that seed; its standard views."""

    def truth(self, view: View) -> Truth:
        """What is true of the picture that this view would show."""

    def picture(self, gain_db: float, moment: int) -> Pixels:
        """The picture of the view whose truth was asked for last, RGB uint8 [height, width, 3]."""


def make(folder: Path, wanted: Iterable[Shot], camera: Camera) -> Iterator[Row]:
    """Draw and write pictures, one after the other; a row each.

    Raises SettingsError when the disk does not take one.
    """
    seed = None
    standard: Mapping[str, View] = {}
    for shot in wanted:
        if shot.seed != seed:
            seed, standard = shot.seed, camera.choose(shot.seed)
        for view, gain_db in islice(shot.tries(standard), TRIES):  # noqa: B007 - the last one is used
            truth = camera.truth(view)
            if shot.aim.is_met(truth):
                break
        yield write_pair(folder, shot.name, shot.seed, camera.picture(gain_db, shot.moment), truth)


def make_beside(
    folder: Path, count: int, seeds: range, wanted: Sequence[Shot], processes: int, keep: Callable[[Row], None]
) -> None:
    """Have them made by so many processes; `keep` gets each row, one at a time.

    Raises BedsideError with what a process said before it failed; the others are stopped then.
    """
    shares: list[list[int]] = [[] for _ in range(processes)]
    for shot in wanted:
        shares[shot.seed % processes].append(shot.number)
    lock = threading.Lock()
    running: list[subprocess.Popen[str]] = []

    def follow(process: "subprocess.Popen[str]", share: list[int]) -> None:
        order = {"folder": str(folder), "count": count, "seeds": [seeds.start, seeds.stop], "numbers": share}
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.close()
        for line in process.stdout:
            with lock:
                keep(json.loads(line))
        said = process.stderr.read().strip()
        if process.wait():
            raise BedsideError(said.splitlines()[-1] if said else f"a process ended with status {process.returncode}")

    command = [sys.executable, "-m", "bedside.phantom.making"]
    pipe = subprocess.PIPE
    with ExitStack() as stack, ThreadPoolExecutor(processes) as threads:
        try:
            for _ in shares:  # one by one, so that each that runs is ended, whenever somebody interrupts
                process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
                running.append(stack.enter_context(process))
            for done in as_completed([threads.submit(follow, *pair) for pair in zip(running, shares, strict=True)]):
                done.result()
        finally:
            for process in running:
                process.terminate()


def _obey() -> int:
    """What a process of its own does."""
    cv2.setNumThreads(1)
    order = json.loads(sys.stdin.readline())
    numbers = set(order["numbers"])
    wanted = (shot for shot in shots(order["count"], range(*order["seeds"])) if shot.number in numbers)
    try:
        for row in make(Path(order["folder"]), wanted, Studio()):
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(_obey())
