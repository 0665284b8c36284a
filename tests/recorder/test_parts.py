"""The recorder's parts alone: bounds, whole files, rows, memory."""

import errno
import itertools
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recorder.stage import pictures

from bedside import clock
from bedside.errors import SessionError
from bedside.messages import Frame, Signal
from bedside.recorder import clips as clips_module
from bedside.recorder.clip import write_clip
from bedside.recorder.clips import Clips
from bedside.recorder.coding import Coding
from bedside.recorder.encoder import Chunk, Encoder
from bedside.recorder.film import Film, Start
from bedside.recorder.found import find
from bedside.recorder.lane import Lane
from bedside.recorder.losses import MOST_ROWS, Losses
from bedside.recorder.memory import Kept, Memory
from bedside.recorder.reel import Reel
from bedside.recorder.rows_file import RowsFile
from bedside.recorder.video_file import VideoFile
from bedside.session.paths import Paths
from bedside.session.rows import HEADER, Row, RowKind, parsed
from bedside.session.wanted import Clip, Wanted

SECOND = clock.NS_PER_S


def frame(seq: int, captured_ns: int | None = None) -> Frame:
    """A frame that was captured at `seq` tenths of a second."""
    captured_ns = seq * SECOND // 10 if captured_ns is None else captured_ns
    return Frame(seq, captured_ns, captured_ns, 320, 240, Signal.LIVE)


def row(seq: int, count: int = 1, where: str = "bus", kind: RowKind = RowKind.LOSS) -> Row:
    """A row."""
    return Row(kind, seq, count, seq, seq, "live", where=where)


def chunks(seconds: int) -> tuple[Encoder, list[Chunk]]:
    """Ten pictures a second with a key frame each second, coded."""
    reel = Reel(Coding(), frame(1), is_recorded=True)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    coded = []
    for seq in range(1, seconds * 10 + 1):
        picture = reel.encoder.convert(np.roll(noise, seq, axis=1))
        coded += [chunk for chunk, _ in reel.encode(frame(seq), picture)]
    return reel.encoder, coded


def test_a_lane_works_in_order_and_refuses_what_is_too_much() -> None:
    """Beyond the bound nothing is taken, and nothing that was taken is lost; what costs nothing is always taken."""
    lane, done, go = Lane("test", bound=10), [], threading.Event()
    assert lane.put(go.wait)
    assert lane.put(lambda: done.append(1), cost=6)
    assert not lane.put(lambda: done.append(2), cost=5)
    assert lane.put(lambda: done.append(3), cost=4)
    assert lane.put(lambda: done.append(4))
    go.set()
    lane.close()
    assert done == [1, 3, 4]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from(["bus", "disk"])), max_size=150))
def test_losses_are_counted_once(steps: list[tuple[int, int, str]]) -> None:
    """However many there are, their rows stay few and their number is right; those that adjoin are one."""
    losses, seq, lost = Losses(), 1, 0
    for count, gap, where in steps:
        losses.add(row(seq + gap, count, where))
        seq, lost = seq + gap + count, lost + count
    rows = losses.take()
    assert sum(one.count for one in rows) == lost
    assert len(rows) <= MOST_ROWS
    assert losses.take() == []
    if len(rows) < MOST_ROWS:
        assert not [a for a, b in itertools.pairwise(rows) if a.where == b.where and a.seq + a.count == b.seq]


def test_rows_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that the disk takes half of leaves nothing, and a torn line of a crash swallows no later row."""
    path = tmp_path / "frames.csv"
    path.write_text(HEADER + row(1).text + row(2).text[:-9], encoding="ascii")
    file = RowsFile(path)
    file.append([row(3), row(4)])
    write = os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[: len(data) - 30])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        file.append([row(5)])
    monkeypatch.undo()
    file.append([row(6)])
    file.close()
    found = [one.seq for line in path.read_text("ascii").splitlines(keepends=True) if (one := parsed(line))]
    assert found == [1, 3, 4, 6]


def test_a_file_grows_by_whole_fragments(tmp_path: Path) -> None:
    """After each key frame all pictures before it can be read, and a copy at any moment plays."""
    encoder, coded = chunks(2)
    path = tmp_path / "video.mp4"
    video = VideoFile(path, encoder.template, "mp4")
    for number, chunk in enumerate(coded):
        if video.write(chunk):
            assert len(pictures(path)) == number
        assert path.stat().st_size == video.bytes
    video.close()
    assert len(pictures(path)) == len(coded)
    assert path.read_bytes().rfind(b"moov") > path.read_bytes().rfind(b"mdat")


def test_a_full_disk_leaves_whole_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a fragment, and of the end, the disk takes no more: what was whole before plays."""
    encoder, coded = chunks(2)
    for most in range(60_000, 900_000, 167_000):
        path = tmp_path / f"{most}.mp4"
        video = VideoFile(path, encoder.template, "mp4")
        pwrite = os.pwrite

        def limited(fd: int, data: Any, at: int, most: int = most) -> int:
            if at >= most:
                raise OSError(errno.ENOSPC, "No space left on device")
            return pwrite(fd, data[: most - at], at)  # noqa: B023

        monkeypatch.setattr(os, "pwrite", limited)
        whole = 0
        try:
            for number, chunk in enumerate(coded):
                whole = number if video.write(chunk) else whole
            video.close()
            whole = len(coded)
        except OSError:
            video.give_up()
        monkeypatch.undo()
        assert path.stat().st_size <= most
        assert len(pictures(path)) == whole if whole else True


