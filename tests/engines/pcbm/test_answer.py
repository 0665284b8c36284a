"""What the engine says of what the nets have found, with nets that say what they are told."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.engines.pcbm import drawn
from tests.engines.pcbm.loaded import module

from bedside_engine.check import check

explain = module("explain").explain
INFO = SimpleNamespace(pixel_spacing_mm=(0.2, 0.2))
POINTS = {
    "head": ["symmetrical", "thalami", "cavum", "no cerebellum", "fills half", "calipers"],
    "abdomen": ["symmetrical", "stomach", "umbilical vein", "no kidney", "fills half", "calipers"],
    "femur": ["left end", "right end", "angle below 45°", "fills half"],
    "cervix": ["whole canal", "inner orifice", "outer orifice", "fills the picture"],
}
LABELS = {"head": drawn.head(), "abdomen": drawn.abdomen(), "femur": drawn.femur(), "cervix": drawn.cervix()}


def answered(nets: drawn.Nets, info: Any = None, **corrections: Any) -> dict[str, Any]:
    """The answer to a picture of speckle, as the runner passes it on."""
    said = {"concepts": {}, "labels": {}} | corrections if corrections else None
    return check(explain(nets, drawn.scan(), info, said))


def line(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """One line of the checklist."""
    return next(one for one in answer["concepts"] if one["name"] == name)


@pytest.mark.parametrize("plane", POINTS)
def test_a_standard_plane(plane: str) -> None:
    """The verdict is good and sure, every point of the plane's checklist is met, and one is told to hold still."""
    answer = answered(drawn.Nets(LABELS[plane]))
    assert answer["verdict"]["label"] == plane.capitalize()
    assert answer["verdict"]["level"] == "good"
    assert answer["verdict"]["score"] > 0.9
    assert [one["name"] for one in answer["concepts"]] == POINTS[plane]
    assert all(one["ok"] for one in answer["concepts"])
    assert answer["guidance"]["direction"] == "hold"
    assert answer["labels"][answer["mask"].max()] == drawn_last(LABELS[plane])
    assert answer["classes"][0]["name"] == plane.capitalize()


def drawn_last(label: drawn.Label) -> str:
    """Name of the highest label in it."""
    return {value: name for name, value in drawn.LABEL.items()}[int(label.max())]


@pytest.mark.parametrize("plane", POINTS)
def test_a_plane_of_poor_quality_is_close(plane: str) -> None:
    """Structures that are hardly seen make it a plane that is close to standard, with what to improve first."""
    answer = answered(drawn.Nets(LABELS[plane], quality=3.0))
    assert answer["verdict"]["level"] == "near"
    first = next(one for one in answer["concepts"] if not one["ok"])
    assert (first["value"], first["max"]) == (3.0, 10.0)
    assert answer["guidance"]["text"].lower() == first["hint"].lower()
    assert first["name"] in answer["guidance"]["detail"]


def test_missing_and_poor_are_told_apart() -> None:
    """What is not in the picture has no value; what is unclear has one. An absence that is asked for is met."""
    answer = answered(drawn.Nets(drawn.head(without=("cavum",)), quality=3.0))
    assert "value" not in line(answer, "cavum")
    assert line(answer, "thalami")["value"] == 3.0
    assert line(answer, "no cerebellum")["ok"] is True


def test_a_cerebellum_spoils_a_head() -> None:
    """Seen well, it counts against the plane, and its line has little of what it could have."""
    answer = answered(drawn.Nets(drawn.head(cerebellum=True)))
    assert answer["verdict"]["level"] == "near"
    assert line(answer, "no cerebellum") == {
        "name": "no cerebellum",
        "ok": False,
        "value": 2.0,
        "max": 10.0,
        "hint": "tilt the probe away from the neck until the cerebellum is gone",
    }


