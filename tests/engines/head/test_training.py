"""Training, export and evaluation of the head model, for a few steps on a few drawn heads."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.engines.environment import PATIENCE_S, ROOT, research_python, run, told
from tests.engines.head.loaded import FOLDER, module

pytestmark = pytest.mark.timeout(1200)  # the environment may have to be made
SUBJECTS, PICTURES = 12, 15
SAID = """
import contextlib, importlib, io, json
actions, found = json.loads(sys.argv[1]), {}
for name, (action, words) in actions.items():
    sys.argv, said = [action, *words], io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = importlib.import_module(action).main()
    found[name] = [code, said.getvalue()]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter with PyTorch."""
    return research_python(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def hc18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as HC18 is: drawn heads of 12 subjects, of three of them twice, with masks and a table."""
    folder = tmp_path_factory.mktemp("hc18")
    rng = np.random.default_rng(0)
    rows = []
    for number in range(PICTURES):
        name = f"{number:03d}_HC" if number < SUBJECTS else f"{number - SUBJECTS:03d}_2HC"
        ellipse = ((400, 270), (300 + 5 * number, 240), 10.0 * number)
        picture, mask = np.full((540, 800), 50.0), np.zeros((540, 800), np.uint8)
        cv2.ellipse(picture, ellipse, 200, 12)
        cv2.ellipse(mask, ellipse, 255, -1)
        cv2.imwrite(str(folder / f"{name}.png"), np.clip(picture * rng.rayleigh(0.8, picture.shape), 0, 255))
        cv2.imwrite(str(folder / f"{name}_Mask.png"), mask)
        rows.append([f"{name}.png", 0.2, module("biometry").circumference(*ellipse[1]) * 0.2])
    with (folder / "pixel_size_and_HC.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "pixel size(mm)", "head circumference (mm)"], *rows])
    return folder


@pytest.fixture(scope="module")
def trained(python: str, hc18: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two epochs of one step leave behind."""
    out = tmp_path_factory.mktemp("runs")
    run(python, FOLDER / "train.py", *training(hc18, out), "--epochs", "2")
    return out


def training(hc18: Path, out: Path) -> list[str]:
    """Words for a small training."""
    return ["--data", str(hc18), "--out", str(out), "--batch", "4", "--threads", "1", "--steps", "3"]


def test_subjects_are_kept_apart(trained: Path) -> None:
    """No subject is in two parts; the held-out ones are written down."""
    kept = json.loads((trained / "held_out.json").read_text(encoding="utf-8"))
    held, check = set(kept["test"]), set(kept["validation"])
    assert len(held) == len(check) == 2
    assert not held & check
    assert held | check < set(range(SUBJECTS))


def test_a_training_goes_on_where_it_was(python: str, hc18: Path, trained: Path) -> None:
    """Started again with one epoch more, it adds that one to the log and begins none anew."""
    before = (trained / "log.csv").read_text(encoding="utf-8").splitlines()
    run(python, FOLDER / "train.py", *training(hc18, trained)[:-2], "--epochs", "2")
    after = (trained / "log.csv").read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert [int(line.split(",")[0]) for line in after[1:]] == list(range(1, len(after)))


def test_the_exported_network_answers_as_the_trained_one(python: str, trained: Path, tmp_path: Path) -> None:
    """The export compares the two itself and succeeds; weights and the held-out subjects lie in the folder."""
    state = f"torch.load({str(trained / 'last.pt')!r}, weights_only=True)['net']"
    told(python, f"import torch\ntorch.save({state}, sys.argv[1])\nprint(0)", FOLDER, trained / "net.pt")
    said = run(python, FOLDER / "export.py", "--weights", trained / "net.pt", "--out", tmp_path)
    assert "largest difference of a logit" in said
    assert {file.name for file in tmp_path.iterdir()} == {"head.onnx", "head.pt", "held_out.json"}
    assert names_of_files(tmp_path / "head.onnx") == []


def test_what_does_not_fit_is_one_sentence(python: str, hc18: Path, trained: Path, tmp_path: Path) -> None:
    """A training that was begun otherwise, and whatever cannot be read; the held-out subjects stay as they were."""
    kept = (trained / "held_out.json").read_bytes()
    clips, bare = tmp_path / "clips", shutil.copytree(hc18, tmp_path / "bare")
    clips.mkdir()
    shutil.copy(FOLDER / "weights" / "head.onnx", tmp_path)
    (clips / "README.md").write_text("Clips of lungs.")
    for file in bare.glob("*_Mask.png"):
        file.unlink()
    again = [*training(hc18, trained), "--epochs", "2"]
    shipped = ["--data", str(hc18), "--out", str(tmp_path)]
    actions = {
        "was begun with other --seed, held-out subjects: give the same": ("train", [*again, "--seed", "2"]),
        "was begun with other --epochs: give the same": ("train", [*again[:-1], "3"]),
        "README.md: no frame can be read": ("train", [*again, "--others", str(clips)]),
        "none is no folder; give one with clips and pictures": ("train", [*again, "--others", str(tmp_path / "none")]),
        "_HC_Annotation.png is missing": ("train", training(bare, tmp_path)),
        "README.md: no frame can be read: evaluate": ("evaluate", [*shipped, "--others", str(clips)]),
        "none is no folder; give one": ("evaluate", [*shipped, "--others", str(tmp_path / "none")]),
        "held_out.json": ("evaluate", [*shipped, "--weights", str(tmp_path)]),
    }
    found: dict[str, Any] = told(python, SAID, FOLDER, json.dumps(actions))
    for expected, (code, said) in found.items():
        assert code == 2
        assert expected.removesuffix(": evaluate") in said
        assert said.count("\n") == 1
    assert (trained / "held_out.json").read_bytes() == kept


def names_of_files(weights: Path) -> list[bytes]:
    """Paths of Python's files in a file of weights: an exporter may write where it ran."""
    return re.findall(rb"[\w./-]+\.py\b", weights.read_bytes())


def test_weights_that_ship_do_not_tell_where_they_were_made() -> None:
    """No ONNX file of an engine names a file of the machine that exported it."""
    files = sorted((ROOT / "engines").glob("*/weights/*.onnx"))
    assert FOLDER / "weights" / "head.onnx" in files
    assert {file.name: names_of_files(file) for file in files if names_of_files(file)} == {}


def test_evaluation_of_drawn_heads(python: str, hc18: Path, trained: Path, tmp_path: Path) -> None:
    """The weights that ship, on drawn heads that were held out: tables and pictures, and a high overlap."""
    weights = tmp_path / "weights"
    weights.mkdir()
    shutil.copy(FOLDER / "weights" / "head.onnx", weights)
    shutil.copy(trained / "held_out.json", weights)
    words: list[str | Path] = ["--data", hc18, "--brain", hc18, "--weights", weights, "--out", tmp_path]
    said = run(python, FOLDER / "evaluate.py", *words, "--most", "2")
    assert "there is no truth there" in said
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["HC18"]["pictures"] == results["fetal brain"]["pictures"] == 2
    assert results["HC18"]["Dice"][0] > 0.9
    for picture in ("bland_altman.png", "scatter.png", "worst.jpg", "fetal_brain.jpg"):
        assert (tmp_path / picture).stat().st_size > 1000


@pytest.mark.parametrize("action", ["train", "evaluate"])
def test_a_folder_that_is_not_hc18_is_one_sentence(python: str, tmp_path: Path, action: str) -> None:
    """It names the folder, and what is expected there; exit status 2, and nothing is written."""
    folder, out = tmp_path / "a" / "b", tmp_path / "out"
    words: list[str | Path] = [python, FOLDER / f"{action}.py", "--data", folder, "--out", out]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert f"{folder}: *pixel_size_and_HC.csv is neither in it nor beside it" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_what_is_learnt_is_where_the_head_is(python: str, hc18: Path) -> None:
    """A true outline, made as for the training, measures the table's HC to a half of a per cent: nothing is biased."""
    code = """
import json
import cv2
import numpy as np
from augment import filled
from dataset import read_head, table
from outline import letterboxed, outlined

found = []
for row in table(sys.argv[1]):
    head = read_head(sys.argv[1], *row)
    placed = letterboxed(head.grey)
    small = cv2.resize(filled(head.ellipse, placed.matrix), (144, 96), interpolation=cv2.INTER_AREA)
    outline, _ = outlined(np.log((small + 0.003) / (1.003 - small)), placed)
    found.append(outline.circumference_px * head.mm_per_px / head.hc_mm - 1)
print(json.dumps(found))
"""
    apart: list[float] = told(python, code, FOLDER, hc18)
    assert len(apart) == PICTURES
    assert max(map(abs, apart)) < 0.005


def test_augmented_pictures_show_their_masks(python: str, hc18: Path) -> None:
    """Of 40 pictures for the training all are uint8 192x288, presence follows the mask, a seed gives the same."""
    code = """
import json
import numpy as np
from augment import background_sample, head_sample, other_sample
from dataset import read_head, table

head = read_head(sys.argv[1], *table(sys.argv[1])[0])
found = []
for seed in range(40):
    picture, mask, presence = head_sample(np.random.default_rng(seed), head)
    again = head_sample(np.random.default_rng(seed), head)[0]
    shapes = [picture.shape, background_sample(np.random.default_rng(seed), head).shape]
    shapes.append(other_sample(np.random.default_rng(seed), []).shape)
    found.append([shapes, str(picture.dtype), bool((picture == again).all()), float(mask.mean()), presence])
print(json.dumps(found))
"""
    found: list[Any] = told(python, code, FOLDER, hc18)
    for shapes, dtype, same, share, presence in found:
        assert shapes == [[192, 288]] * 3
        assert dtype == "uint8"
        assert same
        assert (presence == 1) <= (share > 0)
        assert (presence == 0) <= (share < 0.02)
    assert {presence for *_, presence in found} >= {1.0}
