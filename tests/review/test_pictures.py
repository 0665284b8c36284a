"""The pictures of a session's video."""

import gc
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
import pytest
from tests.recording import Plan, make_session, picture

from bedside.errors import SessionError
from bedside.review.pictures import Pictures
from bedside.review.reel import Reel
from bedside.session.recorded import Recorded
from bedside.source import counter

MOVIE = {"movflags": "frag_keyframe+hybrid_fragmented", "flush_packets": "1"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Twelve seconds in two files."""
    return Plan(seconds=12, segment_s=6)


@pytest.fixture(scope="module", params=[False, True], ids=["h264", "ffv1"])
def made(request: pytest.FixtureRequest, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session in one of both formats."""
    return make_session(tmp_path_factory.mktemp("sessions"), replace(plan, lossless=request.param))


def written(path: Path, packets: list[Any], template: av.VideoStream) -> Iterator[int]:
    """Writes packets to `path` as a recorder does; yields how many were written, and never closes the file."""
    container = av.open(str(path), "w", options=MOVIE)
    stream = container.add_stream_from_template(template)
    for number, packet in enumerate(packets, 1):
        packet.stream = stream
        container.mux(packet)
        yield number
    raise AssertionError("asked to go beyond the packets")


def test_every_frame_in_order(made: Path) -> None:
    """Each row comes with the picture that shows its number."""
    session, pictures = Recorded(made), Pictures(Recorded(made))
    shown = [(index, counter.read(pixels)) for index, pixels in pictures.frames()]
    assert shown == list(enumerate(session.frames.seq.tolist()))
    assert [index for index, _ in pictures.frames(140, 160)] == list(range(140, 160))
    assert pictures.missing == 0


def test_any_frame_at_once(made: Path) -> None:
    """Back, forth, twice the same, one by one: it is always exactly that frame, in an array of its own."""
    session, pictures = Recorded(made), Pictures(Recorded(made))
    rows = [0, 0, 1, 2, 1, len(session.frames) - 1, 150, 149, 148]
    rows += Random(4).choices(range(len(session.frames)), k=40)
    for row in rows:
        pixels = pictures.frame(row)
        assert counter.read(pixels) == session.frames.seq[row]
        pixels[:] = 0
    pictures.close()


def test_lossless_video_gives_the_very_pixels_and_h264_close_ones(made: Path, plan: Plan) -> None:
    """FFV1 brings each value back; H.264 is about right in grey levels, neither stretched nor shifted."""
    session = Recorded(made)
    got, want = Pictures(session).frame(20), picture(plan, int(session.frames.seq[20]))
    difference = got.astype(int) - want
    if session.segments[0].about["codec"] == "ffv1":
        assert not difference.any()
    else:
        assert abs(difference.mean()) < 0.5 and np.abs(difference).mean() < 2


@pytest.mark.parametrize("cut_bytes", [0, 1, 3000])
def test_a_file_that_was_broken_off_plays_to_its_end(plan: Plan, tmp_path: Path, cut_bytes: int) -> None:
    """Of a file as it lies there after `kill -9`, all that came to the disk is found; the rest is named or counted."""
    session = Recorded(make_session(tmp_path, plan))
    video = session.segments[1].path
    whole = video.rename(tmp_path / "whole.mp4")
    with av.open(str(whole)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        writer = written(video, packets, stream)
        while next(writer) < 80:
            pass
        video_bytes = video.read_bytes()
    video.unlink()
    video.write_bytes(video_bytes[: len(video_bytes) - cut_bytes])
    pictures = Pictures(session)
    shown = [(index, counter.read(pixels)) for index, pixels in pictures.frames()]
    assert len(shown) >= 147 + 75 - (25 if cut_bytes else 0)  # a fragment comes to the disk with the next key frame
    assert shown == list(enumerate(session.frames.seq.tolist()))[: len(shown)]
    assert pictures.missing == len(session.frames) - len(shown)
    for index in (len(shown) - 1, 150, 147):
        assert counter.read(pictures.frame(index)) == session.frames.seq[index]
    with pytest.raises(SessionError, match=r"frame 300 is not in video-001\.mp4: the file was broken off there"):
        pictures.frame(len(session.frames) - 1)


def test_a_file_that_grows_is_read_on(plan: Plan, tmp_path: Path) -> None:
    """What is recorded after the video was opened is found, too."""
    session = Recorded(make_session(tmp_path, plan))
    video = session.segments[1].path
    whole = video.rename(tmp_path / "whole.mp4")
    pictures = Pictures(session)
    with av.open(str(whole)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        writer = written(video, packets, stream)
        for enough in (51, 101):
            while next(writer) < enough:
                pass
            row = 147 + enough - 2
            assert counter.read(pictures.frame(row)) == session.frames.seq[row]


def test_a_file_that_was_closed_is_let_go(made: Path) -> None:
    """Going from file to file leaves no decoder behind, without waiting for a collection of garbage."""
    session = Recorded(made)
    gc.collect()
    gc.disable()
    others = {id(one) for one in gc.get_objects() if isinstance(one, Reel)}  # of tests before this one
    try:
        pictures = Pictures(session)
        for row in (5, 200, 6, 201, 7):
            pictures.frame(row)
        pictures.close()
        assert not [one for one in gc.get_objects() if isinstance(one, Reel) and id(one) not in others]
    finally:
        gc.enable()


def test_what_cannot_be_read_is_said_and_the_rest_is_read(plan: Plan, tmp_path: Path) -> None:
    """A missing file, one that is no video and a row that is not there: each has its sentence."""
    folder = make_session(tmp_path, plan)
    shutil.copy(folder / "video-000.mp4", tmp_path)
    (folder / "video-000.mp4").write_bytes(b"not a video")
    pictures = Pictures(Recorded(folder))
    with pytest.raises(SessionError, match=r"video-000\.mp4 is no video that can be read: Invalid data"):
        pictures.frame(3)
    assert [index for index, _ in pictures.frames(140, 150)] == [147, 148, 149]
    assert pictures.missing == 7
    with pytest.raises(SessionError, match="has no frame 297; it has 297"):
        pictures.frame(297)
    (folder / "video-000.mp4").unlink()
    with pytest.raises(SessionError, match="has no file of its video segment 0"):
        Pictures(Recorded(folder)).frame(3)
