"""The video of drawn results."""

from pathlib import Path

import av
import numpy as np

from bedside.check.video import VideoWriter


def test_a_video_has_every_picture_at_its_pace(tmp_path: Path) -> None:
    """Decoded again, each picture is there, in order and nearly as it was."""
    video = VideoWriter(tmp_path / "v.mp4", (64, 48), 12.5)
    for value in range(0, 250, 10):
        video.add(np.full((48, 64, 3), value, np.uint8))
    video.close()
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        values = [float(frame.to_ndarray(format="rgb24").mean()) for frame in container.decode(stream)]
        assert float(stream.average_rate or 0) == 12.5
    assert np.allclose(values, np.arange(0, 250, 10), atol=6)
