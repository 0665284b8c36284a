"""Questionnaires: read, checked and scored."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.session.questionnaire import load, load_all

HERE = Path()


def written(folder: Path, text: str) -> Path:
    """A questionnaire of one's own."""
    path = folder / "mine.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("answers", "score"),
    [([5, 1] * 5, 100.0), ([1, 5] * 5, 0.0), ([3] * 10, 50.0), ([4, 2, 4, 1, 5, 2, 4, 2, 3, 3], 75.0)],
)
def test_sus_is_scored_as_its_source_says(answers: list[int], score: float) -> None:
    """Odd items count answer - 1, even ones 5 - answer; the sum times 2.5 lies from 0 to 100."""
    sus = load("sus", HERE)
    given_answers = {item.name: answer for item, answer in zip(sus.items, answers, strict=True)}
    assert sus.scores(sus.checked(given_answers)) == {"sus": score}


def test_task_load_is_the_mean_of_its_six_scales() -> None:
    """The raw index weighs all scales alike; performance counts from perfect to failure, as it is asked."""
    tlx = load("nasa-tlx", HERE)
    answers = dict(zip((item.name for item in tlx.items), (80, 10, 45, 25, 60, 20), strict=True))
    assert tlx.scores(tlx.checked(answers)) == {"nasa-tlx": 40.0}


def test_a_reversed_item_counts_from_the_other_end() -> None:
    """Full agreement with all sentences of the example is no full score: one of them speaks against."""
    likert = load("likert", HERE)
    assert likert.scores(likert.checked({item.name: 5 for item in likert.items})) == {"mean": 4.0}


def test_one_of_ones_own_is_a_file(tmp_path: Path) -> None:
    """Its name is the file's; what stands once holds for all items, an item may differ."""
    path = written(
        tmp_path,
        'title = "T"\nleast = 0\nmost = 10\n[[item]]\ntext = "One"\n[[item]]\nname = "two"\ntext = "Two"\nmost = 4\n',
    )
    asked = load_all(("sus", "mine.toml"), tmp_path)["mine"]
    assert asked == load(str(path), HERE)
    assert [(item.name, item.least, item.most) for item in asked.items] == [("q1", 0, 10), ("two", 0, 4)]
    assert asked.scores(asked.checked({"q1": 10, "two": 3})) == {"mean": 6.5}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"q2": 1}, "item q1 has no answer; expected a number from 1 to 5 in steps of 1"),
        ({"q1": 6, "q2": 1}, "the answer to item q1 is '6'; expected a number from 1 to 5"),
        ({"q1": 1.5, "q2": 1}, "the answer to item q1 is 1.5; expected a number from 1 to 5 in steps of 1"),
        ({"q1": "3", "q2": 1}, "the answer to item q1 is '3'; expected"),
        ({"q1": True, "q2": 1}, "the answer to item q1 is 'True'; expected"),
        ({"q1": float("nan"), "q2": 1}, "the answer to item q1 is 'nan'; expected"),
        ({"q1": 1, "q2": 1, "q9": 1}, "has no item 'q9'"),
    ],
)
def test_an_answer_off_the_scale_is_one_sentence(tmp_path: Path, answers: dict[str, object], sentence: str) -> None:
    """A missing answer, one beside the scale and one to nothing are refused; no score is made of them."""
    asked = load(str(written(tmp_path, '[[item]]\ntext = "One"\n[[item]]\ntext = "Two"\n')), HERE)
    with pytest.raises(SessionError, match=sentence.replace("(", r"\(")):
        asked.checked(answers)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[item", "is not TOML"),
        ("", "has 0 items; expected 1 to 100"),
        ('[item]\ntext = "One"', "written as .*two brackets"),
        ("[[item]]\nname = 'a'", "item 1 has no text"),
        ("[[item]]\ntext = 3", "item 1: text is 3; expected a text"),
        ("[[item]]\ntext = 'a'\nleast = true", "item 1: least is True; expected a number"),
        ("[[item]]\ntext = 'a'\nis_reversed = 'yes'", "is_reversed is 'yes'; expected a boolean"),
        ("[[item]]\ntext = 'a'\nlabel = 'b'", "has a key 'label'; expected name, text"),
        ("colour = 'red'\n[[item]]\ntext = 'a'", "has a key 'colour'; expected title"),
        ("scoring = 'best'\n[[item]]\ntext = 'a'", "scoring is 'best'; expected mean, sus, nasa-tlx, none"),
        ("scoring = 'sus'\n[[item]]\ntext = 'a'", "needs ten items from 1 to 5"),
        ("scoring = 'nasa-tlx'\n[[item]]\ntext = 'a'", "needs six items from 0 to 100"),
        ("[[item]]\ntext = 'a'\nleast = 5", "the scale goes from 5 to 5"),
        ("[[item]]\ntext = 'a'\nmost = inf", "the scale goes from 1 to inf"),
        ("[[item]]\ntext = 'a'\nname = 'a b'", "name is 'a b'; expected letters"),
        ("[[item]]\ntext = 'a'\nname = 'x'\n[[item]]\ntext = 'b'\nname = 'x'", "two items have one name"),
    ],
)
def test_a_definition_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """The sentence names the questionnaire, what is wrong in it, and what was expected."""
    with pytest.raises(SessionError, match=f"questionnaire .*mine.*{sentence}"):
        load(str(written(tmp_path, text)), HERE)


def test_one_that_is_not_there_names_those_that_are() -> None:
    """A name that is neither shipped nor a file is refused with the shipped ones."""
    with pytest.raises(SessionError, match=r"'sos' cannot be read .*; expected likert, nasa-tlx, sus, or a TOML file"):
        load("sos", HERE)


@given(st.lists(st.integers(1, 5), min_size=10, max_size=10))
def test_sus_stays_within_its_scale(answers: list[int]) -> None:
    """Whatever is answered, the score lies from 0 to 100 in steps of 2.5."""
    sus = load("sus", HERE)
    score = sus.scores({item.name: answer for item, answer in zip(sus.items, answers, strict=True)})["sus"]
    assert 0 <= score <= 100 and score % 2.5 == 0
