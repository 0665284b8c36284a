"""The recorder beside a real broadcaster: each frame is in the video under its own row, or a loss."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import av
import numpy as np
import pandas
import pytest
from tests.bus.conftest import FakeCapture
from tests.recorder.stage import SMALL, left, pictures, recorder, scanner, until

from bedside.bus.subscriber import Subscriber
from bedside.messages import Frame, Loss, Pixels, RecorderState, Signal, Status
from bedside.review.pictures import Pictures
from bedside.session.recorded import Recorded
from bedside.session.wanted import Clip
from bedside.source import counter
from bedside.source.synthetic_screen import Screen


def paint(seq: int, width: int = 640, height: int = 360) -> Pixels:
    """A grey picture that shows its number."""
    picture = np.full((height, width, 3), 60 + seq % 40, np.uint8)
    counter.draw(picture, seq)
    return picture


def fake(width: int = 640, height: int = 360, fps: float = 40) -> FakeCapture:
    """A capture that the test can have do anything, whose pictures show their numbers."""
    capture = FakeCapture(fps, width, height)
    capture.painter = lambda seq: paint(seq, capture.width, capture.height)
    return capture


async def test_each_picture_lies_under_its_own_row(tmp_path: Path) -> None:
    """Numbers and times of the video are those of frames.csv; the file is a normal mp4, its colours are tagged."""
    async with scanner() as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=60)
        await asyncio.to_thread(stage.desk.end)
        await stage.says(RecorderState.IDLE)
    found = left(folder)
    found.check()
    assert found.ours == []
    (opened, closed) = found.lines
    assert (opened["width"], opened["height"], opened["signal"]) == (640, 360, "live")
    assert opened["source"] == SMALL
    assert opened["captured_ns"] == found.frames[0].captured_ns
    assert (closed["why"], closed["frames"]) == ("stopped", len(found.frames))
    video = found.paths.video(0)
    assert closed["bytes"] == video.stat().st_size
    probe = ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-show_format", "-of", "json", str(video)]
    said = json.loads(await asyncio.to_thread(subprocess.check_output, probe))
    (stream,) = said["streams"]
    assert int(stream["nb_frames"]) == int(stream["nb_read_packets"]) == len(found.frames)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuvj420p")
    assert (stream["color_range"], stream["color_space"], stream["time_base"]) == ("pc", "bt709", "1/90000")
    assert b"moof" not in video.read_bytes()[:200]


@pytest.mark.own_key_frames
async def test_a_key_frame_each_second(tmp_path: Path) -> None:
    """No second of capture is without a key frame, whatever the frame rate: so much is lost at worst, and seeks hit."""
    async with scanner("synthetic:?size=320x240&fps=50") as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=120)
    with av.open(str(left(folder).paths.video(0))) as container:
        keys = [p.pts or 0 for p in container.demux(video=0) if p.size and p.is_keyframe]
    assert len(keys) >= 3
    assert max(np.diff(keys)) <= 90_000


async def test_lossless_is_every_pixel(tmp_path: Path) -> None:
    """FFV1 gives back the scanner's own pixels."""
    async with scanner() as source, recorder(tmp_path, source.url, lossless=True) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=15)
        own: dict[int, Pixels] = {}
        subscriber = Subscriber(source.url)
        async with aclosing(aiter(subscriber)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Frame):
                    own[event.seq] = subscriber.copy(event)
                if len(own) == 5:
                    break
        newest = max(own)
        await until(lambda: any(row.seq >= newest for row in left(folder).frames))
    found = left(folder)
    found.check()
    shown = dict(zip([row.seq for row in found.frames], [picture for _, picture in found.pictures(0)], strict=True))
    assert found.paths.video(0, ".mkv").exists()
    for seq, pixels in own.items():
        assert np.array_equal(shown[seq], pixels)
    assert found.lines[0]["codec"] == "ffv1"


async def test_a_freeze_is_a_segment_of_its_own(tmp_path: Path) -> None:
    """Live and frozen pictures lie in different files; none is lost between them."""
    async with scanner() as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=20)
        source.capture.control("freeze")
        await until(lambda: {row.signal for row in left(folder).frames} == {"live", "frozen"})
        source.capture.control("unfreeze")
        await until(lambda: len({row.segment for row in left(folder).frames}) >= 3)
    found = left(folder)
    found.check()
    assert found.ours == []
    for line in found.lines:
        if line["event"] == "opened":
            assert {row.signal for row in found.frames if row.segment == line["segment"]} == {line["signal"]}
    assert found.whys[0] == "signal"


