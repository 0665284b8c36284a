"""Logs of processes that know nothing of logs."""

import subprocess
import sys
from pathlib import Path

import pytest

from bedside.errors import BedsideError
from bedside.supervisor.log_file import LogFile


def test_a_flood_of_prints_does_not_fill_the_disk(tmp_path: Path) -> None:
    """A file that a process has open and floods is cut, keeps its newest part beside it, and goes on."""
    file = LogFile(tmp_path / "logs" / "engine.log", most_bytes=1000)
    with file.open() as output:
        for number in range(200):
            output.write(b"%08d line\n" % number)
            output.flush()
            file.trim()
        output.write(b"the end\n")
    assert (tmp_path / "logs" / "engine.log").stat().st_size <= 1000
    assert (tmp_path / "logs" / "engine.log.1").stat().st_size <= 1000
    assert file.last_line() == "the end"


def test_a_file_without_lines_has_no_last_line(tmp_path: Path) -> None:
    """No file, an empty one, and one of blank lines say nothing."""
    file = LogFile(tmp_path / "engine.log")
    assert file.last_line() == ""
    file.path.write_bytes(b"")
    assert file.last_line() == ""
    file.path.write_bytes(b"\n \n")
    assert file.last_line() == ""


def test_the_last_words_of_a_process_that_hung_are_where_it_hung(tmp_path: Path) -> None:
    """Not the outermost line of its stack, which is the same for all."""
    script = (
        "import faulthandler, sys, threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "def predict():\n    faulthandler.dump_traceback(sys.stdout, all_threads=True)\n"
        "def run():\n    predict()\n"
        "run()\n"
    )
    file = LogFile(tmp_path / "engine.log")
    with file.open() as output:
        subprocess.run([sys.executable, "-c", script], stdout=output, check=True)
    assert file.last_line() == 'File "<string>", line 4 in predict'


def test_a_log_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    """Last words that cannot be had are no further failure."""
    (tmp_path / "engine.log").mkdir()
    assert LogFile(tmp_path / "engine.log").last_line() == ""


def test_a_log_that_somebody_deletes_is_cut_no_more(tmp_path: Path) -> None:
    """A process goes on without its file."""
    file = LogFile(tmp_path / "engine.log", most_bytes=10)
    with file.open() as output:
        output.write(b"x" * 100)
        output.flush()
        file.path.unlink()
        file.trim()
    assert not file.path.exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """The error names the file and what to do."""
    (tmp_path / "logs").write_text("a file", encoding="utf-8")
    with pytest.raises(BedsideError, match=r"engine\.log: .*; make this folder writable"):
        LogFile(tmp_path / "logs" / "engine.log").open()


def test_a_full_disk_costs_old_lines_only(tmp_path: Path) -> None:
    """Where the older part cannot be kept, the file is cut all the same, and its process goes on."""
    file = LogFile(tmp_path / "engine.log", most_bytes=10)
    (tmp_path / "engine.log.1").symlink_to("/dev/full")
    with file.open() as output:
        output.write(b"x" * 100)
        output.flush()
        file.trim()
        output.write(b"the end\n")
    assert file.path.read_bytes() == b"the end\n"
