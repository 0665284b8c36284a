"""scripts/research as its documentation has it, for a few steps: train, resume, evaluate, export."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest
from tests.engines.environment import ROOT, research_python, told
from tests.engines.pcbm.loaded import FOLDER
from tests.engines.pcbm.made import data_set

pytestmark = pytest.mark.timeout(1200)  # the first of all runs makes the environment
QUICK = ("--steps", "2", "--batch", "4", "--threads", "1", "--workers", "1", "--precision", "float32")
CHECKS = """
import contextlib, csv, io, json, numpy as np, shutil, sys, torch
from pathlib import Path
import evaluate, loop, losses, train, train_conceiver, train_observer
from nets.unet import PlainUNet
data, folder, quick = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
found = {}

def observer(run, *words):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = train.main([data, "--stage", "observer", "--run", str(folder / run), *quick, *words])
    return [code, said.getvalue()]

def weights(run):
    best, last = (torch.load(folder / run / f"observer{end}.pt", weights_only=True) for end in ("", "-last"))
    return [*best.values(), *last["model"].values()]

def broken_off(*words):
    if words[5] == 1:
        raise KeyboardInterrupt
    return whole(*words)

found["unbroken"] = observer("unbroken", "--epochs", "2")
whole, loop.train_epoch = loop.train_epoch, broken_off
with contextlib.suppress(KeyboardInterrupt):
    observer("broken", "--epochs", "2")
loop.train_epoch = whole
found["rows_when_broken"] = len((folder / "broken" / "observer.csv").read_text().splitlines()) - 1
found["resumed"] = observer("broken", "--epochs", "2", "--resume")
pairs = list(zip(weights("unbroken"), weights("broken")))
found["weights"] = [len(pairs), sum(int((a != b).sum()) for a, b in pairs)]
logs = [(folder / name / "observer.csv").read_text().splitlines() for name in ("unbroken", "broken")]
found["logs"] = [[line.split(",")[:7] for line in log] for log in logs]
found["other_epochs"] = observer("broken", "--epochs", "3", "--resume")

def changed(name, columns=lambda row: (), **cells):
    made = shutil.copytree(data, folder / name)
    rows = list(csv.DictReader((made / "frames.csv").open()))
    with (made / "frames.csv").open("w", newline="") as text:
        writer = csv.DictWriter(text, [*dict.fromkeys([*rows[0], *cells])])
        writer.writeheader()
        for row in rows:
            new = {key: cell(row["subject"]) for key, cell in cells.items()}
            writer.writerow(row | dict.fromkeys(columns(row), "") | new)
    return made

def without(stage, columns):
    bare = changed(f"without-{stage}", columns)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        words = ["--predicted-masks", "0", "--run", str(folder / "bare"), *quick]
        return train.main([str(bare), "--stage", stage, *words]), said.getvalue()

found["bare"] = {
    "observer": without("observer", lambda row: ["labels"]),
    "conceiver": without("conceiver", lambda row: list(row)[5:]),
    "predictor": without("predictor", lambda row: ["standard"]),
}
def evaluated(data, *words):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = evaluate.main([str(data), "--run", str(folder / "unbroken"), "--out", str(folder / "out"), *words])
    return [code, said.getvalue()]

parted = changed("no-test", split=lambda subject: "validation" if subject == "s0" else "train")
found["no_test"] = evaluated(parted, "--run", str(folder))
small, data = data, str(changed("grown", subject=lambda subject: subject.replace("s5", "lung")))
found["grown"] = {
    "evaluated": evaluated(data),
    "resumed": observer("unbroken", "--epochs", "2", "--resume"),
    "next stage": observer("unbroken", "--epochs", "2", "--stage", "predictor"),
}
data = small
found["other_seed"] = observer("unbroken", "--epochs", "2", "--seed", "7")
found["other_seed_evaluated"] = evaluated(data, "--seed", "7")
found["other_size"] = observer("unbroken", "--epochs", "2", "--size", "full")
(folder / "others").mkdir()
torch.save({}, folder / "others" / "observer.pt")
torch.save({"epochs": 2, "seed": 42, "model": {}}, folder / "others" / "observer-last.pt")
found["other_nets"] = observer("others", "--epochs", "2", "--resume")
found["other_observer"] = observer("others", "--stage", "conceiver", "--epochs", "1")
(folder / "file").write_text("no folder")
found["no_folder"] = observer("file", "--epochs", "1")
data = str(folder)
found["no_data"] = observer("none")

