"""`bedside replay` as a person runs it."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
from tests.recording import Plan, make_session

from bedside.cli import main

SMALL = Plan(seconds=5, width=320, height=180, segment_s=2.5)
"""122 frames: frozen from 3 s to 4 s."""
ALL = [*range(1, 26), *range(29, 126)]
"""Their numbers; three are lost."""


def engine(folder: Path, code: str) -> Path:
    """An engine's folder."""
    folder.mkdir(exist_ok=True)
    (folder / "engine.py").write_text(code, encoding="utf-8")
    return folder


def session(folder: Path, plan: Plan = SMALL) -> Path:
    """A session under `folder`/sessions, where a verb that runs in `folder` finds it as `last`."""
    return make_session(folder / "sessions", plan)


def start(folder: Path, *words: str, within: str = "") -> "subprocess.Popen[str]":
    """`bedside` in a folder, as a process of its own, within limits such as `ulimit -f 100`."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    environ["TMPDIR"] = str(folder)
    argv = [sys.executable, "-m", "bedside", *words]
    pipe = subprocess.PIPE
    argv = ["sh", "-c", f'{within} && exec "$@"', "sh", *argv] if within else argv
    return subprocess.Popen(argv, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def bedside(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the same, run in this process, which is left as it was."""
    before = set(folder.glob("bedside-replay-*"))
    out, err, numbers = io.StringIO(), io.StringIO(), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers, interval_s = [signal.getsignal(number) for number in numbers], sys.getswitchinterval()
    threads, level = cv2.getNumThreads(), logging.getLogger("bedside").level
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    try:
        with (
            chdir(folder),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.dict(os.environ, environ, clear=True),
            patch("tempfile.tempdir", str(folder)),
        ):
            status = main(words)
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
        sys.setswitchinterval(interval_s)
        cv2.setNumThreads(threads)
        logging.getLogger("bedside").setLevel(level)
    assert not list(Path("/dev/shm").glob(f"bedside-stage-*-{os.getpid()}-*"))
    assert set(folder.glob("bedside-replay-*")) == before
    return status, out.getvalue(), err.getvalue()


def replay(folder: Path, *words: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines of a replay of the last session that came to its end, and what it says of itself."""
    status, out, err = bedside(folder, "replay", "last", "--json", *words)
    assert status == 0, err
    about = json.loads(out)
    name = words[words.index("--as") + 1] if "--as" in words else Path(words[1]).name
    return lines(folder, name), about


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """The results of a replay of the only session."""
    (file,) = (folder / "sessions").glob(f"*/results-{name}.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def seqs(results: list[dict[str, Any]]) -> list[int]:
    """Their frames."""
    return [line["seq"] for line in results]
