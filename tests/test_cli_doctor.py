"""What the doctor finds, and what it says to do."""

import os
import shutil
import socket
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from bedside import cli
from bedside.cli.beforehand import needed_by
from bedside.cli.broadcast import presets_of
from bedside.cli.doctor import devices, encoder, engines, places, source
from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.doctor.listener import listener
from bedside.errors import BuildFailed, SourceError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings, RecorderSettings, ServerSettings, SourceSettings
from bedside.source.framing import Framing

Usage = namedtuple("Usage", "total used free")


def levels(findings: list[Finding]) -> list[Level]:
    """How bad each is."""
    return [finding.level for finding in findings]


def engine(folder: Path, text: str, python: str = "") -> list[Finding]:
    """What is found of an engine with that text."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "engine.py").write_text(text, encoding="utf-8")
    path = str(folder / "model")
    return list(engines.examine(Settings(engines=(EngineSettings("a", path, python, port=1),), folder=folder)))


def test_a_good_engine_is_ok(tmp_path: Path) -> None:
    """Interpreter, numpy and import are in one line."""
    (finding,) = engine(tmp_path, "import numpy\n")
    assert finding.level is Level.OK
    assert "numpy" in finding.what and "engine.py imports" in finding.what


def test_an_engine_that_does_not_import_is_wrong(tmp_path: Path) -> None:
    """The last line of its traceback is shown."""
    (finding,) = engine(tmp_path, "import no_such_library\n")
    assert finding.level is Level.WRONG
    assert "No module named 'no_such_library'" in finding.what


def test_an_interpreter_that_is_missing_is_wrong(tmp_path: Path) -> None:
    """With what to set."""
    (finding,) = engine(tmp_path, "", python="no/such/python")
    assert finding.level is Level.WRONG
    assert "name the interpreter of the engine's environment" in finding.what


def test_an_interpreter_that_is_none_is_wrong(tmp_path: Path) -> None:
    """A file that is no Python does not crash the doctor."""
    (finding,) = engine(tmp_path, "", python=shutil.which("true") or "/bin/true")
    assert finding.level is Level.WRONG
    assert "is no working Python" in finding.what


def test_an_interpreter_without_numpy_is_wrong(tmp_path: Path) -> None:
    """With the command that puts it there."""
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    (finding,) = engine(tmp_path, "", python=str(bare))
    assert finding.level is Level.WRONG
    assert finding.do == f"{bare} -m pip install numpy"


def test_an_engine_is_looked_at_as_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither our own packages nor our tokens are there for it; its own folder is its working folder."""
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("BEDSIDE_SERVER_TOKEN", "a-secret-token")
    lines = "import os\nassert not {'PYTHONPATH', 'BEDSIDE_SERVER_TOKEN'} & set(os.environ)\nopen('engine.py').close()"
    assert levels(engine(tmp_path, lines)) == [Level.OK]


def test_an_engine_that_reads_arguments_imports(tmp_path: Path) -> None:
    """It is looked at as it runs: with arguments of its own, of which there are none."""
    lines = "import argparse\nargparse.ArgumentParser().parse_args()\n"
    assert levels(engine(tmp_path, lines)) == [Level.OK]


def test_an_engine_s_own_files_do_not_mislead_the_doctor(tmp_path: Path) -> None:
    """Research code calls its files like Python's own modules."""
    (tmp_path / "model").mkdir()
    for name in ("json.py", "contextlib.py"):
        (tmp_path / "model" / name).write_text("raise SystemExit('imported')\n", encoding="utf-8")
    assert levels(engine(tmp_path, "import numpy\n")) == [Level.OK]


def with_requirements(folder: Path, text: str) -> Settings:
    """Settings with an engine that has these requirements."""
    (folder / "model").mkdir()
    (folder / "model" / "engine.py").touch()
    (folder / "model" / "requirements.txt").write_text(text, encoding="utf-8")
    one = EngineSettings("a", str(folder / "model"), requirements="requirements.txt", port=1)
    return Settings(engines=(one,), folder=folder)


