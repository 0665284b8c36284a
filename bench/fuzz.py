"""What strangers may hand to Bedside, as inputs without end: each target takes any of them or refuses it in words.

`tests/security/test_any_bytes.py` runs a few hundred of each, always the same; the suite `fuzz` runs for as long as it
is told and counts.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from bedside import wire
from bedside.access.devices import Devices
from bedside.access.role import Role
from bedside.engine.protocol import read_answer, read_response
from bedside.errors import BedsideError, SettingsError, WireError
from bedside.hub import said
from bedside.settings import TABLES, load
from bedside.source.presets import Presets
from bench.figure import Figure

EXAMPLE = b"""[source]
url = "synthetic:?size=640x480&fps=30"
crop = [0, 0, 320, 240]
[server]
port = 8080
view = "explain"
[session]
planes = ["head"]
[[engine]]
name = "pcbm"
path = "engines/pcbm"
size = [640, 480]
[view.mine]
title = "Mine"
picture = "answer"
"""
PRESET = b"""size = "1920x1080"
crop = [10, 10, 1000, 800]
mask = [[0, 0, 200, 40]]
"""
HELLO = json.dumps(wire.hello_header(wire.Hello(wire.VERSION, "bedside", "ring", 1, 1))).encode()
ANSWER = json.dumps(
    {"id": "1", "outputs": [{"name": "result", "datatype": "BYTES", "shape": [1], "data": ['{"text":"x"}']}]}
).encode()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with a few places overwritten, cut out, doubled or put in."""
    data = whole
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        data = data[:start] + draw(st.binary(max_size=8) | st.just(data[start:end] * 2)) + data[end:]
    return data


def toml_value() -> st.SearchStrategy[str]:
    """Any value as TOML writes it."""
    plain = st.booleans().map(lambda value: str(value).lower()) | st.integers().map(str)
    number = st.floats().map(repr)
    words = st.text(max_size=12).map(json.dumps) | st.sampled_from(['"explain"', '"synthetic:"', '"0.0.0.0"', '"on"'])
    return st.recursive(plain | number | words, lambda inner: st.lists(inner, max_size=4).map(_array), max_leaves=6)


def _array(values: list[str]) -> str:
    return f"[{', '.join(values)}]"


@st.composite
def any_settings(draw: st.DrawFn) -> bytes:
    """Known keys with any values."""
    lines = []
    for name in draw(st.lists(st.sampled_from(sorted(TABLES)), max_size=4, unique=True)):
        keys = [field.name for field in fields(TABLES[name])]
        lines.append(f"[{name}]")
        lines += [
            f"{key} = {draw(toml_value())}" for key in draw(st.lists(st.sampled_from(keys), max_size=4, unique=True))
        ]
    return "\n".join(lines).encode(errors="replace")


def settings_file(data: bytes) -> None:
    """bedside.toml: settings, or one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bedside.toml")
        path.write_bytes(data)
        load(path, {})


def preset_file(data: bytes) -> None:
    """A scanner's preset."""
    with tempfile.TemporaryDirectory() as folder:
        presets = Presets(Path(folder), "synthetic:")
        Path(folder, "fuzzed.toml").write_bytes(data)
        presets.names()
        presets.load("fuzzed")


def devices_file(data: bytes) -> None:
    """The paired devices."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "devices.json").write_bytes(data)
        Devices(Path(folder)).listed()


def wire_text(data: bytes) -> None:
    """A text message of the broadcaster's websocket."""
    header = wire.parse(data)
    for read in (wire.read_hello, wire.read_frame, wire.read_status):
        try:
            read(header)
        except WireError:
            continue


def wire_bytes(data: bytes) -> None:
    """A picture of the broadcaster's websocket."""
    header, payload = wire.unpack(data)
    wire.read_frame(header, payload)


def page_text(data: bytes) -> None:
    """A page's message."""
    said.read(data.decode(errors="replace"))


def engine_answer(data: bytes) -> None:
    """An engine's response."""
    read_answer(read_response(data, None))


def engine_binary(data: bytes) -> None:
    """An engine's response with binary tensors behind the JSON."""
    read_answer(read_response(data, str(len(data) // 2)))


@dataclass(frozen=True)
class Target:
    """What is tried: where inputs come from, who reads them, and what it may raise."""

    inputs: st.SearchStrategy[bytes]
    read: Callable[[bytes], None]
    refusal: type[BedsideError]


def _devices() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        devices = Devices(Path(folder))
        devices.pair(devices.invite(Role.VIEWER, "tablet"), "tablet")
        return Path(folder, "devices.json").read_bytes()


AS_JSON = JSON.map(lambda value: json.dumps(value).encode())
TARGETS = {
    "bedside.toml": Target(damaged(EXAMPLE) | any_settings() | st.binary(), settings_file, SettingsError),
    "presets": Target(damaged(PRESET) | st.binary(), preset_file, BedsideError),
    "devices.json": Target(damaged(_devices()) | AS_JSON, devices_file, BedsideError),
    "wire, text": Target(damaged(HELLO) | AS_JSON | st.binary(), wire_text, WireError),
    "wire, pictures": Target(damaged(wire.pack({"type": "frame"}, b"jpeg")) | st.binary(), wire_bytes, WireError),
    "a page's messages": Target(damaged(b'{"type":"want","live":960,"answer":0}') | AS_JSON, page_text, WireError),
    "an engine's answers": Target(damaged(ANSWER) | AS_JSON, engine_answer, BedsideError),
    "an engine's tensors": Target(damaged(ANSWER + b"\0" * 64) | st.binary(), engine_binary, BedsideError),
}


def attempt(name: str, data: bytes) -> None:
    """One input for one target; raises what is no refusal."""
    target = TARGETS[name]
    try:
        target.read(data)
    except target.refusal:
        return


def fuzz(seconds: float) -> list[Figure]:
    """Every target for so many seconds: inputs tried, crashes found."""
    found = {name: _fuzzed(name, seconds) for name in TARGETS}
    tried, crashes = (sum(row[key] for row in found.values()) for key in ("tried", "crashed"))
    value = f"{tried} tried, {crashes} crashes"
    return [Figure(f"inputs without end, for {len(TARGETS)} readers of what strangers send", value, "0 crashes", found)]


def _fuzzed(name: str, seconds: float) -> dict[str, Any]:
    tried, crashes = 0, set[str]()
    end_s = time.monotonic() + seconds
    quiet: dict[str, Any] = {"deadline": None, "max_examples": 2000, "suppress_health_check": list(HealthCheck)}

    @settings(**quiet, database=DirectoryBasedExampleDatabase(".hypothesis/fuzz"))
    @given(TARGETS[name].inputs)
    def run(data: bytes) -> None:
        nonlocal tried
        if time.monotonic() > end_s:
            return
        tried += 1
        try:
            attempt(name, data)
        except Exception as error:
            crashes.add(f"{type(error).__name__}: {error}: {data!r}"[:500])

    while time.monotonic() < end_s:
        run()
    return {"tried": tried, "crashed": len(crashes), "crashes": sorted(crashes)}
