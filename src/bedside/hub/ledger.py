"""The access log as the server writes it: from a thread of its own, so that no page waits for the disk."""

import logging
from threading import BoundedSemaphore
from typing import Any

from bedside import clock
from bedside.access.log import AccessLog
from bedside.access.role import Who
from bedside.errors import AccessError
from bedside.threads import background_pool

log = logging.getLogger(__name__)

MOST_WAITING = 1000
AGAIN_AFTER_NS = 60 * clock.NS_PER_S
"""What a page asks many times, such as frames of a session that is looked at, is one line a minute."""
MOST_REMEMBERED = 500
REFUSED_MOST, REFUSED_WITHIN_NS = 60, 3600 * clock.NS_PER_S
"""Strangers fill no disk: so many refusals an hour are written, and how many more there were."""


class Ledger:
    """Belongs to one event loop. Lines are written in their order."""

    def __init__(self, access_log: AccessLog | None) -> None:
        """Without a log nothing is kept."""
        self.problem = ""
        """One sentence while deeds cannot be written; what people do goes on all the same."""
        self._log = access_log
        self._pool = background_pool(1, "bedside-access-log")
        self._room = BoundedSemaphore(MOST_WAITING)
        self._noted: dict[object, int] = {}
        self._refused: list[int] = []
        self._left_out = 0

    def note(self, who: Who | None, deed: str, **about: Any) -> None:
        """One more line, soon. Never waits."""
        if self._log is None:
            return
        if not self._room.acquire(blocking=False):
            self.problem = "the disk is too slow for the access log; deeds are missing in it"
            return
        self._pool.submit(self._write, self._log, who, deed, about)

    def note_seldom(self, who: Who, deed: str, **about: Any) -> None:
        """One more line, where there was not the very same one within a minute."""
        if self._is_new((who, deed, tuple(sorted(about.items())))):
            self.note(who, deed, **about)

    def refused(self, who: Who | None, address: str, **about: Any) -> None:
        """Somebody was refused; the first one of a minute from there, and not more than so many an hour."""
        now_ns = clock.monotonic_ns()
        self._refused = [one for one in self._refused if now_ns - one < REFUSED_WITHIN_NS]
        if len(self._refused) >= REFUSED_MOST or not self._is_new(("refused", address)):
            self._left_out += 1
            return
        self._refused.append(now_ns)
        more = {"not_written_before": self._left_out} if self._left_out else {}
        self._left_out = 0
        self.note(who, "refused", address=address, **about, **more)

    def close(self) -> None:
        """Ends the thread when everything is written."""
        self._pool.shutdown(wait=True)

    def _is_new(self, key: object) -> bool:
        """Whether there was no line of this key within a minute."""
        now_ns = clock.monotonic_ns()
        before_ns = self._noted.pop(key, None)
        if before_ns is not None and now_ns - before_ns < AGAIN_AFTER_NS:
            self._noted[key] = before_ns
            return False
        self._noted[key] = now_ns  # the newest stand at the end
        if len(self._noted) > MOST_REMEMBERED:
            self._noted.pop(next(iter(self._noted)))
        return True

    def _write(self, access_log: AccessLog, who: Who | None, deed: str, about: dict[str, Any]) -> None:
        try:
            access_log.write(who, deed, **about)
            self.problem = ""
        except AccessError as error:
            if str(error) != self.problem:
                log.error("the access log misses %s: %s", deed, error)
            self.problem = str(error)
        finally:
            self._room.release()
