"""The README's own words, carried out."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bedside import settings
from bedside_engine import loader

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of a language, without their indentation in a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def test_the_engine_in_the_readme_predicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to engine.py, with a model behind it, it loads and answers a frame."""
    (code,) = blocks("python")
    model = "def load_my_model():\n    return lambda frame: ('head', 0.93)\n"
    (tmp_path / "engine.py").write_text(model + code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    predict = loader.load(str(tmp_path / "engine.py")).predict
    answer = predict(np.zeros((4, 4, 3), np.uint8))
    assert answer == {"verdict": {"label": "head", "level": "good", "score": 0.93}}


def test_the_settings_in_the_readme_are_accepted(tmp_path: Path) -> None:
    """Every key and value of the example is one that Bedside knows."""
    (text,) = blocks("toml")
    path = tmp_path / "bedside.toml"
    path.write_text(text, encoding="utf-8")
    loaded = settings.load(path, {})
    assert loaded.source.url == "v4l2:"
    assert [engine.name for engine in loaded.engines] == ["my-model"]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(bedside [a-z]+)`", README))))
def test_every_verb_in_the_readme_exists(command: str) -> None:
    """Its help can be read."""
    verb = command.split()[1]
    shown = subprocess.run([sys.executable, "-m", "bedside", verb, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert verb in shown.stdout


@pytest.mark.parametrize("script", sorted(set(re.findall(r"\b(scripts/[a-z]+)\b", README))))
def test_every_script_in_the_readme_can_be_run(script: str) -> None:
    """It is there, and may be executed."""
    assert (ROOT / script).stat().st_mode & 0o111
