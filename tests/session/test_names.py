"""What participants, sessions and kept pictures may be called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.session.names import ITEM, SESSION, check_participant, item_name, session_name

NOON_NS = 1_795_430_400 * 10**9


@pytest.mark.parametrize("participant", ["", "P1", "07", "site-2_P013", "A" * 15 + "1"])
def test_codes_are_taken(participant: str) -> None:
    """Nothing, or letters, digits, - and _ with a digit in it."""
    check_participant(participant)
    assert SESSION.fullmatch(session_name(NOON_NS, participant))


@pytest.mark.parametrize("participant", ["Jane", "Jane Doe", "P 1", "../P1", "P1/..", "Müller1", "A" * 16 + "1", "1\n"])
def test_what_may_be_a_name_is_refused(participant: str) -> None:
    """A name, or what would leave the folder, is one sentence."""
    with pytest.raises(SessionError, match="expected a code of at most 16 letters"):
        check_participant(participant)


@given(st.text(max_size=120))
def test_whatever_it_is_called_it_is_a_file_in_its_folder(text: str) -> None:
    """A plane's label becomes a name without a way out, and never an empty one."""
    assert ITEM.fullmatch(item_name(text))
    assert not re.search(r"[^A-Za-z0-9_-]", item_name(text))
