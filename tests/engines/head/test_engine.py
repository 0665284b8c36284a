"""The head engine that ships, asked about heads and about whatever else a cable may bring."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.engines.environment import DATA, research_python, told
from tests.engines.head.loaded import FOLDER

from bedside.messages import Pixels

pytestmark = pytest.mark.timeout(1200)  # the environment may have to be made
SOURCE = FOLDER.parents[1] / "src"
ASK = """
import json
from collections import namedtuple
import numpy as np
sys.path.append(sys.argv[2])
from bedside_engine.check import check
from engine import Engine

Info = namedtuple("Info", "pixel_spacing_mm time_s")
SQUARE = (0.2, 0.2)
SPACED = {"head": SQUARE, "stretched": (0.2, 0.1), "too large": (2.0, 2.0), "at once": SQUARE, "later": SQUARE}
PAUSE_S = {"later": 600}
engine, found = Engine(), {}
for name, picture in np.load(sys.argv[1]).items():
    frames = picture if picture.ndim == 4 else [picture]
    engine.predict(np.zeros((8, 8), np.uint8))  # what was measured before is forgotten
    for at, frame in enumerate(frames):
        answer = check(engine.predict(frame, Info(SPACED.get(name), 1000.0 + at * PAUSE_S.get(name, 0.04))))
    mask = answer.pop("mask", None)
    found[name] = {**answer, "mask": None if mask is None else float((mask > 0).mean())}
print(json.dumps(found, default=float))
"""
NO_HEAD = [
    "black",
    "white",
    "noise",
    "colours",
    "64x64",
    "one pixel",
    "4096x2160",
    "menu",
    "photograph",
    "grey, two dimensions",
    "head left the picture",
]


def drawn_head(size: tuple[int, int] = (640, 480), middle: tuple[int, int] = (320, 240)) -> Pixels:
    """A picture of speckle with a head of 300 x 230 pixels: a bright skull around darker brain, and its midline."""
    width, height = size
    rng = np.random.default_rng(2)
    tissue = np.full((height, width), 55.0)
    cv2.ellipse(tissue, middle, (150, 115), 15, 0, 360, 25, -1)
    cv2.ellipse(tissue, middle, (146, 111), 15, 0, 360, 220, 8)
    turned = np.deg2rad(15)
    along = np.array([np.cos(turned), np.sin(turned)]) * 120
    first, second = (np.array([along, -along]) + middle).round().astype(int).tolist()
    cv2.line(tissue, first, second, 90, 3)
    speckle = cv2.GaussianBlur(rng.rayleigh(0.8, (height, width)), (0, 0), 1.5)
    return _rgb(cv2.GaussianBlur(tissue, (0, 0), 2) * speckle)


def _rgb(grey: Any) -> Pixels:
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def menu() -> Pixels:
    """A scanner's menu: rows of words and buttons."""
    picture = np.full((720, 960, 3), 40, np.uint8)
    for row in range(12):
        cv2.rectangle(picture, (40, 20 + 58 * row), (400, 64 + 58 * row), (90, 90, 110), -1)
        cv2.putText(
            picture, f"Preset {row}: obstetric", (60, 50 + 58 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,) * 3, 2
        )
    return picture


def photograph() -> Pixels:
    """Soft colours with sharp things in front, as a camera sees a room."""
    y, x = np.mgrid[:480, :640]
    picture = np.stack([x / 3, y / 2, 255 - x / 3], 2).astype(np.uint8)
    cv2.rectangle(picture, (80, 200), (260, 470), (40, 90, 30), -1)
    cv2.circle(picture, (470, 150), 60, (250, 230, 60), -1)
    return picture


def colours() -> Pixels:
    """Bars of full colour, as a test picture has them."""
    bars = np.array([[255, 255, 0], [0, 255, 255], [0, 255, 0], [255, 0, 255], [255, 0, 0], [0, 0, 255]], np.uint8)
    return np.repeat(np.repeat(bars[None], 480, 0), 107, 1)


def pictures() -> dict[str, Any]:
    """What the engine is asked about that can be drawn."""
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    head = drawn_head()
    nearer = cv2.resize(head, None, fx=1.04, fy=1.04)[10:490, 13:653]
    return {
        "black": np.zeros((480, 640, 3), np.uint8),
        "white": np.full((480, 640, 3), 255, np.uint8),
        "noise": noise,
        "colours": colours(),
        "64x64": noise[:64, :64],
        "one pixel": noise[:1, :1],
        "4096x2160": cv2.resize(menu(), (4096, 2160)),
        "menu": menu(),
        "photograph": photograph(),
        "grey, two dimensions": noise[..., 0] // 4,
        "head": head,
        "no spacing": head,
        "too large": head,
        "stretched": cv2.resize(head, (640, 960)),
        "head of 64x64": cv2.resize(head[:, 80:560], (64, 64), interpolation=cv2.INTER_AREA),
        "cut head": drawn_head(middle=(40, 240)),
        "head left the picture": np.stack([head, np.zeros_like(head)]),
        "at once": np.stack([head, nearer]),
        "later": np.stack([head, nearer]),
    }


