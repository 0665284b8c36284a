"""A session to export, and Orthanc as the archive."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.orthanc import Orthanc, running_orthanc
from tests.recording import Plan, make_session

from bedside.session.recorded import Recorded

PLAN = Plan(seconds=4.0, segment_s=2.0)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that no test changes."""
    return make_session(tmp_path_factory.mktemp("sessions"), PLAN)


@pytest.fixture(scope="session")
def recorded(made: Path) -> Recorded:
    """The same, read."""
    return Recorded(made)


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "sessions" / made.name))


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One archive for all tests of a run."""
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        yield archive
