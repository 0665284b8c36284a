"""Engines in containers of a real Docker engine, kept by `bedside engine` and asked through the link."""

import asyncio
import io
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.docked import (
    BASE,
    DOCKERFILE,
    Between,
    image_with_numpy,
    need_docker,
    no_images_left,
    own_places,
    run,
)

from bedside import clock
from bedside.engine.container import address, made_place, own_place
from bedside.errors import EngineError
from bedside.messages import EngineState
from bedside.settings import Settings, load
from bedside.settings_tables import EngineSettings
from bedside.supervisor.plan import plan
from bedside.supervisor.supervisor import Supervisor

VILLAIN = Path(__file__).parents[1] / "villains" / "looks_around.py"
SHIPPED = Path(__file__).parents[2] / "engines" / "picture_quality"
PICTURE, OUTSIDE, RIGHTS, GULPS, SHARES, FORKS, STARTS_PYTHON = range(7)
PORTS = itertools.count(20000 + os.getpid() % 20000)
"""Nobody listens on them; they tell containers apart."""
OURS = f"name=^/bedside-{os.getuid()}-e-"

pytestmark = pytest.mark.timeout(300)


def containers() -> list[str]:
    """The names of all containers of engines in these tests, running or not."""
    return run("ps", "--all", "--filter", OURS, "--format", "{{.Names}}").split()


@pytest.fixture
def places(tmp_path: Path) -> Iterator[None]:
    """Sockets, logs and locks of this test alone."""
    with own_places(tmp_path / "cache"):
        yield


class Kept:
    """`bedside engine e`, started again whenever it ends, as the supervisor does it."""

    def __init__(
        self, folder: Path, port: int, settings: dict[str, Any], environ: dict[str, str], replica: int = 1
    ) -> None:
        settings = {"name": "e", "path": "model", "port": port - replica + 1, **settings}
        self._argv = [sys.executable, "-m", "bedside", "engine", "e", "--replica", str(replica)]
        text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
        self.folder = folder
        (folder / "bedside.toml").write_text(f"[[engine]]\n{text}\n", encoding="utf-8")
        self.url = address(port)
        self.name = f"bedside-{os.getuid()}-e-{port}"
        self.statuses: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"
        self._environ = {**os.environ, **environ}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def log(self) -> str:
        """What all of them have printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _run(self) -> None:
        while not self._stop.is_set():
            with (
                self._log.open("ab") as log,
                subprocess.Popen(
                    self._argv, cwd=self.folder, env=self._environ, stdout=log, stderr=log
                ) as self.process,
            ):
                while self.process.poll() is None and not self._stop.wait(0.05):
                    pass
                self.process.terminate()
            self.statuses.append(self.process.returncode)

    def close(self) -> None:
        """End the engine as the supervisor does."""
        self._stop.set()
        self._thread.join()


@pytest.fixture
def keep(places: None, tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    """Keeps engines in containers; at the end none is left, whatever has happened to them."""
    need_docker()
    with_numpy = image_with_numpy()
    kept: list[Kept] = []

    def keep(model: Path = VILLAIN, **settings: Any) -> Kept:
        folder = tmp_path / f"room{len(kept)}"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "Dockerfile").write_text(DOCKERFILE, encoding="ascii")
        if model.is_dir():
            shutil.copytree(model, folder / "model", dirs_exist_ok=True)
        else:
            shutil.copy(model, folder / "model" / "engine.py")
        more = {name: settings.pop(name) for name in ("environ", "replica", "port") if name in settings}
        if "dockerfile" not in settings:
            settings.setdefault("image", with_numpy)
        kept.append(Kept(folder, more.pop("port", 0) or next(PORTS), settings, **{"environ": {}, **more}))
        return kept[-1]

    with no_images_left():
        yield keep
        for one in kept:
            one.close()
    left = containers()
    assert not left


async def test_answers_through_shared_memory_without_a_network(keep: Any, link: Any) -> None:
    """Its pixels come by shared memory, it is asked by a socket file, and beyond that nothing can be reached."""
    with socket.create_server(("0.0.0.0", 0)) as listener:  # on this machine, so that it is there with no internet, too
        port = listener.getsockname()[1]
        kept = keep(docker_options=["--env", f"ASKED_PORT={port}"])
        linked = link(kept.url)
        await linked.until(EngineState.READY, 60)
        assert (await linked.ask(PICTURE, (64, 48))).answer["text"].endswith("(48, 64, 3) True")
        assert (await linked.ask(OUTSIDE)).answer == {"text": "[]"}


async def test_a_network_is_there_for_who_asks_for_it(keep: Any, link: Any) -> None:
    """docker_options win: with a network of its own choice the engine reaches this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = ["--network", "host", "--env", f"ASKED_PORT={listener.getsockname()[1]}"]
        linked = link(keep(docker_options=options).url)
        await linked.until(EngineState.READY, 60)
        assert "localhost" in (await linked.ask(OUTSIDE)).answer["text"]


