"""Records the scan: frames from the bus into a session's video, rows and clips.

In: frames of the broadcaster, and what is wanted (`session/wanted.py`). Out: `video-*`, `segments.jsonl`, `frames.csv`,
the clips beside snapshots, and its own state. It knows of no engine and needs no server. It promises that a frame is
either in the video with its row, or a loss with a row; and that what is killed leaves files that play to within a
second.
"""
