"""The Open Inference Protocol as any client sees it."""

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def test_health_and_metadata_speak_the_protocol(gallery: Any) -> None:
    """Every path that the protocol requires answers with the fields that it requires."""
    assert gallery.get("/v2/health/live")[0] == 200
    assert gallery.get("/v2/models/e/ready")[0] == 200
    server = gallery.get("/v2")[1]
    assert server["extensions"] == ["bedside", "binary_tensor_data", "system_shared_memory", "bedside_jpeg"]
    model = gallery.get("/v2/models/e")[1]
    assert model["inputs"] == [{"name": "frame", "datatype": "UINT8", "shape": [-1, -1, 3]}]
    assert model["outputs"][0]["name"] == "result"
    assert gallery.get("/v2/models/e/versions/1")[0] == 200
    assert gallery.get("/v2/models/other")[0] == 404


def test_starting_is_not_ready(start: Any) -> None:
    """While the model loads, the port answers, and says that it is starting."""
    runner = start("slow_init")
    status, document = runner.get("/v2/health/ready")
    assert (status, document["state"]) == (503, "STARTING")
    assert runner.get("/v2/health/live")[0] == 200
    assert runner.infer()[0] == 503


def test_the_gallery_comes_back_whole(gallery: Any) -> None:
    """All fields of a result, its mask and its images arrive as they were returned."""
    status, result, arrays = gallery.infer(np.zeros((60, 80, 3), np.uint8))
    assert status == 200
    assert arrays["mask"].shape == (60, 80)
    assert sorted(np.unique(arrays["mask"])) == [0, 1, 2, 3]
    assert arrays["images.0.pixels"].shape == (96, 128)
    assert result["mask"] == {"tensor": "mask"}
    assert result["verdict"]["label"] == "Brain plane"
    assert result["concepts"][3]["ok"] is None


def test_a_client_without_extensions_gets_json(gallery: Any) -> None:
    """A plain JSON request with numbers in it is answered in plain JSON."""
    tensor = {"name": "frame", "datatype": "UINT8", "shape": [2, 2, 3], "data": list(range(12))}
    status, _, body = gallery.call("POST", "/v2/models/e/infer", json.dumps({"inputs": [tensor]}).encode())
    outputs = {output["name"]: output for output in json.loads(body)["outputs"]}
    assert status == 200
    assert json.loads(outputs["result"]["data"][0])["text"].startswith("Example")
    assert outputs["mask"]["shape"] == [2, 2]
    assert len(outputs["mask"]["data"]) == 4


