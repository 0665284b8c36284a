"""Log lines, for a person and for a program."""

import json
import subprocess
import sys
from datetime import UTC, datetime

LINES = """
import logging
from bedside.logs import start_logging
start_logging("serve", {verbosity})
log = logging.getLogger("bedside.hub")
log.debug("details %d", 1)
log.info("hello %s", "world")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it broke")
logging.getLogger("stranger").info("not shown")
"""


def said(verbosity: int) -> list[dict[str, str]]:
    """What a process writes to stderr when that is no terminal."""
    code = LINES.format(verbosity=verbosity)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_program_reads_one_object_a_line() -> None:
    """With time, level, process, part and message; a traceback is inside its own line."""
    first, second = said(0)
    assert {key: first[key] for key in ("level", "process", "part", "message")} == {
        "level": "INFO",
        "process": "serve",
        "part": "bedside.hub",
        "message": "hello world",
    }
    assert datetime.fromisoformat(first["time"]).tzinfo == UTC
    assert "ZeroDivisionError" in second["exc_info"]


def test_verbosity_says_more_or_less() -> None:
    """-q leaves what went wrong, -v adds our details, -vv everybody's."""
    assert [line["message"] for line in said(-1)] == ["it broke"]
    assert next(line["message"] for line in said(1)) == "details 1"
    assert [line["message"] for line in said(2)][-1] == "not shown"


def test_a_terminal_that_nobody_reads_makes_nobody_wait() -> None:
    """With stderr blocked, thousands of lines are lost and counted, and the process goes on."""
    code = (
        "import logging, os, sys\n"
        "from bedside.logs import start_logging\n"
        "start_logging('x')\n"
        "log = logging.getLogger('bedside')\n"
        "for number in range(20000): log.info('%s', 'x' * 100)\n"
        "print('went on', flush=True)\n"
        "os._exit(0)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"went on\n"
