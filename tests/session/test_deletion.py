"""Deleting sessions: only those whose time is over, whole, and never what is in use."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.box import wait
from tests.recording import Plan, make_session

from bedside import clock
from bedside.cli.prune import prune, prune_daily
from bedside.errors import NotNow, SessionError
from bedside.review.listed import Shelf
from bedside.session import deletion, wanted
from bedside.session.desk import Desk, With
from bedside.session.desk import Who as Visitor
from bedside.session.paths import Live, Paths
from bedside.settings import load

DAY_NS = 86400 * clock.NS_PER_S


def aged(root: Path, participant: str, days: float) -> str:
    """A session that ended so many days ago, as are all its files."""
    folder = make_session(root, Plan(seconds=1.0, participant=participant))
    end_ns = clock.wall_ns() - round(days * DAY_NS)
    about = json.loads(Paths(folder).session.read_bytes()) | {"end_wall_ns": end_ns}
    Paths(folder).session.write_text(json.dumps(about))
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, ns=(end_ns, end_ns))
    return folder.name


def nothing() -> None:
    """Nobody is told."""


def test_only_sessions_whose_time_is_over_are_due(tmp_path: Path) -> None:
    """Of an old, a young and a running one, only the old one is due."""
    old, _ = aged(tmp_path, "P1", 40), aged(tmp_path, "P2", 20)
    Desk(tmp_path, needs_consent=False).start(Visitor("P3"), With())
    assert deletion.due(Live(tmp_path), 30) == [old]


def test_a_session_in_use_is_not_due(tmp_path: Path) -> None:
    """One in which a replay has just written stays, however old it is."""
    name = aged(tmp_path, "P1", 40)
    (tmp_path / name / "results-new.jsonl.part").write_text("")
    assert deletion.due(Live(tmp_path), 30) == []


def test_a_deleted_session_is_gone_and_what_its_links_lead_to_is_not(tmp_path: Path) -> None:
    """The folder is gone; a file elsewhere, to which a link in it leads, is still there."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "thesis.txt").write_text("mine")
    root = tmp_path / "sessions"
    root.mkdir()
    name = aged(root, "P1", 1)
    (root / name / "link").symlink_to(kept)
    deletion.delete(Live(root), name, nothing)
    assert [path.name for path in root.iterdir()] == [".live"]
    assert (kept / "thesis.txt").read_text() == "mine"


def test_the_running_session_is_not_deleted(tmp_path: Path) -> None:
    """It is refused, and is still there."""
    name = Desk(tmp_path, needs_consent=False).start(Visitor("P1"), With())
    with pytest.raises(NotNow, match="runs"):
        deletion.delete(Live(tmp_path), name, nothing)
    assert (tmp_path / name).is_dir()


@pytest.mark.parametrize("name", ["..", "../other", "kept", ".live", ""])
def test_only_sessions_are_deleted(tmp_path: Path, name: str) -> None:
    """No other folder, inside or outside, is taken for one."""
    (tmp_path / "kept").mkdir()
    with pytest.raises(SessionError, match="no session"):
        deletion.delete(Live(tmp_path), name, nothing)
    assert (tmp_path / "kept").is_dir()


def test_nothing_is_deleted_that_cannot_be_logged(tmp_path: Path) -> None:
    """Where the access log cannot be written, the session stays whole."""
    name = aged(tmp_path, "P1", 1)

    def fails() -> None:
        raise SessionError("the disk is full")

    with pytest.raises(SessionError, match="full"):
        deletion.delete(Live(tmp_path), name, fails)
    assert wanted.read(Live(tmp_path)).session == ""
    assert Paths(tmp_path / name).frames.is_file()


def test_an_interrupted_deletion_is_finished(tmp_path: Path) -> None:
    """A session that was renamed and not removed goes with the next deletion."""
    name = aged(tmp_path, "P1", 1)
    (tmp_path / name).rename(tmp_path / f".{name}.deleting")
    assert deletion.finish(Live(tmp_path)) == [name]
    assert list(tmp_path.glob(".20*")) == []


def test_a_session_that_is_looked_at_is_not_due(tmp_path: Path) -> None:
    """One that a page has just asked for stays, however old it is."""
    name = aged(tmp_path, "P1", 40)
    assert deletion.due(Live(tmp_path), 30) == [name]
    Shelf(tmp_path).find(name)
    assert deletion.due(Live(tmp_path), 30) == []


