"""Which interpreter a setting names."""

import subprocess
import sys
from pathlib import Path

import pytest

from bedside.engine.interpreter import ask_interpreter, find_interpreter
from bedside.errors import SettingsError


def program(path: Path, lines: str) -> Path:
    """A script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_name_is_looked_for_in_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one of that name, as a shell would find it."""
    python = program(tmp_path / "python9.9", "")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin")
    assert find_interpreter("python9.9", "e") == str(python)


def test_pyenv_s_interpreters_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest of that name, when pyenv has chosen none and its shim would only complain."""
    shim = program(tmp_path / "shims" / "python9.9", "echo 'pyenv: python9.9: command not found' >&2; exit 127")
    for version in ("9.9.2", "9.9.18", "9.10.0"):
        program(tmp_path / "versions" / version / "bin" / f"python{version.rpartition('.')[0]}", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin")
    assert find_interpreter("python9.9", "e") == f"{tmp_path}/versions/9.9.18/bin/python9.9"
    program(shim, f'exec {sys.executable} "$@"')
    assert find_interpreter("python9.9", "e") == sys.executable


def test_a_venv_is_known_by_what_made_it(tmp_path: Path) -> None:
    """An environment made by a venv's interpreter is that of the interpreter behind it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    found = ask_interpreter(find_interpreter(str(tmp_path / "venv" / "bin" / "python"), "e"), "e")
    assert (found.version, found.prefix) == (sys.version_info[:3], sys.base_prefix)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("echo hello", "is no working Python; set another python"),
        ("exit 1", "is no working Python"),
        ('echo \'[[3, 6, 9], "cpython", "/usr"]\'', "is Python 3.6.9; 3.7 or later is needed"),
    ],
)
def test_what_is_no_python_is_said(tmp_path: Path, lines: str, sentence: str) -> None:
    """One sentence that names it."""
    path = program(tmp_path / "python", lines)
    with pytest.raises(SettingsError, match=sentence) as raised:
        ask_interpreter(str(path), "e")
    assert f"[[engine]] e: {path}" in str(raised.value)
