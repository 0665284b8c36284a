"""An address opens its source; what is no address is said in one sentence."""

import sys

import pytest

from bedside.errors import SettingsError, Unplugged
from bedside.source.schemes import SCHEMES, open_source, opener


def test_a_scheme_opens_its_source() -> None:
    """The synthetic scanner needs nothing, so it is the one to try."""
    source = open_source("synthetic:", size="320x240", fps=60)
    try:
        grab = source.read(2)
        assert grab is not None
        assert grab.pixels.shape == (240, 320, 3)
    finally:
        source.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_opener(scheme: str) -> None:
    """Each part of the table can be imported and gives something to call."""
    assert callable(opener(f"{scheme}:"))


@pytest.mark.parametrize("url", ["", "clip.mp4", "rtsp://camera", "/dev/video0", "v4l3:/dev/video0"])
def test_what_names_no_source_is_refused(url: str) -> None:
    """The sentence says what was written and what there is."""
    with pytest.raises(SettingsError, match=r"\[source\] url is .* names no source; (expected one of|did you mean)"):
        opener(url)


def test_a_part_that_cannot_be_imported_breaks_only_its_own_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenCV's camera part, all others work; the one says what is missing."""
    monkeypatch.setitem(sys.modules, "bedside.source.opencv", None)
    with pytest.raises(SettingsError, match="opencv: cannot be used here"):
        opener("opencv:0")
    assert callable(opener("synthetic:"))


def test_nothing_is_opened_before_it_is_asked_for() -> None:
    """A missing device is no reason not to start."""
    open_it = opener("v4l2:/dev/there-is-no-such-device")
    with pytest.raises(Unplugged, match="/dev/there-is-no-such-device"):
        open_it()


def test_a_size_that_is_none_is_refused_at_once() -> None:
    """A wrong setting is no reason to try again each second."""
    with pytest.raises(SettingsError, match=r"size is '1080p'"):
        opener("v4l2:", size="1080p")
