"""What a person corrects reaches `predict`, and nothing else does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside_engine.corrections import BadCorrections, corrections_of
from bedside_engine.signature import BadSignature, Signature

FRAME = np.full((4, 6, 3), 100, np.uint8)
"""Bright enough for the midline of tests/villains/bottleneck.py, too dark for its skull."""
WHERE = {"name": "frame", "datatype": "UINT8", "shape": [4, 6, 3], "parameters": {"binary_data_size": FRAME.nbytes}}

CALLS: list[tuple[Callable[..., Any], bool, bool]] = [
    (lambda frame, info=None, corrections=None: 0, True, True),
    (lambda frame, info, corrections: 0, True, True),
    (lambda frame, corrections=None: 0, False, True),
    (lambda frame, *, corrections: 0, False, True),
    (lambda frame, corrections, info: 0, True, True),
    (lambda frame, corrections=None, info=None: 0, True, True),
    (lambda frame, info: 0, True, False),
    (lambda frame, *args, **kwargs: 0, False, False),
    (lambda corrections: 0, False, False),
]


def ask(runner: Any, corrections: Any = None) -> tuple[int, Any]:
    """Status, and the result or the error."""
    parameters = {} if corrections is None else {"corrections": corrections}
    status, document, _ = runner.send(WHERE, FRAME.tobytes(), parameters)
    return status, document


@pytest.mark.parametrize(("predict", "takes_info", "takes_corrections"), CALLS)
def test_a_parameter_of_that_name_takes_them(
    predict: Callable[..., Any], takes_info: bool, takes_corrections: bool
) -> None:
    """`corrections`, third or by its name alone; the pixels and the info are found as without it."""
    signature = Signature(predict)
    assert (signature.takes_info, signature.takes_corrections) == (takes_info, takes_corrections)


@pytest.mark.parametrize(
    "predict",
    [
        lambda frame, info, corrections=None: (frame, info, corrections),
        lambda frame, corrections=None, info=None: (frame, info, corrections),
        lambda frame, corrections, info: (frame, info, corrections),
        lambda frame, info, *, corrections: (frame, info, corrections),
    ],
)
def test_each_parameter_gets_its_own(predict: Callable[..., Any]) -> None:
    """Wherever `corrections` stands, it gets the corrections, and the info does not go astray."""
    assert Signature(predict).with_corrections(predict, {"concepts": {}})("frame", "info") == (
        "frame",
        "info",
        {"concepts": {}},
    )


def test_what_else_must_be_given_is_said_with_all_parameters() -> None:
    """The sentence shows `corrections` among what was found."""
    with pytest.raises(BadSignature, match=r"predict takes \(frame, info, more, corrections=None\)"):
        Signature(lambda frame, info, more, corrections=None: 0)


def test_the_verdict_follows_what_is_corrected(start: Any) -> None:
    """A concept that is there after all makes the plane standard; a structure that is not takes its outline with it."""
    runner = start("bottleneck").ready()
    assert ask(runner)[1]["verdict"] == {"label": "Head", "level": "near"}
    assert ask(runner, json.dumps({"concepts": {"skull": True}}))[1]["verdict"] == {"label": "Head", "level": "good"}
    assert ask(runner, json.dumps({"concepts": {"skull": 0.9}}))[1]["verdict"]["level"] == "good"
    assert ask(runner, {"concepts": {"midline": False}})[1]["verdict"] == {"label": "No plane", "level": "none"}
    _, _, before = runner.send(WHERE, FRAME.tobytes())
    _, _, after = runner.send(WHERE, FRAME.tobytes(), {"corrections": '{"labels": {"skull": false}}'})
    assert (before["mask"].max(), after["mask"].max()) == (1, 0)
    assert ask(runner)[1]["verdict"]["level"] == "near", "the next question is none of a corrected answer"


def test_only_an_engine_that_takes_them_announces_it_and_is_asked(start: Any, gallery: Any) -> None:
    """The extension stands in the metadata; the other refuses in one sentence, and takes an empty correction."""
    assert "bedside_corrections" in start("bottleneck").ready().get("/v2")[1]["extensions"]
    assert "bedside_corrections" not in gallery.get("/v2")[1]["extensions"]
    status, document = ask(gallery, '{"concepts": {"skull": true}}')
    assert (status, document["error"][:36]) == (400, "this engine takes no corrections; gi")
    assert ask(gallery, "{}")[0] == 200


@pytest.mark.parametrize("signature", ["frame, corrections", "frame, info, corrections=None", "frame, *, corrections"])
def test_without_any_it_is_told_none(start: Any, tmp_path: Path, signature: str) -> None:
    """No correction is None; with one, both parts are there."""
    (tmp_path / "engine.py").write_text(f"def predict({signature}):\n    return {{'text': repr(corrections)}}\n")
    runner = start(tmp_path).ready()
    assert ask(runner)[1] == {"text": "None"}
    assert ask(runner, '{"concepts": {}}')[1] == {"text": "None"}
    assert ask(runner, '{"labels": {"skull": false}}')[1] == {"text": "{'concepts': {}, 'labels': {'skull': False}}"}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("{", "corrections are not JSON"),
        ("[1]", "corrections are list; expected one JSON object"),
        ({"concept": {}}, "corrections have 'concept'; expected concepts and labels"),
        ({"concepts": ["skull"]}, "concepts are ['skull']; expected an object with a name for each"),
        ({"concepts": {"skull": "yes"}}, "concept 'skull' is 'yes'; expected true, false or a number"),
        ({"concepts": {"skull": None}}, "concept 'skull' is None; expected true, false or a number"),
        ('{"concepts": {"skull": NaN}}', "concept 'skull' is nan; expected true, false or a number"),
        ({"labels": {"skull": True}}, "label 'skull' is True; expected false: it is not there"),
        ({"labels": {"skull": 0}}, "label 'skull' is 0; expected false: it is not there"),
        ({"labels": {" ": False}}, "labels have a name that is empty or too long"),
        ({"concepts": {str(n): True for n in range(201)}}, "or too many; at most 200"),
    ],
)
def test_what_is_no_correction_is_refused_in_one_sentence(sent: Any, sentence: str) -> None:
    """Which part is wrong, and what was expected."""
    with pytest.raises(BadCorrections) as raised:
        corrections_of(sent)
    assert sentence in str(raised.value)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["concepts", "labels", "other"]), anything) | anything)
def test_anything_is_a_correction_or_refused(sent: Any) -> None:
    """Whatever comes, a model gets finite numbers and booleans by name, or nothing at all."""
    try:
        told = corrections_of(json.dumps(sent))
    except BadCorrections as error:
        assert str(error)
        return
    if told is not None:
        assert set(told) == {"concepts", "labels"}
        assert all(isinstance(one, bool) or np.isfinite(float(one)) for one in told["concepts"].values())
        assert all(one is False for one in told["labels"].values())


def test_a_wrong_correction_is_status_400(start: Any) -> None:
    """Over HTTP, too; the engine goes on."""
    runner = start("bottleneck").ready()
    assert ask(runner, '{"labels": {"skull": 1}}') == (
        400,
        {"error": "label 'skull' is 1; expected false: it is not there"},
    )
    assert ask(runner)[0] == 200
