"""The runner's own lines in the engine's log: a private copy of stderr, which model code cannot close."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import TextIO

_stream: TextIO | None = None
_lock = threading.Lock()


def stream() -> TextIO:
    """The log, opened on first use; it lives as long as the process."""
    global _stream  # noqa: PLW0603
    with _lock:
        if _stream is None:
            try:
                _stream = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
            except OSError:  # started without stderr
                _stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        return _stream


def say(sentence: str) -> None:
    """One line for whoever reads the engine's log."""
    try:
        stream().write("bedside_engine: %s\n" % sentence)
    except OSError:
        pass  # nobody is left to read it


def say_traceback() -> None:
    """The traceback of the exception that is being handled, as Python prints it."""
    try:
        stream().write(traceback.format_exc())
    except OSError:
        pass
    except Exception as error:  # noqa: BLE001  traceback imports as it goes, and may find the engine's own ast.py
        say("the traceback cannot be printed: %r" % error)


def where(error: BaseException, folder: str) -> str:
    """`file:line` of the innermost line of the engine's own code in the traceback, or of the last line at all."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return "%s:%d" % (os.path.basename(error.filename), error.lineno)
    ours = [frame for frame in frames if frame.filename.startswith(folder + os.sep)]
    chosen = ours or frames
    if not chosen:
        return os.path.basename(sys.argv[0])
    return "%s:%s" % (os.path.basename(chosen[-1].filename), chosen[-1].lineno)


def sentence(error: BaseException, folder: str) -> str:
    """`ValueError: bad shape (engine.py:12)`, on one line and of bounded length."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = " ".join(said.split())
    if len(text) > 300:
        text = text[:297] + "..."
    kind = type(error).__name__
    return "%s (%s)" % ("%s: %s" % (kind, text) if text else kind, where(error, folder))
