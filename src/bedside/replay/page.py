"""A comparison as one HTML file: the numbers, and the frames where two sides differ most, with both overlays."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bedside import __version__
from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.replay.agreement import Agreement
from bedside.replay.cases import Case
from bedside.replay.said import ERROR, Key, Said, Side
from bedside.review.pictures import Pictures
from bedside.review.summary import shown_name
from bedside.session.recorded import Recorded

WIDTH = 960
"""Pictures are at most so wide."""
QUALITY = 85
OK = {True: "present", False: "missing", None: "unknown"}


class Shape(Protocol):
    """A stroke over a picture."""

    @property
    def label(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def dash(self) -> str: ...


Overlay = Callable[[Side, Key, int, int], Sequence[Shape]]
"""What lies over a side's picture of a frame, in pixels of this width and height."""


def page(
    recorded: Recorded,
    sides: tuple[Side, Side],
    numbers: Agreement,
    found: Sequence[Case],
    most: int,
    overlay: Overlay,
    told: Callable[[], None] = lambda: None,
) -> str:
    """The whole page, with at most `most` of the cases; `told` after each. A case without a picture is counted."""
    pictures = Pictures(recorded)
    shown: list[dict[str, Any]] = []
    lost = 0
    try:
        for case in found[:most]:
            try:
                shown.append(_case(recorded, pictures, sides, case, len(shown) + 1, overlay))
            except SessionError:
                lost += 1
            told()
    finally:
        pictures.close()
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True
    )
    columns = list(next(iter(numbers.confusion.values()), {}))
    return environment.get_template("compare.html").render(
        n=numbers,
        session=shown_name(recorded),
        warnings=[side.warning for side in sides if side.warning],
        rows=rows(numbers),
        columns=columns,
        shown=shown,
        cases=len(found),
        lost=lost,
        version=__version__,
    )


def rows(n: Agreement) -> list[tuple[str, str, str | None]]:
    """The table: what, and of A and B; a number that is of both has None for B."""
    found: list[tuple[str, str, str | None]] = [
        ("results", str(n.answers_a), str(n.answers_b)),
        ("of them errors", str(n.errors_a), str(n.errors_b)),
        ("model time, median", _ms(n.model_ms_a), _ms(n.model_ms_b)),
        ("frames answered by both", str(n.pairs), None),
        ("of them differ", str(n.differing), None),
        ("same label", _percent(n.same_label), None),
        ("same label beyond chance (Cohen's kappa)", _plain(n.kappa), None),
        ("same level", _percent(n.same_level), None),
        ("score of B less that of A, same label, mean", _plain(n.score_difference, sign=True), None),
        ("scores are apart by, same label, mean", _plain(n.score_distance), None),
    ]
    found += [(f"concept {name} differs", _percent(share), None) for name, share in n.concepts.items()]
    found += [(f"overlap of {label}, mean (Dice)", _plain(overlap), None) for label, overlap in n.dice.items()]
    return found


def _case(
    recorded: Recorded, pictures: Pictures, sides: tuple[Side, Side], case: Case, number: int, overlay: Overlay
) -> dict[str, Any]:
    pair = case.worst
    captured_ns, seq = pair.key
    index = recorded.frames.index_of(seq, captured_ns)
    if index is None:
        raise SessionError(f"frame {seq} is not in the video")
    pixels = pictures.frame(index)
    height, width = pixels.shape[:2]
    return {
        "number": number,
        "when": " to ".join(
            dict.fromkeys(clock_text(recorded.time_s(at_ns)) for at_ns in (case.first_ns, case.last_ns))
        ),
        "frames": case.frames,
        "seq": seq,
        "width": width,
        "height": height,
        "jpeg": _jpeg(pixels),
        "sides": [
            _side(side, said, css, overlay(side, pair.key, width, height))
            for side, said, css in zip(sides, (pair.a, pair.b), "ab", strict=True)
        ],
        "concepts": [(name, _ok(pair.a.concepts, name), _ok(pair.b.concepts, name)) for name in pair.concepts],
        "dice": [(label, f"{overlap:.2f}") for label, overlap in pair.dice.items()],
    }


def _side(side: Side, said: Said, css: str, shapes: Sequence[Shape]) -> dict[str, Any]:
    details = [said.level] if said.level != "none" else []
    details += [f"{said.score:.2f}"] if said.score is not None else []
    return {
        "name": side.name,
        "css": css,
        "verdict": said.error if said.label == ERROR else said.label,
        "detail": ", ".join(details),
        "shapes": shapes,
        "labels": list({shape.label: shape.colour for shape in shapes}.items()),
    }


def _ok(concepts: Mapping[str, bool | None], name: str) -> str:
    return OK.get(concepts[name], "unknown") if name in concepts else "not named"


def _jpeg(pixels: Pixels) -> str:
    height, width = pixels.shape[:2]
    if width > WIDTH:
        size = (WIDTH, round(height * WIDTH / width))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not ok:
        raise SessionError("a picture could not be written as JPEG")
    return base64.b64encode(data.tobytes()).decode()


def clock_text(seconds: float) -> str:
    """`1:04.5`, to a tenth of a second."""
    tenths = max(0, round(seconds * 10))
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _plain(value: float | None, *, sign: bool = False) -> str:
    return "–" if value is None else f"{value:+.3f}" if sign else f"{value:.3f}"
