"""The folder of who may do what: whose files they are."""

import os
from pathlib import Path

import pytest

from bedside.access.devices import Devices
from bedside.access.log import AccessLog
from bedside.access.role import Role


@pytest.mark.skipif(os.geteuid() != 0, reason="root: only root writes another user's folder")
def test_what_root_writes_stays_the_server_s(tmp_path: Path) -> None:
    """`sudo bedside access invite` in a service's folder takes no file from the server."""
    folder = tmp_path / "access"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    Devices(folder).invite(Role.VIEWER)
    AccessLog(folder).write(None, "invite")
    assert {(file.name, file.stat().st_uid) for file in folder.iterdir() if file.stat().st_uid != 65534} == set()
