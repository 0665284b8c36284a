"""Environments made from requirements, with real venvs and pips."""

import errno
import os
import pwd
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.end_to_end.box import wait
from tests.engine.wheels import NO_INDEX, wheel

from bedside import clock
from bedside.engine.build import Progress
from bedside.engine.kept import kept
from bedside.engine.venv import RETRY_S, Venv, environments, venv_for
from bedside.errors import BuildFailed, SettingsError

BUILD = """
import sys
from pathlib import Path
from bedside.engine.venv import venv_for
last = None
def say(progress):
    global last
    if progress.step != last:
        last = progress.step
        print(last, flush=True)
venv_for(Path(sys.argv[1]), "", "e").build(say)
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and no index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The requirements of an engine: one small package; it and a numpy lie in wheels/."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("small", "numpy"):
        wheel(folder / "wheels", name)
    (folder / "requirements.txt").write_text("small\n", encoding="utf-8")
    return folder / "requirements.txt"


def built(requirements: Path) -> tuple[Venv, list[str]]:
    """The environment, once it is built, and the steps that were said."""
    steps: list[str] = []
    venv = venv_for(requirements, "", "e")
    venv.build(lambda progress: steps.append(progress.step))
    return venv, steps


def says(venv: Venv, lines: str) -> str:
    """What these lines print in an environment."""
    return subprocess.run([venv.python, "-I", "-c", lines], capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_is_made_once(model: Path) -> None:
    """It holds what the requirements ask for, numpy is added, and the second time nothing is left to do."""
    venv, steps = built(model)
    assert venv.is_built
    assert says(venv, "import small, numpy; print(small.__version__, numpy.__version__)") == "1.0 1.0"
    assert "adds numpy, which the requirements lack" in steps
    again, nothing = built(model)
    assert (again.folder, nothing) == (venv.folder, [])


def test_local_wheels_need_no_index(model: Path) -> None:
    """What lies in wheels/ is taken from there, and that is said; no index is asked."""
    venv, steps = built(model)
    assert "looks in wheels/" in steps
    assert "Looking in indexes" not in venv.log.read_text(encoding="utf-8").split("import numpy")[0]


def test_files_of_the_engine_are_no_business_of_pip(model: Path) -> None:
    """Research code calls its files like Python's own modules; making its environment imports none of them."""
    for name in ("logging.py", "queue.py", "numpy.py", "pip.py", "venv.py"):
        (model.parent / name).write_text("raise SystemExit('imported')\n", encoding="utf-8")
    venv, steps = built(model)
    assert "adds numpy, which the requirements lack" in steps
    assert says(venv, "import numpy; print(numpy.__version__)") == "1.0"


def test_what_wheels_lack_is_asked_of_the_index(model: Path) -> None:
    """It is said what was not there; without a network the sentence names the command that fills wheels/."""
    model.write_text("small\nno_such_package\n", encoding="utf-8")
    steps: list[str] = []
    venv = venv_for(model, "", "e")
    with pytest.raises(BuildFailed) as raised:
        venv.build(lambda progress: steps.append(progress.step))
    said = str(raised.value)
    assert any(step.startswith("asks the index, since wheels/ is not enough") for step in steps)
    assert "[[engine]] e: requirements.txt cannot be installed: no_such_package" in said
    assert "the package index cannot be reached: the connection is refused" in said
    assert "-m pip download -d wheels -r requirements.txt" in said
    assert f"all that was printed is in {venv.log}" in said and venv.log.exists()
    assert not venv.is_built


def test_a_failed_build_is_remembered_for_a_while(model: Path) -> None:
    """An engine that keeps starting says the reason at once; later it is tried again, and success wipes it out."""
    model.write_text("small==9\n", encoding="utf-8")
    venv = venv_for(model, "", "e")
    assert venv.failure == ""
    with pytest.raises(BuildFailed) as raised:
        venv.build(lambda progress: None)
    assert venv.failure == str(raised.value)
    long_ago = clock.wall_ns() / clock.NS_PER_S - RETRY_S - 1
    os.utime(venv.folder.with_suffix(".failed"), (long_ago, long_ago))
    assert venv.failure == ""


def test_what_decides_is_in_the_name(model: Path) -> None:
    """Another package, another nested file, another wheel: another environment. The same elsewhere: the same."""
    nested = model.parent / "nested.txt"
    constraints = model.parent / "constraints.txt"
    nested.write_text("a\n", encoding="utf-8")
    constraints.write_text("b\n", encoding="utf-8")
    seen = {venv_for(model, "", "e").folder}
    for change in (
        lambda: model.write_text("small\n-r nested.txt\n--constraint=constraints.txt  # why not\n", encoding="utf-8"),
        lambda: nested.write_text("a==2\n", encoding="utf-8"),
        lambda: constraints.write_text("b==2\n", encoding="utf-8"),
        lambda: wheel(model.parent / "wheels", "another"),
    ):
        change()
        seen.add(venv_for(model, "", "e").folder)
    assert len(seen) == 5
    moved = model.parent.rename(model.parents[1] / "elsewhere") / "requirements.txt"
    assert venv_for(moved, "", "other").folder in seen


