"""Pictures for the head model's training, as far as they need no PyTorch."""

import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest
from tests.engines.head.loaded import module


@pytest.fixture
def augment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """engines/head/augment.py, whose pictures are not disturbed."""
    monkeypatch.setitem(sys.modules, "biometry", module("biometry"))
    monkeypatch.setitem(sys.modules, "outline", module("outline"))
    found = module("augment")
    monkeypatch.setattr(found, "disturbed", lambda rng, picture: picture)
    return found


def test_no_piece_of_a_skull_is_shown_as_no_head(augment: ModuleType) -> None:
    """However a picture without its head is mirrored, nothing is left of a skull that is brighter than all else."""
    grey, ellipse = np.full((378, 560), 60, np.uint8), ((180.0, 130.0), (200.0, 160.0), 20.0)
    cv2.ellipse(grey, ellipse, 250, 10)
    head = SimpleNamespace(grey=grey, ellipse=ellipse)
    left = [(augment.background_sample(np.random.default_rng(seed), head) > 180).sum() for seed in range(60)]
    assert max(left) == 0
