"""Import the researcher's code and find what predicts; say in one sentence what is wrong."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Callable

from bedside_engine import log
from bedside_engine.signature import BadSignature, Signature

INSTALL = "BEDSIDE_INSTALL"
"""Words before the name of a missing package, where the interpreter is not to install it."""
EXPECTED = "expected `class Engine` with predict(self, frame), or a function predict(frame)"


class Model:
    """What predicts, how it wants to be called, and the folder that its code lies in."""

    def __init__(self, predict: Callable[..., Any], signature: Signature, folder: str) -> None:
        self.predict = predict
        self.signature = signature
        self.folder = folder


class CannotLoad(Exception):
    """The engine cannot be used as it is; the text is one sentence for the person who wrote it."""


def find(path: str) -> str:
    """The absolute name of the engine's file: `path` itself, or engine.py in it. Raises CannotLoad."""
    full = os.path.abspath(path)
    file = os.path.join(full, "engine.py") if os.path.isdir(full) else full
    if not os.path.isfile(file):
        what = "there is no engine.py in it" if os.path.isdir(full) else "there is no such file or folder"
        raise CannotLoad("%s: %s; name a folder with engine.py, or a Python file" % (path, what))
    return file


def name_of(path: str) -> str:
    """The name of an engine that is given none: that of its folder or file."""
    return os.path.splitext(os.path.basename(os.path.abspath(path)))[0]


def let_import(file: str) -> None:
    """Let the engine's file import what lies in its folder."""
    folder = os.path.dirname(file)
    if folder not in sys.path:
        sys.path.insert(0, folder)


def settle(file: str) -> None:
    """Make the process look as if the engine's file had been started by itself in its folder.

    Whatever the runner imports must have been imported before: from here on a queue.py or json.py in the folder wins.
    """
    folder = os.path.dirname(file)
    let_import(file)
    os.chdir(folder)
    # The processes that model code starts are to import from there, too.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    sys.argv = [file]  # model code that reads arguments must not read the runner's
    _say_what_is_hidden(folder)


def _say_what_is_hidden(folder: str) -> None:
    """Name the files in the folder that `import` does not find, since Python's own modules of that name are there."""
    for entry in sorted(os.listdir(folder)):
        name, end = os.path.splitext(entry)
        module = sys.modules.get(name) if end == ".py" else None
        if module is not None and getattr(module, "__file__", "") != os.path.join(folder, entry):
            log.say("%s: `import %s` gives Python's own; rename the file if yours is meant" % (entry, name))


def load(file: str) -> Model:
    """The model in this file. Prints the engine's own traceback and raises CannotLoad when there is none."""
    name = os.path.basename(file)
    folder = os.path.dirname(file)
    try:
        module = _import(file)
    except BaseException as error:  # noqa: BLE001  SystemExit too: the engine must not end the runner silently
        raise _explain(error, "%s does not import" % name, folder)
    kind = getattr(module, "Engine", None)
    if kind is None:
        predict = getattr(module, "predict", None)
    else:
        try:
            predict = getattr(kind(), "predict", None)
        except BaseException as error:  # noqa: BLE001
            raise _explain(error, "Engine() in %s fails" % name, folder)
    if not callable(predict):
        has = "class Engine has no predict" if kind is not None else "has neither Engine nor predict"
        raise CannotLoad("%s: %s; %s" % (name, has, EXPECTED))
    try:
        return Model(predict, Signature(predict), folder)
    except BadSignature as error:
        raise CannotLoad("%s: %s" % (name, error))


def how_to_install(package: str) -> str:
    """What to do about a missing package; in a container that is for whoever makes its image."""
    return os.environ.get(INSTALL, "install it: %s -m pip install" % sys.executable) + " " + package


def _explain(error: BaseException, what: str, folder: str) -> CannotLoad:
    if isinstance(error, KeyboardInterrupt):
        raise error
    log.say_traceback()
    hint = ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = "; %s" % how_to_install(error.name.split(".")[0])
    if isinstance(error, SystemExit):
        return CannotLoad("%s: it calls exit(%s) (%s)" % (what, error.code, log.where(error, folder)))
    return CannotLoad("%s: %s%s" % (what, log.sentence(error, folder), hint))


def _import(file: str) -> ModuleType:
    stem = os.path.splitext(os.path.basename(file))[0]
    name = stem if stem not in sys.modules else "bedside_engine_file"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise CannotLoad("%s: not a Python file; %s" % (file, EXPECTED))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickled weights and dataclasses look their module up
    spec.loader.exec_module(module)
    return module
