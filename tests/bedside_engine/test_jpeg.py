"""Pictures that come as JPEG."""

import struct
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bedside_engine import jpeg
from bedside_engine.server import BadRequest

RAMP = np.stack([np.tile(np.arange(32, dtype=np.uint8) * step, (24, 1)) for step in (8, 4, 1)], axis=2)


def encoded(rgb: NDArray[np.uint8]) -> bytes:
    """A JPEG of high quality."""
    bgr = rgb if rgb.ndim == 2 else np.ascontiguousarray(rgb[:, :, ::-1])
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 98])[1])


def tensor(name: str, count: int, size: int, kind: str = "image/jpeg") -> dict[str, Any]:
    """The head of a tensor of JPEGs."""
    parameters = {"content_type": kind, "binary_data_size": size}
    return {"name": name, "datatype": "BYTES", "shape": [count], "parameters": parameters}


def packed(*pictures: bytes) -> bytes:
    """Each behind its length."""
    return b"".join(struct.pack("<I", len(picture)) + picture for picture in pictures)


@pytest.fixture
def mirror(start: Any, tmp_path: Path) -> Any:
    """An engine that gives back what it got, and how much of it it could write."""
    (tmp_path / "engine.py").write_text(
        "def predict(frame):\n    frame[:] = frame[:]\n    return {'images': [{'pixels': frame}]}\n"
    )
    return start(tmp_path).ready()


@pytest.mark.parametrize("library", [name for name, _, _ in jpeg.LIBRARIES])
@pytest.mark.parametrize("picture", [RAMP, RAMP[:, :, 0].copy()], ids=["rgb", "grey"])
def test_every_library_gives_the_same_pixels(
    library: str, picture: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever is installed: RGB, or one value a pixel for a grey JPEG, and a memory that may be written."""
    pytest.importorskip(library)
    monkeypatch.setattr(jpeg, "LIBRARIES", [one for one in jpeg.LIBRARIES if one[0] == library])
    found = jpeg.Jpeg()
    assert found.is_there
    pixels = found.decode(encoded(picture))
    assert pixels.shape == picture.shape
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert np.abs(pixels.astype(int) - picture).max() <= 6
    with pytest.raises(BadRequest, match="the JPEG of 5 bytes does not decode"):
        found.decode(b"hello")


def test_without_a_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to decode with is no extension; one that is broken is passed over."""
    monkeypatch.setattr(jpeg, "LIBRARIES", [])
    assert not jpeg.Jpeg().is_there
    with pytest.raises(BadRequest, match="install opencv-python-headless or pillow, or send raw"):
        jpeg.Jpeg().decode(b"")


def test_a_broken_library_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that is there and does not import is followed by the next one."""
    (tmp_path / "broken_codec.py").write_text("raise OSError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(jpeg, "LIBRARIES", [("broken_codec", "broken_codec", jpeg.LIBRARIES[0][2]), *jpeg.LIBRARIES])
    assert jpeg.Jpeg().decode(encoded(RAMP)).shape == RAMP.shape
    assert "broken_codec" not in sys.modules


def test_a_frame_may_come_as_jpeg(mirror: Any) -> None:
    """The runner says that it takes JPEG, decodes one, and the model gets RGB that it may write into."""
    assert "bedside_jpeg" in mirror.get("/v2")[1]["extensions"]
    body = packed(encoded(RAMP))
    status, _, arrays = mirror.send(tensor("frame", 1, len(body)), body)
    assert status == 200
    assert np.abs(arrays["images.0.pixels"].astype(int) - RAMP).max() <= 6
    assert "keeps frames" not in mirror.log


def test_a_window_may_come_as_jpegs(start: Any, tmp_path: Path) -> None:
    """One JPEG a frame, oldest first."""
    (tmp_path / "engine.py").write_text("def predict(frames):\n    return {'text': str(frames.shape)}\n")
    runner = start(tmp_path).ready()
    body = packed(encoded(RAMP), encoded(RAMP))
    assert runner.send(tensor("frames", 2, len(body)), body)[1] == {"text": "(2, 24, 32, 3)"}
    body = packed(encoded(RAMP), encoded(RAMP[:, :, 0].copy()))
    status, document, _ = runner.send(tensor("frames", 2, len(body)), body)
    assert (status, document["error"]) == (400, "the frames of a window differ in size or colour")


@pytest.mark.parametrize(
    ("count", "body", "kind", "sentence"),
    [
        (1, packed(b"no picture"), "image/jpeg", "the JPEG of 10 bytes does not decode"),
        (2, packed(encoded(RAMP)), "image/jpeg", "shape [2] and 1 JPEGs; expected one JPEG"),
        (0, b"", "image/jpeg", "shape [0] and 0 JPEGs; expected one JPEG"),
        (1, packed(encoded(RAMP))[:-1], "image/jpeg", "bytes, and "),
        (1, b"\xff", "image/jpeg", "a JPEG of 255 bytes, and 0 are there"),
        (1, packed(encoded(RAMP)), "image/png", "the content_type of BYTES is 'image/png'; expected 'image/jpeg'"),
    ],
)
def test_what_is_no_jpeg_is_refused(mirror: Any, count: int, body: bytes, kind: str, sentence: str) -> None:
    """The client reads what is wrong with what it sent."""
    status, document, _ = mirror.send(tensor("frame", count, len(body), kind), body)
    assert status == 400
    assert sentence in document["error"]


def test_a_jpeg_in_json_is_refused(mirror: Any) -> None:
    """There are no texts of bytes in JSON; the sentence names what is missing."""
    head = {
        "name": "frame",
        "datatype": "BYTES",
        "shape": [1],
        "data": ["x"],
        "parameters": {"content_type": "image/jpeg"},
    }
    status, document, _ = mirror.send(head, b"")
    assert (status, document["error"]) == (400, "a JPEG is expected as binary data, with binary_data_size")
