"""How far pip is, by what it prints."""

import re

from bedside.engine.build import Progress

WHEEL = re.compile(r"(?P<name>[A-Za-z0-9][\w.]*?)-\d")
SIZE = re.compile(r"\((?P<size>[\d.]+ ?[kKMG]?B)\)")
BYTES = re.compile(r"Progress (?P<done>\d+) of (?P<total>\d+)")
COLLECTS = re.compile(r"(?:Collecting|Processing) (?P<what>\S+)")
DOWNLOADS = re.compile(r"\s*Downloading (?P<what>\S+)")
BUILDS = re.compile(r"\s*Building (?:editable|wheel) for (?P<what>\S+).*started")
INSTALLS = re.compile(r"Installing collected packages: (?P<names>.*)")


class PipTalk:
    """Listens to one pip; `step` is said until it says more."""

    def __init__(self, step: str) -> None:
        self._now = Progress(step)
        self._before = 0

    def after(self, line: str, packages: int) -> Progress:
        """How far it is once it has printed `line` (or nothing new), with so many packages in the environment."""
        now = self._now
        if found := BYTES.match(line):
            now = Progress(now.step, int(found["done"]), int(found["total"]), "bytes")
        elif found := DOWNLOADS.match(line):
            now = Progress(f"downloads {_name(found['what'])}{_size(line)}")
        elif found := COLLECTS.match(line):
            now = Progress(f"collects {_name(found['what'])}")
        elif found := BUILDS.match(line):
            now = Progress(f"builds {found['what']}, which has no ready-made wheel")
        elif found := INSTALLS.match(line):
            self._before = packages
            now = Progress("installs", 0, found["names"].count(",") + 1, "packages")
        elif now.unit == "packages":
            now = Progress(now.step, min(packages - self._before, now.total), now.total, now.unit)
        self._now = now
        return now


def _name(what: str) -> str:
    """A package as it is asked for, or the one in a wheel's name or address."""
    last = what.rpartition("/")[2]
    found = WHEEL.match(last) if last.endswith((".whl", ".gz", ".zip", ".metadata")) else None
    return found["name"] if found else last


def _size(line: str) -> str:
    found = SIZE.search(line)
    return f", {found['size']}" if found else ""
