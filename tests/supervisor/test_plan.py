"""Settings to processes."""

from pathlib import Path

from bedside.settings import Settings
from bedside.settings_tables import EngineSettings, ServerSettings
from bedside.supervisor.plan import plan


def test_broadcaster_engines_and_server_start_in_this_order(tmp_path: Path) -> None:
    """Each engine is a process of its own with its own log; one with a url is somebody else's."""
    engines = (
        EngineSettings("a", path="a", port=1),
        EngineSettings("b", url="http://127.0.0.1:1"),
        EngineSettings("c", path="c", port=2),
    )
    processes = plan(Settings(engines=engines, folder=tmp_path), tmp_path / "bedside.toml")
    assert [process.name for process in processes] == ["broadcast", "engine a", "engine c", "serve"]
    assert [process.stage for process in processes] == [0, 1, 1, 2]
    assert processes[1].log == tmp_path / "logs" / "engine-a.log"
    assert processes[1].argv[-4:] == ("engine", "a", "--config", str(tmp_path / "bedside.toml"))


def test_what_is_asked_of_all_reaches_all(tmp_path: Path) -> None:
    """`bedside up -v` has every process say more."""
    engines = (EngineSettings("a", path="a", port=1),)
    processes = plan(Settings(engines=engines, folder=tmp_path), tmp_path / "bedside.toml", ("-v",))
    assert [process.argv[-1] for process in processes] == ["-v", "-v", "-v"]


def test_an_engine_may_be_silent_for_as_long_as_its_deadlines_say(tmp_path: Path) -> None:
    """The ping never ends a model earlier than its own deadlines do, and not much later."""
    engine = EngineSettings("a", path="a", port=1, deadline_s=20, start_deadline_s=100)
    process = plan(Settings(engines=(engine,), folder=tmp_path), tmp_path / "bedside.toml")[1]
    assert 20 < process.ping_s < 30
    assert 100 < process.start_s < 110


def test_a_broadcaster_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    """With an address in [server] source, frames come from there."""
    settings = Settings(server=ServerSettings(source="ws://10.0.0.5:8710/frames"), folder=tmp_path)
    assert [process.name for process in plan(settings, tmp_path / "bedside.toml")] == ["serve"]
