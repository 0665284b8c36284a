"""The command line: what is said, and with which exit status."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from bedside import cli
from bedside.access.devices import Devices
from bedside.access.role import Role
from bedside.cli import serve
from bedside.cli.beforehand import start_of
from bedside.cli.demo import absolute_source, shipped_engine
from bedside.cli.health import ask_health
from bedside.cli.invitation import invite, lan_address, page_url, the_only
from bedside.cli.machine import STATUS_FILE
from bedside.cli.ports import ports, refuse_taken_ports
from bedside.cli.status import kept_processes, show
from bedside.errors import BedsideError, SettingsError
from bedside.hub.feed import Feed
from bedside.network.certificates import Certificates
from bedside.settings import Settings, load
from bedside.settings_tables import EngineSettings, ServerSettings, SessionSettings, SourceSettings
from bedside.supervisor.plan import LOGS


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, without variables of ours, and without a log that outlives the test."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    return tmp_path


def test_init_writes_a_file_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is one that can be read; a second time it is not overwritten, and the exit status is 2."""
    assert cli.main(["init"]) == 0
    assert load(here / "bedside.toml", {}) == Settings(folder=here)
    (here / "bedside.toml").write_text("# mine", encoding="utf-8")
    assert cli.main(["init"]) == 2
    assert "bedside.toml exists already and is not overwritten" in capsys.readouterr().err
    assert (here / "bedside.toml").read_text(encoding="utf-8") == "# mine"


def test_init_takes_an_engine(here: Path) -> None:
    """--engine is written into the file; one that is not there is refused."""
    (here / "model").mkdir()
    assert cli.main(["init", "--engine", "model"]) == 0
    assert load(here / "bedside.toml", {}).engines[0].path == str(here / "model")
    assert cli.main(["init", "--config", "other.toml", "--engine", "none"]) == 2


def test_init_gives_an_engine_its_environment(here: Path) -> None:
    """A folder with a requirements.txt gets an environment of its own."""
    (here / "model").mkdir()
    (here / "model" / "requirements.txt").touch()
    assert cli.main(["init", "--engine", "model"]) == 0
    assert load(here / "bedside.toml", {}).engines[0].requirements == "requirements.txt"


def test_init_where_nothing_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence."""
    assert cli.main(["init", "--config", "no/such/folder/bedside.toml"]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_up_needs_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file it says how to get one, and starts nothing."""
    assert cli.main(["up"]) == 2
    assert capsys.readouterr().err.strip() == (
        "bedside up: there is no bedside.toml in this folder; `bedside init` writes one, --config names another"
    )


