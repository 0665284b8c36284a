"""The broadcaster on a real V4L2 HDMI capture device, in an emulated machine, through all that can happen to a cable.

One boot serves all tests here; what a subscriber heard is in the log that scenario.py writes.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

RIG = Path(__file__).parent / "hdmi-vm"
SRC = Path(__file__).parents[2] / "src"
BOOT_AND_RUN_S = 420

# The guest runs under emulation, five to twenty times slower than a real machine, and beside other loads: a command
# that switches the signal alone takes it a second. So the design's one and two seconds get this much on top.
SLOW_MS = 4000

BARS = [
    [255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0], [255, 0, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0],
]  # fmt: skip

pytestmark = [pytest.mark.guest, pytest.mark.timeout(BOOT_AND_RUN_S + 60)]
Event = dict[str, Any]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """Boots the guest once, runs the scenario there, and gives its log."""
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("qemu-system-x86_64 is not installed; the guest with the capture device cannot run")
    if subprocess.run([RIG, "ready"]).returncode:
        pytest.skip("the guest with the capture device is not built; tests/rigs/hdmi-vm build makes it")
    folder = tmp_path_factory.mktemp("guest")
    shutil.copytree(SRC, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).parent / "scenario.py", folder)
    (folder / "run.sh").write_text(
        f"PYTHONPATH=/host/src timeout {BOOT_AND_RUN_S - 60} python -X faulthandler scenario.py log.jsonl\n"
    )
    done = subprocess.run([RIG, "run", folder, str(BOOT_AND_RUN_S)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def kinds(log: list[Event], kind: str) -> list[Event]:
    """The events of one kind, in order."""
    return [event for event in log if event["kind"] == kind]


def after(log: list[Event], step: str, occurrence: int = 0) -> list[Event]:
    """The events from the beginning of a step to the beginning of the next."""
    starts = [n for n, event in enumerate(log) if event["kind"] == "step"]
    wanted = [n for n in starts if log[n]["name"] == step][occurrence]
    return log[wanted : next((n for n in starts if n > wanted), len(log))]


def took_ms(part: list[Event], **wanted: Any) -> int:
    """From the end of a step's command (or its effect, when that came sooner) to the first event that fits."""
    done = next(event["ms"] for event in part if event["kind"] == "done")
    found = next(event["ms"] for event in part if wanted.items() <= event.items())
    return max(0, int(found - done))


def test_everything_that_was_waited_for_came(log: list[Event]) -> None:
    """No state stayed out, no command failed, and the broadcaster stopped and left nothing in shared memory."""
    assert not kinds(log, "missed")
    assert not [event for event in kinds(log, "done") if event["status"]]
    assert log[-1]["kind"] == "end"
    assert log[-1]["ring_left"] == []


def test_the_device_is_found_and_described(log: list[Event]) -> None:
    """The list of devices has this one, with its formats, its signal and a rate that was measured."""
    (device,) = kinds(log, "device")
    assert (device["path"], device["problem"], device["has_signal"]) == ("/dev/video0", "", True)
    assert {"YUYV", "UYVY", "NV12", "YU12", "RGB3", "BGR3"} <= set(device["formats"])
    (rate,) = kinds(log, "rate")
    assert 5 < rate["fps"] < 70


def test_colours_come_back_right_in_every_format_range_and_matrix(log: list[Event]) -> None:
    """Full colour bars are full colour bars, whatever way the device delivered them."""
    bars = kinds(log, "bars")
    assert {event["code"] for event in bars} == {"YUYV", "UYVY", "NV12", "YU12", "RGB3", "BGR3"}
    assert {(event["range"], event["matrix"]) for event in bars} >= {
        ("limited", "709"),
        ("limited", "601"),
        ("full", "601"),
    }
    for event in bars:
        worst = max(
            abs(a - b) for got, right in zip(event["bars"], BARS, strict=True) for a, b in zip(got, right, strict=True)
        )
        assert worst <= 4, event  # 8-bit YUV at full saturation is itself that coarse