def test_no_plane() -> None:
    """Nothing segmented: no checklist, no shapes, a score of 0, and never an error."""
    answer = answered(drawn.Nets(np.zeros(drawn.SHAPE, np.uint8)), INFO)
    assert answer["verdict"]["label"] == "No plane"
    assert answer["verdict"]["level"] == "none"
    assert answer["verdict"]["score"] == 0
    assert "direction" not in answer["guidance"]
    assert not {"concepts", "ellipses", "measurements", "mask"} & set(answer)


def test_an_observer_that_is_not_sure_has_seen_no_plane() -> None:
    """A head of which the observer is only 40 % sure is no plane, and is not outlined; the score says how little."""
    answer = answered(drawn.Nets(drawn.head(), sure=0.4))
    assert answer["verdict"]["level"] == "none"
    assert 0.3 < answer["verdict"]["score"] < 0.5
    assert "mask" not in answer


@pytest.mark.parametrize(
    ("plane", "names"), [("head", ["HC", "BPD", "OFD"]), ("abdomen", ["AC"]), ("femur", ["FL"]), ("cervix", [])]
)
def test_measurements_need_the_size_of_a_pixel(plane: str, names: list[str]) -> None:
    """In mm where it is known, and else none."""
    found = answered(drawn.Nets(LABELS[plane]), INFO).get("measurements", [])
    assert [one["name"] for one in found] == names
    assert all(one["unit"] == "mm" for one in found)
    assert not answered(drawn.Nets(LABELS[plane])).get("measurements")


def test_a_corrected_concept_moves_the_verdict() -> None:
    """A person who sees the cavum makes a standard plane of a head without one, and who does not see it unmakes one."""
    without = drawn.Nets(drawn.head(without=("cavum",)))
    assert answered(without)["verdict"]["level"] == "near"
    answer = answered(without, concepts={"cavum": True})
    assert answer["verdict"]["level"] == "good"
    assert line(answer, "cavum")["value"] == 10
    whole = drawn.Nets(drawn.head())
    assert answered(whole, concepts={"cavum": False})["verdict"]["level"] == "near"
    assert line(answered(whole, concepts={"cavum": 6.5}), "cavum")["value"] == 6.5


def test_a_corrected_absence() -> None:
    """`no kidney` is true where there is none: the concept behind it goes to 0, or to its most."""
    nets = drawn.Nets(drawn.abdomen())
    assert answered(nets, concepts={"no kidney": False})["verdict"]["level"] == "near"
    assert line(answered(nets, concepts={"no kidney": True}), "no kidney") == {
        "name": "no kidney",
        "ok": True,
        "value": 10.0,
        "max": 10.0,
    }


def test_a_removed_structure_takes_its_concepts_along() -> None:
    """Without its cavum a head is no standard plane; without its skull it is not measured; without all it is none."""
    nets = drawn.Nets(drawn.head())
    answer = answered(nets, INFO, labels={"cavum": False})
    assert answer["verdict"]["level"] == "near"
    assert "value" not in line(answer, "cavum")
    assert drawn.LABEL["cavum"] not in answer["mask"]
    assert not answered(nets, INFO, labels={"skull": False}).get("ellipses")
    none = answered(nets, labels={"skull": False, "cavum": False, "thalamus": False})
    assert none["verdict"]["level"] == "none"


def test_corrections_of_other_things_change_nothing() -> None:
    """Names of another plane and names that nobody knows: the answer is as before."""
    nets = drawn.Nets(drawn.head())
    plain = answered(nets)
    other = answered(nets, concepts={"stomach": False, "hat": True}, labels={"hat": False, "femur": False})
    assert {**other, "mask": None} == {**plain, "mask": None}
    assert (other["mask"] == plain["mask"]).all()


def test_passes_go_as_one_batch_for_each_net() -> None:
    """A head with a cerebellum asks its organs' net once for three maps, and its calipers' net once for four."""
    nets = drawn.Nets(drawn.head(cerebellum=True))
    answered(nets)
    assert nets.asked == [3, 4]
