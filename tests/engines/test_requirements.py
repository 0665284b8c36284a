"""What the engines that ship are installed with."""

from pathlib import Path

import pytest
from tests.engines.environment import PINNED, ROOT

TRAINED = [
    *(ROOT / "engines" / name / "requirements.txt" for name in ("head", "pcbm", "pcbm_torch")),
    ROOT / "bench" / "engines" / "pcbm_full" / "requirements.txt",
]


@pytest.mark.parametrize("file", TRAINED, ids=lambda file: file.parent.name)
def test_a_trained_model_runs_on_the_versions_that_it_was_tested_with(file: Path) -> None:
    """Each package is pinned, and as in the environment of the trainings, in which the engines' tests run."""
    lines = file.read_text(encoding="utf-8").split()
    assert lines
    assert set(lines) <= set(PINNED)


def test_the_trainings_agree_on_their_versions() -> None:
    """One version of each package, so that one environment serves them all."""
    names = [line.partition("==")[0] for line in PINNED]
    assert len(names) == len(set(names))
    assert all("==" in line for line in PINNED)
