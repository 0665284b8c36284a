"""The bare loop: pictures in on stdin, times and complaints out on stdout, nothing else in between."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside_engine.bare import wrong_with

RUNNER = Path(__file__).parents[2] / "src" / "bedside_engine"


def bare(
    folder: Path,
    code: str,
    *pictures: "np.ndarray[Any, Any]",
    head: dict[str, Any] | None = None,
    more: Sequence[str] = (),
) -> list[Any]:
    """What the loop says about these pictures, a document each; it gets `more` options."""
    (folder / "engine.py").write_text(code, encoding="utf-8")
    sent = b""
    for number, picture in enumerate(pictures, 1):
        told = {"id": str(number), "shape": list(picture.shape), **(head or {})}
        sent += json.dumps(told).encode() + b"\n" + picture.astype(np.uint8).tobytes()
    argv = [sys.executable, str(RUNNER), "--path", str(folder), "--bare", *more]
    done = subprocess.run(argv, input=sent, capture_output=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_picture_gets_its_time(tmp_path: Path) -> None:
    """Each answer names its picture and how long the model took; the end tells memory and versions."""
    code = "import time\ndef predict(frame):\n    time.sleep(0.02)\n    return {'text': str(frame.mean())}\n"
    ready, first, second, end = bare(tmp_path, code, np.zeros((4, 5, 3)), np.ones((4, 5)))
    assert ready["ready"] is True
    assert [first["id"], second["id"]] == ["1", "2"]
    assert first["wrong"] == second["wrong"] == []
    assert first["ms"] >= 20
    assert end["peak_mb"] > 5
    assert end["versions"]["numpy"] == np.__version__


def test_what_a_model_prints_and_reads_is_no_answer(tmp_path: Path) -> None:
    """A flood on stdout, straight to the file descriptor too, and a read of stdin leave the answers whole."""
    code = (
        "import os, sys\ndef predict(frame):\n    print('x' * 100000)\n    os.write(1, b'raw')\n"
        "    assert sys.stdin.read() == ''\n    return {}\n"
    )
    documents = bare(tmp_path, code, np.zeros((2, 2, 3)), np.zeros((2, 2, 3)))
    assert [one.get("wrong") for one in documents[1:3]] == [[], []]


def test_whatever_a_model_raises_is_that_pictures_error(tmp_path: Path) -> None:
    """The next picture is answered."""
    code = "def predict(frame):\n    if frame.max():\n        exit('no')\n    return {}\n"
    documents = bare(tmp_path, code, np.ones((2, 2, 3)), np.zeros((2, 2, 3)))
    assert documents[1]["wrong"] == ["predict raised SystemExit: no (engine.py:3)"]
    assert documents[2]["wrong"] == []


def test_a_model_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    """One document with the sentence that the runner has for it, too."""
    (said,) = bare(tmp_path, "import no_such_module\n")
    assert "ModuleNotFoundError: No module named 'no_such_module'" in said["failed"]


def test_a_model_that_hangs_ends_the_loop(tmp_path: Path) -> None:
    """Also with the interpreter lock held; nobody else could end it in a container. What came before is there."""
    code = "import re\ndef predict(frame):\n    if frame.max():\n        re.match('(a+)+b', 'a' * 60)\n    return {}\n"
    documents = bare(tmp_path, code, np.zeros((2, 2, 3)), np.ones((2, 2, 3)), more=("--deadline", "0.1"))
    assert [one.get("id") for one in documents] == [None, "1"]


def test_without_its_environment_no_model_is_loaded(tmp_path: Path) -> None:
    """The sentence why is the answer; code that belongs into a container does not run outside it."""
    (said,) = bare(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n", more=("--unusable", "there is no image"))
    assert said == {"failed": "there is no image"}
    assert not (tmp_path / "ran").exists()


def test_info_and_windows_are_given_as_asked_for(tmp_path: Path) -> None:
    """predict(frames, info) gets a window with the numbers of its frames."""
    code = "def predict(frames, info):\n    return {'text': '%s %s' % (frames.shape, info.seqs), 'oops': 1}\n"
    told = {"seqs": [4, 5], "times_s": [1.0, 2.0], "state": "live"}
    head = {"window": True, "parameters": {"frame_info": json.dumps(told)}}
    documents = bare(tmp_path, code, np.zeros((2, 3, 4, 3)), head=head)
    assert ["oops" in sentence for sentence in documents[1]["wrong"]] == [True]


@pytest.mark.parametrize(
    ("result", "fields"),
    [
        ({}, []),
        (None, ["predict returned None"]),
        ({"verdict": {"label": 3}, "boxes": [{"x": 700, "y": 0, "width": 1, "height": 1}]}, ["verdict.label", "boxes"]),
        ({"labels": ["a"]}, ["labels"]),
        ({"mask": np.full((2, 2), 3, np.uint8), "labels": ["a", "b"]}, ["mask"]),
        ({"mask": np.zeros((2, 2)), "labels": ["a", "b"]}, ["mask"]),
    ],
)
def test_every_field_that_is_wrong_is_said(result: Any, fields: list[str]) -> None:
    """The runner stops at the first; here all of them come, each once."""
    sentences = wrong_with(result)
    assert len(sentences) == len(fields)
    assert all(sentence.startswith(field) for sentence, field in zip(sentences, fields, strict=True))
