"""Who asks, and what he may do: three roles, each of which may do all that the one below it may."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a device may do. They compare: an admin is more than an operator, and he more than a viewer."""

    VIEWER = 1
    """Sees the pages, and may hold the picture on his own."""
    OPERATOR = 2
    """Runs sessions, too: snapshots, commands to the scanner, scale, corrections, feedback, review."""
    ADMIN = 3
    """Sets up, too: masks, devices, the machine; deletes sessions."""

    @property
    def word(self) -> str:
        """The role in JSON, settings, command line and pages."""
        return self.name.lower()


@dataclass(frozen=True)
class Who:
    """Whoever made a request, as the access log names him."""

    role: Role
    id: str
    """The device's id; `token` for whoever showed [server] token, `here` for this machine's own programs."""
    label: str = ""
    """What the device is called, such as "tablet at bed 2"; never a person's name."""
