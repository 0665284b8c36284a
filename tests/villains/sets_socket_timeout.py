"""Sets a time limit for all sockets of its process."""

import socket

socket.setdefaulttimeout(0.001)


def predict(frame: object) -> dict[str, object]:
    """Works."""
    return {"text": "works"}
