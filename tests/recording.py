"""Makes a session as if it had been scanned: video with a number in each picture, rows, results with masks, marks.

For tests of what reads sessions. The recorder and the server have tests of their own that the real ones look like this.
"""

import atexit
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from bedside import clock
from bedside.messages import Pixels, Result, Timing
from bedside.session.desk import VERSION
from bedside.session.journal import Journal
from bedside.session.names import session_name
from bedside.session.paths import Paths
from bedside.session.results import TIMES, ResultsFile, line_of
from bedside.session.rows import HEADER, TIME_BASE, Row, RowKind
from bedside.source.synthetic_screen import Screen

START_WALL_NS = 1_795_430_000 * clock.NS_PER_S
START_NS = 5_000 * clock.NS_PER_S
LABELS = ("head", "abdomen", "femur")
LEVELS = ("poor", "near", "good")


@dataclass(frozen=True)
class Plan:
    """What the session is like."""

    seconds: float = 6.0
    fps: int = 25
    width: int = 640
    height: int = 360
    segment_s: float = 3.0
    participant: str = "P1"
    arm: str = "explain"
    every: int = 3
    """The engine answers each so many frames."""
    engine: str = "planes"
    lossless: bool = False
    is_ended: bool = True
    start_wall_ns: int = START_WALL_NS


def make_session(root: Path, plan: Plan | None = None) -> Path:
    """A folder of a session under `root`; frame n (from 1) is captured at START_NS + n / fps and shows the number n.

    Three frames are lost after the first second, and the scanner is frozen in the fourth. The engine says each of
    LABELS for a while, and grows better at each; there is a snapshot with its clip, a best frame of each plane,
    feedback and a correction of a person, and one filled questionnaire.
    """
    plan = plan or Plan()
    return Path(shutil.copytree(_made(plan), root / session_name(plan.start_wall_ns, plan.participant)))


