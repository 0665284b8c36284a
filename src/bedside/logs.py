"""Log lines on stderr: for a person where a person reads, one JSON object a line where a program does."""

import atexit
import logging
import logging.handlers
import queue
import sys
from pathlib import Path

MOST_LINES = 2000
MOST_BYTES = 2_000_000
"""Of a log file; as much again is kept of what was before."""
FIELDS = "%(levelname)s %(name)s %(message)s"


_writers: list[logging.handlers.QueueListener] = []
"""The one that runs, if any."""


class _Patient(logging.handlers.QueueHandler):
    """Hands lines to the thread that writes them; a terminal that somebody paused makes nobody wait."""

    def __init__(self, lines: "queue.Queue[logging.LogRecord]") -> None:
        super().__init__(lines)
        self.drops = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Fix the text now; all else stays as it is, since the writer is in this process."""
        record.msg, record.args = record.getMessage(), None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep the line, or count it as lost when the writer is too far behind."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.drops += 1
            return
        if self.drops:
            lost, self.drops = self.drops, 0
            text = f"{lost} log lines were lost, because stderr was not read"
            self.handle(logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None))


def start_logging(process: str, verbosity: int = 0) -> None:
    """Write log lines to stderr, each with the name of this process, from a thread of their own.

    `verbosity` is -1 for warnings only, 0 for what a person should know, 1 for details, 2 for everything.
    """
    level = {-1: logging.WARNING, 0: logging.INFO}.get(max(-1, verbosity), logging.DEBUG)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(_readable(process) if sys.stderr.isatty() else _structured(process))
    handler = _Patient(queue.Queue(MOST_LINES))
    writer = logging.handlers.QueueListener(handler.queue, stderr)
    writer.start()
    end_logging()
    _writers[:] = [writer]
    atexit.register(end_logging)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if verbosity < 2 else logging.DEBUG)
    logging.getLogger("bedside").setLevel(level)


def end_logging() -> None:
    """Write what is waiting, and close the file; for the end of the process, or of a verb that ran in it."""
    while _writers:
        writer = _writers.pop()
        writer.stop()
        for file in writer.handlers[1:]:
            file.close()


def keep_log(process: str, path: Path) -> None:
    """Write the lines into this file, too, so that the admin page can show them; at most 4 MB, one JSON object a line.

    Where it cannot be written, they are on stderr alone, and one line says so. Call `start_logging` first.
    """
    if not _writers:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(path, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).info("%s cannot be written (%s); the log is on stderr alone", path, error.strerror)
        return
    file.setFormatter(_structured(process))
    file.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk: stderr has the line
    _writers[0].handlers = (*_writers[0].handlers, file)


def _readable(process: str) -> logging.Formatter:
    return logging.Formatter(f"%(asctime)s {process}: %(message)s", datefmt="%H:%M:%S")


def _structured(process: str) -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415 - only where a program reads

    names = {"levelname": "level", "name": "part"}
    return JsonFormatter(FIELDS, rename_fields=names, static_fields={"process": process}, timestamp="time")