calipers = np.zeros((4, 6), np.uint8)
calipers[0, 0], calipers[1, 5], calipers[2, 1] = 1, 2, 4 | 64
bits, truth = train_conceiver.mirrored(calipers, np.arange(27, dtype=np.float32))
found["mirrored"] = [[bits[0, 5].item(), bits[1, 0].item(), bits[2, 4].item(), int(bits.sum())], truth.tolist()]

class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.texture, self.topology = torch.nn.Conv2d(1, 14, 3, padding=1), PlainUNet(14, 2)

    def forward(self, x):
        logits = self.texture(x)
        probs = logits.softmax(1)
        return {"logits": logits, "topology": self.topology(probs), "probs": probs}

batch = {"x": torch.randn(2, 1, 32, 32), "labels": torch.randint(0, 14, (2, 32, 32), dtype=torch.uint8)}
loss = losses.ObserverLoss(torch.ones(14) * 9)
found["full"] = [sorted(train_observer.full_losses(Tiny(), loss, batch, late)) for late in (False, True)]
print()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with PyTorch."""
    return research_python(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six subjects with five small frames each."""
    return data_set(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def trained(python: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of all three stages, one epoch of two steps each."""
    folder = tmp_path_factory.mktemp("run")
    research(python, "train", "pcbm", data, "--run", folder, "--epochs", "1", *QUICK)
    return folder


def research(python: str, *words: "str | Path", code: int = 0) -> str:
    """What scripts/research says with this interpreter."""
    environ = os.environ | {"RESEARCH_PYTHON": python, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [ROOT / "scripts" / "research", *words]
    done = subprocess.run(list(map(str, command)), env=environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_each_stage_leaves_weights_a_log_and_curves(trained: Path) -> None:
    """Three files of weights, one CSV row an epoch with losses and scores, a picture of them, and how it was made."""
    for stage in ("observer", "conceiver", "predictor"):
        assert (trained / f"{stage}.pt").stat().st_size > 1000
        with (trained / f"{stage}.csv").open(newline="") as text:
            (row,) = csv.DictReader(text)
        assert float(row["loss"]) > 0
        assert {"epoch", "lr", "seconds", "images_per_s"} < set(row)
    assert cv2.imread(str(trained / "curves.png")) is not None
    said = json.loads((trained / "run.json").read_text())
    assert (said["size"], said["seed"], said["frames"]) == ("small", 42, 30)
    assert said["stages"]["observer"]["optimiser"] == "adamw"
    assert {part: len(subjects) for part, subjects in said["subjects"].items()} == {
        "train": 4,
        "validation": 1,
        "test": 1,
    }


@pytest.fixture(scope="module")
def found(python: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What one process finds: trainings that are broken off and resumed, and parts of the stages."""
    return told(python, CHECKS, FOLDER, data, tmp_path_factory.mktemp("runs"), *QUICK)


def test_a_resumed_training_gives_the_same_weights(found: Any) -> None:
    """Broken off in the second of two epochs and resumed, it ends with every weight as the unbroken one has it."""
    assert found["unbroken"] == found["resumed"] == [0, ""]
    assert found["rows_when_broken"] == 1
    count, different = found["weights"]
    assert count > 100
    assert different == 0
    assert found["logs"][0] == found["logs"][1]
    assert len(found["logs"][1]) == 3


def test_a_training_that_was_begun_otherwise_is_not_resumed(found: Any) -> None:
    """The learning rate would not be what it was; one sentence says so."""
    code, said = found["other_epochs"]
    assert code == 2
    assert "was begun with --epochs 2, not 3: give the same" in said


@pytest.mark.parametrize("action", ["evaluated", "resumed", "next stage"])
def test_a_run_keeps_its_subjects_in_their_parts(found: Any, action: str) -> None:
    """With a subject that the run does not know nobody is drawn anew, so that none of training is tested on."""
    code, said = found["grown"][action]
    assert code == 2
    assert "the run does not know 1 of the 6 subjects, such as 'lung'" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("no_test", "has no frame of the split 'test': name another --split, or all"),
        ("other_seed", "was begun with --seed 42, not 7: give the same, or another --run"),
        ("other_seed_evaluated", "names the subjects of each part, drawn from --seed 42, not 7: leave it out"),
        ("other_size", "was begun with --size small, not full: give the same, or another --run"),
        ("other_nets", "observer-last.pt has the weights of other nets: give the --size that it was trained with"),
        ("other_observer", "observer.pt has the weights of other nets: give the --size that it was trained with"),
        ("no_folder", "File exists"),
    ],
)
def test_what_does_not_fit_a_run_is_one_sentence(found: Any, case: str, expected: str) -> None:
    """And exit status 2."""
    code, said = found[case]
    assert code == 2
    assert expected in said
    assert said.count("\n") == 1