def test_an_engine_that_is_not_set(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence lists those that are."""
    Path("bedside.toml").write_text("[[engine]]\nname = 'a'\nurl = 'http://127.0.0.1:9'\n", encoding="utf-8")
    assert cli.main(["engine", "b"]) == 2
    assert "there is no [[engine]] named 'b'; there is a" in capsys.readouterr().err
    assert cli.main(["engine", "a"]) == 2
    assert "somebody else keeps it running" in capsys.readouterr().err


def test_an_engine_whose_interpreter_is_missing_starts_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence before anything runs, exit status 2."""
    (here / "engine.py").touch()
    text = "[[engine]]\nname = 'a'\npath = 'engine.py'\npython = 'venv/bin/python'\n"
    Path("bedside.toml").write_text(text, encoding="utf-8")
    assert cli.main(["up"]) == 2
    assert "[[engine]] a: python is 'venv/bin/python', which is no program that can be run" in capsys.readouterr().err
    assert {log.name for log in here.glob("logs/*")} <= {"up.log"}


def test_an_engine_gets_none_of_our_secrets(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's code sees its heartbeat, and neither tokens nor other settings of ours."""
    (here / "engine.py").touch()
    monkeypatch.setenv("BEDSIDE_SERVER_TOKEN", "a-secret-token")
    monkeypatch.setenv("BEDSIDE_HEARTBEAT_FD", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    env = start_of(EngineSettings("a", "engine.py", port=1)).env
    assert {name for name in env if name.startswith("BEDSIDE_")} == {"BEDSIDE_HEARTBEAT_FD"}
    assert env["CUDA_VISIBLE_DEVICES"] == "1"


def test_a_port_that_one_may_not_have_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not called taken where it is free and this user may not listen on it."""

    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(
        BedsideError, match=r"\[source\] port 8710 .* cannot be listened on: ports below 1024 are root's"
    ):
        refuse_taken_ports(Settings())


def test_the_port_of_each_process_must_be_free() -> None:
    """Also that of an engine's second process."""
    engines = (EngineSettings("a", "engine.py", port=8720, concurrency=2),)
    assert [port.number for port in ports(Settings(engines=engines))] == [8710, 8720, 8721, 8080]


def test_status_where_nothing_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, exit status 1."""
    monkeypatch.setenv("BEDSIDE_SERVER_PORT", "1")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err.strip().endswith("nothing answers at http://127.0.0.1:1/; `bedside up` starts it")


def test_status_after_a_death_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of a supervisor that died leads to its logs."""
    monkeypatch.setenv("BEDSIDE_SERVER_PORT", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / LOGS).mkdir()
    (tmp_path / LOGS / STATUS_FILE).write_text('{"pid": 999999999, "processes": []}')
    assert cli.main(["status"]) == 1
    assert "What ran last is in logs/" in capsys.readouterr().err


def test_status_shows_a_process_s_last_words_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets in what a model printed are text, and not orders to the terminal."""
    words = "[source] x [/usr/lib] y"
    show(None, [{"name": "a", "state": "waiting", "pid": 0, "restarts": 1, "keeps_dying": True, "message": words}])
    assert words in " ".join(capsys.readouterr().out.split())


def test_status_says_how_many_replicas_are_well(capsys: pytest.CaptureFixture[str]) -> None:
    """An engine of several is BUSY while one of them is; one that never answered has no age."""
    twin = {"state": "BUSY", "answers": 7, "age_ms": None, "replicas": 2, "replicas_well": 1}
    show({"status": "ok", "signal": "live", "frame": {"fps": 30.0}, "engines": {"twin": twin}}, [])
    said = " ".join(capsys.readouterr().out.split())
    assert "BUSY, 1 of 2" in said
    assert "None" not in said


def test_status_says_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The session with what could not be kept of it, and the recorder with its time and its losses."""
    session = {"name": "2026_P1", "results": 70, "results_lost": 2, "marks_lost": 1, "masks_left_out": 5}
    recorder = {"state": "recording", "recording_ms": 61_000, "frames": 1830, "losses": 4, "free_bytes": 91 * 10**9}
    show({"status": "ok", "signal": "live", "session": session, "recorder": recorder}, [])
    said = capsys.readouterr().out
    assert "session 2026_P1: 70 results, 3 could not be written, 5 without their mask" in said
    assert "recorder: recording for 61 s, 1830 frames, 4 lost, 91.0 GB free" in said
    show({"status": "ok", "signal": "live", "session": None, "recorder": None}, [])
    assert "recorder" not in capsys.readouterr().out


def test_a_supervisor_of_somebody_else_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that another user's supervisor keeps are shown; those of a dead one are not."""

    def refuse(pid: int, number: int) -> None:
        raise PermissionError if pid == 1 else ProcessLookupError

    monkeypatch.setattr(os, "kill", refuse)
    (tmp_path / "supervisor.json").write_text('{"pid": 1, "processes": [{"name": "a"}]}', encoding="utf-8")
    assert kept_processes(tmp_path / "supervisor.json") == [{"name": "a"}]
    (tmp_path / "supervisor.json").write_text('{"pid": 2, "processes": [{}]}', encoding="utf-8")
    assert kept_processes(tmp_path / "supervisor.json") == []


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\n{", b"nonsense\r\n\r\n", b""],
    ids=["short", "nonsense", "nothing"],
)
def test_who_is_not_bedside_has_no_health(said: bytes) -> None:
    """Whatever listens on the port, also one that breaks off in its answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        assert ask_health(Settings(server=ServerSettings(port=listening.getsockname()[1]))) is None
        thread.join()


def test_a_fault_is_one_sentence_unless_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours shows its traceback with -vv only."""

    def fault(*args: object, **kwargs: object) -> str:
        raise RuntimeError("a bolt is loose")

    monkeypatch.setattr("bedside.cli.init.commented", fault)
    assert cli.main(["init"]) == 1
    said = capsys.readouterr().err
    assert said.strip() == "bedside init: a fault in Bedside, RuntimeError: a bolt is loose; -vv shows where"
    with pytest.raises(RuntimeError):
        cli.main(["init", "-vv"])


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted, without a traceback."""

    def interrupt(*args: object, **kwargs: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("bedside.cli.init.commented", interrupt)
    assert cli.main(["init"]) == 130


def test_asked_wrongly_is_2() -> None:
    """An unknown verb or option, as argparse says it."""
    for words in (["nonsense"], ["up", "--nonsense"], []):
        with pytest.raises(SystemExit) as raised:
            cli.main(words)
        assert raised.value.code == 2


@pytest.mark.parametrize(
    "words", [["--config", "a.toml", "-vv", "-q", "status"], ["status", "--config", "a.toml", "-vv", "-q"]], ids=str
)
def test_shared_options_stand_before_the_verb_or_after_it(words: list[str]) -> None:
    """Both orders mean the same, and what is not given is the default."""
    given = cli.parser().parse_args(words)
    assert (given.verb, given.config, given.verbose, given.quiet) == ("status", Path("a.toml"), 2, True)
    bare = cli.parser().parse_args(["status"])
    assert (bare.config, bare.verbose, bare.quiet) == (None, 0, False)


@pytest.mark.parametrize(
    ("url", "elsewhere", "expected"),
    [
        ("synthetic:", "", True),
        ("file:clip.mp4", "", True),
        ("v4l2:", "", False),
        ("synthetic:", "ws://10.0.0.5:8710/frames", False),
    ],
)
def test_freeze_is_offered_where_the_source_here_can_be_frozen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, elsewhere: str, expected: bool
) -> None:
    """A recording and the synthetic scanner of this machine; not a real one, nor what a broadcaster elsewhere has."""
    given: dict[str, object] = {}
    monkeypatch.setattr("bedside.hub.app.create_app", lambda _, **arguments: given.update(arguments))
    settings = Settings(
        source=SourceSettings(url=url),
        server=ServerSettings(source=elsewhere),
        session=SessionSettings(folder=str(tmp_path)),
    )
    monkeypatch.setattr(serve, "_add_admin", lambda *_, **__: None)
    serve._app(settings, tmp_path / "bedside.toml", Feed(nullcontext), str)  # type: ignore[arg-type]
    assert (given["control"] is not None) is expected


def test_the_command_line_stays_light() -> None:
    """`bedside up` and `--help` import neither pictures nor servers; `up` stays small while it supervises."""
    lines = (
        "import sys; import bedside.cli; from bedside.cli import beforehand, machine; "
        "from bedside.settings import Settings; beforehand.refuse_unknown_source(Settings()); "
        "print(sorted({'cv2', 'av', 'aiohttp', 'simplejpeg', 'numpy', 'rich', 'segno'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_this_machine_alone_is_told_how_to_let_a_tablet_in(capsys: pytest.CaptureFixture[str]) -> None:
    """On loopback there is no token and no QR code, which would help nobody; the sentence names the option."""
    invite(Settings(), "up")
    said = capsys.readouterr().out
    assert "http://127.0.0.1:8080/" in said
    assert "bedside up --lan" in said
    assert "█" not in said


def test_a_code_is_shown_to_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A log or a pipe is told how to make one; a terminal gets a code that pairs an operator, and its QR code."""
    settings = Settings(server=ServerSettings(host="0.0.0.0", token="a-secret-token"), folder=tmp_path)
    invite(settings, "up")
    said = capsys.readouterr().out
    assert "/pair#" not in said
    assert "bedside access invite operator" in said
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    invite(settings, "up")
    said = capsys.readouterr().out
    assert "a-secret-token" not in said
    assert "█" in said
    code = said.partition("/pair#")[2].split()[0]
    device, _ = Devices(tmp_path / "access").pair(code)
    assert device.role is Role.OPERATOR


def test_the_terminal_shows_what_the_tablet_shows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The fingerprint that is printed is that of the authority that tablets download."""
    invite(Settings(server=ServerSettings(host="0.0.0.0", token="a-secret-token"), folder=tmp_path), "up")
    printed = "".join(capsys.readouterr().out.split())
    assert Certificates(tmp_path / "access").authority.fingerprint in printed


def test_a_token_on_this_machine_is_in_its_link(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants a token wants it on loopback, too: a terminal gets it, a pipe does not."""
    settings = Settings(server=ServerSettings(token="a-secret-token"))
    invite(settings, "up")
    assert "a-secret-token" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    invite(settings, "up")
    assert "http://127.0.0.1:8080/?token=a-secret-token" in capsys.readouterr().out


def test_the_address_is_one_that_others_can_reach() -> None:
    """For a server on every interface, the address names this machine as the network sees it."""
    settings = Settings(server=ServerSettings(host="0.0.0.0", token="a/secret token"))
    assert "0.0.0.0" not in page_url(settings)
    assert page_url(settings).startswith("https://")
    assert not lan_address().startswith("127.")
    assert page_url(Settings(server=ServerSettings(interface="wlan0"))) == "https://bedside.local:8080/"
    assert page_url(Settings(server=ServerSettings(interface="wlan0", tls="off"))) == "http://bedside.local:8080/"


def test_the_network_of_several_is_never_guessed() -> None:
    """With one network --lan takes it; with two it asks which, by name; with none it says what to do."""
    assert the_only({"wlan0": ("10.0.0.2",)}) == "wlan0"
    with pytest.raises(SettingsError, match=r"eth0 \(10.1.2.3\), wlan0 \(10.0.0.2\); say which"):
        the_only({"eth0": ("10.1.2.3",), "wlan0": ("10.0.0.2",)})
    with pytest.raises(SettingsError, match="no network interface has an address"):
        the_only({})


def test_a_clip_is_found_from_the_demo_s_own_folder(here: Path) -> None:
    """A relative path in --source means the folder where the person is; other sources stay as they are."""
    assert absolute_source("file:a b.mp4?loop=1") == f"file:{here}/a b.mp4?loop=1"
    assert absolute_source("file:/x.mp4") == "file:/x.mp4"
    assert absolute_source("v4l2:USB?x") == "v4l2:USB?x"


def test_an_example_that_does_not_ship_is_said() -> None:
    """One sentence with those that do."""
    with pytest.raises(
        BedsideError, match=r"there is no such path, and of the engines that ship there are .*picture_quality"
    ):
        shipped_engine("no_such_engine")


def test_json_is_all_that_a_program_reads(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`bedside doctor --json` prints one JSON list and nothing else."""
    monkeypatch.setattr("bedside.cli.doctor.source.examine", lambda settings: iter(()))
    assert cli.main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {finding["part"] for finding in found} >= {"settings", "port", "disk", "memory", "engine"}
    assert set(found[0]) == {"part", "level", "what", "do"}
