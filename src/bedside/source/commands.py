"""What each kind of source can be asked to do, by its scheme. A command's first word stands here; a real device has
buttons of its own, and takes none."""

OFFERED: dict[str, tuple[str, ...]] = {
    "synthetic": ("freeze", "unfreeze", "signal", "unplug", "screen"),
    "file": ("freeze", "unfreeze", "pause", "resume", "seek"),
    "phantom": (
        "freeze",
        "unfreeze",
        "signal",
        "unplug",
        "right",
        "left",
        "up",
        "down",
        "rotate",
        "tilt",
        "rock",
        "depth",
        "gain",
        "go",
        "show",
        "sweep",
        "anatomy",
    ),
}


def offered(url: str) -> tuple[str, ...]:
    """What the source at `url` can be asked to do; empty for a real device."""
    return OFFERED.get(url.partition(":")[0], ())
