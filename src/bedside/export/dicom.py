"""A session as DICOM files: kept pictures, their clips, and a span of the recording."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby

import av
from av.video.reformatter import VideoReformatter
from pydicom import dcmwrite
from pydicom.dataset import Dataset

from bedside.export.dicom_about import About
from bedside.export.dicom_clip import MAX_FRAMES, Moving, clip, compressed
from bedside.export.dicom_picture import picture
from bedside.export.shots import Selection, key_of, whole
from bedside.export.target import Target
from bedside.messages import Pixels
from bedside.review.pictures import Pictures
from bedside.review.reel import rgb
from bedside.session.recorded import Item, Recorded, Segment

H264 = "h264"
Advance = Callable[[], None]


def write_pictures(
    target: Target, of: About, selection: Selection, advance: Advance, *, with_results: bool = False
) -> None:
    """Each picture as `ITEM.dcm`. Raises SessionError when the target cannot be written."""
    for shot in selection:
        if shot is not None:
            _write(target, shot.item, picture(of, shot, with_results=with_results))
        advance()


def write_clips(target: Target, of: About, items: Sequence[Item], advance: Advance) -> list[str]:
    """The clips of kept pictures as `clips/NAME.dcm`; a sentence for each that could not be read."""
    problems = []
    for item in items:
        try:
            _write(target, f"clips/{item.name}", clip(of, _clip(item)))
        except av.error.FFmpegError as error:
            problems.append(f"{item.clip} cannot be read: {error}")
        advance()
    return problems


@dataclass(frozen=True)
class Span:
    """Frames of the recording that become multi-frame objects."""

    recorded: Recorded
    rows: range

    def write(self, target: Target, of: About, advance: Advance) -> list[str]:
        """As `span/NUMBER.dcm`, each of one segment and at most MAX_FRAMES; sentences about frames that are missing."""
        table, pictures = self.recorded.frames, Pictures(self.recorded)
        wanted, done = len(self.rows), 0
        try:
            for rows in self._parts():
                jpegs, times, walls, size = [], [], [], (0, 0)
                for row, pixels in pictures.frames(rows.start, rows.stop):
                    jpegs.append(compressed(pixels))
                    times.append(int(table.captured_ns[row]))
                    walls.append(int(table.wall_ns[row]))
                    size = pixels.shape[1], pixels.shape[0]
                    advance()
                if jpegs:
                    segment = self.recorded.segments[int(table.segment[rows.start])]
                    ratio = video_ratio(segment)
                    moving = Moving(jpegs, times, walls[0], *size, codec=_lossy_codec(segment), h264_ratio=ratio)
                    _write(target, f"span/{rows.start:06d}", clip(of, moving))
                    done += len(jpegs)
        finally:
            pictures.close()
        return [f"{wanted - done} frames of the span are not in the video"] if wanted > done else []

    def _parts(self) -> Iterator[range]:
        segments = self.recorded.frames.segment
        for _, group in groupby(self.rows, key=lambda row: int(segments[row])):
            rows = list(group)
            for first in range(rows[0], rows[-1] + 1, MAX_FRAMES):
                yield range(first, min(first + MAX_FRAMES, rows[-1] + 1))


def video_ratio(segment: Segment) -> float:
    """How much smaller a segment's video is than its pixels; 0 where its lines do not say."""
    about = segment.about
    try:
        return int(about["width"]) * int(about["height"]) * 3 * int(about["frames"]) / int(about["bytes"])
    except (LookupError, TypeError, ValueError, ZeroDivisionError):
        return 0.0


def _lossy_codec(segment: Segment) -> str:
    codec = str(segment.about.get("codec", ""))
    return "" if codec == "ffv1" else codec


def _clip(item: Item) -> Moving:
    """The clip of a kept picture; it ends with that picture. Raises FFmpegError."""
    assert item.clip is not None
    jpegs, ticks, last = [], [], None
    for last, at_s in _decoded(item):
        jpegs.append(compressed(last))
        ticks.append(at_s)
    if last is None:
        raise av.error.InvalidDataError(0, "no picture in it", str(item.clip))
    _, until_ns = key_of(item)
    times = [until_ns + round((at_s - ticks[-1]) * 1e9) for at_s in ticks]
    until_wall_ns = max(0, whole(item.about.get("captured_wall_ns")))
    wall_ns = until_wall_ns - (times[-1] - times[0]) if until_wall_ns else 0
    ratio = last.size * len(jpegs) / item.clip.stat().st_size
    return Moving(jpegs, times, wall_ns, last.shape[1], last.shape[0], codec=H264, h264_ratio=ratio)


def _decoded(item: Item) -> Iterator[tuple[Pixels, float]]:
    reformatter = VideoReformatter()
    with av.open(str(item.clip)) as container:
        for frame in container.decode(video=0):
            if frame.pts is not None and frame.time_base is not None:
                yield rgb(reformatter, frame), float(frame.pts * frame.time_base)


def _write(target: Target, name: str, data: Dataset) -> None:
    buffer = BytesIO()
    dcmwrite(buffer, data, enforce_file_format=True)
    target.write(f"{name}.dcm", buffer.getvalue())