@cache
def _made(plan: Plan) -> Path:
    """The session of a plan, made once in a run: half of the time of a test would go into its video."""
    folder = Path(tempfile.mkdtemp(prefix="bedside-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    paths = Paths(folder / session_name(plan.start_wall_ns, plan.participant))
    paths.folder.mkdir()
    paths.session.write_text(json.dumps(_about(paths.folder.name, plan), indent=2))
    rows = _rows(plan)
    paths.frames.write_text(HEADER + "".join(row.text for row in rows))
    _write_videos(paths, plan, [row for row in rows if row.kind is RowKind.FRAME])
    _write_results(paths, plan, rows)
    _write_marks(paths, plan, rows)
    return paths.folder


def picture(plan: Plan, number: int) -> Pixels:
    """What frame `number` shows."""
    return Screen(plan.width, plan.height).draw(number, number, number / plan.fps, frozen=False)


def mask_of(number: int) -> Any:
    """The engine's mask of frame `number`, uint8 [72, 96]: a disc that wanders, label 1."""
    mask = np.zeros((72, 96), np.uint8)
    cv2.circle(mask, (20 + number % 50, 36), 14, 1, -1)
    return mask


def _about(name: str, plan: Plan) -> dict[str, Any]:
    about: dict[str, Any] = {
        "version": VERSION,
        "name": name,
        "start": "2026-11-23T10:53:20.000+00:00",
        "start_wall_ns": plan.start_wall_ns,
        "start_monotonic_ns": START_NS,
        "participant": plan.participant,
        "arm": plan.arm,
        "consent": True,
        "versions": {"bedside": "0.1.0", "python": "3.11"},
        "engines": {plan.engine: {"path": "engines/planes", "sha256": "0" * 64, "files": 1, "bytes": 100}},
        "settings": {"source": {"url": "synthetic:"}},
    }
    if plan.is_ended:
        end_ns = round(plan.seconds * clock.NS_PER_S)
        about |= {"end": "2026-11-23T10:53:26.000+00:00", "end_wall_ns": plan.start_wall_ns + end_ns}
        about |= {"end_monotonic_ns": START_NS + end_ns, "end_why": "ended"}
    return about


def _rows(plan: Plan) -> list[Row]:
    rows: list[Row] = []
    segment_start = 0
    for number in range(1, round(plan.seconds * plan.fps) + 1):
        at_s = number / plan.fps
        since_ns = round(at_s * clock.NS_PER_S)
        captured_ns, wall_ns = START_NS + since_ns, plan.start_wall_ns + since_ns
        if number in range(plan.fps + 1, plan.fps + 4):
            if number == plan.fps + 3:
                rows.append(Row(RowKind.LOSS, number - 2, 3, captured_ns, wall_ns, "live", where="mailbox"))
            continue
        segment = int((at_s - 1 / plan.fps) / plan.segment_s)
        if not rows or segment != next((row.segment for row in reversed(rows) if row.segment >= 0), -1):
            segment_start = captured_ns
        pts = round((captured_ns - segment_start) * TIME_BASE / clock.NS_PER_S)
        signal = "frozen" if 3 <= at_s < 4 else "live"
        rows.append(Row(RowKind.FRAME, number, 1, captured_ns, wall_ns, signal, segment, pts))
    return rows


def _write_videos(paths: Paths, plan: Plan, rows: list[Row]) -> None:
    screen = Screen(plan.width, plan.height)
    for segment in sorted({row.segment for row in rows}):
        frames = [row for row in rows if row.segment == segment]
        path = paths.video(segment, ".mkv" if plan.lossless else ".mp4")
        _write_video(path, plan, frames, screen)
        journal = Journal(paths.segments)
        journal.append(
            {
                "segment": segment,
                "event": "opened",
                "file": path.name,
                "codec": "ffv1" if plan.lossless else "h264",
                "encoder": "ffv1" if plan.lossless else "libx264",
                "pixel_format": "bgr0" if plan.lossless else "yuv420p",
                "color_range": "full",
                "matrix": "rgb" if plan.lossless else "bt709",
                "width": plan.width,
                "height": plan.height,
                "time_base": [1, TIME_BASE],
                "captured_ns": frames[0].captured_ns,
                "wall_ns": frames[0].wall_ns,
                "signal": frames[0].signal,
                "source": "synthetic:",
                "device": "Synthetic",
                "device_color_range": "full",
            }
        )
        closed = {"segment": segment, "event": "closed", "why": "length", "frames": len(frames)}
        journal.append(closed | {"bytes": path.stat().st_size, "wall_ns": frames[-1].wall_ns})


def _write_video(path: Path, plan: Plan, frames: list[Row], screen: Screen) -> None:
    is_lossless = path.suffix == ".mkv"
    options = {} if is_lossless else {"movflags": "frag_keyframe+hybrid_fragmented"}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("ffv1" if is_lossless else "libx264", rate=plan.fps)
        stream.width, stream.height = plan.width, plan.height
        stream.pix_fmt = "bgr0" if is_lossless else "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = _fraction()
        if not is_lossless:
            context.color_range, context.colorspace = ColorRange.JPEG, Colorspace.ITU709
            context.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18", "g": str(plan.fps)}
        for row in frames:
            pixels = screen.draw(row.seq, row.seq, row.seq / plan.fps, frozen=row.signal == "frozen")
            container.mux(stream.encode(_video_frame(pixels, row.pts, is_lossless)))
        container.mux(stream.encode(None))


def _write_clip(path: Path, plan: Plan, rows: list[Row], until: Row) -> None:
    """The second before `until`, and its frame last; times from 0."""
    before = [row for row in rows if row.kind is RowKind.FRAME and row.captured_ns <= until.captured_ns][-plan.fps :]
    start_ns = before[0].captured_ns
    frames = [
        replace(row, pts=round((row.captured_ns - start_ns) * TIME_BASE / clock.NS_PER_S), signal="live")
        for row in before
    ]
    _write_video(path, plan, frames, Screen(plan.width, plan.height))


def _fraction() -> Any:
    from fractions import Fraction

    return Fraction(1, TIME_BASE)


def _video_frame(pixels: Pixels, pts: int, lossless: bool) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    if lossless:
        frame = frame.reformat(format="bgr0")
    else:
        frame = frame.reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
        )
    frame.pts, frame.time_base = pts, _fraction()
    return frame


def _write_results(paths: Paths, plan: Plan, rows: list[Row]) -> None:
    file = ResultsFile(paths)
    frames = [row for row in rows if row.kind is RowKind.FRAME]
    for row in frames[:: plan.every]:
        file.append(result_line(plan, row), mask_of(row.seq))
    file.close()


def result_line(plan: Plan, row: Row) -> dict[str, Any]:
    """The line of the engine's answer to a frame: labels one after the other, each growing better."""
    share = (row.seq - 1) / (plan.seconds * plan.fps)
    label = LABELS[min(2, int(share * 3))]
    score = round(share * 3 % 1, 3)
    answer = {
        "verdict": {"label": label, "level": LEVELS[min(2, int(score * 3))], "score": score},
        "concepts": [{"name": "thalami", "ok": score > 0.4, "value": round(score * 10, 2), "max": 10}],
        "labels": ["background", "disc"],
    }
    at = row.captured_ns
    timing = Timing(at, at + 1_000_000, at + 2_000_000, at + 3_000_000, at + 33_000_000, 28.0 + row.seq % 5)
    return line_of(Result(plan.engine, row.seq, timing), row.wall_ns, row.signal, answer)


def _write_marks(paths: Paths, plan: Plan, rows: list[Row]) -> None:
    frames = [row for row in rows if row.kind is RowKind.FRAME][:: plan.every]
    journal = Journal(paths.marks)

    def mark(kind: str, row: Row, **fields: Any) -> None:
        journal.append({"mark": kind, "wall_ns": row.wall_ns, "monotonic_ns": row.captured_ns, **fields})

    shot = frames[len(frames) // 2]
    mark("page", frames[0], page="a1", event="opened", view=plan.arm)
    _write_item(paths.snapshots, f"{shot.seq}_{plan.engine}", plan, shot)
    _write_clip(paths.snapshots / f"{shot.seq}_{plan.engine}.mp4", plan, rows, shot)
    fields = {"engine": plan.engine, "seq": shot.seq, "captured_ns": shot.captured_ns, "view": plan.arm}
    mark("snapshot", shot, name=f"{shot.seq}_{plan.engine}", clip=False, **fields)
    fields["page"] = "a1"
    mark("feedback", shot, feedback="thumb", value="down", **fields)
    mark("feedback", shot, feedback="verdict", value={"label": "femur"}, **fields)
    mark("feedback", shot, feedback="concept", name="thalami", value="not visible", **fields)
    mark("feedback", shot, feedback="note", value="too bright", **fields)
    verdicts = [{"label": "femur", "level": level, "score": score} for level, score in (("near", 0.5), ("good", None))]
    corrected = {"concepts": {"thalami": True}, "labels": {"disc": False}, "before": verdicts[0], "after": verdicts[1]}
    mark("intervention", shot, **corrected, **fields)
    for number, label in enumerate(LABELS):
        row = frames[max(0, (number + 1) * len(frames) // 3 - 1)]
        _write_item(paths.best, label, plan, row)
        score = result_line(plan, row)["score"]
        said = {"plane": label, "name": label, "score": score, "engine": plan.engine}
        mark("best", row, seq=row.seq, captured_ns=row.captured_ns, **said)
    answers = {f"q{number}": 4 for number in range(1, 11)}
    mark("questionnaire", rows[-1], questionnaire="sus", answers=answers, scores={"sus": 50.0})


def _write_item(folder: Path, name: str, plan: Plan, row: Row) -> None:
    folder.mkdir(exist_ok=True)
    pixels = picture(plan, row.seq)
    cv2.imwrite(str(folder / f"{name}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(folder / f"{name}.mask.png"), mask_of(row.seq))
    line = result_line(plan, row)
    about = {
        "seq": row.seq,
        "captured_ns": row.captured_ns,
        "captured_wall_ns": row.wall_ns,
        "kept_wall_ns": row.wall_ns,
        "signal": row.signal,
        "width": plan.width,
        "height": plan.height,
        "view": plan.arm,
        "result": {
            "engine": plan.engine,
            "seq": row.seq,
            "error": "",
            "answer": line["answer"],
            "missing": {},
            "timing": {"captured_ns": row.captured_ns} | {name: line[name] for name in TIMES},
        },
    }
    if folder.name == "best":
        about |= {"plane": name, "score": line["score"]}
    (folder / f"{name}.json").write_text(json.dumps(about, indent=2))
