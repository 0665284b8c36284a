"""The rules between the nets: which plane, where calipers are set, which concepts count and what must be asked."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.engines.pcbm import drawn
from tests.engines.pcbm.loaded import module

concepts, rules = module("concepts"), module("rules")


def test_the_tables_are_those_of_the_phantom() -> None:
    """Planes, classes and concepts have the phantom's names and order: the one is trained on what the other draws."""
    from bedside.phantom.concepts import CLASSES, CONCEPTS, PLANES

    assert concepts.PLANES == PLANES
    assert concepts.CLASSES == CLASSES
    kinds = {True: "binary", False: "quality"}
    assert list(concepts.CONCEPTS) == [(one.name, one.plane, kinds[one.is_binary]) for one in CONCEPTS]
    assert set(concepts.SHOULD_BE_ABSENT) == {one.name for one in CONCEPTS if one.should_be_absent}
    assert set(concepts.BINARY) == {at for at, one in enumerate(CONCEPTS) if one.is_binary}
    assert sorted(concepts.BINARY + concepts.ORGANS + concepts.CALIPERS) == list(range(27))


@pytest.mark.parametrize(
    ("label", "plane"),
    [(drawn.head(), "head"), (drawn.abdomen(), "abdomen"), (drawn.femur(), "femur"), (drawn.cervix(), "cervix")],
)
def test_each_plane_is_recognised(label: drawn.Label, plane: str) -> None:
    """From its own structures, on the large screen as on the nets' pixels."""
    assert rules.plane_of(label) == plane
    assert rules.plane_of(label.repeat(3, 0).repeat(3, 1)) == plane


def test_no_plane_is_an_answer() -> None:
    """Nothing, a few stray pixels of a skull, and a bladder alone are no plane."""
    nothing = np.zeros(drawn.SHAPE, np.uint8)
    assert rules.plane_of(nothing) == ""
    stray = nothing.copy()
    stray[100:105, 100:105] = drawn.LABEL["skull"]
    assert rules.plane_of(stray) == ""
    bladder = np.where(drawn.cervix() == drawn.LABEL["bladder"], drawn.LABEL["bladder"], 0).astype(np.uint8)
    assert rules.plane_of(bladder) == ""


def test_two_of_the_three_largest_decide_before_a_femur_and_a_femur_before_the_largest() -> None:
    """A femur beside two structures of a head does not count; beside a skull alone it does."""
    label = drawn.head()
    bone = drawn.femur() > 0
    assert rules.plane_of(np.where(bone & (label == 0), drawn.LABEL["femur"], label)) == "head"
    alone = np.where(label == drawn.LABEL["skull"], label, 0).astype(np.uint8)
    assert rules.plane_of(alone) == "head"
    assert rules.plane_of(np.where(bone, drawn.LABEL["femur"], alone)) == "femur"


@pytest.mark.parametrize("facing", ["left", "right"])
@pytest.mark.parametrize("without", [(), ("cavum",)])
def test_calipers_of_a_head(facing: str, without: tuple[str, ...]) -> None:
    """BPD near is above BPD far; OFD frontal is where the cavum is, or else across from the thalami."""
    far, near, frontal, occipital = (middle(one) for one in rules.caliper_maps(drawn.head(facing, without=without))[3:])
    assert near[1] < 60
    assert far[1] > 160
    assert (frontal[0] < 80 and occipital[0] > 200) == (facing == "left")
    assert (frontal[0] > 200 and occipital[0] < 80) == (facing == "right")


def test_calipers_of_a_femur() -> None:
    """The left map holds the left end of the bone and the right one the right end, and nothing of its middle."""
    label = drawn.femur(length=200)
    left, right = rules.caliper_maps(label)[:2]
    assert left[label == 0].sum() == right[label == 0].sum() == 0
    assert middle(left)[0] < 90
    assert middle(right)[0] > 190
    assert not left[:, 144].any()
    assert not right[:, 144].any()


def test_the_abdomens_caliper_is_its_whole_ellipse() -> None:
    """It covers the outline, and no other map is drawn."""
    label = drawn.abdomen()
    maps = rules.caliper_maps(label)
    assert maps[2][label == drawn.LABEL["abdomen"]].mean() > 0.99
    assert maps[[0, 1, 3, 4, 5, 6]].sum() == 0


def test_what_the_conceiver_sees() -> None:
    """21 maps: one for each class, in order, then the seven of the calipers."""
    label = drawn.head(cerebellum=True)
    maps = rules.all_maps(label)
    assert maps.shape == (21, *drawn.SHAPE)
    assert (maps[:14].argmax(0) == label).all()
    assert (maps[:14].sum(0) == 1).all()
    assert (maps[14:] == rules.caliper_maps(label)).all()


def test_concepts_of_what_is_not_there_do_not_count() -> None:
    """Those of other planes, those whose structure is missing, and the bladder, which is not asked for."""
    names = [name for name, _, _ in concepts.CONCEPTS]

    def counting(label: drawn.Label) -> list[str]:
        return [names[at] for at in np.flatnonzero(rules.concept_mask(label, rules.plane_of(label)))]

    calipers = ["bpd_near", "bpd_far", "ofd_occipital", "ofd_frontal"]
    assert counting(drawn.head()) == ["head_symmetry", "thalamus", "cavum", "head_size", *calipers]
    assert counting(drawn.head(without=("skull",))) == ["head_symmetry", "thalamus", "cavum"]
    assert counting(drawn.femur()) == names[:4]
    assert counting(drawn.cervix()) == ["cervix_size", "cervix_whole", "inner_orifice", "outer_orifice"]


@pytest.mark.parametrize(
    ("label", "passes"),
    [(drawn.head(cerebellum=True), 7), (drawn.abdomen(), 3), (drawn.femur(), 2), (drawn.cervix(), 2)],
)
def test_only_the_passes_that_the_plane_needs(label: drawn.Label, passes: int) -> None:
    """Each map is looked at once, and every quality that counts is judged from its own."""
    mask = rules.concept_mask(label, rules.plane_of(label))
    organs, calipers = rules.local_passes(mask)
    assert len(organs) + len(calipers) == passes
    judged = {index: places for asked in (organs, calipers) for places, found in asked.items() for index in found}
    assert judged == {index: concepts.MAPS_OF[index] for index in np.flatnonzero(mask) if index not in concepts.BINARY}


@given(arrays.arrays(np.uint8, st.just((28, 36)), elements=st.integers(0, 13)))
def test_every_label_map_has_an_answer(label: npt.NDArray[np.uint8]) -> None:
    """Whatever the observer says: a plane or none, maps of 0 and 1, and concepts of that plane only."""
    label = label.repeat(8, 0).repeat(8, 1)
    plane = rules.plane_of(label)
    assert plane in ("", *concepts.PLANES)
    assert set(np.unique(rules.all_maps(label))) <= {0.0, 1.0}
    mask = rules.concept_mask(label, plane)
    assert {concepts.CONCEPTS[at][1] for at in np.flatnonzero(mask)} <= {plane}


def middle(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """x and y of the middle of a map that shows something."""
    assert mask.any()
    return np.asarray(np.argwhere(mask).mean(0)[::-1], np.float64)
