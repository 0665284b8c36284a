"""One result out of several."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bedside.errors import PredictFailed
from bedside.router.fuse import fused
from bedside.router.part import Part
from bedside_engine.check import check
from bedside_engine.kinds import BadResult

texts = st.text(max_size=20)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@st.composite
def masks(draw: st.DrawFn) -> dict[str, Any]:
    """A mask with a name for each of its labels."""
    names = draw(st.lists(texts, min_size=1, max_size=6))
    mask = draw(arrays.arrays(np.uint8, draw(shapes), elements=st.integers(0, len(names) - 1)))
    return {"mask": mask, "labels": names}


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    """Any fields of a result."""
    places = st.floats(0, 1)
    some: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "verdict": st.fixed_dictionaries({"label": texts}, optional={"score": places}),
                "classes": st.lists(st.fixed_dictionaries({"name": texts, "score": places}), max_size=3),
                "points": st.lists(st.fixed_dictionaries({"x": places, "y": places}), max_size=3),
                "guidance": st.fixed_dictionaries({"text": texts}),
                "images": st.lists(st.builds(lambda: {"pixels": np.zeros((2, 3), np.uint8)}), max_size=2),
                "text": texts,
            },
        )
    )
    return check(some | (draw(masks()) if draw(st.booleans()) else {}))


parts = st.builds(Part, st.sampled_from(("plane", "quality", "heads")), results())


def test_several_answers_become_one() -> None:
    """The first verdict, all lists in order, texts on lines of their own; what is missing is passed over."""
    plane = Part("plane", {"verdict": {"label": "head", "level": "good"}, "text": "Seen."})
    late = Part("quality", missing="late")
    heads = Part("heads", {"verdict": {"label": "other", "level": "none"}, "points": [{"x": 0.1, "y": 0.2}]})
    assert fused(plane, late, None, heads, {"text": "Mine.", "points": [{"x": 0.5, "y": 0.5}]}) == {
        "verdict": {"label": "head", "level": "good"},
        "points": [{"x": 0.1, "y": 0.2}, {"x": 0.5, "y": 0.5}],
        "text": "Seen.\nMine.",
    }


def test_one_mask_stays_as_it_is() -> None:
    """Not resized, not numbered anew."""
    mask = np.array([[0, 2]], np.uint8)
    merged = fused(Part("a", {"text": "x"}), Part("b", {"mask": mask, "labels": ["ground", "one", "two"]}))
    assert merged["mask"] is mask
    assert merged["labels"] == ["ground", "one", "two"]


def test_later_masks_lie_on_earlier_ones() -> None:
    """In the size of the largest; each label keeps its name and gets a number of its own."""
    below = Part("a", {"mask": np.ones((2, 2), np.uint8), "labels": ["ground", "skull"]})
    above = Part(
        "b", {"mask": np.array([[0, 1], [2, 0]], np.uint8).repeat(2, 0).repeat(2, 1), "labels": ["", "x", "skull"]}
    )
    merged = fused(below, above)
    assert merged["labels"] == ["ground", "skull", "x", "skull"]
    assert merged["mask"].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 1, 1], [3, 3, 1, 1]]


def test_too_many_labels_are_said() -> None:
    """The sentence has their number and what to do."""
    many = {"mask": np.full((1, 1), 199, np.uint8), "labels": [str(index) for index in range(200)]}
    with pytest.raises(PredictFailed, match=r"have 398 labels together; expected at most 255: leave one mask out"):
        fused(Part("a", many), Part("b", many))


def test_images_keep_names_of_their_own() -> None:
    """Two engines that give no name both say `image 1`; the second one's bears the engine's name."""
    answer = check({"images": [{"pixels": np.zeros((2, 2), np.uint8)}]})
    images = fused(Part("a", answer), Part("b", answer), Part("b", answer))["images"]
    assert [image["name"] for image in images] == ["image 1", "b image 1", "image 1 3"]
    assert images[1]["title"] == "image 1"


def test_a_dict_of_ones_own_is_checked_like_any_result() -> None:
    """What is wrong with it is said by field."""
    with pytest.raises(BadResult, match=r"verdict\.level is 'fine'; expected one of good"):
        fused({"verdict": {"label": "x", "level": "fine"}})


@given(st.lists(parts, max_size=4))
def test_what_is_fused_is_a_result(found: list[Part]) -> None:
    """Whatever engines answer, the fused one passes the check unchanged, and no list item is lost."""
    merged = fused(*found)
    assert set(check(merged)) == set(merged)
    for name in ("classes", "points", "images"):
        assert len(merged.get(name, ())) == sum(len(part.get(name, ())) for part in found)
    names = [image["name"] for image in merged.get("images", ())]
    assert len(set(names)) == len(names)


@given(parts)
def test_one_part_alone_says_the_same(part: Part) -> None:
    """But for lists and texts without anything in them."""
    assert set(part.answer) - set(fused(part)) <= {name for name, value in part.answer.items() if not len(value)}
    for name, value in fused(part).items():
        assert np.array_equal(value, part.answer[name])


@given(st.lists(masks(), min_size=2, max_size=4))
def test_every_label_of_the_top_mask_is_where_it_was(found: list[dict[str, Any]]) -> None:
    """Names of the last mask stand at its pixels; a pixel is background only where it is in all masks."""
    size = (12, 12)
    merged = fused(*(Part(str(index), layer) for index, layer in enumerate(found)), {"mask": np.zeros(size, np.uint8)})
    assert merged["mask"].shape == size
    last = found[-1]
    for (y, x), index in np.ndenumerate(merged["mask"]):
        under = [
            int(layer["mask"][y * layer["mask"].shape[0] // 12, x * layer["mask"].shape[1] // 12]) for layer in found
        ]
        if last["mask"].shape in ((12, 12), (6, 6), (4, 4), (3, 3)) and under[-1]:
            assert merged["labels"][index] == last["labels"][under[-1]]
        if all(layer["mask"].shape == size for layer in found):
            assert (index == 0) == (not any(under))
