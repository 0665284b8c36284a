"""What lies where in the folder of all sessions and in one session's; nothing else knows it.

sessions/
  .live/                     what processes tell each other while a session runs; no part of the record
    wanted.json              which session runs, and whether it is recorded; written under wanted.lock
    recorder.json            what the recorder does
    recorder.lock            held by the one recorder of this folder
    pruned.json              when the server last looked for sessions whose time is over
    server.lock              held by the one server that writes the running session
  2026-11-23T10-12-33_P1/    UTC; the participant's code
    session.json             who, which arm, settings, versions, engines' fingerprints, clocks
    video-000.mp4            (.mkv where lossless) one file a segment
    segments.jsonl           how each segment was made, and why it ended
    frames.csv               one row a frame; losses are rows too
    results.jsonl            one line a result; masks.bin has their masks, as PNG after PNG
    results-NEW.jsonl        the same of a replay called NEW, masks-NEW.bin beside it; NEW.part while it is not whole
    replay-NEW.json          which engine that was, how, when
    marks.jsonl              what people did and what they saw
    review.jsonl             what was said of it afterwards
    snapshots/4711_pcbm.png  .json  .mask.png  .mp4: the exact frame, its result, the seconds before
    best/head.png            .json  .mask.png: the best frame of each plane
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Live:
    """The files beside the sessions, under `root`, the folder of all sessions."""

    root: Path

    @property
    def folder(self) -> Path:
        """Of all of them."""
        return self.root / ".live"

    @property
    def wanted(self) -> Path:
        """Which session runs."""
        return self.folder / "wanted.json"

    @property
    def wanted_lock(self) -> Path:
        """Held while `wanted` is changed."""
        return self.folder / "wanted.lock"

    @property
    def recorder(self) -> Path:
        """What the recorder does."""
        return self.folder / "recorder.json"

    @property
    def recorder_lock(self) -> Path:
        """Held by the recorder."""
        return self.folder / "recorder.lock"

    @property
    def pruned(self) -> Path:
        """When the server last looked for sessions whose time is over."""
        return self.folder / "pruned.json"

    @property
    def server_lock(self) -> Path:
        """Held by the server that keeps the running session."""
        return self.folder / "server.lock"


@dataclass(frozen=True)
class Paths:
    """The files of one session, under `folder`."""

    folder: Path

    @property
    def session(self) -> Path:
        """Who, when, with what. Writer: whoever starts and ends the session."""
        return self.folder / "session.json"

    @property
    def frames(self) -> Path:
        """One row a frame. Writer: the recorder."""
        return self.folder / "frames.csv"

    @property
    def segments(self) -> Path:
        """How each video file was made. Writer: the recorder."""
        return self.folder / "segments.jsonl"

    @property
    def marks(self) -> Path:
        """What people did and saw. Writer: the server."""
        return self.folder / "marks.jsonl"

    @property
    def review(self) -> Path:
        """What was said afterwards. Writer: the review."""
        return self.folder / "review.jsonl"

    @property
    def snapshots(self) -> Path:
        """Folder of what people kept. Writer: the server; of the clips, the recorder."""
        return self.folder / "snapshots"

    @property
    def best(self) -> Path:
        """Folder of the best frame of each plane. Writer: the server."""
        return self.folder / "best"

    def video(self, segment: int, suffix: str = ".mp4") -> Path:
        """One segment's video. Writer: the recorder."""
        return self.folder / f"video-{segment:03d}{suffix}"

    def results(self, replay: str = "") -> Path:
        """One line a result: of the scan, or of a replay. Writer: the server, or that replay."""
        return self.folder / (f"results-{replay}.jsonl" if replay else "results.jsonl")

    def masks(self, replay: str = "") -> Path:
        """The masks of `results`. Same writer."""
        return self.folder / (f"masks-{replay}.bin" if replay else "masks.bin")

    def replay(self, name: str) -> Path:
        """What the replay of that name was: engine, fingerprint, pace. Writer: that replay."""
        return self.folder / f"replay-{name}.json"
