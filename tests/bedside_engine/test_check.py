"""What a result may be, and the sentence for what it may not be."""

import collections
import dataclasses
import enum
import fractions
import json
import re
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from tests.results import page as result_page

from bedside_engine.check import FIELDS, check
from bedside_engine.kinds import BadResult

MASK = np.zeros((2, 2), np.uint8)

GOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"verdict": {"label": "head"}}, {"verdict": {"label": "head", "level": "none"}}),
    ({"verdict": None, "text": "x"}, {"text": "x"}),
    ({"classes": ({"name": "a", "score": np.float32(0.5)},)}, {"classes": [{"name": "a", "score": 0.5}]}),
    ({"classes": [{"name": "a", "score": 1.00001}]}, {"classes": [{"name": "a", "score": 1.0}]}),
    ({"concepts": [{"name": "a", "ok": np.bool_(True)}]}, {"concepts": [{"name": "a", "ok": True}]}),
    ({"concepts": [{"name": "a"}]}, {"concepts": [{"name": "a", "ok": None}]}),
    ({"measurements": [{"name": "HC", "value": 3}]}, {"measurements": [{"name": "HC", "value": 3, "unit": ""}]}),
    (
        {"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1}]},
        {"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1, "angle_deg": 0.0}]},
    ),
    ({"points": [{"x": np.array(0.5), "y": 1}]}, {"points": [{"x": 0.5, "y": 1}]}),
]
BAD: list[tuple[Any, str]] = [
    (None, "predict returned None; expected a dict"),
    ([], "predict returned []; expected a dict"),
    (np.zeros((3, 3)), "predict returned float64 of shape [3, 3]; expected a dict"),
    ({"verdit": {}}, "field 'verdit' is unknown; did you mean 'verdict'?"),
    ({"zzz": {}}, "field 'zzz' is unknown; expected one of verdict, classes"),
    ({3: {}}, "field '3' is unknown"),
    ({"verdict": 3}, "verdict.label is 3; expected a text"),
    ({"verdict": [1, 2]}, "verdict.label is [1, 2]; expected a text"),
    ({"verdict": {}}, "verdict has no 'label'"),
    ({"verdict": {"label": 3}}, "verdict.label is 3; expected a text"),
    ({"verdict": {"label": "a", "level": "bad"}}, "verdict.level is 'bad'; expected one of good, near, poor, none"),
    ({"verdict": {"label": "a", "score": 93}}, "verdict.score is 93; expected 0 to 1 (divide per cent by 100)"),
    ({"verdict": {"label": "a", "lable": "b"}}, "verdict: 'lable' is unknown; did you mean 'label'?"),
    ({"classes": "head"}, "classes is 'head'; expected a list"),
    ({"classes": {"head": "0.9"}}, "classes[0].score is '0.9'; expected a number"),
    ({"classes": {"name": "head", "score": 9}}, "classes[0].score is 9; expected 0 to 1"),
    ({"boxes": {"x": 0, "y": 0}}, "boxes is {'x': 0, 'y': 0}; expected a list"),
    ({"boxes": [[0, 0, 1, 1]]}, "boxes[0] is [0, 0, 1, 1]; expected a dict with x, y, width, height, label, score"),
    ({"points": [[0.1, 0.2, 0.3]]}, "points[0] is [0.1, 0.2, 0.3]; expected a dict with x, y, label"),
    ({"points": np.zeros((2, 2, 2))}, "points is float64 of shape [2, 2, 2]; expected a list"),
    ({"labels": {"a", "b"}}, "expected a list"),
    ({"measurements": [{"name": "HC", "value": 10**400}]}, "measurements[0].value is 1000000"),
    ({"classes": [{"name": "a", "score": "0.9"}]}, "classes[0].score is '0.9'; expected a number"),
    ({"classes": [{"name": "a", "score": True}]}, "classes[0].score is True; expected a number"),
    ({"classes": [{"name": "a", "score": float("inf")}]}, "classes[0].score is inf; expected a finite number"),
    ({"classes": [{"name": "a", "score": np.zeros(3)}]}, "classes[0].score is float64 of shape [3]; expected a number"),
    ({"boxes": [{"x": 320, "y": 0, "width": 1, "height": 1}]}, "a fraction of the picture (divide pixels"),
    ({"concepts": [{"name": "a", "ok": "yes"}]}, "concepts[0].ok is 'yes'; expected True, False or None"),
    ({"labels": ["background"]}, "labels are there without a mask"),
    ({"mask": MASK + 2, "labels": ["background", "a"]}, "mask has the index 2 and labels has 2 names"),
    (
        {"mask": np.zeros((2, 2), np.float32)},
        "mask is float32; expected whole numbers, one label index a pixel; take the argmax over the classes, or",
    ),
    ({"mask": np.zeros((1, 2, 2))}, "mask has shape [1, 2, 2]; expected a label map [height, width]; drop the first"),
    ({"mask": np.zeros((1, 3, 2, 2))}, "mask has shape [1, 3, 2, 2]; expected a label map [height, width]; drop the"),
    ({"mask": np.zeros((3, 2, 2))}, "mask has shape [3, 2, 2]; expected a label map [height, width]; take the argmax"),
    ({"mask": np.full((2, 2), -1)}, "mask has values from -1 to -1; expected label indices 0 to 255"),
    ({"mask": np.zeros((0, 2), np.uint8)}, "mask has shape [0, 2]"),
    ({"mask": "mask.png"}, "mask is 'mask.png'; expected a label map [height, width]"),
    ({"images": [np.zeros((2, 2, 5), np.uint8)]}, "images[0].pixels is uint8 of shape [2, 2, 5]; expected [height, w"),
    ({"images": [np.zeros((3, 8, 8), np.uint8)]}, "put the colours last: pixels.transpose(1, 2, 0)"),
    ({"images": [MASK - 3.5]}, "images[0].pixels is float64 from -3.5 to -3.5; expected 0 to 1; scale them, or return"),
    ({"images": [MASK * np.nan]}, "images[0].pixels is float64 from nan to nan; expected 0 to 1"),
    ({"images": [MASK.astype(int) + 256]}, "images[0].pixels is int64 from 256 to 256; expected 0 to 255"),
    ({"images": [MASK * 1j]}, "images[0].pixels is complex128; expected uint8 0 to 255, or floats 0 to 1"),
    ({"images": ["heat.png"]}, "images[0].pixels is 'heat.png'; expected [height, width]"),
    ({"images": [[[1, 2], [3]]]}, "images[0].pixels is [[1, 2], [3]]"),
    ({"guidance": {"text": "x", "direction": "north"}}, "guidance.direction is 'north'; expected one of up"),
    ({"text": "x" * 3000}, "text has 3000 characters; expected at most 2000"),
    ({"points": [{"x": 0, "y": 0}] * 1001}, "points has 1001 items; expected at most 1000"),
]


@pytest.mark.parametrize(("result", "expected"), GOOD)
def test_good_results_come_out_plain(result: dict[str, Any], expected: dict[str, Any]) -> None:
    """Numpy scalars, tuples and missing parts become plain values with defaults."""
    assert check(result) == expected


@pytest.mark.parametrize(("result", "sentence"), BAD)
def test_bad_results_are_named(result: Any, sentence: str) -> None:
    """The error names the field, its value and what was expected."""
    with pytest.raises(BadResult) as raised:
        check(result)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint16, np.bool_, np.uint8])