def test_a_folder_that_is_installed_counts_with_its_place(model: Path, tmp_path: Path) -> None:
    """`-e .` in two repositories is two environments."""
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "requirements.txt"
    for file in (model, other):
        file.write_text("-e .\n", encoding="utf-8")
    wheels = [path.name for path in (model.parent / "wheels").iterdir()]
    for name in wheels:
        (model.parent / "wheels" / name).unlink()
    assert venv_for(model, "", "e").folder != venv_for(other, "", "e").folder


def test_requirements_that_are_not_there(model: Path) -> None:
    """The missing file is named, also one that is nested; nested in a circle is no trouble."""
    with pytest.raises(SettingsError, match=r"requirements is 'none.txt', and .*none.txt cannot be read"):
        venv_for(model.parent / "none.txt", "", "e")
    model.write_text("-r requirements.txt\n-r gone.txt\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"its requirements name .*gone.txt, and .* cannot be read"):
        venv_for(model, "", "e")


def test_a_build_that_was_killed_is_made_anew(model: Path) -> None:
    """kill -9 half way leaves nothing that counts as an environment; the next build makes it whole."""
    half = venv_for(model, "", "e")
    with subprocess.Popen([sys.executable, "-c", BUILD, str(model)], stdout=subprocess.PIPE, text=True) as building:
        assert building.stdout is not None
        assert any("small" in line for line in building.stdout)  # pip has begun
        building.send_signal(signal.SIGKILL)
    (half.folder / "junk").touch()
    assert half.folder.exists() and not half.is_built
    venv, steps = built(model)
    assert "removes what an interrupted build has left" in steps
    assert says(venv, "import small; print(small.__version__)") == "1.0"
    assert not (venv.folder / "junk").exists()


def test_two_at_once_make_it_once(model: Path) -> None:
    """The second one waits for the first, and makes nothing."""
    pipe = subprocess.PIPE
    both = [subprocess.Popen([sys.executable, "-c", BUILD, str(model)], stdout=pipe, text=True) for _ in range(2)]
    said = [one.communicate()[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted("makes an empty environment" in lines for lines in said) == [False, True]
    assert sorted("waits for another process that builds it" in lines for lines in said) == [False, True]


def workers(venv: Venv) -> list[str]:
    """The command lines of all processes that work in an environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if str(venv.folder) in line]


@pytest.mark.parametrize("worker", ["ensurepip", "install -r"])
def test_interrupting_a_build_ends_all_that_it_has_started(model: Path, worker: str) -> None:
    """Ctrl-C leaves no process behind, neither pip nor what makes the venv, and no environment."""
    venv = venv_for(model, "", "e")

    def interrupt(progress: Progress) -> None:
        if any(worker in line for line in workers(venv)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        venv.build(interrupt)
    wait(lambda: not workers(venv), "all have ended", 10)
    assert not venv.is_built


def test_an_environment_in_use_is_not_removed(model: Path) -> None:
    """Not while a process runs in it, also after an exec; then it is, and what was half built always."""
    venv, _ = built(model)
    lines = (
        "import os, sys; from pathlib import Path; from bedside.engine.venv import venv_for; "
        "venv_for(Path(sys.argv[1]), '', 'e').use(); "
        "os.execv('/bin/sh', ['/bin/sh', '-c', 'echo in use; read line'])"
    )
    argv = [sys.executable, "-c", lines, str(model)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as using:
        assert using.stdout is not None and using.stdout.readline() == "in use\n"
        (one,) = kept()
        assert (one.engine, one.is_complete, one.remove(), venv.is_built) == ("e", True, False, True)
        using.communicate("\n")
    assert one.remove()
    assert kept() == []
    with pytest.raises(BuildFailed, match="removed just now"):
        venv.use()


def test_an_environment_is_used_from_a_cache_that_is_read_only(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was built with the machine; nobody can note when it was used last."""
    venv, _ = built(model)
    usual = os.open

    def read_only(path: str, flags: int, *more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system", path)
        return usual(path, flags, *more)

    def refuse(path: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        patch.setattr(os, "utime", refuse)
        venv.use()
    assert not kept()[0].remove()  # the lock is held nevertheless


def test_what_vanishes_while_it_is_measured_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may be building or removing an environment while all of them are listed."""
    folder = environments() / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"12345")
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: iter([self / "gone", self / "file"]))
    assert kept()[0].size_bytes == 5


def test_a_user_without_a_home_is_told_what_to_set(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one in a container that has a number only."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(SettingsError, match="has no home folder, where environments are kept; set XDG_CACHE_HOME"):
        venv_for(model, "", "e")
