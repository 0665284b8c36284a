"""The thread in which a pipeline is loaded and run."""

import threading
from pathlib import Path

import pytest

from bedside.errors import EngineDied
from bedside.router.script import Script
from bedside.router.workroom import Workroom


class Slow(Script):
    """A file on a disk that takes its time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_reading, self.may_go_on = threading.Event(), threading.Event()

    def _source(self) -> bytes:
        self.is_reading.set()
        self.may_go_on.wait(30)
        return super()._source()


def test_a_room_that_is_ended_while_its_file_is_read_runs_nothing_of_it(tmp_path: Path) -> None:
    """The reading is let finish, so that no file stays open; the code in it is not begun."""
    ran = tmp_path / "ran"
    (tmp_path / "pipeline.py").write_text(f"open({str(ran)!r}, 'w').close()\nasync def pipeline(frame, engines): ...\n")
    script = Slow(tmp_path / "pipeline.py")
    room = Workroom(script)
    assert script.is_reading.wait(30)
    room.end()
    script.may_go_on.set()
    with pytest.raises(EngineDied, match="its thread has ended"):
        room.loaded.result(30)
    assert not ran.exists()
