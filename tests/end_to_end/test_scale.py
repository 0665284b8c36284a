"""A scale and the needed planes through everything that `bedside up` runs: address, router, engine, page's state."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.end_to_end.box import Box, running, wait
from tests.end_to_end.test_intervention import post

MEASURES = """
def predict(frame, info):
    spacing = info.pixel_spacing_mm
    label = "unknown" if spacing is None else "%.3f" % spacing[0]
    return {"verdict": {"label": label, "level": "good", "score": 0.5}}
"""
MORE = 'region = [0, 0, 100, 100]\nsize = [50, 50]\n[session]\nplanes = ["Unknown", "0.500"]\n'


def get(box: Box, path: str) -> Any:
    """What the server says."""
    with urllib.request.urlopen(f"{box.url}{path}", timeout=10) as answer:
        return json.load(answer)


def reached(box: Box) -> dict[str, str]:
    """The level of each needed plane."""
    return {plane["name"]: plane["level"] for plane in get(box, "/api/state")["progress"]["planes"]}


def test_a_scale_that_is_set_on_the_page_reaches_the_engine(tmp_path: Path) -> None:
    """In the pixels that the engine gets; and what it says then counts for the planes that the scan needs."""
    with running(tmp_path, MORE, engine=MEASURES) as box:
        wait(lambda: reached(box)["Unknown"] == "good", "an answer without a scale")
        assert reached(box)["0.500"] == "none"
        height = get(box, "/api/state")["signal"]["height"]
        said = post(box, "/api/spacing", seq=None, x1=0.5, y1=0, x2=0.5, y2=0.5, distance_mm=height / 8)
        assert said["pixel_spacing_mm"] == 0.25
        wait(lambda: reached(box)["0.500"] == "good", "an answer with the scale")
        post(box, "/api/spacing/remove")
        assert get(box, "/api/spacing")["source"] == "none"
