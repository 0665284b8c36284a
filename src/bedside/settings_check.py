"""Settings that are right one by one, and wrong together: each is refused in one sentence."""

from collections.abc import Iterable, Sequence

from bedside.errors import SettingsError

DEVICES = ("v4l2", "opencv")
"""Schemes whose picture may change its size from one day to the next, without anybody having touched the settings."""


def refuse_shared_ports(ports: Iterable[tuple[str, int]]) -> None:
    """Raise SettingsError when two of (who listens, port) have the same port."""
    taken: dict[int, str] = {}
    for where, port in ports:
        if port in taken:
            raise SettingsError(f"{where} port is {port}; {taken[port]} has it already, give one of them another one")
        taken[port] = where


def refuse_mask_without_size(url: str, size: str, crop: Sequence[int], mask: Sequence[Sequence[int]]) -> None:
    """Raise SettingsError for a mask or crop of a device that may deliver another size than it was made for."""
    if size or not (crop or mask) or url.partition(":")[0] not in DEVICES:
        return
    raise SettingsError(
        f"[source] {'mask' if mask else 'crop'} is set and size is empty; in a picture of another size it would hide "
        "the wrong place, so set size to the picture's size for which it was made, such as 1920x1080"
    )