def real(found: dict[str, Any]) -> dict[str, Any]:
    """Real clips that the training never saw, and real heads of held-out subjects; nothing where they are not there."""
    clips = [DATA / "lung" / "Vir_prospective_file2.mp4", DATA / "scanner" / "sonosite-anon-eye1-video.mp4"]
    for name, clip in zip(("lung clip", "scanner clip"), clips, strict=True):
        if clip.exists():
            is_read, frame = cv2.VideoCapture(str(clip)).read()
            assert is_read
            found[name] = frame[..., ::-1]
    for file in held_out()[5::15]:
        name, picture = file.stem, opened(file)
        found[f"real {name}"] = picture
        points = np.argwhere(opened(DATA / "hc18" / f"{name}_Mask.png")[..., 0] > 127)
        (top, left), (bottom, right) = points.min(0), points.max(0)
        found[f"sliver {name}"] = picture[:, : left + (right - left) // 6]
        found[f"cut {name}"] = picture[: top + (bottom - top) * 3 // 4]
    return found


def held_out() -> list[Path]:
    """Files of HC18's held-out subjects, the youngest first; none where the data set is not there."""
    subjects = json.loads((FOLDER / "weights" / "held_out.json").read_text(encoding="utf-8"))["test"]
    names = [f"{number:03d}_HC" for number in subjects]
    files = [DATA / "hc18" / f"{name}.png" for name in names]
    return [file for file in files if file.exists()]


def opened(file: Path) -> Pixels:
    """A picture, [height, width, 3]."""
    picture = cv2.imread(str(file))
    assert picture is not None, file
    return picture.astype(np.uint8)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the engine answers to every picture, checked as the runner checks it."""
    folder = tmp_path_factory.mktemp("head")
    python = research_python(folder)
    np.savez(folder / "pictures.npz", **real(pictures()))
    found: dict[str, Any] = told(python, ASK, FOLDER, folder / "pictures.npz", SOURCE)
    return found


def measured(answer: dict[str, Any]) -> dict[str, float]:
    """The lengths in mm."""
    return {one["name"]: one["value"] for one in answer["measurements"] if one.get("unit") == "mm"}


@pytest.mark.parametrize("name", NO_HEAD)
def test_what_shows_no_head_has_none(answers: dict[str, Any], name: str) -> None:
    """The answer is No head, level none, with a low score, nothing outlined and nothing measured."""
    no_head(answers[name])


@pytest.mark.parametrize("name", ["lung clip", "scanner clip"])
def test_real_scans_without_a_head_have_none(answers: dict[str, Any], name: str) -> None:
    """A lung and an eye on real screens, which the training never saw, are no heads."""
    if name not in answers:
        pytest.skip(f"{name}: the real clips are not there")
    no_head(answers[name])


def no_head(answer: dict[str, Any]) -> None:
    assert answer["verdict"]["label"] == "No head"
    assert answer["verdict"]["level"] == "none"
    assert answer["verdict"]["score"] < 0.5
    assert answer["mask"] is None
    assert not answer.get("measurements")
    assert not answer.get("ellipses")


def test_a_drawn_head_is_measured_in_mm(answers: dict[str, Any]) -> None:
    """A head of 300 x 230 pixels of 0.2 mm: OFD 60, BPD 46, HC 167 mm, to a twentieth; the ellipse lies there."""
    answer = answers["head"]
    assert answer["verdict"]["label"] == "Head"
    assert measured(answer) == pytest.approx({"HC": 167.2, "BPD": 46, "OFD": 60}, rel=0.05)
    ellipse = answer["ellipses"][0]
    assert (ellipse["x"], ellipse["y"]) == pytest.approx((0.5, 0.5), abs=0.02)
    assert 0.1 < answer["mask"] < 0.25
    assert {line["label"] for line in answer["lines"]} == {"BPD", "OFD"}


def test_pixels_need_not_be_square(answers: dict[str, Any]) -> None:
    """The same head on a picture of twice the height, whose pixels are half as high, measures the same."""
    straight, stretched = measured(answers["head"]), measured(answers["stretched"])
    assert stretched == pytest.approx(straight, rel=0.06)


def test_another_head_after_a_pause_is_measured_alone(answers: dict[str, Any]) -> None:
    """A head that is 4 % larger is smoothed with the one before where it follows at once, and not 10 minutes later."""
    before, at_once, later = (measured(answers[name])["HC"] for name in ("head", "at once", "later"))
    assert later == pytest.approx(1.04 * before, rel=0.005)
    assert at_once == pytest.approx(1.02 * before, rel=0.005)


def test_without_a_spacing_nothing_is_in_mm(answers: dict[str, Any]) -> None:
    """The head is found all the same, no length is claimed, and the text says what to set."""
    answer = answers["no spacing"]
    assert answer["verdict"]["label"] == "Head"
    assert measured(answer) == {}
    assert "Set the pixel spacing" in answer["text"]


def test_a_spacing_that_cannot_be_is_said(answers: dict[str, Any]) -> None:
    """A head of 1.7 m is measured as it was asked, and the text says that the spacing cannot be right."""
    assert measured(answers["too large"])["HC"] > 1500
    assert "check the pixel spacing" in answers["too large"]["text"]


def test_a_head_on_a_small_picture_is_found(answers: dict[str, Any]) -> None:
    """On 64x64 pixels the head of 836 pixels around is found in the middle, and as large as it is there, to a tenth."""
    answer = answers["head of 64x64"]
    assert answer["verdict"]["label"] == "Head"
    ellipse = answer["ellipses"][0]
    assert (ellipse["x"], ellipse["y"]) == pytest.approx((0.5, 0.5), abs=0.03)
    assert round_px(ellipse, 64, 64) == pytest.approx(836 * 64 / 480, rel=0.1)


def test_a_head_at_the_edge_is_not_good(answers: dict[str, Any]) -> None:
    """Of a head whose left half lies beyond the edge nothing is said to be good, and the outline is not whole."""
    answer = answers["cut head"]
    assert answer["verdict"]["level"] in ("near", "none")
    if answer["verdict"]["label"] == "Head":
        assert not {one["name"]: one["ok"] for one in answer["concepts"]}["whole outline visible"]
        assert answer["guidance"]["direction"] == "left"


def test_real_heads_are_heads(answers: dict[str, Any]) -> None:
    """Of six held-out subjects of all ages all but one are recognised, with their circumference to a tenth."""
    names = [name for name in answers if name.startswith("real ")]
    if not names:
        pytest.skip("HC18 is not there")
    with (DATA / "hc18" / "pixel_size_and_HC.csv").open(encoding="utf-8") as file:
        table = {row[0].removesuffix(".png"): float(row[2]) / float(row[1]) for row in list(csv.reader(file))[1:]}
    right = 0
    for name in names:
        answer = answers[name]
        if answer["verdict"]["label"] == "Head":
            pixels = table[name.removeprefix("real ")]
            right += abs(round_px(answer["ellipses"][0], *size_of(name)) / pixels - 1) < 0.1
    assert right >= len(names) - 1


def test_a_sliver_of_a_real_head_is_none(answers: dict[str, Any]) -> None:
    """When all but a sixth of a head lies beyond the edge, most are no heads, and none is good."""
    slivers = [answers[name]["verdict"]["level"] for name in answers if name.startswith("sliver ")]
    if not slivers:
        pytest.skip("HC18 is not there")
    assert "good" not in slivers
    assert slivers.count("none") > len(slivers) / 2


def test_a_real_head_that_is_cut_is_not_good(answers: dict[str, Any]) -> None:
    """When the lower quarter lies beyond the edge, the outline is not whole."""
    cut = [answers[name] for name in answers if name.startswith("cut ") and name != "cut head"]
    if not cut:
        pytest.skip("HC18 is not there")
    assert not [answer for answer in cut if answer["verdict"]["level"] == "good"]


def size_of(name: str) -> tuple[int, int]:
    """Width and height of a real picture."""
    height, width = opened(DATA / "hc18" / f"{name.removeprefix('real ')}.png").shape[:2]
    return width, height


def round_px(ellipse: dict[str, float], width: int, height: int) -> float:
    """Circumference of an answer's ellipse in pixels of the picture, walked along it."""
    turn = np.linspace(0, 2 * np.pi, 2000)[:, None]
    points = np.cos(turn) * (ellipse["rx"] * width, 0) + np.sin(turn) * (0, ellipse["ry"] * height)
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def test_the_licence_goes_with_the_weights() -> None:
    """Beside the weights stand the data set's name, authors, DOI and licence."""
    said = Path(FOLDER / "weights" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for part in ("CC BY 4.0", "van den Heuvel", "10.5281/zenodo.1327317", "10.1371/journal.pone.0200412"):
        assert part in said