async def test_the_same_numbers_as_in_a_process(keep: Any, serve: Any, link: Any) -> None:
    """The shipped engine says the same of the same pictures in a container, built from its Dockerfile, as outside."""
    inside, outside = link(keep(SHIPPED, dockerfile="Dockerfile").url), link(serve(SHIPPED).url)
    await inside.until(EngineState.READY, 120)
    await outside.until(EngineState.READY, 60)
    random = np.random.default_rng(7)
    for size in ((320, 240), (640, 480)):
        pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
        here, there = await inside.ask(pixels=pixels), await outside.ask(pixels=pixels)
        assert not here.error
        assert comparable(here.answer) == comparable(there.answer)


def comparable(value: Any) -> Any:
    """An answer with its arrays as lists, to six digits: another numpy may add in another order."""
    if isinstance(value, dict):
        return {key: comparable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return float(f"{value:.6g}") if isinstance(value, float) else value


async def test_what_it_may_write(keep: Any, link: Any) -> None:
    """It is the caller, without any right of its own; only its folder and /tmp, which is its home, take files."""
    kept = keep()
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    who = os.getuid()
    folders = ["/engine", "/tmp", "/tmp"]
    assert (await linked.ask(RIGHTS)).answer == {"text": f"{who} {folders} {['0000000000000000', '1']}"}
    assert (kept.folder / "model" / "written-by-the-engine").stat().st_uid == who


async def test_memory_for_one_process_is_an_error_of_the_model(keep: Any, link: Any) -> None:
    """What asks for more than memory_gb at once gets a MemoryError, as in a process, and answers the next frame."""
    linked = link(keep(memory_gb=0.5).url)
    await linked.until(EngineState.READY, 60)
    assert "MemoryError" in (await linked.ask(GULPS)).error
    assert (await linked.ask(PICTURE)).answer
    assert linked.link.status.restarts == 0


async def test_memory_of_all_ends_the_container(keep: Any, link: Any) -> None:
    """What takes more than memory_gb in another way is killed, with the reason in the log, and comes back."""
    kept = keep(memory_gb=0.5)
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(SHARES)).error.startswith("it died while it computed an answer")
    assert (await linked.until(EngineState.READY, 60)).restarts == 1
    assert "the container used more memory than its limit, 0.5 GB (memory_gb)" in kept.log
    assert (await linked.ask(PICTURE)).answer


async def test_a_leak_ends_the_container(keep: Any, link: Any) -> None:
    """A model that grows step by step is killed and started anew, and does not fail every frame for ever."""
    kept = keep(VILLAIN.with_name("allocates_in_steps.py"), memory_gb=0.5)
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(PICTURE)).error.startswith("it died while it computed an answer")
    assert (await linked.until(EngineState.READY, 60)).restarts == 1


async def test_processes_are_limited(keep: Any, link: Any) -> None:
    """A model that forks without end gets an error of its system, and this machine goes on."""
    linked = link(keep(processes=2).url)
    await linked.until(EngineState.READY, 60)
    count, _, reason = (await linked.ask(FORKS)).answer["text"].partition(" ")
    assert int(count) < 2 * max(16, os.cpu_count() or 1)
    assert reason == "Resource temporarily unavailable"
    assert (await linked.ask(PICTURE)).answer


async def test_cores_are_limited(keep: Any, link: Any) -> None:
    """Libraries are told to start as many threads as there are cores, and the image's own Python can be started."""
    linked = link(keep(cpus=1.0).url)
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(STARTS_PYTHON)).answer == {"text": "42 1"}


async def test_a_killed_keeper_takes_its_container_along(keep: Any, link: Any) -> None:
    """After kill -9 of `bedside engine` its container ends by itself, and the engine comes back."""
    kept = keep()
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    first = run("inspect", "--format", "{{.Id}}", kept.name)
    kept.process.kill()
    await linked.until_true(lambda: linked.link.status.restarts == 1, 60)
    assert first not in run("ps", "--all", "--quiet", "--no-trunc")
    assert (await linked.ask(PICTURE)).answer


async def test_a_killed_keeper_that_nobody_starts_again(keep: Any, link: Any) -> None:
    """No container stays then either."""
    kept = keep()
    await link(kept.url).until(EngineState.READY, 60)
    kept._stop.set()
    kept.process.kill()
    await until(lambda: not containers())


async def test_a_killed_container_comes_back(keep: Any, link: Any) -> None:
    """`docker kill` ends the keeper with the same exit status, and a reason in the log."""
    kept = keep()
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    run("kill", kept.name)
    await linked.until_true(lambda: linked.link.status.restarts == 1, 60)
    assert kept.statuses == [137]
    assert "the container was stopped from outside, by hand or by the Docker daemon" in kept.log


