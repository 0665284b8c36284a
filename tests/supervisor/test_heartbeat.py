"""Signs of life, from the side that gives them."""

import asyncio
import os
import subprocess
import sys

from bedside.supervisor.heartbeat import beat


async def test_it_beats_until_the_reader_has_gone() -> None:
    """Bytes come; once nobody can read them the process is asked to stop."""
    read, write = os.pipe()
    stop = asyncio.Event()
    task = asyncio.create_task(beat(stop, write))
    await asyncio.sleep(0)
    assert os.read(read, 10) == b"."
    os.close(read)
    async with asyncio.timeout(10):
        await stop.wait()
    task.cancel()
    os.close(write)


async def test_a_full_pipe_stops_nobody() -> None:
    """A supervisor that does not read for hours does not block its children."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"." * 4096)
    except BlockingIOError:
        pass
    stop = asyncio.Event()
    task = asyncio.create_task(beat(stop, write))
    await asyncio.sleep(0.05)
    assert not task.done()
    assert not stop.is_set()
    task.cancel()
    os.close(read)
    os.close(write)


def test_a_hung_event_loop_exits_by_itself_and_says_where() -> None:
    """Without a supervisor, a blocked loop still ends its process, with the stack on stderr."""
    lines = (
        "import asyncio, time\n"
        "from bedside.supervisor.heartbeat import beat\n"
        "async def stuck_in_here():\n"
        "    task = asyncio.create_task(beat(asyncio.Event(), hang_s=0.2))\n"
        "    await asyncio.sleep(0.05)\n"
        "    time.sleep(600)\n"
        "asyncio.run(stuck_in_here())\n"
    )
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "stuck_in_here" in done.stderr
