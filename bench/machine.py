"""What the figures were measured on."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("bedside", "aiohttp", "av", "numpy", "opencv-python-headless", "simplejpeg")


def describe() -> dict[str, str]:
    """Processor, memory, system and versions, as text."""
    return {
        "processor": _cpu(),
        "memory": f"{_memory_gib():.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        **{name: version(name) for name in LIBRARIES},
    }


def name() -> str:
    """A short name of the machine for file names and table headings, such as `amd-epyc-2-cores`."""
    return _cpu().lower().replace(",", "").replace(" ", "-")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    models = [line.split(":", 1)[1].strip() for line in _lines(info) if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"


def _memory_gib() -> float:
    kib = [int(line.split()[1]) for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")]
    return kib[0] / 2**20 if kib else 0.0


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
