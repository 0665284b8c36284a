"""The ring: what is read is what was written, or it is refused."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.bus.layout import Layout, layout_for, ring_path
from bedside.bus.ring import RingReader, RingWriter
from bedside.errors import BusError, Overwritten
from bedside.messages import Frame, Pixels, Signal


def picture(seq: int, width: int = 40, height: int = 30) -> tuple[Frame, Pixels]:
    """A frame and its pixels, all of which say its number."""
    pixels = np.full((height, width, 3), seq % 256, np.uint8)
    return Frame(seq, 1000 + seq, 2000 + seq, width, height, Signal.LIVE), pixels


@pytest.fixture
def writer(ring_name: str) -> Iterator[RingWriter]:
    """A writer of four slots."""
    writer = RingWriter(ring_name, 4)
    yield writer
    writer.close()


def test_a_copy_is_the_picture_that_was_written(writer: RingWriter) -> None:
    """Pixels come back bit by bit, and the published frame says when they lay in the ring."""
    pixels = np.random.default_rng(1).integers(0, 256, (33, 47, 3)).astype(np.uint8)
    frame = writer.write(Frame(1, 10, 20, 47, 33, Signal.FROZEN), pixels)
    copy = RingReader(writer.name).copy(frame)
    assert np.array_equal(copy, pixels)
    assert copy.flags.writeable and frame.published_ns > 0


def test_a_borrowed_view_cannot_be_written(writer: RingWriter) -> None:
    """A reader cannot spoil the ring for others."""
    frame = writer.write(*picture(1))
    with RingReader(writer.name).borrow(frame) as view:
        assert np.array_equal(view, picture(1)[1])
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0, 0] = 1


def test_a_picture_that_left_the_ring_is_refused(writer: RingWriter) -> None:
    """The newest four of five pictures can be read from four slots; the first is Overwritten."""
    frames = [writer.write(*picture(seq)) for seq in range(1, 6)]
    reader = RingReader(writer.name)
    assert [int(reader.copy(frame)[0, 0, 0]) for frame in frames[1:]] == [2, 3, 4, 5]
    with pytest.raises(Overwritten, match="frame 1 is no longer"):
        reader.copy(frames[0])


def test_a_blanked_ring_holds_no_pixel(writer: RingWriter) -> None:
    """Nothing is found by its number, the memory is black, and the next picture is as any other."""
    frames = [writer.write(*picture(seq)) for seq in range(1, 5)]
    reader, memory = RingReader(writer.name), ring_path(writer.name)
    start = layout_for(4, 40 * 30 * 3).pixels_start
    assert any(memory.read_bytes()[start:])
    writer.blank()
    assert not any(memory.read_bytes()[start:])
    for frame in frames:
        with pytest.raises(Overwritten):
            reader.copy(frame)
    frame = writer.write(*picture(5))
    assert int(reader.copy(frame)[0, 0, 0]) == 5


def test_a_picture_overwritten_while_borrowed_is_refused_at_the_end(writer: RingWriter) -> None:
    """A borrow that lasted too long raises when it ends, so that its outcome is thrown away."""
    frame = writer.write(*picture(1))
    with pytest.raises(Overwritten, match="while it was read"), RingReader(writer.name).borrow(frame):
        writer.write(*picture(5))


def test_an_error_inside_a_borrow_is_not_hidden(writer: RingWriter) -> None:
    """What the borrower raises comes out as it is."""
    frame = writer.write(*picture(1))
    with pytest.raises(KeyError), RingReader(writer.name).borrow(frame):
        raise KeyError("model")


def test_a_reader_follows_to_larger_pictures(writer: RingWriter) -> None:
    """When the picture grows, an open reader finds the new memory by itself, and a borrowed view stays whole."""
    old = writer.write(*picture(1))
    reader = RingReader(writer.name)
    with reader.borrow(old) as view:
        new = writer.write(*picture(2, 400, 300))
        assert reader.copy(new).shape == (300, 400, 3)
        assert int(view.min()) == int(view.max()) == 1
    small = writer.write(*picture(3))
    assert reader.copy(small).shape == (30, 40, 3)


def test_a_reader_that_comes_before_the_first_picture_sees_it(writer: RingWriter) -> None:
    """A ring can be opened before it holds anything."""
    reader = RingReader(writer.name)
    assert int(reader.copy(writer.write(*picture(1)))[0, 0, 0]) == 1


def test_only_the_same_user_may_read(writer: RingWriter) -> None:
    """The pictures show patients: the memory's mode is 0600, also after it grew."""
    writer.write(*picture(1, 400, 300))
    assert ring_path(writer.name).stat().st_mode & 0o777 == 0o600


