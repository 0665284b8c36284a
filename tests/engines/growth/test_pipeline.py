"""The growth pipeline: lengths of standard planes, and the weight from them."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.engines.head.loaded import module

from bedside.router.part import Part
from bedside.router.script import Script

FILE = Path(__file__).parents[3] / "engines" / "growth" / "pipeline.py"
HEAD = [("HC", 330.0), ("BPD", 94.7), ("OFD", 115.0)]


class Engines:
    """Two engines that answer what a test has laid ready."""

    def __init__(self, **parts: Part) -> None:
        self.parts = parts
        self.asked: list[str] = []

    async def ask(self, name: str) -> Part:
        """Its part; missing when nothing was laid ready."""
        self.asked.append(name)
        return self.parts.get(name, Part(name, missing="dead: gone"))


class Scan:
    """Frames of one scan, given to the pipeline as the router does it."""

    def __init__(self) -> None:
        self.function = Script(FILE).load()
        self.time_s = 1000.0

    def __call__(self, after_s: float = 0.04, **parts: Part) -> dict[str, Any]:
        """The pipeline's answer about the next frame."""
        self.time_s += after_s
        return self.asked(Engines(**parts))

    def asked(self, engines: Engines) -> dict[str, Any]:
        """Its answer when it may ask these."""

        async def answered() -> dict[str, Any]:
            return dict(await self.function(SimpleNamespace(time_s=self.time_s), engines))

        return asyncio.run(answered())


@pytest.fixture
def scan() -> Scan:
    """A pipeline that has seen nothing."""
    return Scan()


def part(name: str, label: str, level: str, *lengths: tuple[str, float]) -> Part:
    """One engine's answer."""
    measurements = [{"name": one, "value": value, "unit": "mm", "uncertainty": 1.0} for one, value in lengths]
    verdict = {"label": label, "level": level, "score": 0.9}
    return Part(name, {"verdict": verdict, "measurements": measurements, "text": f"by {name}"})


def plane(label: str, level: str, *lengths: tuple[str, float]) -> Part:
    """PCBM's answer."""
    return part("pcbm", label, level, *lengths)


def lengths(answer: dict[str, Any]) -> dict[str, float]:
    """Measurements by name."""
    return {one["name"]: one["value"] for one in answer["measurements"]}


def test_three_planes_give_the_weight(scan: Scan) -> None:
    """With HC, AC and FL of standard planes the weight is Hadlock's; before, the text says which plane is missing."""
    first = scan(pcbm=plane("Head", "good", ("HC", 330.0)))
    assert "weight" not in lengths(first)
    assert "AC (show the abdomen), FL (show the femur)" in first["text"]
    scan(pcbm=plane("Abdomen", "good", ("AC", 340.0)))
    last = scan(pcbm=plane("Femur", "good", ("FL", 72.0)))
    assert lengths(last) == {"HC": 330.0, "AC": 340.0, "FL": 72.0, "weight": 3220}


def test_the_head_engine_measures_the_head(scan: Scan) -> None:
    """On a head HC and BPD come from the head engine; its BPD is outer-to-outer and made inner for the weight."""
    scan(pcbm=plane("Abdomen", "good", ("AC", 340.0)))
    scan(pcbm=plane("Femur", "good", ("FL", 72.0)))
    answer = scan(pcbm=plane("Head", "good", ("HC", 300.0)), head=part("head", "Head", "good", *HEAD))
    found = lengths(answer)
    assert (found["HC"], found["BPD"]) == (330.0, 94.7)
    inner_cm = (-0.403458 + 0.9714153 * 94.7) / 10
    log = 1.3596 + 0.0064 * 33 + 0.0424 * 34 + 0.174 * 7.2 + 0.00061 * inner_cm * 34 - 0.00386 * 34 * 7.2
    assert found["weight"] == round(10**log)


@pytest.mark.parametrize("head", [part("head", "No head", "none"), Part("head", missing="late")])
def test_without_the_head_engine_pcbm_measures(scan: Scan, head: Part) -> None:
    """When the head engine sees no head, or is missing, PCBM's own HC counts."""
    assert lengths(scan(pcbm=plane("Head", "good", ("HC", 300.0)), head=head)) == {"HC": 300.0}