def test_a_wrong_data_set_is_one_sentence(found: Any) -> None:
    """And exit status 2."""
    code, said = found["no_data"]
    assert code == 2
    assert "dataset.json is missing" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("stage", "needs"),
    [
        ("observer", "label maps"),
        ("conceiver", "a plane, a label map and concepts"),
        ("predictor", "a plane, whether it is standard, and all of the plane's concepts"),
    ],
)
def test_a_data_set_that_teaches_a_stage_nothing_is_one_sentence(found: Any, stage: str, needs: str) -> None:
    """It says what the stage needs, and exit status 2."""
    code, said = found["bare"][stage]
    assert code == 2
    assert f"the {stage} needs {needs}, and none of the " in said
    assert said.count("\n") == 1


def test_left_and_right_change_places_in_a_mirror(found: Any) -> None:
    """The maps of the femur's two ends and their qualities; no other map and no other concept."""
    (left, right, others, total), truth = found["mirrored"]
    assert (left, right, others, total) == (2, 1, 4 | 64, 2 + 1 + 4 + 64)
    assert truth == [1, 0, *range(2, 27)]


def test_the_papers_losses_are_used_in_full_size(found: Any) -> None:
    """Coarse, fine and topology losses from the start, and the triplet loss late in the training."""
    early, late = found["full"]
    assert early == ["dice", "fine_dice", "fine_nll", "focal", "loss", "topology"]
    assert late == sorted([*early, "triplet"])


def test_an_evaluation_has_tables_and_pictures(python: str, data: Path, trained: Path, tmp_path: Path) -> None:
    """On the terminal, as JSON and as a page: by class and concept, per net and end to end; and the pictures open. Of a
    training its own nets are asked, and no ONNX files that lie beside them."""
    figures, run = tmp_path / "figures", shutil.copytree(trained, tmp_path / "run")
    (run / "observer.onnx").write_text("of another training")
    words = ("evaluate", "pcbm", data, "--run", run, "--out", tmp_path, "--figures", figures)
    said = research(python, *words)
    assert "umbilical vein" in said
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert (found["frames"], found["subjects"], found["split"]) == (5, 1, "test")
    assert set(found["classes"]["skull"]) == {"frames", "dice", "iou", "cl_dice"}
    assert set(found["concepts"]["stomach"]) == {"plane", "kind", "frames", "conceiver alone", "end to end"}
    for decision, size in (("plane", 5), ("verdict", 9), ("predictor alone", 8)):
        assert len(found[decision]["confusion"]) == len(found[decision]["names"]) == size
        assert sum(map(sum, found[decision]["confusion"])) == found[decision]["frames"]
    page = (tmp_path / "evaluation.md").read_text()
    assert "| skull |" in page
    pictures = sorted(figures.iterdir())
    assert len(pictures) == 7
    assert all(cv2.imread(str(file)) is not None for file in pictures)


def test_what_was_trained_is_exported(python: str, trained: Path, tmp_path: Path) -> None:
    """By the documented command, and the exported nets can be evaluated as the engine runs them."""
    research(python, "export", "pcbm", trained, "--to", tmp_path)
    assert {"pcbm.pt", "observer.onnx", "predictor.onnx"} < {file.name for file in tmp_path.iterdir()}


def test_an_action_that_is_none_is_told() -> None:
    """With what there is, and exit status 2."""
    said = research("python3", "prune", "pcbm", code=2)
    assert said.startswith("There is no engines/pcbm/prune.py.")
    assert "train pcbm" in said


def test_a_python_that_is_none_is_told(tmp_path: Path) -> None:
    """The one that was asked for is not passed over for another; exit status 2, and no environment is made."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "research", tmp_path / "scripts")
    shutil.copytree(FOLDER, tmp_path / "engines" / "pcbm", ignore=shutil.ignore_patterns("weights", "nets"))
    environ = os.environ | {"PYTHON": "/no/python", "RESEARCH_PYTHON": ""}
    command: list[str | Path] = [tmp_path / "scripts" / "research", "train", "pcbm", "data"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("Training needs Python 3.11 or later, and /no/python is none;")
    assert not (tmp_path / ".research").exists()
