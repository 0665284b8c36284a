"""Orthanc as the archive (PACS) of a test: on loopback, empty, with ports and a folder of its own."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

STARTED = "Orthanc has started"


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Orthanc:
    """An archive that runs."""

    address: str
    dicom_port: int
    http_port: int

    def get(self, path: str) -> Any:
        """What its own interface says, as JSON."""
        return json.loads(self.raw(path))

    def raw(self, path: str) -> bytes:
        """The same, as bytes."""
        with urlopen(f"http://127.0.0.1:{self.http_port}{path}") as answer:
            return bytes(answer.read())


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """An archive that keeps what it gets in `folder`; skips the test where Orthanc is not installed."""
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    if not Path(program).exists():
        pytest.skip("Orthanc is not installed; scripts/rigs installs it")
    dicom_port, http_port = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": dicom_port,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "Plugins": [],
    }
    folder.mkdir(exist_ok=True)
    config = folder / "orthanc.json"
    config.write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, str(config)], stdout=log, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if STARTED in line:
                break
        else:
            pytest.fail("Orthanc did not start:\n" + "".join(said))
        yield Orthanc(f"ORTHANC@127.0.0.1:{dicom_port}", dicom_port, http_port)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()
        process.wait()
