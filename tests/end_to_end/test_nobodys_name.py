"""What lies under a mask is nowhere: a whole Bedside is searched for a pattern that its scanner shows there.

A second pattern of the same kind stands beside it under no mask: the same search must find that one in every place.
"""

import asyncio
import base64
import json
import re
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import pydicom
import pytest
from tests.end_to_end.box import Box, running, wait

from bedside.access.log import AccessLog
from bedside.access.role import Role, Who
from bedside.cli import main
from bedside.messages import Pixels

HIDDEN_X, SHOWN_X, Y, WIDTH, HEIGHT = 400, 100, 20, 160, 96
CROP_X = 40
FRAMING = f"[[{HIDDEN_X}, {Y}, {WIDTH}, {HEIGHT}]]\ncrop = [{CROP_X}, 0, 560, 440]"
SIZE = (640, 480)
BARS_ROW, BARS = 58, 48
"""In this row of a pattern so many pixels are enough to tell it by, in a text that is cut."""
ENGINE = f"""
seen = 0
def predict(frame):
    global seen
    seen += 1
    row = frame[{Y + BARS_ROW}, :, 0].tolist()
    said = [" ".join(map(str, row[x : x + {BARS}])) for x in ({HIDDEN_X - CROP_X}, {SHOWN_X - CROP_X})]
    if seen % 20 == 1:
        print(*said, sep=chr(10), flush=True)
    verdict = {{"label": "seen", "level": "good", "score": 1.0}}
    return {{"verdict": verdict, "text": " / ".join(said), "mask": (frame[:, :, 0] > 128).astype("uint8")}}
"""
"""Says and prints what is in its frame where the patterns are, so that it would get into texts and logs."""
SESSION = "[recorder]\nsession_gb = 0.0\nreserve_gb = 0.0\nclip_s = 1.0\n"
EXPORTS = ("png", "coco", "dicom")
PLACES = {"scanner", "ring", "staging buffers", "broadcaster's websocket", "page's websocket", "page's answers"}
PLACES |= {"video", "clip", "snapshots", "best", "masks", "answers", "report", "logs", "access log", "support file"}
PLACES |= {f"export-{kind}" for kind in EXPORTS}
LIKE = 0.6
"""So well a pattern must fit to be seen; by chance it fits less than half as well."""


