"""Modules of engines/pcbm that need numpy and OpenCV only, without the folder on the path of the other tests."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[3] / "engines" / "pcbm"
NAMES = {file.stem for file in FOLDER.glob("*.py")}
_found: dict[str, ModuleType] = {}


def module(name: str) -> ModuleType:
    """The module of that name, the same one each time; modules of other engines that are called alike stay theirs."""
    if name not in _found:
        others = {one: sys.modules.pop(one) for one in NAMES & set(sys.modules)}
        sys.modules.update(_found)
        sys.path.insert(0, str(FOLDER))
        try:
            importlib.import_module(name)
        finally:
            sys.path.remove(str(FOLDER))
            _found.update({one: sys.modules.pop(one) for one in NAMES & set(sys.modules)})
            sys.modules.update(others)
    return _found[name]
