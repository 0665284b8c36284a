"""A correction through everything that `bedside up` runs: address, router, engine, mark."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.end_to_end.box import Box, running, wait
from tests.schemas import check_session

BOTTLENECK = """
def predict(frame, info, corrections=None):
    assert frame.shape == (96, 128, 3), frame.shape
    seen = {"cavum": False, **(corrections or {"concepts": {}})["concepts"]}
    level = "good" if seen["cavum"] else "near"
    return {"verdict": {"label": "Head", "level": level}, "text": str(info.seq)}
"""


def post(box: Box, path: str, **body: Any) -> Any:
    """What the server answers."""
    request = urllib.request.Request(
        f"{box.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def engine_of(box: Box) -> dict[str, Any]:
    """What the page is told of the engine."""
    with urllib.request.urlopen(f"{box.url}/api/state", timeout=5) as answer:
        return dict(json.load(answer)["engines"][0])


def test_the_verdict_follows_while_the_picture_goes_on(tmp_path: Path) -> None:
    """The very frame is answered again as it was cut out before; the stream knows nothing of it, the session does."""
    with running(tmp_path, "region = [16, 32, 128, 96]\n", engine=BOTTLENECK) as box:
        wait(lambda: engine_of(box)["answers"] > 3, "answers")
        assert engine_of(box)["takes_corrections"] is True
        kept = post(box, "/api/snapshot", engine="seen")  # of the newest frame; a session starts with it
        asked = {"seq": kept["seq"], "engine": "seen", "concepts": {"cavum": True}}
        after = post(box, "/api/intervention", **asked)["result"]
        assert after["answer"] == {"verdict": {"label": "Head", "level": "good"}, "text": str(kept["seq"])}
        answers = engine_of(box)["answers"]
        wait(lambda: engine_of(box)["answers"] > answers + 5, "answers after that")
        assert engine_of(box)["errors"] == 0
        post(box, "/api/session/end")
    session = tmp_path / "sessions" / kept["path"].partition("/")[0]
    results = [json.loads(line) for line in (session / "results.jsonl").read_text().splitlines()]
    assert {line["level"] for line in results} == {"near"}, "what is recorded is what the scan showed"
    marks = [json.loads(line) for line in (session / "marks.jsonl").read_text().splitlines()]
    (mark,) = (mark for mark in marks if mark["mark"] == "intervention")
    assert (mark["seq"], mark["concepts"], mark["after"]["level"]) == (kept["seq"], {"cavum": True}, "good")
    check_session(session)
