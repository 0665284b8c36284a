"""Shared memory that a client has registered: the protocol's system shared memory extension."""

from __future__ import annotations

import mmap
import os
import re
import threading
from typing import Any, Dict

SHM = "/dev/shm"
_KEY = re.compile(r"/?[A-Za-z0-9_.-]+\Z")


class BadRegion(Exception):
    """A region that cannot be used; the text says why."""


class Region:
    """One mapped piece of shared memory."""

    def __init__(self, key: str, offset: int, byte_size: int) -> None:
        if not _KEY.match(key) or ".." in key:
            raise BadRegion("key %r is not the plain name of a shared memory object" % key)
        if offset < 0 or byte_size < 1:
            raise BadRegion("offset %d and byte_size %d; expected 0 or more, and 1 or more" % (offset, byte_size))
        self.key = key
        self.offset = offset
        self.byte_size = byte_size
        self.path = os.path.join(SHM, key.lstrip("/"))
        try:
            with open(self.path, "r+b") as file:
                size = os.fstat(file.fileno()).st_size
                if offset + byte_size > size:
                    raise BadRegion("%s has %d bytes; expected %d at least" % (key, size, offset + byte_size))
                self._map = mmap.mmap(file.fileno(), offset + byte_size)
        except OSError as error:
            raise BadRegion("shared memory %r cannot be opened: %s" % (key, error.strerror))

    def view(self, offset: int, byte_size: int) -> memoryview:
        """The bytes of one tensor. Raises BadRegion when they lie outside."""
        if offset < 0 or byte_size < 0 or offset + byte_size > self.byte_size:
            raise BadRegion("%d bytes at %d do not fit into a region of %d" % (byte_size, offset, self.byte_size))
        start = self.offset + offset
        return memoryview(self._map)[start : start + byte_size]


class Regions:
    """All registered regions, by name. Safe to use from several threads."""

    MOST = 32

    def __init__(self) -> None:
        self._regions: Dict[str, Region] = {}
        self._lock = threading.Lock()

    def register(self, name: str, key: str, offset: int, byte_size: int) -> None:
        """Map a region. Raises BadRegion when the name is taken or the memory cannot be mapped."""
        region = Region(key, offset, byte_size)
        with self._lock:
            self._forget_orphans()
            if name in self._regions:
                raise BadRegion("region %r is registered already; unregister it first" % name)
            if len(self._regions) >= self.MOST:
                raise BadRegion("%d regions are registered already; unregister one first" % self.MOST)
            self._regions[name] = region

    def unregister(self, name: str = "") -> None:
        """Forget one region, or all without a name. One that is not there is no error."""
        with self._lock:
            if name:
                self._regions.pop(name, None)  # the memory goes when the last view of it goes
            else:
                self._regions.clear()

    def view(self, name: str, offset: int, byte_size: int) -> memoryview:
        """The bytes of one tensor in a registered region. Raises BadRegion."""
        with self._lock:
            region = self._regions.get(name)
        if region is None:
            raise BadRegion("region %r is not registered" % name)
        return region.view(offset, byte_size)

    def status(self) -> Any:
        """What is registered, as the protocol lists it."""
        with self._lock:
            return [
                {"name": name, "key": region.key, "offset": region.offset, "byte_size": region.byte_size}
                for name, region in sorted(self._regions.items())
            ]

    def _forget_orphans(self) -> None:
        """Drop what a client that died has left mapped here."""
        for name in [n for n, region in self._regions.items() if not os.path.exists(region.path)]:
            del self._regions[name]
