"""A session in a whole Bedside: what is killed comes back into it, and its folder is as the reference says."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.end_to_end.box import Box, bedside, running, wait
from tests.schemas import check_session

from bedside.session.recorded import Recorded

ENGINE = """
import numpy as np

def predict(frame):
    mask = np.zeros((72, 96), np.uint8)
    mask[10:40, 20:60] = 1
    return {"verdict": {"label": "seen", "level": "good", "score": 1.0}, "mask": mask, "labels": ["background", "disc"]}
"""
SESSION = "[recorder]\nsession_gb = 0.0\nreserve_gb = 0.0\n[session]\nquestionnaires = ['sus']\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A whole Bedside whose engine gives masks."""
    with running(tmp_path, SESSION, engine=ENGINE) as found:
        yield found


def verb(box: Box, *words: str) -> dict[str, Any]:
    """What `bedside session` answers to a program."""
    process = bedside(box.folder, "session", *words, "--json")
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return dict(json.loads(out))


def asked(box: Box, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the server answers; empty when it cannot."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{box.url}/{path}", data), timeout=10) as answer:
            return dict(json.load(answer))
    except (urllib.error.HTTPError, OSError):
        return {}


def results(box: Box) -> int:
    """How many results the session has."""
    return int((box.health.get("session") or {}).get("results", 0))


def test_a_killed_server_goes_on_in_its_session(box: Box) -> None:
    """kill -9 in mid-session: every line before is whole, the next server goes on, and nothing is mixed up."""
    name = verb(box, "start", "P1", "--consent")["session"]
    wait(lambda: results(box) > 10, "results are kept")
    assert asked(box, "api/snapshot", {"seq": None, "view": "explain"})["path"].startswith(name)
    folder = box.folder / "sessions" / name
    os.kill(box.processes["serve"]["pid"], signal.SIGKILL)
    before = len(Recorded(folder).results)
    wait(lambda: box.answers() and results(box) > 10, "the next server keeps results in the same session")
    feedback = {"feedback": "thumb", "value": "up", "engine": "seen", "view": "explain"}
    wait(lambda: asked(box, "api/feedback", feedback), "feedback is kept")
    assert asked(box, "api/session")["session"]["name"] == name
    assert verb(box, "stop")["session"] == name
    wait(lambda: asked(box, "api/session")["last"] == name, "the server heard of the end")
    session = Recorded(folder)
    lines = list(session.results.lines)
    assert before > 10 and len(lines) > before + 10
    assert [line["captured_ns"] for line in lines] == sorted({line["captured_ns"] for line in lines})
    masks = [session.results.mask(line) for line in lines if line["mask_missing"] == ""]
    assert len(masks) > 20 and all(mask is not None and np.count_nonzero(mask) == 1200 for mask in masks)
    told = [mark["mark"] for mark in session.marks]
    assert (told.count("start"), told.count("end"), told[0], told[-1]) == (1, 1, "start", "end")
    assert [mark["event"] for mark in session.marks if mark["mark"] == "server"] == ["resumed"]
    assert [item.name for item in session.best] == ["seen"]
    assert session.about["engines"]["seen"]["files"] == 1
    assert check_session(folder) > before


def test_results_belong_to_frames_of_the_video(box: Box) -> None:
    """Results and rows of the video name the same frames, and the file has as many pictures as there are rows."""
    name = verb(box, "start", "P1", "--consent")["session"]
    wait(lambda: results(box) > 30 and (box.health["recorder"] or {})["frames"] > 30, "results and frames are kept")
    verb(box, "stop")
    folder = box.folder / "sessions" / name
    wait(lambda: any(line.get("event") == "closed" for line in _segments(folder)), "the recorder closed the video")
    session = Recorded(folder)
    found = [session.frames.index_of(line["seq"], line["captured_ns"]) for line in session.results.lines]
    assert sum(index is not None for index in found) > 5
    check_session(folder)
    streams = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", folder / "video-000.mp4"],
            check=True,
            capture_output=True,
        ).stdout
    )["streams"]
    assert int(streams[0]["nb_read_frames"]) == int(np.count_nonzero(session.frames.segment == 0))


def _segments(folder: Path) -> list[dict[str, Any]]:
    path = folder / "segments.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
