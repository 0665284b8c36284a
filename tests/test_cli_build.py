"""Building what engines need, by the verbs that do it."""

import asyncio
import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.end_to_end.box import bedside, free_ports, wait
from tests.engine.wheels import NO_INDEX, wheel

from bedside.cli.beforehand import needed_by, start_of
from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.messages import EngineState, EngineStatus
from bedside.settings import load

ENGINE = "import small\ndef predict(frame):\n    return {'text': small.__version__}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an engine that needs a small package, a cache of its own, and no index."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith(("PIP_", "BEDSIDE_"))]:
        monkeypatch.delenv(name)
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "engine.py").write_text(ENGINE, encoding="utf-8")
    (tmp_path / "model" / "requirements.txt").write_text("small\n", encoding="utf-8")
    ports = free_ports(3)
    (tmp_path / "bedside.toml").write_text(
        f"[source]\nport = {ports[0]}\n[server]\nport = {ports[1]}\n"
        f"[[engine]]\nname = 'a'\npath = 'model'\nrequirements = 'requirements.txt'\nport = {ports[2]}\n",
        encoding="utf-8",
    )
    return tmp_path


def give_wheels(here: Path) -> None:
    """What the engine needs."""
    for name in ("small", "numpy"):
        wheel(here / "model" / "wheels", name)


def verb(*words: str) -> "subprocess.CompletedProcess[str]":
    """One verb, to its end."""
    return subprocess.run([sys.executable, "-m", "bedside", *words], capture_output=True, text=True, timeout=110)


def test_build_list_and_prune(here: Path) -> None:
    """An environment is built once, listed with what it is for, kept while it is needed, and removed when it is not."""
    give_wheels(here)
    first = verb("build")
    assert first.returncode == 0, first.stderr
    assert "a: installs, packages: 1" in first.stdout and "a: done after" in first.stdout
    assert "a: an environment with requirements.txt for Python" in verb("build", "a").stdout
    assert "needed here" in verb("build", "--list").stdout
    assert "0 removed" in verb("build", "--prune", "0").stdout
    (here / "model" / "requirements.txt").write_text("small\n# of which we need no more\n", encoding="utf-8")
    assert "0 removed" in verb("build", "--prune").stdout  # it was used a moment ago
    assert "1 removed" in verb("build", "--prune", "0").stdout
    assert (
        verb("build", "--list").stdout.startswith("environment") and "needed here" not in verb("build", "--list").stdout
    )


def test_a_terminal_gets_a_bar(here: Path) -> None:
    """Which engine, what is done, how many packages of how many, and how long it has taken."""
    give_wheels(here)
    screen, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "bedside", "build"], stdout=slave, stderr=slave) as building:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # so a pseudo-terminal ends
            while part := os.read(screen, 65536):
                shown += part
    os.close(screen)
    assert building.returncode == 0
    assert re.search(r"a.*installs.*\d of 1 packages.*0:00:\d\d", shown.decode())


def test_a_supervisor_sees_that_it_lives_while_it_builds(here: Path) -> None:
    """The signs of life say that it is still starting; the environment may take as long as it takes."""
    heart, end = os.pipe()
    environ = {**os.environ, "BEDSIDE_HEARTBEAT_FD": str(end)}
    argv = [sys.executable, "-m", "bedside", "engine", "a"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=environ, pass_fds=[end], stdout=pipe, stderr=pipe) as process:
        os.close(end)
        beats = b""
        while part := os.read(heart, 100):
            beats += part
        said = process.communicate()
    os.close(heart)
    assert process.returncode == 1, said  # it could not be built
    assert len(beats) > 4
    assert set(beats) == {ord("s")}


def test_a_build_that_fails_is_one_sentence(here: Path) -> None:
    """With the exit status 1, and the log named."""
    failed = verb("build")
    assert failed.returncode == 1
    assert failed.stderr.startswith("[[engine]] a: requirements.txt cannot be installed: small is not on this machine")
    assert failed.stderr.count("\n") == 1


def test_an_engine_of_that_name_must_be_there() -> None:
    """A name that is none is refused."""
    assert verb("build", "b").returncode == 2


def test_an_engine_starts_in_its_environment(here: Path) -> None:
    """Its interpreter is that of the environment, and its working folder its own."""
    give_wheels(here)
    assert verb("build", "-q").stdout == ""
    engine = load(here / "bedside.toml", {}).engines[0]
    needed = needed_by(engine)
    assert needed is not None and needed.is_built
    start = start_of(engine)
    environment = Path(start.argv[0]).parents[1]
    assert (environment / "complete.json").exists()
    assert start.env["VIRTUAL_ENV"] == str(environment)
    assert start.env["PATH"].startswith(f"{environment}/bin:")
    assert start.cwd == here / "model"


