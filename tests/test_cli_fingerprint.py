"""What a session is made with: fingerprints, versions, settings without secrets."""

import json
import os
from pathlib import Path

import pytest

from bedside.cli.fingerprint import fingerprint, made_with, versions, without_secrets
from bedside.settings import load

SETTINGS = """
[source]
url = "opencv:rtsp://user:hunter22@10.0.0.9/stream?token=hunter22"
token = "hunter2222"
[server]
token = "hunter3333"
[[engine]]
name = "planes"
path = "planes"
docker_options = ["-e", "PASSPHRASE=hunter22", "--env=OTHER=hunter22", "--gpus", "all"]
image = "somewhere/image"
[[engine]]
name = "far"
url = "http://10.0.0.7:8000"
token = "hunter4444"
model = "resnet"
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """An engine's folder with weights, an environment and caches."""
    folder = tmp_path / "planes"
    for file in ("engine.py", "weights/head.pt", ".venv/lib/x.py", "made/pyvenv.cfg", "made/x.py", "__pycache__/e.pyc"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    return folder


def test_a_fingerprint_is_of_names_and_contents(engine: Path) -> None:
    """Another byte, another name or one more file is another fingerprint; the same files elsewhere are the same."""
    first = fingerprint(engine)
    assert (first["files"], first["bytes"]) == (2, len("engine.py") + len("weights/head.pt"))
    copy = engine.rename(engine.with_name("elsewhere"))
    assert fingerprint(copy)["sha256"] == first["sha256"]
    seen = {first["sha256"]}
    (copy / "weights/head.pt").write_text("weights/HEAD.pt")
    seen.add(fingerprint(copy)["sha256"])
    (copy / "weights/head.pt").rename(copy / "weights/neck.pt")
    seen.add(fingerprint(copy)["sha256"])
    (copy / "more.py").touch()
    seen.add(fingerprint(copy)["sha256"])
    assert len(seen) == 4


def test_environments_and_caches_are_no_part_of_it(engine: Path) -> None:
    """What an engine runs in, and what Python leaves behind, do not change it."""
    first = fingerprint(engine)
    for file in (".venv/lib/x.py", "made/x.py", "__pycache__/e.pyc"):
        (engine / file).write_text("changed")
    assert fingerprint(engine) == first


def test_one_file_is_an_engine_too(engine: Path) -> None:
    """A path to a file counts that file alone."""
    assert fingerprint(engine / "engine.py")["files"] == 1


def test_what_is_kept_beside_an_engine_is_no_part_of_it(engine: Path) -> None:
    """An engine beside bedside.toml stays the same when sessions and logs grow."""
    (engine / "bedside.toml").write_text('[[engine]]\nname = "planes"\npath = "."\n')
    settings = load(engine / "bedside.toml", {})
    first = made_with(settings).engines["planes"]
    for file in ("sessions/2026/video-000.mp4", "logs/engine-planes.txt"):
        (engine / file).parent.mkdir(parents=True)
        (engine / file).write_text(file)
    assert made_with(settings).engines["planes"] == first
    assert first["files"] == 3


def test_too_much_is_said(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is beyond the bound only size and time of change count, and the fingerprint says so."""
    monkeypatch.setattr("bedside.cli.fingerprint.MOST_BYTES", len("engine.py"))
    first = fingerprint(engine)
    assert "of weights/head.pt and more only size and time of change count" in first["problem"]
    (engine / "weights/head.pt").write_text("other")
    assert fingerprint(engine)["sha256"] != first["sha256"]


def test_what_cannot_be_read_is_said(engine: Path) -> None:
    """The fingerprint is made of the rest, and says what is not in it."""
    (engine / "weights/gone.pt").symlink_to("nowhere")
    found = fingerprint(engine)
    assert found["problem"] == "weights/gone.pt cannot be read: No such file or directory"
    assert len(found["sha256"]) == 64


def test_no_secret_is_written(tmp_path: Path, engine: Path) -> None:
    """Tokens, passwords in addresses and variables of containers are left out; the rest of the settings is there."""
    (tmp_path / "bedside.toml").write_text(SETTINGS)
    made = made_with(load(tmp_path / "bedside.toml", {}))
    text = json.dumps(made.settings)
    assert "hunter" not in text
    assert made.settings["source"]["url"] == "opencv:rtsp://***@10.0.0.9/stream?token=***"
    assert made.settings["engines"][0]["docker_options"] == ["-e", "PASSPHRASE=***", "--env=OTHER=***", "--gpus", "all"]
    assert made.settings["session"]["folder"] == "sessions"
    assert made.engines["far"] == {"url": "http://10.0.0.7:8000", "model": "resnet"}
    assert made.engines["planes"]["sha256"] == fingerprint(engine)["sha256"]


@pytest.mark.parametrize("name", ["pwd", "pass", "password", "api_key", "access_token", "sig", "auth", "client_secret"])
def test_secrets_in_an_address_are_left_out_by_their_names(name: str) -> None:
    """Cameras and stores take them in the address under many names; what is no secret there stays."""
    address = f"opencv:http://10.0.0.9/stream?{name}=hunter22&channel=1"
    assert without_secrets(address) == f"opencv:http://10.0.0.9/stream?{name}=***&channel=1"


def test_text_without_secrets_stays(tmp_path: Path) -> None:
    """Nothing but what is secret changes."""
    kept = {"url": "file:clip.mp4?loop=1", "crop": [0, 1, 2, 3], "token": "", "path": Path("a/b")}
    kept |= {"options": ["x264-params=keyint=30:pass=1", "preset=fast"], "design": "signal=1"}
    assert without_secrets(kept) == kept | {"path": os.fspath(Path("a/b"))}


def test_versions_name_what_numbers_depend_on() -> None:
    """Bedside, Python, the libraries that touch pixels, and the system."""
    assert set(versions()) == {"bedside", "python", "av", "numpy", "opencv", "os", "machine"}
