"""Makes the clips that are asked for."""

import logging
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from bedside import clock
from bedside.errors import SessionError
from bedside.recorder.clip import write_clip
from bedside.recorder.memory import Memory
from bedside.session.names import ITEM
from bedside.session.paths import Paths
from bedside.session.wanted import Clip, Wanted
from bedside.threads import background_pool

log = logging.getLogger(__name__)
PATIENCE_NS = 2 * clock.NS_PER_S
"""So long a clip waits for the encoder to come to the snapshot's frame; after a lost signal it never does."""
MOST_WAITING = 3
"""So many are begun at once, each with its seconds in memory; the others wait for their turn as wishes."""


class Clips:
    """Each wish once. `make` is called in one thread, writing is done in another that stands back."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._done: set[tuple[str, Clip]] = set()
        self._pool = background_pool(1, "clip")
        self._begun: list[Future[None]] = []

    @property
    def waiting(self) -> int:
        """How many are begun and not written yet."""
        self._begun = [each for each in self._begun if not each.done()]
        return len(self._begun)

    def make(self, wanted: Wanted, memory: Memory) -> None:
        """Begins with what can be made now of what is wanted."""
        wishes = {(wanted.session, clip) for clip in wanted.clips if wanted.session}
        self._done &= wishes
        for wish in sorted(wishes - self._done, key=lambda wish: wish[1].until_ns):
            session, clip = wish
            is_late = clock.monotonic_ns() - clip.until_ns > PATIENCE_NS
            if (memory.newest_ns < clip.until_ns and not is_late) or self.waiting >= MOST_WAITING:
                continue
            self._done.add(wish)
            path = Paths(self._root / session).snapshots / f"{clip.name}.mp4"
            if not ITEM.fullmatch(clip.name) or path.exists():
                continue
            kept = memory.until(clip.until_ns)
            if kept:
                self._begun.append(self._pool.submit(partial(write_clip, path, kept)))
                self._begun[-1].add_done_callback(_told)
            else:
                log.warning("no clip for snapshot %s: the seconds before it are not in memory", clip.name)

    def close(self) -> None:
        """Returns when all that was begun is written."""
        self._pool.shutdown()


def _told(done: "Future[None]") -> None:
    error = done.exception()
    if isinstance(error, SessionError):
        log.error("%s", error)
    elif error is not None:
        log.error("a clip was not written", exc_info=error)
