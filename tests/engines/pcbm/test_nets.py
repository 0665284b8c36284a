"""The nets in PyTorch, what is exported of them, and the two engines that run them."""

from pathlib import Path
from typing import Any

import pytest
from tests.engines.environment import research_python, told
from tests.engines.pcbm.loaded import FOLDER

pytestmark = pytest.mark.timeout(1200)  # the first of all runs makes the environment
WEIGHTS = FOLDER / "weights"
MAKE = """
import contextlib, io, json, sys, torch
from pathlib import Path
from nets.pcbm import PCBM
torch.manual_seed(1)
model, folder = PCBM().eval(), Path(sys.argv[1])
with torch.no_grad():  # so that untrained nets differ from one picture to the next
    for net in model.modules():
        if isinstance(net, torch.nn.Conv2d):
            net.weight.mul_(1.7)
for name in ("observer", "conceiver", "predictor"):
    torch.save(getattr(model, name).state_dict(), folder / f"{name}.pt")
(folder / "run.json").write_text(json.dumps({"size": "small"}))
import export
with contextlib.redirect_stdout(io.StringIO()) as text:
    status = export.main([str(folder), "--to", sys.argv[2]])
print(json.dumps([status, text.getvalue()]))
"""
BOTH = """
import importlib.util, json, sys
from pathlib import Path
import numpy as np
import cv2
weights = Path(sys.argv[1])

def engine(folder, weights):
    spec = importlib.util.spec_from_file_location(f"of_{folder.name}", folder / "engine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Engine(weights)

import answer
answer.LEAST_SCORE = float(sys.argv[2])
here = Path(sys.path[0])
one, two = engine(here, weights), engine(here.parent / "pcbm_torch", weights / "pcbm.pt")
noise, found = np.random.default_rng(3), []
for number in range(6):
    frame = np.repeat(noise.rayleigh(60, (720, 960, 1)).clip(0, 255).astype(np.uint8), 3, 2)
    for _ in range(4):
        middle, axes = noise.integers(200, 600, 2).tolist(), noise.integers(30, 200, 2).tolist()
        grey, thick = (int(noise.integers(4, most)) for most in (255, 30))
        cv2.ellipse(frame, middle, axes, 20 * number, 0, 360, [grey] * 3, thick)
    said = {"concepts": {"calipers": True}, "labels": {"femur": False}} if number == 5 else None
    answers = [dict(each.predict(frame, None, said)) for each in (one, two)]
    masks = [each.pop("mask", np.zeros((1, 1))) for each in answers]
    found.append({"answers": answers, "masks_differ": float((masks[0] != masks[1]).mean())})
print(json.dumps(found))
"""
SHAPES = """
import json, torch
from nets.pcbm import PCBM
torch.manual_seed(0)
found = {}
for size in ("small", "full"):
    model, x = PCBM(size).eval(), torch.randn(2, 1, 64, 96)
    with torch.no_grad():
        seen = model.observer(x)
        maps = torch.zeros(2, 21, 64, 96)
        parts = {name: list(one.shape) for name, one in seen.items() if one is not None}
        parts["sum"] = float((seen["probs"].sum(1) - 1).abs().max())
        parts["global"] = list(model.conceiver.global_(x, maps).shape)
        parts["organs"] = list(model.conceiver.organs(x, maps[:, :1]).shape)
        parts["calipers"] = list(model.conceiver.calipers(x, maps[:, :1]).shape)
        parts["predictor"] = list(model.predictor(torch.zeros(2, 27)).shape)
    parts["resnet"] = sum(one.numel() for one in model.conceiver.organs_net.parameters())
    found[size] = parts
found["encoder"] = sum(one.numel() for one in model.observer.texture.encoder.parameters())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with PyTorch and onnxruntime."""
    return research_python(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def exported(python: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Untrained nets, exported as those of a training are, and what the export says."""
    trained, weights = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("weights")
    status, said = told(python, MAKE, FOLDER, trained, weights)
    assert status == 0, said
    return weights, said


def test_the_nets_have_the_papers_shapes(python: str) -> None:
    """Both sizes answer the same shapes; the full one has a topology net, RegNetY-1.6GF's 10.3 million weights and
    ResNet-18's 11.2 million, for two channels in and nine numbers out."""
    found = told(python, SHAPES, FOLDER)
    for size in ("small", "full"):
        assert found[size]["logits"] == found[size]["probs"] == [2, 14, 64, 96]
        assert found[size]["sum"] < 1e-5
        assert (found[size]["global"], found[size]["organs"], found[size]["calipers"]) == ([2, 8], [2, 9], [2, 10])
        assert found[size]["predictor"] == [2, 8]
    assert "topology" not in found["small"]
    assert found["full"]["topology"] == [2, 2, 64, 96]
    assert found["encoder"] == 11_202_430 - 889_000 - 2 * 32 * 9  # of three channels, with its classifier
    assert found["full"]["resnet"] == 11_689_512 - 3 * 64 * 49 + 2 * 64 * 49 - 513 * 1000 + 513 * 9


def test_the_export_says_how_exact_it_is(exported: tuple[Path, str]) -> None:
    """One line for each of the five nets, with its largest difference from PyTorch; small enough for git together."""
    weights, said = exported
    lines = {line.split()[0]: float(line.split()[-1]) for line in said.splitlines()}
    assert set(lines) == {"observer", "global", "organs", "calipers", "predictor"}
    assert max(lines.values()) < 1e-3
    files = list(weights.iterdir())
    assert {file.name for file in files} == {"pcbm.pt", *(f"{name}.onnx" for name in lines)}
    assert sum(file.stat().st_size for file in files) < 20e6


def test_both_engines_give_the_same_answers(python: str, exported: tuple[Path, str]) -> None:
    """To 1e-3 in every number, corrections included."""
    found = told(python, BOTH, FOLDER, exported[0], "0")
    agree(found)
    assert any(one["answers"][0].get("concepts") for one in found)


def test_both_engines_give_the_same_answers_with_the_weights_that_ship(python: str) -> None:
    """The same, with the nets that were trained."""
    if not (WEIGHTS / "pcbm.pt").is_file():
        pytest.skip("engines/pcbm/weights/pcbm.pt is not there: no weights are trained yet")
    agree(told(python, BOTH, FOLDER, WEIGHTS, "0.5"))


def agree(found: list[dict[str, Any]]) -> None:
    """Masks may differ in a few pixels where two classes are equally probable."""
    assert len(found) == 6
    for one in found:
        first, second = one["answers"]
        assert one["masks_differ"] < 1e-3
        close(first, second)


def close(first: Any, second: Any) -> None:
    """Nested values: numbers to 1e-3, everything else equal."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key, value in first.items():
            close(value, second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            close(one, other)
    elif isinstance(first, float):
        assert first == pytest.approx(second, abs=1e-3) or first == pytest.approx(second, rel=1e-3)
    else:
        assert first == second


REFUSED = """
import contextlib, io, json, sys, torch, export
from pathlib import Path
folder, found = Path(sys.argv[1]), []
torch.save({"hat": 1}, folder / "hat.pt")
(folder / "text.pt").write_text("these are no weights")
(folder / "empty").mkdir()
for name in ("hat.pt", "text.pt", "empty", "missing.pt"):
    with contextlib.redirect_stderr(io.StringIO()) as text:
        status = export.main([str(folder / name), "--to", str(folder / "out")])
    found.append([name, status, text.getvalue()])
print(json.dumps(found))
"""


def test_what_is_no_pcbm_is_refused(python: str, tmp_path: Path) -> None:
    """Another file of PyTorch, a text, an empty folder, none: one line that names it, status 2, and nothing written."""
    for name, status, said in told(python, REFUSED, FOLDER, tmp_path):
        assert status == 2
        assert said.count("\n") == 1
        assert str(tmp_path / name) in said
    assert not (tmp_path / "out").exists()
