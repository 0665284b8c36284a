"""What the doctor finds of engines in containers, on a real Docker engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.docked import BASE, image_with_numpy, need_docker, own_places, run

from bedside.cli.doctor import containers, engines
from bedside.cli.doctor.finding import Finding, Level
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings


@pytest.fixture(autouse=True)
def docker(tmp_path: Path) -> Iterator[None]:
    """A Docker engine, on which no container of the doctor is left."""
    need_docker()
    with own_places(tmp_path / "cache"):
        yield
    assert run("ps", "--all", "--filter", "name=-doctor$", "--quiet") == ""


def engine(folder: Path, text: str = "import numpy\n", **more: str) -> Finding:
    """What is found of an engine with that text."""
    (folder / "engine.py").write_text(text, encoding="utf-8")
    engine = EngineSettings("a", str(folder), port=1, **more)  # type: ignore[arg-type]
    (finding,) = engines.examine(Settings(engines=(engine,), folder=folder))
    return finding


def test_a_good_one_is_ok(tmp_path: Path) -> None:
    """Image, interpreter, numpy and import are in one line."""
    finding = engine(tmp_path, image=image_with_numpy())
    assert finding.level is Level.OK
    assert finding.what.startswith(f"a: {image_with_numpy()}, Python 3.11.")
    assert finding.what.endswith("; engine.py imports")


def test_one_that_does_not_import(tmp_path: Path) -> None:
    """The last line of its traceback is shown."""
    finding = engine(tmp_path, "import no_such_library\n", image=image_with_numpy())
    assert finding.level is Level.WRONG
    assert "does not import: ModuleNotFoundError: No module named 'no_such_library'" in finding.what


def test_an_image_without_numpy(tmp_path: Path) -> None:
    """What to put where."""
    finding = engine(tmp_path, image=BASE)
    assert (finding.level, finding.do) == (Level.WRONG, "put into its image: pip install numpy")


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    """How to get it."""
    finding = engine(tmp_path, image="bedside/none:1")
    assert (finding.level, finding.what) == (Level.WRONG, "a: there is no image bedside/none:1 on this machine")
    assert finding.do == "docker pull bedside/none:1, or docker load it from a file"


def test_an_image_that_is_not_built_yet(tmp_path: Path) -> None:
    """A note, since `bedside up` builds it."""
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN false\n", encoding="ascii")
    finding = engine(tmp_path, dockerfile="Dockerfile")
    assert finding.level is Level.NOTE
    assert "`bedside build a` makes it" in finding.do


def test_an_interpreter_that_is_none(tmp_path: Path) -> None:
    """One that is missing in the image, and one that is no Python."""
    finding = engine(tmp_path, image=image_with_numpy(), python="/opt/none")
    assert "there is no /opt/none in image" in finding.what
    finding = engine(tmp_path, image=image_with_numpy(), python="/bin/echo")
    assert (finding.level, "is no working Python" in finding.what) == (Level.WRONG, True)


def test_one_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, and its container does not go on."""
    monkeypatch.setattr(containers, "PATIENCE_S", 5.0)
    finding = engine(tmp_path, "import time\ntime.sleep(600)\n", image=image_with_numpy())
    assert (finding.level, "still busy after 5 s" in finding.what) == (Level.NOTE, True)


def test_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to start."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///none")
    finding = engine(tmp_path, image=BASE)
    assert (finding.level, finding.what) == (Level.WRONG, "a: the Docker daemon does not run")
    assert finding.do == "start it: sudo systemctl start docker"
