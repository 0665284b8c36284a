"""The researcher's few lines in a file: load them, again when they change, and say in one sentence what is wrong."""

import inspect
import logging
import sys
import traceback
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bedside.errors import PredictFailed

LOG = logging.getLogger(__name__)
FUNCTION = "pipeline"
OURS = str(Path(__file__).parents[2])
"""Where Bedside's own modules lie."""
LONGEST = 300
Function = Callable[[Any, Any], Awaitable[Any]]
Stamp = tuple[int, int]
"""When a file was written, and its size."""


class Script:
    """The file `path` with `async def pipeline(frame, engines)`, and the modules in its folder that it imports."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.folder = str(self.path.parent)
        self._not_its = set(sys.modules)
        self._stamps: dict[Path, Stamp] = {}

    def forget(self) -> None:
        """It is about to be loaded: what was read before counts no more."""
        self._stamps = {}

    def is_changed(self) -> bool:
        """Whether the file, or one that it imports from its folder, was written since it was read. Reads the disk."""
        return any(_stamp(file) != stamp for file, stamp in self._stamps.items())

    def load(self, begins: Callable[[], None] = lambda: None) -> Function:
        """Its function, of modules that are all executed anew. Raises PredictFailed with one sentence that says where.

        Runs the researcher's code, from `begins` on, which is called just before: call it in a thread that may hang.
        """
        self._stamps = {self.path: _stamp(self.path)}
        for name in self._modules():
            del sys.modules[name]
        if self.folder not in sys.path:
            sys.path.append(self.folder)  # last, so that a json.py of theirs is not imported by Bedside
        module = types.ModuleType("bedside_pipeline")
        module.__file__ = str(self.path)
        sys.modules[module.__name__] = module  # dataclasses and pickled things look their module up
        source = self._source()
        begins()
        try:
            exec(compile(source, str(self.path), "exec"), module.__dict__)  # never a .pyc: they miss quick changes
        except BaseException as error:  # SystemExit, too: it must not end the thread unexplained
            LOG.warning("%s does not load", self.path.name, exc_info=error)
            raise PredictFailed(f"{self.path.name} does not load: {self.explain(error)}") from error
        finally:
            files = [Path(str(sys.modules[name].__file__)) for name in self._modules()]
            self._stamps = {file: _stamp(file) for file in files} | self._stamps
        function = getattr(module, FUNCTION, None)
        if not inspect.iscoroutinefunction(function):
            what = "has no" if function is None else "has a pipeline that is no"
            raise PredictFailed(f"{self.path.name} {what} `async def pipeline(frame, engines)`; write one")
        return function

    def explain(self, error: BaseException) -> str:
        """`ValueError: bad shape (pipeline.py:12)`: the innermost of the researcher's own lines."""
        kind = type(error).__name__
        if isinstance(error, SyntaxError):
            said, line = str(error.msg), f"{Path(error.filename or self.path).name}:{error.lineno}"
        else:
            frames = traceback.extract_tb(error.__traceback__)
            own = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames if self.has(frame.filename)]
            said, line = _text(error), own[-1] if own else self.path.name
        text = said if len(said) <= LONGEST else said[: LONGEST - 3] + "..."
        return f"{kind}: {text} ({line})" if text else f"{kind} ({line})"

    def has(self, file: str | None) -> bool:
        """Whether a file is the researcher's own: in its folder, but not Bedside's and not installed there."""
        return (
            file is not None
            and file.startswith(self.folder + "/")
            and not file.startswith(OURS + "/")
            and "/site-packages/" not in file
        )

    def _source(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise PredictFailed(f"{self.path} cannot be read: {error.strerror}; name it in [pipeline] path") from error

    def _modules(self) -> list[str]:
        """What was imported from its folder."""
        return [
            name
            for name, module in list(sys.modules.items())
            if name not in self._not_its and self.has(getattr(module, "__file__", None))
        ]


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:  # an error of their own, whose __str__ fails
        return "its text cannot be shown"


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
