"""The only place that asks the time.

Monotonic time orders events and measures ages; it is shared by all processes of one machine (CLOCK_MONOTONIC on
Linux, which the kernel's capture time stamps use too). Wall time is for the record and for people.
"""

import time

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def monotonic_ns() -> int:
    """Nanoseconds on the machine's monotonic clock; comparable between processes of one machine."""
    return time.monotonic_ns()


def wall_ns() -> int:
    """Nanoseconds since 1970-01-01 UTC, for the record."""
    return time.time_ns()


def age_ms(since_ns: int, now_ns: int | None = None) -> float:
    """Milliseconds from `since_ns` (monotonic) until now, or until `now_ns`."""
    return ((monotonic_ns() if now_ns is None else now_ns) - since_ns) / NS_PER_MS


def wait_s(seconds: float) -> None:
    """Block this thread for `seconds`; for the pace of a source's own thread, never on an event loop."""
    if seconds > 0:
        time.sleep(seconds)
