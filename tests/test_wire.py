"""Messages to bytes and back; whatever else arrives is a WireError and nothing worse."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bedside import wire
from bedside.errors import WireError
from bedside.messages import Frame, Signal, Status

COUNTS = st.integers(0, wire.MAX_INTEGER)
SIZES = st.integers(1, 20000)
FRAMES = st.builds(
    Frame, seq=COUNTS, captured_ns=COUNTS, wall_ns=COUNTS, width=SIZES, height=SIZES, signal=st.sampled_from(Signal),
    published_ns=COUNTS,
)  # fmt: skip
STATUSES = st.builds(
    Status, signal=st.sampled_from(Signal), message=st.text(), source=st.text(), device=st.text(),
    color_range=st.text(), fps=st.floats(0, 1e6), width=COUNTS, height=COUNTS, captured=COUNTS, drops=COUNTS,
    skips=COUNTS, reopens=COUNTS,
)  # fmt: skip
HELLOS = st.builds(
    wire.Hello, version=st.just(wire.VERSION), server=st.text(), ring=st.text(), ring_id=COUNTS, monotonic_ns=COUNTS
)
FIELDS = [*wire.frame_header(Frame(1, 1, 1, 1, 1, Signal.LIVE)), *wire.status_header(Status(Signal.LIVE))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(FRAMES, COUNTS, COUNTS)
def test_a_frame_round_trips(frame: Frame, lost: int, thinned: int) -> None:
    """The announced frame and its counts are those that were sent."""
    header = wire.parse(json.dumps(wire.frame_header(frame, wire.Tally(lost, thinned))))
    assert wire.read_frame(header) == frame
    assert wire.read_tally(header) == wire.Tally(lost, thinned)


@given(FRAMES, st.binary())
def test_a_frame_with_its_picture_round_trips(frame: Frame, picture: bytes) -> None:
    """Header and picture come out of a binary message as they went in."""
    header, payload = wire.unpack(wire.pack(wire.frame_header(frame), picture))
    assert wire.read_frame(header, payload) == replace(frame, jpeg=picture)


@given(STATUSES, COUNTS)
def test_a_status_round_trips(status: Status, sent_ns: int) -> None:
    """The status is the one that was sent, and so is the sender's clock."""
    header = wire.parse(json.dumps(wire.status_header(status, sent_ns)))
    assert wire.read_status(header) == status
    assert wire.read_sent_ns(header) == sent_ns


@given(HELLOS)
def test_a_hello_round_trips(hello: wire.Hello) -> None:
    """The hello is the one that was sent."""
    assert wire.read_hello(wire.parse(json.dumps(wire.hello_header(hello)))) == hello


@given(FRAMES)
def test_a_field_of_a_later_version_is_left_alone(frame: Frame) -> None:
    """A reader ignores what it does not know, so that fields can be added without a new version."""
    assert wire.read_frame({**wire.frame_header(frame), "colour": "blue"}) == frame


@given(st.binary())
@example(b"\x00\x00\x00\x02{}")
@example(b"\xff\xff\xff\xff{}")
@example(b"\x00\x00\x00\x01\xff")
def test_any_bytes_are_a_message_or_a_wire_error(data: bytes) -> None:
    """Garbage in a binary message never raises anything but WireError."""
    with suppress(WireError):
        wire.unpack(data)


@given(st.text() | st.binary() | JSON.map(json.dumps))
@example("[" * 100_000)
@example('{"type": "status", "fps": NaN}')
@example("9" * 10_000)
def test_any_text_is_a_message_or_a_wire_error(text: str | bytes) -> None:
    """Garbage in a text message never raises anything but WireError."""
    try:
        header = wire.parse(text)
    except WireError:
        return
    read_everything(header)


@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        JSON | COUNTS | st.sampled_from(list(Signal)),
    )
)  # fmt: skip
def test_any_object_is_read_or_a_wire_error(header: dict[str, object]) -> None:
    """The right fields with wrong values, and fields that are missing, never raise anything but WireError."""
    read_everything({"type": "frame", **header})


def read_everything(header: dict[str, object]) -> None:
    """Read a header as every kind of message."""
    for read in (wire.read_frame, wire.read_status, wire.read_hello, wire.read_tally, wire.read_sent_ns):
        try:
            read(header)
        except WireError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seq": -1}, "field 'seq' of a frame is -1; expected a whole number"),
        ({"seq": True}, "field 'seq'"),
        ({"seq": 2**64}, "field 'seq'"),
        ({"width": 0}, "expected at least 1 x 1"),
        ({"signal": "asleep"}, "signal 'asleep' is unknown; expected one of live, frozen"),
        ({"signal": ["live"]}, "is unknown"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], sentence: str) -> None:
    """The sentence says which field, which value and what was expected."""
    header = wire.frame_header(Frame(1, 1, 1, 4, 3, Signal.LIVE))
    with pytest.raises(WireError, match=sentence):
        wire.read_frame({**header, **change})


def test_a_missing_field_is_named() -> None:
    """A frame without its number is refused."""
    header = wire.frame_header(Frame(1, 1, 1, 4, 3, Signal.LIVE))
    del header["seq"]
    with pytest.raises(WireError, match=r"lacks a field.*seq"):
        wire.read_frame(header)


def test_another_version_is_refused_by_both_numbers() -> None:
    """The sentence names both versions and says what to do, even when the other hello has other fields."""
    with pytest.raises(WireError, match=r"bedside 9\.0.* version 2 .* version 1; install the same Bedside"):
        wire.read_hello({"type": "hello", "version": 2, "server": "bedside 9.0"})
