"""What holds for the recorder's tests."""

import pytest

from bedside import clock
from bedside.recorder import reel


@pytest.fixture(autouse=True)
def many_key_frames(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five key frames a second, so that rows are there soon; a test that counts them says `own_key_frames`."""
    if "own_key_frames" not in request.keywords:
        monkeypatch.setattr(reel, "KEY_AFTER_NS", 190 * clock.NS_PER_MS)


def pytest_configure(config: pytest.Config) -> None:
    """The mark that this folder's tests have."""
    config.addinivalue_line("markers", "own_key_frames: the recorder's own distance between key frames")
