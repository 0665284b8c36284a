"""How an engine's process is started."""

import sys
from pathlib import Path

import pytest

from bedside.engine.environment import command
from bedside.errors import SettingsError


def test_the_command_names_everything(tmp_path: Path) -> None:
    """Interpreter, runner, absolute path, name, port and deadlines; the working folder is the engine's."""
    (tmp_path / "engine.py").touch()
    made = command(tmp_path, "", "pcbm", 8720, deadline_s=2.5)
    assert made.argv[0] == sys.executable
    assert Path(made.argv[1]).name == "bedside_engine"
    said = " ".join(made.argv[2:])
    assert said == f"--path {tmp_path} --name pcbm --host 127.0.0.1 --port 8720 --deadline 2.5 --start-deadline 300"
    assert made.cwd == tmp_path


def test_the_environment_of_bedside_does_not_leak(tmp_path: Path) -> None:
    """What would lead another Python to our packages is left out; the rest is kept."""
    (tmp_path / "engine.py").touch()
    environ = {"PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "CUDA_VISIBLE_DEVICES": "1"}
    made = command(tmp_path, "", "e", 1, environ=environ)
    assert made.env == {"CUDA_VISIBLE_DEVICES": "1", "PYTHONUNBUFFERED": "1"}


def test_a_venvs_interpreter_stays_a_link(tmp_path: Path) -> None:
    """A venv finds its packages by where the link lies, so it must not be resolved."""
    (tmp_path / "engine.py").touch()
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert command(tmp_path, str(python), "e", 1).argv[0] == str(python)


@pytest.mark.parametrize(
    ("path", "python", "sentence"),
    [
        ("", "", "path is '{here}', and there is no {here}/engine.py; name a folder with engine.py"),
        ("model.py", "", "there is no {here}/model.py"),
        ("there.py", "/no/python", "python is '/no/python', which is no program that can be run"),
    ],
)
def test_what_does_not_exist_is_said(path: str, python: str, sentence: str, tmp_path: Path) -> None:
    """Key, value, what was expected."""
    (tmp_path / "there.py").touch()
    with pytest.raises(SettingsError) as raised:
        command(tmp_path / path, python, "e", 1)
    assert sentence.format(here=tmp_path) in str(raised.value)