def test_a_package_that_is_missing_belongs_into_the_requirements(here: Path) -> None:
    """That is what the engine says then: what is installed by hand is gone with the next environment."""
    give_wheels(here)
    (here / "model" / "engine.py").write_text("import no_such_library", encoding="utf-8")
    assert verb("build", "-q").returncode == 0
    assert "(engine.py:1); add to requirements.txt: no_such_library" in verb("engine", "a").stderr


def test_each_replica_has_its_port(here: Path) -> None:
    """The first has the engine's port, the next ones those after it; what is beyond is refused."""
    text = (here / "bedside.toml").read_text(encoding="utf-8").replace("requirements = 'requirements.txt'", "")
    (here / "bedside.toml").write_text(text + "concurrency = 3\n", encoding="utf-8")
    engine = load(here / "bedside.toml", {}).engines[0]
    ports = [start_of(engine, replica).argv for replica in (1, 3)]
    assert [argv[argv.index("--port") + 1] for argv in ports] == [str(engine.port), str(engine.port + 2)]
    refused = verb("engine", "a", "--replica", "4")
    assert refused.returncode == 2
    assert "--replica is 4; expected 1 to 3, the concurrency of a" in refused.stderr


async def test_what_cannot_be_built_is_said_on_the_page(here: Path) -> None:
    """The engine's own process says the sentence to whoever asks, and ends; nothing but the engine is missing."""
    engine = load(here / "bedside.toml", {}).engines[0]
    said_why = asyncio.Event()

    def hear(status: EngineStatus) -> None:
        if status.state is EngineState.FAILED and "requirements" in status.message:
            said_why.set()

    link = EngineLink("a", Address(f"http://127.0.0.1:{engine.port}"), report=hear)
    looking = asyncio.create_task(link.run())
    process = bedside(here, "engine", "a")
    try:
        async with asyncio.timeout(90):
            await said_why.wait()
        assert "small is not on this machine, and the package index cannot be reached" in link.status.message
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await link.close()
        said = await asyncio.to_thread(process.communicate)
    assert process.returncode == 1, said


def test_up_builds_first_and_starts_all_the_same(here: Path) -> None:
    """Without the package the pages come up nevertheless; the engine is FAILED, with the reason."""
    up = bedside(here, "up")
    port = load(here / "bedside.toml", {}).server.port
    try:
        message = wait(lambda: message_of(port), "the page says why the engine is missing", 100)
        assert "small is not on this machine" in message
    finally:
        up.terminate()
        said, log = up.communicate(timeout=30)
    assert "a: needs an environment with requirements.txt" in said
    log_of_engine = (here / "logs" / "engine-a.log").read_text(encoding="utf-8")
    assert "makes an empty environment" not in log_of_engine  # once is enough for a while
    assert "not all that the engines need could be built" in log
    assert up.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_build_ends_with_bedside_up(here: Path, number: signal.Signals) -> None:
    """Whether it is told to stop or killed: nothing builds on by itself, and nothing was started."""
    up = bedside(here, "up")
    wait(lambda: building(here), "an environment is being made")
    up.send_signal(number)
    up.communicate(timeout=30)
    wait(lambda: not building(here), "nobody works on it any more", 20)
    assert not (here / "logs" / "engine-a.log").exists()


@pytest.mark.parametrize("words", [("build",), ("check", "a", "--source", "synthetic:")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_build_that_is_stopped_takes_pip_along(here: Path, words: tuple[str, ...], number: signal.Signals) -> None:
    """By Ctrl-C, by a service, or by the end of its terminal: exit status 130, and nothing builds on by itself."""
    build = bedside(here, *words)
    wait(lambda: building(here), "an environment is being made")
    build.send_signal(number)
    build.communicate(timeout=30)
    assert build.returncode == 130
    wait(lambda: not building(here), "nobody works on it any more", 20)


def building(here: Path) -> list[str]:
    """The command lines of processes that work in this test's cache."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if str(here / "cache") in line]


def message_of(port: int) -> str:
    """What /health says of the engine, once it has failed to be built."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            health = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            health = json.load(error)
    except OSError:
        return ""
    said = " ".join(health.get("problems", ()))
    return said if "requirements" in said else ""
