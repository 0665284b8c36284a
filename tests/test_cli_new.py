"""`bedside new`: folders to fill in, and folders that run a checkpoint."""

import json
import os
import resource
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside import cli
from bedside.settings import load

RUNNER = Path(__file__).parents[1] / "src" / "bedside_engine"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, without variables of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def answer(folder: Path, *pictures: "np.ndarray[Any, Any]", python: str = sys.executable) -> list[Any]:
    """What the engine there answers to pictures, uint8 [height, width, 3], as plain values."""
    code = (
        "import json, sys, numpy as np\nsys.path.insert(0, '.')\nimport engine\ne = engine.Engine()\n"
        "shapes = json.loads(sys.argv[1])\n"
        "for shape, value in shapes:\n"
        "    print(json.dumps(e.predict(np.full(shape, value, np.uint8)), default=float))\n"
    )
    shapes = [[list(picture.shape), int(picture.flat[0])] for picture in pictures]
    done = subprocess.run(
        [python, "-c", code, json.dumps(shapes)], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def grey(value: int, *shape: int) -> "np.ndarray[Any, Any]":
    """A plain picture."""
    return np.full((*shape, 3), value, np.uint8)


def environment(requirements: str) -> str:
    """The interpreter of an environment with these requirements, made once for all tests; skips where it cannot be."""
    from bedside.cli.beforehand import needed_by
    from bedside.engine.venv import Venv
    from bedside.errors import BuildFailed
    from bedside.settings_tables import EngineSettings

    folder = Path("of_test").absolute()
    folder.mkdir(exist_ok=True)
    (folder / "engine.py").touch()
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
    needed = needed_by(EngineSettings("of_test", str(folder), requirements="requirements.txt"))
    assert isinstance(needed, Venv)
    try:
        needed.build(lambda progress: None)
    except BuildFailed as error:
        pytest.skip(f"{requirements.split(maxsplit=1)[0]}: cannot be installed here: {error}")
    return str(needed.python)


def test_a_new_engine_answers_at_once_and_honestly(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its folder, its place in a new bedside.toml, and a placeholder that measures what it says, without a verdict."""
    assert cli.main(["new", "planes"]) == 0
    assert "bedside check planes" in capsys.readouterr().out
    (engine,) = load(here / "bedside.toml", {}).engines
    assert (engine.name, engine.path, engine.requirements) == ("planes", "planes", "requirements.txt")
    assert (here / "planes" / "requirements.txt").read_text(encoding="utf-8").split() == ["numpy"]
    dark, bright = answer(here / "planes", grey(51, 4, 5), grey(255, 4, 5))
    assert dark["measurements"] == [{"name": "mean brightness", "value": pytest.approx(20.0), "unit": "%"}]
    assert bright["measurements"][0]["value"] == pytest.approx(100.0)
    assert "verdict" not in dark


def test_a_second_engine_is_added_to_the_settings(here: Path) -> None:
    """What stands there stays as it is, to the letter; the same name again is refused and changes nothing."""
    mine = '# mine\n[server]\nport = 9000 # not 8080\n\n[[engine]]\nname = "old"\nurl = "http://127.0.0.1:9"\n'
    (here / "bedside.toml").write_text(mine, encoding="utf-8")
    assert cli.main(["new", "planes"]) == 0
    text = (here / "bedside.toml").read_text(encoding="utf-8")
    assert text.startswith(mine)
    assert [engine.name for engine in load(here / "bedside.toml", {}).engines] == ["old", "planes"]
    assert cli.main(["new", "planes"]) == 2
    assert (here / "bedside.toml").read_text(encoding="utf-8") == text


def test_settings_that_nothing_can_be_added_to(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines are printed instead."""
    mine = 'engine = [{name = "old", url = "http://127.0.0.1:9"}]\n'
    (here / "bedside.toml").write_text(mine, encoding="utf-8")
    assert cli.main(["new", "planes"]) == 0
    assert '[[engine]]\nname = "planes"' in capsys.readouterr().out
    assert (here / "bedside.toml").read_text(encoding="utf-8") == mine


def test_nothing_is_overwritten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An engine.py that is there is refused, and bedside.toml is not touched; other files of a repository stay."""
    (here / "repository").mkdir()
    (here / "repository" / "requirements.txt").write_text("torch==1.4\n", encoding="utf-8")
    assert cli.main(["new", "a", "--here", "repository"]) == 0
    assert (here / "repository" / "requirements.txt").read_text(encoding="utf-8") == "torch==1.4\n"
    assert load(here / "bedside.toml", {}).engines[0].path == "repository"
    before = (here / "bedside.toml").read_text(encoding="utf-8")
    assert cli.main(["new", "b", "--here", "repository"]) == 2
    assert "exists already and is not overwritten" in capsys.readouterr().err
    assert (here / "bedside.toml").read_text(encoding="utf-8") == before


def test_settings_are_not_lost_on_a_full_disk(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence with what is to be added; what stands there stays, and nothing lies beside it."""
    mine = "# mine\n" * 10000
    (here / "bedside.toml").write_text(mine, encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, hard))
    try:
        assert cli.main(["new", "a"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said = capsys.readouterr().err
    assert said.startswith("bedside new: bedside.toml cannot be written: File too large; ")
    assert tomllib.loads(said.partition("add this engine to it:")[2])["engine"][0]["name"] == "a"
    assert (here / "bedside.toml").read_text(encoding="utf-8") == mine
    assert sorted(path.name for path in here.iterdir()) == ["a", "bedside.toml"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a b"], "NAME is 'a b'"),
        (["a", "--torch", "none.pt"], "--torch none.pt: there is no such file"),
        (["a", "--torch", "w.pt", "--net", "mynet.py"], "expected a Python file and a class in it"),
        (["a", "--torch", "w.pt", "--net", "none.py:Net"], "there is no file none.py"),
        (["a", "--size", "224"], "--size is '224'; expected width x height"),
        (["a", "--classes", "x,y"], "they belong to a checkpoint"),
    ],
)
def test_what_is_asked_wrongly_writes_nothing(
    here: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit status 2."""
    (here / "w.pt").touch()
    assert cli.main(["new", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["w.pt"]


def test_an_interpreter_takes_the_place_of_an_environment(here: Path) -> None:
    """Nothing is made then: no requirements.txt, and the settings name the interpreter."""
    assert cli.main(["new", "a", "--python", "venv/bin/python"]) == 0
    (engine,) = load(here / "bedside.toml", {}).engines
    assert (engine.python, engine.requirements) == (str(here / "venv/bin/python"), "")
    assert not (here / "a" / "requirements.txt").exists()


def test_weights_without_their_network_say_what_to_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TorchScript brings its network along; other files do not."""
    (here / "weights.pt").write_bytes(b"not a zip")
    assert cli.main(["new", "a", "--torch", "weights.pt"]) == 0
    assert "--net path/to/file.py:CLASS" in capsys.readouterr().out
    with zipfile.ZipFile(here / "script.pt", "w") as archive:
        archive.writestr("script/code/__torch__.py", "")
    assert cli.main(["new", "b", "--torch", "script.pt"]) == 0
    assert "--net" not in capsys.readouterr().out
    assert "torch.jit.load" in (here / "b" / "engine.py").read_text(encoding="utf-8")


NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d({channels}, 2, 1)

    def forward(self, image):
        return self.body(image).mean((2, 3))
"""
SAVE = """
import torch
from mynet import Net

net = Net()
with torch.no_grad():
    net.body.weight[0], net.body.weight[1] = 1.0, -1.0
    net.body.bias.zero_()
torch.save(net.state_dict(), "plain.pt")
wrapped = {"module." + name: value for name, value in net.state_dict().items()}
torch.save({"epoch": 3, "state_dict": wrapped}, "nested.pt")
torch.jit.script(net).save("script.pt")
"""


@pytest.mark.timeout(900)  # its environment is made, once
@pytest.mark.parametrize("channels", [1, 3])
def test_a_torch_checkpoint_classifies(here: Path, channels: int) -> None:
    """Weights by themselves, weights of a wrapped network beside other things, TorchScript; grey networks, too."""
    python = environment("torch==2.13.0\nnumpy\n")
    (here / "mynet.py").write_text(NET.format(channels=channels), encoding="utf-8")
    subprocess.run([python, "-c", SAVE], check=True, cwd=here, timeout=100)
    for kind, words in {"plain": ["--net", "mynet.py:Net"], "nested": ["--net", "mynet.py:Net"], "script": []}.items():
        assert cli.main(["new", kind, "--torch", f"{kind}.pt", "--classes", "bright, dark", *words]) == 0
        black, white = answer(here / kind, grey(0, 8, 8), grey(255, 8, 8), python=python)
        assert black["verdict"]["label"] == "dark"
        assert white["verdict"]["label"] == "bright"
        assert white["verdict"]["score"] > 0.9
        assert [one["name"] for one in white["classes"]] == ["bright", "dark"]
        assert sum(one["score"] for one in white["classes"]) == pytest.approx(1.0)
    assert tomllib.loads((here / "bedside.toml").read_text(encoding="utf-8"))["engine"][0]["size"] == [224, 224]


ONNX = """
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

channels, last = int(sys.argv[1]), sys.argv[2] == "last"
shape = [1, 6, 8, channels] if last else ["batch", channels, 6, 8]
axes = [1, 2] if last else [2, 3]
weight = numpy_helper.from_array(np.array([[1.0, -1.0]] * channels, np.float32), "weight")
nodes = [helper.make_node("ReduceMean", ["image", "axes"], ["means"], keepdims=0),
         helper.make_node("MatMul", ["means", "weight"], ["scores"])]
graph = helper.make_graph(
    nodes, "g", [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
    [weight, numpy_helper.from_array(np.array(axes, np.int64), "axes")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), "model.onnx")
"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("channels", "where"), [(3, "first"), (1, "first"), (3, "last"), (1, "last")])
def test_an_onnx_model_classifies(here: Path, channels: int, where: str) -> None:
    """Whatever size its input has, with channels first or last; without names its classes are numbered."""
    python = environment("onnxruntime\nonnx\nnumpy\npillow\n")
    subprocess.run([python, "-c", ONNX, str(channels), where], check=True, cwd=here, timeout=100)
    assert cli.main(["new", "a", "--onnx", "model.onnx"]) == 0
    black, white = answer(here / "a", grey(0, 30, 50), grey(255, 6, 8), python=python)
    assert black["verdict"]["label"] == "class 1"
    assert white["verdict"]["label"] == "class 0"
    assert sum(one["score"] for one in white["classes"]) == pytest.approx(1.0)