class Pattern:
    """What a person would be told by: random blocks, bars and a name, grey [HEIGHT, WIDTH]; and the search for it."""

    def __init__(self, seed: int, name: str) -> None:
        random = np.random.default_rng(seed)
        blocks = random.integers(0, 2, (7, 20), np.uint8).repeat(8, 0).repeat(8, 1) * 255
        bars = random.integers(0, 256, (1, WIDTH), np.uint8).repeat(8, 0)
        letters = np.zeros((32, WIDTH), np.uint8)
        cv2.putText(letters, name, (4, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
        self.pixels: Any = np.vstack([blocks, bars, letters])
        rows = [self.pixels[row] for row in (4, 12, 36)]
        self._bars = self.pixels[BARS_ROW, :BARS]
        self._rows = [row.repeat(times).tobytes() for row in rows for times in (1, 3)]
        self._rows += [text.encode() for text in (self.text, self.text.replace(" ", ", "), self._bars.tobytes().hex())]

    @property
    def text(self) -> str:
        """Its bars in numbers."""
        return " ".join(map(str, self._bars.tolist()))

    def in_bytes(self, data: bytes) -> bool:
        """Whether a row of it stands there as it is, grey or RGB, or in numbers."""
        return any(row in data for row in self._rows)

    def in_picture(self, pixels: Pixels | None) -> bool:
        """Whether it is to be seen, also made smaller or compressed."""
        assert pixels is not None
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels
        for scale in (1.0, 0.75, 0.5):
            sought = cv2.resize(self.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            fits = all(side <= whole for side, whole in zip(sought.shape, grey.shape, strict=True))
            if fits and cv2.matchTemplate(grey, sought, cv2.TM_CCOEFF_NORMED).max() > LIKE:
                return True
        return False


PATTERNS = {"hidden": Pattern(7, "HANSEN, KAREN"), "shown": Pattern(8, "MOLLER, JENS")}
Found = dict[str, set[str]]
"""Of each place, which patterns are there."""


def draw_scanner(folder: Path) -> None:
    """Moving speckle with both patterns above it, as the images of a folder."""
    folder.mkdir()
    random = np.random.default_rng(1)
    for number in range(8):
        pixels = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        pixels[140:440, 80:560] = cv2.GaussianBlur(random.integers(0, 160, (300, 480), np.uint8), (0, 0), 2)
        for x, pattern in zip((HIDDEN_X, SHOWN_X), PATTERNS.values(), strict=True):
            pixels[Y : Y + HEIGHT, x : x + WIDTH] = pattern.pixels
        cv2.imwrite(str(folder / f"{number}.png"), pixels)


def in_bytes(data: bytes) -> set[str]:
    """Which patterns stand in them."""
    return {name for name, pattern in PATTERNS.items() if pattern.in_bytes(data)}


def in_pictures(pictures: Iterable[Pixels | None]) -> set[str]:
    """Which patterns are to be seen in one of them; there must be one."""
    seen = [{name for name, pattern in PATTERNS.items() if pattern.in_picture(pixels)} for pixels in pictures]
    assert seen
    return set().union(*seen)


def decoded(data: bytes) -> Pixels | None:
    """A JPEG or PNG; a label map is stretched, so that what it shows can be seen."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        return None
    return np.asarray(pixels * (255 if pixels.max() == 1 else 1), np.uint8)


def in_video(path: Path) -> set[str]:
    """Which are to be seen in some of its pictures."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    some = frames[:: max(1, len(frames) // 3)]
    return in_pictures(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in some)


def in_file(path: Path) -> set[str]:
    """Which patterns a file shows or holds, whatever its kind."""
    data = path.read_bytes()
    look = IN.get(path.suffix)
    return in_bytes(data) | (look(path, data) if look else set())


def in_dicom(path: Path) -> set[str]:
    """Which patterns a picture or a clip in DICOM shows."""
    found = pydicom.dcmread(path)
    if str(found.file_meta.TransferSyntaxUID).startswith("1.2.840.10008.1.2.4.10"):  # MPEG-4 AVC
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(b"".join(pydicom.encaps.generate_fragments(found.PixelData)))
            file.flush()
            return in_video(Path(file.name))
    pixels = found.pixel_array
    return in_pictures(pixels if pixels.ndim == 4 else [pixels])


def in_report(path: Path, data: bytes) -> set[str]:
    """Which of them the pictures in a page show."""
    pictures = re.findall(rb"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", data)
    return in_pictures(decoded(base64.b64decode(one)) for one in pictures)


def in_zip(path: Path, data: bytes) -> set[str]:
    """Which of them stand in its files."""
    with zipfile.ZipFile(path) as packed:
        return set().union(*(in_bytes(packed.read(name)) for name in packed.namelist()))


PNG = b"\x89PNG\r\n\x1a\n"
IN: dict[str, Callable[[Path, bytes], set[str]]] = {
    ".png": lambda _, data: in_pictures([decoded(data)]),
    ".mp4": lambda path, _: in_video(path),
    ".dcm": lambda path, _: in_dicom(path),
    ".bin": lambda _, data: in_pictures(decoded(PNG + one) for one in data.split(PNG)[1:4]),
    ".html": in_report,
    ".zip": in_zip,
}


async def in_websockets(box: Box) -> Found:
    """What the broadcaster's and the page's websocket bring to a browser."""
    found: Found = {}
    async with aiohttp.ClientSession() as client, asyncio.timeout(40):
        frames = f"ws://127.0.0.1:{box.ports[0]}/frames?encoding=jpeg"
        async with client.ws_connect(frames, max_msg_size=0) as socket:
            while "broadcaster's websocket" not in found:
                await hear(socket, "broadcaster's websocket", found)
        async with client.ws_connect(f"{box.url}/live?view=explain", max_msg_size=0) as socket:
            await socket.send_json({"type": "want", "live": SIZE[0], "answer": SIZE[0]})
            while not {"page's websocket", "page's answers"} <= set(found):
                await hear(socket, "page's websocket", found)
    return found


async def hear(socket: aiohttp.ClientWebSocketResponse, place: str, found: Found) -> None:
    """One message: a picture, or an answer."""
    message = await socket.receive()
    if message.type is aiohttp.WSMsgType.BINARY and b"\xff\xd8\xff" in message.data:
        picture = decoded(message.data[message.data.index(b"\xff\xd8\xff") :])
        found.setdefault(place, set()).update(in_pictures([picture]))
    data = message.data if isinstance(message.data, bytes) else str(message.data).encode()
    if here := in_bytes(data):
        found.setdefault("page's answers", set()).update(here)


def told(box: Box, *words: str) -> None:
    """A verb, in this process."""
    assert main([*words, "--quiet", "--config", str(box.folder / "bedside.toml")]) == 0


def post(box: Box, path: str, body: Any) -> None:
    """Ask the server for something."""
    asked = urllib.request.Request(f"{box.url}{path}", json.dumps(body).encode())
    urllib.request.urlopen(asked, timeout=20).close()


def keep_session(box: Box) -> Path:
    """A session with video, a snapshot, its clip and a best frame."""
    post(box, "/api/session/start", {"participant": "P1", "arm": "explain", "consent": True, "recording": True})
    (folder,) = (path for path in (box.folder / "sessions").iterdir() if not path.name.startswith("."))
    wait(lambda: (box.health.get("recorder") or {}).get("frames", 0) > 12, "a second is recorded")
    post(box, "/api/snapshot", {"seq": None, "view": "explain"})
    wait(lambda: list((folder / "snapshots").glob("*.mp4")), "the clip is there")
    post(box, "/api/session/end", {})
    wait(lambda: list((folder / "best").glob("*.png")), "the best frame is there")
    return folder


def kinds(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file in the folder, with the kind of place that it is."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        first, kind = path.relative_to(folder).parts[0], path.parent.name
        if first == "seen":  # the engine's code
            continue
        if first != "sessions":
            yield (
                {"report.html": "report", "support.zip": "support file", "access": "access log"}.get(first, first),
                path,
            )
        elif path.name.startswith(("video-", "masks", "results")):
            yield {"v": "video", "m": "masks", "r": "answers"}[path.name[0]], path
        else:
            yield "clip" if path.suffix == ".mp4" else kind, path


def searched(folder: Path) -> Found:
    """Where each pattern is to be found once a whole Bedside has run on a scanner that shows both."""
    draw_scanner(folder / "scanner")
    source = f"file:{folder / 'scanner'}?fps=10&loop=1"
    with running(folder, SESSION, engine=ENGINE, source=source, mask=FRAMING) as box:
        session = keep_session(box)
        found = asyncio.run(in_websockets(box))
        for name in box.shared_memory:
            place = "staging buffers" if "stage" in name else "ring"
            found.setdefault(place, set()).update(in_bytes(Path("/dev/shm", name).read_bytes()))
        told(box, "support", str(folder / "support.zip"))
    AccessLog(folder / "access").write(Who(Role.ADMIN, "here"), "setup", mask=PATTERNS["shown"].text)
    for kind in EXPORTS:
        told(box, "export", str(session), "--as", kind, "--out", str(folder / f"export-{kind}"))
    told(box, "report", str(session), "-o", str(folder / "report.html"))
    for place, path in kinds(folder):
        found.setdefault(place, set()).update(in_file(path))
    return found


def test_what_lies_under_a_mask_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pattern is in no shared memory, websocket, video, picture, answer, export, report, log or support file; one
    that lies beside it under no mask is found in each of them."""
    monkeypatch.chdir(tmp_path)
    found = searched(tmp_path)
    assert {place for place, patterns in found.items() if "shown" in patterns} >= PLACES
    assert {place for place, patterns in found.items() if "hidden" in patterns} == {"scanner"}
