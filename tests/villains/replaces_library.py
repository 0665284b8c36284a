"""Replaces functions of the standard library by its own, which do not work."""

import json
import os
import socket
import threading
import time
from typing import Any


def broken(*_: Any, **__: Any) -> Any:
    """Of no use to anybody."""
    raise RuntimeError("this was replaced")


for module, names in (
    (json, ("dumps", "loads")),
    (time, ("sleep", "monotonic", "perf_counter", "time")),
    (socket, ("create_connection", "getaddrinfo")),
    (os, ("write", "read")),
    (threading, ("Thread",)),
):
    for name in names:
        setattr(module, name, broken)


def predict(frame: object) -> dict[str, object]:
    """Works."""
    return {"text": "works"}
