"""Wheels to take along."""

import importlib.metadata
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.bundle.wheels import fetch_for_engine
from bedside.engine.venv import venv_for
from bedside.errors import BundleError


@pytest.mark.parametrize("release", ["3.12", "3.13"])
def test_wheels_for_another_python(tmp_path: Path, release: str) -> None:
    """An engine's packages for a Python that is not the one here: the same versions, built for that one."""
    (tmp_path / "requirements.txt").write_text("pillow\n", encoding="utf-8")
    venv = venv_for(tmp_path / "requirements.txt", sys.executable, "engine")
    here = replace(venv, folder=Path(sys.prefix))
    try:
        fetch_for_engine(here, release, tmp_path / "wheels", lambda progress: None, tmp_path / "pip.log")
    except BundleError as error:
        pytest.skip(f"pillow: the index does not give it: {error}")
    found = {path.name.partition("-")[0]: path.name for path in (tmp_path / "wheels").glob("*.whl")}
    assert f"cp{release.replace('.', '')}" in found["pillow"]
    assert found["pillow"].split("-")[1] == importlib.metadata.version("pillow")