def test_an_environment_that_is_not_built_is_worth_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that makes it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (finding,) = engines.examine(with_requirements(tmp_path, "numpy"))
    assert finding.level is Level.NOTE
    assert "an environment with requirements.txt for Python" in finding.what and "is not built yet" in finding.what
    assert "`bedside build a`" in finding.do


def test_an_environment_that_cannot_be_built_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sentence that its build ended with."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings = with_requirements(tmp_path, "no-such-package-of-anybody")
    needed = needed_by(settings.engines[0])
    assert needed is not None
    with pytest.raises(BuildFailed, match="no-such-package-of-anybody"):
        needed.build(lambda progress: None)
    (finding,) = engines.examine(settings)
    assert finding.level is Level.WRONG
    assert "no-such-package-of-anybody" in finding.what


def test_requirements_that_are_not_there_are_wrong(tmp_path: Path) -> None:
    """The file is named."""
    settings = with_requirements(tmp_path, "numpy")
    (tmp_path / "model" / "requirements.txt").unlink()
    (finding,) = engines.examine(settings)
    assert finding.level is Level.WRONG
    assert "requirements is 'requirements.txt'" in finding.what


def test_an_engine_elsewhere_that_does_not_answer_is_wrong() -> None:
    """Its address is named."""
    elsewhere = Settings(engines=(EngineSettings("a", url="http://127.0.0.1:1"),))
    (finding,) = engines.examine(elsewhere)
    assert finding.level is Level.WRONG
    assert "http://127.0.0.1:1 does not answer" in finding.what


def test_a_port_in_use_names_who_has_it() -> None:
    """This process listens; the doctor finds it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert f"pid {os.getpid()}" in listener(number)
        settings = Settings(server=ServerSettings(port=number), source=SourceSettings(port=1))
        wrong = [finding for finding in places.examine(settings) if finding.level is Level.WRONG]
    assert any(str(number) in finding.what and "pid" in finding.what for finding in wrong)


@pytest.mark.parametrize(("gb", "level"), [(6.9, Level.WRONG), (7.1, Level.NOTE), (12.1, Level.OK)])
def test_a_full_disk_is_found(gb: float, level: Level, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without room for the reserve and one session it is wrong, without room for a second one worth a line."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, int(gb * 1e9)))
    found = [finding for finding in places.examine(Settings(folder=tmp_path)) if finding.part == "disk"]
    assert levels(found) == [level]


def test_an_encoder_is_tried() -> None:
    """The one that is set codes some pictures; one that this machine lacks is wrong, with what to do."""
    (found,) = encoder.examine(Settings())
    assert found.level is not Level.WRONG
    assert "libx264 codes a picture of 1920 x 1080 in" in found.what
    (gone,) = encoder.examine(Settings(recorder=RecorderSettings(encoder="h264_no_such")))
    assert gone.level is Level.WRONG
    assert "h264_no_such" in gone.what
    if not Path("/dev/nvidia0").exists():
        (idle,) = encoder.examine(Settings(recorder=RecorderSettings(encoder="h264_nvenc")))
        assert idle.level is Level.WRONG
        assert "h264_nvenc does not start" in idle.what


def test_shared_memory_of_a_container_is_too_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Docker's 64 MB do not hold the ring and an engine's buffer with a larger ring."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 64 * 10**6))
    (finding,) = places._memory(Settings(source=SourceSettings(slots=16)), tmp_path)
    assert finding.level is Level.WRONG
    assert "shm_size" in finding.do


@pytest.mark.parametrize(
    ("low", "high", "delivered", "level"),
    [
        (0, 255, "full", Level.OK),
        (16, 235, "full", Level.WRONG),
        (16, 235, "limited", Level.OK),
        (100, 140, "full", Level.NOTE),
    ],
)
def test_grey_black_is_found(low: int, high: int, delivered: str, level: Level) -> None:
    """A picture whose black is 16 and whose white is 235 was taken for a full range."""
    pixels = np.full((10, 10, 3), low, np.uint8)
    pixels[5:] = high
    assert source._colours(pixels, delivered, "auto").level is level


def test_the_synthetic_scanner_is_ok() -> None:
    """Picture and colours."""
    assert levels(list(source.examine(Settings()))) == [Level.OK, Level.OK]


def test_a_source_that_cannot_be_opened_is_wrong(tmp_path: Path) -> None:
    """A missing clip."""
    settings = Settings(source=SourceSettings(url=f"file:{tmp_path}/none.mp4"), server=ServerSettings(port=1))
    assert levels(list(source.examine(settings))) == [Level.WRONG]


def test_a_crop_outside_the_picture_is_wrong() -> None:
    """Before anything is started."""
    found = list(source.examine(Settings(source=SourceSettings(crop=(5000, 0, 100, 100)))))
    assert levels(found) == [Level.OK, Level.WRONG]


def test_a_mask_for_another_size_is_wrong() -> None:
    """It would fit, and hide the wrong place."""
    settings = SourceSettings(url="synthetic:?size=1280x720", size="640x480", mask=((0, 0, 10, 10),))
    found = list(source.examine(Settings(source=settings)))
    assert levels(found) == [Level.OK, Level.WRONG]
    assert "made for [source] size 640x480" in found[1].what


def test_the_masks_of_the_preset_in_use_are_looked_at(tmp_path: Path) -> None:
    """It is named with what it shows; one for another size is wrong, as it is when Bedside starts."""
    settings = Settings(folder=tmp_path)
    presets = presets_of(settings)
    presets.save("room-2", Framing(crop=(0, 0, 640, 480), mask=((0, 0, 9, 9),), size=(1280, 720)))
    found = list(source.examine(settings))
    assert levels(found) == [Level.OK] * 3
    assert "preset room-2: 640 x 480 pixels at 0, 0 are shown, 1 mask; another screen is not noticed" in found[1].what
    presets.save("large", Framing(mask=((0, 0, 9, 9),), size=(1920, 1080)))
    assert levels(list(source.examine(settings))) == [Level.OK, Level.WRONG]


def test_a_device_that_nobody_has_set_up_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names are shown until somebody has said which part may be."""
    picture = np.zeros((720, 1280, 3), np.uint8), "a box", "full"
    monkeypatch.setattr(source, "_one_picture", lambda settings: picture)
    settings = Settings(source=SourceSettings(url="v4l2:"), folder=tmp_path)
    assert any("names are not masked" in each.what for each in source.examine(settings))
    presets_of(settings).save("room-2", Framing(size=(1280, 720)))
    assert not any("not masked" in each.what for each in source.examine(settings))


