"""The runner as a process: old Pythons, its supervisor, where it may import from."""

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FRAME = np.full((4, 6, 3), 7, np.uint8)
VILLAINS = Path(__file__).parents[1] / "villains"
SRC = Path(__file__).parents[2] / "src" / "bedside_engine"


@pytest.mark.parametrize("path", sorted(SRC.glob("*.py")), ids=lambda path: path.name)
def test_every_file_is_python_3_7(path: Path) -> None:
    """The syntax of each file is that of Python 3.7, and nothing newer stands where it is evaluated."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 7))
    if path.name not in ("__init__.py", "__main__.py"):
        assert "from __future__ import annotations" in text
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"removeprefix", "removesuffix", "cache", "pairwise"}


def test_an_old_python_can_read_the_start() -> None:
    """__main__.py has no syntax that would keep Python 2 or 3.5 from saying that it is too old."""
    tree = ast.parse((SRC / "__main__.py").read_text(encoding="utf-8"))
    too_new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Nonlocal)
    assert not [node for node in ast.walk(tree) if isinstance(node, too_new)]
    assert all(
        arg.annotation is None for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for arg in node.args.args
    )


def test_the_model_imports_from_its_own_places_only(start: Any, tmp_path: Path) -> None:
    """The model's folder comes first on sys.path; the folders of Bedside are not on it."""
    (tmp_path / "helper.py").write_text("VALUE = 'mine'")
    (tmp_path / "server.py").write_text("VALUE = 'mine too'")
    (tmp_path / "engine.py").write_text(
        "import json, sys, helper, server\n"
        "def predict(frame):\n"
        "    return {'text': json.dumps([sys.path, helper.VALUE, server.VALUE, __name__])}\n"
    )
    runner = start(tmp_path).ready()
    places, *values = json.loads(runner.infer()[1]["text"])
    assert values == ["mine", "mine too", "engine"]
    assert places[0] == str(tmp_path)
    assert str(SRC) not in places


def test_it_beats_and_ends_with_its_supervisor(start: Any) -> None:
    """It writes to the heartbeat pipe, and is gone soon after the other end is."""
    reader, writer = os.pipe()
    try:
        runner = start("gallery", env={**os.environ, "BEDSIDE_HEARTBEAT_FD": str(writer)}, fds=(writer,)).ready()
        assert os.read(reader, 1) == b"s"  # the first answer may take long
        assert runner.infer()[0] == 200
        while os.read(reader, 1) != b".":
            pass
    finally:
        os.close(reader)
        os.close(writer)
    assert runner.process.wait(10) == 0
    assert "whoever started this engine is gone" in runner.log


def test_it_beats_into_a_pipe_with_a_name(start: Any, tmp_path: Path) -> None:
    """In a container, where nothing is inherited, the same goes for a pipe in the file system."""
    os.mkfifo(tmp_path / "pulse")
    reader = os.open(tmp_path / "pulse", os.O_RDWR)
    try:
        runner = start("gallery", env={**os.environ, "BEDSIDE_PULSE": str(tmp_path / "pulse")}).ready()
        assert os.read(reader, 1) == b"s"
        assert runner.infer()[0] == 200
        while os.read(reader, 1) != b".":
            pass
    finally:
        os.close(reader)
    assert runner.process.wait(10) == 0
    assert "whoever started this engine is gone" in runner.log


def test_it_does_not_begin_when_nobody_feels_its_pulse(tmp_path: Path) -> None:
    """Whoever has started the container was killed meanwhile."""
    os.mkfifo(tmp_path / "pulse")
    argv = [sys.executable, str(SRC), "--path", str(SRC), "--port", "0"]
    environ = {**os.environ, "BEDSIDE_PULSE": str(tmp_path / "pulse")}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, env=environ)
    assert done.returncode == 0
    assert "nobody is there to feel the pulse" in done.stderr


def test_a_missing_library_in_a_container_belongs_into_its_image(start: Any, tmp_path: Path) -> None:
    """The sentence does not ask for a command that would have to run inside."""
    (tmp_path / "engine.py").write_text("import no_such_library\n", encoding="utf-8")
    runner = start(tmp_path, env={**os.environ, "BEDSIDE_INSTALL": "put into its image: pip install"})
    said = runner.wait_for(lambda: runner.get("/v2/health/ready")[1].get("error"))
    assert said.endswith("; put into its image: pip install no_such_library")