def test_a_session_that_another_process_reads_is_not_deleted(tmp_path: Path) -> None:
    """While a verb has it in hand it is neither due nor deleted; when that process has ended, it is due again."""
    name = aged(tmp_path, "P1", 40)
    reads = (
        "import sys; from pathlib import Path; from bedside.cli.which_session import Which; "
        "Which(sys.argv[1], Path()).folder(Path()); print('read', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", reads, str(tmp_path / name)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as verb:
        assert verb.stdout is not None
        assert verb.stdout.readline() == "read\n"
        assert deletion.due(Live(tmp_path), 30) == []
        with pytest.raises(NotNow, match="exported"):
            deletion.delete(Live(tmp_path), name, nothing)
        verb.kill()
    assert deletion.due(Live(tmp_path), 30) == [name]


@pytest.mark.parametrize("is_dry", [True, False])
def test_prune_deletes_from_the_command_line_and_writes_it_down(tmp_path: Path, is_dry: bool) -> None:
    """The old session is gone and in the access log, the young one stays; a dry run only says it."""
    old, young = aged(tmp_path / "sessions", "P1", 40), aged(tmp_path / "sessions", "P2", 20)
    (tmp_path / "bedside.toml").write_text("[session]\nkeep_days = 30\n")
    words = ["session", "prune", "--json", *(["--dry-run"] if is_dry else [])]
    argv = [sys.executable, "-m", "bedside", *words]
    said = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == {"deleted": [old], "dry_run": is_dry}
    assert (tmp_path / "sessions" / old).exists() == is_dry
    assert (tmp_path / "sessions" / young).is_dir()
    log = tmp_path / "access" / "access.jsonl"
    assert is_dry or old in log.read_text()
    assert not is_dry or not log.exists()


def run_daily(folder: Path, is_done: Callable[[], bool]) -> None:
    """Run the server's daily task until that is so."""

    async def run() -> None:
        daily = asyncio.create_task(prune_daily(load(folder / "bedside.toml")))
        await asyncio.to_thread(wait, is_done, "it is done", 20.0)
        daily.cancel()

    asyncio.run(run())


def test_the_server_prunes_by_itself(tmp_path: Path) -> None:
    """Its daily task deletes what is over as soon as it starts."""
    old = aged(tmp_path / "sessions", "P1", 40)
    (tmp_path / "bedside.toml").write_text("[session]\nkeep_days = 30\n")
    run_daily(tmp_path, lambda: not (tmp_path / "sessions" / old).exists())


def test_a_deletion_that_was_broken_off_is_finished_where_all_is_kept(tmp_path: Path) -> None:
    """The server removes what is left of it when it starts, also with keep_days = 0; what is whole stays."""
    half, whole = aged(tmp_path / "sessions", "P1", 40), aged(tmp_path / "sessions", "P2", 40)
    left = (tmp_path / "sessions" / half).rename(tmp_path / "sessions" / f".{half}.deleting")
    (tmp_path / "bedside.toml").write_text("")
    run_daily(tmp_path, lambda: not left.exists())
    assert (tmp_path / "sessions" / whole).is_dir()


def test_one_deletion_finishes_the_others(tmp_path: Path) -> None:
    """What was broken off goes with the next session that a person deletes."""
    half, other = aged(tmp_path, "P1", 1), aged(tmp_path, "P2", 1)
    (tmp_path / half).rename(tmp_path / f".{half}.deleting")
    deletion.delete(Live(tmp_path), other, nothing)
    assert [path.name for path in tmp_path.iterdir()] == [".live"]


def test_a_session_that_cannot_be_deleted_does_not_keep_the_others(tmp_path: Path) -> None:
    """The second one goes although a file is in the way of the first one, and the error names both."""
    first, second = aged(tmp_path / "sessions", "P1", 41), aged(tmp_path / "sessions", "P2", 40)
    (tmp_path / "sessions" / f".{first}.deleting").touch()
    (tmp_path / "bedside.toml").write_text("[session]\nkeep_days = 30\n")
    with pytest.raises(SessionError, match=f"deleted: {second}; not deleted: .*{first}"):
        prune(load(tmp_path / "bedside.toml"))
    assert [path.name for path in (tmp_path / "sessions").glob("20*")] == [first]


@pytest.mark.parametrize("ago_days", [-1.0, 20.0])
def test_a_clock_that_may_be_wrong_deletes_nothing_by_itself(
    tmp_path: Path, ago_days: float, caplog: pytest.LogCaptureFixture
) -> None:
    """After a leap of the clock nothing goes on that day, and the log says so; the next day it goes on."""
    old = aged(tmp_path / "sessions", "P1", 40)
    (tmp_path / "bedside.toml").write_text("[session]\nkeep_days = 30\n")
    live = Live(tmp_path / "sessions")
    live.folder.mkdir()
    live.pruned.write_text(json.dumps({"wall_ns": clock.wall_ns() - round(ago_days * DAY_NS)}))
    run_daily(tmp_path, lambda: "days ago, by this machine's clock" in caplog.text)
    assert (tmp_path / "sessions" / old).is_dir()
    run_daily(tmp_path, lambda: not (tmp_path / "sessions" / old).exists())