async def test_no_signal_is_waited_for(tmp_path: Path) -> None:
    """Without a signal the segment ends with a row that says so; with it recording goes on by itself."""
    async with scanner() as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=10)
        source.capture.control("signal off")
        waiting = await stage.says(RecorderState.WAITING)
        assert waiting.message
        await until(lambda: left(folder).whys[-1:] == ["signal"])
        source.capture.control("signal on")
        await stage.says(RecorderState.RECORDING, frames=waiting.frames + 40)
    found = left(folder)
    found.check(may_be_blank=True)  # a blue picture or two, until the source is sure
    assert "no_signal" in [row.signal for row in found.rows if row.kind == "signal"]
    assert Recorded(folder).frames.signals


async def test_a_broadcaster_that_goes_is_waited_for(tmp_path: Path) -> None:
    """The segment ends with it; the next broadcaster's frames begin another one, of another size too."""
    async with scanner(fake()) as first:
        port = first.port
        running = recorder(tmp_path, first.url)
        stage = await running.__aenter__()
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
    assert f"the broadcaster at 127.0.0.1:{port}" in (await stage.says(RecorderState.WAITING)).message
    async with scanner(fake(width=480, height=272), port=port):
        await stage.says(RecorderState.RECORDING, frames=stage.status.frames + 50)
        await running.__aexit__(None, None, None)
    sizes = [(line["width"], line["height"]) for line in left(folder).lines if line["event"] == "opened"]
    assert sizes == [(640, 360), (480, 272)]
    assert left(folder).pictures(1)[0][1].shape == (272, 480, 3)


async def test_a_change_of_size_is_a_new_segment(tmp_path: Path) -> None:
    """The source's new size begins a new file, and no frame is lost for it; odd sizes can be recorded too."""
    capture = fake()
    async with scanner(capture) as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
        capture.width, capture.height = 481, 271
        await stage.says(RecorderState.RECORDING, frames=90)
    found = left(folder)
    assert found.whys == ["size", "stopped"]
    assert found.ours == []
    line = found.lines[2]
    assert (line["width"], line["height"]) == (481, 271)
    session = Recorded(folder)
    shown = Pictures(session)
    assert [counter.read(picture) for _, picture in shown.frames()] == list(session.frames.seq)
    assert shown.frame(len(session.frames) - 1).shape == (271, 481, 3)
    shown.close()


async def test_segments_have_a_length(tmp_path: Path) -> None:
    """After `segment_s` comes the next file, and no frame is lost between them."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url, segment_s=1.0) as stage:
        folder = await stage.start()
        await until(lambda: len(left(folder).whys) >= 2 if (folder / "segments.jsonl").exists() else False)
    found = left(folder)
    found.check()
    assert found.whys[:2] == ["length", "length"]
    assert found.ours == []


async def test_record_off_and_on(tmp_path: Path) -> None:
    """While recording is off nothing of the picture is written, and nothing is a loss."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url, clip_s=2.0) as stage:
        folder = await stage.start()
        first = await stage.says(RecorderState.RECORDING, frames=30)
        await asyncio.to_thread(stage.desk.record, False)
        assert (await stage.says(RecorderState.IDLE)).since_ns == 0
        await until(lambda: left(folder).whys == ["stopped"])  # the disk's thread writes its last lines
        before = sum(path.stat().st_size for path in folder.iterdir())
        seq = left(folder).frames[-1].seq
        await until(lambda: source.capture.seq > seq + 40)
        assert sum(path.stat().st_size for path in folder.iterdir()) == before
        await asyncio.to_thread(stage.desk.record, True)
        second = await stage.says(RecorderState.RECORDING, frames=first.frames + 60)
        assert second.since_ns > first.since_ns
    found = left(folder)
    found.check()
    assert found.whys == ["stopped", "stopped"]
    assert found.ours == []


async def test_losses_are_rows(tmp_path: Path) -> None:
    """What the source lost stands between the frames that it lies between, and is counted."""
    capture = fake()
    async with scanner(capture) as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=10)
        capture.skip = 7
        await until(lambda: stage.status.losses == 7)
        await stage.says(RecorderState.RECORDING, frames=stage.status.frames + 50)
    found = left(folder)
    found.check()
    (loss,) = found.losses
    assert (loss.count, loss.where) == (7, "source")
    seqs = {row.seq for row in found.frames}
    assert loss.seq - 1 in seqs
    assert loss.seq + 7 in seqs
    assert found.whys == ["stopped"]


