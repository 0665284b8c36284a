"""The table of settings: what is read, what is refused, and in which words."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SettingsError
from bedside.settings import Settings, load
from bedside.settings_text import commented, engine_at


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    """The settings in `text`."""
    path = tmp_path / "bedside.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ or {})


def test_nothing_set_is_all_default(tmp_path: Path) -> None:
    """An empty file gives the defaults, and its own folder."""
    assert read(tmp_path, "") == Settings(folder=tmp_path)


def test_what_init_writes_is_the_defaults(tmp_path: Path) -> None:
    """A fresh bedside.toml changes nothing until somebody edits it."""
    assert read(tmp_path, commented({})) == Settings(folder=tmp_path)


def test_every_line_that_init_comments_out_can_be_taken_in(tmp_path: Path) -> None:
    """With the # taken away, every key parses to its default; nothing in the file is only prose."""
    keys = [
        line for line in commented({}).splitlines() if " = " in line and line.startswith("# ") and line[2:].islower()
    ]
    text = "\n".join(line.removeprefix("# ") if line in keys else line for line in commented({}).splitlines())
    before_engine = text.partition("# [[engine]]")[0]
    assert read(tmp_path, before_engine) == Settings(folder=tmp_path)
    assert len(keys) > 20


def test_an_engine_given_to_init_is_set(tmp_path: Path) -> None:
    """`bedside init --engine PATH` names it after its folder."""
    settings = read(
        tmp_path, commented({"source": {"url": "file:a b.mp4"}, "engine": engine_at(Path("/models/my model"))})
    )
    assert [(engine.name, engine.path, engine.port) for engine in settings.engines] == [
        ("my_model", "/models/my model", 8720)
    ]
    assert settings.source.url == "file:a b.mp4"


