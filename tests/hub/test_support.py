"""The support file: what is in it, and above all what is not."""

import asyncio
import errno
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.small_disk import small_disk

from bedside import cli
from bedside.cli import on_machine
from bedside.cli.on_machine import _deeds, about_machine, log_tail
from bedside.errors import BedsideError
from bedside.hub.scrub import Scrubber
from bedside.settings import Settings, load

TOKEN, CODE, LABEL = "s3cret-t0ken-of-the-server", "QX77", "tablet at bed 2"
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"ftyp", b"\x1aE\xdf\xa3")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder with a token, a participant, a device, pictures and a log that tells all of it."""
    (tmp_path / "bedside.toml").write_text(f'[server]\ntoken = "{TOKEN}"\n[source]\nurl = "synthetic:"\n')
    session = tmp_path / "sessions" / f"2026-11-23T10-12-33_{CODE}"
    session.mkdir(parents=True)
    (session / "session.json").write_text(f'{{"participant": "{CODE}"}}')
    (session / "snapshot.png").write_bytes(b"\x89PNG\r\n" + b"x" * 100)
    (tmp_path / "logs").mkdir()
    lines = [
        f"opened http://10.0.0.2:8080/?token={TOKEN}",
        f"recording {session}/video-001.mp4 of {CODE}",
        f"participant {CODE} has come; next participant=Z99",
        f"{LABEL} was paired",
        "engine ready in 0.4 s",
    ]
    (tmp_path / "logs/engine-pcbm.log").write_text("\n".join(lines) + "\n")
    (tmp_path / "access").mkdir()
    (tmp_path / "access/access.jsonl").write_text(f'{{"deed": "pair", "who": {{"id": "d1", "label": "{LABEL}"}}}}\n')
    return replace(load(tmp_path / "bedside.toml"), folder=tmp_path)


def test_nothing_of_anybody_is_in_the_support_file(settings: Settings, tmp_path: Path) -> None:
    """No token, participant's code, device's name or picture, wherever they stood; what helps is there."""
    support = about_machine(settings, tmp_path / "bedside.toml").support
    assert support is not None
    packed = support({"health.json": f'{{"session": "2026-11-23T10-12-33_{CODE}", "status": "ok"}}'})
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        texts = {name: file.read(name) for name in file.namelist()}
    assert {"README.txt", "versions.json", "settings.json", "doctor.txt", "health.json"} <= set(texts)
    for name, text in texts.items():
        for planted in (TOKEN.encode(), CODE.encode(), b"Z99", LABEL.encode(), *MAGIC):
            assert planted not in text, (name, planted)
    assert b"engine ready in 0.4 s" in texts["logs/engine-pcbm.txt"]
    assert b'"pair": 1' in texts["access.json"]
    assert b"Not in it: pictures" in texts["README.txt"]
    assert all(f"  {name}".encode() in texts["README.txt"] for name in texts if name != "README.txt")


@pytest.mark.parametrize("name", ["../bedside", "/etc/passwd", "engine-none", "", "..%2fbedside"])
def test_a_log_is_one_of_the_logs(settings: Settings, name: str) -> None:
    """No name leads to another file."""
    with pytest.raises(BedsideError, match="there is no log"):
        log_tail(settings, name, 10)


@given(st.text("ABCxyz019 =:/-_", max_size=40), st.text("ABCxyz019 =:/-_", max_size=40))
def test_a_known_word_never_stays(before: str, after: str) -> None:
    """Whatever stands around it, as long as it is a word of its own."""
    clean = Scrubber([CODE, LABEL])
    assert CODE not in clean(f"{before} {CODE} {after}")
    assert LABEL not in clean(f"{before} {LABEL} {after}")


async def test_the_scrubber_leaves_a_log_readable() -> None:
    """Times, numbers, paths and plain words stay."""
    line = "12:30:01 recorder: /srv/bedside/sessions wrote 1836 frames at 30.0 fps, exit status 1"
    assert await asyncio.to_thread(Scrubber(["P1"]), line) == line


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("cannot open rtsp://user:p@ss@10.0.0.1/x", "ss@10"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Code K7QF-2MXR pairs one tablet", "K7QF"),
        ("a page of Ger\\u00e4t 2 was closed", "t 2"),
    ],
    ids=["a password with @", "another way to sign in", "a pairing code", "a label as JSON writes it"],
)
def test_a_secret_in_another_spelling_is_hidden_too(text: str, planted: str) -> None:
    """As cameras' addresses, proxies, `bedside access invite` and structured logs write them."""
    assert planted not in Scrubber(["Ger\u00e4t 2"])(text)


def test_a_broken_line_of_the_access_log_hides_as_much_as_a_whole_one(settings: Settings, tmp_path: Path) -> None:
    """What tablets are called after it is still known, and the deeds after it are counted."""
    with (tmp_path / "access/access.jsonl").open("a") as file:
        file.write('{"deed": "pa\n{"deed": "revoke", "label": "", "about": {"label_of_device": "Monitor 9"}}\n')
    with (tmp_path / "logs/engine-pcbm.log").open("a") as file:
        file.write("a page of Monitor 9 was closed\n")
    assert log_tail(settings, "engine-pcbm", 1) == ["a page of *** was closed"]
    assert _deeds(settings) == {"pair": 1, "revoke": 1}


def test_a_support_file_that_the_disk_has_no_room_for_leaves_no_half_of_itself(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the same command works once there is room."""
    monkeypatch.setattr(on_machine, "support_file", lambda *_: bytes(1_000_000))
    with small_disk(tmp_path / "disk", "400k") as disk:
        arguments = ["support", "--config", str(settings.folder / "bedside.toml"), str(disk / "support.zip")]
        assert cli.main(arguments) != 0
        assert not (disk / "support.zip").exists()


def test_a_place_that_one_may_not_look_into_is_told(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence with another place, as when the service's user is asked to write into a person's home."""

    def closed(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    assert cli.main(["support", str(tmp_path / "a.zip")]) == 1
    assert "a.zip cannot be written: Permission denied; try /tmp/a.zip" in capsys.readouterr().err


def test_what_the_server_did_not_tell_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each question by itself: one answer that is missing does not say that the others are."""
    monkeypatch.setattr("bedside.cli.support.ask_server", lambda _, path: None if path == "metrics" else "{}")
    out = tmp_path / "support.zip"
    assert cli.main(["support", "--config", str(settings.folder / "bedside.toml"), str(out)]) == 0
    assert "so it lacks metrics.txt. README.txt" in capsys.readouterr().out
    with zipfile.ZipFile(out) as packed:
        names = {name.rpartition("/")[2] for name in packed.namelist()}
    assert "health.json" in names and "metrics.txt" not in names
