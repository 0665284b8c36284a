"""The researcher's few lines between a picture and a server's tensors: `adapter.py` with `request` and `result`.

They run in this process, in a thread of their own, with a deadline; whatever they do wrong is a sentence about a frame.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bedside.engine.aside import Aside, Hangs, Raised
from bedside.engine.ask import Ask
from bedside.engine.tensors import Array, tensor
from bedside.errors import PredictFailed
from bedside_engine.check import check
from bedside_engine.info import info_of
from bedside_engine.kinds import BadResult, show
from bedside_engine.log import sentence

LOAD_S = 30.0
CALL_S = 2.0
"""Deadline of each call; what takes longer belongs on the server."""


class AdapterFailed(PredictFailed):
    """The adapter cannot be loaded, raised, hangs, or returned what cannot be used."""


class Adapter:
    """The file at `path`: `result(outputs)` and, where the picture needs more than sending, `request(frame, info)`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._module: ModuleType | None = None
        self._failed: tuple[int, str] | None = None
        self._aside = Aside(f"adapter-{path.stem}")

    @property
    def has_request(self) -> bool:
        """Whether it makes the inputs itself."""
        return hasattr(self._module, "request")

    async def load(self) -> None:
        """Read and run the file, once; after a failure again when it has changed. Raises AdapterFailed."""
        if self._module is None:
            self._module = await self._run(self._load, "its own lines", LOAD_S)

    async def request(self, ask: Ask) -> Mapping[str, Array]:
        """The inputs for one frame, or a window of them, by name. Raises AdapterFailed."""
        inputs: Mapping[str, Array] = await self._run(lambda: self._request(ask), "request(frame, info)", CALL_S)
        return inputs

    async def result(self, outputs: Mapping[str, Array]) -> Mapping[str, Any]:
        """The checked fields that the outputs mean. Raises AdapterFailed."""
        fields: Mapping[str, Any] = await self._run(lambda: self._result(outputs), "result(outputs)", CALL_S)
        return fields

    def close(self) -> None:
        """Let go of its thread."""
        self._aside.close()

    async def _run(self, function: Callable[[], Any], what: str, deadline_s: float) -> Any:
        name = self._path.name
        try:
            return await self._aside.call(function, deadline_s)
        except Hangs as error:
            raise AdapterFailed(f"{name}: {what} was given up: {error}") from error
        except Raised as error:
            if isinstance(error.__cause__, AdapterFailed):
                raise error.__cause__ from None
            raise AdapterFailed(f"{name}: {what} raised {_said(error.__cause__, self._path)}") from error.__cause__

    def _load(self) -> ModuleType:
        try:
            stamp = self._path.stat().st_mtime_ns
            if self._failed is not None and self._failed[0] == stamp:
                raise AdapterFailed(self._failed[1])
            source = self._path.read_bytes()
        except OSError as error:
            raise AdapterFailed(f"adapter is {self._path}, which cannot be read: {error.strerror}") from error
        module = ModuleType(f"bedside_adapter_{id(self)}")
        module.__file__ = str(self._path)
        sys.modules[module.__name__] = module  # dataclasses look for their module there
        try:
            exec(compile(source, str(self._path), "exec"), module.__dict__)
            if not callable(getattr(module, "result", None)):
                raise AdapterFailed(
                    f"{self._path.name} has no function result(outputs); expected one that returns a dict"
                )
        except BaseException as error:
            del sys.modules[module.__name__]
            is_ours = isinstance(error, AdapterFailed)
            said = str(error) if is_ours else f"{self._path.name} cannot be loaded: {_said(error, self._path)}"
            self._failed = stamp, said  # not the exception: its traceback would grow each time it is raised
            raise AdapterFailed(said) from error
        return module

    def _request(self, ask: Ask) -> Mapping[str, Array]:
        assert self._module is not None
        told = {"id": str(ask.seq), "parameters": {"frame_info": dict(ask.info)} if ask.info else {}}
        made = self._module.request(np.array(ask.pixels), info_of(told, ask.pixels.shape, ask.is_window))
        if not isinstance(made, Mapping) or not made or not all(isinstance(name, str) for name in made):
            raise AdapterFailed(
                f"{self._path.name}: request returned {show(made)}; expected a dict of arrays by input name"
            )
        try:
            return {name: tensor(value, name) for name, value in made.items()}
        except ValueError as error:
            raise AdapterFailed(f"{self._path.name}: request returned what is no tensor: {error}") from error

    def _result(self, outputs: Mapping[str, Array]) -> Mapping[str, Any]:
        assert self._module is not None
        made = self._module.result({name: np.array(one) for name, one in outputs.items()})
        try:
            return check(made)
        except BadResult as error:
            what = str(error).replace("predict returned", "it returned")
            raise AdapterFailed(f"{self._path.name}: what result(outputs) returned cannot be used: {what}") from error


def _said(error: BaseException | None, path: Path) -> str:
    """What was raised, in a line, even by exceptions that cannot be printed."""
    try:
        return sentence(error, str(path.parent)) if error is not None else "nothing"
    except Exception:
        return type(error).__name__
