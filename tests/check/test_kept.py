"""Processes that are kept for as long as a block lasts."""

import asyncio

import pytest

from bedside.check.kept import kept
from bedside.supervisor.plan import Process
from bedside.supervisor.supervisor import Supervisor


async def test_who_is_told_to_stop_while_processes_end_does_not_go_on() -> None:
    """Ctrl-C at that moment ends what comes after the block, too; the processes are gone all the same."""
    leaving = asyncio.Event()
    went_on = False

    async def work() -> None:
        nonlocal went_on
        async with kept([Process("sleeper", ("sleep", "600"))]) as supervisor:
            supervisors.append(supervisor)
            leaving.set()
        went_on = True

    supervisors: list[Supervisor] = []
    working = asyncio.create_task(work())
    await leaving.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert not went_on
    assert [status.pid for status in supervisors[0].statuses] == [0]
