"""What is measured of pages on slow links and on links that are cut; each suite yields its figures."""

from dataclasses import asdict

from bench.figure import Figure
from bench.links import Got, cuts, named, on_a_lan, painted, shared
from bench.numbers import spread

SETTLE_S = 5.0
RATES_MBIT_PER_S = (2.0, 10.0, 50.0, 0.0)
PAGES = (1, 2, 4, 8)
CUTS_S = (1.0, 10.0, 60.0)
ROUNDS = 2
IN_TIME = "p95 <= 500 ms, where a page says late"


def bandwidth(seconds: float) -> list[Figure]:
    """A page in Chromium on links of several rates; then one, two, four and eight pages that share one."""
    with on_a_lan() as (tablet, url):
        alone = [painted(tablet, url, rate, seconds, SETTLE_S) for rate in RATES_MBIT_PER_S]
        together = [
            [shared(tablet, url, pages, rate, seconds / 2, SETTLE_S) for pages in PAGES] for rate in RATES_MBIT_PER_S
        ]
    figures = []
    for rate, ages_ms in zip(RATES_MBIT_PER_S, alone, strict=True):
        times, fps = spread(ages_ms), len(ages_ms) / seconds
        value = f"p50 {times.p50:.0f} ms, p95 {times.p95:.0f} ms, {fps:.0f} a second"
        name = f"capture to painted in Chromium, 1080p30, {named(rate)}"
        figures.append(Figure(name, value, IN_TIME, {"age_ms": times, "fps": fps}))
    return figures + [_together(got) for got in together]


def _together(got: list[Got]) -> Figure:
    pages = " / ".join(str(one.pages) for one in got)
    value = f"p95 {' / '.join(f'{one.age_ms.p95:.0f}' for one in got)} ms"
    name = f"age of pictures at {pages} pages, {named(got[0].mbit_per_s)} for all"
    return Figure(name, value, IN_TIME, {"pages": [asdict(one) for one in got]})


def link_loss() -> list[Figure]:
    """A page in Chromium that is cut off without a word, for as long as a door, a corridor and a lift take."""
    with on_a_lan() as (tablet, url):
        lost = cuts(tablet, url, [length_s for length_s in CUTS_S for _ in range(ROUNDS)])
    figures = []
    for length_s in CUTS_S:
        rows = [row for row in lost if row.cut_s == length_s]
        grey, back = spread([row.grey_s for row in rows]), spread([row.back_s for row in rows])
        value = f"grey after at most {grey.largest:.1f} s, back p50 {back.p50:.1f} s, at most {back.largest:.1f} s"
        name = f"link cut for {length_s:.0f} s: the picture is grey, and new ones are back once the link is"
        figures.append(Figure(name, value, "grey <= 1 s, back <= 2 s", {"cuts": [asdict(row) for row in rows]}))
    return figures
