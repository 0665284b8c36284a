"""What was said of a session afterwards."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.review.notes import Notes, check

RESULT = {"seq": 7, "captured_ns": 5_000, "engine": "planes"}
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_the_last_note_about_a_thing_counts() -> None:
    """Ticks, rejections, edits and comments are changed and taken back by later ones, each for itself."""
    notes = Notes(
        [
            {"note": "tick", "item": "snapshots/4_a", "ticked": True},
            {"note": "tick", "item": "best/head", "ticked": True},
            {"note": "tick", "item": "snapshots/4_a", "ticked": False},
            {"note": "edit", **RESULT, "field": "verdict", "value": {"label": "femur", "level": "good"}},
            {"note": "edit", **RESULT, "field": "verdict", "value": "abdomen", "wall_ns": 9},
            {"note": "edit", **RESULT, "field": "concept", "name": "thalami", "value": "not visible"},
            {"note": "edit", **RESULT, "field": "concept", "name": "cavum", "value": True},
            {"note": "edit", **RESULT, "field": "concept", "name": "cavum", "value": None},
            {"note": "reject", **RESULT, "rejected": True},
            {"note": "reject", **RESULT, "engine": "other", "rejected": True},
            {"note": "reject", **RESULT, "engine": "other", "rejected": False},
            {"note": "comment", "item": "best/head", "text": "first"},
            {"note": "comment", "item": "best/head", "text": "take this"},
            {"note": "comment", "seq": 7, "captured_ns": 5_000, "text": "blurred"},
            {"note": "comment", "text": "of all"},
            {"note": "comment", "text": ""},
        ]
    )
    assert notes.ticked == {"best/head"}
    edits = notes.edits(7, 5_000, "planes")
    assert [(edit["field"], edit.get("name"), edit["value"]) for edit in edits] == [
        ("verdict", None, "abdomen"),
        ("concept", "thalami", "not visible"),
    ]
    assert edits[0]["wall_ns"] == 9
    assert notes.edits(7, 5_000, "planes", "again") == notes.edits(8, 5_000, "planes") == []
    assert notes.is_rejected(7, 5_000, "planes") and not notes.is_rejected(7, 5_000, "other")
    assert [note["text"] for note in notes.comments] == ["take this", "blurred"]
    assert (notes.comment_on("best/head"), notes.comment_on("best/femur")) == ("take this", "")


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ([], r"a note is \[\]; expected an object"),
        ({"note": "like"}, "note is 'like'; expected tick, edit, reject, comment"),
        ({"note": ["tick"]}, "expected tick, edit"),
        (
            {"note": "tick", "item": "best/../x", "ticked": True},
            "item of a tick is 'best/../x'; expected snapshots/NAME",
        ),
        ({"note": "tick", "item": "best/a", "ticked": 1}, "ticked of a tick is 1; expected true or false"),
        ({"note": "tick", "item": "best/a"}, "a tick needs ticked; it has item, ticked"),
        ({"note": "tick", "item": "best/a", "ticked": True, "x": 1}, "a tick has no 'x'; it has item, ticked"),
        ({"note": "reject", **RESULT, "seq": True, "rejected": True}, "seq of a reject is True"),
        (
            {"note": "edit", **RESULT, "field": "mask", "value": 1},
            "field of an edit is 'mask'; expected verdict or concept",
        ),
        ({"note": "edit"}, "an edit needs seq; it has seq, "),
        ({"note": "edit", **RESULT, "field": "concept", "value": 1}, "an edit of a concept needs its name"),
        ({"note": "edit", **RESULT, "field": "verdict", "value": float("nan")}, "value of an edit is nan"),
        ({"note": "edit", **RESULT, "field": "verdict", "value": {"label": "a", "b": 1}}, "value of an edit is"),
        ({"note": "comment", "text": "x" * 2001}, "text of a comment is 'xxx.*expected at most 2000 characters"),
        ({"note": "comment", "text": "x", "seq": 4}, "seq and captured_ns name a frame together"),
    ],
)
def test_what_is_no_note_is_refused_in_a_sentence(note: object, sentence: str) -> None:
    """The sentence names the field, its value and what was expected; and such lines in a file count for nothing."""
    with pytest.raises(SessionError, match=sentence):
        check(note)
    assert not Notes([note]).ticked  # type: ignore[list-item]


@given(
    st.fixed_dictionaries(
        {"note": st.sampled_from(["tick", "edit", "reject", "comment"])},
        optional={
            name: ANYTHING | st.sampled_from(["best/a", 7, True, "verdict", "x"])
            for name in ("item", "ticked", "seq", "captured_ns", "engine", "field", "name", "value", "rejected", "text")
        },
    )
    | ANYTHING
)
def test_whatever_is_sent_is_a_note_or_a_sentence(note: Any) -> None:
    """What passes can be written as a line, and counts when it is read back."""
    try:
        checked = check(note)
    except SessionError as error:
        assert str(error)
        return
    again = json.loads(json.dumps(checked, allow_nan=False))
    assert check(again) == checked
    Notes([again])
