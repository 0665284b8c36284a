"""One file of video that is whole at every moment: it grows by whole fragments, and ends as a normal file."""

import os
from pathlib import Path

import av
import av.error
from av.video.stream import VideoStream

from bedside.errors import SessionError
from bedside.recorder.encoder import TIME_BASE, Chunk

OPTIONS = {
    "mp4": {"movflags": "frag_keyframe+hybrid_fragmented", "flush_packets": "1"},
    "matroska": {"flush_packets": "1"},
}


class VideoFile:
    """Writes the packets of one encoder into a new file. One thread uses it.

    A fragment, all pictures from one key frame to the next, is written when the next key frame comes. Where the disk
    does not take a whole one, nothing of it is left.
    """

    def __init__(self, path: Path, template: VideoStream, container: str) -> None:
        """Raises OSError when the file cannot be made, as when it is there already."""
        self._disk = _Disk(path)
        self._muxer = av.open(self._disk, "w", format=container, options=OPTIONS[container])
        self._stream = self._muxer.add_stream_from_template(template)
        self._stream.time_base = TIME_BASE
        self._is_begun = False

    @property
    def bytes(self) -> int:
        """On the disk."""
        return self._disk.size

    def write(self, chunk: Chunk) -> bool:
        """Takes a packet; whether all packets before it are in the file now. Raises OSError, SessionError."""
        packet = av.Packet(chunk.data)
        packet.pts, packet.dts, packet.time_base = chunk.pts, chunk.dts, TIME_BASE
        packet.is_keyframe = chunk.is_key
        packet.stream = self._stream
        try:
            self._muxer.mux(packet)
        except av.error.FFmpegError as error:
            raise SessionError(f"a picture cannot be put into {self._disk.path.name}: {error.strerror}") from error
        self._disk.commit()
        are_all_in, self._is_begun = chunk.is_key and self._is_begun, True
        return are_all_in

    def close(self) -> None:
        """Ends it as a normal file, on the disk when this returns. Raises OSError; whole fragments are left then."""
        try:
            self._muxer.close()
            self._disk.commit()
        finally:
            self._disk.close()

    def give_up(self) -> None:
        """Ends it as it is, with its whole fragments, after the disk took no more."""
        self._disk.is_over = True
        self._muxer.close()
        self._disk.close()


class _Disk:
    """What the muxer writes to: gathers, and writes at `commit` or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.is_over = False
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._at = 0
        self._waiting: list[tuple[int, bytes]] = []

    # The muxer's side

    def write(self, data: bytes) -> int:
        """At the place where the muxer is."""
        if not self.is_over:
            self._waiting.append((self._at, bytes(data)))
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To where the muxer wants to write next."""
        end = max([self.size, *(at + len(data) for at, data in self._waiting)])
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence]
        return self._at

    def tell(self) -> int:
        """Where the muxer is."""
        return self._at

    # Ours

    def commit(self) -> None:
        """Writes what was gathered, in order: the end of the file before the head that points to it. Raises OSError."""
        waiting, self._waiting = _joined(self._waiting), []
        try:
            for at, data in waiting:
                done = 0
                while done < len(data):
                    done += os.pwrite(self._file, memoryview(data)[done:], at + done)
                self.size = max(self.size, at + done)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise

    def close(self) -> None:
        """On the disk when this returns. Raises OSError."""
        file, self._file = self._file, -1
        if file >= 0:
            try:
                os.fsync(file)
            finally:
                os.close(file)


def _joined(pieces: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Pieces that adjoin as one, so that a fragment is one write."""
    runs: list[tuple[int, list[bytes], int]] = []
    for at, data in pieces:
        if runs and runs[-1][2] == at:
            start, parts, end = runs[-1]
            parts.append(data)
            runs[-1] = (start, parts, end + len(data))
        else:
            runs.append((at, [data], at + len(data)))
    return [(start, b"".join(parts)) for start, parts, _ in runs]