def test_a_port_in_use_is_one_sentence(start: Any) -> None:
    """Two engines on one port: the second says so and exits with 1."""
    first = start("gallery")
    argv = [sys.executable, str(SRC), "--path", str(SRC), "--port", str(first.port)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{first.port}: Address already in use; choose another port" in done.stderr


@pytest.mark.parametrize("argument", ["--deadline=0", "--start-deadline=nan", "--deadline=soon"])
def test_wrong_arguments_exit_with_2(argument: str) -> None:
    """A deadline that is none is refused before anything starts."""
    argv = [sys.executable, str(SRC), "--path", str(SRC), argument]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "deadline" in done.stderr


SHADOWS = ("queue", "json", "selectors", "types", "socket", "struct", "ast", "heapq", "traceback", "numbers", "copy")


def test_a_file_named_like_a_module_of_python_harms_nothing(start: Any, tmp_path: Path) -> None:
    """A researcher's queue.py, json.py or ast.py is never what the runner gets, not even for a traceback."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the engine's own file was imported')\n")
    (tmp_path / "engine.py").write_text(
        "def predict(frame):\n    if frame[0, 0, 0]:\n        raise ValueError('bright')\n    return {'text': 'dark'}\n"
    )
    runner = start(tmp_path).ready()
    assert runner.infer()[1]["error"] == "predict raised ValueError: bright (engine.py:3)"
    assert runner.infer(FRAME * 0)[1] == {"text": "dark"}
    assert "queue.py: `import queue` gives Python's own; rename the file if yours is meant" in runner.log


def test_what_the_model_starts_is_at_home_there_too(start: Any, tmp_path: Path) -> None:
    """A process that model code starts has the engine's folder as working folder and imports from it."""
    (tmp_path / "beside_it.py").write_text("VALUE = 'mine'")
    (tmp_path / "engine.py").write_text(
        "import subprocess, sys\n"
        "CODE = 'import os, beside_it; print(os.getcwd(), beside_it.VALUE)'\n"
        "def predict(frame):\n"
        "    return {'text': subprocess.check_output([sys.executable, '-c', CODE]).decode()}\n"
    )
    runner = start(tmp_path, env={**os.environ, "PYTHONPATH": "/nowhere"}).ready()
    assert runner.infer()[1]["text"].split() == [str(tmp_path), "mine"]


def test_workers_of_multiprocessing_find_the_model(start: Any, tmp_path: Path) -> None:
    """A pool of fresh processes, as data loaders start them, imports the engine's functions."""
    (tmp_path / "engine.py").write_text(
        "import multiprocessing\n"
        "def double(number):\n    return 2 * number\n"
        "class Engine:\n"
        "    def __init__(self):\n"
        "        self.pool = multiprocessing.get_context('spawn').Pool(1)\n"
        "    def predict(self, frame):\n"
        "        return {'text': str(self.pool.map(double, [1, 2]))}\n"
    )
    assert start(tmp_path).ready().infer()[1] == {"text": "[2, 4]"}


def test_it_listens_on_a_socket_in_the_file_system(tmp_path: Path) -> None:
    """`--host unix:PATH` answers there, also where an earlier process has left its socket."""
    path = tmp_path / "engine.sock"
    argv = [sys.executable, str(SRC), "--path", str(VILLAINS / "gallery.py"), "--host", f"unix:{path}"]
    for _ in range(2):
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            assert f"on unix:{path}" in process.stderr.readline()
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(str(path))
                connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        finally:
            process.kill()
            process.communicate()
    assert path.is_socket()


def test_a_socket_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A folder that is not there, or a path too long for a socket, says so and exits with 1."""
    for path, reason in ((tmp_path / "gone" / "s", "No such file or directory"), (tmp_path / ("x" * 200), "too long")):
        argv = [sys.executable, str(SRC), "--path", str(SRC), "--host", f"unix:{path}"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        assert f"cannot listen on unix:{path}: " in done.stderr
        assert f"{reason}; choose another path" in done.stderr
