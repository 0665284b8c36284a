"""The capture devices of this machine: which there are, how to find one again, and what they really deliver."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bedside import clock
from bedside.errors import SourceError, Unplugged
from bedside.source import v4l2_abi as abi
from bedside.source.pixel_format import SUPPORTED, Layout
from bedside.source.v4l2_node import Mode, Node
from bedside.source.v4l2_stream import Stream

DEV = Path("/dev")


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same of a device when it is pulled out and comes back under another number."""

    by_id: str
    """Name of its link in /dev/v4l/by-id (vendor, product, serial number); empty where udev makes none."""
    card: str
    bus: str
    """Where it is plugged in."""

    def is_same(self, other: "Identity") -> bool:
        """By serial number where both have one, else by name and place."""
        if self.by_id and other.by_id:
            return self.by_id == other.by_id
        return (self.card, self.bus) == (other.card, other.bus)


@dataclass(frozen=True, slots=True)
class Device:
    """One capture device, for a person to look at."""

    path: str
    identity: Identity
    stable_id: str
    """What to write in `[source] url` so that it is found again: its by-id link, or its name."""
    modes: tuple[Mode, ...] = ()
    """Those that can be read."""
    has_signal: bool = True
    """False when the driver says that the cable carries no picture. USB boxes always say yes."""
    color_range: str = ""
    """`full` or `limited`, in the mode that is set now; empty when the driver does not say its format."""
    problem: str = ""
    """Why nothing more is known, such as another program that uses it."""


def list_devices(dev: Path = DEV) -> list[Device]:
    """Every capture device, in the order of their numbers; those that cannot be opened say why."""
    return [device for path in nodes(dev) if (device := _describe(path, dev)) is not None]


def measure(path: str, mode: Mode, seconds: float = 0.5) -> float:
    """Pictures per second that the device really delivers in that mode, over `seconds` after the first one.

    0 when none come. Raises SourceError when it cannot be tried, such as when another program uses it.
    """
    with closing(Node(path)) as node:
        return measure_node(node, mode, seconds)


def measure_node(node: Node, mode: Mode, seconds: float = 0.5) -> float:
    """The same on a device that is already open and does not stream."""
    with closing(Stream(node, mode, discard=True)) as stream:
        stamps: list[int] = []
        missed = 0
        end_ns = clock.monotonic_ns() + int((seconds + 1) * clock.NS_PER_S)  # boxes take a while to start
        while clock.monotonic_ns() < end_ns:
            stream.wait(0.05)
            if (taken := stream.newest()) is None:
                continue
            if not stamps:
                end_ns = clock.monotonic_ns() + int(seconds * clock.NS_PER_S)
            else:
                missed += taken.skips  # they came, and were passed over by us
            stamps.append(taken.captured_ns)
    if len(stamps) < 2 or stamps[-1] == stamps[0]:
        return 0.0
    return (len(stamps) - 1 + missed) * clock.NS_PER_S / (stamps[-1] - stamps[0])


def find(place: str, known: Identity | None = None, dev: Path = DEV) -> tuple[str, Identity]:
    """The node that is meant, and who that is. `place` is a path, a part of its name, or empty for the first one.

    With `known` the place only served to find it the first time: the same device is meant, under any number.
    Raises Unplugged when it is not there.
    """
    found = list(_identities(dev))
    if known is not None:
        for path, identity in found:
            if identity.is_same(known):
                return path, identity
        twins = [(path, identity) for path, identity in found if identity.card == known.card]
        if len(twins) == 1 and not (known.by_id and twins[0][1].by_id):
            return twins[0]  # plugged in elsewhere, and without a serial number
        raise Unplugged(f"{known.card} is not there any more; plug it in")
    if place.startswith("/"):
        target = str(Path(place).resolve())
        match = [(path, identity) for path, identity in found if target == str(Path(path).resolve())]
        if not match and Path(place).exists():
            with closing(Node(place)) as node:
                if not node.captures:
                    raise SourceError(f"{place}: not a capture device; `bedside doctor` lists those")
                return place, identify(node, dev)
    else:
        part = place.lower()
        match = [(p, i) for p, i in found if part in f"{i.by_id} {i.card} {i.bus}".lower()]
    if not match:
        what = f"the capture device {place} is not there" if place else "no capture device is there"
        others = ", ".join(f"{path} ({identity.card})" for path, identity in found)
        raise Unplugged(f"{what}; plug it in" + (f", or take one of {others}" if others else ""))
    return match[0]


def nodes(dev: Path = DEV) -> list[str]:
    """The paths of all video nodes, by number."""
    numbered = [(int(found[1]), path) for path in dev.glob("video*") if (found := re.search(r"(\d+)$", path.name))]
    return [str(path) for _, path in sorted(numbered)]


def identify(node: Node, dev: Path = DEV) -> Identity:
    """Who an open device is."""
    target = Path(node.path).resolve()
    links = sorted((dev / "v4l" / "by-id").glob("*"))
    return Identity(next((link.name for link in links if link.resolve() == target), ""), node.card, node.bus)


def _identities(dev: Path) -> Iterator[tuple[str, Identity]]:
    for path in nodes(dev):
        try:
            with closing(Node(path)) as node:
                if node.captures:
                    yield path, identify(node, dev)
        except SourceError:
            continue  # gone between two looks, or not ours to open: then it is not the one


def _describe(path: str, dev: Path) -> Device | None:
    try:
        node = Node(path)
    except Unplugged:
        return None
    except SourceError as error:
        return Device(path, Identity("", "", ""), path, problem=str(error))
    with closing(node):
        if not node.captures:
            return None
        identity = identify(node, dev)
        stable = str(dev / "v4l" / "by-id" / identity.by_id) if identity.by_id else identity.card
        current = abi.Format(type=abi.BUF_TYPE_VIDEO_CAPTURE)
        try:
            node.ask(abi.VIDIOC_G_FMT, current, "asking for its format")
            layout = Layout.of(current.fmt.pix)
            color_range = layout.color_range if layout.code in SUPPORTED else ""
            modes = tuple(mode for mode in node.modes() if mode.code in SUPPORTED)
            return Device(path, identity, stable, modes, not node.sees_nothing(), color_range)
        except SourceError as error:
            return Device(path, identity, stable, problem=str(error))
