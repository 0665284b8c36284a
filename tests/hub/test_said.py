"""What a page may say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.hub.said import Garbage, Hold, Painted, Ping, Want, read

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
FIELDS = st.dictionaries(
    st.sampled_from(["live", "answer", "stream", "seq", "age_ms", "id"]), SCALARS | st.lists(SCALARS, max_size=3)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type":"want","live":960,"answer":0}', Want(960, 0)),
        ('{"type":"painted","stream":"answer","seq":7,"age_ms":40.5}', Painted("answer", 7, 40.5)),
        ('{"type":"painted","stream":"live","seq":7,"age_ms":null}', Painted("live", 7, None)),
        ('{"type":"hold","seq":7}', Hold(7)),
        ('{"type":"hold","seq":null}', Hold(None)),
        ('{"type":"ping","id":3}', Ping(3)),
    ],
)
def test_messages_are_read(text: str, said: object) -> None:
    """Each message that a page may send becomes its value."""
    assert read(text) == said


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_garbage(text: str) -> None:
    """No text raises anything but Garbage, and that in one line of bounded length."""
    _read_or_refuse(text)


@given(st.sampled_from(["want", "painted", "hold", "ping", "other"]), FIELDS)
def test_any_fields_are_a_message_or_garbage(kind: str, fields: dict[str, Any]) -> None:
    """Whatever the fields are, what is read has numbers within bounds, and all else is Garbage."""
    said = _read_or_refuse(json.dumps({"type": kind, **fields}))
    if isinstance(said, Want):
        assert 0 <= said.live <= 7680 and 0 <= said.answer <= 7680
    if isinstance(said, Painted):
        assert said.stream in ("live", "answer") and (said.age_ms is None or 0 <= said.age_ms <= 1e7)


def _read_or_refuse(text: str) -> object:
    try:
        return read(text)
    except Garbage as error:
        assert len(str(error)) < 400
        return None
