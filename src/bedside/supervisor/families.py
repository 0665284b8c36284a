"""Kept processes with everything that they have started, wherever it has gone; and the end of all of it."""

import contextlib
import os
import signal
from collections.abc import Iterable

from bedside.supervisor import proc
from bedside.supervisor.proc import Kin

MARK = "BEDSIDE_FAMILY"
"""Variable that a kept process and what it starts carry: the family's own name."""
ROUNDS = 200


class Families:
    """Who belongs to which kept process, as of the last `look()`.

    A family is what descends from its head, what lives in the head's session, and what carries the head's mark, also
    once its parent is gone: orphans come to us, since the supervisor adopts (proc.adopting). Who was seen in a family
    stays in it. What cleans its environment, leaves the session and loses its parent, all between two looks, is lost.
    """

    def __init__(self) -> None:
        self._marks: dict[int, str] = {}
        self._members: dict[int, dict[int, Kin]] = {}
        self._strangers: set[int] = set()
        """Processes that do not descend from us, and so never will: they are not read again."""

    def begin(self, head: int, mark: str) -> None:
        """`head` has just been started, with `MARK=mark` in its environment, as the head of its session."""
        kin = proc.read(head)
        self._marks[head] = mark
        self._members[head] = {head: kin} if kin else {}

    def members(self, head: int) -> list[Kin]:
        """Who runs in a family, the head included."""
        return [kin for kin in self._members.get(head, {}).values() if not kin.is_zombie]

    def look(self) -> None:
        """Read who there is."""
        there = proc.pids()
        self._strangers &= there
        kins = {pid: kin for pid in there - self._strangers if (kin := proc.read(pid)) is not None}
        children: dict[int, list[int]] = {}
        for kin in kins.values():
            children.setdefault(kin.parent, []).append(kin.pid)
        adopted = children.get(os.getpid(), [])
        ours = _with_descendants(adopted, children)
        for head, members in self._members.items():
            found = {pid for pid, kin in members.items() if pid in kins and kins[pid].started == kin.started}
            found |= {pid for pid in ours if kins[pid].session == head}
            found |= {pid for pid in adopted if self._carries(kins[pid], head)}
            self._members[head] = {pid: kins[pid] for pid in _with_descendants(found, children)}
            ours |= self._members[head].keys()
        self._strangers |= kins.keys() - ours

    def _carries(self, kin: Kin, head: int) -> bool:
        if kin.is_zombie or any(kin.pid in members for members in self._members.values()):
            return False
        return proc.was_started_with(kin.pid, f"{MARK}={self._marks[head]}".encode())

    def kill(self, head: int) -> None:
        """End a family: stop everybody, so that nobody starts anything more, then SIGKILL to all.

        A signal to a group reaches all of it at one moment, also those that are just being forked.
        """
        self._strangers.clear()  # a family that forks fast may have numbers again that others had
        stopped: set[tuple[int, int]] = set()
        for _ in range(ROUNDS):
            self.look()
            fresh = [kin for kin in self.members(head) if (kin.pid, kin.started) not in stopped]
            if not fresh:
                break
            _send(fresh, signal.SIGSTOP)
            stopped |= {(kin.pid, kin.started) for kin in fresh}
        _send(self.members(head), signal.SIGKILL)

    def tidy(self, heads: Iterable[int]) -> bool:
        """Kill what is left of all families but those of `heads`, and bury adopted ones that have died.

        Returns whether anybody is left.
        """
        kept = set(heads)
        for head in list(self._members):
            for kin in self._members[head].values():
                if kin.is_zombie and kin.pid != head and kin.parent == os.getpid():
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(kin.pid, os.WNOHANG)
            if head in kept:
                continue
            if self.members(head):
                self.kill(head)
            elif not self._members[head]:
                del self._members[head], self._marks[head]
        return bool(self._members)


def _with_descendants(pids: Iterable[int], children: dict[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def _send(kins: Iterable[Kin], number: signal.Signals) -> None:
    """To their groups and to each of them. A family's groups are its own: it has a session of its own."""
    kins = list(kins)
    for group in {kin.group for kin in kins} - {os.getpgrp()}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for kin in kins:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(kin.pid, number)
