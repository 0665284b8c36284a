"""How an engine's process is started."""

import sys
from pathlib import Path

import pytest

from bedside.engine.environment import command, environment
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
    """What would lead another Python to our packages is left out, with our tokens; the rest is kept."""
    (tmp_path / "engine.py").touch()
    environ = {"PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "BEDSIDE_SERVER_TOKEN": "x", "BEDSIDE_HEARTBEAT_FD": "7"}
    made = command(tmp_path, "", "e", 1, environ={**environ, "A": "1"}, ours=["BEDSIDE_HEARTBEAT_FD"])
    assert {name: made.env[name] for name in made.env if name not in ("PATH", "VIRTUAL_ENV")} == {
        "A": "1",
        "BEDSIDE_HEARTBEAT_FD": "7",
        "PYTHONUNBUFFERED": "1",
    }


def test_the_engine_s_own_programs_are_found_first(tmp_path: Path) -> None:
    """`python` and console scripts are those of its environment, as if it had been activated, and never Bedside's."""
    ours = str(Path(sys.executable).parent)
    own = tmp_path / "venv" / "bin"
    own.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    env = environment(own / "python", {"PATH": f"{ours}:/usr/bin", "VIRTUAL_ENV": "/ours"})
    assert (env["PATH"], env["VIRTUAL_ENV"]) == (f"{own}:/usr/bin", str(tmp_path / "venv"))


def test_a_conda_environment_is_one(tmp_path: Path) -> None:
    """Its variable says where it is, and Bedside's own is gone."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "conda-meta").mkdir()
    env = environment(tmp_path / "bin" / "python", {"PATH": "/usr/bin", "CONDA_PREFIX": "/ours"})
    assert env["CONDA_PREFIX"] == str(tmp_path)
    assert env["PATH"] == f"{tmp_path}/bin:/usr/bin"


def test_a_plain_interpreter_changes_no_order(tmp_path: Path) -> None:
    """The interpreter of the system finds its programs where it would without Bedside."""
    assert environment(Path("/usr/bin/python3"), {"PATH": "/opt/bin:/usr/bin"})["PATH"] == "/opt/bin:/usr/bin"


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
