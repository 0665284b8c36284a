"""Smoothing and hysteresis of a verdict."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.router.part import Part
from bedside.router.steady import Steady

HEAD = {"label": "head", "level": "good", "score": 0.9}
FEMUR = {"label": "femur", "level": "near", "score": 0.6}
START_S = 1_790_000_000.0
verdicts = st.none() | st.builds(
    lambda label, level, score: {"label": label, "level": level} | ({} if score is None else {"score": score}),
    st.sampled_from("abc"),
    st.sampled_from(("good", "near", "poor", "none")),
    st.none() | st.floats(0, 1),
)
said = st.lists(st.tuples(st.floats(0.01, 0.9), verdicts), min_size=1, max_size=80)


def shown(steady: Steady, frames: Mapping[float, Any]) -> list[tuple[float, dict[str, Any]]]:
    """What is shown at each moment."""
    return [(time_s, steady(START_S + time_s, verdict)) for time_s, verdict in frames.items()]


def at(*spans: tuple[float, float, Any], step_s: float = 0.05) -> dict[float, Any]:
    """One verdict a step from a moment to another."""
    return {
        round(from_s + step_s * index, 3): verdict
        for from_s, to_s, verdict in spans
        for index in range(round((to_s - from_s) / step_s))
    }


def test_a_verdict_is_shown_once_it_has_lasted() -> None:
    """Nothing is certain until one verdict has been there for hold_s; then it is shown with its score and text."""
    frames = shown(Steady(hold_s=0.5), at((0, 1, HEAD | {"text": "clear"})))
    assert all(verdict == {"label": "Not certain", "level": "none"} for time_s, verdict in frames if time_s < 0.45)
    assert all(verdict["label"] == "head" for time_s, verdict in frames if time_s > 0.55)
    assert frames[-1][1] == {"label": "head", "level": "good", "score": pytest.approx(0.9), "text": "clear"}


def test_an_outlier_changes_nothing() -> None:
    """Two frames that say something else do not change what is shown, nor its score."""
    frames = shown(Steady(), at((0, 2, HEAD), (2, 2.1, FEMUR), (2.1, 3, HEAD)))
    assert {verdict["label"] for time_s, verdict in frames if time_s > 0.6} == {"head"}
    assert frames[-1][1]["score"] == pytest.approx(0.9)


def test_another_verdict_takes_over_when_it_stays_ahead() -> None:
    """It takes the majority by the margin, and then hold_s."""
    frames = shown(Steady(window_s=1.0, hold_s=0.5, margin=0.2), at((0, 2, HEAD), (2, 4, FEMUR)))
    labels = {time_s: verdict["label"] for time_s, verdict in frames}
    assert labels[3.0] == "head", "0.6 s of 1 s say femur at 2.6 s, and that has not lasted for 0.5 s"
    assert labels[3.2] == "femur"


def test_another_level_of_the_same_label_is_another_verdict() -> None:
    """A person sees a level change: it has to last, too."""
    frames = shown(Steady(), at((0, 2, HEAD), (2, 4, HEAD | {"level": "poor"})))
    assert dict(frames)[2.2]["level"] == "good"
    assert frames[-1][1]["level"] == "poor"


@pytest.mark.parametrize("gone", [None, HEAD | {"score": 0.1}, Part("plane", missing="late")])
def test_nothing_is_shown_when_the_evidence_is_gone(gone: Any) -> None:
    """No verdict, one that is hardly sure, and a missing part are votes for nothing."""
    frames = shown(Steady(least_score=0.3, nothing="Search on"), at((0, 2, HEAD), (2, 4, gone)))
    assert frames[-1][1] == {"label": "Search on", "level": "none"}


def test_what_nobody_says_any_more_is_not_shown_for_ever() -> None:
    """When the others cannot agree, the shown one still ends with its last vote."""
    quarrel = {round(2 + index * 0.05, 3): HEAD | {"label": "abc"[index % 3]} for index in range(60)}
    frames = shown(Steady(margin=0.5), at((0, 2, HEAD)) | quarrel)
    assert dict(frames)[2.5]["label"] == "head"
    assert frames[-1][1]["label"] == "Not certain"


def test_a_part_is_taken_for_its_verdict() -> None:
    """What engines.ask gives can be passed as it is."""
    steady = Steady(hold_s=0)
    assert steady(START_S, Part("plane", {"verdict": HEAD}))["label"] == "head"
    assert Steady(hold_s=0)(START_S, Part("plane", {"text": "no verdict"}))["level"] == "none"


@pytest.mark.parametrize("pause_s", [3.1, -0.1])
def test_a_pause_and_a_clock_that_goes_back_begin_anew(pause_s: float) -> None:
    """What was seen before says nothing about now."""
    steady = Steady(gap_s=3.0)
    shown(steady, at((0, 2, HEAD)))
    assert steady(START_S + 1.95 + pause_s, HEAD)["label"] == "Not certain"


@pytest.mark.parametrize(
    "wrong", [{"window_s": 0}, {"hold_s": -1}, {"hold_s": 5, "gap_s": 3}, {"margin": 2}, {"least_score": -0.1}]
)
def test_numbers_that_make_no_sense_are_said(wrong: dict[str, Any]) -> None:
    """All of them stand in the sentence, with what was expected."""
    with pytest.raises(ValueError, match=r"expected window_s above 0, 0 <= hold_s <= gap_s"):
        Steady(**wrong)


@given(frames=said, hold_s=st.floats(0, 1), margin=st.floats(0, 1), window_s=st.floats(0.1, 2))
def test_two_changes_are_hold_s_apart(
    frames: list[tuple[float, Any]], hold_s: float, margin: float, window_s: float
) -> None:
    """Whatever comes, also in turns: label and level never change twice within hold_s."""
    steady = Steady(hold_s=hold_s, margin=margin, window_s=window_s, gap_s=1.0)
    time_s, changes, before = START_S, [START_S], ("Not certain", "none")
    for pause_s, verdict in frames:
        time_s += pause_s
        now = steady(time_s, verdict)
        if (now["label"], now["level"]) != before:
            changes.append(time_s)
            before = now["label"], now["level"]
    assert all(later - earlier >= hold_s - 1e-6 for earlier, later in pairwise(changes[1:]))


@given(frames=said)
def test_scores_stay_between_those_that_came(frames: list[tuple[float, Any]]) -> None:
    """Every score is 0 to 1; what is shown was said by a frame of the window, or is nothing."""
    steady, time_s, came = Steady(hold_s=0.1), START_S, [("Not certain", "none")]
    for pause_s, verdict in frames:
        time_s += pause_s
        if verdict:
            came.append((verdict["label"], verdict["level"]))
        now = steady(time_s, verdict)
        assert 0 <= now.get("score", 0) <= 1
        assert (now["label"], now["level"]) in came


@given(
    score=st.floats(0, 1),
    hold_s=st.floats(0, 2),
    step_s=st.floats(0.02, 1.5),
    window_s=st.floats(0.05, 3),
    margin=st.floats(0, 1),
)
def test_constant_input_passes_after_hold_s(
    score: float, hold_s: float, step_s: float, window_s: float, margin: float
) -> None:
    """Also of a slow engine, with any window, margin and score: shown at the first frame hold_s after the first."""
    steady, time_s = Steady(hold_s=hold_s, window_s=window_s, margin=margin), START_S
    while time_s < START_S + hold_s + 1e-6:
        steady(time_s, HEAD | {"score": score})
        time_s += step_s
    assert steady(time_s, HEAD | {"score": score}) == HEAD | {"score": pytest.approx(score)}


@given(frames=said)
def test_the_same_frames_give_the_same_verdicts(frames: list[tuple[float, Any]]) -> None:
    """It asks no clock but the frames'."""

    def run() -> list[dict[str, Any]]:
        steady, time_s, seen = Steady(), START_S, []
        for pause_s, verdict in frames:
            time_s += pause_s
            seen.append(steady(time_s, verdict))
        return seen

    assert run() == run()
