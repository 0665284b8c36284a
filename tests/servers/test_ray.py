"""Ray Serve on a cluster of this one machine: the same engine folder in two replicas, by deploy/ray."""

import asyncio
import contextlib
import os
from collections.abc import Iterator

import numpy as np
import pytest
from tests.interpreters import environment
from tests.servers.conftest import DEPLOY, ROOT, Clients, free_ports, running, until_ready

from bedside.engine.ask import Ask
from bedside.errors import EngineError

pytestmark = pytest.mark.timeout(600)  # the first time its environment is made
ENGINE = """
import os, time
def predict(frame, info):
    time.sleep(0.2)
    return {"text": "%d of %d by %d" % (frame[0, 0, 0], info.seq, os.getpid())}
"""


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    python = environment("3.11", "ray[serve]==2.60.0")
    folder = tmp_path_factory.mktemp("ray")
    (folder / "sleeper").mkdir()
    (folder / "sleeper" / "engine.py").write_text(ENGINE)
    (port,) = free_ports(1)
    environ = {
        "PYTHONPATH": f"{ROOT / 'src'}:{DEPLOY / 'ray'}",
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": str(folder),
    }
    start = f"""
import ray, engine
from ray import serve
ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level="WARNING", _temp_dir={str(folder)!r})
serve.start(http_options={{"host": "127.0.0.1", "port": {port}}})
serve.run(engine.application({{"path": {str(folder / "sleeper")!r}, "name": "sleeper", "replicas": 2}}), blocking=True)
"""
    with running([python, "-c", start], f"http://127.0.0.1:{port}/v2/health/ready", folder / "log", environ, folder):
        yield f"http://127.0.0.1:{port}"


async def test_two_replicas_answer_two_frames_at_once(ray: str, client: Clients) -> None:
    """Nothing but the address: each frame gets its own answer, and both replicas take part."""
    asking = [client(ray, model="sleeper", is_raw=False) for _ in range(2)]
    for one in asking:
        await until_ready(one)

    async def answers(number: int) -> list[str]:
        found = []
        for seq in range(number, 100 + number, 10):
            answer = await asking[number].infer(
                Ask(seq, np.full((1080, 1920, 3), seq, np.uint8), {"seqs": [seq], "times_s": [0.0]})
            )
            assert answer.model_ms is not None
            assert answer.model_ms >= 200
            assert answer.fields["text"].startswith(f"{seq} of {seq} by ")
            found.append(answer.fields["text"].split()[-1])
        return found

    both = await asyncio.gather(answers(0), answers(1))
    assert len({process for found in both for process in found}) == 2


async def test_a_replica_that_dies_is_replaced(ray: str, client: Clients) -> None:
    """Frames may be lost meanwhile, each with a sentence; then others answer in its place."""
    asking = client(ray, model="sleeper", is_raw=False)
    await until_ready(asking)
    process = int((await asking.infer(Ask(1, np.zeros((2, 2, 3), np.uint8)))).fields["text"].split()[-1])
    os.kill(process, 9)
    answered: set[int] = set()
    while len(answered) < 2:
        with contextlib.suppress(EngineError):
            answer = await asking.infer(Ask(2, np.zeros((2, 2, 3), np.uint8)))
            answered.add(int(answer.fields["text"].split()[-1]))
            assert process not in answered
