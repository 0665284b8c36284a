"""The server's desk of devices where the disk or the system does not do as it should."""

import asyncio
import errno
import fcntl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bedside.access.devices import FILE, Devices
from bedside.access.role import Role
from bedside.hub import access_desk
from bedside.hub.access_desk import AccessDesk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[AccessDesk]:
    """It follows a folder where nothing stands yet."""
    found = AccessDesk(tmp_path, signed_in_h=12)
    yield found
    await found.close()


async def test_a_full_disk_signs_no_tablet_out(
    desk: AccessDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When tablets were used cannot be kept then; they stay signed in, and a sentence says so until it is kept."""
    devices = Devices(tmp_path)
    device, secret = devices.pair(devices.invite(Role.OPERATOR))
    await desk.renew()
    monkeypatch.setattr(access_desk, "KEEP_SEEN_EVERY_S", 0.0)
    full = tmp_path / f".{FILE}.part"
    full.mkdir()  # what is written first cannot be written
    desk.saw(device.id)
    await desk.renew()
    assert desk.device(secret) is not None and "cannot be written" in desk.problem
    full.rmdir()
    await desk.renew()
    assert desk.device(secret) is not None and not desk.problem


async def test_a_folder_that_cannot_be_locked_is_a_sentence(
    desk: AccessDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some network disks: the deed is missing in the log, and that is said."""

    def none_left(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none_left)
    desk.ledger.note(None, "pair")
    await asyncio.to_thread(desk.ledger.close)  # everything is written
    assert "No locks available" in desk.problem


async def test_a_fault_while_pages_are_closed_does_not_end_the_looking(
    desk: AccessDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tablet that is revoked afterwards is a stranger all the same."""
    monkeypatch.setattr(access_desk, "LOOK_EVERY_S", 0.0)
    devices, is_gone = Devices(tmp_path), asyncio.Event()
    device, _ = devices.pair(devices.invite(Role.VIEWER))

    async def act() -> None:
        if desk.is_known(device.id):
            devices.revoke(device.id)
        else:
            is_gone.set()
        raise RuntimeError("a page that cannot be closed")

    following = asyncio.create_task(desk.follow(act))
    try:
        await asyncio.wait_for(is_gone.wait(), 10)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
