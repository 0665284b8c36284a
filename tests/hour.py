"""A session of an hour, made in seconds: a few seconds of video are encoded once, and their packets repeated.

For tests and measurements of what must not grow with a session's length. Its segments are one file under several names.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace
from tests.recording import START_NS, Plan, _fraction, _video_frame, _write_marks, mask_of, result_line
from tests.recording import _about as about_of

from bedside import clock
from bedside.session.journal import Journal
from bedside.session.names import session_name
from bedside.session.paths import Paths
from bedside.session.results import ResultsFile
from bedside.session.rows import COLUMNS, HEADER, TIME_BASE, Row, RowKind
from bedside.source.synthetic_screen import Screen

ENCODER = {"preset": "ultrafast", "tune": "zerolatency"}
MASKS = 50


@dataclass(frozen=True)
class Length:
    """How long, and how much of it."""

    minutes: int = 60
    fps: int = 30
    width: int = 640
    height: int = 360
    segment_minutes: int = 10
    cycle_s: int = 4
    """So many seconds of video are repeated: frame n of a segment, from 0, shows the number n modulo cycle_s * fps."""
    crf: int = 28
    every: int = 1
    """The engine answers each so many frames."""
    verdict_s: int = 20
    """The engine goes through its verdicts in so many seconds."""


def make_hour(root: Path, length: Length | None = None) -> Path:
    """A folder of a session under `root`, with an engine `planes` that answers, marks, snapshots and best frames."""
    length = length or Length()
    plan = Plan(length.minutes * 60.0, length.fps, length.width, length.height, length.segment_minutes * 60.0)
    paths = Paths(root / session_name(plan.start_wall_ns, plan.participant))
    paths.folder.mkdir(parents=True)
    paths.session.write_text(json.dumps(about_of(paths.folder.name, plan), indent=2))
    rows = list(_rows(plan))
    with paths.frames.open("w") as file:
        file.write(HEADER)
        file.writelines(",".join([str(getattr(row, name)) for name in COLUMNS]) + "\n" for row in rows)
    _write_video(paths, plan, length)
    _write_results(paths, plan, length, rows)
    _write_marks(paths, plan, rows)
    return paths.folder


def shown(length: Length, index: int) -> int:
    """The number in the picture of row `index`."""
    return index % (length.segment_minutes * 60 * length.fps) % (length.cycle_s * length.fps)


def _rows(plan: Plan) -> Iterator[Row]:
    per_segment = round(plan.segment_s * plan.fps)
    for number in range(round(plan.seconds * plan.fps)):
        since_ns = (number + 1) * clock.NS_PER_S // plan.fps
        segment, place = divmod(number, per_segment)
        pts = place * TIME_BASE // plan.fps
        yield Row(
            RowKind.FRAME, number + 1, 1, START_NS + since_ns, plan.start_wall_ns + since_ns, "live", segment, pts
        )


def _write_video(paths: Paths, plan: Plan, length: Length) -> None:
    first = paths.video(0)
    per_segment = round(plan.segment_s * plan.fps)
    with av.open(str(first), "w", options={"movflags": "frag_keyframe+hybrid_fragmented"}) as container:
        stream = container.add_stream("libx264", rate=plan.fps)
        stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = _fraction()
        context.color_range, context.colorspace = ColorRange.JPEG, Colorspace.ITU709
        context.options = ENCODER | {"crf": str(length.crf), "g": str(plan.fps), "keyint_min": str(plan.fps)}
        cycle, screen = [], Screen(plan.width, plan.height)
        for number in range(length.cycle_s * plan.fps):
            pixels = screen.draw(number, number, number / plan.fps, frozen=False)
            cycle += stream.encode(_video_frame(pixels, number * TIME_BASE // plan.fps, False))
        cycle += stream.encode(None)
        content = [(bytes(packet), packet.is_keyframe) for packet in cycle]
        for number in range(per_segment):
            data, is_key = content[number % len(content)]
            packet = av.Packet(data)
            packet.pts = packet.dts = number * TIME_BASE // plan.fps
            packet.duration, packet.time_base = TIME_BASE // plan.fps, _fraction()
            packet.stream, packet.is_keyframe = stream, is_key
            container.mux(packet)
    journal = Journal(paths.segments)
    opened = {"event": "opened", "codec": "h264", "pixel_format": "yuv420p", "color_range": "full", "signal": "live"}
    closed = {"event": "closed", "why": "length", "frames": per_segment, "bytes": first.stat().st_size}
    for segment in range(-(-round(plan.seconds) // round(plan.segment_s))):
        path = paths.video(segment)
        if segment:
            os.link(first, path)
        journal.append({"segment": segment, **opened, "file": path.name, "width": plan.width, "height": plan.height})
        journal.append({"segment": segment, **closed})


def _write_results(paths: Paths, plan: Plan, length: Length, rows: list[Row]) -> None:
    """Lines as `result_line` has them: what does not change from cycle to cycle is written as JSON once."""
    cycle = length.verdict_s * plan.fps
    short = replace(plan, seconds=float(length.verdict_s))
    masks = ResultsFile(paths)
    ends = []
    for number in range(MASKS):
        line = result_line(short, rows[number])
        masks.append(line, mask_of(number))
        ends.append(line["mask"])
    masks.close()
    made = [result_line(short, row) | {"mask": ends[number % MASKS]} for number, row in enumerate(rows[:cycle])]
    with paths.results().open("w") as file:
        for row in rows[:: length.every]:
            line = made[(row.seq - 1) % cycle]
            shift_ns = row.captured_ns - line["captured_ns"]
            times = {name: value + shift_ns for name, value in line.items() if name.endswith("_ns") and value}
            file.write(json.dumps(line | times | {"seq": row.seq}, separators=(",", ":")) + "\n")
