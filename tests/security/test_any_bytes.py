"""Whatever a stranger hands over is taken or refused in words."""

import pytest
from bench.fuzz import TARGETS, attempt
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=50, derandomize=True, database=None)
@given(data=st.data())
def test_anything_is_taken_or_refused_in_words(name: str, data: st.DataObject) -> None:
    """No settings, preset, list of devices, message or answer, however damaged, raises anything but its own refusal."""
    attempt(name, data.draw(TARGETS[name].inputs))
