"""Runners of the villains, each in a process of its own."""

import http.client
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.interpreters import MATRIX, VERSIONS

ROOT = Path(__file__).parents[2]
VILLAINS = ROOT / "tests" / "villains"
PYTHON = os.environ.get("ENGINE_PYTHON", sys.executable)
"""The interpreter that runs the runner: name one with an older Python or numpy to test with that."""
JSON_LENGTH = "Inference-Header-Content-Length"
FRAME = np.full((4, 6, 3), 7, np.uint8)


class Runner:
    """One `python path/to/bedside_engine`, started on a free port, its log in a file."""

    def __init__(
        self,
        path: Path,
        *options: str,
        env: dict[str, str] | None = None,
        fds: tuple[int, ...] = (),
        python: Path | str = PYTHON,
    ) -> None:
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        argv = [str(python), str(ROOT / "src" / "bedside_engine"), "--path", str(path), "--name", "e", "--port", "0"]
        self.process = subprocess.Popen(
            [*argv, *options], stdout=self._log, stderr=self._log, cwd="/", env=env, pass_fds=fds
        )
        self.port = int(self.wait_for(lambda: re.search(r"on port (\d+)", self.log)).group(1))

    @property
    def log(self) -> str:
        """Everything that the process has printed so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def wait_for(self, found: Callable[[], Any], seconds: float = 20) -> Any:
        """Poll until `found` gives something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := found():
                return value
            time.sleep(0.02)
        raise AssertionError(f"did not happen within {seconds} s; the log says:\n{self.log}")

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One HTTP request: status, headers and body of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        status, _, body = self.call("GET", path)
        return status, json.loads(body)

    def ready(self) -> "Runner":
        """Wait until it is."""
        self.wait_for(lambda: self.get("/v2/health/ready")[0] == 200)
        return self

    def infer(
        self, frame: NDArray[np.uint8] = FRAME, name: str = "frame", frame_info: str = "", id: str = "1", **where: Any
    ) -> tuple[int, Any, dict[str, NDArray[np.uint8]]]:
        """Ask with pixels in the body, or in shared memory by `where`: status, result or error, arrays."""
        place = where or {"binary_data_size": frame.nbytes}
        tensor = {"name": name, "datatype": "UINT8", "shape": list(frame.shape), "parameters": place}
        body = b"" if where else frame.tobytes()
        return self.send(tensor, body, {"frame_info": frame_info} if frame_info else {}, id)

    def send(
        self, tensor: dict[str, Any], body: bytes, parameters: dict[str, Any] | None = None, id: str = "1"
    ) -> tuple[int, Any, dict[str, NDArray[np.uint8]]]:
        """Ask with this tensor and these bytes after it: status, result or error, arrays."""
        parameters = {"binary_data_output": True, **(parameters or {})}
        head = json.dumps({"id": id, "parameters": parameters, "inputs": [tensor]}).encode()
        status, headers, answer = self.call("POST", "/v2/models/e/infer", head + body, **{JSON_LENGTH: str(len(head))})
        if status != 200:
            return status, json.loads(answer), {}
        return status, *read(answer, int(headers[JSON_LENGTH]))

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._log.close()


def read(body: bytes, length: int) -> tuple[Any, dict[str, NDArray[np.uint8]]]:
    """The result and the arrays in a binary answer, read by hand."""
    arrays, at, result = {}, length, None
    for output in json.loads(body[:length])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        data, at = body[at : at + size], at + size
        if output["name"] == "result":
            assert struct.unpack_from("<I", data)[0] == size - 4
            result = json.loads(data[4:])
        else:
            arrays[output["name"]] = np.frombuffer(data, np.uint8).reshape(output["shape"])
    assert at == len(body)
    return result, arrays


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The matrix: each Python that the runner was tested in, its numpy, and how many tests passed in it."""
    count: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            found = re.search(r"test_interpreters\.py::\w+\[(3\.\d+)", report.nodeid)
            if found and (outcome != "passed" or report.when == "call"):
                count[found.group(1)][outcome] += 1
    if not count:
        return
    terminalreporter.section("the runner in other Pythons")
    for version in VERSIONS:
        tests = ", ".join(f"{number} {outcome}" for outcome, number in count[version].items())
        terminalreporter.line(f"{MATRIX.get(version, f'Python {version}, not here')}: {tests or 'not tested'}")


@pytest.fixture(scope="module")
def gallery() -> Iterator[Runner]:
    """One runner of the gallery for all tests of a module that leave it as it is."""
    runner = Runner(VILLAINS / "gallery.py").ready()
    yield runner
    runner.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Runner]]:
    """Starts a runner of a villain by name, or of a path; ends it after the test."""
    runners: list[Runner] = []

    def start(engine: str | Path, *options: str, **more: Any) -> Runner:
        path = VILLAINS / f"{engine}.py" if isinstance(engine, str) else engine
        runners.append(Runner(path, *options, **more))
        return runners[-1]

    yield start
    for runner in runners:
        with suppress(ProcessLookupError):
            runner.close()
