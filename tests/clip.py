"""A short film of the synthetic scanner."""

from pathlib import Path

import av

from bedside.source.synthetic_screen import Screen


def film(path: Path, width: int, height: int) -> None:
    """Write two seconds of a moving scanner, 25 pictures a second."""
    screen = Screen(width, height)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(50):
            picture = screen.draw(number, number, number / 25, frozen=False)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