class TestSharedMemory:
    """Pixels by name."""

    @pytest.fixture
    def region(self) -> Any:
        """A shared memory object of 1000 bytes."""
        path = Path(f"/dev/shm/bedside-test-{os.getpid()}")
        path.write_bytes(bytes([9]) * 1000)
        yield path
        path.unlink(missing_ok=True)

    @staticmethod
    def register(runner: Any, name: str, **document: Any) -> tuple[int, Any]:
        """Register a region under a name."""
        status, _, body = runner.call(
            "POST", f"/v2/systemsharedmemory/region/{name}/register", json.dumps(document).encode()
        )
        return status, json.loads(body)

    def test_a_registered_region_is_read(self, start: Any, region: Path) -> None:
        """Register, ask, list, unregister; then the name means nothing any more."""
        runner = start("writes_into_the_frame").ready()
        where = {"shared_memory_region": "r", "shared_memory_offset": 10, "shared_memory_byte_size": 72}
        assert runner.infer(**where)[0] == 400
        assert self.register(runner, "r", key=f"/{region.name}", offset=0, byte_size=1000)[0] == 200
        assert self.register(runner, "r", key=region.name, offset=0, byte_size=1000)[0] == 400, "the name is taken"
        assert runner.infer(**where)[:2] == (200, {"text": "9"})
        assert region.read_bytes()[10:82] == bytes(72), "the model writes into the very memory, without a copy"
        assert runner.get("/v2/systemsharedmemory/status")[1][0]["key"] == f"/{region.name}"
        runner.call("POST", "/v2/systemsharedmemory/region/r/unregister", b"{}")
        status, document, _ = runner.infer(**where)
        assert (status, document["error"]) == (400, "region 'r' is not registered")

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ({"key": "nothing-there", "byte_size": 10}, "cannot be opened: No such file"),
            ({"key": "../etc/passwd", "byte_size": 10}, "not the plain name"),
            ({"key": "..", "byte_size": 10}, "not the plain name"),
            ({"key": "REGION", "byte_size": 2000}, "has 1000 bytes; expected 2000 at least"),
            ({"key": "REGION", "byte_size": 0}, "expected 0 or more, and 1 or more"),
            ({"key": "REGION", "byte_size": "10"}, "expected key (text)"),
            ({}, "expected key (text)"),
        ],
    )
    def test_a_region_that_cannot_be_had_is_refused(
        self, gallery: Any, region: Path, document: dict[str, Any], sentence: str
    ) -> None:
        """Whatever is wrong with a registration is one sentence, and nothing else happens."""
        if document.get("key") == "REGION":
            document = {**document, "key": region.name}
        status, answer = self.register(gallery, "r", **document)
        assert status == 400
        assert sentence in answer["error"]

    def test_a_kept_frame_stays_what_it_was(self, start: Any, region: Path) -> None:
        """A model that keeps a frame is noticed at once: the client is told, and later frames are copies."""
        runner = start("keeps_frames").ready()
        self.register(runner, "r", key=region.name, offset=0, byte_size=1000)
        where = {"shared_memory_region": "r", "shared_memory_byte_size": 72}
        assert runner.infer(**where)[1] == {"text": "9"}
        assert "the model keeps frames beyond predict" in runner.log
        region.write_bytes(bytes([5]) * 1000)
        runner.infer(**where)
        region.write_bytes(bytes([6]) * 1000)
        assert runner.infer(**where)[1] == {"text": "6 5 6"}, "the first shows why the client must leave that memory"


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        ({"shape": [4, 6, 4]}, "frame has shape [4, 6, 4]; expected [height, width, 3] or [height, width]"),
        ({"shape": [4, 6]}, "frame has 72 bytes; its shape [4, 6] needs 24"),
        ({"shape": [4, 6, 3.0]}, "expected [height, width, 3]"),
        ({"shape": None}, "expected [height, width, 3]"),
        ({"shape": [10**9, 10**9]}, "expected [height, width, 3]"),
        ({"datatype": "FP32"}, "input 'frame' is 'FP32'; expected 'frame' or 'frames' of UINT8"),
        ({"name": "image"}, "input 'image' is 'UINT8'; expected 'frame'"),
        ({"parameters": {"binary_data_size": 9}}, "binary_data_size is 9 and 72 bytes came"),
    ],
)
def test_a_wrong_frame_is_refused(gallery: Any, tensor: dict[str, Any], sentence: str) -> None:
    """A frame that is no picture never reaches the model; the client reads why."""
    whole = {"name": "frame", "datatype": "UINT8", "shape": [4, 6, 3], "parameters": {"binary_data_size": 72}, **tensor}
    head = json.dumps({"inputs": [whole]}).encode()
    status, _, body = gallery.call(
        "POST", "/v2/models/e/infer", head + bytes(72), Inference_Header_Content_Length=str(len(head))
    )
    assert status == 400
    assert sentence in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /v2 HTTP/1.1\r\nbroken header\r\n\r\n", 400),
        (b"POST /v2/models/e/infer HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /v2/models/e/infer HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /v2/models/e/infer HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /v2/models/e/infer HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"POST /v2/models/e/infer HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400),
        (b"PUT /v2 HTTP/1.1\r\n\r\n", 405),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_garbage_gets_a_sentence_and_harms_nobody(gallery: Any, raw: bytes, status: int) -> None:
    """Whatever a client sends, it gets an error in JSON, and the next client is served."""
    with socket.create_connection(("127.0.0.1", gallery.port), timeout=10) as connection:
        connection.sendall(raw)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert gallery.infer()[0] == 200


def test_requests_that_come_together_are_all_answered(gallery: Any) -> None:
    """A client that sends three requests at once gets three answers, though the connection was handed over."""
    head = json.dumps({"inputs": [{"name": "frame", "datatype": "UINT8", "shape": [1, 1, 3], "data": [1, 2, 3]}]})
    request = f"POST /v2/models/e/infer HTTP/1.1\r\nContent-Length: {len(head)}\r\n\r\n{head}".encode()
    last = request.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n")
    with socket.create_connection(("127.0.0.1", gallery.port), timeout=10) as connection:
        connection.sendall(request + request + last)
        answers = b""
        while more := connection.recv(65536):
            answers += more
    assert answers.count(b"HTTP/1.1 200 OK") == 3


def test_the_client_in_the_reference_works(start: Any, tmp_path: Path) -> None:
    """The program in docs/reference/wire-engine.md, run as it stands, gets its answer."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "wire-engine.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found
    (tmp_path / "engine.py").write_text(
        "def predict(frame, info):\n    return {'mask': frame[:, :, 0] + 1, 'labels': ['a', 'b'], 'text': repr(info)}\n"
    )
    code = found.group(1).replace("8720", str(start(tmp_path).ready().port)).replace("/planes/", "/e/")
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["result"]["labels"] == ["a", "b"]
    assert "seq=4711" in names["result"]["text"]
    assert "region_px=(400, 100, 640, 480)" in names["result"]["text"]
    assert names["arrays"]["mask"].shape == (480, 640)
    names["engine"].close()