@dataclass
class Template:
    """What the memory asks of an encoder's stream."""

    width: int = 320
    height: int = 240
    extradata: bytes = b""

    @property
    def codec_context(self) -> "Template":
        """Itself."""
        return self


def kept(tenth: int, template: Template, size: int = 10) -> Kept:
    """A picture of this tenth of a second, each tenth of them a key frame."""
    return Kept(Chunk(b"x" * size, tenth, tenth, tenth % 10 == 0), tenth * SECOND // 10, cast(Any, template), Coding())


def test_memory_gives_the_seconds_before() -> None:
    """From a key frame so many seconds before, to the very picture; not more, and nothing of what came later."""
    memory, template = Memory(3.0), Template()
    for tenth in range(200):
        memory.add(kept(tenth, template))
    found = memory.until(185 * SECOND // 10)
    assert [one.captured_ns * 10 // SECOND for one in found] == list(range(150, 186))
    assert memory.until(SECOND) == []
    assert memory.newest_ns == 199 * SECOND // 10
    memory.clear()
    assert memory.until(185 * SECOND // 10) == []


def test_memory_has_a_bound() -> None:
    """Large packets push the oldest seconds out."""
    memory, template = Memory(60.0), Template()
    for tenth in range(600):
        memory.add(kept(tenth, template, size=1_000_000))
    found = memory.until(10**18)
    assert found[0].chunk.is_key
    assert sum(len(one.chunk.data) for one in found) <= 50_000_000
    assert found[-1].captured_ns == 599 * SECOND // 10


def test_a_clip_is_of_one_size() -> None:
    """Pictures of another size before it are left out."""
    memory, small, large = Memory(5.0), Template(), Template(640, 480)
    for tenth in range(40):
        memory.add(kept(tenth, small if tenth < 20 else large))
    assert [one.captured_ns * 10 // SECOND for one in memory.until(10**18)] == list(range(20, 40))


def test_times_in_the_video_always_grow() -> None:
    """Two frames with one time, or times that go back, still have places of their own in the video."""
    reel = Reel(Coding(), frame(1), is_recorded=True)
    pixels = reel.encoder.convert(np.zeros((240, 320, 3), np.uint8))
    times = [SECOND // 10, SECOND // 10, SECOND // 20, SECOND]
    found = [reel.encode(frame(seq, at), pixels)[0][1].pts for seq, at in enumerate(times, 1)]
    assert found == [0, 1, 2, 81_000]


def test_what_a_killed_recorder_left_is_found(tmp_path: Path) -> None:
    """Numbers go on after the last file, and a segment without an end is one that was broken off."""
    encoder, coded = chunks(3)
    paths = Paths(tmp_path)
    video = VideoFile(paths.video(3), encoder.template, "mp4")
    for chunk in coded:
        video.write(chunk)
    video.give_up()
    paths.segments.write_text('{"segment":3,"event":"opened","file":"video-003.mp4"}\n{"torn', encoding="ascii")
    rows = [row(seq, kind=RowKind.FRAME) for seq in range(1, 8)] + [row(20, 5)]
    paths.frames.write_text(HEADER + "".join(one.text for one in rows) + "frame,9", encoding="ascii")
    found = find(paths)
    assert (found.last_segment, found.frames, found.losses) == (3, 7, 5)
    assert found.last is not None
    assert found.last.seq == 7
    (line,) = found.recovered
    video_frames, size = len(pictures(paths.video(3))), paths.video(3).stat().st_size
    assert 20 <= video_frames < 30
    assert line == {"segment": 3, "event": "recovered", "frames": video_frames, "bytes": size}


def test_a_recorder_that_is_killed_before_its_first_picture_hides_no_loss(tmp_path: Path) -> None:
    """Killed twice in a row: the one that comes to a picture at last says what is missing since the first one's."""
    encoder, coded = chunks(1)
    paths = Paths(tmp_path)
    first = Row(RowKind.FRAME, 7, 1, 7, 7, "live", 0, 0)
    paths.frames.write_text(HEADER + first.text, encoding="ascii")
    opened = {"segment": 0, "event": "opened", "file": "video-000.mp4"}
    paths.segments.write_text(json.dumps(opened) + "\n", encoding="ascii")
    for _ in range(2):  # each of them is killed at once
        Film().adopt(tmp_path)
    film = Film()
    film.adopt(tmp_path)
    film.open(Start(Coding(), encoder.template, {}))
    film.add(coded[0], Row(RowKind.FRAME, 30, 1, 30, 30, "live", 1, 0))
    film.end()
    rows = [one for line in paths.frames.read_text("ascii").splitlines(keepends=True) if (one := parsed(line))]
    assert [(one.seq, one.count) for one in rows if one.where == "killed"] == [(8, 22)]
    again = find(paths)
    assert again.last is None, "what is said already is not said again"


def test_a_segment_that_ended_is_on_the_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Video, rows, lines and the folder that names them are flushed when a segment ends: a power cut takes none."""
    encoder, coded = chunks(1)
    flushed: set[int] = set()
    fsync = os.fsync

    def noted(file: int) -> None:
        flushed.add(os.fstat(file).st_ino)
        fsync(file)

    monkeypatch.setattr(os, "fsync", noted)
    film = Film()
    film.adopt(tmp_path)
    film.open(Start(Coding(), encoder.template, {}))
    film.add(coded[0], Row(RowKind.FRAME, 1, 1, 1, 1, "live", 0, 0))
    film.close("length")
    assert {path.stat().st_ino for path in (tmp_path, *tmp_path.iterdir())} <= flushed
    film.end()


def test_frames_between_a_kill_and_a_record_off_are_no_number(tmp_path: Path) -> None:
    """Recording was switched off while nobody recorded: how many are missing is unknown, and later ones are no loss."""
    encoder, coded = chunks(1)
    paths = Paths(tmp_path)
    first = Row(RowKind.FRAME, 7, 1, 7, 7, "live", 0, 0)
    paths.frames.write_text(HEADER + first.text, encoding="ascii")
    opened = {"segment": 0, "event": "opened", "file": "video-000.mp4"}
    paths.segments.write_text(json.dumps(opened) + "\n", encoding="ascii")
    for _ in range(2):
        Film().adopt(tmp_path, is_recorded=False)
    film = Film()
    film.adopt(tmp_path)
    film.open(Start(Coding(), encoder.template, {}))
    film.add(coded[0], Row(RowKind.FRAME, 3000, 1, 3000, 3000, "live", 1, 0))
    film.end()
    rows = [one for line in paths.frames.read_text("ascii").splitlines(keepends=True) if (one := parsed(line))]
    assert [(one.seq, one.count, one.where) for one in rows if one.kind is RowKind.LOSS] == [(-1, 0, "killed")]


def test_a_lane_whose_work_fails_says_so_to_whoever_puts() -> None:
    """A fault in the disk's thread does not leave a recorder that seems to record: whoever puts and closes gets it."""
    lane = Lane("test", bound=10)
    lane.put(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        lane.close()
    with pytest.raises(ZeroDivisionError):
        lane.put(lambda: None)


def remembered(seconds: int) -> Memory:
    """The packets of some seconds of noise."""
    encoder, coded = chunks(seconds)
    memory = Memory(seconds)
    for number, chunk in enumerate(coded, 1):
        memory.add(Kept(chunk, number * SECOND // 10, encoder.template, encoder.coding))
    return memory


@pytest.mark.parametrize("fault", [SessionError("no such picture"), MemoryError("no room")])
def test_a_clip_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """Whatever goes wrong in the middle of it, no part of a picture stays on the disk."""
    memory = remembered(1)
    calls = itertools.count()
    write = VideoFile.write

    def breaks(video: VideoFile, chunk: Chunk) -> bool:
        if next(calls) == 5:
            raise fault
        return write(video, chunk)

    monkeypatch.setattr(VideoFile, "write", breaks)
    with pytest.raises(type(fault)):
        write_clip(tmp_path / "snapshots" / "7.mp4", memory.until(SECOND))
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_clips_that_wait_for_the_disk_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is written, of many only the next wait with their packets; each is made in its turn."""
    memory, go, begun = remembered(1), threading.Event(), []

    def slow(path: Path, kept: list[Kept]) -> None:
        begun.append(path.stem)
        go.wait()

    monkeypatch.setattr(clips_module, "write_clip", slow)
    clips = Clips(tmp_path)
    wanted = Wanted("s", True, tuple(Clip(f"{number}", SECOND - number) for number in range(6)))
    for _ in range(3):
        clips.make(wanted, memory)
    assert clips.waiting == clips_module.MOST_WAITING
    go.set()
    while len(begun) < 6:
        clips.make(wanted, memory)
    clips.close()
    assert sorted(begun) == [f"{number}" for number in range(6)]