def test_a_mask_may_have_any_whole_numbers(kind: Any) -> None:
    """The int64 of an argmax and the truth values of a threshold become uint8."""
    found = check({"mask": np.eye(3).astype(kind), "labels": ["background", "a"]})
    assert found["mask"].dtype == np.uint8
    assert (found["mask"] == np.eye(3)).all()


def test_a_mask_without_names_gets_some() -> None:
    """labels may be left out."""
    assert check({"mask": MASK + 2})["labels"] == ["background", "label 1", "label 2"]


class Tensor:
    """What a tensor of torch is like: on a GPU, wanting a gradient, without an array interface of its own."""

    def __init__(self, array: Any, is_bare: bool = False) -> None:
        self._array, self._is_bare = np.asarray(array), is_bare
        self.shape = self._array.shape

    def __len__(self) -> int:
        return len(self._array)

    def detach(self) -> "Tensor":
        """Without the gradient."""
        return Tensor(self._array, self._is_bare)

    def cpu(self) -> "Tensor":
        """In the memory of this machine."""
        return Tensor(self._array, is_bare=True)

    def numpy(self) -> Any:
        """As torch does: not from a GPU."""
        if not self._is_bare:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self._array

    def tolist(self) -> Any:
        """The values."""
        return self._array.tolist()

    def item(self) -> Any:
        """The one value."""
        return self._array.item()