@pytest.mark.parametrize("seen", [plane("Abdomen", "good"), plane("Head", "near")])
def test_the_head_engine_rests_on_other_planes(scan: Scan, seen: Part) -> None:
    """It is not asked about an abdomen, which it takes for a head, nor about a head that is no standard plane, which
    would become part of its medians."""
    engines = Engines(pcbm=seen, head=part("head", "Head", "good", *HEAD))
    answer = scan.asked(engines)
    assert engines.asked == ["pcbm"]
    assert lengths(answer) == {}


def test_a_head_that_is_cut_is_not_measured(scan: Scan) -> None:
    """What the head engine itself does not call good adds nothing, also where PCBM sees a standard plane."""
    cut = part("head", "Head", "near", ("HC", 200.0))
    assert lengths(scan(pcbm=plane("Head", "good", ("HC", 300.0)), head=cut)) == {}


def test_the_next_persons_head_is_measured_alone(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head engine's median begins anew after a pause, also for a head that is only 4.5 % larger."""
    monkeypatch.setitem(sys.modules, "biometry", module("biometry"))
    measuring = module("measure").Measuring()

    def hc(after_s: float, size: float) -> float:
        outline = SimpleNamespace(width_px=500 * size, height_px=400 * size, angle_deg=0)
        one = [(name, mm) for name, (mm, _) in measuring.add(outline, (0.2, 0.2), scan.time_s + after_s).items()]
        return lengths(scan(after_s, pcbm=plane("Head", "good"), head=part("head", "Head", "good", *one)))["HC"]

    first = [hc(0.04, 1.0) for _ in range(15)][-1]
    assert hc(600, 1.045) == pytest.approx(1.045 * first, abs=0.1)


def test_only_standard_planes_are_measured(scan: Scan) -> None:
    """Frames that are near a standard plane add nothing to what is kept."""
    scan(pcbm=plane("Head", "near", ("HC", 200.0)))
    scan(pcbm=plane("Head", "good", ("HC", 300.0)))
    assert lengths(scan(pcbm=plane("Head", "near", ("HC", 200.0)))) == {"HC": 300.0}


def test_the_median_of_the_last_frames_counts(scan: Scan) -> None:
    """One frame far off among fifteen does not move the length; fifteen others replace all."""
    for value in [300.0] * 7 + [500.0] + [301.0] * 6:
        scan(pcbm=plane("Head", "good", ("HC", value)))
    answer = scan(pcbm=plane("Head", "good", ("HC", 302.0)))
    assert lengths(answer)["HC"] == 301.0
    assert 1.0 <= answer["measurements"][0]["uncertainty"] < 3
    for _ in range(15):
        answer = scan(pcbm=plane("Head", "good", ("HC", 280.0)))
    assert lengths(answer)["HC"] == 280.0


@pytest.mark.parametrize("after_s", [31.0, -5.0])
def test_the_next_person_begins_with_nothing(scan: Scan, after_s: float) -> None:
    """After half a minute without a frame, and when time goes backwards, no length is kept."""
    scan(pcbm=plane("Head", "good", ("HC", 300.0)))
    assert lengths(scan(after_s, pcbm=plane("Femur", "good", ("FL", 72.0)))) == {"FL": 72.0}


def test_old_lengths_are_forgotten(scan: Scan) -> None:
    """A length that was measured more than a quarter of an hour ago is gone, also while frames keep coming."""
    scan(pcbm=plane("Head", "good", ("HC", 300.0)))
    for _ in range(45):
        answer = scan(20.5, pcbm=plane("No plane", "none"))
    assert lengths(answer) == {}


def test_impossible_lengths_give_a_sentence(scan: Scan) -> None:
    """Lengths of a wrong spacing give no weight and no failure, but a sentence that names the value."""
    scan(pcbm=plane("Head", "good", ("HC", 33.0)))
    scan(pcbm=plane("Abdomen", "good", ("AC", 34.0)))
    answer = scan(pcbm=plane("Femur", "good", ("FL", 7.2)))
    assert "weight" not in lengths(answer)
    assert "HC: 33.0 mm (it looks like cm" in answer["text"]


def test_without_pcbm_there_is_an_answer(scan: Scan) -> None:
    """A missing PCBM is no failure of the pipeline: the head engine is not asked, and nothing is measured."""
    assert lengths(scan(head=part("head", "Head", "good", *HEAD))) == {}
