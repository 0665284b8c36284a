"""The runner as a process: old Pythons, its supervisor, where it may import from."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
