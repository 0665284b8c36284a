"""The runner in every Python from 3.7 to 3.13, each with a numpy of its time."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.bedside_engine.conftest import Runner
from tests.interpreters import MATRIX, VERSIONS, environment, versions_of

NUMPY = {
    "3.7": ("numpy==1.17.5", "pillow==9.5.0"),
    "3.8": ("numpy==1.18.5",),
    "3.9": ("numpy==1.21.6",),
    "3.10": ("numpy==1.23.5",),
    "3.11": ("numpy==1.26.4",),
    "3.12": ("numpy==2.0.2",),
    "3.13": ("numpy", "pillow"),
}
pytestmark = pytest.mark.timeout(600)  # the first time the environments are made
FRAME = np.full((4, 6, 3), 7, np.uint8)
WINDOW = np.stack([FRAME, FRAME + 1, FRAME + 2])
Start = Callable[..., Runner]


@pytest.fixture(scope="module", params=VERSIONS)
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of each version's environment."""
    found = environment(request.param, *NUMPY[request.param])
    MATRIX[request.param] = versions_of(found, "numpy")
    return found


@pytest.fixture
def begin(python: Path, start: Start, tmp_path: Path) -> Start:
    """Starts a runner, in that Python, of an engine with this text."""

    def begin(text: str, *options: str) -> Runner:
        (tmp_path / "engine.py").write_text(text, encoding="utf-8")
        return start(tmp_path, *options, python=python).ready()

    return begin


@pytest.mark.parametrize(
    ("signature", "said", "expected"),
    [
        ("frame", "frame.shape", "(4, 6, 3)"),
        ("frame, info", "(frame.shape, info.seq, info.state)", "((4, 6, 3), 9, 'live')"),
        ("frames", "frames.shape", "(3, 4, 6, 3)"),
        ("frames, info", "(frames[:, 0, 0, 0].tolist(), info.seqs)", "([7, 8, 9], (7, 8, 9))"),
        ("frame, info, corrections", "(info.seq, corrections)", "(9, None)"),
    ],
)
@pytest.mark.parametrize("form", ["def predict({}):\n", "class Engine:\n  def predict(self, {}):\n"])
def test_every_signature_is_called(begin: Start, form: str, signature: str, said: str, expected: str) -> None:
    """Class or function, one frame or a window, with or without info."""
    runner = begin(form.format(signature) + f"    return {{'text': str({said})}}\n")
    is_window = signature.startswith("frames")
    status, result, _ = runner.infer(WINDOW if is_window else FRAME, "frames" if is_window else "frame", id="9")
    assert (status, result) == (200, {"text": expected})


RICH = """
import numpy as np

def predict(frame):
    mask = (frame[:, :, 0] > 5).astype(np.int64)
    return {"mask": mask, "labels": ["background", "bright"], "images": [frame[:, :, 0] / 255.0, frame],
            "verdict": {"label": "a", "score": np.float32(0.5)}, "points": np.array([[0.25, 0.5]])}
"""


def test_arrays_come_back_from_the_body_and_from_shared_memory(begin: Start) -> None:
    """A result with a mask and pictures is the same, however the pixels came."""
    runner = begin(RICH)
    region = Path(f"/dev/shm/bedside-test-{os.getpid()}")
    region.write_bytes(FRAME.tobytes())
    try:
        body = f'{{"key": "/{region.name}", "byte_size": {FRAME.nbytes}}}'.encode()
        assert runner.call("POST", "/v2/systemsharedmemory/region/r/register", body)[0] == 200
        shared = runner.infer(shared_memory_region="r", shared_memory_byte_size=FRAME.nbytes)
        sent = runner.infer(FRAME)
    finally:
        region.unlink()
    for status, result, arrays in (shared, sent):
        assert status == 200
        assert result["verdict"] == {"label": "a", "score": 0.5, "level": "none"}
        assert result["points"] == [{"x": 0.25, "y": 0.5}]
        assert (arrays["mask"] == 1).all()
        assert (arrays["images.0.pixels"] == 7).all()
        assert (arrays["images.1.pixels"] == FRAME).all()


def test_what_goes_wrong_is_said(begin: Start) -> None:
    """An exception is that frame's error, a wrong field names itself, and a hang ends the process with its stack."""
    runner = begin(
        "import time\ncalls = []\ndef predict(frame):\n    calls.append(1)\n"
        "    if len(calls) == 1:\n        return {}\n"
        "    if len(calls) == 2:\n        raise ValueError('bad shape')\n"
        "    if len(calls) == 3:\n        return {'verdit': {}}\n"
        "    time.sleep(60)\n",
        "--deadline=0.5",
    )
    assert runner.infer()[0] == 200
    assert runner.infer()[1]["error"] == "predict raised ValueError: bad shape (engine.py:8)"
    assert runner.infer()[1]["error"] == "field 'verdit' is unknown; did you mean 'verdict'?"
    with pytest.raises(OSError):
        runner.infer()
    assert runner.process.wait(20) == 1
    assert 'engine.py", line 11 in predict' in runner.log


PILLOW = """
from PIL import Image

def predict(frame):
    image = Image.fromarray(frame)
    palette = image.convert("L").convert("P")
    return {"images": [image, image.convert("RGBA"), image.convert("1")], "mask": palette}
"""


@pytest.mark.parametrize("version", ["3.7", "3.13"])
def test_images_of_pillow_are_results_and_jpegs_come_in(version: str, start: Start, tmp_path: Path) -> None:
    """Where the environment has Pillow, its images are pictures and label maps, and the runner takes JPEG."""
    (tmp_path / "engine.py").write_text(PILLOW, encoding="utf-8")
    runner = start(tmp_path, python=environment(version, *NUMPY[version])).ready()
    assert "bedside_jpeg" in runner.get("/v2")[1]["extensions"]
    jpeg = cv2.imencode(".jpg", np.full((8, 8, 3), 200, np.uint8))[1].tobytes()
    body = struct.pack("<I", len(jpeg)) + jpeg
    parameters = {"content_type": "image/jpeg", "binary_data_size": len(body)}
    tensor = {"name": "frame", "datatype": "BYTES", "shape": [1], "parameters": parameters}
    status, _, arrays = runner.send(tensor, body)
    assert status == 200
    shapes = [arrays[f"images.{index}.pixels"].shape for index in range(3)]
    assert shapes == [(8, 8, 3), (8, 8, 3), (8, 8)]
    assert np.abs(arrays["images.0.pixels"].astype(int) - 200).max() <= 3
    assert set(np.unique(arrays["images.2.pixels"])) <= {0, 255}
    assert arrays["mask"].shape == (8, 8)