def test_close_leaves_nothing(ring_name: str) -> None:
    """After close() the name is gone, and a reader is told so in a sentence."""
    writer = RingWriter(ring_name)
    writer.write(*picture(1))
    writer.close()
    assert not ring_path(ring_name).exists()
    with pytest.raises(BusError, match="encoding=jpeg"):
        RingReader(ring_name)


def test_use_after_close_is_a_sentence(ring_name: str) -> None:
    """Writing to and reading from a closed ring say what happened."""
    writer = RingWriter(ring_name)
    reader = RingReader(ring_name)
    frame = writer.write(*picture(1))
    reader.close()
    writer.close()
    with pytest.raises(BusError, match="after close"):
        writer.write(*picture(2))
    with pytest.raises(BusError, match="after close"):
        reader.copy(frame)


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "x" * 200])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    """A ring's name cannot reach another folder."""
    with pytest.raises(BusError, match="cannot be used"):
        RingWriter(name)


@pytest.mark.parametrize(
    ("frame", "pixels", "sentence"),
    [
        (picture(1)[0], np.zeros((30, 40, 3), np.float32), "float32"),
        (picture(1)[0], np.zeros((30, 40), np.uint8), "expected uint8"),
        (picture(1)[0], np.zeros((40, 30, 3), np.uint8), "expected uint8"),
        (picture(0)[0], picture(0)[1], "numbers that grow"),
    ],
)
def test_what_is_no_picture_is_refused(writer: RingWriter, frame: Frame, pixels: Pixels, sentence: str) -> None:
    """Wrong dtype, shape or number: one sentence, and the ring goes on."""
    with pytest.raises(BusError, match=sentence):
        writer.write(frame, pixels)
    writer.write(*picture(1))


def test_a_second_writer_is_refused(writer: RingWriter) -> None:
    """Two processes never write the same ring: the second is told which process has it."""
    with pytest.raises(BusError, match=f"process {os.getpid()}"):
        RingWriter(writer.name)
    writer.write(*picture(1))


@pytest.mark.parametrize("content", [b"", b"no ring", b"BEDRING\0" + b"\0" * 56, b"\xff" * 5000])
def test_rubbish_under_the_name_is_refused_and_replaced(ring_name: str, content: bytes) -> None:
    """A reader says that it is no ring; a writer puts its own in place."""
    ring_path(ring_name).write_bytes(content)
    with pytest.raises(BusError):
        RingReader(ring_name)
    writer = RingWriter(ring_name)
    assert int(RingReader(ring_name).copy(writer.write(*picture(1)))[0, 0, 0]) == 1
    writer.close()


def test_a_ring_that_was_cut_short_is_refused(ring_name: str) -> None:
    """A reader does not map what is not there, which would kill it later."""
    writer = RingWriter(ring_name)
    writer.write(*picture(1))
    head = ring_path(ring_name).read_bytes()[:5000]
    writer.close()
    ring_path(ring_name).write_bytes(head)
    with pytest.raises(BusError, match="shorter than its head says"):
        RingReader(ring_name)