def test_live_at_720p(log: list[Event]) -> None:
    """The first picture has the size of what is on the cable, and is live."""
    first = kinds(log, "frame")[0]
    assert (first["shape"], first["signal"]) == ([720, 1280, 3], "live")


def test_pictures_that_the_device_loses_are_counted(log: list[Event]) -> None:
    """When the device drops half of its pictures, the counter says so."""
    before, later = kinds(log, "count")
    arrived = later["captured"] + later["skips"] - before["captured"] - before["skips"]
    assert later["drops"] - before["drops"] >= arrived / 4


def test_signal_off_and_on(log: list[Event]) -> None:
    """A lost signal is no signal, not a picture; when it returns the picture is live again, without reopening."""
    off, on = after(log, "signal off"), after(log, "signal on")
    assert took_ms(off, kind="status", signal="no_signal") <= 1000 + SLOW_MS
    assert took_ms(on, kind="status", signal="live") <= 2000 + SLOW_MS
    assert {event["reopens"] for event in kinds(off + on, "status")} == {0}


def test_a_change_of_resolution_is_followed_while_running(log: list[Event]) -> None:
    """The scanner switches to 1080p: the source reopens by itself and frames of the new size come."""
    part = after(log, "source 1920x1080p24")
    assert took_ms(part, kind="frame", shape=[1080, 1920, 3]) <= 2000 + SLOW_MS
    assert [event["signal"] for event in kinds(part, "status")] == ["stalled", "live"]
    assert kinds(part, "status")[-1]["reopens"] == 1


def test_an_interlaced_picture_is_refused_in_words(log: list[Event]) -> None:
    """Halves are no pictures: nothing is shown but what to do, and 1080p brings the picture back."""
    part = after(log, "source 1920x1080i30")
    assert "interlaced" in kinds(part, "status")[-1]["message"]
    assert not kinds(part, "frame")
    assert took_ms(after(log, "source 1920x1080p24", 1), kind="reached", what="live 1920x1080") <= 2000 + SLOW_MS


def test_a_fatal_streaming_error_is_survived(log: list[Event]) -> None:
    """The driver gives up the stream: it is set up anew and the picture goes on."""
    part = after(log, "fault")
    assert [event["signal"] for event in kinds(part, "status")][:1] == ["stalled"]
    assert took_ms(part, kind="reached", what="live 1920x1080") <= 2000 + SLOW_MS


@pytest.mark.parametrize("occurrence", [0, 1, 2])
def test_unplugging_is_said(log: list[Event], occurrence: int) -> None:
    """Pulled out while live (twice) and while without a signal: unplugged, within a second."""
    part = after(log, "unplug", occurrence)
    assert took_ms(part, kind="status", signal="unplugged") <= 1000 + SLOW_MS


@pytest.mark.parametrize(("occurrence", "node"), [(0, "/dev/video0"), (1, "/dev/video1")])
def test_plugged_in_again(log: list[Event], occurrence: int, node: str) -> None:
    """Back by itself within two seconds, and under another number too: the same box is the same box."""
    part = after(log, "plug", occurrence)
    assert kinds(part, "node")[0]["path"] == node
    back = next(event for event in kinds(part, "status") if event["signal"] != "unplugged")
    assert back["device"] == "vivid, 1280x720 RGB3"
    assert took_ms(part, **back) <= 2000 + SLOW_MS
    assert kinds(part, "reached")[-1]["what"] == "live 1280x720"


def test_a_device_that_nobody_has_set_up_is_warned_of_until_somebody_does(log: list[Event]) -> None:
    """What a page's band says: names are not masked; saving a preset on the setup page takes it away."""
    (before,), (after_it,) = kinds(log, "warning"), kinds(log, "set up")
    assert before["sentence"].startswith("Names are not masked")
    assert (after_it["preset"], after_it["is_confirmed"], after_it["warning"]) == ("guest", True, "")


def test_numbers_only_grow(log: list[Event]) -> None:
    """Through all of it no frame's number came twice."""
    numbers = [event["seq"] for event in kinds(log, "frame")]
    assert numbers == sorted(set(numbers))