def test_tensors_are_taken_everywhere() -> None:
    """A tensor on a GPU that wants a gradient is a mask, a picture, a number, a truth value, a list of points."""
    found = check(
        {
            "mask": Tensor(MASK[:, ::-1]),
            "images": [Tensor([[0.0, 1.0], [0.5, 0.0]])],
            "verdict": {"label": "a", "score": Tensor([0.5])},
            "concepts": [{"name": "a", "ok": Tensor(True)}, {"name": "b", "ok": Tensor(np.zeros(1, np.uint8))}],
            "points": Tensor([[0.25, 0.5], [1, 0]]),
        }
    )
    assert found["mask"].flags.c_contiguous
    assert found["images"][0]["pixels"].tolist() == [[0, 255], [128, 0]]
    assert found["verdict"]["score"] == 0.5
    assert [concept["ok"] for concept in found["concepts"]] == [True, False]
    assert found["points"] == [{"x": 0.25, "y": 0.5}, {"x": 1.0, "y": 0.0}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[0.0, 1.00001]]), [[0, 255]]),
        (np.array([[0.5, 0.25]], np.float16), [[128, 64]]),
        (np.array([[7, 255]], np.int64), [[7, 255]]),
        ([[0.0, 1.0]], [[0, 255]]),
        (np.array([[[1], [2]]], np.uint8), [[1, 2]]),
        (np.array([[[1, 2, 3, 255]]], np.uint8), [[[1, 2, 3]]]),
        (np.array([[1, 2]], np.uint8).data, [[1, 2]]),
    ],
)
def test_pictures_of_any_kind_become_bytes(given: Any, expected: list[Any]) -> None:
    """Truth values, floats 0 to 1, whole numbers, a last dimension of one, and an alpha channel."""
    pixels = check({"images": [{"pixels": given}]})["images"][0]["pixels"]
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == expected


def test_what_numpy_was_told_to_raise_does_not_matter() -> None:
    """A model may make numpy raise for every rounding; its heat maps are still taken."""
    with np.errstate(all="raise"):
        check({"images": [np.array([[1e-7, 0.0]], np.float16)]})


@dataclasses.dataclass
class Point:
    """A result's part as researchers like to write it."""

    x: float
    y: float
    label: str | None = None


class Level(str, enum.Enum):  # noqa: UP042  a StrEnum would be its own text
    """Texts as an enumeration."""

    GOOD = "good"