def test_too_little_shared_memory_is_one_sentence(writer: RingWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where /dev/shm is too small (a container's 64 MB), the writer says what it needs and what to do, and goes on."""
    reader = RingReader(writer.name)
    first = writer.write(*picture(1))

    def full(fd: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.posix_fallocate", full)
        with pytest.raises(BusError, match=r"needs 25 MB .*--shm-size"):
            writer.write(*picture(2, 1920, 1080))
    assert int(reader.copy(first)[0, 0, 0]) == 1
    assert int(reader.copy(writer.write(*picture(3)))[0, 0, 0]) == 3


def test_memory_is_had_before_it_is_used(writer: RingWriter) -> None:
    """The file's blocks exist once it is created, so that writing can never end in SIGBUS."""
    writer.write(*picture(1, 640, 480))
    stat = ring_path(writer.name).stat()
    assert stat.st_blocks * 512 >= stat.st_size == writer.total_bytes


DYING_WRITER = """
import sys, time
import numpy as np
from bedside.bus.ring import RingWriter
from bedside.messages import Frame, Signal
writer = RingWriter(sys.argv[1], 4)
pixels = np.zeros((480, 640, 3), np.uint8)
seq = 0
while True:
    seq += 1
    writer.write(Frame(seq, seq, seq, 640, 480, Signal.LIVE), pixels)
    if seq == 100:
        print("writes", flush=True)
"""


WRITING_WITHOUT_A_BREAK = """
import select, sys
import numpy as np
from bedside.bus.ring import RingWriter
from bedside.messages import Frame, Signal
writer = RingWriter(sys.argv[1], 2)
seq, sizes = 0, [(320, 180), (640, 360)]
while not select.select([sys.stdin], [], [], 0)[0]:
    seq += 1
    width, height = sizes[seq > 300]
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (seq % 256, seq // 256 % 256, seq // 65536)
    writer.write(Frame(seq, seq, seq, width, height, Signal.LIVE), pixels)
    if seq == 10:
        print("writes", flush=True)
writer.close()
"""

READING_WITHOUT_A_BREAK = """
import sys
import time
from bedside.bus.ring import RingReader
from bedside.errors import Overwritten
from bedside.messages import Frame, Signal
reader = RingReader(sys.argv[1])
whole = refused = torn = 0
end = time.monotonic() + 20  # on a busy machine fewer must do
while (whole < 200 or refused < 3) and time.monotonic() < end:
    seq = reader.last_seq
    try:
        pixels = reader.copy(Frame(seq, seq, seq, 0, 0, Signal.LIVE))
    except Overwritten:
        refused += 1
        seq += 1  # looking for the next one finds the larger memory
        try:
            pixels = reader.copy(Frame(seq, seq, seq, 0, 0, Signal.LIVE))
        except Overwritten:
            continue
    told = pixels.reshape(-1, 3)
    torn += not (told == (seq % 256, seq // 256 % 256, seq // 65536)).all()
    whole += 1
print(whole, refused, torn)
"""


def test_no_torn_picture_is_ever_returned(ring_name: str) -> None:
    """Two processes read, as fast as they can, what a third writes into two slots: whole pictures, or a refusal."""

    def start(script: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", script, ring_name], stdin=pipe, stdout=pipe, text=True)

    with start(WRITING_WITHOUT_A_BREAK) as writes:
        try:
            assert writes.stdout is not None and writes.stdout.readline() == "writes\n"
            with start(READING_WITHOUT_A_BREAK) as one, start(READING_WITHOUT_A_BREAK) as other:
                counts = [[int(n) for n in reads.communicate(timeout=60)[0].split()] for reads in (one, other)]
        finally:
            writes.communicate("", timeout=10)
    for whole, refused, torn in counts:
        assert torn == 0, f"{torn} of {whole} pictures were torn ({refused} refused)"
        assert whole > 0, f"no picture was read whole; {refused} were refused"


def test_a_ring_of_a_killed_writer_is_taken_over(ring_name: str) -> None:
    """After kill -9 in the middle of writing, numbers continue, and an open reader finds the new writer's pictures."""
    with subprocess.Popen([sys.executable, "-c", DYING_WRITER, ring_name], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"writes\n"
        reader = RingReader(ring_name)
        with pytest.raises(BusError, match=f"process {process.pid}"):
            RingWriter(ring_name)
        process.send_signal(signal.SIGKILL)
    old_id = reader.ring_id
    writer = RingWriter(ring_name, 4)
    assert writer.last_seq >= 100
    frame = writer.write(*picture(writer.last_seq + 1))
    assert int(reader.copy(frame)[0, 0, 0]) == frame.seq % 256
    assert reader.ring_id == writer.ring_id != old_id
    writer.close()


def test_a_number_that_was_given_twice_is_not_mixed_up(ring_name: str) -> None:
    """A frame of a writer that ended well is not answered with the next writer's picture of the same number."""
    first = RingWriter(ring_name)
    old = first.write(*picture(1))
    reader = RingReader(ring_name)
    first.close()
    second = RingWriter(ring_name)
    frame, pixels = picture(1)
    new = second.write(Frame(1, frame.captured_ns + 9, 0, 40, 30, Signal.LIVE), pixels)
    reader.copy(new)
    with pytest.raises(Overwritten):
        reader.copy(old)
    second.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 90), st.integers(1, 60)), min_size=1, max_size=25))
def test_any_run_of_numbers_and_sizes_reads_back(steps: list[tuple[int, int, int]]) -> None:
    """Whatever gaps the numbers have and however the size changes: each picture reads back, or is Overwritten."""
    writer = RingWriter(f"bedside-test-{os.getpid()}-steps", 3)
    reader = RingReader(writer.name)
    try:
        frames, seq = [], 0
        for gap, width, height in steps:
            seq += gap
            frames.append(writer.write(*picture(seq, width, height)))
            assert np.array_equal(reader.copy(frames[-1]), picture(seq, width, height)[1])
        for frame in frames:
            try:
                assert np.array_equal(reader.copy(frame), picture(frame.seq, frame.width, frame.height)[1])
            except Overwritten:
                assert frame is not frames[-1]
    finally:
        writer.close()


def test_layout_places_pictures_at_pages() -> None:
    """Each picture begins at a page, and the memory holds all of them."""
    layout = Layout(8, 8192)
    assert layout.pixels_start == 4096
    assert layout.total_bytes == 4096 + 8 * 8192
