"""The numbers of a comparison, against what is known of them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recording import mask_of
from tests.replay.results import write
from tests.replay.runs import ALL, session

from bedside.errors import SessionError
from bedside.replay.agreement import agreement, dice, kappa, pairs_of
from bedside.replay.cases import cases
from bedside.replay.said import ERROR, side
from bedside.session.recorded import Recorded

FIRST = ALL[::3]
"""The frames that the scan's engine answered."""


def _said(folder: Path, seq: int) -> dict[str, Any]:
    """What the scan's engine said about a frame, with its mask."""
    lines = Recorded(folder).results.lines
    answer = next((dict(line["answer"]) for line in lines if line["seq"] == seq), None)
    return {"verdict": {"label": "head"}} if answer is None else answer | {"mask": mask_of(seq)}


def test_the_same_answers_agree_in_all(tmp_path: Path) -> None:
    """A replay that says what the scan said differs nowhere, on exactly the frames that both have answered."""
    folder = session(tmp_path)
    write(folder, "same", lambda seq: _said(folder, seq))
    recorded = Recorded(folder)
    a, b = side(recorded, ""), side(recorded, "same")
    pairs = pairs_of(a, b)
    found = agreement(a, b, pairs)
    assert [pair.key[1] for pair in pairs] == FIRST
    assert (found.answers_a, found.answers_b, found.pairs, found.differing) == (len(FIRST), len(ALL), len(FIRST), 0)
    assert (found.same_label, found.same_level, found.kappa, found.score_distance) == (1, 1, 1, 0)
    assert found.dice == {"disc": 1.0}
    assert found.concepts == {"thalami": 0.0}
    assert found.model_ms_b == 10
    assert cases(pairs) == []


def test_each_difference_is_counted_as_what_it_is(tmp_path: Path) -> None:
    """Another label, level, score or concept, an error; a mask of another size, and of other numbers."""
    folder = session(tmp_path)

    def other(seq: int) -> dict[str, Any]:
        said = _said(folder, seq)
        if seq == FIRST[3]:
            return {"error": "it raised"}
        if seq in FIRST[10:15]:
            said["verdict"] = {**said["verdict"], "label": "elsewhere"}
        elif seq in FIRST:
            said["verdict"] = {**said["verdict"], "score": said["verdict"]["score"] / 2}
        if seq == FIRST[20]:
            said["concepts"] = []
        if "mask" in said:
            mask = cv2.resize(said["mask"], (192, 144), interpolation=cv2.INTER_NEAREST)
            said |= {"mask": mask * 2, "labels": ["background", "unused", "disc"]}
        return said

    write(folder, "other", other)
    recorded = Recorded(folder)
    a, b = side(recorded, ""), side(recorded, "other")
    pairs = pairs_of(a, b)
    found = agreement(a, b, pairs)
    answered = len(FIRST) - 1
    assert (found.errors_a, found.errors_b, found.differing) == (0, 1, 7)
    assert found.same_label == pytest.approx((answered - 5) / answered)
    assert found.same_level == 1
    assert found.score_difference is not None and found.score_difference < 0
    assert found.score_distance == -found.score_difference
    assert found.concepts == {"thalami": pytest.approx(1 / answered)}
    assert found.dice == {"disc": 1.0}
    assert sum(counts.get("elsewhere", 0) for counts in found.confusion.values()) == 5
    assert sum(sum(counts.values()) for counts in found.confusion.values()) == len(FIRST)
    assert found.confusion["head"][ERROR] == 1
    groups = cases(pairs)
    assert sorted(case.frames for case in groups) == [1, 1, 2, 3]  # of the five, A's own label changes in between
    assert sum(case.frames for case in groups) == 7


def test_frames_far_apart_are_two_cases(tmp_path: Path) -> None:
    """Differences that follow each other are one case, however many; over a second apart they are two."""
    folder = session(tmp_path)
    write(folder, "a", lambda seq: {"verdict": {"label": "x"}}, engine="one")
    write(folder, "b", lambda seq: {"verdict": {"label": "x" if 40 <= seq < 90 else "y"}}, engine="two")
    recorded = Recorded(folder)
    found = cases(pairs_of(side(recorded, "a"), side(recorded, "b")))
    assert sorted(case.frames for case in found) == [36, 36]
    assert found[0].worst.weight == pytest.approx(1)


def test_two_areas_of_one_name_are_one(tmp_path: Path) -> None:
    """Of values of a mask that share a label, all count for its overlap."""
    folder = session(tmp_path)
    mask = np.repeat(np.array([[0, 1, 2]], np.uint8), 3, axis=0)
    write(folder, "twice", lambda seq: {"labels": ["background", "rib", "rib"], "mask": mask})
    twice = side(Recorded(folder), "twice")
    masks = twice.masks(next(iter(twice.said)))
    assert {label: int(one.sum()) for label, one in masks.items()} == {"rib": 6}


def test_a_side_is_a_replay_or_an_engine_of_the_scan(tmp_path: Path) -> None:
    """A name means a replay first, engine:NAME always the scan's; what is not there, or not clear, is one sentence."""
    folder = session(tmp_path)
    write(folder, "planes", lambda seq: {"verdict": "x"}, codecs=["h264"], is_exact=False)
    write(folder, "cut.part", lambda seq: {"verdict": "x"}, engine="cut")
    recorded = Recorded(folder)
    assert len(side(recorded, "planes").said) == len(ALL)
    assert "went through h264" in side(recorded, "planes").warning
    assert len(side(recorded, "engine:planes").said) == len(side(recorded, "").said) == len(FIRST)
    assert "was broken off" in side(recorded, "cut.part").warning
    with pytest.raises(SessionError, match=r"no results called 'v2'; engines of the scan planes; replays planes"):
        side(recorded, "v2")
    with pytest.raises(SessionError, match="no results called"):
        side(recorded, "../planes")
    (folder / "results.jsonl").unlink()
    with pytest.raises(SessionError, match="has no results of its own: name two replays"):
        side(Recorded(folder), "")


def test_kappa_is_cohens() -> None:
    """20 and 15 agreements of 50, as 25 against 25 and 30 against 20: observed 0.7, by chance 0.5, so 0.4."""
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("yes", "yes")] * 9) is None
    assert kappa([]) is None


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_dice_is_its_formula(only_a: int, both: int, only_b: int) -> None:
    """Twice the common pixels over the sum; the same either way; nothing in common is 0, all in common 1."""
    a, b = np.zeros(120, bool), np.zeros(120, bool)
    a[: only_a + both] = True
    b[only_a : only_a + both + only_b] = True
    one, other = {"x": a.reshape(10, 12)}, {"x": b.reshape(10, 12)}
    total = only_a + 2 * both + only_b
    assert dice(one, other)["x"] == pytest.approx(2 * both / total if total else 1.0)
    assert dice(one, other) == dice(other, one)
    assert dice(one, {}) == {"x": 0.0}
    assert dice(one, one) == {"x": 1.0}
