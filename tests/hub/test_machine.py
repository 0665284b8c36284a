"""What the kernel tells of the machine."""

from pathlib import Path

from bedside import clock
from bedside.hub.machine import Machine, size_of, slowed_s, temperatures

S = clock.NS_PER_S


def _write(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n")


def test_a_thermal_zone_tells_its_temperature_and_its_limit(tmp_path: Path) -> None:
    """Degrees and the lowest trip point; a sensor that is not connected is left out."""
    _write(tmp_path / "class/thermal/thermal_zone0", type="x86_pkg_temp", temp="61500")
    _write(tmp_path / "class/thermal/thermal_zone0", trip_point_0_type="critical", trip_point_0_temp="100000")
    _write(tmp_path / "class/thermal/thermal_zone0", trip_point_1_type="passive", trip_point_1_temp="95000")
    _write(tmp_path / "class/thermal/thermal_zone1", type="loose", temp="-128000")
    (found,) = temperatures(tmp_path)
    assert (found.name, found.celsius, found.limit_c) == ("x86_pkg_temp", 61.5, 95.0)


def test_without_zones_the_chips_tell(tmp_path: Path) -> None:
    """A machine with hwmon sensors alone is read, too."""
    _write(tmp_path / "class/hwmon/hwmon0", name="coretemp", temp1_input="48000", temp1_label="Core 0")
    (found,) = temperatures(tmp_path)
    assert (found.name, found.celsius, found.limit_c) == ("coretemp Core 0", 48.0, None)


def test_a_machine_without_sensors_tells_nothing(tmp_path: Path) -> None:
    """That is no fault, and no temperature either."""
    reading = Machine(tmp_path, tmp_path, tmp_path).read()
    assert (reading.temperatures, reading.hottest, reading.slowed_s, reading.clock_jump_s) == ((), None, 0.0, 0.0)
    assert reading.disk is not None


def test_time_held_back_counts_for_a_minute(tmp_path: Path) -> None:
    """Held back by heat, in milliseconds, or by a limit, in microseconds; after a minute it is over."""
    throttle = tmp_path / "devices/system/cpu/cpu0/thermal_throttle"
    _write(throttle, core_throttle_total_time_ms="1000")
    _write(tmp_path / "fs/cgroup", **{"cpu.stat": "usage_usec 5\nthrottled_usec 2000000"})
    assert slowed_s(tmp_path) == 3.0
    machine = Machine(tmp_path, tmp_path)
    assert machine.held_back_s(0) == 0.0
    _write(throttle, core_throttle_total_time_ms="8000")
    assert machine.held_back_s(10 * S) == 7.0
    assert machine.held_back_s(90 * S) == 0.0


def test_a_clock_that_was_set_is_told_for_ten_minutes(tmp_path: Path) -> None:
    """By how much, and in which direction; the slow pull of a time server is none of it."""
    machine = Machine(tmp_path)
    assert machine.jumped_s(0, 1000 * S) == 0.0
    assert machine.jumped_s(2 * S, 1002 * S + 100_000_000) == 0.0
    assert round(machine.jumped_s(4 * S, 4604 * S)) == 3600
    assert round(machine.jumped_s(6 * S, 4606 * S)) == 3600
    assert machine.jumped_s(700 * S, 5300 * S) == 0.0


def test_a_folder_takes_what_its_files_take(tmp_path: Path) -> None:
    """In all folders below it; a link that leads out of it counts for nothing."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/video").write_bytes(b"x" * 40_000)
    (tmp_path / "out").symlink_to("/usr")
    assert 40_000 <= size_of(tmp_path) < 100_000
