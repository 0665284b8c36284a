"""Whether video can be coded here, and fast enough."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bedside import clock
from bedside.cli.doctor.finding import Finding, Level
from bedside.errors import BedsideError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.recorder.coding import Coding

WIDTH, HEIGHT = 1920, 1080
PICTURES = 12
SLOW_MS = 25.0
"""At 30 pictures a second there are 33 ms for each."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Has the recorder's encoder code some pictures of the synthetic scanner, whose speckle is hard to code."""
    from bedside.cli.record import options_of
    from bedside.recorder.coding import LOSSLESS

    try:
        options = options_of(settings)
        coding = LOSSLESS if options.lossless else options.coding
        took_ms = _took_ms(coding)
    except BedsideError as error:
        yield Finding("encoder", Level.WRONG, str(error).partition("; ")[0], str(error).partition("; ")[2])
        return
    what = f"{coding.encoder} codes a picture of {WIDTH} x {HEIGHT} in {took_ms:.0f} ms"
    if took_ms > SLOW_MS:
        other = (
            "[recorder] lossless = false" if options.lossless else "another [recorder] encoder, or a lower [source] fps"
        )
        do = f"more than 33 ms lose frames at 30 fps, and a busy machine takes longer; set {other}"
        yield Finding("encoder", Level.NOTE, what, do)
    else:
        yield Finding("encoder", Level.OK, what)


def _took_ms(coding: "Coding") -> float:
    from bedside.recorder.encoder import TIME_BASE, Encoder
    from bedside.source.synthetic_screen import Screen

    screen = Screen(WIDTH, HEIGHT)
    pictures = [screen.draw(number, number, number / 30, frozen=False) for number in range(PICTURES)]
    encoder = Encoder(coding, WIDTH, HEIGHT)
    started_ns = clock.monotonic_ns()
    for number, pixels in enumerate(pictures):
        encoder.encode(encoder.convert(pixels), number * TIME_BASE.denominator // 30, is_key=number == 0)
    encoder.finish()
    return clock.age_ms(started_ns) / PICTURES
