"""How far pip is, by lines as pip 22 to 24 print them."""

import pytest

from bedside.engine.build import Progress
from bedside.engine.pip_talk import PipTalk


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Collecting numpy<1.20 (from -r /m/requirements.txt (line 1))", Progress("collects numpy<1.20")),
        ("Processing /opt/wheels/torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl", Progress("collects torch")),
        ("Processing ./wheels/small-1.0-py3-none-any.whl (from -r x (line 1))", Progress("collects small")),
        (
            "  Downloading numpy-1.19.5-cp37-cp37m-manylinux2010_x86_64.whl (14.8 MB)",
            Progress("downloads numpy, 14.8 MB"),
        ),
        ("Downloading scipy-1.1-cp312-manylinux_2_17_x86_64.whl (35.8 MB)", Progress("downloads scipy, 35.8 MB")),
        ("  Building wheel for fire (setup.py): started", Progress("builds fire, which has no ready-made wheel")),
        ("Installing collected packages: mpmath, sympy, torch", Progress("installs", 0, 3, "packages")),
        ("Using cached numpy.whl", Progress("starts")),
    ],
)
def test_a_line_says_what_is_done(line: str, expected: Progress) -> None:
    """Which package, and how large it is."""
    assert PipTalk("starts").after(line, 0) == expected


def test_bytes_belong_to_what_is_downloaded() -> None:
    """A pip that tells bytes is shown with them."""
    talk = PipTalk("starts")
    talk.after("Downloading torch-2.13.0-cp311-cp311-linux_x86_64.whl (190.0 MB)", 2)
    assert talk.after("Progress 1000 of 190000000", 2) == Progress(
        "downloads torch, 190.0 MB", 1000, 190000000, "bytes"
    )


def test_installed_packages_are_counted() -> None:
    """Pip is silent while it installs; the packages that are there tell how far it is."""
    talk = PipTalk("starts")
    talk.after("Installing collected packages: a, b, c", 2)
    assert [talk.after("", there).done for there in (2, 4, 9)] == [0, 2, 3]