class Pair(NamedTuple):
    """A named tuple."""

    name: str
    score: float


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"verdict": "head"}, {"verdict": {"label": "head"}}),
        ({"verdict": {"label": "a", "level": Level.GOOD}}, {"verdict": {"label": "a", "level": "good"}}),
        ({"guidance": "Tilt up"}, {"guidance": {"text": "Tilt up"}}),
        ({"classes": {"a": 0.5, "b": np.float32(0.25)}}, {"classes": [Pair("a", 0.5), Pair("b", 0.25)]}),
        ({"classes": {"name": "a", "score": 0.5}}, {"classes": [{"name": "a", "score": 0.5}]}),
        (
            {"concepts": {"a": True, "b": np.bool_(False), "c": None}},
            {"concepts": [{"name": "a", "ok": True}, {"name": "b", "ok": False}, {"name": "c"}]},
        ),
        ({"measurements": {"HC": 3}}, {"measurements": [{"name": "HC", "value": 3}]}),
        ({"measurements": {"name": "HC", "value": 3}}, {"measurements": [{"name": "HC", "value": 3}]}),
        ({"points": np.array([[0.5, 1.0]])}, {"points": [{"x": 0.5, "y": 1.0}]}),
        ({"points": [Point(0.5, 1)]}, {"points": [{"x": 0.5, "y": 1}]}),
        ({"points": collections.deque([(0.5, 1)])}, {"points": [{"x": 0.5, "y": 1}]}),
        ({"images": {"heat": MASK}}, {"images": [{"name": "heat", "pixels": MASK}]}),
        ({"images": [MASK]}, {"images": [{"pixels": MASK}]}),
        ({"boxes": {"x": 0, "y": 0, "width": 1, "height": 1}}, {"boxes": [{"x": 0, "y": 0, "width": 1, "height": 1}]}),
        ({"mask": MASK, "labels": np.array(["background"])}, {"mask": MASK, "labels": ["background"]}),
        (types.MappingProxyType({"text": "x"}), {"text": "x"}),
        ({"measurements": [{"name": "a", "value": fractions.Fraction(1, 2)}]}, {"measurements": {"a": 0.5}}),
    ],
)
def test_short_forms_stand_for_the_long_ones(short: Any, long: Any) -> None:
    """What can mean one thing only may be written shorter; named tuples, dataclasses and other mappings are dicts."""
    assert str(check(short)) == str(check(long))


def test_images_of_pillow_are_taken() -> None:
    """A picture of any mode is shown as it looks, and a palette image is a label map."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed here")
    picture = image.new("RGBA", (3, 2), (255, 0, 0, 10))
    palette = image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 0, 255, 0])
    found = check({"images": [picture, palette, image.new("1", (3, 2), 1)], "mask": palette})
    shown = [one["pixels"] for one in found["images"]]
    assert [pixels.shape for pixels in shown] == [(2, 3, 3), (2, 3, 3), (2, 3)]
    assert [pixels[0, 0].tolist() for pixels in shown] == [[255, 0, 0], [0, 255, 0], 255]
    assert found["mask"].tolist() == [[1] * 3] * 2


def test_the_reference_is_true() -> None:
    """docs/reference/result.md has a section for every field, and each example is a good result of that field."""
    fields = [name for title in result_page.sections() for name in title.split(" and ")]
    assert fields == [*FIELDS, "Short forms", "On the wire"]
    examples = result_page.examples()
    assert list(examples) == [field for field in FIELDS if field != "labels"]
    for field, code in examples.items():
        given = eval(code, {"logits": np.zeros((1, 3, 4, 4)), "heat": MASK})
        assert field in given
        assert set(check(given)) <= {field, "labels"}


def test_every_part_of_every_field_is_in_its_example() -> None:
    """Whoever copies an example sees all that may be in a field; the tables name nothing else."""
    sections = result_page.sections()
    for field, code in result_page.examples().items():
        section = next(text for title, text in sections.items() if title.split(" and ")[0] == field)
        parts = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.+?) \|", section, re.MULTILINE)))
        for part in parts:
            assert f'"{part}"' in code, f"{field}: {part}"


def test_every_field_has_a_picture_of_what_a_page_makes_of_it() -> None:
    """Each section shows its example as a page does, in a small PNG that `scripts/pictures` takes."""
    for field, picture in result_page.pictures().items():
        assert picture.name == f"result-{field}.png"
        assert cv2.imread(str(picture)) is not None, f"{picture} is missing; scripts/pictures takes it"
        assert picture.stat().st_size < 60_000
    assert list(result_page.pictures()) == list(result_page.examples())


@pytest.mark.parametrize("code", result_page.short_forms())
def test_the_references_short_forms_are_taken(code: str) -> None:
    """Each line of its table of short forms is a good result, and comes out in the long form."""
    given = eval(code, {"heat": MASK})
    found = check(given)
    assert set(found) == set(given)
    assert all(
        isinstance(one, dict) for value in found.values() for one in (value if isinstance(value, list) else [value])
    )


class Evil:
    """Raises whatever one asks of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no " + name)

    def __repr__(self) -> str:
        raise RuntimeError("no name")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __iter__(self) -> Any:
        raise RuntimeError("no items")


