"""docs/start/your-model.md, carried out as it is written: from `git clone` to the page."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.clip import film
from tests.end_to_end.box import alive, free_ports, wait
from tests.test_cli_new import environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "start" / "your-model.md").read_text(encoding="utf-8")
CLASSES = ["brain", "abdomen", "femur"]


def blocks(language: str) -> list[str]:
    """The page's code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An empty folder with what the page takes for granted: the reader's two files, a clip, and where to clone from."""
    monkeypatch.chdir(tmp_path)
    python = environment("torch==2.13.0\n")
    research = tmp_path / "research"
    research.mkdir()
    network, save = blocks("python")
    (research / "mynet.py").write_text(network, encoding="utf-8")
    subprocess.run([python, "-c", save], check=True, cwd=research, timeout=100)
    film(research / "clip.mp4", 640, 480)
    repository(tmp_path / "published")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("BEDSIDE_", "VIRTUAL_ENV"))}
    environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{tmp_path / 'published'}.insteadOf"}
    environ |= {"GIT_CONFIG_VALUE_0": "https://example.org/bedside.git", "PYTHON": sys.executable}
    yield environ


def repository(folder: Path) -> None:
    """A repository with this tree as it is now, committed or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    identity = ["-c", "user.name=reader", "-c", "user.email=reader@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "as it is"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


@pytest.mark.timeout(1200)
def test_from_clone_to_page(reader: dict[str, str], tmp_path: Path) -> None:
    """Each command succeeds; then /health is ok and the page gets answers with the model's classes."""
    get, make, check, up = blocks("sh")
    ports = free_ports(3)
    environ = reader | {"BEDSIDE_SOURCE_PORT": str(ports[0]), "BEDSIDE_SERVER_PORT": str(ports[1])}
    run(get, environ)
    run(activated(make), environ)
    file = tmp_path / "bedside.toml"  # the page's own ports may be taken on a machine that runs tests
    file.write_text(file.read_text(encoding="utf-8") + f"port = {ports[2]}\n", encoding="utf-8")
    run(activated(check), environ)
    found = json.loads((tmp_path / "check-planes" / "check.json").read_text(encoding="utf-8"))
    assert found["good"] is True
    assert found["versions"]["engine"]["torch"].startswith("2.13.0")
    assert (tmp_path / "check-planes" / "results.mp4").stat().st_size > 10_000
    answer = shown(activated(up), environ, f"http://127.0.0.1:{ports[1]}", tmp_path)
    assert [one["name"] for one in answer["classes"]] == CLASSES
    assert answer["verdict"]["label"] in CLASSES


def activated(commands: str) -> str:
    """The commands in a shell of their own, in which the environment is active as it is for the reader."""
    return f". bedside/.venv/bin/activate\n{commands}"


def run(commands: str, environ: dict[str, str]) -> None:
    """Run a block of the page."""
    done = subprocess.run(["bash", "-euc", commands], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"


def shown(commands: str, environ: dict[str, str], url: str, folder: Path) -> dict[str, Any]:
    """The first answer that a page gets while these commands run; then they are told to stop, and leave nothing."""
    with (folder / "up.log").open("wb") as log:
        running = subprocess.Popen(
            ["bash", "-euc", commands], env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            answer = asyncio.run(_shown(url))
            pids = [one["pid"] for one in json.loads((folder / "logs" / "supervisor.json").read_text())["processes"]]
        except TimeoutError:
            pytest.fail((folder / "up.log").read_text(encoding="utf-8"))
        finally:
            os.killpg(running.pid, signal.SIGINT)
            running.wait(60)
    wait(lambda: not any(alive(pid) for pid in pids), "nothing is left running")
    return answer


async def _shown(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, asyncio.timeout(120):
        while await _status(session, url) != "ok":  # noqa: ASYNC110 - another process answers
            await asyncio.sleep(0.2)
        async with session.get(f"{url}/view/explain") as page:
            assert page.status == 200
        async with session.ws_connect(f"{url}/live?view=explain") as live:
            await live.send_json({"type": "want", "live": 0, "answer": 640})
            async for message in live:
                if message.type is aiohttp.WSMsgType.BINARY:
                    size = int.from_bytes(message.data[:4], "big")
                    header = json.loads(message.data[4 : 4 + size])
                    if header.get("result"):
                        return dict(header["result"]["answer"])
    pytest.fail("the page got no answer")


async def _status(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(f"{url}/health") as response:
            return str((await response.json())["status"])
    except aiohttp.ClientError:
        return "not there"
