"""Modules of engines/head that need nothing but Python, without the folder on the path of the other tests."""

import importlib.util
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[3] / "engines" / "head"


def module(name: str) -> ModuleType:
    """The module of that name."""
    spec = importlib.util.spec_from_file_location(f"head_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
