"""Code that is not ours, in a thread aside."""

import asyncio
import sys
import threading
from typing import Any

import pytest

from bedside.engine.aside import Aside, Hangs, Raised


def hung() -> None:
    """An endless loop."""
    while True:
        pass


def stubborn(release: threading.Event) -> None:
    """One that takes no for no answer, until it is released."""
    while not release.is_set():
        try:
            release.wait(0.01)
        except BaseException:
            continue


async def ended(name: str) -> None:
    """Wait until the threads of this name have come to their end."""
    for thread in threading.enumerate():
        if thread.name.startswith(name):
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


@pytest.fixture
def aside() -> Any:
    """One, closed at the end."""
    made = Aside("aside")
    yield made
    made.close()


async def test_values_come_back_from_another_thread(aside: Aside) -> None:
    """The same one for every call."""
    first, second = [await aside.call(threading.get_ident, 5) for _ in range(2)]
    assert first == second != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt(), StopIteration()])
async def test_whatever_is_raised_is_told_and_the_thread_goes_on(error: BaseException, aside: Aside) -> None:
    """What ends programs and threads too."""

    def raises() -> None:
        raise error

    with pytest.raises(Raised) as raised:
        await aside.call(raises, 5)
    assert raised.value.__cause__ is error
    assert await aside.call(lambda: 5, 5) == 5


async def test_what_hangs_is_given_up_and_ended(aside: Aside) -> None:
    """An endless loop is left at the deadline, its thread ends, and the next call has a new one."""
    with pytest.raises(Hangs, match=r"it takes longer than 0\.1 s"):
        await aside.call(hung, 0.1)
    await ended("aside")
    assert await aside.call(lambda: 5, 5) == 5


async def test_what_does_not_end_keeps_one_thread_only(aside: Aside) -> None:
    """While it hangs nothing else is called; when it has ended, all is well again."""
    release = threading.Event()
    with pytest.raises(Hangs):
        await aside.call(lambda: stubborn(release), 0.05)
    for _ in range(3):
        with pytest.raises(Hangs, match="it still hangs in an earlier call"):
            await aside.call(sys.exit, 5)
    assert sum(thread.name == "aside" for thread in threading.enumerate()) == 1
    assert aside._worker is not None
    assert aside._worker.jobs.qsize() == 1, "calls that are not made leave nothing behind"
    release.set()
    await ended("aside")
    assert await aside.call(lambda: 5, 5) == 5


async def test_a_call_that_is_cancelled_is_left_too(aside: Aside) -> None:
    """The caller's own deadline may be the earlier one."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await aside.call(hung, 60)
    await ended("aside")
    assert await aside.call(lambda: 5, 5) == 5
