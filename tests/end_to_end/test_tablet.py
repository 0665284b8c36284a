"""The main job, whole: from the picture at the source to an answer painted on a tablet."""

import base64
import os
import random
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, TimeoutError
from tests.end_to_end.box import NAMES, Box, running, wait

from bedside.messages import Pixels
from bedside.source import counter

ROOT = Path(__file__).parents[2]
CLIP = ROOT.parent / "shared" / "data" / "scanner" / "sonosite-anon-eye1-video.mp4"
READS_THE_COUNTER = """
from bedside.source import counter

def predict(frame):
    number = counter.read(frame)
    return {"verdict": {"label": "Counter %s" % number, "level": "good", "score": 1.0}}
"""
pytestmark = pytest.mark.chromium
ROUNDS = int(os.environ.get("BEDSIDE_TEST_KILLS", "6"))


def painted(page: Page) -> tuple[Pixels, dict[str, Any]]:
    """What the large canvas shows now, RGB uint8 [height, width, 3], and what it says of it."""
    found = page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas.large");
            const label = document.querySelector(".verdict .label");
            return {url: canvas.toDataURL("image/png"), ...canvas.dataset, label: label.textContent};
        }"""
    )
    data = base64.b64decode(found.pop("url").partition(",")[2])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8), found


def test_a_frame_is_named_once_from_the_source_to_the_painted_picture(tmp_path: Path, tablet: Page) -> None:
    """The number burnt into the painted picture is the one that the engine read from the frame of that answer."""
    with running(tmp_path, engine=READS_THE_COUNTER) as box:
        tablet.goto(f"{box.url}/view/explain")
        tablet.wait_for_selector("canvas.large[data-stream=answer]")
        seen: set[int] = set()
        seq = ""
        for _ in range(10):
            tablet.wait_for_function("n => document.querySelector('canvas.large').dataset.seq !== n", arg=seq)
            pixels, says = painted(tablet)
            seq = says["seq"]
            number = counter.read(pixels)
            assert number is not None
            assert says["label"] == f"Counter {number}", says
            seen.add(number)
        assert len(seen) == 10


@pytest.mark.skipif(not CLIP.exists(), reason="sonosite-anon-eye1-video.mp4 is not there")
def test_a_real_scanner_screen_gets_answers_on_a_tablet(tmp_path: Path, tablet: Page) -> None:
    """A real scanner's screen through the example engine: new answers are painted, each on its own frame."""
    engine = ROOT / "engines" / "picture_quality"
    with running(tmp_path, "size = [640, 480]", path=str(engine), source=f"file:{CLIP}?loop=1") as box:
        tablet.goto(box.url)
        tablet.wait_for_selector("canvas.large[data-stream=answer]")
        tablet.get_by_text("Frozen on the scanner").wait_for()  # the clip is one still, encoded a hundred times
        first = int(painted(tablet)[1]["seq"])
        tablet.wait_for_function("n => Number(document.querySelector('canvas.large').dataset.seq) > n + 50", arg=first)
        assert painted(tablet)[1]["label"] == "Picture"


WORDS = {
    "broadcast": "The broadcaster is not running",
    "serve": "Connection lost",
    "engine seen": "AI is restarting",
}


def test_a_stale_picture_looks_stale(tmp_path: Path, tablet: Page) -> None:
    """A part that hangs is said in its own words on the page; when it is back, the page is as before by itself."""
    with running(tmp_path, "deadline_s = 2") as box:
        tablet.goto(box.url)
        tablet.wait_for_selector("canvas.large[data-stream=answer]")
        for name, words in WORDS.items():
            pid = box.processes[name]["pid"]
            os.kill(pid, signal.SIGSTOP)  # hung, not dead: nobody is told by a closed connection
            tablet.get_by_text(words).first.wait_for()
            wait(lambda: box.processes[name]["pid"] not in (pid, None), f"{name} is started again")  # noqa: B023
            wait(box.answers, "all is well again")
            tablet.wait_for_function(
                """() => document.querySelector("#status").textContent.includes("Live")
                    && document.querySelector("canvas.large").dataset.stream === "answer" """
            )


def test_everything_killed_at_random_comes_back_and_the_page_with_it(box: Box, tablet: Page) -> None:
    """kill -9 of a process chosen at random, again and again: the page paints new answers after each one.

    BEDSIDE_TEST_KILLS says how often.
    """
    seed = os.environ.get("BEDSIDE_TEST_SEED", "1")
    print(f"BEDSIDE_TEST_SEED={seed}")
    dice = random.Random(seed)
    tablet.goto(box.url)
    tablet.wait_for_selector("canvas.large[data-stream=answer]")
    for number in range(ROUNDS):
        name = dice.choice(NAMES)
        print(f"{number + 1}: kill -9 {name}")
        before = box.processes[name]
        os.kill(before["pid"], signal.SIGKILL)
        wait(lambda: box.processes[name]["restarts"] > before["restarts"], f"{name} is started again")  # noqa: B023
        wait(box.answers, f"all is well after {name} was killed")
        seen = painted(tablet)[1]["seq"]
        try:
            tablet.wait_for_function(
                "n => { const large = document.querySelector('canvas.large').dataset;"
                " return large.stream === 'answer' && large.seq !== n; }",
                arg=seen,
            )
        except TimeoutError:
            pytest.fail(f"no new answer painted after {seen}: {painted(tablet)[1]}\n{tablet.inner_text('body')}")