async def test_told_to_end_no_container_stays(keep: Any, link: Any) -> None:
    """SIGTERM to the keeper ends both, and the folder of the socket is empty."""
    kept = keep()
    await link(kept.url).until(EngineState.READY, 60)
    assert containers() == [kept.name]
    kept.close()
    assert containers() == []
    assert not list(Path(kept.url.removeprefix("unix:")).parent.iterdir())


async def test_what_an_earlier_start_has_left_is_removed(keep: Any, link: Any) -> None:
    """A container that still has the name makes room."""
    name = f"bedside-{os.getuid()}-e-{next(PORTS) + 1}"
    run("run", "--detach", "--name", name, "--network", "none", image_with_numpy(), "sleep", "600")
    kept = keep()
    assert kept.name == name
    await link(kept.url).until(EngineState.READY, 60)
    assert run("inspect", "--format", "{{.Path}}", name) != "sleep"


async def test_two_replicas_have_two_containers(keep: Any, link: Any) -> None:
    """Each has its own name and socket, and both answer."""
    one = keep(concurrency=2)
    two = keep(concurrency=2, replica=2, port=next(PORTS))
    links = [link(one.url), link(two.url)]
    for linked in links:
        await linked.until(EngineState.READY, 60)
    assert sorted(containers()) == sorted([one.name, two.name])
    assert all([(await linked.ask(PICTURE)).answer for linked in links])


async def test_a_daemon_that_goes_away_and_comes_back(keep: Any, link: Any, tmp_path: Path) -> None:
    """Meanwhile the engine is FAILED and says so; then it answers again, with nobody's help."""
    daemon = Between(Path(os.environ["XDG_RUNTIME_DIR"]) / "docker.sock")
    await daemon.begin()
    kept = keep(environ={"DOCKER_HOST": daemon.url})
    linked = link(kept.url)
    await linked.until(EngineState.READY, 60)
    await daemon.end()
    assert "the Docker daemon does not run" in (await linked.until(EngineState.FAILED, 60)).message
    assert "the Docker daemon went away while the container ran" in kept.log
    await daemon.begin()
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(PICTURE)).answer
    await asyncio.to_thread(kept.close)
    await daemon.end()


@pytest.fixture
async def supervised(places: None, tmp_path: Path) -> AsyncIterator[Callable[..., Supervisor]]:
    """Keeps an engine as `bedside up` does; at the end none of its containers is left."""
    need_docker()
    (tmp_path / "engine.py").write_text(VILLAIN.read_text(encoding="utf-8"), encoding="utf-8")
    running: list[tuple[Supervisor, asyncio.Task[None]]] = []

    def supervised(**settings: Any) -> Supervisor:
        engine = EngineSettings("e", str(tmp_path), image=image_with_numpy(), port=next(PORTS), **settings)
        config = tmp_path / "bedside.toml"
        lines = [f"{key} = {json.dumps(getattr(engine, key))}" for key in ("name", "path", "image", "port", *settings)]
        config.write_text("\n".join(["[[engine]]", *lines]), encoding="utf-8")
        every = plan(Settings(engines=(engine,), folder=tmp_path), config)
        supervisor = Supervisor(
            [replace(one, ping_s=3.0, start_s=20.0) for one in every if one.name.startswith("engine")]
        )
        running.append((supervisor, asyncio.create_task(supervisor.run())))
        return supervisor

    yield supervised
    for supervisor, task in running:
        supervisor.stop()
        await task
    assert containers() == []


async def test_a_container_that_stands_still_is_started_again(supervised: Any, link: Any, tmp_path: Path) -> None:
    """The supervisor hears no sign of life from the runner in it, and what stands still makes room for the next one."""
    supervisor = supervised(concurrency=1)
    port = load(tmp_path / "bedside.toml").engines[0].port
    linked = link(address(port))
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(PICTURE)).answer
    run("pause", f"bedside-{os.getuid()}-e-{port}")
    await linked.until_true(lambda: linked.link.status.restarts == 1, 60)
    assert "no sign of life" in supervisor.statuses[0].message
    assert (await linked.ask(PICTURE)).answer


async def test_the_reason_reaches_the_supervisor(supervised: Any, link: Any, tmp_path: Path) -> None:
    """Why a container has ended is in the status that pages show."""
    supervisor = supervised(memory_gb=0.5)
    linked = link(address(load(tmp_path / "bedside.toml").engines[0].port))
    await linked.until(EngineState.READY, 60)
    assert (await linked.ask(SHARES)).error
    await linked.until(EngineState.READY, 60)
    assert "it said last: the container used more memory than its limit" in supervisor.statuses[0].message


