"""Settings to processes."""

from pathlib import Path

from bedside.settings import Settings
from bedside.settings_tables import EngineSettings, ServerSettings
from bedside.supervisor.plan import plan


def test_broadcaster_recorder_engines_and_server_start_in_this_order(tmp_path: Path) -> None:
    """Each engine is a process of its own with its own log; one with a url is somebody else's."""
    engines = (
        EngineSettings("a", path="a", port=1),
        EngineSettings("b", url="http://127.0.0.1:1"),
        EngineSettings("c", path="c", port=2),
    )
    processes = plan(Settings(engines=engines, folder=tmp_path), tmp_path / "bedside.toml")
    assert [process.name for process in processes] == ["broadcast", "record", "engine a", "engine c", "serve"]
    assert [process.stage for process in processes] == [0, 1, 1, 1, 2]
    assert processes[2].log == tmp_path / "logs" / "engine-a.log"
    assert processes[2].argv[-4:] == ("engine", "a", "--config", str(tmp_path / "bedside.toml"))


def test_what_is_asked_of_all_reaches_all(tmp_path: Path) -> None:
    """`bedside up -v` has every process say more."""
    engines = (EngineSettings("a", path="a", port=1),)
    processes = plan(Settings(engines=engines, folder=tmp_path), tmp_path / "bedside.toml", ("-v",))
    assert [process.argv[-1] for process in processes] == ["-v"] * 4


def test_an_engine_may_be_silent_for_as_long_as_its_deadlines_say(tmp_path: Path) -> None:
    """The ping never ends a model earlier than its own deadlines do, and not much later."""
    engine = EngineSettings("a", path="a", port=1, deadline_s=20, start_deadline_s=100)
    process = plan(Settings(engines=(engine,), folder=tmp_path), tmp_path / "bedside.toml")[2]
    assert 20 < process.ping_s < 30
    assert 100 < process.start_s < 110


def test_a_broadcaster_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    """With an address in [server] source, frames come from there."""
    settings = Settings(server=ServerSettings(source="ws://10.0.0.5:8710/frames"), folder=tmp_path)
    assert [process.name for process in plan(settings, tmp_path / "bedside.toml")] == ["record", "serve"]


def test_replicas_are_processes_of_their_own(tmp_path: Path) -> None:
    """`concurrency = 3` starts three processes of an engine, told apart by name, argument and log."""
    engine = EngineSettings("a", path="a", port=1, concurrency=3)
    processes = plan(Settings(engines=(engine,), folder=tmp_path), tmp_path / "bedside.toml")[2:-1]
    assert [process.name for process in processes] == ["engine a", "engine a 2", "engine a 3"]
    assert [process.argv[4:-2] for process in processes] == [("a",), ("a", "--replica", "2"), ("a", "--replica", "3")]
    assert len({process.log for process in processes}) == 3


def test_an_engine_has_limits_and_bedside_has_none(tmp_path: Path) -> None:
    """Without a setting an engine gets three quarters of the machine's memory and 64 processes."""
    engines = (
        EngineSettings("a", path="a", port=1, memory_gb=1.5, processes=9),
        EngineSettings("b", path="b", port=2),
    )
    broadcast, record, a, b, serve = plan(Settings(engines=engines, folder=tmp_path), tmp_path / "bedside.toml")
    assert (a.memory_bytes, a.processes) == (3 * 2**29, 9)
    assert (b.memory_bytes, b.processes) == (memory_of_the_machine() * 3 // 4, 64)
    ours = (broadcast, record, serve)
    assert {(one.memory_bytes, one.processes) for one in ours} == {(0, 0)}


def memory_of_the_machine() -> int:
    """The machine's memory, in bytes."""
    line = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()[0]
    return int(line.split()[1]) * 1024


def test_a_container_is_limited_by_docker(tmp_path: Path) -> None:
    """What the supervisor could count is only who keeps it."""
    engine = EngineSettings("a", path="a", image="i", port=1, memory_gb=0.01, processes=1)
    process = plan(Settings(engines=(engine,), folder=tmp_path), tmp_path / "bedside.toml")[2]
    assert (process.memory_bytes, process.processes) == (0, 0)
