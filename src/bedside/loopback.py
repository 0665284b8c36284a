"""Which addresses are this machine's own: the one place that says so, since doors are opened by it."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches what listens on `host`, an address or a name; no other name than localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False
