"""A device node says what it can and what it sees, and a refusal says what to do."""

import errno
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bedside.errors import NoSignal, SourceError, Unplugged
from bedside.source import v4l2_abi as abi
from bedside.source.v4l2_node import Mode, Node

if TYPE_CHECKING:
    from tests.source.conftest import PaperKernel


def test_single_sizes_are_listed_as_they_are(kernel: "PaperKernel") -> None:
    """Each with the highest rate that is announced."""
    kernel.plug(0, modes={"YUYV": [(1280, 720)], "MJPG": [(1920, 1080)]}, announced_fps={"MJPG": 30})
    with closing(Node(str(kernel.dev / "video0"))) as node:
        assert node.modes() == [Mode("YUYV", 1280, 720, 60), Mode("MJPG", 1920, 1080, 30)]


def test_of_a_range_of_sizes_the_usual_ones_are_listed(kernel: "PaperKernel") -> None:
    """Those within the limits and on the steps."""
    kernel.plug(0, size_range=(640, 1920, 16, 480, 1080, 8))
    with closing(Node(str(kernel.dev / "video0"))) as node:
        sizes = list(node.sizes("RGB3"))
    assert {(1920, 1080), (1280, 720), (640, 480)} <= set(sizes)
    assert not {(3840, 2160), (1366, 768), (1680, 1050)} & set(sizes)


@pytest.mark.parametrize("flag", [abi.IN_ST_NO_POWER, abi.IN_ST_NO_SIGNAL, abi.IN_ST_NO_H_LOCK, abi.IN_ST_NO_SYNC])
def test_every_way_to_have_no_signal_counts(kernel: "PaperKernel", flag: int) -> None:
    """As the input's flags say."""
    box = kernel.plug(0)
    with closing(Node(str(kernel.dev / "video0"))) as node:
        assert not node.sees_nothing()
        box.status = flag
        assert node.sees_nothing()


def test_a_missing_colour_is_no_missing_signal(kernel: "PaperKernel") -> None:
    """A grey picture is a picture."""
    kernel.plug(0, status=abi.IN_ST_NO_COLOR)
    with closing(Node(str(kernel.dev / "video0"))) as node:
        assert not node.sees_nothing()


def test_timings_are_those_of_the_cable(kernel: "PaperKernel") -> None:
    """Or none for a device that scales by itself, or NoSignal when nothing arrives."""
    box = kernel.plug(0)
    with closing(Node(str(kernel.dev / "video0"))) as node:
        assert node.timings() is None
        box.timings = (1280, 720)
        found = node.timings()
        assert found is not None
        assert (found.width, found.height) == (1280, 720)
        box.timings_error = errno.ENOLINK
        with pytest.raises(NoSignal, match="no signal on the cable"):
            node.timings()


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        (errno.ENODEV, Unplugged, "plug it in"),
        (errno.EACCES, SourceError, "group `video`"),
        (errno.EBUSY, SourceError, "another program uses it"),
        (errno.EIO, SourceError, "the stream is broken"),
        (errno.ENOSPC, SourceError, "another port"),
        (errno.EINVAL, SourceError, "trying failed: Invalid argument"),
    ],
)
def test_refusals_say_what_to_do(kernel: "PaperKernel", code: int, kind: type[SourceError], sentence: str) -> None:
    """One sentence for each errno that a person can do something about."""
    box = kernel.plug(0)
    with closing(Node(str(kernel.dev / "video0"))) as node:
        box.refuses[abi.VIDIOC_G_FMT] = code
        with pytest.raises(kind, match=sentence):
            node.ask(abi.VIDIOC_G_FMT, abi.Format(), "trying")