class EvilDict(dict[Any, Any]):
    """A dict that cannot be read."""

    def items(self) -> Any:
        raise RuntimeError("no items")


def circle() -> list[Any]:
    """A list that is in itself."""
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "make", [Evil, EvilDict, circle, lambda: [Evil()], lambda: [EvilDict(x=1)], lambda: {"x": Evil()}]
)
def test_what_raises_at_every_touch_is_refused_in_a_sentence(field: str, make: Callable[[], Any]) -> None:
    """An object that cannot be read, measured or even printed is a bad result like any other."""
    with pytest.raises(BadResult, match=r"\w"):
        check({field: make()})
    with pytest.raises(BadResult, match=r"\w"):
        check(make())


NAMES = ["label", "level", "score", "text", "name", "ok", "value", "max", "hint", "x", "y", "width", "height", "pixels"]
NUMBERS = (
    st.floats(0, 1) | st.floats() | st.integers() | st.sampled_from([10**400, np.float16(1), np.array([0.5]), True])
)
ARRAYS = npst.arrays(npst.scalar_dtypes(), npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
LEAF = st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.binary(max_size=3) | ARRAYS
ANYTHING = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, *NAMES]), inner, max_size=4)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=2)
    ),
    max_leaves=10,
)
SCORE = st.floats(0, 1) | st.builds(np.float32, st.floats(0, 1, width=32)) | NUMBERS
WORDS = st.text(st.characters(), max_size=5)  # with lone surrogates
PICTURE = npst.arrays(
    st.sampled_from([np.uint8, np.bool_, np.int64, np.float32]),
    npst.array_shapes(min_dims=2, max_dims=3, max_side=4),
    elements={"min_value": 0, "max_value": 1},
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "verdict": WORDS
        | st.fixed_dictionaries({"label": WORDS}, optional={"score": SCORE, "text": WORDS | st.none()}),
        "classes": st.dictionaries(WORDS, SCORE, max_size=3),
        "concepts": st.lists(
            st.fixed_dictionaries({"name": WORDS, "ok": st.booleans() | st.none() | NUMBERS}), max_size=3
        ),
        "mask": PICTURE,
        "labels": st.lists(WORDS, max_size=3),
        "points": st.lists(st.tuples(SCORE, SCORE), max_size=3) | npst.arrays(np.float64, (2, 2)),
        "measurements": st.dictionaries(WORDS, NUMBERS, max_size=3),
        "images": st.lists(PICTURE, max_size=2) | st.dictionaries(WORDS, PICTURE, max_size=2),
        "text": WORDS,
    },
)


def plain(value: Any) -> Any:
    """`value` with each array as its bytes, once it is seen to be one that travels."""
    if isinstance(value, np.ndarray):
        assert type(value) is np.ndarray
        assert value.dtype == np.uint8
        assert value.flags.c_contiguous
        return [list(value.shape), value.tobytes().hex()]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@given(ANYTHING | LIKELY)
@example({"verdict": "\ud800"})
@example({"\n": None})
@example([np.zeros((2, 1))])
@settings(max_examples=400)
def test_any_answer_is_taken_or_refused_in_a_sentence(result: Any) -> None:
    """No nonsense raises anything but a BadResult; what is taken is JSON and uint8, and taken again unchanged."""
    try:
        found = check(result)
    except BadResult as error:
        assert str(error).strip()
        assert "\n" not in str(error)
        return
    once = json.dumps(plain(found), allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert json.dumps(plain(check(found)), allow_nan=False, ensure_ascii=False).encode("utf-8") == once
