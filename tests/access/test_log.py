"""The access log: nothing in it can be changed or taken out without being found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.access.log import FIRST_SUM, HEAD, AccessLog
from bedside.access.role import Role, Who
from bedside.errors import AccessError

WHO = Who(Role.OPERATOR, "k3f9", "tablet at bed 2")
DEEDS = 6


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    """A log with a few deeds."""
    log = AccessLog(tmp_path / "access")
    for number in range(1, DEEDS + 1):
        log.write(WHO, "snapshot", seq=number)
    return log


def lines_of(log: AccessLog) -> list[bytes]:
    """The log's lines with their ends."""
    return log.path.read_bytes().splitlines(keepends=True)


def test_a_line_says_who_did_what_and_when(log: AccessLog) -> None:
    """Number, time with its zone, role, device, label, deed and facts; for this user's eyes alone."""
    entry = json.loads(lines_of(log)[1])
    assert entry.pop("at").endswith("+00:00")
    assert len(entry.pop("sha256")) == 64
    assert entry == {
        "n": 2,
        "role": "operator",
        "id": "k3f9",
        "label": "tablet at bed 2",
        "deed": "snapshot",
        "about": {"seq": 2},
    }
    assert log.path.stat().st_mode & 0o077 == 0
    assert log.path.parent.stat().st_mode & 0o077 == 0


def test_an_untouched_log_is_whole(log: AccessLog) -> None:
    """Every line follows the one before, and the newest sum is named."""
    found = log.verify()
    assert (found.lines, found.problems, found.is_torn) == (DEEDS, (), False)
    assert found.newest == json.loads(lines_of(log)[-1])["sha256"]


def test_a_log_that_nobody_wrote_is_whole(tmp_path: Path) -> None:
    """Before the first deed there is nothing to find fault with."""
    assert AccessLog(tmp_path).verify().newest == FIRST_SUM
    assert AccessLog(tmp_path).tail(5) == []


@given(st.data())
def test_a_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whichever byte of whichever line is changed, the chain no longer holds."""
    log = AccessLog(tmp_path_factory.mktemp("log"))
    for number in range(3):
        log.write(WHO, "open page", view="explain", number=number)
    before = log.path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 2))
    other = data.draw(st.integers(32, 126).filter(lambda byte: byte != before[place]))
    log.path.write_bytes(before[:place] + bytes([other]) + before[place + 1 :])
    assert log.verify().problems


@pytest.mark.parametrize("taken", [{0}, {2}, {2, 3}, {DEEDS - 1}, {DEEDS - 2, DEEDS - 1}, set(range(DEEDS))])
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_deleted_line_is_found(log: AccessLog, taken: set[int], goes_on: bool) -> None:
    """At the beginning, in the middle and at the end, and also when further deeds follow."""
    log.path.write_bytes(b"".join(line for place, line in enumerate(lines_of(log)) if place not in taken))
    if goes_on:
        log.write(WHO, "snapshot", seq=99)
    (problem,) = log.verify().problems
    assert "missing" in problem
    assert str(min(taken) + 1) in problem


def test_exchanged_lines_are_found(log: AccessLog) -> None:
    """Order counts."""
    lines = lines_of(log)
    log.path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert log.verify().problems


def test_a_deleted_log_is_found(log: AccessLog) -> None:
    """The head remembers how many deeds there were."""
    log.path.unlink()
    assert log.verify().problems == (f"deeds 1 to {DEEDS} are missing",)


def test_a_deleted_head_is_found(log: AccessLog) -> None:
    """Without it nobody can tell whether the end is the end; the next deed goes on all the same."""
    (log.path.parent / HEAD).unlink()
    assert HEAD in log.verify().problems[0]
    log.write(WHO, "snapshot", seq=99)
    assert (log.verify().lines, log.verify().problems) == (DEEDS + 1, ())


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_line_that_a_power_cut_tore_is_said_and_taken_out(log: AccessLog, kept: int) -> None:
    """It is no forgery: the log says that it is torn, and the next deed stands in its place."""
    whole = log.path.read_bytes()
    head = (log.path.parent / HEAD).read_bytes()
    log.write(WHO, "snapshot", seq=99)
    torn = log.path.read_bytes()[len(whole) :][:kept]
    log.path.write_bytes(whole + torn)
    (log.path.parent / HEAD).write_bytes(head)
    found = log.verify()
    assert (found.lines, found.problems, found.is_torn) == (DEEDS, (), True)
    log.write(WHO, "snapshot", seq=100)
    found = log.verify()
    assert (found.lines, found.problems, found.is_torn) == (DEEDS + 1, (), False)


def test_a_head_that_a_power_cut_left_behind_is_made_good(log: AccessLog) -> None:
    """The log is on the disk before its head is; the next deed follows the log."""
    head = (log.path.parent / HEAD).read_bytes()
    log.write(WHO, "snapshot", seq=99)
    (log.path.parent / HEAD).write_bytes(head)
    assert log.verify().problems == ()
    log.write(WHO, "snapshot", seq=100)
    assert (log.verify().lines, log.verify().problems) == (DEEDS + 2, ())


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    """Server and command line write at once, and no line is lost or out of place."""
    program = (
        "from pathlib import Path; from bedside.access.log import AccessLog; from bedside.access.role import *\n"
        f"for n in range(20): AccessLog(Path({str(tmp_path)!r})).write(Who(Role.ADMIN, 'here'), 'revoke', n=n)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = AccessLog(tmp_path).verify()
    assert (found.lines, found.problems) == (60, ())


def test_the_tail_is_the_newest_lines(log: AccessLog) -> None:
    """As many as are asked for, oldest of them first."""
    assert [entry["about"]["seq"] for entry in log.tail(2)] == [DEEDS - 1, DEEDS]
    assert len(log.tail(1000)) == DEEDS


def test_what_a_stranger_sent_cannot_fill_the_disk(tmp_path: Path) -> None:
    """A long text is cut, and a fact that is larger still is left out; the line says so."""
    log = AccessLog(tmp_path)
    log.write(WHO, "refused", path="x" * 100_000)
    log.write(WHO, "refused", paths=["x" * 100_000])
    first, second = log.tail(2)
    assert len(first["about"]["path"]) == 200
    assert second["about"]["left_out_bytes"] > 100_000
    assert log.verify().problems == ()


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """One sentence with the place and what to do."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AccessError, match=r"cannot be written: .*\[server\] access"):
        AccessLog(tmp_path / "file").write(WHO, "pair")


def test_a_text_in_any_script_stays_in_its_line(tmp_path: Path) -> None:
    """Line ends and other signs in a label cannot make a second line."""
    log = AccessLog(tmp_path)
    log.write(Who(Role.VIEWER, "a", "one\ntwo\u2028\x85\ud800"), "pair")
    assert log.path.read_bytes().count(b"\n") == 1
    assert log.verify().problems == ()
    assert log.path.stat().st_size < 500
