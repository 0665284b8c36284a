"""What figures were measured on."""

import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from bedside.check.report import processor

LIBRARIES = ("bedside", "aiohttp", "av", "numpy", "opencv-python-headless", "simplejpeg")
ACCELERATORS = Path("/proc/driver/nvidia/gpus")


def describe() -> dict[str, str]:
    """Processor, memory, accelerators where there are any, system and versions, as text."""
    cards = accelerators()
    return {
        "processor": _processor(),
        "memory": f"{_memory_gib():.0f} GiB",
        **({"accelerator": cards} if cards else {}),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        **{name: version(name) for name in LIBRARIES},
    }


def name() -> str:
    """A short name of the machine for file names and table headings, such as `amd-epyc-2-cores`."""
    return re.sub(r"[^a-z0-9.]+", "-", _processor().lower()).strip("-")


def accelerators(folder: Path = ACCELERATORS) -> str:
    """The graphics processors that a driver in use knows, such as `2 x NVIDIA A2`; empty for none."""
    files = sorted(folder.glob("*/information"))
    models = [line.split(":", 1)[1].strip() for file in files for line in _lines(file) if line.startswith("Model")]
    counts = {model: models.count(model) for model in models}
    return ", ".join(f"{count} x {model}" if count > 1 else model for model, count in counts.items())


def _processor() -> str:
    return f"{processor()}, {os.cpu_count()} cores"


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()