async def test_pandas_reads_what_is_written(tmp_path: Path) -> None:
    """`pandas.read_csv` and `pandas.read_json(lines=True)` read the files as they are."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=30)
    table = pandas.read_csv(folder / "frames.csv")
    assert list(table["seq"]) == [row.seq for row in left(folder).rows]
    assert str(table["captured_ns"].dtype) == "int64"
    assert list(pandas.read_json(folder / "segments.jsonl", lines=True)["event"]) == ["opened", "closed"]


@pytest.mark.parametrize("recording", [True, False])
async def test_a_clip_ends_with_the_snapshots_frame(tmp_path: Path, recording: bool) -> None:
    """The seconds before a frame are kept as an mp4, also where nothing is recorded; then nothing else is written."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url, clip_s=1.5) as stage:
        folder = await stage.start(recording=recording)
        subscriber = Subscriber(source.url)
        async with aclosing(aiter(subscriber)) as events:  # type: ignore[type-var]
            frames = [event async for event in some(events, 180)]  # the recorder may begin late
        shot = frames[-5]
        await asyncio.to_thread(stage.desk.ask_clip, Clip("7_seen", shot.captured_ns))
        path = folder / "snapshots" / "7_seen.mp4"
        await until(path.exists)
    found = pictures(path)
    assert counter.read(found[-1][1]) == shot.seq
    assert found[0][0] == 0
    assert 1.45 <= found[-1][0] / 90_000 <= 2.6
    numbers = [counter.read(picture) for _, picture in found]
    assert numbers == list(range(shot.seq - len(found) + 1, shot.seq + 1))
    if not recording:
        assert {path.name for path in folder.iterdir()} == {"session.json", "snapshots"}


async def some(events: AsyncIterator[Frame | Status | Loss], count: int) -> AsyncIterator[Frame]:
    """So many of the frames."""
    async for event in events:
        if isinstance(event, Frame):
            yield event
            count -= 1
        if not count:
            return


async def test_a_clip_of_a_lossless_recording_plays_anywhere(tmp_path: Path) -> None:
    """Beside FFV1 the clip is H.264 all the same."""
    async with scanner(fake(fps=25)) as source, recorder(tmp_path, source.url, clip_s=1.0, lossless=True) as stage:
        folder = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=40)
        await asyncio.to_thread(stage.desk.ask_clip, Clip("1_seen", left(folder).frames[-1].captured_ns))
        path = folder / "snapshots" / "1_seen.mp4"
        await until(path.exists)
        seq = left(folder).frames[-1].seq
    found = pictures(path)
    assert counter.read(found[-1][1]) is not None
    assert abs(counter.read(found[-1][1]) - seq) < 30  # type: ignore[operator]
    assert 0.95 <= found[-1][0] / 90_000 <= 1.3


async def test_a_recorder_that_is_started_again_goes_on(tmp_path: Path) -> None:
    """The same session, the next segment, the same start, and the counts of before."""
    async with scanner(fake()) as source:
        async with recorder(tmp_path, source.url) as stage:
            folder = await stage.start()
            before = await stage.says(RecorderState.RECORDING, frames=30)
        async with recorder(tmp_path, source.url) as stage:
            after = await stage.says(RecorderState.RECORDING, frames=before.frames + 60)
            assert after.session == folder.name
    found = left(folder)
    found.check()
    assert {row.segment for row in found.frames} == {0, 1}
    assert Recorded(folder).segments.keys() == {0, 1}


async def test_the_next_session_counts_anew(tmp_path: Path) -> None:
    """Frames, losses and bytes are of the session that runs."""
    async with scanner(fake()) as source, recorder(tmp_path, source.url) as stage:
        first = await stage.start()
        await stage.says(RecorderState.RECORDING, frames=80)
        await asyncio.to_thread(stage.desk.end)
        second = await stage.start()
        await until(lambda: stage.status.session == second.name)
        status = await stage.says(RecorderState.RECORDING, frames=1)
        assert status.frames < 80
    left(first).check()
    left(second).check()


def test_the_numbers_in_these_pictures_can_be_read() -> None:
    """The tests' own pictures show their numbers, before any video."""
    assert counter.read(paint(4711)) == 4711
    assert counter.read(Screen(640, 360).draw(4711, 1, 0.0, frozen=False)) == 4711
    assert Signal.LIVE.has_picture