def test_the_folder_where_one_is_is_an_engine_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`bedside init --engine .` names it after that folder, and whatever the name, the settings take it."""
    (tmp_path / "Größe 1").mkdir()
    monkeypatch.chdir(tmp_path / "Größe 1")
    assert engine_at(Path())["name"] == engine_at(Path("../Größe 1"))["name"] == "Gr__e_1"
    for odd in ("/", "x" * 100):
        assert read(tmp_path, commented({"engine": engine_at(Path(odd))})).engines


def test_the_environment_wins(tmp_path: Path) -> None:
    """BEDSIDE_<TABLE>_<KEY> overrides the file, with the key's own type."""
    environ = {"BEDSIDE_SERVER_PORT": "9000", "BEDSIDE_SOURCE_CROP": "[1, 2, 3, 4]", "BEDSIDE_SERVER_TOKEN": "12345678"}
    settings = read(tmp_path, "[server]\nport = 80\n", environ)
    assert settings.server.port == 9000
    assert settings.source.crop == (1, 2, 3, 4)
    assert settings.server.token == "12345678"


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is absolute, wherever it was named from."""
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "bedside.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert load(Path("room/bedside.toml"), {}).folder == tmp_path / "room"
    assert load(None, {}).folder == tmp_path


WRONG = {
    "[server]\nprot = 1": r"\[server\] unknown key 'prot'; did you mean 'port'\?",
    "[sorce]\n": r"unknown table 'sorce'; did you mean 'source'\?",
    "[server]\nport = 0": r"\[server\] port is 0; expected a whole number from 1 to 65535",
    "[server]\nport = 65536": r"\[server\] port is 65536",
    "[server]\nport = '80'": r"\[server\] port is '80'; expected a whole number",
    "[server]\nport = true": r"\[server\] port is True; expected a whole number",
    "[server]\nview = 'x'": r"\[server\] view is 'x'; expected one of explain, verdict, video, monitor",
    "[source]\nhost = '192.168.1.5'": r"\[source\] host is '192.168.1.5' and token is empty",
    "[server]\ntoken = 'short'": r"\[server\] token is 'short'",
    "[server]\ntoken = 'with a space'": r"expected a text in quotes: secret of scripts, which may do all, 8 ASCII char",
    "[server]\ntoken = '€uro-secret'": r"\[server\] token is '€uro-secret'",
    "[server]\nport = 8710": r"\[server\] port is 8710; \[source\] has it already",
    "[source]\nfps = nan": r"\[source\] fps is nan; expected a number, 0 or more",
    "[source]\nfps = -1": r"\[source\] fps is -1",
    "[source]\ncrop = [1, 2]": r"\[source\] crop is \[1, 2\]; expected \[\] or a list of 4 whole numbers",
    "[source]\ncrop = [0, 0, -1, 5]": r"\[source\] crop is",
    "[source]\nmask = [1, 2, 3, 4]": r"\[source\] mask is \[1, 2, 3, 4\]; expected \[\] or lists of 4",
    "[source]\nmask = [[]]": r"\[source\] mask is",
    "[source]\nurl = 'v4l2:'\nmask = [[0, 0, 9, 9]]": r"\[source\] mask is set and size is empty; .* so set size to",
    "[source]\nurl = 'v4l2:/dev/video0'\ncrop = [0, 0, 9, 9]": r"\[source\] crop is set and size is empty",
    "[source]\nurl = 'opencv:0'\ncrop = [0, 0, 9, 9]": r"\[source\] crop is set and size is empty",
    "[source]\nsize = 'big'": r"\[source\] size is 'big'",
    "[source]\ncolor_range = 'half'": r"\[source\] color_range is 'half'; expected one of auto, full, limited",
    "[engine]\nname = 'a'": r"expected \[\[engine\]\], with two brackets",
    "[[engine]]\nname = 'a b'\npath = 'x'": r"name is 'a b'; expected 1 to 64 letters a to z, digits",
    "[[engine]]\nname = 'é'\npath = 'x'": r"name is 'é'; expected 1 to 64 letters a to z",
    "[[engine]]\npath = 'x'": r"\[\[engine\]\] number 1: name is ''",
    "[[engine]]\nname = 'a'": r"\[\[engine\]\] a: neither path nor url is set",
    "[[engine]]\nname = 'a'\npath = 'x'\n[[engine]]\nname = 'a'\npath = 'y'": r"the name 'a' is taken",
    "[[engine]]\nname = 'a'\npath = 'x'\nport = 8080": r"\[server\] has it already",
    "[pipeline]\npath = 'p'\n[[engine]]\nname = 'pipeline'\npath = 'x'": r"engine\]\] pipeline: \[pipeline\] path is",
    "[view]\nx = 1": r"\[x\] is 1; expected a table",
    "[server": r"bedside\.toml: not TOML",
    "server = 1": r"\[server\] is 1; expected a table",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=[text.replace("\n", " ") for text in WRONG])
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """It names the key and the value, and says what was expected; nothing of it is read."""
    with pytest.raises(SettingsError, match=sentence) as raised:
        read(tmp_path, text)
    assert "\n" not in str(raised.value).strip()


@pytest.mark.parametrize(
    "text",
    [
        "url = 'v4l2:'\nsize = '1280x720'\nmask = [[0, 0, 9, 9]]",
        "url = 'file:clip.mp4'\nmask = [[0, 0, 9, 9]]",
        "crop = [0, 0, 9, 9]",
        "url = 'v4l2:'",
    ],
)
def test_a_mask_wants_a_size_of_a_device_alone(tmp_path: Path, text: str) -> None:
    """With the size it was made for it is taken, and so it is where nobody can change the picture's size."""
    assert read(tmp_path, f"[source]\n{text}").source


def test_an_unknown_variable_of_ours_is_refused(tmp_path: Path) -> None:
    """A misspelt override does not pass silently."""
    with pytest.raises(SettingsError, match=r"BEDSIDE_SERVER_\* in the environment: unknown key 'prot'"):
        read(tmp_path, "", {"BEDSIDE_SERVER_PROT": "1"})
    with pytest.raises(SettingsError, match="BEDSIDE_SERVER_PORT is 'x'; expected a whole number"):
        read(tmp_path, "", {"BEDSIDE_SERVER_PORT": "x"})


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(SettingsError, match="`bedside init` writes one"):
        load(tmp_path / "none.toml", {})


KEYS = st.sampled_from(["url", "port", "crop", "mask", "fps", "token", "slots", "size", "other"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=5)
)


@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_value_is_read_or_refused(values: dict[str, object]) -> None:
    """Whatever stands in a table, it is a setting of the right type or a SettingsError, and nothing else."""
    from bedside.settings import _table
    from bedside.settings_tables import SourceSettings

    try:
        table = _table(SourceSettings, values, "[source]")
    except SettingsError:
        return
    assert isinstance(table.port, int) and 1 <= table.port <= 65535
    assert len(table.crop) in (0, 4)


@pytest.mark.parametrize(
    ("host", "url"),
    {
        "127.0.0.1": "ws://127.0.0.1:8710/frames",
        "0.0.0.0": "ws://127.0.0.1:8710/frames",
        "::1": "ws://[::1]:8710/frames",
        "::": "ws://[::1]:8710/frames",
    }.items(),
)
def test_the_broadcaster_is_found_on_every_kind_of_host(tmp_path: Path, host: str, url: str) -> None:
    """A server on the same machine takes the address that answers, in IPv6 too, and reads the ring."""
    settings = read(tmp_path, f"[source]\nhost = '{host}'\ntoken = '12345678'")
    assert (settings.frames_url, settings.encoding) == (url, "shm")


