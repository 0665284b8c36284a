"""A clip: the seconds before a snapshot, as an mp4 beside it. Blocking."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from bedside import clock
from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.recorder.coding import Coding
from bedside.recorder.encoder import Chunk, Encoder
from bedside.recorder.memory import Kept
from bedside.recorder.video_file import VideoFile
from bedside.session.rows import TIME_BASE
from bedside.session.whole import sync_folder


def write_clip(path: Path, kept: Sequence[Kept]) -> None:
    """Writes the whole clip or nothing: the packets as they are, lossless ones as H.264. Raises SessionError."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.unlink(missing_ok=True)
        _write(part, kept)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SessionError(f"the clip {path} cannot be written: {error.strerror}; the snapshot is kept") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(part: Path, kept: Sequence[Kept]) -> None:
    chunks = _as_h264(kept) if kept[0].coding.is_lossless else _from_zero(kept)
    template, first = next(chunks)
    video = VideoFile(part, template, "mp4")
    try:
        video.write(first)
        for _, chunk in chunks:
            video.write(chunk)
        video.close()
    except BaseException:
        video.give_up()
        raise


def _from_zero(kept: Sequence[Kept]) -> Iterator[tuple[VideoStream, Chunk]]:
    for one in kept:
        pts = _pts(one, kept[0])
        yield kept[0].template, replace(one.chunk, pts=pts, dts=pts - (one.chunk.pts - one.chunk.dts))


def _as_h264(kept: Sequence[Kept]) -> Iterator[tuple[VideoStream, Chunk]]:
    context = kept[0].template.codec_context
    decoder = cast(VideoCodecContext, av.CodecContext.create(kept[0].coding.codec, "r"))
    decoder.width, decoder.height, decoder.pix_fmt = context.width, context.height, context.pix_fmt
    decoder.extradata = context.extradata
    encoder = Encoder(Coding(), context.width, context.height)
    for number, one in enumerate(kept):
        for picture in decoder.decode(av.Packet(one.chunk.data)):
            converted = encoder.convert(cast(Pixels, picture.to_ndarray(format="rgb24")))
            for chunk in encoder.encode(converted, _pts(one, kept[0]), is_key=number % 30 == 0):
                yield encoder.template, chunk


def _pts(one: Kept, first: Kept) -> int:
    return round((one.captured_ns - first.captured_ns) * TIME_BASE / clock.NS_PER_S)
