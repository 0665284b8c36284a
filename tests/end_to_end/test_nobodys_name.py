"""What lies under a mask is nowhere: a whole Bedside is searched for a pattern that its scanner shows there."""

import asyncio
import base64
import json
import re
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import cv2
import numpy as np
import pydicom
from tests.end_to_end.box import Box, bedside, running, wait

from bedside.messages import Pixels

X, Y, WIDTH, HEIGHT = 400, 20, 160, 96
MASK = f"[[{X}, {Y}, {WIDTH}, {HEIGHT}]]"
CROP = "[40, 0, 560, 440]"
SIZE = (640, 480)
SESSION = "[recorder]\nsession_gb = 0.0\nreserve_gb = 0.0\nclip_s = 1.0\n"
EXPORTS = ("png", "coco", "dicom")
LIKE = 0.6
"""So well the pattern must fit to be seen; by chance it fits less than half as well."""
Places = dict[str, bool]


def patient() -> Any:
    """Random blocks and a name, grey [HEIGHT, WIDTH]: what a person under the mask would be told by."""
    blocks = np.random.default_rng(7).integers(0, 2, (8, 20), np.uint8).repeat(8, 0).repeat(8, 1) * 255
    name = np.zeros((32, WIDTH), np.uint8)
    cv2.putText(name, "HANSEN, KAREN", (4, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    return np.vstack([blocks, name])


PATIENT = patient()
ROWS = [PATIENT[row].tobytes() for row in (4, 12, 36)] + [PATIENT[row].repeat(3).tobytes() for row in (4, 12, 36)]


def draw_scanner(folder: Path) -> None:
    """Moving speckle with the patient's data above it, as the images of a folder."""
    folder.mkdir()
    random = np.random.default_rng(1)
    for number in range(8):
        pixels = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        pixels[140:440, 80:560] = cv2.GaussianBlur(random.integers(0, 160, (300, 480), np.uint8), (0, 0), 2)
        pixels[Y : Y + HEIGHT, X : X + WIDTH] = PATIENT
        cv2.imwrite(str(folder / f"{number}.png"), pixels)


def in_bytes(data: bytes) -> bool:
    """Whether a row of the pattern stands there as it is, grey or RGB."""
    return any(row in data for row in ROWS)


def in_picture(pixels: Pixels | None) -> bool:
    """Whether the pattern is to be seen, also made smaller or compressed."""
    assert pixels is not None
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels
    for scale in (1.0, 0.75, 0.5):
        sought = cv2.resize(PATIENT, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        fits = all(side <= whole for side, whole in zip(sought.shape, grey.shape, strict=True))
        if fits and cv2.matchTemplate(grey, sought, cv2.TM_CCOEFF_NORMED).max() > LIKE:
            return True
    return False


def decoded(data: bytes) -> Pixels | None:
    """A JPEG or PNG."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]


def in_video(path: Path) -> bool:
    """Whether one of its pictures shows the pattern."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert frames
    return any(
        in_picture(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
        for frame in frames[:: max(1, len(frames) // 5)]
    )


def in_file(path: Path) -> bool:
    """Whether a file shows or holds the pattern, whatever its kind."""
    data = path.read_bytes()
    if in_bytes(data):
        return True
    if path.suffix in (".png", ".jpg"):
        return in_picture(decoded(data))
    if path.suffix in (".mp4", ".mkv"):
        return in_video(path)
    if path.suffix == ".dcm":
        return in_dicom(path)
    if path.suffix == ".html":
        found = re.findall(rb"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)", data)
        return any(in_picture(decoded(base64.b64decode(one))) for one in found)
    return False


def in_dicom(path: Path) -> bool:
    """Whether a picture or a clip in DICOM shows the pattern."""
    found = pydicom.dcmread(path)
    if str(found.file_meta.TransferSyntaxUID).startswith("1.2.840.10008.1.2.4.10"):  # MPEG-4 AVC
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(b"".join(pydicom.encaps.generate_fragments(found.PixelData)))
            file.flush()
            return in_video(Path(file.name))
    pixels = found.pixel_array
    return any(map(in_picture, pixels)) if pixels.ndim == 4 else in_picture(pixels)


async def first_pictures(box: Box) -> Places:
    """What the broadcaster's and the page's websocket bring to a browser."""
    addresses = {
        "broadcaster's websocket": f"ws://127.0.0.1:{box.ports[0]}/frames?encoding=jpeg",
        "page's websocket": f"ws://127.0.0.1:{box.ports[1]}/live?view=explain",
    }
    found = {}
    async with aiohttp.ClientSession() as client:
        for name, url in addresses.items():
            async with client.ws_connect(url, max_msg_size=0) as socket, asyncio.timeout(20):
                if name == "page's websocket":
                    await socket.send_json({"type": "want", "live": SIZE[0], "answer": SIZE[0]})
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.BINARY and b"\xff\xd8\xff" in message.data:
                        found[name] = in_picture(decoded(message.data[message.data.index(b"\xff\xd8\xff") :]))
                        break
    return found


def told(box: Box, *words: str) -> str:
    """What a verb prints, once it has done its work."""
    process = bedside(box.folder, *words)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out


def keep_session(box: Box) -> Path:
    """A session with video, a snapshot, its clip and a best frame."""
    name = json.loads(told(box, "session", "start", "P1", "--consent", "--json"))["session"]
    folder = box.folder / "sessions" / str(name)
    wait(lambda: (box.health.get("session") or {}).get("results", 0) > 25, "a second is recorded")
    body = json.dumps({"seq": None, "view": "explain"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{box.url}/api/snapshot", body), timeout=10).close()
    wait(lambda: list((folder / "snapshots").glob("*.mp4")), "the clip is there")
    told(box, "session", "stop")
    wait(lambda: list((folder / "best").glob("*.png")), "the best frame is there")
    return folder


def kinds(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that Bedside has written, with the kind of place that it is."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        first = path.relative_to(folder).parts[0]
        if first in ("scanner", "seen"):  # what the test itself has put there
            continue
        kind = "clip" if path.suffix == ".mp4" and path.parent.name == "snapshots" else path.parent.name
        kind = "video" if path.name.startswith("video-") else kind if first == "sessions" else first
        yield kind if path.suffix != ".html" else "report", path


def searched(folder: Path, mask: str) -> Places:
    """Where the pattern is to be found once a whole Bedside has run with this mask."""
    folder.mkdir()
    draw_scanner(folder / "scanner")
    source = f"file:{folder / 'scanner'}?fps=20&loop=1"
    with running(folder, SESSION, source=source, mask=f"{mask}\ncrop = {CROP}") as box:
        session = keep_session(box)
        places = asyncio.run(first_pictures(box))
        for name in box.shared_memory:
            kind = "staging buffers" if "stage" in name else "ring"
            places[kind] = places.get(kind, False) or in_bytes(Path("/dev/shm", name).read_bytes())
    for kind in EXPORTS:
        told(box, "export", str(session), "--as", kind, "--out", str(folder / f"export-{kind}"))
    told(box, "report", str(session), "-o", str(folder / "report.html"))
    for kind, path in kinds(folder):
        places[kind] = places.get(kind, False) or in_file(path)
    return places


def test_what_lies_under_a_mask_is_nowhere(tmp_path: Path) -> None:
    """The pattern is in no shared memory, websocket, video, picture, export, report or log; without the mask, the same
    search finds it in each of them but the logs."""
    without = searched(tmp_path / "without", "[]")
    sought = {"ring", "staging buffers", "broadcaster's websocket", "page's websocket", "video", "snapshots", "clip"}
    sought |= {"best", "report", *(f"export-{kind}" for kind in EXPORTS)}
    assert {kind for kind, is_there in without.items() if is_there} == sought
    masked = searched(tmp_path / "masked", MASK)
    assert set(masked) >= sought | {"logs"}
    assert [kind for kind, is_there in masked.items() if is_there] == []