def test_a_broadcaster_elsewhere_has_no_port_here(tmp_path: Path) -> None:
    """With [server] source the port of [source] is another machine's, and free on this one."""
    settings = read(tmp_path, "[server]\nsource = 'ws://10.0.0.5:8710/frames'\nport = 8710")
    assert settings.server.port == 8710


def test_init_writes_toml(tmp_path: Path) -> None:
    """Texts with quotes and backslashes survive."""
    source = 'file:C:\\clips\\"a".mp4'
    assert tomllib.loads(commented({"source": {"url": source}}))["source"]["url"] == source


@pytest.mark.parametrize(
    ("text", "encoding"),
    {
        "": "shm",
        "[source]\nhost = '0.0.0.0'\ntoken = '12345678'": "shm",
        "[server]\nsource = 'ws://10.0.0.5:8710/frames'": "jpeg",
        "[server]\nsource = 'ws://broadcast:8710/frames'\nencoding = 'shm'": "shm",
    }.items(),
)
def test_frames_come_through_memory_where_they_can(tmp_path: Path, text: str, encoding: str) -> None:
    """A broadcaster on this machine is read exactly; one elsewhere as JPEG, unless it is set."""
    assert read(tmp_path, text).encoding == encoding


ENGINE = '[[engine]]\nname = "e"\n'


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('path = "e"\nurl = "http://a"\nimage = "i"', "url and image are set, and it can run in one place only"),
        ('url = "10.0.0.7:8720"', "url is '10.0.0.7:8720'; expected http, https, grpc, grpcs with :// and a host"),
        ('url = "http://a:port"', "url is 'http://a:port'; expected"),
        ('url = "http://me:secret@a"', "url has a name or password before a; set what the server asks for as token"),
        ('path = "e"\nregion = [0, 0, 0, 100]', "region is [0, 0, 0, 100]; its width and height must be 1 or more"),
        ('path = "e"\nsize = [224, 0]', "size is [224, 0]; its width and height"),
        ('url = "http://a"\npython = "python3.8"', "url and python are set"),
        ('url = "http://a"\nmemory_gb = 2.0', "url and memory_gb are set; somebody else runs what is at url"),
        ('path = "e"\nencoding = "jpeg"', "encoding is 'jpeg' and url is empty"),
        ('path = "e"\nadapter = "adapter.py"', "adapter is set and url is empty"),
        ('path = "e"\ndocker_options = ["-v"]', "docker_options is set, and neither image nor dockerfile"),
        ('path = "e"\nwhen = "sometimes"', "when is 'sometimes'; expected a text in quotes: always; frozen, once"),
        ('path = "~nobody-here/e"', "path is '~nobody-here/e', and there is no such home folder; write it without ~"),
        ('path = "e"\nport = 65535\nconcurrency = 2', "port is 65535 and concurrency is 2; each process takes a port"),
        ('path = "e"\ndocker_options = [1]', "expected a list of texts"),
    ],
)
def test_an_engine_that_fits_nowhere_is_refused(tmp_path: Path, keys: str, said: str) -> None:
    """Settings of an engine that contradict each other are refused in a sentence that names them."""
    path = tmp_path / "bedside.toml"
    path.write_text(ENGINE + keys, encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(said)):
        load(path, {})


@pytest.mark.parametrize(
    ("when", "every_s", "is_on_freeze"), [("always", 0.0, False), ("frozen", 0.0, True), ("every 0.5 s", 0.5, False)]
)
def test_when_an_engine_is_asked(tmp_path: Path, when: str, every_s: float, is_on_freeze: bool) -> None:
    """`when` reads as a pace or as a moment."""
    path = tmp_path / "bedside.toml"
    path.write_text(f'{ENGINE}path = "e"\nwhen = "{when}"', encoding="utf-8")
    (engine,) = load(path, {}).engines
    assert (engine.every_s, engine.is_on_freeze) == (every_s, is_on_freeze)


def test_each_process_of_an_engine_has_a_port(tmp_path: Path) -> None:
    """An engine of three processes takes three ports, and the next engine the one after them."""
    path = tmp_path / "bedside.toml"
    path.write_text(f'{ENGINE}path = "e"\nconcurrency = 3\n[[engine]]\nname = "f"\npath = "f"\n', encoding="utf-8")
    assert [list(engine.ports) for engine in load(path, {}).engines] == [[8720, 8721, 8722], [8723]]