def test_a_missing_device_is_wrong_where_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With v4l2: something must be plugged in; with the synthetic scanner nothing must."""
    monkeypatch.setattr("bedside.source.devices.list_devices", list)
    assert levels(list(devices.examine(Settings(source=SourceSettings(url="v4l2:"))))) == [Level.WRONG]
    assert levels(list(devices.examine(Settings()))) == [Level.OK]


def test_modes_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mode shows what was measured; one that delivers less than announced has advice, one that fails a reason."""
    from bedside.source.devices import Device, Identity
    from bedside.source.v4l2_node import Mode

    modes = (Mode("YUYV", 1920, 1080, 60), Mode("MJPG", 1280, 720, 30), Mode("NV12", 640, 480, 30))
    found = Device("/dev/video0", Identity("usb-box", "Box", "usb-1"), "/dev/v4l/by-id/usb-box", modes, True, "limited")
    monkeypatch.setattr("bedside.source.devices.list_devices", lambda: [found])

    def measure(path: str, mode: Mode) -> float:
        if mode.code == "NV12":
            raise SourceError("another program uses it")
        return 29.9

    monkeypatch.setattr("bedside.source.devices.measure", measure)
    findings = list(devices.examine(Settings()))
    assert levels(findings) == [Level.OK, Level.NOTE, Level.OK, Level.NOTE]
    assert "1920x1080 YUYV: 29.9 frames/s measured (announced 60)" in findings[1].what.replace(" (announced 60):", ":")
    assert "another program uses it" in findings[3].what


def test_wrong_settings_are_a_finding_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor goes on with defaults, and its exit status is 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    (tmp_path / "bedside.toml").write_text("[server]\nprt = 1\n", encoding="utf-8")
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "WRONG settings [server] unknown key 'prt'; did you mean 'port'?" in said
    assert "disk" in said
