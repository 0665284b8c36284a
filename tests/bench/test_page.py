"""What was measured, as a page."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import parsed

from bedside.bench.distributions import plots
from bedside.bench.page import page
from bedside.bench.spread import spread

RESULTS = sorted((Path(__file__).parents[2] / "bench" / "results").glob("*.json"))
NASTY = '<script>window.hit=1</script>"><img src=x onerror=window.hit=1>--></style> $\\frac{x$ \U0001f600 \u202e'
MACHINE = {"processor": "One, 2 cores", "memory": "4 GiB", "system": "Linux", "python": "3.11", "numpy": "2.0"}
TIMES = asdict(spread([1.0 + number / 50 for number in range(100)]))
WITHOUT_SHAPE = {name: value for name, value in TIMES.items() if name != "quantiles"}


def figure(name: str, detail: Mapping[str, Any], suite: str = "one", **more: Any) -> dict[str, Any]:
    """A figure as it lies in a file."""
    return {
        "name": name,
        "value": "3 ms",
        "asked": "<= 2",
        "detail": detail,
        "suite": suite,
        "day": "2026-11-24",
    } | more


def paged(*figures: Mapping[str, Any]) -> str:
    """The page of these figures, which have been in a file."""
    return page(json.loads(json.dumps({"machine": MACHINE, "figures": figures})))


def drawn(text: str) -> int:
    """How many plots a page has."""
    return sum(one.get("class") == "plot" for one in parsed(text).of("svg"))


def test_the_page_names_the_machine_the_day_and_each_figure() -> None:
    """All names and values, what was asked, what is drawn in words, and that it is for research only."""
    text = paged(
        figure("added per frame", {"stages_ms": {"capture": TIMES, "model": TIMES}}, how="As it is."),
        figure("loss", {}, "two", value="0 of 9"),
        figure("gain", {}, "two", value="9 of 9"),
        figure("peers: age", {"ways": {"Ours": "1.5", "Theirs": "2.5"}}, "three"),
    )
    words = parsed(text).words
    for said in (
        "How fast: One, 2 cores", "2026-11-24", "Research use only.", "4 GiB", "numpy 2.0", "added per frame",
        "capture", "model", "3.98 ms together", "100 samples each", "As it is.", "0 of 9", "9 of 9", "≤ 2", "age",
        "Ours Theirs", "1.5 2.5",
    ):  # fmt: skip
        assert said in words, said
    assert drawn(text) == 1
    assert [link["href"] for link in parsed(text).of("a")] == ["#suite-0", "#suite-1", "#suite-2"]


def test_the_page_needs_nothing_else() -> None:
    """No script, no file, no address of elsewhere, and the browser is told to fetch nothing."""
    text = paged(figure("age", {"age_ms": TIMES}))
    found = parsed(text)
    assert not found.of("script")
    assert not found.of("link")
    assert not [one for tag in ("img", "image", "use", "a") for one in found.of(tag) if not _is_own(one)]
    assert any("default-src 'none'" in (one.get("content") or "") for one in found.of("meta"))
    assert "@import" not in text
    assert "url(http" not in text


def _is_own(element: Mapping[str, str | None]) -> bool:
    target = element.get("href") or element.get("xlink:href") or element.get("src") or "#"
    return target.startswith("#")


def test_texts_of_others_are_texts() -> None:
    """Markup in any name, value, note or label is printed and never becomes a part of the page."""
    detail = {
        "notes": [NASTY],
        "versions": {NASTY: NASTY},
        "stages_ms": {NASTY: TIMES},
        NASTY: {"p50": 1.0, "p99": 2.0},
        "multiples": [{"stage": NASTY, "ours_ms": 2.0, "least_ms": 1.0}],
        "rows": [{NASTY: NASTY}],
    }
    peer = {"ways": {NASTY: NASTY}, "trials": {NASTY: [{"age_ms": TIMES}]}}
    more = {"how": NASTY, "value": NASTY, "asked": NASTY}
    text = page(
        {
            "machine": {NASTY: NASTY, "processor": NASTY},
            "source": NASTY,
            "figures": [figure(NASTY, detail, NASTY, **more), figure("peer", peer, NASTY, **more)],
        }
    )
    found = parsed(text)
    assert not found.of("script")
    assert not found.of("img")
    assert not [one for tag in ("svg", "g", "path", "td", "text") for one in found.of(tag) if "onerror" in one]
    assert found.words.count("<script>window.hit=1</script>") > 10


def test_what_is_odd_is_left_out() -> None:
    """Whatever stands in a file of others, there is a page, and what is well in it is drawn."""
    odd: list[Any] = [None, 3, "p50", [], {}, [[1, 2]], {"p50": "x"}, {"p50": float("nan")}, [1e300, 1], {"p50": 1e300}]
    rows = [figure("odd", {f"odd{place}_ms": one, "stages_ms": one, "trials": one}) for place, one in enumerate(odd)]
    broken = {"p50": 1.0, "p95": None, "n": "x", "quantiles": ["a", None, float("inf")]}
    rows += [figure("broken", {"broken_ms": broken}), figure("well", {"age_ms": TIMES})]
    text = page({"machine": [], "figures": [None, 7, *rows, {"detail": 5}, {}]})
    assert "well" in parsed(text).words
    assert drawn(text) == 2
    assert "Nothing was measured" in parsed(page({})).words


def test_percentiles_without_a_distribution_are_marks() -> None:
    """Results of before distributions were kept are drawn by their percentiles, and the page says so."""
    text = paged(figure("age", {"age_ms": WITHOUT_SHAPE}))
    assert drawn(text) == 1
    assert "only percentiles were kept" in parsed(text).words
    assert "only percentiles were kept" not in parsed(paged(figure("age", {"age_ms": TIMES}))).words


def test_the_same_numbers_are_drawn_once() -> None:
    """Figures of the same trials share one plot; each keeps its line in the table of ways."""
    trials = {"a": [{"age_ms": TIMES}, {"age_ms": TIMES}], "b": [{"age_ms": TIMES}, {"age_ms": TIMES}]}
    ways = {"A": "1", "B": "2"}
    text = paged(*(figure(f"peers: {name}", {"ways": ways, "trials": trials}) for name in ("age", "rate")))
    assert drawn(text) == 1
    words = parsed(text).words
    assert "age 1 2 rate 1 2" in words
    assert "One curve a round" in words


@pytest.mark.parametrize(
    ("detail", "lines"),
    [
        ({"added_ms": {"720p": TIMES, "1080p": TIMES}}, [("ms", ["720p", "1080p"])]),
        ({"native_ms": TIMES, "framework_ms": TIMES}, [("ms", ["native", "framework"])]),
        ({"waits_s": [1.0, 2.0, 3.0], "load_s": 0.5}, [("s", ["waits"])]),
        ({"open_s": [1.0, 2.0], "open": TIMES}, [("s", ["open"])]),
        ({"pages": [{"pages": 1, "age_ms": TIMES}, {"pages": 2, "age_ms": TIMES}]}, [("ms", ["pages 1", "pages 2"])]),
        ({"table1": {"native": {"mean": 1, "sd": 0, "p50": 1, "p99": 2}}}, [("ms", ["native"])]),
        ({"way_ms": {"capture": TIMES, "paint": TIMES}}, [("ms", ["capture", "paint"])]),
    ],
)
def test_distributions_are_found_wherever_they_stand(
    detail: dict[str, Any], lines: list[tuple[str, list[str]]]
) -> None:
    """With their unit, and with the names that tell them apart."""
    assert [(plot.unit, [line.label for line in plot.lines]) for plot in plots(detail)] == lines


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_the_kept_results_make_a_page(file: Path) -> None:
    """Every figure of every machine's file stands on its page."""
    document = json.loads(file.read_text(encoding="utf-8"))
    words = parsed(page(document)).words
    for row in document["figures"]:
        name = row["name"].removeprefix("peers: ")
        assert " ".join(name.split()) in words, name