async def test_a_second_ctrl_c_leaves_no_container_either(supervised: Any, link: Any, tmp_path: Path) -> None:
    """Everything is killed at once, and the container finds that nobody is there any more."""
    supervisor = supervised(concurrency=1)
    await link(address(load(tmp_path / "bedside.toml").engines[0].port)).until(EngineState.READY, 60)
    supervisor.stop()
    supervisor.stop()
    await until(lambda: not containers())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"image": "bedside/none:1"}, "there is no image bedside/none:1 on this machine; docker pull bedside/none:1"),
        ({"image": BASE}, "numpy cannot be imported: No module named 'numpy'; put into its image: pip install numpy"),
        ({"python": "/opt/none"}, "there is no /opt/none in image"),
        ({"python": "/bin/false"}, "ended with exit status 1 before the engine was there"),
        ({"docker_options": ["--frobnicate"]}, "unknown flag: --frobnicate; look at docker_options"),
        ({"environ": {"DOCKER_HOST": "unix:///none"}}, "the Docker daemon does not run; start it"),
        ({"environ": {"PATH": "/nowhere"}}, "there is no docker on this machine; install Docker Engine"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
async def test_what_cannot_run_says_why(settings: Any, sentence: str, keep: Any, link: Any) -> None:
    """It is FAILED, with one sentence that says what to do."""
    linked = link(keep(**settings).url)
    assert sentence in (await linked.until(EngineState.FAILED, 60)).message


def imported(tag: str, folder: Path) -> str:
    """An image of exactly these files."""
    archive = subprocess.run(["tar", "-C", folder, "-c", "."], check=True, capture_output=True).stdout
    subprocess.run(["docker", "import", "-", tag], check=True, capture_output=True, input=archive)
    return tag


def relabel(tag: str, architecture: str) -> None:
    """Let an image say that it is for another kind of machine."""
    saved = subprocess.run(["docker", "save", tag], check=True, capture_output=True).stdout
    changed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(saved)) as old, tarfile.open(fileobj=changed, mode="w") as new:
        for member in old:
            content = old.extractfile(member)
            data = content.read() if content else b""
            if b'"architecture":"' in data and b'"rootfs"' in data:
                data = json.dumps({**json.loads(data), "architecture": architecture}).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    run("rmi", tag)
    subprocess.run(["docker", "load"], check=True, capture_output=True, input=changed.getvalue())


async def test_an_image_for_another_machine_says_so(keep: Any, link: Any, tmp_path: Path) -> None:
    """Both kinds of machine are named."""
    (tmp_path / "files" / "bin").mkdir(parents=True)
    for name in ("python3", "sh"):
        program = tmp_path / "files" / "bin" / name
        program.write_bytes(b"\x7fELF\x02\x02\x01" + bytes(9) + b"\x00\x02\x00\x16" + bytes(44))  # of an s390x
        program.chmod(0o755)
    tag = imported("bedside-engine-e:foreign", tmp_path / "files")
    relabel(tag, "s390x")
    message = (await link(keep(image=tag).url).until(EngineState.FAILED, 60)).message
    assert f"image {tag} is made for linux/s390x, and this machine is linux/" in message


async def test_an_image_without_python_says_so(keep: Any, link: Any, tmp_path: Path) -> None:
    """What was looked for, and what to set."""
    (tmp_path / "files").mkdir()
    tag = imported("bedside-engine-e:empty", tmp_path / "files")
    message = (await link(keep(image=tag).url).until(EngineState.FAILED, 60)).message
    assert f"there is no python3 and no python in image {tag}; set python to the interpreter inside" in message


def test_a_socket_has_one_owner(places: None) -> None:
    """Two of one port would listen on one socket: the second one is refused, until the first one has ended."""
    with own_place(4711) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        with (
            pytest.raises(EngineError, match="another Bedside runs an engine in a container with port 4711"),
            own_place(4711),
        ):
            pass
        with own_place(4712):
            pass
    with own_place(4711):
        pass


def test_a_folder_that_others_see_takes_no_socket(places: None) -> None:
    """Whoever has made the folder first could answer in the engine's place."""
    made_place(4711).chmod(0o755)
    with pytest.raises(EngineError, match="4711, where the engine's socket is to lie, is not a folder of yours alone"):
        made_place(4711)


def test_a_long_runtime_folder_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The path of a socket has an end; /tmp is short enough."""
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert address(8720) == f"unix:/tmp/bedside-{os.getuid()}/8720/socket"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    assert address(8720) == f"unix:/tmp/bedside-{os.getuid()}/8720/socket"


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until something holds."""
    end = clock.monotonic_ns() + seconds * clock.NS_PER_S
    while not holds():
        assert clock.monotonic_ns() < end, f"did not happen within {seconds} s"
        await asyncio.sleep(0.1)
